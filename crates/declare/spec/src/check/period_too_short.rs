//! Periods in which there are too few samples to form a value.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A metric whose `period` holds fewer than two collections.
    /// ja: `period` のあいだに 2 回未満しか収集されないメトリクス。
    /// # Why
    /// A rate needs two samples; with fewer the value is empty half of the time.
    /// ja: 変化率には 2 点が必要で、足りないと値が欠けます。
    /// # Source
    /// Two samples are the least that PromQL's `rate` needs (Prometheus documentation).
    /// ja: PromQL の `rate` に必要な最少の 2 点(Prometheus の文書)。
    /// # Example
    /// `interval: 60s`, `period: 60s`
    /// ja: `interval: 60s`, `period: 60s`
    /// # Fix
    /// Collect more often, or use a longer period.
    /// ja: 収集を速めるか、期間を長くします。
    "period-too-short": Warning, needs ["monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(interval) = sight.spec.design.monitoring.interval else { return };
    for (name, metric) in &sight.spec.design.monitoring.metrics {
        let Some(period) = metric.period.filter(|period| period.0 < interval.0 * 2) else { continue };
        found
            .note(sight.places.at(&["monitoring", "metrics", name, "period"]), say!("{period} holds fewer than two samples at one each {interval}", "{interval} ごとの収集では {period} に 2 点もありません"))
            .also(sight.places.at(&["monitoring", "interval"]), say!("collected each {interval}", "{interval} ごとに収集"));
    }
}
