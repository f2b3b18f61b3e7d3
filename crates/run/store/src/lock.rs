//! The data directory: its layout, and the lock that keeps a second process out.
//!
//! It does not open the stores; it says where they lie. The lock is the kernel's (`flock`), so it ends
//! with the process however the process ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use crate::Error;

/// A data directory that belongs to this process until the value is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    const FOLDERS: [&str; 3] = ["metrics", "logs", "ledger"];

    /// Creates what is missing and locks it. `InUse` where another process holds it; `Io` with the path
    /// where it cannot be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        fs::create_dir_all(&path).map_err(|e| Error::io(&path, e))?;
        let lock_path = path.join("lock");
        // Never truncated: the one who holds it may have something written there.
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|e| Error::io(&lock_path, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { path }),
            Err(TryLockError::Error(e)) => return Err(Error::io(&lock_path, e)),
        }
        for folder in Self::FOLDERS {
            let folder = path.join(folder);
            fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, e))?;
        }
        File::open(&path)
            .and_then(|dir| dir.sync_all())
            .map_err(|e| Error::io(&path, e))?;
        Ok(Self { path, _lock: lock })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the metric store.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics")
    }

    /// The folder of the log store.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The file of the state store.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.path.join("state.redb")
    }

    /// The folder of the ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.path.join("ledger")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        assert!(matches!(
            DataDir::open(dir.path()),
            Err(Error::InUse { .. })
        ));
        drop(first);
        DataDir::open(dir.path()).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        // Nobody, root included, can create a folder in /proc.
        let error = DataDir::open("/proc/tegata").unwrap_err();
        assert!(
            matches!(&error, Error::Io { path, .. } if path == Path::new("/proc/tegata")),
            "{error}"
        );
        assert!(!error.is_passing());
    }
}
