//! Counts in the order of their time, as long as the newest is less than a stretch away from the oldest.

use std::{collections::VecDeque, time::Duration};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

/// Entries of one window: at a thousand events a second, the newest minute of it. The oldest are let go beyond it.
const ENTRIES_MAX: usize = 65_536;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub at: Timestamp,
    pub count: f64,
    /// Stands for time that passed without an event.
    pub empty: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Window(VecDeque<Entry>);

impl Window {
    /// Puts an entry in its place and answers with those that fall out, oldest first.
    pub fn push(&mut self, entry: Entry, over: Duration) -> Vec<Entry> {
        let place = self.0.partition_point(|other| other.at <= entry.at);
        self.0.insert(place, entry);
        let mut out = Vec::new();
        while self.0.len() > ENTRIES_MAX || self.spans(over) {
            out.extend(self.0.pop_front());
        }
        out
    }

    fn spans(&self, over: Duration) -> bool {
        match (self.0.front(), self.0.back()) {
            (Some(first), Some(last)) => last.at.since(first.at) >= over && !over.is_zero(),
            _ => false,
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn first(&self) -> Option<Entry> {
        self.0.front().copied()
    }

    pub fn last(&self) -> Option<Entry> {
        self.0.back().copied()
    }

    pub fn count(&self) -> f64 {
        self.0.iter().map(|entry| entry.count).sum()
    }

    /// Without what stands for empty time.
    #[allow(clippy::cast_precision_loss)]
    pub fn mean(&self) -> Option<f64> {
        let real = self.0.iter().filter(|entry| !entry.empty);
        let (sum, n) = real.fold((0.0, 0_usize), |(sum, n), entry| (sum + entry.count, n + 1));
        (n > 0).then(|| sum / n as f64)
    }

    pub fn min(&self) -> Option<f64> {
        self.0.iter().map(|entry| entry.count).reduce(f64::min)
    }

    pub fn max(&self) -> Option<f64> {
        self.0.iter().map(|entry| entry.count).reduce(f64::max)
    }

    /// The first with a count, or the last of all.
    pub fn first_counted(&self) -> Option<Entry> {
        self.0
            .iter()
            .find(|entry| entry.count != 0.0)
            .or(self.0.back())
            .copied()
    }

    /// The first real one, or the last of all.
    pub fn first_real(&self) -> Option<Entry> {
        self.0
            .iter()
            .find(|entry| !entry.empty)
            .or(self.0.back())
            .copied()
    }
}
