//! The sealed blocks: which there are, which are open, which were found damaged.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use promise::signal::Matcher;

use super::{
    block::{Block, OpenBlock},
    codec::Decoder,
    deleted,
};
use crate::{
    Error, Histogram, Labels,
    disk::{self, Disk},
};

/// Open blocks keep their index in memory and a file descriptor each.
const CACHE_BYTES: usize = 16 << 20;
const CACHE_BLOCKS: usize = 64;
/// What `status` says of damage found; beyond it only the log tells.
const NOTICES_MAX: usize = 100;

pub(super) struct Shelf {
    folder: PathBuf,
    /// In the order of their numbers, which is the order in which they were sealed.
    blocks: RwLock<Vec<Arc<Block>>>,
    /// Held while blocks are replaced or marked, so that neither overtakes the other.
    gate: Mutex<()>,
    cache: Mutex<Cache>,
    notices: Mutex<Vec<String>>,
}

/// What came of looking into a block.
pub(super) enum Seen<T> {
    Read(T),
    /// It is damaged and was set aside; the rest serves.
    SetAside,
    /// It was merged or dropped meanwhile, so the list of blocks is to be asked for again.
    Gone,
}

/// A sample of either kind.
pub(super) enum Standing {
    Float(f64),
    Histogram(Arc<Histogram>),
}

#[derive(Default)]
struct Cache {
    open: HashMap<Key, (Arc<OpenBlock>, u64)>,
    bytes: usize,
    /// Counts uses, so that the least recently used one goes first.
    uses: u64,
}

/// A block that was written anew has the numbers of the one before, but not its checksum.
type Key = ((u64, u64), u32);

fn key(block: &Block) -> Key {
    (block.numbers, block.crc)
}

impl Shelf {
    pub fn open(folder: PathBuf) -> Result<Self, Error> {
        let shelf = Self {
            folder,
            blocks: RwLock::default(),
            gate: Mutex::default(),
            cache: Mutex::default(),
            notices: Mutex::default(),
        };
        let io = |e| Error::io(&shelf.folder, e);
        let mut names = Vec::new();
        for (name, _) in disk::list(&shelf.folder).map_err(io)? {
            if let Some(numbers) = numbers(&name) {
                names.push(numbers);
            } else if name.ends_with(".merged") {
                // Finished, but it did not get its name: its sources are there.
                let path = shelf.folder.join(name);
                fs::remove_file(&path).map_err(|e| Error::io(path, e))?;
            }
        }
        // The widest of those that begin with the same number first: it holds what the others do.
        names.sort_by_key(|(first, last)| (*first, std::cmp::Reverse(*last)));
        for numbers in names {
            let path = shelf.path(numbers.0, numbers.1);
            if numbers.1 <= shelf.covered() {
                // Merged into the block before; the process ended before it was removed.
                remove(&path).map_err(|e| Error::io(path, e))?;
                continue;
            }
            match Block::open(&path, numbers) {
                Ok(block) => shelf.put(block),
                Err(Error::Damaged { detail, .. }) => shelf.set_aside(&path, &detail),
                Err(error) => return Err(error),
            }
        }
        Ok(shelf)
    }

    /// Where the block of these segments of the log lies.
    pub fn path(&self, first: u64, last: u64) -> PathBuf {
        // Of fixed width, so that the order of names is the order of numbers.
        self.folder.join(format!("{first:012}-{last:012}.block"))
    }

    /// The last segment of the write-ahead log whose samples lie in blocks.
    pub fn covered(&self) -> u64 {
        self.all().last().map_or(0, |block| block.numbers.1)
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

    /// Runs `work` on the open block.
    pub fn with<T>(
        &self,
        block: &Arc<Block>,
        work: impl FnOnce(&OpenBlock) -> Result<T, Error>,
    ) -> Result<Seen<T>, Error> {
        match self.load(block).and_then(|open| work(&open)) {
            Ok(result) => Ok(Seen::Read(result)),
            Err(Error::Damaged { path, detail }) => {
                debug_assert_eq!(path, block.path);
                self.give_up(block, &detail);
                Ok(Seen::SetAside)
            }
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && !self.holds(block) =>
            {
                Ok(Seen::Gone)
            }
            Err(error) => Err(error),
        }
    }

    /// When the series' newest sealed sample was taken, as far as that is not before `at`.
    pub fn newest(&self, labels: &Labels, at: i64) -> Result<Option<i64>, Error> {
        let mut newest = None;
        for block in self.all().iter().filter(|block| block.last >= at) {
            match self.with(block, |open| Ok(open.index.find(labels)))? {
                Seen::Read(entry) => newest = newest.max(entry.map(|(_, entry)| entry.last)),
                Seen::SetAside => {}
                // What replaced it holds the same.
                Seen::Gone => return self.newest(labels, at),
            }
        }
        Ok(newest)
    }

    /// What a series holds at just this time, where a block knows.
    pub fn at(&self, labels: &Labels, at: i64) -> Result<Option<Standing>, Error> {
        for block in self
            .all()
            .iter()
            .filter(|block| block.first <= at && block.last >= at)
        {
            let look = |open: &OpenBlock| {
                let Some(found) = open.index.find(labels) else {
                    return Ok(None);
                };
                let (mut samples, mut histograms) =
                    open.read(&block.deleted, found, (at, at), &mut Decoder::default())?;
                let float = samples.pop().map(|s| Standing::Float(s.value));
                Ok(float.or_else(|| histograms.pop().map(|h| Standing::Histogram(h.value))))
            };
            match self.with(block, look)? {
                Seen::Read(None) | Seen::SetAside => {}
                Seen::Read(found) => return Ok(found),
                Seen::Gone => return self.at(labels, at),
            }
        }
        Ok(None)
    }

    /// Drops the blocks whose newest sample is older than `before`, once `rolled` has taken of each what is to
    /// stay. Returns the bytes freed.
    pub fn drop_before(
        &self,
        before: i64,
        rolled: impl Fn(&Block, &OpenBlock) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let _gate = lock(&self.gate);
        let mut freed = 0;
        for block in self.all().iter().filter(|block| block.last < before) {
            // What is damaged was set aside, and nothing of it can stay.
            if !matches!(
                self.with(block, |open| rolled(block, open))?,
                Seen::Read(())
            ) {
                continue;
            }
            freed += self.drop_block(block)?;
        }
        Ok(freed)
    }

    /// Drops the oldest blocks until the rest takes at most `bytes`, as [`Shelf::drop_before`] does. Returns the
    /// bytes freed.
    pub fn drop_oldest(
        &self,
        bytes: u64,
        rolled: impl Fn(&Block, &OpenBlock) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let _gate = lock(&self.gate);
        let mut all = self.all();
        all.sort_by_key(|block| std::cmp::Reverse(block.last));
        let (mut kept, mut freed) = (0, 0);
        for block in &all {
            kept += block.bytes;
            if kept > bytes
                && matches!(
                    self.with(block, |open| rolled(block, open))?,
                    Seen::Read(())
                )
            {
                freed += self.drop_block(block)?;
            }
        }
        Ok(freed)
    }

    fn drop_block(&self, block: &Arc<Block>) -> Result<u64, Error> {
        self.replace(std::slice::from_ref(block), None);
        remove(&block.path).map_err(|e| Error::io(&block.path, e))?;
        Ok(block.bytes)
    }

    /// Marks what `matchers` accept in `[from, to]` as deleted, durably.
    pub fn delete(
        &self,
        disk: &dyn Disk,
        matchers: &[Matcher],
        from: i64,
        to: i64,
    ) -> Result<(), Error> {
        let _gate = lock(&self.gate);
        for block in self
            .all()
            .iter()
            .filter(|block| block.first <= to && block.last >= from)
        {
            let mark = |open: &OpenBlock| {
                let mut gone = (*block.deleted).clone();
                for i in open.index.matching(matchers) {
                    let touched = open
                        .index
                        .entry(i)
                        .filter(|e| e.first <= to && e.last >= from);
                    if touched.is_some() {
                        gone.add(i, from, to);
                    }
                }
                Ok(gone)
            };
            if let Seen::Read(gone) = self.with(block, mark)?
                && gone != *block.deleted
            {
                gone.save(disk, &block.path, block.crc)?;
                self.replace(std::slice::from_ref(block), Some(block.with_deleted(gone)));
            }
        }
        Ok(())
    }

    /// Puts a block that was merged from `sources` and lies at `finished` in their place. `false` where one of them
    /// was marked or dropped meanwhile: then the merged one is of no use.
    pub fn merge(&self, sources: &[Arc<Block>], finished: &Path) -> Result<bool, Error> {
        let _gate = lock(&self.gate);
        let (Some(first), Some(last)) = (sources.first(), sources.last()) else {
            return Ok(false);
        };
        if !sources.iter().all(|block| self.holds(block)) {
            return Ok(false);
        }
        let numbers = (first.numbers.0, last.numbers.1);
        let path = self.path(numbers.0, numbers.1);
        disk::rename(finished, &path).map_err(|e| Error::io(&path, e))?;
        let merged = Block::open(&path, numbers)?;
        self.replace(sources, (merged.samples > 0).then_some(merged));
        for source in sources.iter().filter(|source| source.path != path) {
            remove(&source.path).map_err(|e| Error::io(&source.path, e))?;
        }
        // A file that was written anew under its old name is followed by no marks of its own.
        remove_if_there(&deleted::beside(&path)).map_err(|e| Error::io(&path, e))?;
        Ok(true)
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

    /// Takes a damaged block away from what serves.
    pub fn give_up(&self, block: &Arc<Block>, detail: &str) {
        self.replace(std::slice::from_ref(block), None);
        self.set_aside(&block.path, detail);
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

    fn holds(&self, block: &Arc<Block>) -> bool {
        self.all().iter().any(|held| Arc::ptr_eq(held, block))
    }

    /// Puts `by` in the place of the first of `blocks`, and takes all of them away.
    fn replace(&self, blocks: &[Arc<Block>], by: Option<Block>) {
        let mut by = by.map(Arc::new);
        let mut held = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
        let is_one = |held: &Arc<Block>| blocks.iter().any(|block| Arc::ptr_eq(held, block));
        let mut next = Vec::with_capacity(held.len());
        for block in held.iter() {
            if !is_one(block) {
                next.push(block.clone());
            } else if let Some(by) = by.take() {
                next.push(by);
            }
        }
        let mut cache = lock(&self.cache);
        for block in blocks {
            let kept = next.iter().any(|other| key(other) == key(block));
            if !kept {
                cache.remove(key(block));
            }
        }
        *held = next;
    }

    fn load(&self, block: &Arc<Block>) -> Result<Arc<OpenBlock>, Error> {
        if let Some(open) = lock(&self.cache).get(key(block)) {
            return Ok(open);
        }
        // Read without the lock: two who want the same block may both read it, none waits for another.
        let open = Arc::new(block.load()?);
        lock(&self.cache).put(key(block), &open);
        Ok(open)
    }
}

/// The segments of the log that a block of such a name holds.
fn numbers(name: &str) -> Option<(u64, u64)> {
    let (first, last) = name.strip_suffix(".block")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// Removes a block and what lies beside it. The block goes first: marks without a block do no harm.
fn remove(block: &Path) -> io::Result<()> {
    fs::remove_file(block)?;
    remove_if_there(&deleted::beside(block))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    fn get(&mut self, key: Key) -> Option<Arc<OpenBlock>> {
        self.uses += 1;
        let (open, used) = self.open.get_mut(&key)?;
        *used = self.uses;
        Some(open.clone())
    }

    fn put(&mut self, key: Key, open: &Arc<OpenBlock>) {
        self.remove(key);
        self.uses += 1;
        self.bytes += open.weight();
        self.open.insert(key, (open.clone(), self.uses));
        while self.open.len() > CACHE_BLOCKS || (self.bytes > CACHE_BYTES && self.open.len() > 1) {
            let oldest = self.open.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                break;
            };
            self.remove(oldest);
        }
    }

    fn remove(&mut self, key: Key) {
        if let Some((open, _)) = self.open.remove(&key) {
            self.bytes -= open.weight();
        }
    }
}
