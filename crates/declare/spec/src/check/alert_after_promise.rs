//! Alerts on slowness that wait until the promise is long broken.

use promise::{quantity::{Bound, Quantity}, say, unit::Span};

use crate::section::monitoring::Alert;

use super::{Found, Sight, design::{self, Latency}, words};

rule! {
    /// # Finds
    /// A log alert or an alert on a time that allows more than the latency promise that its name fits best (of the same tier, for alerts), while no other alert on the same thing tells in time.
    /// ja: 名前が最もよく合う応答時間の約束より長い時間まで知らせない警報(監視の警報は同じ層の約束と比べます)。同じ対象の別の警報が間に合えば指摘しません。
    /// # Why
    /// Between the two figures people wait longer than was promised, and nobody is told.
    /// ja: 二つの値のあいだでは、約束より長く待たせているのに誰にも知らされません。
    /// # Source
    /// Of several promises that fit alike, the loosest counts; names that name different things are not compared. A bare number of a field that holds a time is read as milliseconds, or seconds where the name says so.
    /// ja: 同じくらい合う約束が複数あれば最も緩いものと比べ、別のものを指す名前どうしは比べません。時間の項目の単位なしの値はミリ秒(名前が秒を示せば秒)と読みます。
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
    for (stream, logs) in &sight.spec.design.log_analysis {
        for (name, alert) in &logs.alerts {
            let Some((field, bound)) = alert.field_bound() else { continue };
            // A line is one request: it is late for all where it is beyond the loosest that fits.
            let fitting = words::fitting(&latencies, &words::of_what([stream.as_str(), name, field]));
            let Some(promise) = fitting.into_iter().max_by_key(|it| it.at_most) else { continue };
            let promised = promise.at_most;
            let Some(waits) = time(field, bound).filter(|waits| *waits > promised) else { continue };
            let is_told = logs.alerts.values().filter_map(|it| it.field_bound()).any(|(other, bound)| other == field && time(other, bound).is_some_and(|it| it <= promised));
            if !is_told {
                tell(found, sight, &["log_analysis", stream, "alerts", name, "logs"], waits, promise);
            }
        }
    }
    let alerts = &sight.spec.design.monitoring.alerts;
    for (name, alert) in alerts.iter().filter(|(_, it)| it.measures.as_deref() == Some("latency")) {
        let Some(waits) = waits(alert) else { continue };
        let Some(promise) = promise_of(&latencies, name, alert).filter(|it| waits > it.at_most) else { continue };
        let is_same = |other: &str, it: &Alert| {
            let is_of_same = it.of.is_some() && it.of == alert.of;
            it.measures == alert.measures && it.tier == alert.tier && (is_of_same || words::of_what([other]) == words::of_what([name.as_str()]))
        };
        let is_told = alerts.iter().any(|(other, it)| is_same(other, it) && self::waits(it).is_some_and(|it| it <= promise.at_most));
        if !is_told {
            tell(found, sight, &["monitoring", "alerts", name, "when"], waits, promise);
        }
    }
}

fn tell(found: &mut Found<'_>, sight: &Sight<'_>, at: &[&str], waits: Span, promise: &Latency<'_>) {
    let promised = promise.at_most;
    found
        .note(sight.places.at(at), say!("silent until {waits}, and `{}` promises {promised}", "{waits} まで知らせませんが、`{}` の約束は {promised} です", promise.name))
        .also(sight.places.at(&promise.path), say!("the promise", "約束"));
}

/// How long an alert lets people wait.
fn waits(alert: &Alert) -> Option<Span> {
    match alert.when.filter(|it| !it.is_upper())?.value {
        Quantity::Time(waits) => Some(waits),
        _ => None,
    }
}

/// The promise that an alert on a time is about: of its tier, the one whose name fits best.
fn promise_of<'l, 's>(latencies: &'l [Latency<'s>], name: &str, alert: &Alert) -> Option<&'l Latency<'s>> {
    let named = words::of_what([name].into_iter().chain(alert.of.as_deref()));
    let of_tier = latencies.iter().filter(|it| it.tier == alert.tier.as_deref());
    // A name that tells of nothing may be about any; one that does is about none that tells of something else.
    let may_be = of_tier.filter(|it| named.is_empty() || words::is_about(it.name, &named));
    let fitting = words::fitting(may_be, &named);
    // Which quantile an alert looks at is said by its name alone: beyond the highest promised one it is late for all.
    let highest = fitting.iter().map(|it| quantile(&it.quantile)).max_by(f64::total_cmp)?;
    fitting.into_iter().filter(|it| quantile(&it.quantile) >= highest).max_by_key(|it| it.at_most)
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
