//! `/api/v1/query` and its kin: the HTTP API of Prometheus 3.5 over the metric store, so that Grafana, promtool and
//! scripts written for Prometheus read Tegata as they are.
//!
//! Errors here have Prometheus's shape and words, not RFC 9457's: its clients look for `errorType`. Where an answer
//! differs from the real one's on purpose, `docs/reference/prometheus-api.md` says why.
//!
//! Reading order: `ask` (what is asked), `answer` and `json` (how it is answered), then one file for each family of
//! questions.

mod answer;
mod ask;
mod json;
mod value;

pub(crate) mod admin;
pub(crate) mod exemplars;
pub(crate) mod federate;
pub(crate) mod metadata;
pub(crate) mod query;
pub(crate) mod rules;
pub(crate) mod series;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod text;

use std::{collections::BTreeMap, time::Duration};

use promql::Labels;

pub(crate) use query::Turns;

fn pairs(labels: &Labels) -> BTreeMap<String, String> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    labels.iter().map(owned).collect()
}

/// A length of time as Prometheus writes it: `1h30m`; whole days as days.
fn length(of: Duration) -> String {
    let millis = of.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    let mut rest = millis;
    // Years, weeks and days only where they come out even.
    for (unit, size, even) in [
        ("y", 31_536_000_000, true),
        ("w", 604_800_000, true),
        ("d", 86_400_000, true),
        ("h", 3_600_000, false),
        ("m", 60_000, false),
        ("s", 1_000, false),
        ("ms", 1, false),
    ] {
        if rest == 0 || (even && !rest.is_multiple_of(size)) {
            continue;
        }
        if rest >= size {
            out.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_prometheus_writes_them() {
        // `global` of its `/api/v1/status/config` and its flags' values.
        let of = |millis| length(Duration::from_millis(millis));
        assert_eq!(
            [of(300_000), of(5_400_000), of(15_000)],
            ["5m", "1h30m", "15s"]
        );
        assert_eq!(
            [of(1_296_000_000), of(86_400_000), of(0)],
            ["15d", "1d", "0s"]
        );
        assert_eq!([of(90_061_001), of(604_800_000)], ["25h1m1s1ms", "1w"]);
    }
}
