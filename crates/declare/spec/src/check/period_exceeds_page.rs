//! Metrics and alerts that take longer to be sure of than the page about them may take.

use promise::{Say, say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A metric of a severity whose `period` × `periods`, or an alert whose `for`, with the collection interval, is longer than the `page_within` of that severity; so an alert whose `every` × `periods` is.
    /// ja: `period` × `periods` または `for` に収集間隔を足すと、その重大度の `page_within` より長いメトリクスやアラート。`every` × `periods` がそれより長いアラートも。
    /// # Why
    /// The value is formed only when the period is over: by then the page is late.
    /// ja: 値は期間が終わってから決まるため、その時点ですでに通知が遅れています。
    /// # Source
    /// No number of ours: period × periods + interval against `page_within`.
    /// ja: 独自の数値はありません。期間 × 回数 + 収集間隔を `page_within` と比べます。
    /// # Example
    /// `300 s period > 60 s`
    /// ja: `300 s period > 60 s`
    /// # Fix
    /// Use a shorter period, or promise the page later.
    /// ja: 期間を短くするか、通知までの時間を延ばします。
    "period-exceeds-page": Error, needs ["monitoring", "severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let monitoring = &sight.spec.design.monitoring;
    let interval = monitoring.interval.unwrap_or_default();
    // The sum is shown only where there is something to add.
    let summed = |parts: String, worst: Span| match monitoring.interval {
        Some(interval) => Say::new(
            format!("{parts} + {interval} until it is collected = {worst}"),
            format!("{parts} + 収集間隔 {interval} = {worst}"),
        ),
        None => Say::same(parts),
    };
    for (name, metric) in &monitoring.metrics {
        let (Some(period), Some(severity)) = (metric.period, &metric.severity) else { continue };
        let Some(within) = sight.spec.severities.get(severity).and_then(|it| it.page_within) else { continue };
        let times = u32::try_from(metric.periods.unwrap_or(1)).unwrap_or(u32::MAX);
        let worst = Span(period.0.saturating_mul(times) + interval.0);
        if worst <= within {
            continue;
        }
        let Say { en, ja } = summed(format!("{period} × {times}"), worst);
        found
            .note(
                sight.places.at(&["monitoring", "metrics", name, "period"]),
                say!("{en}, longer than the {within} in which `{severity}` must be told", "{ja} で、`{severity}` の通知期限 {within} を超えます"),
            )
            .also(sight.places.at(&["severities", severity, "page_within"]), say!("told within", "通知期限"));
    }
    for (name, alert) in &monitoring.alerts {
        let Some(severity) = &alert.severity else { continue };
        let Some(within) = sight.spec.severities.get(severity).and_then(|it| it.page_within) else { continue };
        let times = u32::try_from(alert.periods.unwrap_or(1)).unwrap_or(u32::MAX);
        let lasts = alert.r#for.map(|lasts| (Span(lasts.0 + interval.0), "for", summed(lasts.to_string(), Span(lasts.0 + interval.0))));
        let looks = alert.every.map(|every| (Span(every.0.saturating_mul(times)), "every", Say::same(format!("{every} × {times}"))));
        let Some((worst, field, Say { en, ja })) = lasts.into_iter().chain(looks).max_by_key(|(worst, ..)| *worst) else { continue };
        if worst <= within {
            continue;
        }
        found
            .note(
                sight.places.at(&["monitoring", "alerts", name, field]),
                say!("{en}, longer than the {within} in which `{severity}` must be told", "{ja} で、`{severity}` の通知期限 {within} を超えます"),
            )
            .also(sight.places.at(&["severities", severity, "page_within"]), say!("told within", "通知期限"));
    }
}
