//! Invariant 10: what the embedded stores acknowledge survives `kill -9`.
//!
//! A child process appends to all three stores at once and prints each acknowledgement; it is killed at a
//! random moment, hundreds of times. After each life everything acknowledged must be there exactly once,
//! and what was not acknowledged whole or not at all. (A kill keeps what the kernel already has; that an
//! acknowledgement also waits for the disk is proved beside the engines, on a disk that forgets.)

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use promise::{LogQuery, Timestamp, record::Scalar, signal::Matcher};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use store::{
    Labels, LogStore, MetricStore, Record, Sample, Series, StateStore,
    logs::{self, EmbeddedLogs, Search},
    metrics::{self, EmbeddedMetrics},
    state::{RedbState, Write},
};

/// Two chains of lives, each on data directories of its own.
const CHAINS: u64 = 2;
/// A directory sees so many lives, then the next begins empty, so that checking stays quick.
const LIVES_PER_DIRECTORY: u64 = 10;
const DIRECTORIES: u64 = 16;
/// Another number of directories, for a long run: 50 make 1,000 kills.
const MORE: &str = "TEGATA_TEST_KILL_DIRECTORIES";
/// Series and records of one append; half of one would be noticed.
const WIDTH: u64 = 3;
/// Writers at each store, so that groups form.
const WRITERS: u64 = 3;

const FOLDER: &str = "TEGATA_TEST_KILL_FOLDER";
const LIFE: &str = "TEGATA_TEST_KILL_LIFE";

struct Stores {
    metrics: EmbeddedMetrics,
    logs: EmbeddedLogs,
    state: RedbState,
}

impl Stores {
    /// With limits so small that kills fall into seals too.
    fn open(folder: &Path) -> Self {
        let metrics = metrics::Options {
            seal_samples: 40,
            seal_samples_min: 1,
            ..metrics::Options::default()
        };
        let logs = logs::Options {
            seal_bytes: 4000,
            ..logs::Options::default()
        };
        Self {
            metrics: EmbeddedMetrics::open_with(folder.join("metrics"), metrics).unwrap(),
            logs: EmbeddedLogs::open_with(folder.join("logs"), logs).unwrap(),
            state: RedbState::open(folder.join("state.redb")).unwrap(),
        }
    }
}

/// The number of an append: unique over lives and writers, growing for each writer.
fn number(life: u64, writer: u64, turn: u64) -> u64 {
    life * 1_000_000 + turn * WRITERS + writer
}

fn at(number: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(number).unwrap())
}

/// The child: appends until it is killed. Does nothing when it runs as a test of its own.
#[test]
fn child() {
    let (Ok(folder), Ok(life)) = (std::env::var(FOLDER), std::env::var(LIFE)) else {
        return;
    };
    let life: u64 = life.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stores = Arc::new(Stores::open(Path::new(&folder)));
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let of = |stores: &Arc<Stores>| stores.clone();
            let (m, l, s) = (of(&stores), of(&stores), of(&stores));
            tasks.push(tokio::spawn(async move {
                for turn in 0.. {
                    append_metrics(&m.metrics, writer, number(life, writer, turn)).await;
                }
            }));
            tasks.push(tokio::spawn(async move {
                for turn in 0.. {
                    append_logs(&l.logs, number(life, writer, turn)).await;
                }
            }));
            tasks.push(tokio::spawn(async move {
                for turn in 0.. {
                    write_state(&s.state, writer, number(life, writer, turn)).await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

async fn append_metrics(store: &EmbeddedMetrics, writer: u64, n: u64) {
    let series = |i: u64| Series {
        labels: Labels::new([
            ("__name__", "k".to_owned()),
            ("writer", writer.to_string()),
            ("i", i.to_string()),
        ]),
        #[allow(clippy::cast_precision_loss)]
        samples: vec![Sample {
            at: at(n),
            value: n as f64,
        }],
        ..Series::default()
    };
    let appended = store
        .append((0..WIDTH).map(series).collect())
        .await
        .unwrap();
    assert_eq!(appended.stored, WIDTH);
    println!("ack m {n}");
}

async fn append_logs(store: &EmbeddedLogs, n: u64) {
    let record = |i: u64| Record {
        id: u128::from(n * WIDTH + i),
        at: at(n),
        stream: format!("s{}", i % 2),
        fields: serde_json::json!({ "n": n, "padding": "x".repeat(100) })
            .as_object()
            .unwrap()
            .clone(),
    };
    let appended = store
        .append((0..WIDTH).map(record).collect())
        .await
        .unwrap();
    assert_eq!(appended.stored, WIDTH);
    println!("ack l {n}");
}

async fn write_state(store: &RedbState, writer: u64, n: u64) {
    let put = |key: String| Write::Put {
        table: "k",
        key,
        value: n.to_string().into_bytes(),
    };
    store
        .write(vec![
            put(format!("newest/{writer}")),
            put(format!("all/{n}")),
        ])
        .await
        .unwrap();
    println!("ack s {n}");
}

/// What a child was told to be durable.
#[derive(Default)]
struct Acknowledged {
    metrics: BTreeSet<u64>,
    logs: BTreeSet<u64>,
    state: BTreeSet<u64>,
}

impl Acknowledged {
    fn len(&self) -> usize {
        self.metrics.len() + self.logs.len() + self.state.len()
    }

    /// A line cut off by the kill tells nothing.
    fn hear(&mut self, line: &str) -> Option<()> {
        let (store, n) = line
            .strip_suffix('\n')?
            .strip_prefix("ack ")?
            .split_once(' ')?;
        let heard = match store {
            "m" => &mut self.metrics,
            "l" => &mut self.logs,
            _ => &mut self.state,
        };
        heard.insert(n.parse().ok()?);
        Some(())
    }
}

/// Runs a child until `after` the first acknowledgement and kills it.
fn live_and_die(folder: &Path, life: u64, after: Duration, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(LIFE, life.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("ack") {
        line.clear();
        assert!(
            output.read_line(&mut line).unwrap() > 0,
            "the child ended before it acknowledged anything"
        );
    }
    let reader = thread::spawn(move || {
        let mut lines = vec![line];
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                return lines;
            }
            lines.push(line);
        }
    });
    // Not to wait for something, but to choose the moment: the seed decides where in its work it dies.
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in reader.join().unwrap() {
        acknowledged.hear(&line);
    }
}

async fn check(folder: &Path, acknowledged: &Acknowledged) {
    let stores = Stores::open(folder);
    let (from, to) = (Timestamp::from_millis(-1), Timestamp::from_millis(i64::MAX));

    let series = stores
        .metrics
        .select(&[Matcher::equal("__name__", "k")], from, to)
        .await
        .unwrap();
    let mut metrics: Vec<Vec<u64>> = vec![Vec::new(); usize::try_from(WIDTH).unwrap()];
    for one in &series {
        let i: usize = one.labels.get("i").parse().unwrap();
        for sample in &one.samples {
            let n = u64::try_from(sample.at.as_millis()).unwrap();
            #[allow(clippy::cast_precision_loss)]
            let value = n as f64;
            assert_eq!(sample.value.to_bits(), value.to_bits());
            metrics[i].push(n);
        }
    }
    let metrics: Vec<BTreeSet<u64>> = metrics.into_iter().map(|all| exactly_once(&all)).collect();
    assert!(
        metrics.iter().all(|one| *one == metrics[0]),
        "an append is half there"
    );
    let lost: Vec<_> = acknowledged.metrics.difference(&metrics[0]).collect();
    let status = stores.metrics.status().await.unwrap();
    assert!(
        lost.is_empty(),
        "acknowledged samples are lost: {lost:?}, {:?}",
        status.recovered
    );

    let query = LogQuery::parse("stream:s*").unwrap();
    let mut logs = Vec::new();
    let mut after = from;
    loop {
        let search = Search {
            query: query.clone(),
            from: after,
            to,
            newest_first: false,
            after: None,
            limit: 999,
        };
        let page = stores.logs.search(&search).await.unwrap();
        // Pages end between appends, as all records of one have the same time and 999 is 3 times 333.
        let Some(last) = page.last() else { break };
        after = last.at;
        logs.extend(page.iter().map(|r| u64::try_from(r.id).unwrap()));
    }
    assert_eq!(
        stores.logs.count(&query, from, to).await.unwrap(),
        logs.len() as u64
    );
    let logs = exactly_once(&logs);
    let whole: BTreeSet<u64> = logs.iter().map(|id| id / WIDTH).collect();
    assert_eq!(
        logs.len(),
        whole.len() * usize::try_from(WIDTH).unwrap(),
        "an append is half there"
    );
    assert!(
        acknowledged.logs.is_subset(&whole),
        "acknowledged records are lost"
    );

    let all = stores.state.scan("k", "all/", usize::MAX).await.unwrap();
    let state: BTreeSet<u64> = all
        .iter()
        .map(|(key, _)| key["all/".len()..].parse().unwrap())
        .collect();
    assert!(
        acknowledged.state.is_subset(&state),
        "acknowledged state is lost"
    );
    for (key, newest) in stores.state.scan("k", "newest/", 99).await.unwrap() {
        let writer: u64 = key["newest/".len()..].parse().unwrap();
        let expected = state
            .iter()
            .filter(|n| *n % 1_000_000 % WRITERS == writer)
            .max();
        let newest: u64 = String::from_utf8(newest).unwrap().parse().unwrap();
        assert_eq!(Some(&newest), expected, "a write is half there");
    }
}

fn exactly_once(all: &[u64]) -> BTreeSet<u64> {
    let once: BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!(once.len(), all.len(), "something is there twice");
    once
}

#[test]
fn what_is_acknowledged_survives_kill_9_at_any_moment() {
    let told = std::env::var(MORE).ok().and_then(|n| n.parse().ok());
    let directories = told.unwrap_or(DIRECTORIES);
    let chain = move |chain: u64| {
        let mut random = Pcg64::seed_from_u64(9 + chain);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut total = 0;
        for _ in 0..directories {
            let dir = tempfile::tempdir().unwrap();
            let mut acknowledged = Acknowledged::default();
            for life in 0..LIVES_PER_DIRECTORY {
                let after = Duration::from_micros(random.random_range(0..30_000));
                live_and_die(dir.path(), life, after, &mut acknowledged);
                runtime.block_on(check(dir.path(), &acknowledged));
            }
            total += acknowledged.len();
        }
        total
    };
    let chains: Vec<_> = (0..CHAINS)
        .map(|n| thread::spawn(move || chain(n)))
        .collect();
    let total: usize = chains.into_iter().map(|chain| chain.join().unwrap()).sum();
    let kills = CHAINS * directories * LIVES_PER_DIRECTORY;
    println!(
        "killed {kills} times; {total} acknowledged writes, none lost, none twice, none half there"
    );
    assert!(kills >= 300 || told.is_some());
    assert!(
        total as u64 > kills,
        "the lives were too short to prove anything"
    );
}
