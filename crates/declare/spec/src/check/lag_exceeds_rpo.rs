//! Replicas that may fall further behind than may be lost.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A `lag_max` of a replica that is longer than the shortest `rpo`.
    /// ja: 最短の `rpo` より長い、複製の `lag_max`。
    /// # Why
    /// Nobody is told until more is missing than may be lost.
    /// ja: 失ってよい量を超えるまで誰にも知らされません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `lag_max: 2m`, `rpo: 30s`
    /// ja: `lag_max: 2m`, `rpo: 30s`
    /// # Fix
    /// Write a lag below the recovery point; half of it leaves time to act.
    /// ja: 目標復旧時点より短い遅れにします。半分にすると対応する時間が残ります。
    "lag-exceeds-rpo": Error, needs ["service", "continuity", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for copy in design::copies(sight) {
        let Some(lag) = copy.lag_max else { continue };
        let Some((tier, rpo)) = design::rpos(sight, copy.tier).into_iter().min_by_key(|(_, rpo)| *rpo) else { continue };
        if lag <= rpo {
            continue;
        }
        let mut path = copy.path.clone();
        path.push("lag_max");
        found
            .note(sight.places.at(&path), say!("the copy may be {lag} behind; RPO of `{tier}` is {rpo}", "複製は {lag} まで遅れうるのに、`{tier}` の RPO は {rpo} です"))
            .also(sight.places.at(&["service", "tiers", tier, "rpo"]), say!("what may be lost", "失ってよい長さ"));
    }
}
