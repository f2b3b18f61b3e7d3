//! Headers of blocks that were read lately, so that a query that finds nothing reads nothing.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::header::Header;
use crate::{Error, hash::QuickMap};

/// Headers take about 5 bytes a row: those of some ten million rows.
const BYTES_MAX: usize = 64 << 20;

/// Two generations: what is asked for moves to the young one, and when that is full the old one goes.
#[derive(Default)]
pub(super) struct Headers {
    generations: Mutex<Generations>,
}

type Kept = QuickMap<(PathBuf, usize), Arc<Header>>;

#[derive(Default)]
struct Generations {
    young: Kept,
    old: Kept,
    bytes: usize,
}

impl Headers {
    /// The header of a part's block.
    pub fn get(
        &self,
        (path, block): (&Path, usize),
        read: impl FnOnce() -> Result<Header, Error>,
    ) -> Result<Arc<Header>, Error> {
        let key = (path.to_owned(), block);
        if let Some(header) = self.generations().find(&key) {
            return Ok(header);
        }
        let header = Arc::new(read()?);
        self.generations().keep(key, header.clone());
        Ok(header)
    }

    fn generations(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, key: &(PathBuf, usize)) -> Option<Arc<Header>> {
        if let Some(header) = self.young.get(key) {
            return Some(header.clone());
        }
        let header = self.old.remove(key)?;
        self.keep(key.clone(), header.clone());
        Some(header)
    }

    fn keep(&mut self, key: (PathBuf, usize), header: Arc<Header>) {
        self.bytes += header.weight();
        self.young.insert(key, header);
        if self.bytes > BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}
