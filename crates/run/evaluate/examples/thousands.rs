//! What a tick costs with thousands of promises: `cargo run --release -p tegata-evaluate --example thousands`.
//!
//! 5,000 ratio promises over 30 days on 50 targets of 100 series pairs each. Prints the CPU time of a round
//! (observe and judge), and of a tick in which nothing is due.

use std::{collections::HashMap, sync::Arc, time::Duration};

use evaluate::{Evaluator, Owed, Stores};
use promise::{
    Promise, Timestamp,
    document::{Key, Node, Value},
};
use store::{Labels, Round, Sample, Series, logs::EmbeddedLogs, metrics::EmbeddedMetrics};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const TARGETS: usize = 50;
const PROMISES: usize = 5_000;
const ROUNDS: i64 = 240;

fn promise(i: usize) -> Outcome<Arc<Promise>> {
    let node = |value| Node { span: 0..0, value };
    let total = format!("pay_total{{shop=\"{i}\"}}");
    let good = format!("pay_ok_total{{shop=\"{i}\"}}");
    let fields = [
        ("kind", "ratio"),
        ("total", &*total),
        ("good", &*good),
        ("at_least", "99.5 %"),
        ("window", "30d"),
    ];
    let map = fields.map(|(name, text)| {
        (
            Key {
                span: 0..0,
                name: name.to_owned(),
            },
            node(Value::Scalar(text.to_owned())),
        )
    });
    let mut mistakes = Vec::new();
    Promise::read(
        &format!("p{i}"),
        &node(Value::Map(map.to_vec())),
        &mut mistakes,
    )
    .map(Arc::new)
    .ok_or_else(|| format!("{mistakes:?}").into())
}

/// User and system time of this process, from the kernel, in ticks of 10 ms.
fn cpu() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or_default()
    };
    Ok((ticks(11) + ticks(12)) * 10.0)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let stores = Stores {
        metrics: Arc::new(EmbeddedMetrics::open(folder.path().join("metrics"))?),
        logs: Arc::new(EmbeddedLogs::open(folder.path().join("logs"))?),
    };
    let promises = (0..PROMISES).map(promise).collect::<Result<Vec<_>, _>>()?;
    let every = Duration::from_secs(15);
    let owed = (0..TARGETS)
        .map(|t| Owed {
            source: format!("shop/{t}"),
            interval: every,
            stream: None,
        })
        .collect();
    let mut now = Timestamp::from_millis(1_767_225_600_000);
    let mut evaluator = Evaluator::new(promises, owed, HashMap::new(), now);
    evaluator.judge(&stores, now).await;
    let (begun, mut judged) = (cpu()?, 0);
    for n in 0..ROUNDS {
        now = now + every;
        for target in 0..TARGETS {
            evaluator.observe(&round(target, n, now, every));
        }
        judged += evaluator.judge(&stores, now).await.len();
    }
    let spent = cpu()? - begun;
    println!(
        "{judged} verdicts in {ROUNDS} rounds: {:.1} ms of CPU a round",
        spent / ROUNDS as f64
    );
    let begun = cpu()?;
    let mut idle = 0;
    for _ in 0..100_000 {
        idle += evaluator.judge(&stores, now).await.len();
    }
    println!(
        "a tick with nothing due ({idle} verdicts): {:.2} us of CPU",
        (cpu()? - begun) / 100.0
    );
    Ok(())
}

fn round(target: usize, n: i64, at: Timestamp, every: Duration) -> Round {
    let shops = (0..PROMISES).filter(|shop| shop % TARGETS == target);
    let series = shops.flat_map(|shop| {
        let shop = shop.to_string();
        ["pay_total", "pay_ok_total"].map(|name| Series {
            labels: Labels::new([("__name__", name), ("shop", &*shop)]),
            samples: vec![Sample {
                at,
                value: n as f64 * 100.0,
            }],
            ..Series::default()
        })
    });
    Round {
        source: format!("shop/{target}"),
        at,
        next: at + every,
        series: series.collect(),
        ..Round::default()
    }
}
