//! Figures of spans: how many calls, how long they took, which failed, as series in the metric store, so that a trace has
//! an error rate and a latency without a second instrument. Names and labels are those of Grafana Tempo's generator.
//!
//! They are counters, told every fifteen seconds and begun anew by a restart, as an exporter's are.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use promise::Clock;
use serde_json::Value;
use store::{Exemplar, Labels, Record, Round, Sample, Series};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// As often as a scrape.
const EVERY: Duration = Duration::from_secs(15);
/// Upper bounds in seconds: Tempo's.
const BOUNDS: [f64; 14] = [
    0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
    16.384,
];
/// Services times operations times outcomes; what comes beyond is counted under one name, so that a client which puts ids
/// into names floods nothing.
const GROUPS_MAX: usize = 2_000;
const OTHER: &str = "(other)";

/// Service, operation, kind, status.
type Group = [String; 4];

#[derive(Debug, Clone, Default, PartialEq)]
struct Calls {
    count: u64,
    seconds: f64,
    /// By bound, not summed up yet.
    buckets: [u64; BOUNDS.len()],
    /// The newest call of each bucket since they were told, and of what is beyond all bounds.
    newest: [Option<Exemplar>; BOUNDS.len() + 1],
}

#[derive(Debug, Default)]
struct Figures(BTreeMap<Group, Calls>);

pub(crate) async fn run(
    mut heard: mpsc::Receiver<Arc<[Record]>>,
    rounds: mpsc::Sender<Round>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut figures = Figures::default();
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            records = heard.recv() => {
                let Some(records) = records else { return };
                records.iter().for_each(|record| figures.add(record));
            }
            _ = ticks.tick() => {
                if figures.0.is_empty() {
                    continue;
                }
                let at = clock.now();
                let series = figures.series(at);
                let round = Round {
                    source: "tegata/spans".to_owned(),
                    at,
                    next: at + EVERY,
                    series,
                    ..Round::default()
                };
                if rounds.send(round).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Figures {
    #[allow(clippy::cast_precision_loss)]
    fn add(&mut self, record: &Record) {
        let text = |name: &str| record.fields.get(name).and_then(Value::as_str);
        let (Some(span), Some(took)) = (
            text("span_id"),
            record.fields.get("duration_ns").and_then(Value::as_u64),
        ) else {
            return;
        };
        let mut group = ["service", "name", "kind", "status"]
            .map(|name| text(name).unwrap_or_default().to_owned());
        if self.0.len() >= GROUPS_MAX && !self.0.contains_key(&group) {
            group[1] = OTHER.to_owned();
        }
        let calls = self.0.entry(group).or_default();
        let seconds = took as f64 / 1e9;
        calls.count += 1;
        calls.seconds += seconds;
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound);
        if let Some(bucket) = bucket {
            calls.buckets[bucket] += 1;
        }
        calls.newest[bucket.unwrap_or(BOUNDS.len())] = text("trace_id").map(|trace| Exemplar {
            labels: Labels::new([("trace_id", trace), ("span_id", span)]),
            at: record.at,
            value: seconds,
        });
    }

    #[allow(clippy::cast_precision_loss)]
    fn series(&mut self, at: promise::Timestamp) -> Vec<Series> {
        let mut all = Vec::new();
        for ([service, name, kind, status], calls) in &mut self.0 {
            let mut newest = std::mem::take(&mut calls.newest).into_iter();
            let mut put =
                |metric: &str, le: Option<String>, value: f64, newest: Option<Exemplar>| {
                    let kind = format!("SPAN_KIND_{}", kind.to_uppercase());
                    let status = format!("STATUS_CODE_{}", status.to_uppercase());
                    let metric = format!("traces_spanmetrics_{metric}");
                    let mut labels = vec![
                        ("__name__", metric.as_str()),
                        ("instance", "spans"),
                        ("job", "tegata"),
                        ("service", service),
                        ("span_kind", &kind),
                        ("span_name", name),
                        ("status_code", &status),
                    ];
                    labels.extend(le.as_deref().map(|le| ("le", le)));
                    all.push(Series {
                        labels: Labels::new(labels),
                        samples: vec![Sample { at, value }],
                        exemplars: newest.into_iter().collect(),
                        ..Series::default()
                    });
                };
            put("calls_total", None, calls.count as f64, None);
            put("latency_count", None, calls.count as f64, None);
            put("latency_sum", None, calls.seconds, None);
            let mut below = 0;
            for (bound, n) in BOUNDS.iter().zip(calls.buckets) {
                below += n;
                let newest = newest.next().flatten();
                put(
                    "latency_bucket",
                    Some(bound.to_string()),
                    below as f64,
                    newest,
                );
            }
            let (beyond, newest) = (Some("+Inf".to_owned()), newest.next().flatten());
            put("latency_bucket", beyond, calls.count as f64, newest);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::Timestamp;
    use serde_json::json;

    use super::*;

    fn span(name: &str, millis: u64, status: &str) -> Record {
        let fields = json!({
            "span_id": "eee19b7ec3c1b174", "service": "pay", "name": name, "kind": "server", "status": status,
            "trace_id": format!("{millis:032x}"), "duration_ns": millis * 1_000_000,
        });
        Record {
            id: 1,
            at: Timestamp::EPOCH,
            stream: "spans".into(),
            fields: fields.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn calls_are_counted_by_what_they_are_and_how_long_they_took() {
        let mut figures = Figures::default();
        // 3 ms is up to 4 ms, 300 ms up to 512 ms, 20 s beyond all bounds.
        for (millis, status) in [(3, "ok"), (300, "ok"), (20_000, "ok"), (1, "error")] {
            figures.add(&span("charge", millis, status));
        }
        let mut log = span("charge", 1, "ok");
        log.fields.remove("duration_ns");
        figures.add(&log);
        let series = figures.series(Timestamp::EPOCH);
        let behind = |le: &str| {
            let is = |series: &&Series| {
                series.labels.get("le") == le
                    && series.labels.get("status_code") == "STATUS_CODE_OK"
            };
            let series = series.iter().find(is).unwrap();
            let one = series.exemplars.first();
            one.map(|one| (one.labels.get("trace_id").to_owned(), one.value))
        };
        assert_eq!(behind("0.004"), Some((format!("{:032x}", 3), 0.003)));
        assert_eq!(behind("+Inf"), Some((format!("{:032x}", 20_000), 20.0)));
        assert_eq!(behind("1.024"), None);
        let value = |name: &str, status: &str, le: &str| {
            let is = |series: &&Series| {
                series.labels.get("__name__") == name
                    && series.labels.get("status_code") == status
                    && series.labels.get("le") == le
            };
            series.iter().find(is).map(|series| series.samples[0].value)
        };
        assert_eq!(
            value("traces_spanmetrics_calls_total", "STATUS_CODE_OK", ""),
            Some(3.0)
        );
        assert_eq!(
            value("traces_spanmetrics_calls_total", "STATUS_CODE_ERROR", ""),
            Some(1.0)
        );
        assert_eq!(
            value("traces_spanmetrics_latency_sum", "STATUS_CODE_OK", ""),
            Some(20.303)
        );
        for (le, below) in [
            ("0.002", 0.0),
            ("0.004", 1.0),
            ("0.512", 2.0),
            ("16.384", 2.0),
            ("+Inf", 3.0),
        ] {
            assert_eq!(
                value("traces_spanmetrics_latency_bucket", "STATUS_CODE_OK", le),
                Some(below),
                "{le}"
            );
        }
    }

    #[test]
    fn names_without_end_are_counted_under_one() {
        let mut figures = Figures::default();
        for n in 0..GROUPS_MAX + 50 {
            figures.add(&span(&format!("get /users/{n}"), 1, "ok"));
        }
        assert_eq!(figures.0.len(), GROUPS_MAX + 1);
        let other = figures
            .0
            .iter()
            .find(|(group, _)| group[1] == OTHER)
            .unwrap();
        assert_eq!(other.1.count, 50);
    }
}
