//! What the engines ask of a file system, so narrow that a test can stand a full or a forgetful disk in
//! its place.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// What is gathered before the kernel is asked to write.
const WRITE_BYTES: usize = 256 << 10;

/// The writing half; reading goes through `std::fs` directly.
pub(crate) trait Disk: Send + Sync {
    /// Creates a file to append to. Its name is durable once this returns.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Tail>>;

    /// Writes a whole file. Either all of it is durable under its name once this returns, or the name
    /// does not exist.
    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write_streamed(path, &mut |out| out.write_all(bytes))
    }

    /// The same for a file that is too large to be held in memory: `fill` writes it from its beginning to its
    /// end.
    fn write_streamed(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()>;
}

/// Writes the content of a file.
pub(crate) type Fill<'f> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'f;

/// A file that only grows, except when a failed write is taken back.
pub(crate) trait Tail: Send {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns once everything appended is on stable storage.
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// The file system of the machine.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Tail>> {
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(path)?;
        sync_folder(path)?;
        Ok(Box::new(file))
    }

    fn write_streamed(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
        let unfinished = unfinished(path);
        let mut write = || {
            let mut out = BufWriter::with_capacity(WRITE_BYTES, File::create(&unfinished)?);
            fill(&mut out)?;
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            fs::rename(&unfinished, path)?;
            sync_folder(path)
        };
        write().inspect_err(|_| {
            // A file that was not finished takes space that a full disk needs.
            let _ = fs::remove_file(&unfinished);
        })
    }
}

impl Tail for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

fn unfinished(path: &Path) -> PathBuf {
    with_suffix(path, ".unfinished")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes the names in the folder of `path` durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Gives a finished file another name, durably.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to)
}

/// Creates `folder` if need be, removes what an interrupted write left there, and lists the rest by name.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    fs::create_dir_all(folder)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is not UTF-8 is none of ours.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.ends_with(".unfinished") {
            fs::remove_file(entry.path())?;
        } else {
            found.push((name, entry.metadata()?.len()));
        }
    }
    found.sort();
    Ok(found)
}

/// Puts a damaged file out of the way but keeps it for whoever investigates.
pub(crate) fn quarantine(path: &Path) -> io::Result<()> {
    fs::rename(path, with_suffix(path, ".damaged"))?;
    sync_folder(path)
}

#[cfg(test)]
pub(crate) mod failing {
    //! Disks that fail on schedule.
    #![allow(clippy::unwrap_used)]

    use std::{
        collections::BTreeMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicI64, AtomicU64, Ordering},
        },
    };

    use super::*;

    /// A disk with so many bytes left, which forgets on [`FailingDisk::lose_power`] what was not synced.
    #[derive(Default)]
    pub(crate) struct FailingDisk {
        left: Arc<AtomicI64>,
        /// How many of the next syncs fail.
        bad_syncs: Arc<AtomicU64>,
        synced: Arc<Mutex<BTreeMap<PathBuf, u64>>>,
        power: Arc<Power>,
    }

    /// So many more operations, then none. Negative where it never fails.
    pub(crate) struct Power(AtomicI64);

    impl Default for Power {
        fn default() -> Self {
            Self(AtomicI64::new(i64::MIN))
        }
    }

    impl Power {
        /// Fails where the power has gone, or goes with this operation.
        fn spend(&self) -> io::Result<()> {
            let left = self.0.load(Ordering::SeqCst);
            match left {
                i64::MIN..0 => Ok(()),
                0 => Err(io::Error::other("there is no power")),
                1.. => {
                    self.0.store(left - 1, Ordering::SeqCst);
                    Ok(())
                }
            }
        }
    }

    struct FailingTail {
        power: Arc<Power>,
        file: Box<dyn Tail>,
        path: PathBuf,
        len: u64,
        left: Arc<AtomicI64>,
        bad_syncs: Arc<AtomicU64>,
        synced: Arc<Mutex<BTreeMap<PathBuf, u64>>>,
    }

    impl FailingDisk {
        pub fn with_space(bytes: i64) -> Arc<Self> {
            let disk = Self::default();
            disk.left.store(bytes, Ordering::SeqCst);
            Arc::new(disk)
        }

        pub fn set_space(&self, bytes: i64) {
            self.left.store(bytes, Ordering::SeqCst);
        }

        /// After so many operations nothing is written any more.
        pub fn lose_power_after(&self, operations: i64) {
            self.power.0.store(operations, Ordering::SeqCst);
        }

        pub fn fail_syncs(&self, times: u64) {
            self.bad_syncs.store(times, Ordering::SeqCst);
        }

        /// Cuts every appended file back to its last sync. The engine must have been dropped.
        pub fn lose_power(&self) {
            for (path, len) in &*self.synced.lock().unwrap() {
                if let Ok(file) = OpenOptions::new().write(true).open(path) {
                    file.set_len(*len).unwrap();
                }
            }
        }
    }

    fn full() -> io::Error {
        io::Error::from(io::ErrorKind::StorageFull)
    }

    impl Disk for FailingDisk {
        fn create(&self, path: &Path) -> io::Result<Box<dyn Tail>> {
            self.power.spend()?;
            if self.left.load(Ordering::SeqCst) <= 0 {
                return Err(full());
            }
            self.synced.lock().unwrap().insert(path.to_owned(), 0);
            Ok(Box::new(FailingTail {
                file: RealDisk.create(path)?,
                path: path.to_owned(),
                len: 0,
                left: self.left.clone(),
                bad_syncs: self.bad_syncs.clone(),
                synced: self.synced.clone(),
                power: self.power.clone(),
            }))
        }

        fn write_streamed(&self, path: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
            let mut bytes = Vec::new();
            fill(&mut bytes)?;
            self.power.spend()?;
            let size = i64::try_from(bytes.len()).unwrap();
            if self.left.fetch_sub(size, Ordering::SeqCst) < size {
                self.left.fetch_add(size, Ordering::SeqCst);
                return Err(full());
            }
            // Whole or not at all, but without waiting for a real disk.
            fs::write(unfinished(path), &bytes)?;
            fs::rename(unfinished(path), path)
        }
    }

    impl Tail for FailingTail {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.power.spend()?;
            let left = usize::try_from(self.left.load(Ordering::SeqCst)).unwrap_or(0);
            // A full disk takes what fits: the write is torn.
            let fits = &bytes[..bytes.len().min(left)];
            self.file.append(fits)?;
            self.len += fits.len() as u64;
            self.left
                .fetch_sub(i64::try_from(fits.len()).unwrap(), Ordering::SeqCst);
            if fits.len() < bytes.len() {
                Err(full())
            } else {
                Ok(())
            }
        }

        fn sync(&mut self) -> io::Result<()> {
            if self.bad_syncs.load(Ordering::SeqCst) > 0 {
                self.bad_syncs.fetch_sub(1, Ordering::SeqCst);
                return Err(io::Error::other("the disk did not answer"));
            }
            self.power.spend()?;
            self.synced
                .lock()
                .unwrap()
                .insert(self.path.clone(), self.len);
            Ok(())
        }

        fn cut(&mut self, len: u64) -> io::Result<()> {
            self.power.spend()?;
            self.left
                .fetch_add(i64::try_from(self.len - len).unwrap(), Ordering::SeqCst);
            self.len = len;
            self.file.cut(len)
        }
    }
}
