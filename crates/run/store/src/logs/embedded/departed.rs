//! What has become of sealed parts that are gone: merged, or past their retention.
//!
//! A ledger that holds a part's sum asks for it again later. Where it left for a reason, the reason is noted durably
//! before its file goes, in `departed.json`; a file that only vanished has none, and that is how it is noticed.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::part::Part;
use crate::{
    Error,
    disk::Disk,
    logs::{Departed, Why},
};

/// Departures that are remembered. They are asked for hourly, and in an hour a few hundred sealed parts leave.
const DEPARTED_MAX: usize = 4_096;

pub(super) struct Departures {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    departed: Vec<Departed>,
    /// Parts whose sums were told since the start; those that were there at the start may all have been.
    told: BTreeSet<String>,
}

impl Departures {
    /// What cannot be read explains nothing, so that parts which left look vanished: told, not hidden.
    pub fn open(folder: &Path, parts: impl Iterator<Item = String>) -> Result<Self, Error> {
        let path = folder.join("departed.json");
        let departed = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(Error::io(path, e)),
        };
        let told = parts.collect();
        Ok(Self {
            path,
            state: Mutex::new(State { departed, told }),
        })
    }

    /// These have been sealed: when they leave, it matters why.
    pub fn tell(&self, parts: &[std::sync::Arc<Part>]) {
        self.lock()
            .told
            .extend(parts.iter().map(|part| part.name()));
    }

    pub fn all(&self) -> Vec<Departed> {
        self.lock().departed.clone()
    }

    /// Notes why parts leave, before their files do.
    pub fn note(&self, parts: &[&Part], why: &Why, disk: &dyn Disk) -> Result<(), Error> {
        let told = self.lock().told.clone();
        let leaving = parts
            .iter()
            .filter(|part| told.contains(&part.name()))
            .map(|part| Departed {
                name: part.name(),
                sha256: part.sum_hex(),
                why: why.clone(),
            });
        self.add(leaving.collect(), disk)
    }

    pub fn add(&self, leaving: Vec<Departed>, disk: &dyn Disk) -> Result<(), Error> {
        if leaving.is_empty() {
            return Ok(());
        }
        let mut state = self.lock();
        let mut next = state.departed.clone();
        next.extend(leaving.iter().cloned());
        let excess = next.len().saturating_sub(DEPARTED_MAX);
        next.drain(..excess);
        let bytes =
            serde_json::to_vec(&next).map_err(|e| Error::io(&self.path, io::Error::other(e)))?;
        disk.write_whole(&self.path, &bytes)
            .map_err(|e| Error::io(&self.path, e))?;
        for part in &leaving {
            state.told.remove(&part.name);
        }
        state.departed = next;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
