//! Escalations that come when the recovery should have ended.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// An escalation of the worst severity whose second step comes as late as the shortest `rto`.
    /// ja: 最も重い重大度の `escalation` の 2 段階目が、最短の `rto` 以降。
    /// # Why
    /// The second person hears of it when the promise is already broken.
    /// ja: 二人目に知らされる時点で約束が破れています。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `steps: [{ after: 0s }, { after: 30m }]`, `rto: 15m`
    /// ja: `steps: [{ after: 0s }, { after: 30m }]`, `rto: 15m`
    /// # Fix
    /// Escalate sooner.
    /// ja: 早くエスカレーションします。
    "escalation-too-late": Warning, needs ["severities", "service"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    // Where failovers say whose they are, the other tiers come back without anybody.
    let failovers = sight.spec.design.continuity.failover.values();
    let by_people: Vec<String> = failovers.flat_map(|it| it.tiers.clone()).collect();
    let Some((tier, rto)) = design::rtos(sight, &by_people)
        .into_iter()
        .min_by_key(|(_, rto)| *rto)
    else {
        return;
    };
    let Some((name, worst)) = sight.spec.severities.iter().min_by_key(|(_, it)| it.level) else {
        return;
    };
    let widens = design::widens_after(sight, name, worst);
    let Some((after, at)) = widens.filter(|(after, _)| *after >= rto) else {
        return;
    };
    found
        .note(
            at,
            say!(
                "the next person is told after {after}; `{tier}` must be back in {rto}",
                "次の人に知らせるのは {after} 後ですが、`{tier}` は {rto} で復旧する約束です"
            ),
        )
        .also(
            sight.places.at(&["service", "tiers", tier, "rto"]),
            say!("the recovery time that is promised", "約束した復旧時間"),
        );
}
