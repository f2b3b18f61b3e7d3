//! Pruning: bodies past their retention go, proofs of what is kept hold, and what went without a word is missed.

use std::{fs, path::Path};

use ledger::{
    Cut, Error, Expect, Find, Ledger, NewEntry, PRUNED, VerifyError, personal, prove, verify,
};
use serde_json::json;

use crate::{ORIGIN, append, check, copy, entry};

/// Bodies go in steps of 4,096 entries, which are 16 bundles and one file of personal values.
const STEP: u64 = 4_096;

fn about(cut: &Cut) -> NewEntry {
    NewEntry {
        at: "2027-11-22T00:00:00Z".into(),
        kind: PRUNED.into(),
        about: String::new(),
        body: cut.body(json!("past 365 days")),
    }
}

fn grown(size: u64) -> (tempfile::TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..size);
    (dir, ledger)
}

fn reopened(dir: &Path, ledger: Ledger) -> Ledger {
    drop(ledger);
    Ledger::open(dir, ORIGIN).unwrap().0
}

fn bundle(n: u64) -> String {
    format!("tile/entries/{n:03}")
}

#[test]
fn what_is_kept_is_proven_as_before_and_what_went_says_so() {
    let (dir, ledger) = grown(10_000);
    let ledger = reopened(dir.path(), ledger);
    let older = ledger.checkpoint().note;
    let before = prove(dir.path(), 9_000).unwrap().unwrap();
    let cut = ledger.prune(9_000, about).unwrap().unwrap();
    assert_eq!(cut.range, (0, 2 * STEP), "whole steps that lie before it");
    assert_eq!(ledger.kept_from(), 8_192);
    assert_eq!(
        ledger.prune(9_000, about).unwrap(),
        None,
        "nothing more goes"
    );

    assert!(matches!(
        ledger.entry(17),
        Err(Error::Pruned {
            index: 17,
            kept_from: 8_192
        })
    ));
    assert_eq!(ledger.entry(8_192).unwrap().body, entry(8_192).body);
    let all = ledger.find(&Find {
        kind: Some("page".into()),
        limit: 1_000,
        before: Some(8_200),
        ..Find::default()
    });
    assert_eq!(
        all.unwrap().last().unwrap().index,
        8_193,
        "8193 = 3 * 2731, the first page that is kept"
    );
    // An old entry is still in the tree, though nobody can read it.
    assert!(ledger.inclusion(17, 10_001).is_ok());
    let ledger = reopened(dir.path(), ledger);
    assert_eq!(ledger.kept_from(), 8_192);
    append_more(&ledger);
    drop(ledger);

    assert!(!dir.path().join(bundle(31)).exists() && dir.path().join(bundle(32)).exists());
    let found = verify(
        dir.path(),
        &Expect {
            vkey: None,
            checkpoint: Some(&older),
        },
    )
    .unwrap();
    assert_eq!((found.size, found.kept_from), (10_011, 8_192));
    assert_eq!(
        found.from.as_deref(),
        Some("2026-11-22T00:00:32Z"),
        "8192 mod 60 = 32"
    );
    let after = prove(dir.path(), 9_000).unwrap().unwrap();
    assert_eq!(after.line, before.line);
    let key = fs::read_to_string(dir.path().join("key.pub")).unwrap();
    after.verify(key.trim(), &[]).unwrap();
    assert!(matches!(prove(dir.path(), 17), Err(Error::Pruned { .. })));
    let mut read = Vec::new();
    ledger::read(dir.path(), |entry| read.push(entry.index)).unwrap();
    assert_eq!((read[0], read.len()), (8_192, 10_011 - 8_192));
}

fn append_more(ledger: &Ledger) {
    let from = ledger.len();
    ledger
        .append((from..from + 10).map(entry).collect())
        .unwrap();
}

#[test]
fn it_is_pruned_again_and_again_and_erasures_are_still_accounted_for() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let deed = |n: u64| NewEntry {
        body: json!({ "user": personal(if n.is_multiple_of(5_000) { "Sato" } else { "Ito" }) }),
        ..entry(n)
    };
    let all: Vec<NewEntry> = (0..12_000).map(deed).collect();
    all.chunks(1_000)
        .for_each(|chunk| assert!(ledger.append(chunk.to_vec()).is_ok()));
    let erasure = |fields| NewEntry {
        kind: ledger::ERASED.into(),
        body: json!({ "fields": fields }),
        ..entry(0)
    };
    // Entries 0, 5,000 and 10,000: of each stretch that will be pruned one, and one that stays.
    assert_eq!(ledger.erase("Sato", erasure).unwrap().unwrap().0, 3);
    let ledger = reopened(dir.path(), ledger);
    for to in [STEP, 2 * STEP] {
        ledger.prune(to + 1, about).unwrap().unwrap();
        let found = check(dir.path()).unwrap();
        assert_eq!((found.kept_from, found.personal.gone), (to, found_gone(to)));
    }
    assert!(!dir.path().join("personal/0000000001").exists());
    assert!(dir.path().join("personal/0000000002").exists());
    drop(ledger);
    // A value that vanishes after it is missed as ever.
    let path = dir.path().join("personal/0000000002");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.split_once('\n').unwrap().1).unwrap();
    assert!(matches!(
        check(dir.path()),
        Err(VerifyError::Vanished { gone: 4, erased: 3 })
    ));
}

/// Of what is kept: 5,000 and 10,000 after the first step, 10,000 after the second.
fn found_gone(to: u64) -> u64 {
    [5_000, 10_000].into_iter().filter(|n| *n >= to).count() as u64
}

#[test]
fn a_pruning_may_be_cut_short_anywhere() {
    let (dir, ledger) = grown(9_000);
    let ledger = reopened(dir.path(), ledger);
    let before = tempfile::tempdir().unwrap();
    copy(dir.path(), before.path());
    ledger.prune(9_000, about).unwrap().unwrap();
    drop(ledger);
    // 32 bundles went, oldest first; a crash leaves the newest of them. Before all, only the entry is there.
    for left in [0, 1, 15, 16, 31, 32] {
        let cut_short = tempfile::tempdir().unwrap();
        copy(dir.path(), cut_short.path());
        for n in 32 - left..32 {
            fs::copy(
                before.path().join(bundle(n)),
                cut_short.path().join(bundle(n)),
            )
            .unwrap();
        }
        check(cut_short.path()).unwrap();
        let (ledger, _) = Ledger::open(cut_short.path(), ORIGIN).unwrap();
        assert_eq!(ledger.kept_from(), 8_192);
        drop(ledger);
        assert!(
            (0..32).all(|n| !cut_short.path().join(bundle(n)).exists()),
            "{left}"
        );
        assert_eq!(check(cut_short.path()).unwrap().kept_from, 8_192);
    }
    // The entry was durable, and the note of it was not: nothing went, and the next pruning takes it.
    let announced = tempfile::tempdir().unwrap();
    copy(dir.path(), announced.path());
    for n in 0..32 {
        fs::copy(
            before.path().join(bundle(n)),
            announced.path().join(bundle(n)),
        )
        .unwrap();
    }
    fs::remove_file(announced.path().join("pruned")).unwrap();
    assert_eq!(check(announced.path()).unwrap().kept_from, 0);
    let (ledger, _) = Ledger::open(announced.path(), ORIGIN).unwrap();
    assert_eq!(
        ledger.prune(9_000, about).unwrap().unwrap().range,
        (0, 8_192)
    );
}

#[test]
fn what_goes_without_an_entry_is_missed() {
    let (dir, ledger) = grown(9_000);
    let ledger = reopened(dir.path(), ledger);
    ledger.prune(STEP, about).unwrap().unwrap();
    drop(ledger);
    let bad = |change: &dyn Fn(&Path)| {
        let changed = tempfile::tempdir().unwrap();
        copy(dir.path(), changed.path());
        change(changed.path());
        check(changed.path()).unwrap_err()
    };
    // More than was said.
    let more = bad(&|dir| fs::remove_file(dir.join(bundle(16))).unwrap());
    assert_eq!(more.first_bad(), Some(4_096));
    let noted = bad(&|dir| {
        (16..32).for_each(|n| fs::remove_file(dir.join(bundle(n))).unwrap());
        fs::write(dir.join("pruned"), "8192 9000\n").unwrap();
    });
    assert!(matches!(noted, VerifyError::Pruned { .. }), "{noted}");
    // The note is gone, or says what no entry says.
    assert_eq!(
        bad(&|dir| fs::remove_file(dir.join("pruned")).unwrap()).first_bad(),
        Some(0)
    );
    for text in ["4096 8999\n", "17 9000\n", "4096\n", "9000 4096\n", ""] {
        let error = bad(&|dir| fs::write(dir.join("pruned"), text).unwrap());
        assert!(
            matches!(error, VerifyError::Pruned { .. }),
            "{text}: {error}"
        );
    }
    // Nor can other hashes stand in the place of those that are left.
    let swapped = bad(&|dir| {
        let path = dir.join("tile/0/003");
        let mut bytes = fs::read(&path).unwrap();
        bytes[40] ^= 1;
        fs::write(path, bytes).unwrap();
    });
    assert!(
        matches!(
            swapped,
            VerifyError::Entry { .. } | VerifyError::Node { .. } | VerifyError::Rewritten { .. }
        ),
        "{swapped}"
    );
    // A ledger that is damaged where it would be pruned is not.
    let damaged = tempfile::tempdir().unwrap();
    copy(dir.path(), damaged.path());
    let path = damaged.path().join(bundle(20));
    let mut bytes = fs::read(&path).unwrap();
    bytes[9] ^= 1;
    fs::write(path, bytes).unwrap();
    let (ledger, _) = Ledger::open(damaged.path(), ORIGIN).unwrap();
    assert!(matches!(ledger.prune(9_000, about), Err(Error::Damaged(_))));
    assert_eq!(ledger.kept_from(), STEP);
}
