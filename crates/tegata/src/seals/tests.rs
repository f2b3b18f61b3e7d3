//! What the audit finds in seals that are right, and in those that somebody bent.
#![allow(clippy::unwrap_used)]

use promise::{LogQuery, record::Scalar as _};
use serde_json::json;
use store::{
    LogStore as _, Record,
    logs::{Deletion, EmbeddedLogs},
};

use super::*;

const DAY: u64 = 86_400;

fn at(day: i64) -> Timestamp {
    Timestamp::from_millis(day * 86_400_000)
}

async fn append(store: &EmbeddedLogs, ids: std::ops::Range<u32>) {
    let record = |id| Record {
        id: u128::from(id),
        at: at(1),
        stream: "payment".into(),
        fields: json!({ "n": id }).as_object().unwrap().clone(),
    };
    store.append(ids.map(record).collect()).await.unwrap();
}

/// A ledger in memory, and what it knows.
#[derive(Default)]
struct Written {
    entries: Vec<ledger::Entry>,
    known: Known,
}

impl Written {
    fn push(&mut self, day: i64, kind: &str, body: serde_json::Value) {
        self.entries.push(ledger::Entry {
            index: self.entries.len() as u64,
            at: at(day).to_string(),
            kind: kind.into(),
            about: String::new(),
            body,
        });
    }

    fn round(&mut self, day: i64, sealed: Sealed, kept_secs: u64) {
        let (parts, gone) = news(&self.known, sealed);
        let kept = [("payment".to_owned(), kept_secs)].into();
        for body in bodies(&parts, &gone, &kept) {
            self.push(
                day,
                crate::book::kind::LOGS_SEALED,
                serde_json::to_value(body).unwrap(),
            );
        }
        for part in gone {
            self.known.remove(&part.name);
        }
        self.known
            .extend(parts.into_iter().map(|part| (part.name.clone(), part)));
    }

    fn audit(&self, dir: &std::path::Path) -> Audit {
        let read = |each: &mut dyn FnMut(ledger::Entry)| {
            self.entries.iter().cloned().for_each(each);
            Ok(())
        };
        audit(read, &dir.join("parts")).unwrap()
    }
}

fn problems(audit: &Audit) -> Vec<&str> {
    audit
        .problems
        .iter()
        .map(|problem| &*problem.what.en)
        .collect()
}

#[tokio::test]
async fn what_was_merged_deleted_or_kept_long_enough_is_no_problem() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    let mut written = Written::default();
    for n in 0..4 {
        append(&store, n * 10..n * 10 + 10).await;
        let sealed = store.seal().await.unwrap();
        written.round(2, sealed, 365 * DAY);
    }
    let query = LogQuery::parse("n:[0 TO 4]").unwrap();
    let deletion = Deletion {
        query,
        from: at(0),
        to: at(2),
    };
    let deleted = store.delete(&deletion).await.unwrap();
    let body = DeletedBody {
        asked: 0,
        records: deleted.records,
        by_stream: deleted.by_stream,
        held: 0,
        parts: deleted.parts,
    };
    assert_eq!(body.records, 5);
    written.push(
        2,
        crate::book::kind::LOGS_DELETED,
        serde_json::to_value(body).unwrap(),
    );
    assert_eq!(
        problems(&written.audit(dir.path())),
        Vec::<&str>::new(),
        "hidden, and the ledger says so"
    );
    // Merging and leaving out what was deleted go on beside us; each round says how far they came.
    loop {
        let sealed = store.seal().await.unwrap();
        let parts = sealed.parts.len();
        written.round(3, sealed, 365 * DAY);
        if parts == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(store);
    let audit = written.audit(dir.path());
    assert_eq!(problems(&audit), Vec::<&str>::new());
    assert_eq!((audit.parts, audit.records, audit.unsealed), (1, 35, 0));

    let store = EmbeddedLogs::open(dir.path()).unwrap();
    append(&store, 100..101).await;
    store.seal().await.unwrap();
    assert_eq!(written.audit(dir.path()).unsealed, 1);
    store
        .retain("payment", std::time::Duration::from_secs(30 * DAY), at(40))
        .await
        .unwrap();
    let left = store.seal().await.unwrap();
    let mut early = Written {
        entries: written.entries.clone(),
        known: written.known.clone(),
    };
    written.round(40, left.clone(), 30 * DAY);
    assert_eq!(problems(&written.audit(dir.path())), Vec::<&str>::new());
    // The same departure under a retention of a year, whose time was not up.
    early.round(40, left, 365 * DAY);
    assert_eq!(
        problems(&early.audit(dir.path())),
        ["it was dropped as past its retention, but was not"]
    );
}

#[tokio::test]
async fn a_changed_byte_a_missing_file_hidden_rows_and_a_false_merge_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let parts = dir.path().join("parts");
    let mut written = Written::default();
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    append(&store, 0..10).await;
    written.round(2, store.seal().await.unwrap(), DAY);
    append(&store, 10..20).await;
    written.round(2, store.seal().await.unwrap(), DAY);
    drop(store);
    let names: Vec<String> = written.known.keys().cloned().collect();
    let first = parts.join(&names[0]);
    let whole = std::fs::read(&first).unwrap();

    let mut bent = whole.clone();
    bent[40] ^= 4;
    std::fs::write(&first, &bent).unwrap();
    assert_eq!(
        problems(&written.audit(dir.path())),
        ["it is not what was sealed"]
    );
    std::fs::write(&first, &whole).unwrap();

    std::fs::write(parts.join(format!("{}.gone", names[1])), b"rows").unwrap();
    let audit = written.audit(dir.path());
    assert_eq!(audit.problems[0].about, names[1]);
    assert!(
        audit.problems[0]
            .what
            .en
            .starts_with("records of it are hidden")
    );
    std::fs::remove_file(parts.join(format!("{}.gone", names[1]))).unwrap();

    std::fs::remove_file(&first).unwrap();
    let audit = written.audit(dir.path());
    assert_eq!((audit.absent, audit.parts, audit.records), (1, 1, 10));
    // At the next round the store does not know it any more, and the ledger says so for good.
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    let sealed = store.seal().await.unwrap();
    let mut lying = Written {
        entries: written.entries.clone(),
        known: written.known.clone(),
    };
    written.round(3, sealed.clone(), DAY);
    let found = written.audit(dir.path());
    assert_eq!(
        problems(&found),
        ["it was gone when the seals were renewed, and nobody knows why"]
    );
    // Somebody who writes into the store's notes that it was merged needs a part that it was merged into.
    let mut sealed = sealed;
    sealed.departed.push(Departed {
        name: names[0].clone(),
        sha256: lying.known[&names[0]].sha256.clone(),
        why: Why::Merged { into: None },
    });
    lying.round(3, sealed, DAY);
    assert_eq!(
        problems(&lying.audit(dir.path())),
        ["10 records of parts that were merged are in no part"]
    );
}
