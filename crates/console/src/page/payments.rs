//! `/payments`: the demo's shop as it sells: how many, how well, how fast, and the last records.
//!
//! Figures come from the metric store, as the promises' do; records are shown as they rest, after redaction.

use std::time::Duration;

use ::promise::{LogQuery, Timestamp, record::Scalar, say};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use store::{Record, Series, logs::Search};

use crate::{
    door::{Payments, Refused},
    lang::Pick,
    page::{Follow, Part, frame},
    reply::Visit,
    show::{chart, figure, time},
};

/// How far back the lines go, and how finely.
const LOOK_BACK: Duration = Duration::from_secs(900);
const STEPS: usize = 60;
/// The steps that the newest figures are taken over: a minute, so that one slow answer does not jump about.
const NEWEST_STEPS: usize = 4;
const RECORDS_MAX: usize = 20;
const FIELDS_MAX: usize = 8;
/// Columns of a payment that a person looks for first; others follow as they come.
const FIELDS_FIRST: [&str; 5] = [
    "payment_id",
    "status",
    "processing_time",
    "error_code",
    "amount",
];

pub(crate) async fn show(visit: Visit) -> Response {
    let Some(demo) = visit.room.desk.demo.clone() else {
        return visit.missing(&say!(
            "only the demo has a shop",
            "店舗があるのはデモだけです"
        ));
    };
    let asked = demo.payments();
    match gather(&visit, &asked).await {
        Ok(seen) => {
            let main = content(&visit, &seen);
            visit.page(frame(
                &visit,
                visit.lang.pick("Live payments", "決済の現況"),
                Part::Payments,
                Follow::Whole,
                &main,
            ))
        }
        Err(error) => visit.refused(&Refused::Internal(error.to_string())),
    }
}

struct Gathered {
    total: Vec<f64>,
    good: Vec<f64>,
    /// By upper bound, in order; each with its steps.
    buckets: Vec<(f64, Vec<f64>)>,
    records: Vec<Record>,
}

async fn gather(visit: &Visit, asked: &Payments) -> Result<Gathered, store::Error> {
    let desk = &visit.room.desk;
    let (from, to) = (visit.now - LOOK_BACK, visit.now);
    let total = desk
        .metrics
        .select(asked.total.matchers(), from, to)
        .await?;
    let good = desk.metrics.select(asked.good.matchers(), from, to).await?;
    let took = desk.metrics.select(asked.took.matchers(), from, to).await?;
    let query = LogQuery::parse(&format!("stream:{}", asked.stream))
        .map_err(|why| store::Error::Query(why.en))?;
    let search = Search {
        query,
        from,
        to,
        newest_first: true,
        after: None,
        limit: RECORDS_MAX,
    };
    let mut records = desk.logs.search(&search).await?;
    records.sort_by_key(|record| std::cmp::Reverse(record.at));
    let mut buckets: Vec<(f64, Vec<f64>)> = Vec::new();
    for series in &took {
        let Ok(le) = series.labels.get("le").parse::<f64>() else {
            continue;
        };
        let steps = increases([series], from);
        match buckets.iter_mut().find(|(bound, _)| *bound == le) {
            Some((_, sum)) => sum
                .iter_mut()
                .zip(steps)
                .for_each(|(sum, step)| *sum += step),
            None => buckets.push((le, steps)),
        }
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Gathered {
        total: increases(&total, from),
        good: increases(&good, from),
        buckets,
        records,
    })
}

/// What counters grew by in each step; a counter that falls began again from zero.
fn increases<'s>(series: impl IntoIterator<Item = &'s Series>, from: Timestamp) -> Vec<f64> {
    let mut steps = vec![0.0; STEPS];
    let step = LOOK_BACK / u32::try_from(STEPS).unwrap_or(1);
    for one in series {
        let mut samples = one.samples.iter().filter(|sample| sample.value.is_finite());
        let Some(mut previous) = samples.next() else {
            continue;
        };
        for sample in samples {
            let grown = if sample.value >= previous.value {
                sample.value - previous.value
            } else {
                sample.value
            };
            let at = sample.at.since(from).as_millis() / step.as_millis().max(1);
            if let Some(slot) = usize::try_from(at)
                .ok()
                .and_then(|at| steps.get_mut(at.min(STEPS - 1)))
            {
                *slot += grown;
            }
            previous = sample;
        }
    }
    steps
}

/// The `q` quantile, linear within its bucket, in the unit of the bounds; `None` without events or when it lies
/// beyond the last finite bound.
fn quantile(buckets: &[(f64, f64)], q: f64) -> Option<f64> {
    let all = buckets.last()?.1;
    if all <= 0.0 {
        return None;
    }
    let rank = q * all;
    let mut below = (0.0, 0.0);
    for &(le, count) in buckets {
        if count >= rank {
            if le.is_infinite() {
                return None;
            }
            let inside = count - below.1;
            let part = if inside > 0.0 {
                (rank - below.1) / inside
            } else {
                1.0
            };
            return Some(below.0 + (le - below.0) * part);
        }
        below = (le, count);
    }
    None
}

fn newest(steps: &[f64]) -> f64 {
    steps[steps.len().saturating_sub(NEWEST_STEPS)..]
        .iter()
        .sum()
}

fn content(visit: &Visit, seen: &Gathered) -> Markup {
    let lang = visit.lang;
    let step_secs = LOOK_BACK.as_secs_f64() / f64::from(u32::try_from(STEPS).unwrap_or(1));
    let minute = step_secs * f64::from(u32::try_from(NEWEST_STEPS).unwrap_or(1));
    let (all, good) = (newest(&seen.total), newest(&seen.good));
    let rate = ::promise::unit::trim_zeros(all / minute, 1);
    // Before the first payment there is nothing to draw, not a rate of nought.
    let first = seen.total.iter().position(|n| *n > 0.0).unwrap_or(STEPS);
    let rates: Vec<Option<f64>> = (seen.total.iter().enumerate())
        .map(|(i, n)| (i >= first).then_some(n / step_secs))
        .collect();
    let ratio = |good: f64, all: f64| (all > 0.0).then(|| (good / all).clamp(0.0, 1.0));
    let ratios: Vec<Option<f64>> = seen
        .good
        .iter()
        .zip(&seen.total)
        .map(|(g, t)| ratio(*g, *t))
        .collect();
    let last: Vec<(f64, f64)> = seen
        .buckets
        .iter()
        .map(|(le, steps)| (*le, newest(steps)))
        .collect();
    let at = |q: f64| -> Vec<Option<f64>> {
        (0..STEPS)
            .map(|i| {
                quantile(
                    &seen
                        .buckets
                        .iter()
                        .map(|(le, s)| (*le, s[i]))
                        .collect::<Vec<_>>(),
                    q,
                )
            })
            .collect()
    };
    let millis = |secs: Option<f64>| {
        secs.map_or("–".to_owned(), |secs| {
            ::promise::Amount::Millis(secs * 1_000.0).show(lang)
        })
    };
    let minutes = lang.pick("last 15 minutes", "直近 15 分");
    html! {
        h1 { (lang.pick("Live payments", "決済の現況")) }
        dl.figures.live-figures {
            div { dt { (lang.pick("Payments a second", "毎秒の決済")) } dd { (rate) }
                dd.line-box { (chart::spark(&rates, &format!("{} · {minutes}", lang.pick("Payments a second", "毎秒の決済")))) } }
            div { dt { (lang.pick("Succeeded", "成功率")) }
                dd { (ratio(good, all).map_or("–".to_owned(), figure::share)) }
                dd.line-box { (chart::spark(&ratios, &format!("{} · {minutes}", lang.pick("Succeeded", "成功率")))) } }
            @for (name, q) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                div { dt { (name) } dd { (millis(quantile(&last, q))) }
                    dd.line-box { (chart::spark(&at(q), &format!("{name} · {minutes}"))) } }
            }
        }
        p.note { (lang.pick("Figures over the last minute, lines over the last 15.", "数値は直近 1 分、線は直近 15 分です。")) }
        section aria-labelledby="last" {
            h2 #last { (lang.pick("Last records", "最近の記録")) }
            (records(visit, &seen.records))
        }
    }
}

fn records(visit: &Visit, records: &[Record]) -> Markup {
    let lang = visit.lang;
    // What redaction has hidden is shown as hidden: that it is, is the point.
    let hidden = records.iter().flat_map(|record| &record.fields);
    let hidden =
        hidden.filter(|(_, value)| value.as_str().is_some_and(|text| text.contains(HIDDEN)));
    let mut names: Vec<&str> = Vec::new();
    for name in FIELDS_FIRST {
        if records
            .iter()
            .any(|record| record.fields.contains_key(name))
        {
            names.push(name);
        }
    }
    for (name, _) in hidden {
        if names.len() < FIELDS_MAX && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    for record in records {
        let fresh = record
            .fields
            .iter()
            .filter(|(_, value)| !value.is_object() && !value.is_array());
        for (name, _) in fresh {
            if names.len() < FIELDS_MAX && name != "time" && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    html! {
        @if records.is_empty() { p.empty { (lang.pick("No record in the last 15 minutes.", "直近 15 分の記録はありません。")) } }
        @else { div.scroll tabindex="0" role="group" aria-labelledby="last" { table.records {
            thead { tr { th scope="col" { (lang.pick("Time", "時刻")) } @for name in &names { th scope="col" lang="en" { (name) } } } }
            tbody { @for record in records { tr class=[bad(record)] {
                th scope="row" { (time::clock(record.at, visit.now, &visit.zone(), lang)) }
                @for name in &names { td { (cell(record.fields.get(*name))) } }
            } } }
        } } }
    }
}

/// A record that tells of a failure wears its colour; the word stands in it all the same.
fn bad(record: &Record) -> Option<&'static str> {
    let level = record.fields.get("level").and_then(Value::as_str);
    level.is_some_and(|level| level == "error").then_some("bad")
}

/// How a hidden value begins; its kind follows.
const HIDDEN: &str = "[redacted:";

/// Longer values would push the rest off the page.
const CELL_CHARS_MAX: usize = 48;

fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use store::{Labels, Sample};

    use super::*;

    #[test]
    fn a_counter_that_restarts_is_not_negative() {
        let at = |secs: i64| Timestamp::from_millis(secs * 1_000);
        let samples = [(0, 100.0), (15, 110.0), (30, 4.0), (45, 10.0)];
        let series = Series {
            labels: Labels::new([("__name__", "n")]),
            samples: samples
                .map(|(secs, value)| Sample {
                    at: at(secs),
                    value,
                })
                .to_vec(),
            ..Series::default()
        };
        // A step is 900 s / 60 = 15 s: +10 by 15 s, a restart that had counted 4 by 30 s, +6 by 45 s.
        assert_eq!(
            &increases([&series], Timestamp::EPOCH)[..5],
            [0.0, 10.0, 4.0, 6.0, 0.0]
        );
    }

    #[test]
    fn quantiles_are_linear_within_a_bucket() {
        // 10 events up to 0.1 s, 10 more up to 0.2 s: the median ends the first bucket, p75 halves the second.
        let buckets = [(0.1, 10.0), (0.2, 20.0), (f64::INFINITY, 20.0)];
        assert_eq!(quantile(&buckets, 0.5), Some(0.1));
        assert!((quantile(&buckets, 0.75).unwrap_or(0.0) - 0.15).abs() < 1e-12);
        assert_eq!(quantile(&[(0.1, 0.0), (f64::INFINITY, 5.0)], 0.5), None);
        assert_eq!(quantile(&[(0.1, 0.0)], 0.5), None);
    }
}
