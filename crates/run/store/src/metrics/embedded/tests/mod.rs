//! The engine on a disk that fails, and over its own seals.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod survives;

use std::fs;

use promql::Value;

use super::*;
use crate::{Sample, disk::failing::FailingDisk, metrics::contract::contract};

/// Seals every few samples, so that small tests go through blocks.
fn eager() -> Options {
    Options {
        seal_samples: 50,
        seal_samples_min: 10,
        ..Options::default()
    }
}

fn up(job: &str, times: impl IntoIterator<Item = i64>) -> Series {
    let samples = times.into_iter().map(|at| Sample {
        at: Timestamp::from_millis(at),
        value: at as f64,
    });
    Series {
        labels: Labels::new([("__name__", "up"), ("job", job)]),
        samples: samples.collect(),
        ..Series::default()
    }
}

async fn times(store: &EmbeddedMetrics, job: &str) -> Vec<i64> {
    let all = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    let found = store
        .select(&[Matcher::equal("job", job)], all.0, all.1)
        .await
        .unwrap();
    found
        .iter()
        .flat_map(|s| &s.samples)
        .map(|s| s.at.as_millis())
        .collect()
}

#[tokio::test]
async fn keeps_the_contract() {
    let dirs = std::sync::Mutex::new(Vec::new());
    for options in [
        Options::default(),
        eager(),
        Options {
            seal_samples: 1,
            ..Options::default()
        },
    ] {
        contract(async || {
            let dir = tempfile::tempdir().unwrap();
            let store = EmbeddedMetrics::open_with(dir.path(), options.clone()).unwrap();
            dirs.lock().unwrap().push(dir);
            Arc::new(store) as Arc<dyn MetricStore>
        })
        .await;
    }
}

#[tokio::test]
async fn sealed_and_fresh_samples_read_as_one_series_also_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<i64> = (0..1000).map(|i| i * 15_000).collect();
    {
        let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
        for slice in all.chunks(7) {
            store
                .append(vec![
                    up("a", slice.iter().copied()),
                    up("b", slice.iter().map(|t| t + 1)),
                ])
                .await
                .unwrap();
        }
        assert_eq!(times(&store, "a").await, all);
        let status = store.status().await.unwrap();
        assert_eq!(status.samples, 2000);
        assert!(status.disk_bytes > 0);
    }
    let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
    assert!(fs::read_dir(dir.path().join("blocks")).unwrap().count() > 1);
    assert_eq!(times(&store, "a").await, all);
    assert_eq!(store.status().await.unwrap().samples, 2000);
    assert!(store.status().await.unwrap().recovered.is_empty());
    // What lies in blocks is still known: old samples are refused, also of a series not seen since.
    let again = store
        .append(vec![up("a", all.iter().copied())])
        .await
        .unwrap();
    // Half an hour at 15 s are 120 samples before the newest; these are known, and older ones not asked for.
    assert_eq!((again.too_old, again.known), (1000 - 121, 121));
    assert_eq!(times(&store, "a").await, all);
    assert_eq!(store.label_values("job", &[]).await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn a_query_reads_what_a_selection_does_though_some_is_packed_and_some_came_late() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
    // Each third sample of `late` comes a round after its successors; `fresh` stands in the head alone.
    for round in (0..300).step_by(3) {
        let times = |some: &[i64]| some.iter().map(|n| n * 15_000).collect::<Vec<_>>();
        let newest = times(&[round, round + 1, round + 2]);
        let late = times(&[round - 3, round + 1, round + 2]);
        let late = late.into_iter().filter(|at| *at >= 0);
        store
            .append(vec![up("plain", newest.clone()), up("late", late)])
            .await
            .unwrap();
    }
    store
        .append(vec![up("fresh", [4_490_000, 4_500_000])])
        .await
        .unwrap();
    let end = Timestamp::from_millis(4_500_000);
    let query = async |text: &str| {
        let query = Query::parse(text).unwrap();
        store.query(&query, end).await.unwrap().value
    };
    for (text, after) in [("up[4501s]", -1_000), ("up[1000s]", 3_500_000)] {
        let from = Timestamp::from_millis(after + 1);
        let name = Matcher::equal("__name__", "up");
        let selected = store.select(&[name], from, end).await.unwrap();
        assert_eq!(selected.len(), 3);
        assert_eq!(query(text).await, Value::Matrix(selected));
    }
    // Two selections of the same series: each ends with its greatest value.
    let Value::Vector(rest) = query("max_over_time(up[4501s]) - max_over_time(up[60s])").await
    else {
        panic!("a vector");
    };
    let rest: Vec<_> = rest.iter().map(|element| element.value.float()).collect();
    assert_eq!(rest, [Some(0.0); 3]);
}

#[tokio::test]
async fn an_orderly_end_leaves_the_next_opening_nothing_to_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let wal = || {
        let files = fs::read_dir(dir.path().join("wal")).unwrap();
        let bytes = files.map(|file| file.unwrap().metadata().unwrap().len());
        bytes.sum::<u64>()
    };
    let store = EmbeddedMetrics::open(dir.path()).unwrap();
    store.append(vec![up("a", 0..1_000)]).await.unwrap();
    store.close().await.unwrap();
    assert!(wal() > 0, "so little makes no block of its own");
    store.append(vec![up("a", 1_000..100_000)]).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(wal(), 0);
    drop(store);
    let store = EmbeddedMetrics::open(dir.path()).unwrap();
    assert_eq!(times(&store, "a").await, (0..100_000).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_query_that_would_read_too_much_is_refused_whatever_it_is_made_of() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        query_samples_max: 100,
        ..Options::default()
    };
    let store = EmbeddedMetrics::open_with(dir.path(), options).unwrap();
    let minutes = || (1..=60).map(|minute| minute * 60_000);
    store
        .append(vec![up("a", minutes()), up("b", minutes())])
        .await
        .unwrap();
    let end = Timestamp::from_millis(3_600_000);
    let ask = async |text: &str| {
        let query = Query::parse(text).unwrap();
        store.query(&query, end).await.map(|answer| answer.value)
    };
    // 60 samples each: one selector is within 100, two are not.
    let one = |job: &str| format!("sum(count_over_time(up{{job=\"{job}\"}}[1h]))");
    assert!(ask(&one("a")).await.is_ok());
    let refused = ask(&format!("{} + {}", one("a"), one("b"))).await;
    let wanted = "query processing would load too many samples into memory in query execution";
    assert!(
        matches!(&refused, Err(Error::Query(why)) if why == wanted),
        "{refused:?}"
    );
}

#[tokio::test]
async fn retention_drops_what_is_old_by_the_block() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
    for hour in 0..10 {
        let from = hour * 3_600_000;
        store
            .append(vec![up("a", (0..60).map(|minute| from + minute * 60_000))])
            .await
            .unwrap();
    }
    // Ten hours, sealed by the hour. At 10:00, keeping 3 h, the seven hours that ended before 7:00 go.
    let now = Timestamp::from_millis(10 * 3_600_000);
    let freed = store
        .retain(Duration::from_secs(3 * 3600), now)
        .await
        .unwrap();
    assert!(freed > 0);
    let left = times(&store, "a").await;
    assert_eq!((left.len(), left[0]), (180, 7 * 3_600_000));
    assert_eq!(
        store
            .retain(Duration::from_secs(3 * 3600), now)
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn a_flipped_byte_anywhere_in_a_block_is_found_and_the_rest_serves() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
        store.append(vec![up("a", 0..50)]).await.unwrap();
        store.append(vec![up("a", 100..150)]).await.unwrap();
    }
    let block = dir.path().join("blocks/000000000001-000000000001.block");
    let damaged = dir
        .path()
        .join("blocks/000000000001-000000000001.block.damaged");
    let whole = fs::read(&block).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x20;
        fs::write(&block, &flipped).unwrap();
        let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
        assert_eq!(
            times(&store, "a").await,
            (100..150).collect::<Vec<_>>(),
            "byte {at}"
        );
        assert_eq!(
            store.status().await.unwrap().recovered.len(),
            1,
            "byte {at}"
        );
        assert_eq!(
            fs::read(&damaged).unwrap(),
            flipped,
            "kept for whoever investigates"
        );
        fs::remove_file(&damaged).unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_appends_serves_reads_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FailingDisk::with_space(10_000);
    let mut stored = Vec::new();
    {
        let store = EmbeddedMetrics::open_on(disk.clone(), dir.path(), eager()).unwrap();
        let mut refused = 0;
        for at in 0..1000 {
            match store.append(vec![up("a", [at])]).await {
                Ok(appended) => {
                    assert_eq!(appended.stored, 1);
                    stored.push(at);
                }
                Err(error) => {
                    assert!(
                        matches!(error, Error::DiskFull { .. }) && error.is_passing(),
                        "{error}"
                    );
                    refused += 1;
                    if refused == 20 {
                        disk.set_space(1_000_000);
                    }
                }
            }
        }
        assert_eq!(
            (refused, stored.len()),
            (20, 980),
            "it fills up once, and goes on when there is space"
        );
        assert_eq!(times(&store, "a").await, stored);
    }
    disk.lose_power();
    let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
    assert_eq!(times(&store, "a").await, stored);
    assert!(store.status().await.unwrap().recovered.is_empty());
}

#[tokio::test]
async fn what_is_acknowledged_was_synced() {
    for syncs_fail in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let disk = FailingDisk::with_space(1 << 30);
        let mut stored = Vec::new();
        {
            let store = EmbeddedMetrics::open_on(disk.clone(), dir.path(), eager()).unwrap();
            for at in 0..120 {
                if at % 40 == 7 {
                    disk.fail_syncs(syncs_fail);
                }
                if store.append(vec![up("a", [at])]).await.is_ok() {
                    stored.push(at);
                }
            }
        }
        assert_eq!(stored.len() as u64, 120 - 3 * syncs_fail);
        disk.lose_power();
        let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
        assert_eq!(times(&store, "a").await, stored);
    }
}

#[tokio::test]
async fn too_many_series_are_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedMetrics::open_with(
        dir.path(),
        Options {
            series_max: 3,
            ..Options::default()
        },
    )
    .unwrap();
    store
        .append(vec![up("a", [1]), up("b", [1])])
        .await
        .unwrap();
    let appended = store
        .append(vec![up("a", [2]), up("c", [2, 3]), up("d", [2, 3])])
        .await
        .unwrap();
    assert_eq!((appended.stored, appended.over_limit), (3, 2));
    assert_eq!(
        times(&store, "a").await,
        [1, 2],
        "what was there before goes on"
    );
    assert_eq!(times(&store, "c").await, [2, 3]);
    assert!(times(&store, "d").await.is_empty());
}
