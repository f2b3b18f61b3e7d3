//! Failovers that nobody has ever tried.

use promise::say;

use super::{Found, Sight};
use crate::section::continuity::Failover;

rule! {
    /// # Finds
    /// A failover, with a mode, steps, a trigger or somewhere to go to, without a drill.
    /// ja: 方式・手順・条件・切り替え先のいずれかがあるのに、訓練のない切り替え。
    /// # Why
    /// The first try of a procedure is the one during which it is mended.
    /// ja: 初めて実行したときに、手順の誤りが見つかります。
    /// # Source
    /// No number of ours. PCI DSS 12.10.2 and ISO 22301 8.5 ask for exercises.
    /// ja: 独自の数値はありません。PCI DSS 12.10.2 と ISO 22301 8.5 は訓練を求めています。
    /// # Example
    /// `failover: { region: { … } }` without `drills`
    /// ja: `failover: { region: { … } }` without `drills`
    /// # Fix
    /// Add a drill with `of:` this failover.
    /// ja: この切り替えを `of:` とする訓練を加えます。
    "failover-never-drilled": Warning, needs ["continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let continuity = &sight.spec.design.continuity;
    let is_described = |it: &Failover| !it.steps.is_empty() || !it.triggers.is_empty() || it.to.is_some() || it.mode.is_some();
    for (name, failover) in continuity.failover.iter().filter(|(_, it)| is_described(it)) {
        let is_drilled = continuity.drills.values().any(|drill| drill.of.as_ref().is_none_or(|of| of == name || failover.tiers.contains(of)));
        if !is_drilled {
            found
                .note(sight.places.key(&["continuity", "failover", name]), say!("no drill of `{name}` is planned", "`{name}` の訓練の予定がありません"))
                .hint(say!("add `drills: {{ … : {{ of: {name}, every: 90d }} }}`", "`drills: {{ … : {{ of: {name}, every: 90d }} }}` を加えます"));
        }
    }
}
