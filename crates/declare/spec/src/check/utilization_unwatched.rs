//! Uses of resources at which a load test fails and nobody is told.

use promise::{say, quantity::Quantity};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A limit of `load.acceptance.utilization` that is lower than the lowest alert on the same resource.
    /// ja: 同じ資源の最も低い警報より低い `load.acceptance.utilization` の上限。
    /// # Why
    /// What the test calls too much goes on in production without a word.
    /// ja: 試験では不合格になる使用率が、本番では知らされません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// accepted CPU `70 %`, alert `> 80 %`
    /// ja: accepted CPU `70 %`, alert `> 80 %`
    /// # Fix
    /// Warn at the accepted use, or accept what is not warned of.
    /// ja: 合格の上限で知らせるか、上限を警報に合わせます。
    "utilization-unwatched": Warning, needs ["load", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let accepted = &sight.spec.design.load.acceptance.utilization;
    for (resource, share) in [("cpu", accepted.cpu), ("memory", accepted.memory), ("disk", accepted.disk), ("network", accepted.network)] {
        let Some(share) = share else { continue };
        let alerts = sight.spec.design.monitoring.alerts.iter().filter(|(_, it)| it.measures.as_deref() == Some(resource));
        let alerts = alerts.filter_map(|(name, it)| match it.when?.value {
            Quantity::Share(at) => Some((name, at)),
            _ => None,
        });
        let Some((name, at)) = alerts.min_by(|a, b| a.1.0.total_cmp(&b.1.0)).filter(|(_, at)| *at > share) else { continue };
        found
            .note(sight.places.at(&["load", "acceptance", "utilization", resource]), say!("a test fails above {share}, and nobody is told until {at}", "試験は {share} を超えると不合格ですが、{at} まで知らされません"))
            .also(sight.places.at(&["monitoring", "alerts", name, "when"]), say!("told here", "ここで知らせます"));
    }
}
