//! Alerts on slowness that wait until the promise is long broken.

use promise::{say, quantity::{Bound, Quantity}, unit::Span};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A log alert or an alert on a time that allows more than the tightest latency promise (of the same tier, for alerts).
    /// ja: 最も厳しい応答時間の約束より長い時間まで知らせない警報(監視の警報は同じ層の約束と比べます)。
    /// # Why
    /// Between the two figures people wait longer than was promised, and nobody is told.
    /// ja: 二つの値のあいだでは、約束より長く待たせているのに誰にも知らされません。
    /// # Source
    /// A bare number of a field that holds a time is read as milliseconds, or seconds where the name says so.
    /// ja: 時間の項目の単位なしの値はミリ秒(名前が秒を示せば秒)と読みます。
    /// # Example
    /// `processing_time > 5000` beside p99 `<= 3s`
    /// ja: `processing_time > 5000` beside p99 `<= 3s`
    /// # Fix
    /// Warn at or below what is promised.
    /// ja: 約束以下の値で知らせます。
    "alert-after-promise": Warning, needs ["log_analysis", "monitoring", "promises"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let latencies = design::latencies(sight);
    let Some(tightest) = latencies.iter().min_by_key(|it| it.at_most) else { return };
    for (stream, logs) in &sight.spec.design.log_analysis {
        for (name, alert) in &logs.alerts {
            let Some((field, bound)) = alert.field_bound() else { continue };
            let Some(waits) = time(field, bound).filter(|waits| *waits > tightest.at_most) else { continue };
            let promised = tightest.at_most;
            found
                .note(sight.places.at(&["log_analysis", stream, "alerts", name, "logs"]), say!("silent until {waits}, and `{}` promises {promised}", "{waits} まで知らせませんが、`{}` の約束は {promised} です", tightest.name))
                .also(sight.places.at(&tightest.path), say!("the promise", "約束"));
        }
    }
    for (name, alert) in &sight.spec.design.monitoring.alerts {
        let Some(Quantity::Time(waits)) = alert.when.filter(|it| !it.is_upper()).map(|it| it.value) else { continue };
        let of_tier = || latencies.iter().filter(|it| it.tier == alert.tier.as_deref() && alert.measures.as_deref() == Some("latency"));
        // Which quantile an alert looks at is said by its name alone: beyond the highest promised one it is late for all.
        let Some(highest) = of_tier().map(|it| quantile(&it.quantile)).max_by(f64::total_cmp) else { continue };
        let Some(tightest) = of_tier().filter(|it| quantile(&it.quantile) >= highest).min_by_key(|it| it.at_most).filter(|it| waits > it.at_most) else { continue };
        let promised = tightest.at_most;
        found
            .note(sight.places.at(&["monitoring", "alerts", name, "when"]), say!("silent until {waits}, and `{}` promises {promised}", "{waits} まで知らせませんが、`{}` の約束は {promised} です", tightest.name))
            .also(sight.places.at(&tightest.path), say!("the promise", "約束"));
    }
}

/// The number of a quantile: 99 of `p99`.
fn quantile(name: &str) -> f64 {
    name.trim_start_matches('p').parse().unwrap_or_default()
}

/// A bound on a field as a time, where the field holds one.
fn time(field: &str, bound: Bound) -> Option<Span> {
    if bound.is_upper() {
        return None;
    }
    match bound.value {
        Quantity::Time(span) => Some(span),
        Quantity::Number(number) if number >= 0.0 => {
            let holds_time = ["time", "duration", "latency", "elapsed"].iter().any(|word| field.contains(word));
            let millis = if field.ends_with("_seconds") || field.ends_with("_s") { number * 1000.0 } else { number };
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            holds_time.then(|| Span(std::time::Duration::from_millis(millis as u64)))
        }
        _ => None,
    }
}
