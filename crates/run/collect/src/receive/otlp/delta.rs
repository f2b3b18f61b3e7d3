//! Differences become totals: Prometheus's language counts in totals, and a sender of deltas forgets its own.
//!
//! A total begins anew when we do, or when its series was not heard for long, which looks like any restart of
//! a counter.

use std::collections::HashMap;

use promise::Timestamp;
use store::{Histogram, Labels};

use super::exponential::add;

/// Series whose totals are kept, some 200 bytes each; what comes beyond is refused and told.
const SERIES_MAX: usize = 100_000;
/// A series that was silent for longer begins anew.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(3600);

#[derive(Debug, Default)]
pub(super) struct Totals {
    floats: HashMap<Labels, (Timestamp, f64)>,
    histograms: HashMap<Labels, (Timestamp, Histogram)>,
}

impl Totals {
    /// The total after a difference; `None` where too many series are counted already, or the difference was
    /// counted before.
    pub fn float(&mut self, labels: &Labels, at: Timestamp, delta: f64) -> Option<f64> {
        if let Some((last, total)) = self.floats.get_mut(labels) {
            if at <= *last {
                return None;
            }
            (*last, *total) = (at, *total + delta);
            return Some(*total);
        }
        self.make_room(at)?;
        self.floats.insert(labels.clone(), (at, delta));
        Some(delta)
    }

    pub fn histogram(
        &mut self,
        labels: &Labels,
        at: Timestamp,
        delta: Histogram,
    ) -> Option<Histogram> {
        if let Some((last, total)) = self.histograms.get_mut(labels) {
            if at <= *last {
                return None;
            }
            (*last, *total) = (at, add(total, &delta));
            return Some(total.clone());
        }
        self.make_room(at)?;
        self.histograms.insert(labels.clone(), (at, delta.clone()));
        Some(delta)
    }

    fn make_room(&mut self, now: Timestamp) -> Option<()> {
        if self.floats.len() + self.histograms.len() >= SERIES_MAX {
            self.floats
                .retain(|_, (last, _)| now.since(*last) < SILENCE);
            self.histograms
                .retain(|_, (last, _)| now.since(*last) < SILENCE);
        }
        (self.floats.len() + self.histograms.len() < SERIES_MAX).then_some(())
    }
}
