//! The newest state of every source, for the console and `doctor`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use promise::{Say, Timestamp};
use serde::Serialize;
use store::Labels;

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
    /// What should be seen to although the source answers.
    pub warning: Option<Say>,
    /// Series of the last round, or log records since the start.
    pub amount: u64,
    /// Of a target that is scraped.
    #[serde(skip)]
    pub target: Option<TargetDetail>,
}

/// How a target came to be one.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetDetail {
    pub job: String,
    /// Before relabelling.
    pub discovered: Labels,
    /// That its series carry.
    pub labels: Labels,
    pub interval: Duration,
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    Scrape,
    Probe,
    Logs,
    /// Where targets are looked for.
    Discovery,
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
            warning: None,
            amount: 0,
            target: None,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Board {
    rows: Mutex<BTreeMap<String, TargetStatus>>,
    /// What relabelling dropped, by job.
    dropped: Mutex<BTreeMap<String, Vec<Labels>>>,
}

impl Board {
    pub fn put(&self, status: TargetStatus) {
        self.rows().insert(status.source.clone(), status);
    }

    pub fn change(&self, source: &str, change: impl FnOnce(&mut TargetStatus)) {
        if let Some(status) = self.rows().get_mut(source) {
            change(status);
        }
    }

    pub fn remove(&self, source: &str) {
        self.rows().remove(source);
    }

    /// The labels with which a target is found now.
    pub fn rediscover(&self, source: &str, discovered: Labels) {
        self.change(source, |status| {
            if let Some(detail) = &mut status.target {
                detail.discovered = discovered;
            }
        });
    }

    pub fn drop_targets(&self, job: &str, dropped: Vec<Labels>) {
        let mut all = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(job.to_owned(), dropped);
    }

    /// Job and labels of each target that relabelling dropped.
    pub fn dropped(&self) -> Vec<(String, Labels)> {
        let all = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        let each = all
            .iter()
            .flat_map(|(job, targets)| targets.iter().map(|labels| (job.clone(), labels.clone())));
        each.collect()
    }

    pub fn all(&self) -> Vec<TargetStatus> {
        self.rows().values().cloned().collect()
    }

    // A row is written whole, so it is sound even where a writer panicked.
    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, TargetStatus>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
