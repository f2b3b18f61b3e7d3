//! What is done to a ledger, and who notices: one row for each kind of tampering, one column for each pair of eyes.
//!
//! Whoever cannot sign is found out by the files alone. Whoever holds the key can make files that agree with each other, and
//! is found out by what they cannot change: a checkpoint that somebody kept, or a witness who remembers.

use std::{fs, path::Path};

use ledger::{Expect, Ledger, NewEntry, verify, witness};

use crate::{ORIGIN, append, copy, entry};

const OLD: u64 = 300;
const NEW: u64 = 700;

/// A ledger as it is, as it was, and what others keep of it.
struct House {
    now: tempfile::TempDir,
    before: tempfile::TempDir,
    key: String,
    /// The checkpoint of `NEW` entries.
    kept: String,
    seen: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let (now, before, seen) = (dir(), dir(), dir());
        let (ledger, _) = Ledger::open(now.path(), ORIGIN).unwrap();
        append(&ledger, 0..OLD);
        let key = ledger.verifier();
        drop(ledger);
        copy(now.path(), before.path());
        let (ledger, _) = Ledger::open(now.path(), ORIGIN).unwrap();
        append(&ledger, OLD..NEW);
        let kept = ledger.checkpoint().note;
        drop(ledger);
        witness(now.path(), &key, seen.path(), "witness.example", 1).unwrap();
        Self {
            now,
            before,
            key,
            kept,
            seen,
        }
    }

    /// Who notices: the files alone, with the key that was kept, with the checkpoint that was kept, the witness.
    fn notices(&self, changed: &Path) -> [bool; 4] {
        let with = |vkey: Option<&str>, checkpoint: Option<&str>| {
            verify(changed, &Expect { vkey, checkpoint }).is_err()
        };
        [
            with(None, None),
            with(Some(&self.key), None),
            with(None, Some(&self.kept)),
            witness(changed, &self.key, self.seen.path(), "witness.example", 2).is_err(),
        ]
    }

    fn changed(&self, change: impl FnOnce(&Path)) -> tempfile::TempDir {
        let copied = dir();
        copy(self.now.path(), copied.path());
        change(copied.path());
        copied
    }

    /// Another history, written with the same key: the first `same` entries are the real ones.
    fn rewritten(
        &self,
        same: u64,
        size: u64,
        other: impl Fn(u64) -> NewEntry,
    ) -> tempfile::TempDir {
        let forged = dir();
        for name in ["key", "key.pub"] {
            fs::copy(self.now.path().join(name), forged.path().join(name)).unwrap();
        }
        let (ledger, _) = Ledger::open(forged.path(), ORIGIN).unwrap();
        append(&ledger, 0..same);
        let rest: Vec<NewEntry> = (same..size).map(other).collect();
        rest.chunks(1_000).for_each(|chunk| {
            ledger.append(chunk.to_vec()).unwrap();
        });
        drop(ledger);
        forged
    }
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn forged(n: u64) -> NewEntry {
    NewEntry {
        about: "nothing happened".into(),
        ..entry(n)
    }
}

/// The entries of a full bundle, rewritten.
fn bundle(dir: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let path = dir.join("tile/entries/000");
    let bytes = fs::read(&path).unwrap();
    let (mut entries, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry.to_vec());
        rest = after;
    }
    change(&mut entries);
    let lengthened = |entry: &Vec<u8>| [&(entry.len() as u16).to_be_bytes()[..], entry].concat();
    fs::write(
        &path,
        entries.iter().flat_map(lengthened).collect::<Vec<u8>>(),
    )
    .unwrap();
}

#[test]
fn every_kind_of_tampering_is_noticed_by_somebody() {
    const NOBODY: [bool; 4] = [false; 4];
    const ALL: [bool; 4] = [true; 4];
    /// Files that agree with each other and are signed: only what was kept elsewhere tells.
    const ELSEWHERE: [bool; 4] = [false, false, true, true];
    let house = House::new();
    let by_files: [(&str, tempfile::TempDir); 8] = [
        (
            "a flipped bit",
            house.changed(|dir| bundle(dir, |all| all[7][20] ^= 1)),
        ),
        (
            "a deleted entry",
            house.changed(|dir| bundle(dir, |all| drop(all.remove(7)))),
        ),
        (
            "an inserted entry",
            house.changed(|dir| bundle(dir, |all| all.insert(7, all[7].clone()))),
        ),
        (
            "entries swapped",
            house.changed(|dir| bundle(dir, |all| all.swap(7, 8))),
        ),
        (
            "bundles swapped",
            house.changed(|dir| {
                let at = |n: u32| dir.join(format!("tile/entries/00{n}"));
                let (first, second) = (fs::read(at(0)).unwrap(), fs::read(at(1)).unwrap());
                fs::write(at(0), second).unwrap();
                fs::write(at(1), first).unwrap();
            }),
        ),
        (
            "the tail of an older state",
            house.changed(|dir| {
                fs::copy(house.before.path().join("tail"), dir.join("tail")).unwrap();
            }),
        ),
        (
            "a deleted tile",
            house.changed(|dir| fs::remove_file(dir.join("tile/0/001")).unwrap()),
        ),
        (
            "a checkpoint of another size",
            house.changed(|dir| {
                let path = dir.join("checkpoint");
                let text = fs::read_to_string(&path)
                    .unwrap()
                    .replace("\n700\n", "\n699\n");
                fs::write(path, text).unwrap();
            }),
        ),
    ];
    for (what, changed) in &by_files {
        assert_eq!(house.notices(changed.path()), ALL, "{what}");
    }

    let with_key: [(&str, tempfile::TempDir); 4] = [
        ("cut back to an older state, whole", {
            let back = dir();
            copy(house.before.path(), back.path());
            back
        }),
        ("rewritten from the start", house.rewritten(0, NEW, forged)),
        (
            "forked after the beginning, and longer",
            house.rewritten(OLD, NEW + 50, forged),
        ),
        (
            "one entry left out, the rest moved up",
            house.rewritten(OLD, NEW - 1, |n| entry(n + 1)),
        ),
    ];
    for (what, changed) in &with_key {
        assert_eq!(house.notices(changed.path()), ELSEWHERE, "{what}");
    }

    // Another key signs another ledger: whoever was given the first notices, and the files alone do not.
    let other = dir();
    let (ledger, _) = Ledger::open(other.path(), ORIGIN).unwrap();
    append(&ledger, 0..NEW);
    drop(ledger);
    assert_eq!(
        house.notices(other.path()),
        [false, true, true, true],
        "signed by another"
    );

    // And what only grew is what it was.
    let (ledger, _) = Ledger::open(house.now.path(), ORIGIN).unwrap();
    append(&ledger, NEW..NEW + 9);
    drop(ledger);
    assert_eq!(house.notices(house.now.path()), NOBODY);
}
