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

/// Counts up to here are added up without an error, whatever the order.
const EXACT_MAX: f64 = 1e9;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "VecDeque<Entry>", into = "VecDeque<Entry>")]
pub(super) struct Window {
    entries: VecDeque<Entry>,
    /// Of the counts that are whole numbers, so that a busy window is not added up for each event.
    whole: f64,
    /// Entries whose counts are not.
    others: usize,
}

fn is_whole(entry: &Entry) -> bool {
    entry.count.fract() == 0.0 && entry.count.abs() <= EXACT_MAX
}

impl From<VecDeque<Entry>> for Window {
    fn from(entries: VecDeque<Entry>) -> Self {
        let others = entries.iter().filter(|entry| !is_whole(entry)).count();
        let whole = entries.iter().filter(|entry| is_whole(entry));
        Self {
            whole: whole.map(|entry| entry.count).sum(),
            others,
            entries,
        }
    }
}

impl From<Window> for VecDeque<Entry> {
    fn from(window: Window) -> Self {
        window.entries
    }
}

impl Window {
    /// Puts an entry in its place and answers with those that fall out, oldest first.
    pub fn push(&mut self, entry: Entry, over: Duration) -> Vec<Entry> {
        let place = self.entries.partition_point(|other| other.at <= entry.at);
        self.entries.insert(place, entry);
        if is_whole(&entry) {
            self.whole += entry.count;
        } else {
            self.others += 1;
        }
        let mut out = Vec::new();
        while self.entries.len() > ENTRIES_MAX || self.spans(over) {
            let Some(first) = self.entries.pop_front() else {
                break;
            };
            if is_whole(&first) {
                self.whole -= first.count;
            } else {
                self.others -= 1;
            }
            out.push(first);
        }
        out
    }

    fn spans(&self, over: Duration) -> bool {
        match (self.entries.front(), self.entries.back()) {
            (Some(first), Some(last)) => last.at.since(first.at) >= over && !over.is_zero(),
            _ => false,
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn first(&self) -> Option<Entry> {
        self.entries.front().copied()
    }

    pub fn last(&self) -> Option<Entry> {
        self.entries.back().copied()
    }

    pub fn count(&self) -> f64 {
        if self.others == 0 {
            return self.whole;
        }
        self.entries.iter().map(|entry| entry.count).sum()
    }

    /// Without what stands for empty time.
    #[allow(clippy::cast_precision_loss)]
    pub fn mean(&self) -> Option<f64> {
        let real = self.entries.iter().filter(|entry| !entry.empty);
        let (sum, n) = real.fold((0.0, 0_usize), |(sum, n), entry| (sum + entry.count, n + 1));
        (n > 0).then(|| sum / n as f64)
    }

    pub fn min(&self) -> Option<f64> {
        self.entries
            .iter()
            .map(|entry| entry.count)
            .reduce(f64::min)
    }

    pub fn max(&self) -> Option<f64> {
        self.entries
            .iter()
            .map(|entry| entry.count)
            .reduce(f64::max)
    }

    /// The first with a count, or the last of all.
    pub fn first_counted(&self) -> Option<Entry> {
        self.entries
            .iter()
            .find(|entry| entry.count != 0.0)
            .or(self.entries.back())
            .copied()
    }

    /// The first real one, or the last of all.
    pub fn first_real(&self) -> Option<Entry> {
        self.entries
            .iter()
            .find(|entry| !entry.empty)
            .or(self.entries.back())
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_beside_the_entries_is_their_sum(coming in prop::collection::vec((0..100_i64, -8..8_i32), 1..200)) {
            let mut window = Window::default();
            for (at, quarters) in coming {
                let entry = Entry {
                    at: Timestamp::from_millis(at),
                    count: f64::from(quarters) / 4.0 * f64::from(quarters % 3),
                    empty: false,
                };
                window.push(entry, Duration::from_millis(40));
                // Quarters are added up without an error too.
                let sum: f64 = window.entries.iter().map(|entry| entry.count).sum();
                prop_assert_eq!(window.count(), sum);
                prop_assert_eq!(&Window::from(window.entries.clone()), &window);
            }
        }
    }
}
