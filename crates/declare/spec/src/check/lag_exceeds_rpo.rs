//! Replicas that may fall further behind than may be lost.

use promise::{
    quantity::{Bound, Quantity},
    say,
    unit::Span,
};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A `lag_max` of a replica that is longer than the shortest `rpo`; where none is said, a first alert about the lag that comes later.
    /// ja: 最短の `rpo` より長い、複製の `lag_max`。それがないときは、遅延の最初のアラートが RPO より遅い場合。
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
    "lag-exceeds-rpo": Error, needs ["service", "continuity", "infrastructure", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let mut is_said = false;
    for copy in design::copies(sight) {
        let Some(lag) = copy.lag_max else { continue };
        is_said = true;
        let all = design::rpos(sight, copy.tier);
        // What may lose nothing rests on another copy, where this one is of no tier by name and others may lose something.
        let is_of_another = |(_, rpo): &(&str, Span)| copy.tier.is_none() && rpo.0.is_zero() && all.iter().any(|(_, rpo)| !rpo.0.is_zero());
        let Some((tier, rpo)) = all.iter().copied().filter(|it| !is_of_another(it)).min_by_key(|(_, rpo)| *rpo) else { continue };
        if lag <= rpo {
            continue;
        }
        let mut path = copy.path.clone();
        path.push("lag_max");
        found
            .note(sight.places.at(&path), say!("the copy may be {lag} behind; RPO of `{tier}` is {rpo}", "複製は {lag} まで遅れうるのに、`{tier}` の RPO は {rpo} です"))
            .also(sight.places.at(&["service", "tiers", tier, "rpo"]), say!("what may be lost", "失ってよい長さ"));
    }
    // Where the copy itself says nothing, nobody knows before the first alert about it.
    let alerts = sight.spec.design.monitoring.alerts.iter();
    let lags = alerts.filter(|(_, it)| it.measures.as_deref() == Some("lag")).filter_map(|(name, it)| match &it.when {
        Some(Bound { value: Quantity::Time(lag), .. }) => Some((name, *lag)),
        _ => None,
    });
    let rpos = design::rpos(sight, None).into_iter().filter(|(_, rpo)| !rpo.0.is_zero());
    let (Some((name, lag)), Some((tier, rpo))) = (lags.min_by_key(|(_, lag)| *lag), rpos.min_by_key(|(_, rpo)| *rpo)) else { return };
    if lag > rpo && !is_said {
        found
            .note(sight.places.at(&["monitoring", "alerts", name, "when"]), say!("nobody is told before the copy is {lag} behind; RPO of `{tier}` is {rpo}", "複製が {lag} 遅れるまで誰にも知らされませんが、`{tier}` の RPO は {rpo} です"))
            .also(sight.places.at(&["service", "tiers", tier, "rpo"]), say!("what may be lost", "失ってよい長さ"));
    }
}
