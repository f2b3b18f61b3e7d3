//! The engine on a disk that fails, and over its own seals.
#![allow(clippy::unwrap_used)]

mod keeps;

use std::{fs, time::Duration};

use promise::record::Scalar;

use super::{bytes::Squeeze, plan::Plan, table::Table, *};
use crate::{
    disk::failing::FailingDisk,
    logs::{Why, contract::contract},
};

const HOUR: i64 = 3_600_000;

/// Seals after a few rows, so that small tests go through parts.
fn eager() -> Options {
    Options {
        seal_bytes: 1000,
        ..Options::default()
    }
}

fn record(id: u32, at: i64, stream: &str) -> Record {
    let fields = serde_json::json!({ "n": id, "text": "a payment of 1,200 yen was captured" });
    Record {
        id: u128::from(id),
        at: Timestamp::from_millis(at),
        stream: stream.to_owned(),
        fields: fields.as_object().unwrap().clone(),
    }
}

async fn ids(store: &EmbeddedLogs, stream: &str) -> Vec<u32> {
    let query = LogQuery::parse(&format!("stream:{stream}")).unwrap();
    let (from, to) = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    let search = Search {
        query,
        from,
        to,
        newest_first: false,
        after: None,
        limit: Search::LIMIT_MAX,
    };
    store
        .search(&search)
        .await
        .unwrap()
        .iter()
        .map(|r| u32::try_from(r.id).unwrap())
        .collect()
}

#[test]
fn words_within_lists_are_known_before_a_block_is_read() {
    let fields = serde_json::json!({ "tags": ["Refund", { "note": "late" }], "status": "failed" });
    let mut table = Table::default();
    table.append(1, 0, fields.as_object().unwrap()).unwrap();
    let built = block::build(&table, &mut Squeeze::default()).unwrap();
    let part = Part::in_memory("payments".into(), 0, built);
    let header = part.header(0, &Headers::default()).unwrap();
    let may_pass = |query: &str| {
        let query = LogQuery::parse(query).unwrap();
        Plan::of(query.expr()).may_pass(&header)
    };
    for word in ["refund", "late", "failed"] {
        assert!(may_pass(word), "{word}");
    }
    for word in ["zanzibar", "note", "\"refund zanzibar\""] {
        assert!(!may_pass(word), "{word}");
    }
}

#[tokio::test]
async fn keeps_the_contract() {
    let dirs = std::sync::Mutex::new(Vec::new());
    for options in [
        Options::default(),
        eager(),
        Options {
            seal_bytes: 1,
            ..Options::default()
        },
    ] {
        contract(async || {
            let dir = tempfile::tempdir().unwrap();
            let store = EmbeddedLogs::open_with(dir.path(), options.clone()).unwrap();
            dirs.lock().unwrap().push(dir);
            Arc::new(store) as Arc<dyn LogStore>
        })
        .await;
    }
}

#[tokio::test]
async fn sealed_and_fresh_rows_read_as_one_also_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = EmbeddedLogs::open_with(dir.path(), eager()).unwrap();
        for n in 0..100 {
            store
                .append(vec![
                    record(n, i64::from(n) * HOUR, "a"),
                    record(1000 + n, 5, "b"),
                ])
                .await
                .unwrap();
        }
        assert_eq!(ids(&store, "a").await, (0..100).collect::<Vec<_>>());
    }
    let store = EmbeddedLogs::open_with(dir.path(), eager()).unwrap();
    assert!(fs::read_dir(dir.path().join("parts")).unwrap().count() > 5);
    assert_eq!(ids(&store, "a").await, (0..100).collect::<Vec<_>>());
    assert_eq!(ids(&store, "b").await, (1000..1100).collect::<Vec<_>>());
    let status = store.status().await.unwrap();
    assert_eq!((status.records, status.recovered.len()), (200, 0));
    // Ids are remembered over the opening, those of parts and those of the log.
    let again = (0..100)
        .map(|n| record(n, i64::from(n) * HOUR, "a"))
        .collect();
    assert_eq!(
        store.append(again).await.unwrap(),
        Appended {
            stored: 0,
            known: 100
        }
    );
}

#[tokio::test]
async fn ids_beyond_the_window_are_forgotten_oldest_first() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        ids_max: 10,
        ..eager()
    };
    for _ in 0..2 {
        let store = EmbeddedLogs::open_with(dir.path(), options.clone()).unwrap();
        store
            .append((0..20).map(|n| record(n, i64::from(n), "a")).collect())
            .await
            .unwrap();
        let newest = store
            .append((10..20).map(|n| record(n, i64::from(n), "a")).collect())
            .await
            .unwrap();
        assert_eq!(
            newest,
            Appended {
                stored: 0,
                known: 10
            }
        );
    }
}

#[tokio::test]
async fn retention_drops_the_days_of_one_stream() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    for day in 0..5u32 {
        let at = i64::from(day) * 24 * HOUR;
        store
            .append(vec![record(day, at, "a"), record(100 + day, at, "b")])
            .await
            .unwrap();
    }
    // On day 5 at 00:00, keeping 2 days: days 0 to 2 ended before, day 3 is just old enough to stay.
    let freed = store
        .retain(
            "a",
            Duration::from_secs(2 * 86_400),
            Timestamp::from_millis(5 * 24 * HOUR),
        )
        .await
        .unwrap();
    assert!(freed > 0);
    assert_eq!(ids(&store, "a").await, [3, 4]);
    assert_eq!(ids(&store, "b").await.len(), 5);
    drop(store);
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    assert_eq!(ids(&store, "a").await, [3, 4]);
    assert_eq!(ids(&store, "b").await.len(), 5);
}

#[tokio::test]
async fn a_flipped_byte_anywhere_in_a_part_is_found_and_the_rest_serves() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = EmbeddedLogs::open_with(
            dir.path(),
            Options {
                seal_bytes: 1,
                ..eager()
            },
        )
        .unwrap();
        store
            .append((0..5).map(|n| record(n, i64::from(n), "a")).collect())
            .await
            .unwrap();
        store.append(vec![record(9, 9, "a")]).await.unwrap();
    }
    let part = dir.path().join("parts/000000000001-00000-of-00001.part");
    let damaged = dir
        .path()
        .join("parts/000000000001-00000-of-00001.part.damaged");
    let whole = fs::read(&part).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x20;
        fs::write(&part, &flipped).unwrap();
        let store = EmbeddedLogs::open_with(dir.path(), eager()).unwrap();
        assert_eq!(ids(&store, "a").await, [9], "byte {at}");
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
    let disk = FailingDisk::with_space(20_000);
    let mut stored = Vec::new();
    {
        let store = EmbeddedLogs::open_on(disk.clone(), dir.path(), eager()).unwrap();
        let mut refused = 0;
        for n in 0..500 {
            match store
                .append(vec![record(n, i64::from(n), "a"), record(1000 + n, 1, "b")])
                .await
            {
                Ok(appended) => {
                    assert_eq!(appended.stored, 2);
                    stored.push(n);
                }
                Err(error) => {
                    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
                    refused += 1;
                    if refused == 20 {
                        disk.set_space(10_000_000);
                    }
                }
            }
        }
        assert_eq!(
            (refused, stored.len()),
            (20, 480),
            "it fills up once, and goes on when there is space"
        );
        assert_eq!(ids(&store, "a").await, stored);
    }
    disk.lose_power();
    let store = EmbeddedLogs::open_with(dir.path(), eager()).unwrap();
    assert_eq!(ids(&store, "a").await, stored);
    assert_eq!(ids(&store, "b").await.len(), stored.len());
}

#[tokio::test]
async fn an_interrupted_seal_is_undone_because_the_log_still_has_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("wal/000000000001.wal");
    let (segment, parts) = {
        let store = EmbeddedLogs::open(dir.path()).unwrap();
        store
            .append(vec![
                record(1, 1, "a"),
                record(2, 1, "b"),
                record(3, 1, "c"),
            ])
            .await
            .unwrap();
        let segment = fs::read(&log).unwrap();
        // Nothing is that old, but asking for it seals what might be.
        store
            .retain("a", Duration::ZERO, Timestamp::from_millis(2))
            .await
            .unwrap();
        (segment, disk_names(dir.path()))
    };
    assert_eq!(
        parts.len(),
        2,
        "three parts were sealed and that of `a` dropped: {parts:?}"
    );
    // As after a kill between the second and the third part: the log is there and so are two parts.
    fs::write(&log, segment).unwrap();
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    for (stream, id) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(ids(&store, stream).await, [id]);
    }
}

fn disk_names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir.join("parts")).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
