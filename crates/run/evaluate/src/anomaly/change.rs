//! Whether the level is another since a moment: since a deploy, above all.
//!
//! What is usual is fixed when the moment comes, and the values after it are summed as far as they stray to one side:
//! cumulative sums (Page, "Continuous Inspection Schemes", Biometrika 41, 1954). A small change that lasts is seen as surely
//! as a great one, and later. Outside of the time after such a moment nothing is told: levels change by themselves too.

use std::collections::VecDeque;

use promise::Timestamp;
use serde::{Deserialize, Serialize};

/// Values that tell what is usual: two hours of five minutes.
const BEFORE_MAX: usize = 24;
/// Fewer tell nothing.
const BEFORE_LEAST: usize = 6;
/// Values after the moment: an hour of five minutes. A change that comes later has another cause.
const AFTER_MAX: u32 = 12;
/// Deviations by which a value may stray without counting: half of the smallest change of interest (Page).
const SLACK: f64 = 0.5;
/// Deviations in sum that are a change. By Siegmund's approximation (Sequential Analysis, 1985) a level that stays crosses
/// it on one side once in (e^9.166 - 10.166) / 0.5 = 19,100 values, so in one of 800 hours that are watched.
const CHANGED: f64 = 8.0;
/// One value counts at most so many deviations: a single stray one is no level.
const ONE_MAX: f64 = 5.0;

/// Values, and the moment since which they are watched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    before: VecDeque<f64>,
    open: Option<Open>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    since: Timestamp,
    usual: f64,
    deviation: f64,
    seen: u32,
    sum: f64,
    above: f64,
    below: f64,
}

/// A level that is another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The moment since which it was watched.
    pub since: Timestamp,
    pub before: f64,
    /// On average since that moment.
    pub after: f64,
    /// Values since then.
    pub values: u32,
}

impl Watch {
    /// The moment has come: what was until now is what is usual.
    #[allow(clippy::cast_precision_loss)]
    pub fn begin(&mut self, at: Timestamp) {
        if self.before.len() < BEFORE_LEAST {
            return;
        }
        let n = self.before.len() as f64;
        let usual = self.before.iter().sum::<f64>() / n;
        let variance = self
            .before
            .iter()
            .map(|value| (value - usual).powi(2))
            .sum::<f64>()
            / (n - 1.0);
        self.open = Some(Open {
            since: at,
            usual,
            // Counts vary by themselves like the square root of their size.
            deviation: variance.max(usual.abs()).sqrt().max(1.0),
            seen: 0,
            sum: 0.0,
            above: 0.0,
            below: 0.0,
        });
    }

    /// Takes the next value; tells once that the level has changed.
    pub fn observe(&mut self, value: f64) -> Option<Change> {
        self.before.push_back(value);
        while self.before.len() > BEFORE_MAX {
            self.before.pop_front();
        }
        let open = self.open.as_mut()?;
        let stray = ((value - open.usual) / open.deviation).clamp(-ONE_MAX, ONE_MAX);
        open.seen += 1;
        open.sum += value;
        open.above = (open.above + stray - SLACK).max(0.0);
        open.below = (open.below - stray - SLACK).max(0.0);
        let change = Change {
            since: open.since,
            before: open.usual,
            after: open.sum / f64::from(open.seen),
            values: open.seen,
        };
        let has_changed = open.above.max(open.below) > CHANGED;
        if has_changed || open.seen >= AFTER_MAX {
            self.open = None;
        }
        has_changed.then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(level: f64) -> Option<Change> {
        let mut watch = Watch::default();
        // 98, 100, 102 in turn: the mean is 100, and a count of 100 strays by 10 anyway.
        for n in 0..24 {
            assert_eq!(watch.observe(98.0 + f64::from(n % 3) * 2.0), None);
        }
        watch.begin(Timestamp::from_millis(7));
        (0..12).find_map(|_| watch.observe(level))
    }

    #[test]
    fn a_level_that_moves_after_the_moment_is_told_once() {
        // 2 deviations less the slack of a half are 1.5 a value: above 8 with the sixth.
        let change = Change {
            since: Timestamp::from_millis(7),
            before: 100.0,
            after: 120.0,
            values: 6,
        };
        assert_eq!(after(120.0), Some(change));
        // Down as well: 5 at most a value, so the second.
        assert_eq!(after(0.0).map(|change| change.values), Some(2));
    }

    #[test]
    fn a_level_that_stays_is_not_told_and_without_a_moment_nothing_is() {
        assert_eq!(after(105.0), None);
        let mut watch = Watch::default();
        assert!((0..24).all(|n| watch.observe(if n < 12 { 1.0 } else { 1_000.0 }).is_none()));
    }

    #[test]
    fn one_stray_value_is_no_level() {
        let mut watch = Watch::default();
        for _ in 0..24 {
            watch.observe(100.0);
        }
        watch.begin(Timestamp::EPOCH);
        let told = [100.0, 100.0, 9_000.0, 100.0, 100.0].map(|value| watch.observe(value));
        assert_eq!(told, [None; 5]);
    }
}
