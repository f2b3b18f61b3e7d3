//! The sealed parts: which there are, and which were found damaged.
//!
//! One seal writes several parts. Their names say of which seal (the last segment of the log that it
//! covers) and of how many parts, so an interrupted seal is recognised and undone: its rows are still in
//! the log.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::part::Part;
use crate::{Error, disk, wal};

/// What `status` says of damage found; beyond it only the log tells.
const NOTICES_MAX: usize = 100;

pub(super) struct Shelf {
    folder: PathBuf,
    /// In the order in which they were sealed.
    parts: RwLock<Vec<Arc<Part>>>,
    covered: u64,
    notices: Mutex<Vec<String>>,
}

impl Shelf {
    pub fn open(folder: PathBuf, wal: &Path) -> Result<Self, Error> {
        let names = disk::list(&folder).map_err(|e| Error::io(&folder, e))?;
        let mut seals: BTreeMap<u64, (usize, Vec<String>)> = BTreeMap::new();
        for (name, _) in names {
            let Some((seal, of)) = parse(&name) else {
                continue;
            };
            seals.entry(seal).or_insert((of, Vec::new())).1.push(name);
        }
        let oldest_logged = oldest_segment(wal)?;
        let mut shelf = Self {
            folder,
            parts: RwLock::default(),
            covered: 0,
            notices: Mutex::default(),
        };
        for (seal, (of, names)) in seals {
            // Parts go missing by retention too, but never while the log still holds their rows.
            if names.len() < of && oldest_logged.is_some_and(|oldest| oldest <= seal) {
                for name in names {
                    let path = shelf.folder.join(name);
                    fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
                }
                continue;
            }
            shelf.covered = seal;
            for name in names.iter().filter(|name| name.ends_with(".part")) {
                let path = shelf.folder.join(name);
                match Part::open(&path) {
                    Ok(part) => shelf.put(vec![part]),
                    Err(Error::Damaged { detail, .. }) => shelf.set_aside(&path, &detail),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(shelf)
    }

    pub fn path(&self, seal: u64, index: usize, of: usize) -> PathBuf {
        self.folder
            .join(format!("{seal:012}-{index:05}-of-{of:05}.part"))
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
                self.remove(&part.path);
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

    /// Drops the parts of `stream` whose newest row is older than `before`. Returns the bytes freed.
    pub fn drop_before(&self, stream: &str, before: i64) -> Result<u64, Error> {
        let mut freed = 0;
        for part in self
            .all()
            .iter()
            .filter(|part| part.stream == stream && part.last() < before)
        {
            self.remove(&part.path);
            fs::remove_file(&part.path).map_err(|e| Error::io(&part.path, e))?;
            freed += part.bytes;
        }
        Ok(freed)
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

    fn remove(&self, path: &Path) {
        self.parts
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|part| part.path != path);
    }
}

/// The seal and its number of parts; also of a part that was set aside.
fn parse(name: &str) -> Option<(u64, usize)> {
    let stem = name
        .strip_suffix(".part")
        .or_else(|| name.strip_suffix(".part.damaged"))?;
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
