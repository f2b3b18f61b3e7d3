//! How much CPU range queries take: one hour by 15 s over 10,000 series of 240 samples, which is what a busy
//! dashboard asks for; and an instant query of a few series, which is what an alert rule asks for.
//!
//! `cargo run --release -p tegata-promql --example range_bench`

use std::{fs, time::Duration};

use promise::Timestamp;
use promql::{Labels, Query, Sample, Series, Value};

const SERIES: usize = 10_000;
const STEP_SECS: u64 = 15;
/// An hour, and five minutes before it for ranges.
const SAMPLES: i64 = 260;
const ROUNDS: usize = 9;
/// Instant queries are too short to be measured one by one.
const INSTANTS: usize = 1_000;

const QUERIES: [&str; 8] = [
    "requests_total",
    "requests_total{job=\"job-3\"}",
    "rate(requests_total[5m])",
    "sum by (job) (rate(requests_total[5m]))",
    "sum(requests_total)",
    "avg by (job) (requests_total)",
    "max_over_time(requests_total[2m])",
    "sum by (job) (rate(requests_total[5m])) / sum by (job) (requests_total)",
];

fn main() {
    let mut data = series();
    // As a store gives them.
    data.sort_by(|a, b| a.labels.cmp(&b.labels));
    let at = |secs: i64| Timestamp::from_millis(secs * 1_000);
    let (from, to) = (at(300), at(300 + 3_600));
    println!("{SERIES} series, 1 h by {STEP_SECS} s, CPU ms (median of {ROUNDS})");
    for text in QUERIES {
        let query = Query::parse(text).expect("a query of this file");
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..ROUNDS {
            let start = cpu_ms();
            let answer = query.range(from, to, Duration::from_secs(STEP_SECS), &data);
            if let Value::Matrix(all) = answer.expect("an answer").value {
                found = all.iter().map(Series::len).sum();
            }
            times.push(cpu_ms() - start);
        }
        times.sort_by(f64::total_cmp);
        println!("{:>9.2}  {text}  ({found} samples)", times[ROUNDS / 2]);
    }
    let few: Vec<Series> = data.into_iter().take(5).collect();
    let query = Query::parse("sum by (job) (rate(requests_total[5m])) > 0").expect("a query");
    let start = cpu_ms();
    for _ in 0..INSTANTS {
        let answer = query.instant(to, &few).expect("an answer");
        assert!(matches!(answer.value, Value::Vector(found) if !found.is_empty()));
    }
    let each = (cpu_ms() - start) / INSTANTS as f64;
    println!("{each:>9.4}  an alert rule over 5 series, parsed before");
}

/// Counters as they are scraped: 15 s apart with a jitter of their own, some of them reset.
fn series() -> Vec<Series> {
    (0..SERIES)
        .map(|number| {
            let labels = Labels::new([
                ("__name__", "requests_total".to_owned()),
                (
                    "instance",
                    format!("10.0.{}.{}:9100", number / 250, number % 250),
                ),
                ("job", format!("job-{}", number % 20)),
                ("code", ["200", "404", "500"][number % 3].to_owned()),
                ("zone", format!("zone-{}", number % 4)),
            ]);
            let jitter = (number as i64 * 7_919) % 15_000;
            let mut value = (number % 100) as f64;
            let samples = (0..SAMPLES).map(|place| {
                value += ((number as i64 * 31 + place * 17) % 23) as f64;
                if (number as i64 + place) % 3_000 == 0 {
                    value = 0.0;
                }
                Sample {
                    at: Timestamp::from_millis(place * 15_000 + jitter),
                    value,
                }
            });
            Series::new(labels, samples.collect())
        })
        .collect()
}

/// CPU time of this process, user and system, as Linux counts it in nanoseconds of its first thread.
fn cpu_ms() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = stat
        .split(' ')
        .next()
        .and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e6
}
