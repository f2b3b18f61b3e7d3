//! How far a value is from what is usual at its hour of the week, in robust deviations.
//!
//! The usual value is the median of those seen in the same hour of earlier weeks, the deviation their median absolute
//! deviation scaled to a normal one: the Hampel identifier (Hampel, "The influence curve and its role in robust estimation",
//! JASA 69, 1974). Half of what was seen may be an attack, and what is usual stays what it was. Counts vary by themselves
//! like the square root of their size, so no deviation is smaller than that.
//!
//! Until an hour has been seen often enough, the newest values of any hour stand in.

use std::collections::{BTreeMap, VecDeque};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

/// Values of one hour of the week that are remembered: the newest weeks of a stretch of some minutes.
const SLOT_MAX: usize = 12;
/// Fewer say nothing of what is usual.
const SLOT_LEAST: usize = 4;
/// Values of any hour: a few hours of some minutes each.
const RECENT_MAX: usize = 48;
const RECENT_LEAST: usize = 12;
/// A normal deviation is so many median absolute ones.
const NORMAL: f64 = 1.4826;
const HOUR_MILLIS: i64 = 3_600_000;
const HOURS_OF_WEEK: i64 = 168;

/// What was seen of one series of values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seasonal {
    /// By hour of the week, in UTC.
    slots: BTreeMap<u16, VecDeque<f32>>,
    recent: VecDeque<f32>,
}

/// How far a value is from the usual one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    pub usual: f64,
    /// In robust deviations; above zero where the value is larger than usual.
    pub deviations: f64,
    /// Whether the hour of the week is known, or only the newest values.
    pub is_seasonal: bool,
}

impl Seasonal {
    /// How far a value would be; `None` while too little is known.
    #[must_use]
    pub fn distance(&self, at: Timestamp, value: f64) -> Option<Distance> {
        let slot = self
            .slots
            .get(&slot(at))
            .filter(|slot| slot.len() >= SLOT_LEAST);
        let known = slot.or(Some(&self.recent).filter(|recent| recent.len() >= RECENT_LEAST))?;
        let values: Vec<f64> = known.iter().map(|value| f64::from(*value)).collect();
        let usual = median(values.clone());
        let spread = median(values.iter().map(|value| (value - usual).abs()).collect());
        let deviation = (NORMAL * spread).max(usual.abs().sqrt()).max(1.0);
        Some(Distance {
            usual,
            deviations: (value - usual) / deviation,
            is_seasonal: slot.is_some(),
        })
    }

    #[allow(clippy::cast_possible_truncation)]
    pub fn learn(&mut self, at: Timestamp, value: f64) {
        let slot = self.slots.entry(slot(at)).or_default();
        for (values, most) in [(slot, SLOT_MAX), (&mut self.recent, RECENT_MAX)] {
            values.push_back(value as f32);
            while values.len() > most {
                values.pop_front();
            }
        }
    }
}

fn slot(at: Timestamp) -> u16 {
    let hour = at
        .as_millis()
        .div_euclid(HOUR_MILLIS)
        .rem_euclid(HOURS_OF_WEEK);
    u16::try_from(hour).unwrap_or_default()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_millis(n * HOUR_MILLIS)
    }

    #[test]
    fn what_is_usual_on_tuesdays_is_not_on_sundays() {
        let mut seen = Seasonal::default();
        // Five weeks of 100 an hour by day and 4 by night.
        let by_hour = |n: i64| {
            if (8..20).contains(&(n % 24)) {
                100.0
            } else {
                4.0
            }
        };
        for n in 0..5 * HOURS_OF_WEEK {
            seen.learn(hour(n), by_hour(n));
        }
        let at = |n: i64, value: f64| {
            let found = seen.distance(hour(5 * HOURS_OF_WEEK + n), value);
            found.map(|found| (found.usual, found.deviations, found.is_seasonal))
        };
        // No two weeks differ, so that a deviation is the square root of the count: 10, and 2.
        assert_eq!(at(10, 100.0), Some((100.0, 0.0, true)));
        assert_eq!(at(10, 130.0), Some((100.0, 3.0, true)));
        assert_eq!(at(3, 100.0), Some((4.0, 48.0, true)));
    }

    #[test]
    fn a_past_attack_does_not_make_the_next_one_usual() {
        let mut seen = Seasonal::default();
        for week in 0..7 {
            let value = if week % 3 == 2 { 9_000.0 } else { 10.0 };
            seen.learn(hour(week * HOURS_OF_WEEK), value);
        }
        let found = seen.distance(hour(7 * HOURS_OF_WEEK), 9_000.0);
        assert!(found.is_some_and(|found| found.usual == 10.0 && found.deviations > 1_000.0));
    }

    #[test]
    fn nothing_is_said_of_what_is_hardly_known() {
        let mut seen = Seasonal::default();
        assert_eq!(seen.distance(hour(0), 5.0), None);
        for n in 0..12 {
            seen.learn(hour(n), 1.0);
        }
        let found = seen.distance(hour(12), 5.0);
        assert!(found.is_some_and(|found| !found.is_seasonal && found.deviations == 4.0));
    }
}
