//! What the error ratio of 30 days costs: `cargo run --release -p tegata-evaluate --example ratio_bench`.
//!
//! One promise over 50 series, scraped each 15 s for 30 days (8.6 M samples). Prints the CPU time of its good and
//! total events, of a whole verdict, and of a restart from its snapshot; and checks the sums by arithmetic.

use std::{collections::HashMap, sync::Arc, time::Duration};

use evaluate::{Evaluator, Owed};
use promise::{Promise, Timestamp, document::parse_yaml};
use store::{Labels, Round, Sample, Series};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SPEC: &str = "{ kind: ratio, total: requests_total, bad: 'requests_total{code=\"500\"}', at_least: 99.5 %, window: 30d }";
const SERIES: usize = 50;
const EVERY: Duration = Duration::from_secs(15);
const DAYS: i64 = 30;

/// User and system time of this process, from the kernel, in ms (ticks of 10 ms).
fn cpu() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? * 10.0)
}

fn measured<T>(what: &str, times: u32, mut run: impl FnMut() -> Option<T>) -> Outcome<T> {
    let begun = cpu()?;
    let mut last = None;
    for _ in 0..times {
        last = run();
    }
    println!(
        "{what}: {:.4} ms of CPU",
        (cpu()? - begun) / f64::from(times)
    );
    last.ok_or_else(|| what.into())
}

fn evaluator(since: Timestamp) -> Outcome<Evaluator> {
    let mut mistakes = Vec::new();
    let node = parse_yaml(SPEC).0.ok_or("no YAML")?;
    let mut promise = Promise::read("requests", &node, &mut mistakes).ok_or("no promise")?;
    promise.since = since;
    let owed = vec![Owed {
        source: "shop/a".to_owned(),
        interval: EVERY,
        stream: None,
    }];
    Ok(Evaluator::new(
        vec![Arc::new(promise)],
        owed,
        HashMap::new(),
        since,
    ))
}

fn main() -> Outcome<()> {
    let since = Timestamp::from_millis(1_767_225_600_000);
    let mut evaluator = evaluator(since)?;
    let labels: Vec<Labels> = (0..SERIES)
        .map(|i| {
            let (shop, code) = ((i / 2).to_string(), if i % 2 == 0 { "200" } else { "500" });
            Labels::new([
                ("__name__", "requests_total"),
                ("shop", &*shop),
                ("code", code),
            ])
        })
        .collect();
    let rounds = DAYS * 86_400 / 15;
    let mut now = since;
    let begun = cpu()?;
    for n in 0..=rounds {
        let series = labels.iter().enumerate().map(|(i, labels)| Series {
            labels: labels.clone(),
            samples: vec![Sample {
                at: now,
                value: n as f64 * if i % 2 == 0 { 149.0 } else { 1.0 },
            }],
            ..Series::default()
        });
        let series = series.collect();
        evaluator.observe(&Round {
            source: "shop/a".to_owned(),
            at: now,
            next: now + EVERY,
            series,
            ..Round::default()
        });
        if n % 20 == 0 {
            evaluator.tidy(now);
        }
        now = if n < rounds { now + EVERY } else { now };
    }
    println!(
        "{rounds} rounds of {SERIES} series observed: {:.0} ms of CPU",
        cpu()? - begun
    );
    let sums = measured("good and total over 30 days", 100_000, || {
        evaluator.events_in("requests", since, now)
    })?;
    // 25 series grow by 149 a round and 25 by 1: 25 * 150 * 172,800 rounds = 648,000,000; 1/150 of them are bad.
    let total = 25.0 * 150.0 * rounds as f64;
    println!(
        "{sums:?}, by arithmetic {:?}",
        (total * 149.0 / 150.0, total)
    );
    if sums != (total * 149.0 / 150.0, total) {
        return Err("the sums are wrong".into());
    }
    let promise = evaluator.promise("requests").ok_or("no promise")?;
    let verdict = measured("evidence and verdict", 2_000, || {
        evaluator
            .evidence("requests", now)
            .map(|evidence| promise.judge(&evidence, now))
    })?;
    println!("{}: {}", verdict.state, verdict.reason.say().en);
    let snapshot = measured("snapshot", 200, || evaluator.snapshot("requests", now))?;
    println!("{} bytes", snapshot.len());
    let mut next = self::evaluator(since)?;
    measured("restore", 200, || next.restore("requests", &snapshot).ok())?;
    if next.events_in("requests", since, now) != Some(sums) {
        return Err("the sums have changed".into());
    }
    Ok(())
}
