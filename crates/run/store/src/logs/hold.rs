//! Legal holds: streams and times of which nothing may go, whatever retention says or a query deletes.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Error, disk::Disk, logs::Hold};

/// A matter has one hold, or a few; thousands are a mistake.
const HOLDS_MAX: usize = 1_000;

pub(super) struct Holds {
    path: PathBuf,
    all: Mutex<Vec<Hold>>,
}

impl Holds {
    /// Takes up what was held. Where that cannot be read nothing is opened, since something held could go.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("holds.json");
        let all = match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|e| Error::damaged(&path, e.to_string()))?
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(Error::io(path, e)),
        };
        Ok(Self {
            path,
            all: Mutex::new(all),
        })
    }

    pub fn all(&self) -> Vec<Hold> {
        self.lock().clone()
    }

    /// Adds a hold, or changes the one of its name.
    pub fn add(&self, hold: Hold, disk: &dyn Disk) -> Result<(), Error> {
        let mut all = self.lock();
        let mut next: Vec<Hold> = all
            .iter()
            .filter(|known| known.name != hold.name)
            .cloned()
            .collect();
        if next.len() >= HOLDS_MAX {
            return Err(Error::over("the number of holds", HOLDS_MAX));
        }
        next.push(hold);
        self.write(&next, disk)?;
        *all = next;
        Ok(())
    }

    /// Whether there was one of this name.
    pub fn remove(&self, name: &str, disk: &dyn Disk) -> Result<bool, Error> {
        let mut all = self.lock();
        let next: Vec<Hold> = all
            .iter()
            .filter(|known| known.name != name)
            .cloned()
            .collect();
        if next.len() == all.len() {
            return Ok(false);
        }
        self.write(&next, disk)?;
        *all = next;
        Ok(true)
    }

    /// Whether anything of a stream between two times is held.
    pub fn touch(&self, stream: &str, first: i64, last: i64) -> bool {
        self.lock().iter().any(|hold| {
            hold.covers(stream) && hold.from.as_millis() <= last && first <= hold.to.as_millis()
        })
    }

    fn write(&self, all: &[Hold], disk: &dyn Disk) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(all)
            .map_err(|e| Error::io(&self.path, io::Error::other(e)))?;
        disk.write_whole(&self.path, &bytes)
            .map_err(|e| Error::io(&self.path, e))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Hold>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
