//! The newest state of every source, for the console and `doctor`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use promise::{Say, Timestamp};
use serde::Serialize;

/// How a source fared the last time that it was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetStatus {
    /// `job/instance`, `probe/name` or `logs/name`.
    pub source: String,
    pub kind: TargetKind,
    /// What is asked; without user name and password.
    pub url: String,
    /// `None` until the first answer.
    pub last: Option<Timestamp>,
    pub next: Option<Timestamp>,
    pub ok: bool,
    pub error: Option<Say>,
    pub duration: Option<Duration>,
    /// Series of the last round, or log records since the start.
    pub amount: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    Scrape,
    Probe,
    Logs,
}

impl TargetStatus {
    pub(crate) fn new(source: &str, kind: TargetKind, url: String) -> Self {
        Self {
            source: source.to_owned(),
            kind,
            url,
            last: None,
            next: None,
            ok: false,
            error: None,
            duration: None,
            amount: 0,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<BTreeMap<String, TargetStatus>>);

impl Board {
    pub fn put(&self, status: TargetStatus) {
        self.rows().insert(status.source.clone(), status);
    }

    pub fn change(&self, source: &str, change: impl FnOnce(&mut TargetStatus)) {
        if let Some(status) = self.rows().get_mut(source) {
            change(status);
        }
    }

    pub fn all(&self) -> Vec<TargetStatus> {
        self.rows().values().cloned().collect()
    }

    // A row is written whole, so it is sound even where a writer panicked.
    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, TargetStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
