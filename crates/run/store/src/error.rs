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
    /// Another version wrote it.
    #[error(
        "{} has format {found}, and this version reads format {reads}: \
         read it with the version that wrote it, or move it away to begin anew",
        path.display()
    )]
    OtherFormat {
        path: PathBuf,
        found: u64,
        reads: u64,
    },
    #[error("{what} is over its limit of {limit}")]
    OverLimit { what: String, limit: u64 },
    #[error("the query is wrong: {0}")]
    Query(String),
    #[error("no {port} store is called `{name}`")]
    NoSuchBackend { port: &'static str, name: String },
    #[error("this store does not know {0}")]
    Unsupported(&'static str),
    #[error("the store is closed")]
    Closed,
    #[error("the engine did not answer: {0}")]
    Remote(String),
    /// For good: the same once more would be refused again.
    #[error("the engine refuses it: {0}")]
    Refused(String),
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::DiskFull { .. } | Self::Remote(_))
    }

    /// Whether a write that ended so may have been applied all the same: whoever keeps a copy reads it again.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// The error of an operation on `path`; a full disk and a full quota have their own.
    #[must_use]
    pub fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn damaged(path: impl Into<PathBuf>, detail: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.into(),
            detail: detail.into(),
        }
    }

    pub(crate) fn over(what: impl Into<String>, limit: usize) -> Self {
        Self::OverLimit {
            what: what.into(),
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        }
    }

    /// The same error once more, for each of those who waited in one group.
    #[must_use]
    pub fn again(&self) -> Self {
        match self {
            Self::Io { path, source } => Self::Io {
                path: path.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            Self::InUse { path } => Self::InUse { path: path.clone() },
            Self::DiskFull { path } => Self::DiskFull { path: path.clone() },
            Self::Damaged { path, detail } => Self::Damaged {
                path: path.clone(),
                detail: detail.clone(),
            },
            Self::OtherFormat { path, found, reads } => Self::OtherFormat {
                path: path.clone(),
                found: *found,
                reads: *reads,
            },
            Self::OverLimit { what, limit } => Self::OverLimit {
                what: what.clone(),
                limit: *limit,
            },
            Self::Query(why) => Self::Query(why.clone()),
            Self::NoSuchBackend { port, name } => Self::NoSuchBackend {
                port,
                name: name.clone(),
            },
            Self::Unsupported(what) => Self::Unsupported(what),
            Self::Closed => Self::Closed,
            Self::Remote(why) => Self::Remote(why.clone()),
            Self::Refused(why) => Self::Refused(why.clone()),
        }
    }
}
