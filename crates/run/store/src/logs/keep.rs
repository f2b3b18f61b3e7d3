//! What must stay, what must go, and how it is proved that nothing else did.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use promise::{LogQuery, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A legal hold: of these streams and times nothing goes, by retention or by a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Names the matter; one hold has one name.
    pub name: String,
    /// A stream's name, of which `*` at the end leaves the rest open.
    pub stream: String,
    /// Both ends are held too.
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Hold {
    #[must_use]
    pub fn covers(&self, stream: &str) -> bool {
        match self.stream.strip_suffix('*') {
            Some(prefix) => stream.starts_with(prefix),
            None => stream == self.stream,
        }
    }
}

/// Records in `(from, to]` that the query means are to go.
#[derive(Debug, Clone)]
pub struct Deletion {
    pub query: LogQuery,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// What a deletion did: what a ledger's entry of it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    pub records: u64,
    pub by_stream: BTreeMap<String, u64>,
    /// Records that were meant, but a hold keeps them.
    pub held: u64,
    /// The SHA-256 of the parts in which records were marked. A merge will write them anew without these.
    pub parts: Vec<String>,
}

/// A part of the store that will not change any more, and by what it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub name: String,
    pub stream: String,
    /// The newest and the oldest record, in milliseconds since 1970.
    pub first: Timestamp,
    pub last: Timestamp,
    /// Records that it holds and that are not deleted.
    pub records: u64,
    pub bytes: u64,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
    /// Parts in whose place it came by merging.
    pub replaces: Vec<String>,
}

/// A part that was sealed and is there no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departed {
    pub name: String,
    pub sha256: String,
    #[serde(flatten)]
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// Its records lie in another part, whose sum this is; in none where all of them were deleted.
    Merged { into: Option<String> },
    /// Its records are older than they are kept.
    Retention,
}

/// All that is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealed {
    pub parts: Vec<Seal>,
    /// The newest departures, oldest first.
    pub departed: Vec<Departed>,
}

/// Whether a part's file still holds just what `sha256` is the sum of; `None` where it is not there. Needs no open
/// store and reads nothing else.
pub fn holds(file: &Path, sha256: &str) -> Result<Option<bool>, Error> {
    super::embedded::holds(file, sha256)
}

/// Records in `(from, to]` that the query means, to be copied to a file.
#[derive(Debug, Clone)]
pub struct Export {
    pub query: LogQuery,
    pub from: Timestamp,
    pub to: Timestamp,
    pub file: PathBuf,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: u64,
    pub bytes: u64,
}
