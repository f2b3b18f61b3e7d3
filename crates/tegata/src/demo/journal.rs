//! A program's log file: JSON lines, rotated by rename when it has grown.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

/// A file is rotated at this size; one older file is kept beside it.
const SIZE_MAX: u64 = 16 << 20;

/// An open log file.
pub(super) struct Journal {
    path: PathBuf,
    open: Mutex<(File, u64)>,
}

impl Journal {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let size = file.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            open: Mutex::new((file, size)),
        })
    }

    /// Appends one line. A simulated program drops what it cannot write, as real ones do.
    pub(super) fn write(&self, line: &Value) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.append(&mut open, line) {
            tracing::warn!(%error, path = %self.path.display(), "the shop could not write its log");
        }
    }

    fn append(&self, open: &mut (File, u64), line: &Value) -> io::Result<()> {
        if open.1 > SIZE_MAX {
            std::fs::rename(&self.path, self.path.with_extension("jsonl.1"))?;
            *open = (
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&self.path)?,
                0,
            );
        }
        let text = format!("{line}\n");
        open.0.write_all(text.as_bytes())?;
        open.1 += text.len() as u64;
        Ok(())
    }
}
