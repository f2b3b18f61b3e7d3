//! What the embedded metric store costs: `cargo run --release -p tegata-store --example metrics_bench`.
//!
//! CPU is that of all threads of the process, from the kernel's scheduler; appends are durable (fsync) when they are
//! answered. The loads are made from a seed, so two runs append the same.

use std::{error::Error, fs, path::Path, sync::Arc};

use promise::{Timestamp, signal::Matcher};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use store::{
    Floats, Labels, MetricStore as _, Sample, Series,
    metrics::{Batch, EmbeddedMetrics, Options},
};

type Outcome = Result<(), Box<dyn Error>>;

/// 2026-01-05T00:00:00Z, in milliseconds; and a usual interval.
const START: i64 = 1_767_571_200_000;
const STEP: i64 = 15_000;
/// Samples of one request, as Prometheus's remote write sends them.
const BATCH: usize = 2_000;

#[tokio::main]
async fn main() -> Outcome {
    append().await?;
    memory().await?;
    disk().await?;
    select().await
}

/// As an exporter of a service has them: ten labels, some 200 bytes.
fn labels(metric: &str, i: usize) -> Labels {
    Labels::new([
        ("__name__", metric.to_owned()),
        ("cluster", "production-tokyo-1".to_owned()),
        (
            "instance",
            format!("10.0.{}.{}:9100", i / 1000 % 250, i / 4 % 250),
        ),
        ("job", "payment-gateway".to_owned()),
        ("method", ["GET", "POST", "PUT", "DELETE"][i % 4].to_owned()),
        ("namespace", "payments".to_owned()),
        ("path", format!("/api/v2/resource-{}", i % 500)),
        ("pod", format!("payment-gateway-7d9f8b6c5-{:05}", i / 4)),
        ("status", ["200", "404", "500"][i % 3].to_owned()),
        ("zone", "ap-northeast-1a".to_owned()),
    ])
}

fn at(round: usize) -> Timestamp {
    Timestamp::from_millis(START + STEP * i64::try_from(round).unwrap_or(0))
}

fn sample(round: usize, value: f64) -> Sample {
    Sample {
        at: at(round),
        value,
    }
}

fn one(labels: Labels, round: usize, value: f64) -> Series {
    Series::new(labels, vec![sample(round, value)])
}

/// The series of each request, which whoever scrapes or receives them remembers.
fn names(series: usize) -> Vec<Arc<[Labels]>> {
    let all: Vec<Labels> = (0..series).map(|i| labels("requests_total", i)).collect();
    all.chunks(BATCH).map(Arc::from).collect()
}

fn batch(names: &Arc<[Labels]>, samples: impl Iterator<Item = Sample>) -> Batch {
    Batch {
        floats: vec![Floats::new(names.clone(), samples.collect())],
        series: Vec::new(),
    }
}

async fn append() -> Outcome {
    const SERIES: usize = 10_000;
    const ROUNDS: usize = 200;
    let dir = tempfile::tempdir()?;
    let store = EmbeddedMetrics::open(dir.path())?;
    let mut random = Pcg64::seed_from_u64(1);
    let names = names(SERIES);
    let mut totals = vec![0.0; SERIES];
    let mut spent = 0;
    for round in 0..ROUNDS {
        let mut batches: Vec<Batch> = Vec::new();
        for (names, totals) in names.iter().zip(totals.chunks_mut(BATCH)) {
            let samples = totals.iter_mut().map(|total| {
                *total += f64::from(random.random_range(1..100u32));
                sample(round, *total)
            });
            batches.push(batch(names, samples));
        }
        let before = cpu_nanos()?;
        for batch in batches {
            store.append_batch(batch).await?;
        }
        spent += cpu_nanos()? - before;
    }
    let per_million = seconds(spent) * 1e6 / number(SERIES * ROUNDS);
    println!(
        "append, 10k series, batches of {BATCH}, fsync: {per_million:.3} CPU-s per 1M samples"
    );
    Ok(())
}

async fn memory() -> Outcome {
    const SERIES: usize = 100_000;
    const ROUNDS: usize = 40;
    let dir = tempfile::tempdir()?;
    let store = EmbeddedMetrics::open(dir.path())?;
    let mut random = Pcg64::seed_from_u64(2);
    let before = resident()?;
    let names = names(SERIES);
    let mut spent = 0;
    for round in 0..ROUNDS {
        for names in &names {
            let samples = names.iter().map(|_| {
                let total = round * 50 + random.random_range(0..50);
                sample(round, number(total))
            });
            let batch = batch(names, samples);
            let cpu = cpu_nanos()?;
            store.append_batch(batch).await?;
            spent += cpu_nanos()? - cpu;
        }
    }
    let per_series = (number(resident()?) - number(before)) / number(SERIES);
    let per_million = seconds(spent) * 1e6 / number(SERIES * ROUNDS);
    println!("memory, 100k series, {ROUNDS} rounds: {per_series:.0} bytes per active series");
    println!("append, 100k series, fsync: {per_million:.3} CPU-s per 1M samples");
    Ok(())
}

/// A kind of series, and the next value of one.
type Kind = (&'static str, fn(&mut Pcg64, f64) -> f64);

const COUNTER: Kind = ("counter, 1 to 100 more", |random, before| {
    before + f64::from(random.random_range(1..=100u32))
});
const GAUGE: Kind = ("gauge, 2 decimals, +-1.00", |random, before| {
    ((before * 100.0).round() + f64::from(random.random_range(-100..=100i32))) / 100.0
});
const CONSTANT: Kind = ("constant", |_, before| before);
const WALK: Kind = ("random walk, full doubles", |random, before| {
    before + random.random_range(-1.0..1.0)
});
/// Of twenty series.
const MIX: [(Kind, usize); 4] = [(COUNTER, 9), (GAUGE, 5), (CONSTANT, 5), (WALK, 1)];

async fn disk() -> Outcome {
    for (kind, _) in MIX {
        println!(
            "disk, {}: {:.3} bytes per sample",
            kind.0,
            bytes_per_sample(&[(kind, 20)]).await?
        );
    }
    let mix: Vec<String> = MIX
        .iter()
        .map(|(kind, n)| format!("{} % {}", n * 5, kind.0))
        .collect();
    println!(
        "disk, mixed load ({}): {:.3} bytes per sample",
        mix.join(", "),
        bytes_per_sample(&MIX).await?
    );
    Ok(())
}

/// 1,000 series over 8 hours, sealed and merged; the index and the labels are counted.
async fn bytes_per_sample(mix: &[(Kind, usize)]) -> Result<f64, Box<dyn Error>> {
    const SERIES: usize = 1_000;
    const ROUNDS: usize = 1_920;
    let dir = tempfile::tempdir()?;
    let store = EmbeddedMetrics::open(dir.path())?;
    let mut random = Pcg64::seed_from_u64(3);
    let kinds: Vec<Kind> = mix
        .iter()
        .flat_map(|(kind, n)| std::iter::repeat_n(*kind, *n))
        .collect();
    let mut values: Vec<f64> = (0..SERIES).map(|i| number(i * 7)).collect();
    let names: Vec<Labels> = (0..SERIES).map(|i| labels("mixed", i)).collect();
    for round in 0..ROUNDS {
        let batch = names
            .iter()
            .zip(&mut values)
            .enumerate()
            .map(|(i, (labels, value))| {
                *value = kinds[i % kinds.len()].1(&mut random, *value);
                one(labels.clone(), round, *value)
            });
        store.append(batch.collect()).await?;
    }
    store.settle().await?;
    let bytes = size_of(&dir.path().join("blocks"))?;
    Ok(number(bytes) / number(SERIES * ROUNDS))
}

async fn select() -> Outcome {
    const SERIES: usize = 10_000;
    const ROUNDS: usize = 240;
    let dir = tempfile::tempdir()?;
    let options = Options {
        block_span_max: std::time::Duration::ZERO,
        ..Options::default()
    };
    let store = EmbeddedMetrics::open_with(dir.path(), options)?;
    let mut random = Pcg64::seed_from_u64(4);
    let names: Vec<Labels> = (0..SERIES).map(|i| labels("requests_total", i)).collect();
    let mut totals = vec![0.0; SERIES];
    for round in 0..ROUNDS {
        let batch = names.iter().zip(&mut totals).map(|(labels, total)| {
            *total += f64::from(random.random_range(1..100u32));
            one(labels.clone(), round, *total)
        });
        store.append(batch.collect()).await?;
    }
    for place in ["memory", "a block"] {
        let matchers = [Matcher::equal("__name__", "requests_total")];
        for (what, from) in [("240 samples", 0), ("the last 5 minutes", ROUNDS - 20)] {
            let mut best = u64::MAX;
            for _ in 0..5 {
                let before = cpu_nanos()?;
                let found = store.select(&matchers, at(from), at(ROUNDS)).await?;
                best = best.min(cpu_nanos()? - before);
                assert_eq!(found.len(), SERIES);
            }
            println!(
                "select 10k series x {what} from {place}: {:.1} ms CPU",
                seconds(best) * 1e3
            );
        }
        store.settle().await?;
    }
    Ok(())
}

fn number(n: impl TryInto<u64>) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    n.try_into().map_or(f64::NAN, |n| n as f64)
}

fn seconds(nanos: u64) -> f64 {
    number(nanos) / 1e9
}

/// What all threads have run.
fn cpu_nanos() -> Result<u64, Box<dyn Error>> {
    let mut sum = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(sum)
}

fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("no VmRSS")?;
    Ok(kib.parse::<u64>()? * 1024)
}

fn size_of(folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
