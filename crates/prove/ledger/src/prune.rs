//! Pruning: entries past their retention lose their bodies, and nothing else.
//!
//! Whole bundles go from the oldest on; the hashes over them stay, so every root, signature and proof of what is kept
//! holds as before, and nobody can put other entries in the place of those that went. How far was pruned, and which
//! personal values went along, stands in an entry of kind [`PRUNED`], which is durable before anything is taken away. A
//! bundle that is gone without such an entry is damage.
//!
//! `pruned` names that entry and how far it goes, for whoever reads without walking through the whole ledger. It is
//! believed only where the entry says the same.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    entry::{self, Entry},
    error::{Error, VerifyError},
    files::{self, Layer},
    limit::{PERSONAL_ENTRIES, TILE},
    merkle::Hash,
    personal::{self, Audit, Personal},
    tree,
};

/// The kind of an entry that says how far the ledger was pruned: its body holds it as `to`.
pub const PRUNED: &str = "pruned";
/// Whole files of personal values go with their entries.
const STEP: u64 = PERSONAL_ENTRIES;
const _: () = assert!(STEP.is_multiple_of(TILE), "bundles are dropped whole");

const FILE: &str = "pruned";
/// Two numbers.
const FILE_BYTES: u64 = 64;

/// How far the ledger was pruned, and the entry that says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The first entry that is kept.
    pub to: u64,
    pub entry: u64,
}

impl Pruned {
    pub(crate) fn is_said_by(&self, index: u64, line: &[u8]) -> bool {
        index == self.entry && said_in(line).is_some_and(|said| said.to == self.to)
    }
}

/// What a pruning takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Entries that go now.
    pub range: (u64, u64),
    /// Of all that went, with earlier prunings: values that were gone already, and those that entries said were erased.
    gone: u64,
    erased: u64,
}

impl Cut {
    /// The body of the entry that says so; `more` is what the caller adds: why, and by which retention.
    #[must_use]
    pub fn body(&self, more: Value) -> Value {
        let (from, to) = self.range;
        let personal = json!({ "gone": self.gone, "erased": self.erased });
        json!({ "from": from, "to": to, "personal": personal, "why": more })
    }
}

/// What an entry of kind [`PRUNED`] says.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    pub to: u64,
    pub personal: Personal,
}

pub(crate) fn said(entry: &Entry) -> Option<Said> {
    let number = |value: &Value| value.as_u64();
    (entry.kind == PRUNED).then_some(())?;
    let personal = &entry.body["personal"];
    Some(Said {
        to: number(&entry.body["to"]).filter(|to| to.is_multiple_of(STEP) && *to <= entry.index)?,
        personal: Personal {
            held: 0,
            gone: number(&personal["gone"])?,
            erased: number(&personal["erased"])?,
        },
    })
}

/// How far a line says that the ledger was pruned.
pub(crate) fn said_in(line: &[u8]) -> Option<Said> {
    // The kind stands last in a line; most need not be read.
    line.ends_with(br#""kind":"pruned"}"#).then_some(())?;
    said(&entry::parse(line).ok()?)
}

pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// What the file says; nothing where there is none. Whether it is true tells the entry.
pub(crate) fn noted(dir: &Path) -> Result<Option<Pruned>, VerifyError> {
    let path = path(dir);
    let text = files::read_text(&path, FILE_BYTES).map_err(|e| VerifyError::io(&path, e))?;
    let Some(text) = text else { return Ok(None) };
    let numbers: Option<Vec<u64>> = text.split_whitespace().map(|n| n.parse().ok()).collect();
    match numbers.as_deref() {
        Some([to, entry]) if to.is_multiple_of(STEP) && to <= entry => Ok(Some(Pruned {
            to: *to,
            entry: *entry,
        })),
        _ => Err(VerifyError::Pruned { path }),
    }
}

/// The hashes of the entries that were pruned.
pub(crate) fn leaves(dir: &Path) -> Result<Vec<Hash>, Error> {
    let to = noted(dir)?.map_or(0, |pruned| pruned.to);
    let mut leaves = Vec::new();
    for n in 0..to / TILE {
        leaves.extend(tree::read_tile(dir, Layer::Hashes(0), n)?);
    }
    Ok(leaves)
}

/// Where a cut may fall so that nothing from `keep_from` on goes: whole files of bundles and of personal values.
pub(crate) fn whole(keep_from: u64) -> u64 {
    keep_from / STEP * STEP
}

/// Reads and verifies what is to go: a damaged ledger is not made to look whole by pruning it.
pub(crate) fn cut(dir: &Path, before: Option<(Pruned, Said)>, to: u64) -> Result<Cut, Error> {
    let (from, mut found) = match before {
        Some((pruned, said)) => (pruned.to, said.personal),
        None => (0, Personal::default()),
    };
    let mut audit = Audit::of(dir);
    for n in from / TILE..to / TILE {
        for (index, line) in (n * TILE..).zip(tree::read_bundle(dir, n)?) {
            audit.line(index, &line)?;
        }
    }
    found.gone += audit.found.gone;
    found.erased += audit.found.erased;
    Ok(Cut {
        range: (from, to),
        gone: found.gone,
        erased: found.erased,
    })
}

/// Notes how far it goes, and then takes away; after a crash in between, opening goes on.
pub(crate) fn take_away(dir: &Path, pruned: Pruned, range: Range<u64>) -> Result<(), Error> {
    let text = format!("{} {}\n", pruned.to, pruned.entry);
    files::replace(&path(dir), text.as_bytes(), None)?;
    drop_files(dir, range)
}

/// From the oldest on, so that what is left after a crash is one stretch.
pub(crate) fn drop_files(dir: &Path, range: Range<u64>) -> Result<(), Error> {
    for n in range.start / STEP..range.end / STEP {
        remove(&personal::file_of(dir, n))?;
    }
    for n in range.start / TILE..range.end / TILE {
        remove(&files::tile(dir, Layer::Entries, n))?;
    }
    Ok(())
}

/// Finishes a pruning that was cut short. The newest bundles went last, so one that is gone ends the search.
pub(crate) fn finish(dir: &Path, pruned: Pruned) -> Result<(), Error> {
    let mut from = pruned.to / TILE;
    while from > 0 && files::tile(dir, Layer::Entries, from - 1).exists() {
        from -= 1;
    }
    let from = from * TILE / STEP * STEP;
    drop_files(dir, from..pruned.to)
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(path, error)),
        _ => Ok(()),
    }
}
