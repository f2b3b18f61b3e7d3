//! A spec proposed from what a running exporter shows.
//!
//! Names of metrics follow habits (`http_requests_total{code}`, `…_seconds_bucket{le}`), so a good first
//! guess is possible; but which figure is owed nobody can read from a metric. Every objective is
//! therefore marked as a guess, and the person decides.

use std::{collections::BTreeSet, fmt::Write};

use super::quoted;

/// What a metric counts, as its exporter declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One metric of an exporter, under the name of its family: `http_requests_total`,
/// `http_request_duration_seconds` (with or without `_bucket`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricFamily {
    pub name: String,
    pub kind: Kind,
    pub labels: Vec<String>,
}

/// More promises than this from a guess are more than a person will read through.
const GUESSES_MAX: usize = 12;

/// A valid spec over `target` (`host:port` or a URL). Everything guessed says so.
#[must_use]
pub fn from_families(families: &[MetricFamily], target: &str) -> String {
    let mut guesses = Guesses {
        ids: BTreeSet::new(),
        out: String::new(),
    };
    for family in families.iter().filter(|family| is_name(&family.name)) {
        guesses.family(family);
    }
    let guesses = guesses.out;
    let target = quoted(target);
    format!(
        r#"# Proposed from the metrics of {target}. Lines marked "guess" are guesses from the metrics' names:
# decide what you owe, then remove the word.
# 「guess」の行はメトリクス名からの推測です。約束する値を決めたら、その語を消してください。

service:
  name: My service      # guess
  owner: sre            # guess
  time_zone: UTC        # guess

sources:
  scrape:
    app:
      targets: [{target}]
      interval: 15s
      timeout: 10s

promises:
  metrics_arrive:
    kind: freshness
    series: up{{job="app"}}
    within: 1m          # guess: four intervals
    severity: sev2
  instances_answer:
    kind: threshold
    query: avg_over_time(up{{job="app"}}[5m])
    at_least: 0.99      # guess
    severity: sev2
{guesses}
severities:
  sev1: {{ level: 1, page_within: 1m, answer_within: 15m }}   # guess
  sev2: {{ level: 2, page_within: 3m, answer_within: 1h }}    # guess

routes:
  - receivers: [inbox]

receivers:
  inbox: {{ kind: inbox }}
"#
    )
}

struct Guesses {
    ids: BTreeSet<String>,
    out: String,
}

impl Guesses {
    fn family(&mut self, family: &MetricFamily) {
        let name = family.name.trim_end_matches("_bucket");
        match family.kind {
            Kind::Counter => {
                if let Some((label, bad)) = outcome(&family.labels) {
                    let body = format!(
                        "    kind: ratio\n    total: {name}\n    bad: {name}{{{label}=~\"{bad}\"}}   # guess\n    \
                         at_least: 99.9 %    # guess\n    window: 30d         # guess\n    severity: sev1      # guess\n"
                    );
                    self.promise(
                        &format!("{}_succeed", name.trim_end_matches("_total")),
                        &body,
                    );
                }
            }
            Kind::Histogram if name.ends_with("_seconds") => {
                let body = format!(
                    "    kind: latency\n    histogram: {name}\n    quantile: p99       # guess\n    \
                     at_most: 1s         # guess\n    window: 30d         # guess\n    severity: sev2      # guess\n"
                );
                self.promise(
                    &format!("{}_fast", name.trim_end_matches("_seconds")),
                    &body,
                );
            }
            Kind::Histogram | Kind::Gauge => {}
        }
    }

    fn promise(&mut self, id: &str, body: &str) {
        // An id fits a DNS label; `bad-id` would refuse a longer one.
        let id: String = id
            .to_lowercase()
            .replace(':', "_")
            .trim_start_matches('_')
            .chars()
            .take(63)
            .collect();
        if !id.is_empty() && self.ids.len() < GUESSES_MAX && self.ids.insert(id.clone()) {
            let _ = write!(self.out, "  {id}:\n{body}");
        }
    }
}

/// The label that tells good events from bad ones, and the values that usually mean bad.
fn outcome(labels: &[String]) -> Option<(&str, &'static str)> {
    const HABITS: [(&str, &str); 7] = [
        ("code", "5.."),
        ("status_code", "5.."),
        ("http_status", "5.."),
        (
            "grpc_code",
            "Unknown|Internal|Unavailable|DataLoss|DeadlineExceeded",
        ),
        ("status", "5..|error|failed|failure"),
        ("result", "error|failed|failure"),
        ("outcome", "error|failed|failure"),
    ];
    HABITS
        .into_iter()
        .find(|(label, _)| labels.iter().any(|known| known == label))
}

/// A name that can stand in a selector as it is; an exporter may show anything.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
