//! The parts on the disk: which there are, and which were found damaged.
//!
//! One seal writes several parts. Their names say of which seal (the last segment of the log that it
//! covers) and of how many parts, so an interrupted seal is recognised and undone: its rows are still in
//! the log. A merged part names those that it replaces; what of them is still there when it is opened goes.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{gone, part::Part};
use crate::{
    Error, disk,
    logs::{Departed, Why},
    wal,
};

/// What `status` says of damage found; beyond it only the log tells.
const NOTICES_MAX: usize = 100;

pub(super) struct Shelf {
    folder: PathBuf,
    /// In the order in which they were sealed.
    parts: RwLock<Vec<Arc<Part>>>,
    covered: u64,
    notices: Mutex<Vec<String>>,
    /// Parts that a merged one replaced before the last end, whose files are still there.
    superseded: Vec<Departed>,
}

impl Shelf {
    pub fn open(folder: PathBuf, wal: &Path) -> Result<Self, Error> {
        let names = disk::list(&folder).map_err(|e| Error::io(&folder, e))?;
        let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
        let mut shelf = Self {
            folder,
            parts: RwLock::default(),
            covered: 0,
            notices: Mutex::default(),
            superseded: Vec::new(),
        };
        let mut replaced = BTreeMap::new();
        for name in names.iter().filter(|name| name.ends_with(MERGED)) {
            if let Some(part) = shelf.open_part(name)? {
                let names = part.replaces.iter().cloned();
                replaced.extend(names.map(|name| (name, part.sum_hex())));
            }
        }
        let oldest_logged = oldest_segment(wal)?;
        let mut notes = Vec::new();
        let mut seals: BTreeMap<u64, Vec<(usize, String)>> = BTreeMap::new();
        for name in names {
            if let Some((seal, of)) = parse(&name) {
                seals.entry(seal).or_default().push((of, name));
            } else if name.ends_with(gone::SUFFIX) {
                notes.push(name);
            }
        }
        for (seal, names) in seals {
            let sealed: Vec<usize> = names
                .iter()
                .filter_map(|(of, name)| (!is_merged(name)).then_some(*of))
                .collect();
            // Parts go missing by retention and merging too, but never while the log still holds their rows.
            let is_whole = sealed.first().is_none_or(|of| sealed.len() >= *of);
            let is_interrupted = !is_whole && oldest_logged.is_some_and(|oldest| oldest <= seal);
            for (_, name) in names {
                if let Some(into) = replaced.get(&name) {
                    shelf.supersede(name, into);
                } else if is_interrupted && !is_merged(&name) {
                    let path = shelf.folder.join(name);
                    fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
                } else if let Some(part) = shelf.open_part(&name)? {
                    shelf.put(vec![part]);
                }
            }
            if !is_interrupted {
                shelf.covered = seal;
            }
        }
        for name in notes {
            shelf.remove_orphan(&name)?;
        }
        Ok(shelf)
    }

    fn supersede(&mut self, name: String, into: &str) {
        let part = Part::open(&self.folder.join(&name));
        self.superseded.push(Departed {
            name,
            sha256: part.map(|part| part.sum_hex()).unwrap_or_default(),
            why: Why::Merged {
                into: Some(into.to_owned()),
            },
        });
    }

    /// What a death left half done: parts that were merged already. They go once it is noted why.
    pub fn superseded(&self) -> &[Departed] {
        &self.superseded
    }

    pub fn remove_superseded(&self) -> Result<(), Error> {
        for part in &self.superseded {
            let path = self.folder.join(&part.name);
            fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
            self.remove_orphan(&format!("{}{}", part.name, gone::SUFFIX))?;
        }
        Ok(())
    }

    /// `None` where the part was damaged and is set aside, or was before.
    fn open_part(&self, name: &str) -> Result<Option<Part>, Error> {
        let path = self.folder.join(name);
        if name.ends_with(DAMAGED) || !path.exists() {
            return Ok(None);
        }
        match Part::open(&path).and_then(|part| gone::recall(&part).map(|()| part)) {
            Ok(part) => Ok(Some(part)),
            Err(Error::Damaged { path, detail }) => {
                self.set_aside(&path, &detail);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn remove_orphan(&self, name: &str) -> Result<(), Error> {
        let of = name.strip_suffix(gone::SUFFIX).unwrap_or(name);
        let path = self.folder.join(name);
        if self.folder.join(of).exists() || !path.exists() {
            return Ok(());
        }
        fs::remove_file(&path).map_err(|e| Error::io(path, e))
    }

    pub fn path(&self, seal: u64, index: usize, of: usize) -> PathBuf {
        self.folder
            .join(format!("{seal:012}-{index:05}-of-{of:05}{SEALED}"))
    }

    /// Where a part goes that replaces others. Its seal is the newest of theirs, and its number is above all
    /// that this seal has, so that no name which a part replaces is ever given again while that part is there.
    pub fn merged_path(&self, old: &[Arc<Part>]) -> Option<PathBuf> {
        let seal = old
            .iter()
            .filter_map(|part| parse(&part.name()))
            .map(|(seal, _)| seal)
            .max()?;
        let all = self.all();
        let of_seal = all
            .iter()
            .map(|part| part.name())
            .filter(|name| is_merged(name));
        let numbers = of_seal
            .filter_map(|name| parse(&name))
            .filter(|(other, _)| *other == seal);
        let next = numbers.map(|(_, number)| number + 1).max().unwrap_or(0);
        (next..=MERGES_MAX)
            .map(|n| self.folder.join(format!("{seal:012}-{n:05}{MERGED}")))
            .find(|path| !path.exists())
    }

    /// The last segment of the write-ahead log whose rows lie in parts.
    pub fn covered(&self) -> u64 {
        self.covered
    }

    pub fn put(&self, parts: Vec<Part>) {
        let mut all = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        all.extend(parts.into_iter().map(Arc::new));
    }

    pub fn all(&self) -> Vec<Arc<Part>> {
        self.parts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads from a part. A damaged one is set aside and answers `None`, as one does that was dropped
    /// meanwhile.
    pub fn with<T>(
        &self,
        part: &Part,
        read: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match read() {
            Ok(result) => Ok(Some(result)),
            Err(Error::Damaged { path, detail }) => {
                self.take(&path);
                self.set_aside(&path, &detail);
                Ok(None)
            }
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound
                    && !self.all().iter().any(|p| p.path == part.path) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes a part and what was noted of it. Returns the bytes freed.
    pub fn remove(&self, part: &Part) -> Result<u64, Error> {
        self.take(&part.path);
        fs::remove_file(&part.path).map_err(|e| Error::io(&part.path, e))?;
        gone::forget(part)?;
        Ok(part.bytes)
    }

    /// Puts a part in the place of others, for readers all at once. Their files go afterwards.
    pub fn replace(&self, old: &[Arc<Part>], new: Option<Part>) {
        let mut all = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        let place = all
            .iter()
            .position(|part| old.iter().any(|old| old.path == part.path))
            .unwrap_or(all.len());
        all.retain(|part| !old.iter().any(|old| old.path == part.path));
        if let Some(new) = new {
            let place = place.min(all.len());
            all.insert(place, Arc::new(new));
        }
    }

    pub fn notices(&self) -> Vec<String> {
        self.notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn notice(&self, what: String) {
        tracing::error!(what, "the log store found damage");
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn take(&self, path: &Path) {
        let mut all = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|part| part.path != path);
    }
}

const SEALED: &str = ".part";
const MERGED: &str = ".merged";
const DAMAGED: &str = ".damaged";
/// Merged parts that were made of one seal's, over all streams and days.
const MERGES_MAX: usize = 99_999;

fn is_merged(name: &str) -> bool {
    name.trim_end_matches(DAMAGED).ends_with(MERGED)
}

/// The seal and its number of parts; also of a part that was set aside.
fn parse(name: &str) -> Option<(u64, usize)> {
    let name = name.trim_end_matches(DAMAGED);
    let stem = name
        .strip_suffix(SEALED)
        .or_else(|| name.strip_suffix(MERGED))?;
    let mut pieces = stem.split('-');
    let seal = pieces.next()?.parse().ok()?;
    Some((seal, pieces.next_back()?.parse().ok()?))
}

fn oldest_segment(folder: &Path) -> Result<Option<u64>, Error> {
    let names = disk::list(folder).map_err(|e| Error::io(folder, e))?;
    Ok(names
        .iter()
        .filter_map(|(name, _)| wal::segment(name))
        .min())
}
