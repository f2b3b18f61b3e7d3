//! Standbys that cannot carry the load that they take over.

use promise::{say, quantity::Rate};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A failover whose `instances`, at what each carries, are less than the peak. What each carries is `rate_each`, or `rate_max` ÷ `instances_max` of the only group.
    /// ja: `instances` の処理量がピークに足りない切り替え。1 台の処理量は `rate_each`、または唯一の群の `rate_max` ÷ `instances_max`。
    /// # Why
    /// The service is back and falls over at once.
    /// ja: 復旧しても、すぐに過負荷で倒れます。
    /// # Source
    /// No number of ours: machines times rate.
    /// ja: 独自の数値はありません。台数 × 頻度です。
    /// # Example
    /// `500/s ÷ 20 = 25/s; 5 × 25/s = 125/s < 200/s`
    /// ja: `500/s ÷ 20 = 25/s; 5 × 25/s = 125/s < 200/s`
    /// # Fix
    /// Start with as many as the peak needs, and count the time that they take to start.
    /// ja: ピークに必要な台数から始め、起動時間も見込みます。
    "standby-too-small": Warning, needs ["infrastructure", "load", "continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let groups: Vec<_> = sight.spec.design.infrastructure.compute.values().filter(|it| it.instances_max.is_some()).collect();
    let [group] = groups.as_slice() else { return };
    #[allow(clippy::cast_precision_loss)]
    let derived = || Some(Rate(sight.spec.design.load.acceptance.rate_max?.0 / group.instances_max.filter(|n| *n > 0)? as f64));
    let Some(each) = group.rate_each.or_else(derived) else { return };
    let Some((peak, wanted)) = design::peak(sight) else { return };
    for (name, it) in &sight.spec.design.continuity.failover {
        let Some(count) = it.instances else { continue };
        #[allow(clippy::cast_precision_loss)]
        let carries = Rate(count as f64 * each.0);
        if carries >= wanted {
            continue;
        }
        found
            .note(sight.places.at(&["continuity", "failover", name, "instances"]), say!("{count} × {each} = {carries}, less than the {wanted} of `{peak}`", "{count} × {each} = {carries} で、`{peak}` の {wanted} に足りません"))
            .also(sight.places.at(&["load", "scenarios", peak, "rate"]), say!("the peak", "ピーク"));
    }
}
