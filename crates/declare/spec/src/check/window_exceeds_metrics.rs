//! Objectives that look further back than there are metrics.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// `monitoring.metric_retention` that is shorter than `monitoring.objective_window`.
    /// ja: `monitoring.objective_window` より短い `monitoring.metric_retention`。
    /// # Why
    /// What is left of an error budget can then be neither computed nor proved: its first days are gone.
    /// ja: 期間の始めの記録が消えるため、エラーバジェットの残りを計算も証明もできません。
    /// # Source
    /// No number of ours. Prometheus keeps 15 days unless told otherwise (`--storage.tsdb.retention.time`).
    /// ja: 独自の数値はありません。Prometheus の既定は 15 日です(`--storage.tsdb.retention.time`)。
    /// # Example
    /// `metric_retention: 15d`, `objective_window: 30d`
    /// ja: `metric_retention: 15d`, `objective_window: 30d`
    /// # Fix
    /// Keep metrics longer than the window, or record the indicator where it stays.
    /// ja: メトリクスを期間より長く残すか、指標だけを別に長く保存します。
    "window-exceeds-metrics": Error, needs ["monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let monitoring = &sight.spec.design.monitoring;
    let (Some(window), Some(kept)) = (monitoring.objective_window, monitoring.metric_retention) else { return };
    if kept < window {
        found
            .note(sight.places.at(&["monitoring", "metric_retention"]), say!("metrics are kept for {kept}, and the objectives look back {window}", "メトリクスの保存は {kept} ですが、目標は {window} で測ります"))
            .also(sight.places.at(&["monitoring", "objective_window"]), say!("looks back so far", "測る期間"));
    }
}
