//! Over deaths, openings, merges and deletions: what was acknowledged is there once, and what was deleted stays
//! away.

use std::{collections::BTreeSet, path::Path};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::*;
use crate::{Exemplar, Histogram, HistogramSample, Metadata};

/// Merges at every chance.
fn merging() -> Options {
    Options {
        seal_samples: 12,
        seal_samples_min: 1,
        ..Options::default()
    }
}

fn files(folder: &Path, ending: &str) -> Vec<String> {
    let all = fs::read_dir(folder.join("blocks"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut all: Vec<String> = all.filter(|name| name.ends_with(ending)).collect();
    all.sort();
    all
}

/// The power goes at 1,000 points of what the engine does, while heads are sealed, blocks merged and samples
/// deleted. Un-synced writes are lost. All that was acknowledged is there after, once.
#[tokio::test]
async fn the_power_may_go_at_any_operation() {
    let mut random = Pcg64::seed_from_u64(11);
    let (mut points, mut acknowledged) = (0, 0);
    while points < 1000 {
        let dir = tempfile::tempdir().unwrap();
        let mut held = BTreeSet::new();
        let mut next = 0i64;
        // Several deaths of one store, so that what one leaves is met by the next.
        for _ in 0..20 {
            points += 1;
            let disk = FailingDisk::with_space(1 << 30);
            disk.lose_power_after(random.random_range(0..60));
            if let Ok(store) = EmbeddedMetrics::open_on(disk.clone(), dir.path(), merging()) {
                // The first refusal tells that the power has gone.
                loop {
                    let times: Vec<i64> = (next..next + random.random_range(1..4)).collect();
                    next += 4;
                    let Ok(appended) = store.append(vec![up("a", times.clone())]).await else {
                        break;
                    };
                    assert_eq!(appended.stored, times.len() as u64);
                    acknowledged += appended.stored;
                    held.extend(times);
                    let settled = random.random_range(0..40) == 0 && store.settle().await.is_err();
                    if settled {
                        break;
                    }
                }
            }
            disk.lose_power();
            // On a disk that does not really sync, so that a thousand points take seconds.
            let disk = FailingDisk::with_space(1 << 30);
            let store = EmbeddedMetrics::open_on(disk, dir.path(), merging()).unwrap();
            let found = times(&store, "a").await;
            let once: BTreeSet<i64> = found.iter().copied().collect();
            assert_eq!(once.len(), found.len(), "something is there twice");
            let lost: Vec<_> = held.difference(&once).collect();
            assert!(
                lost.is_empty(),
                "lost at point {points}: {lost:?}; {:?}",
                store.status().await.unwrap().recovered
            );
            // A refused append may be there after all, as one that died before its answer.
            next = next.max(once.last().map_or(0, |last| last + 1));
            held = once;
        }
    }
    assert!(
        acknowledged > points,
        "{points} points, {acknowledged} samples"
    );
}

#[tokio::test]
async fn a_log_torn_at_any_byte_keeps_what_stands_before() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("wal/000000000001.wal");
    let mut ends = Vec::new();
    {
        let store = EmbeddedMetrics::open(dir.path()).unwrap();
        for at in 0..6 {
            let mut series = up("a", [at]);
            let value = Histogram {
                count: at as f64,
                ..Histogram::default()
            };
            series.histograms = vec![HistogramSample {
                at: Timestamp::from_millis(at + 100),
                value: value.into(),
            }];
            series.histograms.retain(|_| at % 2 == 1);
            series.exemplars = vec![Exemplar {
                labels: Labels::new([("t", "x")]),
                at: Timestamp::from_millis(at),
                value: 1.0,
            }];
            if at == 3 {
                store
                    .describe(vec![Metadata {
                        metric: "up".to_owned(),
                        ..Metadata::default()
                    }])
                    .await
                    .unwrap();
            }
            store.append(vec![series]).await.unwrap();
            ends.push(fs::metadata(&log).unwrap().len() as usize);
        }
    }
    let whole = fs::read(&log).unwrap();
    assert_eq!(ends.last(), Some(&whole.len()));
    for cut in 0..whole.len() {
        fs::write(&log, &whole[..cut]).unwrap();
        let store = EmbeddedMetrics::open(dir.path()).unwrap();
        let before = ends.iter().filter(|end| **end <= cut).count() as i64;
        let found = store
            .select(&[], Timestamp::from_millis(0), Timestamp::from_millis(999))
            .await
            .unwrap();
        let floats = found.iter().map(|s| s.samples.len()).sum::<usize>() as i64;
        let histograms = found.iter().map(|s| s.histograms.len()).sum::<usize>() as i64;
        // At 1 a histogram at 101 makes the samples after it late, but within the window.
        assert_eq!((floats, histograms), (before, before / 2), "cut at {cut}");
    }
}

#[tokio::test]
async fn merged_blocks_hold_what_their_sources_held_also_when_those_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<i64> = (0..600).collect();
    let options = Options {
        block_span_max: Duration::ZERO,
        ..merging()
    };
    {
        let store = EmbeddedMetrics::open_with(dir.path(), options).unwrap();
        for slice in all.chunks(12) {
            store
                .append(vec![up("a", slice.iter().copied())])
                .await
                .unwrap();
        }
    }
    let sources = files(dir.path(), ".block");
    assert_eq!(
        sources.len(),
        50,
        "none may be merged as long as the span is nothing"
    );
    let kept: Vec<Vec<u8>> = sources
        .iter()
        .map(|name| fs::read(dir.path().join("blocks").join(name)).unwrap())
        .collect();
    {
        let store = EmbeddedMetrics::open_with(dir.path(), merging()).unwrap();
        store.settle().await.unwrap();
        assert_eq!(files(dir.path(), ".block").len(), 1);
        assert_eq!(times(&store, "a").await, all);
    }
    // As if the process had died before the sources were removed.
    for (name, bytes) in sources.iter().zip(&kept) {
        fs::write(dir.path().join("blocks").join(name), bytes).unwrap();
    }
    fs::write(
        dir.path().join("blocks/000000000001-000000000001.merged"),
        b"half",
    )
    .unwrap();
    let store = EmbeddedMetrics::open_with(dir.path(), merging()).unwrap();
    assert_eq!(times(&store, "a").await, all);
    assert_eq!(files(dir.path(), "").len(), 1);
    assert!(store.status().await.unwrap().recovered.is_empty());
}

#[tokio::test]
async fn what_is_deleted_stays_away_over_openings_and_merges() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (Timestamp::from_millis(100), Timestamp::from_millis(399));
    let left: Vec<i64> = (0..100).chain(400..500).collect();
    {
        let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
        for at in 0..50 {
            let times = || at * 10..at * 10 + 10;
            store
                .append(vec![up("a", times()), up("b", times())])
                .await
                .unwrap();
        }
        store
            .delete(&[Matcher::equal("job", "a")], from, to)
            .await
            .unwrap();
        assert_eq!(times(&store, "a").await, left);
    }
    for _ in 0..2 {
        let store = EmbeddedMetrics::open_with(dir.path(), eager()).unwrap();
        assert_eq!(times(&store, "a").await, left);
        assert_eq!(times(&store, "b").await, (0..500).collect::<Vec<_>>());
        store.settle().await.unwrap();
        assert!(
            files(dir.path(), ".deleted").is_empty(),
            "the blocks were written anew without it"
        );
        assert_eq!(times(&store, "a").await, left);
        assert_eq!(store.status().await.unwrap().samples, 700);
    }
}

#[tokio::test]
async fn exemplars_and_metadata_survive_with_and_without_a_seal() {
    let dir = tempfile::tempdir().unwrap();
    let exemplar = |at: i64| Exemplar {
        labels: Labels::new([("t", at.to_string())]),
        at: Timestamp::from_millis(at),
        value: 1.0,
    };
    let options = Options {
        exemplars_max: 3,
        ..eager()
    };
    for life in 0..6 {
        let store = EmbeddedMetrics::open_with(dir.path(), options.clone()).unwrap();
        let known = store.metadata(None).await.unwrap().len();
        assert_eq!(known, life);
        let all = (Timestamp::from_millis(0), Timestamp::from_millis(99));
        let found = store.exemplars(&[], all.0, all.1).await.unwrap();
        let found: Vec<i64> = found
            .iter()
            .flat_map(|s| &s.exemplars)
            .map(|e| e.at.as_millis())
            .collect();
        let life = life as i64;
        assert_eq!(
            found,
            ((life - 3).max(0)..life).collect::<Vec<_>>(),
            "the newest three"
        );
        let mut series = up("a", [life]);
        series.exemplars = vec![exemplar(life)];
        store.append(vec![series]).await.unwrap();
        store
            .describe(vec![Metadata {
                metric: format!("m{life}"),
                ..Metadata::default()
            }])
            .await
            .unwrap();
        if life % 2 == 0 {
            store.settle().await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_oldest_blocks_go_where_there_is_too_much() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        block_span_max: Duration::ZERO,
        disk_bytes_max: Some(3000),
        ..eager()
    };
    let store = EmbeddedMetrics::open_with(dir.path(), options).unwrap();
    for at in 0..40 {
        store
            .append(vec![up("a", at * 50..at * 50 + 50)])
            .await
            .unwrap();
    }
    let now = Timestamp::from_millis(2000);
    assert!(store.retain(Duration::from_secs(9999), now).await.unwrap() > 0);
    let left = times(&store, "a").await;
    assert!(!left.is_empty() && left.len() < 2000 && left.last() == Some(&1999));
    assert_eq!(left, (left[0]..2000).collect::<Vec<_>>(), "without a gap");
    assert!(store.status().await.unwrap().disk_bytes <= 3000);
}

#[tokio::test]
async fn a_folder_of_another_format_is_refused_and_stays_as_it_is() {
    for (file, content) in [
        ("wal/000000000001.wal", "x"),
        ("blocks/000000000001.block", "x"),
        ("format", "7\n"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("wal")).unwrap();
        fs::create_dir_all(dir.path().join("blocks")).unwrap();
        fs::write(dir.path().join(file), content).unwrap();
        let Err(error) = EmbeddedMetrics::open(dir.path()) else {
            panic!("{file} was accepted")
        };
        assert!(
            matches!(error, Error::OtherFormat { reads: 2, .. }),
            "{error}"
        );
        assert_eq!(fs::read_to_string(dir.path().join(file)).unwrap(), content);
    }
}

#[tokio::test]
async fn a_flood_of_one_source_is_named_and_leaves_room_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        source_series_max: 10,
        ..Options::default()
    };
    let store = EmbeddedMetrics::open_with(dir.path(), options).unwrap();
    let series = |job: &str, user: i64| Series {
        labels: Labels::new([
            ("__name__", "hits"),
            ("job", job),
            ("zone", ["a", "b"][user as usize % 2]),
            ("user", &user.to_string()),
        ]),
        ..up("", [user])
    };
    let appended = store
        .append((0..50).map(|user| series("shop", user)).collect())
        .await
        .unwrap();
    assert_eq!((appended.stored, appended.over_limit), (10, 40));
    let flood = appended.flood.unwrap();
    assert_eq!((flood.source.as_str(), flood.limit), ("shop", 10));
    assert_eq!((flood.label.as_str(), flood.values), ("user", 10));
    assert_eq!(
        store
            .append(vec![series("bank", 1), series("shop", 3)])
            .await
            .unwrap()
            .over_limit,
        0
    );
    assert_eq!(store.status().await.unwrap().floods, [flood]);
}

#[tokio::test]
async fn what_retention_drops_leaves_its_buckets() {
    const HOUR: i64 = 3_600_000;
    let dir = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3600);
    let end = Timestamp::from_millis(48 * HOUR);
    let all = (Timestamp::from_millis(0), end);
    let options = Options {
        block_span_max: Duration::ZERO,
        ..eager()
    };
    let store = EmbeddedMetrics::open_with(dir.path(), options.clone()).unwrap();
    // Two days of a counter that rises by 2 a minute, with a reset after each 1,000 minutes.
    for slice in (0..48 * 60).collect::<Vec<i64>>().chunks(97) {
        let samples = slice.iter().map(|minute| Sample {
            at: Timestamp::from_millis(minute * 60_000),
            value: (minute % 1000 * 2) as f64,
        });
        store
            .append(vec![Series {
                samples: samples.collect(),
                ..up("a", [])
            }])
            .await
            .unwrap();
    }
    let before = store.buckets(&[], all.0, all.1, hour).await.unwrap();
    assert_eq!(before[0].buckets.len(), 48);
    // Minutes 0 to 59: 0, 2, … 118.
    assert_eq!(
        (before[0].buckets[0].sum, before[0].buckets[0].increase),
        (59.0 * 60.0, 118.0)
    );
    store
        .retain(Duration::from_secs(12 * 3600), end)
        .await
        .unwrap();
    assert!(
        times(&store, "a").await[0] > 30 * HOUR,
        "the samples are gone"
    );
    let after = store.buckets(&[], all.0, all.1, hour).await.unwrap();
    assert_eq!(
        after, before,
        "also the buckets in which a block ends and the next begins"
    );
    drop(store);
    let store = EmbeddedMetrics::open_with(dir.path(), options).unwrap();
    assert_eq!(
        store
            .buckets(&[Matcher::equal("job", "a")], all.0, all.1, hour)
            .await
            .unwrap(),
        before
    );
    assert!(
        store
            .buckets(&[Matcher::equal("job", "b")], all.0, all.1, hour)
            .await
            .unwrap()
            .is_empty()
    );
    // 1,440 minutes a day in 288 stretches of 5.
    let five = store
        .buckets(&[], all.0, Timestamp::from_millis(24 * HOUR - 1), hour / 12)
        .await
        .unwrap();
    assert_eq!(five[0].buckets.len(), 288);
    assert!(five[0].buckets.iter().all(|bucket| bucket.count == 5));
    store
        .delete(
            &[],
            Timestamp::from_millis(2 * HOUR),
            Timestamp::from_millis(3 * HOUR - 1),
        )
        .await
        .unwrap();
    let left = store.buckets(&[], all.0, all.1, hour).await.unwrap();
    assert_eq!(left[0].buckets.len(), 47);
}
