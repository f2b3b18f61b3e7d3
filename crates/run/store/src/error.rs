//! What can go wrong at a port, and whether trying again can help.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another process holds the data directory.
    #[error("{} is in use by another process", path.display())]
    InUse { path: PathBuf },
    /// The disk is full; reading goes on, writing does not.
    #[error("no space left on the disk of {}", path.display())]
    DiskFull { path: PathBuf },
    /// What lies on the disk is not what was written.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged { path: PathBuf, detail: String },
    #[error("{what} is over its limit of {limit}")]
    OverLimit { what: String, limit: u64 },
    #[error("the query is wrong: {0}")]
    Query(String),
    #[error("the store is closed")]
    Closed,
    #[error("the engine did not answer: {0}")]
    Remote(String),
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::DiskFull { .. } | Self::Remote(_))
    }
}
