//! Appending, reading, finding and proving while it runs.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use ledger::{
    Error, Expect, Find, Ledger, NewEntry, limit, verify, verify_consistency, verify_inclusion,
};
use serde_json::json;

use crate::{ORIGIN, append, check, entry, ledger_of};

#[test]
fn what_was_appended_is_read_again_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..1_300);
    for restart in 0..2 {
        let (from, to) = (240, 270);
        let read = ledger.entries(from..to).unwrap();
        for (n, found) in (from..to).zip(&read) {
            let expected = entry(n);
            assert_eq!(
                (found.index, &found.at, &found.body),
                (n, &expected.at, &expected.body),
                "restart {restart}"
            );
        }
        assert_eq!(read.len(), 30);
        assert!(matches!(
            ledger.entry(1_300),
            Err(Error::OutOfRange {
                index: 1_300,
                size: 1_300
            })
        ));
    }
    drop(ledger);
    let (ledger, opened) = Ledger::open(dir.path(), ORIGIN).unwrap();
    assert!(!opened.created && opened.recovered.is_empty());
    assert_eq!(ledger.entries(0..1_300).unwrap().len(), limit::READ_ENTRIES);
    assert_eq!(ledger.entry(1_299).unwrap().body, json!({ "n": 1_299 }));
}

#[test]
fn entries_are_found_newest_first_by_kind_and_about() {
    let dir = ledger_of(1_100);
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    // Twice: the second time by what is remembered of the bundles.
    for _ in 0..2 {
        let find = Find {
            kind: Some("page".into()),
            about: Some("promise-5".into()),
            before: None,
            limit: 1_000,
        };
        let found: Vec<u64> = ledger
            .find(&find)
            .unwrap()
            .iter()
            .map(|e| e.index)
            .collect();
        // n is a multiple of 3 and n = 5 mod 7, so n = 12 mod 21.
        let expected: Vec<u64> = (0..1_100).rev().filter(|n| n % 21 == 12).collect();
        assert_eq!(found, expected);
        let page = ledger
            .find(&Find {
                before: Some(expected[4]),
                limit: 3,
                ..find
            })
            .unwrap();
        assert_eq!(
            page.iter().map(|e| e.index).collect::<Vec<_>>(),
            expected[5..8]
        );
        let none = Find {
            about: Some("nobody".into()),
            limit: 10,
            ..Find::default()
        };
        assert!(ledger.find(&none).unwrap().is_empty());
    }
    let newest = ledger
        .find(&Find {
            limit: 2,
            ..Find::default()
        })
        .unwrap();
    assert_eq!(
        newest.iter().map(|e| e.index).collect::<Vec<_>>(),
        [1_099, 1_098]
    );
}

#[test]
fn proofs_over_tiles_and_tail_hold() {
    let dir = ledger_of(1_030);
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let (size, root) = (ledger.len(), ledger.checkpoint().root);
    for index in [0, 1, 255, 256, 511, 700, 1_023, 1_024, 1_029] {
        let proof = ledger.inclusion(index, size).unwrap();
        assert!(verify_inclusion(
            index,
            size,
            &ledger.leaf_hash(index).unwrap(),
            &proof,
            &root
        ));
    }
    append(&ledger, 1_030..2_500);
    let proof = ledger.consistency(size, 2_500).unwrap();
    assert!(verify_consistency(
        size,
        2_500,
        &root,
        &ledger.checkpoint().root,
        &proof
    ));
    assert!(matches!(
        ledger.inclusion(5, 2_501),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        ledger.inclusion(9, 9),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        ledger.consistency(9, 8),
        Err(Error::OutOfRange { .. })
    ));
}

#[test]
fn hashes_of_whole_tiles_make_tiles_of_the_next_level() {
    // 256 bundles of 256: the first full tile of level 1.
    let dir = ledger_of(65_536 + 300);
    let tile = fs::read(dir.path().join("tile/1/000")).unwrap();
    assert_eq!(tile.len(), 8_192);
    assert!(
        dir.path().join("tile/1/001.p/1").exists() && dir.path().join("tile/2/000.p/1").exists()
    );
    assert!(!dir.path().join("tile/1/000.p").exists());
    assert_eq!(check(dir.path()).unwrap().size, 65_836);
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let proof = ledger.inclusion(40_000, 65_836).unwrap();
    let root = ledger.checkpoint().root;
    assert!(verify_inclusion(
        40_000,
        65_836,
        &ledger.leaf_hash(40_000).unwrap(),
        &proof,
        &root
    ));
}

#[test]
fn callers_at_the_same_time_each_get_their_own_entries() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Ledger::open(dir.path(), ORIGIN).unwrap().0);
    let callers: Vec<_> = (0..8_u64)
        .map(|caller| {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || {
                let mut taken = Vec::new();
                for round in 0..40 {
                    let batch: Vec<NewEntry> = (0..=caller % 3)
                        .map(|n| {
                            let mut entry = entry(n);
                            entry.body = json!([caller, round, n]);
                            entry
                        })
                        .collect();
                    let range = ledger.append(batch).unwrap();
                    assert_eq!(range.end - range.start, caller % 3 + 1);
                    assert!(ledger.checkpoint().size >= range.end);
                    taken.push((caller, round, range));
                }
                taken
            })
        })
        .collect();
    let taken: Vec<_> = callers
        .into_iter()
        .flat_map(|caller| caller.join().unwrap())
        .collect();
    let mut indices = BTreeSet::new();
    for (caller, round, range) in taken {
        for (n, index) in range.enumerate() {
            assert_eq!(ledger.entry(index).unwrap().body, json!([caller, round, n]));
            assert!(indices.insert(index));
        }
    }
    // Callers 0..8 take 1, 2, 3, 1, 2, 3, 1, 2 = 15 entries a round, 40 rounds.
    assert_eq!(ledger.len(), 600);
    let vkey = ledger.verifier();
    drop(ledger);
    verify(
        dir.path(),
        &Expect {
            vkey: Some(&vkey),
            checkpoint: None,
        },
    )
    .unwrap();
}

#[test]
fn entries_are_read_beside_the_writer_and_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..600);
    let read = || {
        let mut seen = Vec::new();
        ledger::read(dir.path(), |entry| seen.push(entry)).unwrap();
        seen
    };
    let beside = read();
    assert_eq!(beside.len(), 600);
    assert!(
        (0..)
            .zip(&beside)
            .all(|(n, found)| found.index == n && found.body == entry(n).body)
    );
    // 599 = 3 * 199 + 2 and 597 = 7 * 85 + 2.
    assert_eq!(
        ledger.newest("page", "promise-2").unwrap().unwrap().index,
        597
    );
    assert!(ledger.newest("page", "nobody").unwrap().is_none());
    drop(ledger);
    assert_eq!(read(), beside);
}

#[test]
fn it_can_be_verified_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let mut seen = 0;
    thread::scope(|scope| {
        let writer = scope.spawn(|| (0..30).for_each(|n| append(&ledger, n * 100..n * 100 + 100)));
        while !writer.is_finished() {
            let size = check(dir.path()).unwrap().size;
            assert!(size >= seen);
            seen = size;
        }
    });
    assert_eq!(check(dir.path()).unwrap().size, 3_000);
}

#[test]
fn the_key_is_private_and_the_directory_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let mode = fs::metadata(dir.path().join("key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        fs::read_to_string(dir.path().join("key.pub"))
            .unwrap()
            .trim(),
        ledger.verifier()
    );
    assert!(matches!(
        Ledger::open(dir.path(), ORIGIN),
        Err(Error::InUse { .. })
    ));
    drop(ledger);
    assert!(matches!(
        Ledger::open(dir.path(), "other.example"),
        Err(Error::OtherOrigin { .. })
    ));
    assert!(matches!(
        Ledger::open(dir.path(), "a b"),
        Err(Error::Origin { .. })
    ));
}

#[test]
fn what_is_too_large_is_refused_whole_and_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let mut large = entry(1);
    large.body = json!("x".repeat(70_000));
    assert!(matches!(
        ledger.append(vec![entry(0), large]),
        Err(Error::TooLarge { .. })
    ));
    let many = vec![entry(0); limit::BATCH_ENTRIES + 1];
    assert!(matches!(ledger.append(many), Err(Error::TooMany { .. })));
    assert_eq!(ledger.append(Vec::new()).unwrap(), 0..0);
    assert!(ledger.is_empty());
}

#[test]
fn times_and_size_of_what_was_verified_are_told() {
    let dir = ledger_of(270);
    let verified = check(dir.path()).unwrap();
    assert_eq!(verified.from.as_deref(), Some("2026-11-22T00:00:00Z"));
    // 269 = 4 * 60 + 29.
    assert_eq!(verified.to.as_deref(), Some("2026-11-22T00:00:29Z"));
    assert_eq!((verified.size, verified.unfinished), (270, 0));
    let empty = ledger_of(0);
    assert_eq!(check(empty.path()).unwrap().size, 0);
}

#[test]
fn what_waits_behind_a_commit_that_fails_finds_another_place_and_nobody_is_told_a_wrong_one() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..512);
    // Tiles cannot be written: whoever appends is refused once the tail has grown so long that it must move.
    let (tiles, aside) = (dir.path().join("tile"), dir.path().join("aside"));
    let _ = fs::rename(&tiles, &aside);
    fs::write(&tiles, "").unwrap();
    let fails = AtomicBool::new(true);
    let told: Vec<(u64, u64)> = thread::scope(|scope| {
        let callers = (0..4_u64).map(|caller| {
            let (ledger, fails, tiles, aside) = (&ledger, &fails, &tiles, &aside);
            scope.spawn(move || {
                let mut told = Vec::new();
                let mut after = 0;
                for batch in (caller * 1_000_000..).step_by(1_000) {
                    // Of many sizes, so that what fails leaves another gap than what follows it fills.
                    let marks = batch..batch + 300 + batch / 1_000 % 7;
                    match ledger.append(marks.clone().map(entry).collect()) {
                        Ok(places) => {
                            assert_eq!(places.end - places.start, marks.end - marks.start);
                            told.extend(places.zip(marks));
                            after += u32::from(!fails.load(Ordering::SeqCst));
                        }
                        Err(_) if fails.swap(false, Ordering::SeqCst) => {
                            fs::remove_file(tiles).unwrap();
                            let _ = fs::rename(aside, tiles);
                        }
                        Err(_) => {}
                    }
                    if after > 5 {
                        break;
                    }
                }
                told
            })
        });
        let callers: Vec<_> = callers.collect();
        callers
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect()
    });
    assert!(!fails.load(Ordering::SeqCst), "nothing failed");
    let size = ledger.len();
    assert_eq!(size, 512 + told.len() as u64, "refused is not there");
    for (place, mark) in told.iter().step_by(97) {
        assert_eq!(ledger.entry(*place).unwrap().body, json!({ "n": mark }));
    }
    drop(ledger);
    assert_eq!(check(dir.path()).unwrap().size, size);
}
