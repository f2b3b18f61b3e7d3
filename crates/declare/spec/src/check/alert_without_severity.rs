//! Alerts of which nobody says how bad they are.

use promise::say;

use super::{Found, Sight};
use crate::diagnostic::Level;

rule! {
    /// # Finds
    /// Alerts, and metrics with a bound, without `severity`; one finding for each section.
    /// ja: `severity` のない警報や、範囲のあるメトリクス(節ごとに 1 件)。
    /// # Why
    /// Without a severity no route takes it: nobody is told.
    /// ja: 重大度がないと経路に乗らず、誰にも知らされません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `alerts: { cpu: { when: "> 80 %" } }`
    /// ja: `alerts: { cpu: { when: "> 80 %" } }`
    /// # Fix
    /// Name one of `severities`.
    /// ja: `severities` の名前を書きます。
    "alert-without-severity": Warning, needs ["monitoring", "log_analysis"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let monitoring = &sight.spec.design.monitoring;
    let metrics = monitoring.metrics.iter().filter(|(_, it)| it.severity.is_none() && it.bound.is_some() && it.promise.is_none() && (it.period.is_some() || it.periods.is_some() || it.action.is_some()));
    let metrics: Vec<Vec<&str>> = metrics.map(|(name, _)| vec!["monitoring", "metrics", name.as_str()]).collect();
    let alerts = monitoring.alerts.iter().filter(|(_, it)| it.severity.is_none() && it.promise.is_none());
    let alerts: Vec<Vec<&str>> = alerts.map(|(name, _)| vec!["monitoring", "alerts", name.as_str()]).collect();
    let mut logs: Vec<Vec<&str>> = Vec::new();
    for (stream, it) in &sight.spec.design.log_analysis {
        let bare = it.alerts.iter().filter(|(_, it)| it.severity.is_none() && it.promise.is_none());
        logs.extend(bare.map(|(name, _)| vec!["log_analysis", stream.as_str(), "alerts", name.as_str()]));
    }
    let metrics_ranked = monitoring.metrics.values().any(|it| it.severity.is_some());
    let is_any_ranked = metrics_ranked || monitoring.alerts.values().any(|it| it.severity.is_some());
    for bare in [metrics, alerts, logs] {
        let Some(first) = bare.first() else { continue };
        let all = bare.iter().filter_map(|path| path.last().copied()).collect::<Vec<_>>().join(", ");
        let diagnostic = found.note(sight.places.key(first), say!("how bad is it? No severity: {all}", "重大度がありません: {all}"));
        // Where no alert has one, they were never thought of; where some have, these were forgotten.
        if !is_any_ranked {
            diagnostic.level(Level::Advice);
        }
    }
}
