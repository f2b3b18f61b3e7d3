//! Automatic failovers that can go back and forth.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A failover with `mode: automatic` without `failback` or `cool_down`.
    /// ja: `failback` も `cool_down` もない `mode: automatic` の切り替え。
    /// # Why
    /// When the first place comes and goes, so does the service; each time writes are lost.
    /// ja: 元の場所が不安定だと切り替えが繰り返され、そのたびに書き込みが失われます。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ mode: automatic }`
    /// ja: `{ mode: automatic }`
    /// # Fix
    /// Say how one goes back, and how long none follows.
    /// ja: 切り戻しの方法と、次までの間隔を書きます。
    "no-way-back": Advice, needs ["continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.continuity.failover {
        if it.mode.as_deref() == Some("automatic") && it.failback.is_none() && it.cool_down.is_none() {
            found
                .note(sight.places.at(&["continuity", "failover", name, "mode"]), say!("nothing keeps `{name}` from going back and forth", "`{name}` の繰り返しを防ぐ定めがありません"))
                .hint(say!("add `failback` or `cool_down`", "`failback` か `cool_down` を加えます"));
        }
    }
}
