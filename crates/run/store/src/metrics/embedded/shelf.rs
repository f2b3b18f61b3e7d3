//! The sealed blocks: which there are, which are open, which were found damaged.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use super::block::{Block, OpenBlock};
use crate::{Error, Labels, disk};

/// Open blocks keep their index in memory and a file descriptor each.
const CACHE_BYTES: usize = 8 << 20;
const CACHE_BLOCKS: usize = 64;
/// What `status` says of damage found; beyond it only the log tells.
const NOTICES_MAX: usize = 100;

pub(super) struct Shelf {
    folder: PathBuf,
    /// In the order of their numbers, which is the order in which they were sealed.
    blocks: RwLock<Vec<Arc<Block>>>,
    cache: Mutex<Cache>,
    notices: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Cache {
    open: HashMap<u64, (Arc<OpenBlock>, u64)>,
    bytes: usize,
    /// Counts uses, so that the least recently used one goes first.
    uses: u64,
}

impl Shelf {
    pub fn open(folder: PathBuf) -> Result<Self, Error> {
        let shelf = Self {
            folder,
            blocks: RwLock::default(),
            cache: Mutex::default(),
            notices: Mutex::default(),
        };
        for (name, _) in disk::list(&shelf.folder).map_err(|e| Error::io(&shelf.folder, e))? {
            let Some(number) = name
                .strip_suffix(".block")
                .and_then(|n| n.parse::<u64>().ok())
            else {
                continue;
            };
            let path = shelf.folder.join(name);
            match Block::open(&path, number) {
                Ok(block) => shelf.put(block),
                Err(Error::Damaged { detail, .. }) => shelf.set_aside(&path, &detail),
                Err(error) => return Err(error),
            }
        }
        Ok(shelf)
    }

    pub fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:012}.block"))
    }

    /// The last segment of the write-ahead log whose samples lie in blocks.
    pub fn covered(&self) -> u64 {
        self.all().last().map_or(0, |block| block.number)
    }

    pub fn put(&self, block: Block) {
        self.blocks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::new(block));
    }

    pub fn all(&self) -> Vec<Arc<Block>> {
        self.blocks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Runs `work` on the open block. A damaged block is set aside and answers `None`, as one does that
    /// was dropped meanwhile.
    pub fn with<T>(
        &self,
        block: &Arc<Block>,
        work: impl FnOnce(&OpenBlock) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match self.load(block).and_then(|open| work(&open)) {
            Ok(result) => Ok(Some(result)),
            Err(Error::Damaged { path, detail }) => {
                self.remove(block.number);
                self.set_aside(&path, &detail);
                Ok(None)
            }
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound
                    && !self.all().iter().any(|b| b.number == block.number) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// When the series' newest sealed sample was taken, as far as that is not before `at`.
    pub fn newest(&self, labels: &Labels, at: i64) -> Result<Option<i64>, Error> {
        let mut newest = None;
        for block in self.all().iter().filter(|block| block.last >= at) {
            let entry = self
                .with(block, |open| Ok(open.index.find(labels)))?
                .flatten();
            newest = newest.max(entry.map(|entry| entry.last));
        }
        Ok(newest)
    }

    /// Drops the blocks whose newest sample is older than `before`. Returns the bytes freed.
    pub fn drop_before(&self, before: i64) -> Result<u64, Error> {
        let mut freed = 0;
        for block in self.all().iter().filter(|block| block.last < before) {
            self.remove(block.number);
            fs::remove_file(&block.path).map_err(|e| Error::io(&block.path, e))?;
            freed += block.bytes;
        }
        Ok(freed)
    }

    pub fn notices(&self) -> Vec<String> {
        lock(&self.notices).clone()
    }

    pub fn notice(&self, what: String) {
        tracing::error!(what, "the metric store found damage");
        let mut notices = lock(&self.notices);
        if notices.len() < NOTICES_MAX {
            notices.push(what);
        }
    }

    fn set_aside(&self, path: &Path, detail: &str) {
        let moved = disk::quarantine(path);
        let kept = if moved.is_ok() {
            "renamed to .damaged"
        } else {
            "could not be renamed"
        };
        self.notice(format!("{}: {detail}; {kept}", path.display()));
    }

    fn remove(&self, number: u64) {
        self.blocks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|block| block.number != number);
        lock(&self.cache).remove(number);
    }

    fn load(&self, block: &Arc<Block>) -> Result<Arc<OpenBlock>, Error> {
        if let Some(open) = lock(&self.cache).get(block.number) {
            return Ok(open);
        }
        // Read without the lock: two who want the same block may both read it, none waits for another.
        let open = Arc::new(block.load()?);
        lock(&self.cache).put(block.number, &open);
        Ok(open)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    fn get(&mut self, number: u64) -> Option<Arc<OpenBlock>> {
        self.uses += 1;
        let (open, used) = self.open.get_mut(&number)?;
        *used = self.uses;
        Some(open.clone())
    }

    fn put(&mut self, number: u64, open: &Arc<OpenBlock>) {
        self.remove(number);
        self.uses += 1;
        self.bytes += open.index.weight();
        self.open.insert(number, (open.clone(), self.uses));
        while self.open.len() > CACHE_BLOCKS || (self.bytes > CACHE_BYTES && self.open.len() > 1) {
            let Some(oldest) = self
                .open
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(n, _)| *n)
            else {
                break;
            };
            self.remove(oldest);
        }
    }

    fn remove(&mut self, number: u64) {
        if let Some((open, _)) = self.open.remove(&number) {
            self.bytes -= open.index.weight();
        }
    }
}
