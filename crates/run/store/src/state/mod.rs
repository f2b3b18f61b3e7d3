//! `StateStore`: small durable facts by table and key: alerts, incidents, offsets, promises' first days.

#[doc(hidden)]
pub mod contract;
mod lease;
#[cfg(test)]
mod memory;
mod postgres;
mod redb;

pub use lease::{Holder, Lease};
pub use postgres::{PostgresOptions, PostgresState};
pub use redb::RedbState;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;

use crate::Error;

/// One value. State holds facts, not documents.
const VALUE_MAX: usize = 16 << 20;

/// One change. A list of them is applied whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Put {
        table: &'static str,
        key: String,
        value: Vec<u8>,
    },
    Delete {
        table: &'static str,
        key: String,
    },
    /// The whole list fails with `Conflict` unless the key holds just this (`None`: is not there),
    /// as it was before the list.
    Expect {
        table: &'static str,
        key: String,
        value: Option<Vec<u8>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Done,
    /// An `Expect` did not hold; nothing was changed.
    Conflict,
}

/// The port.
#[async_trait]
pub trait StateStore: Send + Sync {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Pairs whose key begins with `prefix`, in the order of keys, at most `limit`.
    async fn scan(
        &self,
        table: &'static str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error>;

    /// Applies all or nothing; once it returns, it survives `kill -9`.
    async fn write(&self, writes: Vec<Write>) -> Result<Written, Error>;

    /// Whether what was written may be acted upon outside: not where another instance may have taken over meanwhile.
    fn is_ours(&self) -> bool {
        true
    }
}

/// The store that `backend` names, kept at `path`.
pub fn open(backend: &str, path: &Path) -> Result<Arc<dyn StateStore>, Error> {
    match backend {
        "embedded" => Ok(Arc::new(RedbState::open(path)?)),
        _ => Err(Error::NoSuchBackend {
            port: "state",
            name: backend.to_owned(),
        }),
    }
}
