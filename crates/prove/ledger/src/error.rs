//! What can go wrong, and which entry it concerns.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the ledger could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another process writes to it.
    #[error("{} is in use by another process", path.display())]
    InUse { path: PathBuf },
    /// Nothing was written; the same append may succeed once there is space.
    #[error("no space left on the disk of {}", path.display())]
    DiskFull { path: PathBuf },
    #[error(
        "an entry of kind `{kind}` takes {bytes} bytes, and {limit} are allowed; it was not written"
    )]
    TooLarge {
        kind: String,
        bytes: usize,
        limit: usize,
    },
    #[error(
        "the body of an entry of kind `{kind}` is nested deeper than {limit}; it was not written"
    )]
    TooDeep { kind: String, limit: usize },
    #[error("{count} {what} were appended at once, and {limit} are allowed; nothing was written")]
    TooMany {
        what: &'static str,
        count: usize,
        limit: usize,
    },
    #[error(
        "`{origin}` cannot name a ledger: it is empty, too long, or holds a space, a `+` or a control character"
    )]
    Origin { origin: String },
    #[error("the ledger is that of `{found}`, not of `{expected}`")]
    OtherOrigin { found: String, expected: String },
    #[error("entry {index} is not in a ledger of {size} entries")]
    OutOfRange { index: u64, size: u64 },
    /// What lies on the disk is not what was signed. Opening refuses to add to it.
    #[error("the ledger is damaged: {0}")]
    Damaged(#[from] VerifyError),
    /// It was signed as it is, and yet is no entry.
    #[error("entry {index} cannot be read: {detail}")]
    Unreadable { index: u64, detail: String },
    /// A write failed in a way after which the disk's content is unknown. Opening again finds out.
    #[error("the ledger takes no more entries since a write failed: {reason}")]
    Broken { reason: String },
    /// Its body is past its retention; its hash and its proof are kept.
    #[error("entry {index} was pruned: entries are kept from {kept_from} on")]
    Pruned { index: u64, kept_from: u64 },
    #[error("the ledger is closed")]
    Closed,
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }

    /// The same error for another caller of the same commit.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Io { path, source } => Self::Io {
                path: path.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            Self::DiskFull { path } => Self::DiskFull { path: path.clone() },
            Self::Broken { reason } => Self::Broken {
                reason: reason.clone(),
            },
            other => Self::Broken {
                reason: other.to_string(),
            },
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull
            || source.kind() == io::ErrorKind::QuotaExceeded
        {
            return Self::DiskFull {
                path: path.to_owned(),
            };
        }
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// Why a stored ledger cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is no ledger: it has no {missing}", dir.display())]
    NoLedger { dir: PathBuf, missing: &'static str },
    #[error("{} is not a key: {detail}", path.display())]
    Key { path: PathBuf, detail: String },
    /// The signer is not the one that was expected.
    #[error("the ledger was signed with the key {found}, not with {expected}")]
    OtherKey { found: String, expected: String },
    #[error("{place} is no checkpoint that {key} signed: {detail}")]
    Checkpoint {
        place: String,
        key: String,
        detail: String,
    },
    /// The tail cannot be read at all; the entries before it are in tiles.
    #[error("{} is damaged: {detail}", path.display())]
    Tail { path: PathBuf, detail: String },
    /// A file that the published checkpoint needs.
    #[error("{} is missing", path.display())]
    Missing { path: PathBuf },
    /// The first entry whose bytes, hash or place is not what was written.
    #[error("entry {index} is not what was written: {detail} ({})", path.display())]
    Entry {
        index: u64,
        path: PathBuf,
        detail: String,
    },
    /// Personal values were taken away, and no entry says that they were erased.
    #[error("{gone} personal values are gone, and entries say that {erased} were erased")]
    Vanished { gone: u64, erased: u64 },
    /// The note of how far it was pruned says what no entry says.
    #[error("{} says that entries were pruned, and no entry says so", path.display())]
    Pruned { path: PathBuf },
    /// A hash above the entries differs.
    #[error("the hash over the entries {first} to {last} is not what was written ({})", path.display())]
    Node {
        first: u64,
        last: u64,
        path: PathBuf,
    },
    #[error("entry {index} is missing: {place} was signed over {signed} entries")]
    Truncated {
        index: u64,
        signed: u64,
        place: String,
    },
    /// Everything fits together, but not with what was signed before.
    #[error(
        "{place} was signed over {signed} entries, and the ledger's first {signed} are not those"
    )]
    Rewritten { signed: u64, place: String },
    #[error(
        "the ledger ends before entry {size}, but the checkpoint kept elsewhere was signed over {signed} entries"
    )]
    RolledBack { size: u64, signed: u64 },
}

impl VerifyError {
    /// The first entry that cannot be trusted, where it is known.
    #[must_use]
    pub fn first_bad(&self) -> Option<u64> {
        match self {
            Self::Entry { index, .. } | Self::Truncated { index, .. } => Some(*index),
            Self::Node { first, .. } => Some(*first),
            Self::RolledBack { size, .. } => Some(*size),
            _ => None,
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
