//! Counts that are compared with percentages.

use promise::{say, quantity::Quantity};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A metric whose `statistic` is a sum or a count while its `bound` is a percentage.
    /// ja: `statistic` が合計や件数なのに `bound` が百分率のメトリクス。
    /// # Why
    /// A sum of events is not a share: one event in a million is already "more than 1".
    /// ja: 件数の合計は割合ではありません。100 万件に 1 件でも「1 超」になります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ statistic: sum, bound: "<= 1 %" }`
    /// ja: `{ statistic: sum, bound: "<= 1 %" }`
    /// # Fix
    /// Divide by all events, or compare with a count.
    /// ja: 全件数で割るか、件数と比べます。
    "statistic-against-unit": Error, needs ["monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.monitoring.metrics {
        let Some(statistic) = it.statistic.as_deref().filter(|it| ["sum", "count", "samplecount"].contains(&it.to_ascii_lowercase().as_str())) else { continue };
        let Some(bound) = it.bound.filter(|bound| matches!(bound.value, Quantity::Share(_))) else { continue };
        found
            .note(sight.places.at(&["monitoring", "metrics", name, "statistic"]), say!("a {statistic} of events is compared with {bound}", "件数の {statistic} を {bound} と比べています"))
            .also(sight.places.at(&["monitoring", "metrics", name, "bound"]), say!("a percentage", "百分率"))
            .hint(say!("divide the errors by all requests and use `average`", "エラー数を全件数で割り、`average` を使います"));
    }
}
