//! What a rule costs: `cargo run --release -p tegata-evaluate --example rules_bench`.
//!
//! 10,000 series in the embedded store with a sample each second, and 500 alerting rules that each take the rate of
//! 20 of them over a minute, evaluated each second: the load under which Prometheus 3.5.3 took 0.85 ms of CPU for
//! one evaluation. Prints the CPU time of one evaluation at a tick, and of telling a round to the index.

use std::{sync::Arc, time::Duration};

use evaluate::rule::{Engine, Heard, Manner, Stored, World, read};
use promise::{Clock as _, ManualClock, Timestamp};
use store::{
    Labels, MetricStore, Sample, Series,
    metrics::{self},
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SERIES: usize = 10_000;
const RULES: usize = 500;
/// Seconds of samples before the first evaluation: more than the rules look back.
const BEFORE: i64 = 120;
const TICKS: i64 = 30;

/// CPU time of this process in milliseconds, over all its threads.
fn cpu() -> Outcome<f64> {
    let mut nanos = 0f64;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let spent: f64 = text.split_whitespace().next().unwrap_or("0").parse()?;
        nanos += spent;
    }
    Ok(nanos / 1e6)
}

fn labels() -> Vec<Labels> {
    (0..SERIES)
        .map(|n| {
            Labels::new([
                ("__name__", "bench_requests_total".to_owned()),
                ("job", "bench".to_owned()),
                ("instance", format!("host-{}:9100", n % 100)),
                ("shard", (n % RULES).to_string()),
                ("n", n.to_string()),
            ])
        })
        .collect()
}

fn rules() -> String {
    let rules = (0..RULES).map(|shard| {
        format!("  - {{ alert: A{shard}, expr: 'sum(rate(bench_requests_total{{shard=\"{shard}\"}}[1m])) > 1e9' }}\n")
    });
    format!(
        "groups:\n- name: bench\n  interval: 1s\n  rules:\n{}",
        rules.collect::<String>()
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn MetricStore> = metrics::open("embedded", folder.path())?;
    let labels = labels();
    let second = |n: i64| Timestamp::from_millis(1_767_225_600_000 + n * 1_000);
    let batch = |n: i64| -> Vec<Series> {
        #[allow(clippy::cast_precision_loss)]
        let value = (n * 10) as f64;
        let one = |labels: &Labels| {
            Series::new(
                labels.clone(),
                vec![Sample {
                    at: second(n),
                    value,
                }],
            )
        };
        labels.iter().map(one).collect()
    };
    for n in 0..BEFORE {
        store.append(batch(n)).await?;
    }
    let groups = read(&rules(), "bench.yml").map_err(|mistakes| format!("{mistakes:?}"))?;
    let manner = Manner {
        world: World::default(),
        tick_aligned: false,
        stale_for: None,
        query_offset: Duration::ZERO,
    };
    let source = Stored(store.clone());
    let clock = ManualClock::at(second(BEFORE));
    let mut engine = Engine::new(groups, Duration::from_secs(15), manner, clock.now());
    let (mut telling, mut evaluating) = (0.0, 0.0);
    for n in BEFORE..BEFORE + TICKS {
        store.append(batch(n)).await?;
        let heard = Heard {
            source: "bench/all".to_owned(),
            at: second(n),
            next: second(n + 1),
            floats: labels.clone().into(),
            series: Vec::new(),
            failed: None,
            is_push: false,
        };
        let began = cpu()?;
        engine.observe(&heard);
        let told = cpu()?;
        clock.set(second(n + 1));
        engine.run(&source, &clock).await;
        telling += told - began;
        evaluating += cpu()? - told;
    }
    let wrong = engine
        .groups()
        .flat_map(|(live, _)| &live.rules)
        .filter(|rule| rule.wrong.is_some());
    let wrong = wrong.count();
    let ticks = f64::from(i32::try_from(TICKS)?);
    let each = evaluating / ticks / f64::from(i32::try_from(RULES)?);
    println!(
        "one evaluation of one of {RULES} rules over {SERIES} series: {each:.4} ms CPU ({wrong} wrong)"
    );
    println!(
        "telling one round of {SERIES} series to the index: {:.3} ms CPU",
        telling / ticks
    );
    Ok(())
}
