//! The ledger from outside: proofs by known vectors, every byte flipped, a process killed again and again.
#![allow(clippy::unwrap_used)]

mod cosign;
mod damage;
mod interop;
mod kill;
mod matrix;
mod merkle;
mod personal;
mod proof;
mod prune;
mod serve;
mod stamp;

use std::{
    fs,
    path::{Path, PathBuf},
};

use ledger::{Expect, Ledger, NewEntry, Verified, VerifyError, verify};
use serde_json::json;

const ORIGIN: &str = "ledger.example/test";

fn entry(n: u64) -> NewEntry {
    NewEntry {
        at: format!("2026-11-22T00:00:{:02}Z", n % 60),
        kind: if n.is_multiple_of(3) {
            "page"
        } else {
            "transition"
        }
        .to_owned(),
        about: format!("promise-{}", n % 7),
        body: json!({ "n": n }),
    }
}

fn append(ledger: &Ledger, range: std::ops::Range<u64>) {
    let entries: Vec<NewEntry> = range.clone().map(entry).collect();
    for chunk in entries.chunks(1_000) {
        ledger.append(chunk.to_vec()).unwrap();
    }
    assert_eq!(ledger.len(), range.end);
}

/// A closed ledger of `size` entries.
fn ledger_of(size: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, opened) = Ledger::open(dir.path(), ORIGIN).unwrap();
    assert!(opened.created && opened.recovered.is_empty());
    append(&ledger, 0..size);
    drop(ledger);
    dir
}

fn check(dir: &Path) -> Result<Verified, VerifyError> {
    verify(dir, &Expect::default())
}

fn copy(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
}

/// Every file below `dir`, sorted.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}
