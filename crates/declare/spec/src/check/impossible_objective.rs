//! Objectives that are always kept, or never.

use promise::{Kind, Promise, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An objective that anything keeps (0 %), or a ratio that names both good and bad events, or neither.
    /// ja: 何でも満たしてしまう目標(0 %)や、成功と失敗の両方を書いた、またはどちらも書いていない割合。
    /// # Why
    /// Such a promise is green whatever happens, and so proves nothing.
    /// ja: 何が起きても緑になり、何も証明しません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `{ kind: ratio, total: a, good: b, bad: c, at_least: 99 % }`
    /// ja: `{ kind: ratio, total: a, good: b, bad: c, at_least: 99 % }`
    /// # Fix
    /// Write the objective that is owed; write `good` or `bad`.
    /// ja: 約束している目標を書きます。`good` か `bad` のどちらか一つを書きます。
    "impossible-objective": Error, needs [], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for promise in &sight.spec.promises {
        check_one(sight, promise, found);
    }
}

fn check_one(sight: &Sight<'_>, promise: &Promise, found: &mut Found<'_>) {
    let at = |field| sight.places.at(&["promises", promise.id.as_str(), field]);
    match &promise.kind {
        Kind::Ratio(ratio) => {
            if ratio.at_least.0 <= 0.0 {
                found.note(at("at_least"), say!("at least 0 % is always kept", "0 % 以上は必ず満たされます"));
            }
            match (&ratio.good, &ratio.bad) {
                (Some(_), Some(_)) => {
                    found
                        .note(at("bad"), say!("both `good` and `bad` are written", "`good` と `bad` の両方が書かれています"))
                        .also(at("good"), say!("the other", "もう一方"))
                        .hint(say!("remove one of them", "どちらかを消してください"));
                }
                (None, None) => {
                    found
                        .note(at("total"), say!("neither `good` nor `bad` is written", "`good` も `bad` も書かれていません"))
                        .hint(say!("add `good:` or `bad:`", "`good:` か `bad:` を加えてください"));
                }
                _ => {}
            }
        }
    }
}
