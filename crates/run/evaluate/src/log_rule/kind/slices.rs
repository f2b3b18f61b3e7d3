//! Time in whole stretches, each of which is judged once it is over.

use std::time::Duration;

use promise::Timestamp;
use serde::{Deserialize, Serialize};

/// Stretches that are made up for at once, where nothing came for long: a week of five minutes.
const GAP_MAX: i64 = 2_016;

/// The stretch that is open; it begins at a multiple of its length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Slices {
    begin: Option<Timestamp>,
}

impl Slices {
    /// Time has come to `at`: the begins of the stretches that are over, oldest first.
    pub fn pass(&mut self, every: Duration, at: Timestamp) -> Vec<Timestamp> {
        let width = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
        let now = Timestamp::from_millis(at.as_millis().div_euclid(width) * width);
        let Some(begin) = self.begin.replace(now) else {
            return Vec::new();
        };
        // One that begins earlier was judged: what is late for it counts in the open one.
        if begin >= now {
            self.begin = Some(begin);
            return Vec::new();
        }
        let earliest = now
            .as_millis()
            .saturating_sub(GAP_MAX.saturating_mul(width));
        let mut over = vec![begin];
        let mut next = begin.as_millis().saturating_add(width).max(earliest);
        while next < now.as_millis() {
            over.push(Timestamp::from_millis(next));
            next = next.saturating_add(width);
        }
        over
    }
}
