//! When a source is asked: at instants fixed by its name, spread over the interval.
//!
//! The instants lie on the wall clock's grid, so two runs, or two instances, ask at the same times; the
//! hash of the name spreads sources so that they don't all ask at once.

use std::{hash::Hasher, sync::Arc, time::Duration};

use promise::{Clock, Timestamp};
use tokio_util::sync::CancellationToken;

/// A fresh start shows evidence this fast, whatever the intervals are.
const FIRST_WITHIN: Duration = Duration::from_millis(400);
/// A timer's ordinary lateness; within it a round carries the instant that was planned, which keeps the
/// distances between samples even and small on the disk.
const LATENESS: Duration = Duration::from_millis(2);

pub(crate) struct Schedule {
    clock: Arc<dyn Clock>,
    interval: Duration,
    offset: i64,
    hash: u64,
    planned: Option<Timestamp>,
}

impl Schedule {
    pub fn new(source: &str, interval: Duration, clock: Arc<dyn Clock>) -> Self {
        // A zero interval would spin; the spec refuses it, and this is the last bound.
        let interval = interval.max(Duration::from_millis(10));
        let hash = hash(source);
        let offset = i64::try_from(hash % millis(interval).unsigned_abs()).unwrap_or(0);
        Self {
            clock,
            interval,
            offset,
            hash,
            planned: None,
        }
    }

    /// Waits for the next turn and gives its instant; `None` once stopped.
    pub async fn turn(&mut self, stop: &CancellationToken) -> Option<Timestamp> {
        let now = self.clock.now();
        let planned = match self.planned {
            Some(_) => self.after(now),
            None => now + FIRST_WITHIN.min(self.interval).mul_f64(unit(self.hash)),
        };
        self.planned = Some(planned);
        // At most an interval, so that a clock that jumped back stops nothing.
        let wait = planned.since(now).min(self.interval);
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            () = tokio::time::sleep(wait) => {
                let now = self.clock.now();
                let late = now.since(planned);
                Some(if now >= planned && late <= LATENESS { planned } else { now })
            }
        }
    }

    /// The first instant of the grid later than `at`.
    pub fn after(&self, at: Timestamp) -> Timestamp {
        let interval = millis(self.interval);
        let past = (at.as_millis() - self.offset).rem_euclid(interval);
        Timestamp::from_millis(at.as_millis().saturating_add(interval - past))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .max(1)
}

fn unit(hash: u64) -> f64 {
    f64::from(u32::try_from(hash >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

fn hash(text: &str) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use promise::ManualClock;

    use super::*;

    #[test]
    fn turns_lie_on_a_grid_that_the_name_fixes() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_123)));
        let schedule = Schedule::new("shop/a:1", Duration::from_secs(15), clock);
        let first = schedule.after(Timestamp::from_millis(1_700_000_000_123));
        let second = schedule.after(first);
        assert_eq!(second.since(first), Duration::from_secs(15));
        assert!(first.since(Timestamp::from_millis(1_700_000_000_123)) <= Duration::from_secs(15));
    }
}
