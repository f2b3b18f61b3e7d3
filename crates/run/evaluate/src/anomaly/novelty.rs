//! How new a value is: how far from all that was seen before, looked at from several sides.
//!
//! Each side makes one number of the value and of what came shortly before it: the value itself, its size, its mean over an
//! hour, how much it strays, how it differs from the day, from this time of other days, from last week. On each side the distance to the
//! nearest number seen before tells how new this one is: the 1-nearest-neighbour rule for outliers (Ramaswamy, Rastogi, Shim,
//! "Efficient Algorithms for Mining Outliers from Large Data Sets", SIGMOD 2000; for streams as discords Keogh, Lin, Fu, "HOT
//! SAX", ICDM 2005), in one dimension a search in a sorted set. Distances are measured against the deviation of that side and
//! against the farthest one before, and the sides' surprises are added. No model is fitted and nothing is looked at twice.

use std::collections::{BTreeSet, VecDeque};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

/// Numbers of one side that are remembered; beyond it every second one is let go, as its neighbours are near.
const KNOWN_MAX: usize = 4_096;
/// Values of the last week that are remembered: one a minute.
const RECENT_MAX: usize = 10_081;
/// Fewer numbers say nothing of what is usual.
const KNOWN_LEAST: u32 = 100;
/// A distance of so much counts as one surprise: e-fold of it as another.
const UNIT: f64 = 0.1;
/// As far as a distance may be measured: what follows constancy would be without bound.
const FAR: f64 = 100.0;
/// A first distance above zero is so much farther than those before, which were none.
const FIRST: f64 = 3.0;
/// Values for which nothing is told again that is not stranger than what was told.
const REST: u32 = 100;
/// From so many sides a value is looked at.
const SIDES_MAX: usize = 7;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// A value of yesterday may be so much older: measured at another beat.
const SLACK: i64 = 2 * HOUR;

/// From where a value is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    Value,
    /// Its logarithm: twice as much is as far at any size.
    Size,
    /// Its mean over an hour.
    Hour,
    /// What it is above the mean of the day before it.
    Day,
    /// How much values strayed in eight hours.
    Spread,
    /// What it is above the middle one of the last week's values at this time of the day.
    Season,
    /// What it is above the value of a week ago at this time.
    LastWeek,
}

const SIDES: [Side; SIDES_MAX] = [
    Side::Value,
    Side::Size,
    Side::Hour,
    Side::Day,
    Side::Spread,
    Side::Season,
    Side::LastWeek,
];

/// How strange a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise {
    /// Zero where nothing is new; above it without unit, comparable between series.
    pub score: f64,
    /// Where it is newest.
    pub side: Side,
    /// Nothing told in the last hundred values was as strange.
    pub is_news: bool,
    /// From each side, as [`Side`] counts them, for those who weigh them otherwise.
    pub distances: [f64; SIDES_MAX],
}

/// What was seen of one series of values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Novelty {
    recent: VecDeque<(i64, f64)>,
    sides: Vec<Known>,
    /// The strangest that was told, and for how many values it still stands.
    told: f64,
    rest: u32,
}

/// The numbers of one side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    numbers: BTreeSet<u64>,
    count: u32,
    mean: f64,
    squares: f64,
    farthest: f64,
    /// Not yet among the numbers: a value is no news to itself, but the next one may stand beside it.
    last: Option<f64>,
}

impl Novelty {
    /// Takes a value; values come in the order of their time.
    pub fn observe(&mut self, at: Timestamp, value: f64) -> Surprise {
        let mut found = Surprise {
            score: 0.0,
            side: Side::Value,
            is_news: false,
            distances: [0.0; SIDES_MAX],
        };
        if !value.is_finite() {
            return found;
        }
        let at = at.as_millis();
        self.recent.push_back((at, value));
        while self.recent.len() > RECENT_MAX
            || self
                .recent
                .front()
                .is_some_and(|first| first.0 < at.saturating_sub(7 * DAY + SLACK))
        {
            self.recent.pop_front();
        }
        self.sides.resize(SIDES_MAX, Known::default());
        let mut distances = [0.0; SIDES_MAX];
        for ((place, side), distance) in SIDES.into_iter().enumerate().zip(&mut distances) {
            if let Some(number) = self.seen_from(side, at, value) {
                *distance = self.sides[place].distance(number);
            }
        }
        found.distances = distances;
        let mut most = 0.0;
        for (side, distance) in SIDES.into_iter().zip(distances) {
            let surprise = (distance / UNIT).ln_1p();
            found.score += surprise;
            if surprise > most {
                (most, found.side) = (surprise, side);
            }
        }
        self.rest = self.rest.saturating_sub(1);
        if self.rest == 0 {
            self.told = 0.0;
        }
        if found.score > self.told {
            (found.is_news, self.told, self.rest) = (true, found.score, REST);
        }
        found
    }

    fn seen_from(&self, side: Side, at: i64, value: f64) -> Option<f64> {
        match side {
            Side::Value => Some(value),
            Side::Size => Some(value.abs().ln_1p().copysign(value)),
            Side::Hour => self.since(at, HOUR).map(mean),
            Side::Day => {
                let mut before = self.since(at, DAY)?;
                before.next();
                Some(value - mean(before))
            }
            Side::Spread => {
                let mean = mean(self.since(at, 8 * HOUR)?);
                let values = self.since(at, 8 * HOUR)?;
                let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| {
                    (sum + (x - mean).powi(2), n + 1.0)
                });
                Some((sum / f64::max(n, 1.0)).sqrt())
            }
            Side::Season => {
                let mut days: Vec<f64> = (1..=7)
                    .filter_map(|day| self.before(at, day * DAY))
                    .collect();
                days.sort_by(f64::total_cmp);
                let middle = days.get(days.len() / 2).filter(|_| days.len() > 1)?;
                Some(value - middle)
            }
            Side::LastWeek => Some(value - self.before(at, 7 * DAY)?),
        }
    }

    /// The values of a stretch, newest first; `None` while less is remembered.
    fn since(&self, at: i64, stretch: i64) -> Option<impl Iterator<Item = f64> + '_> {
        let from = at.saturating_sub(stretch);
        let is_whole = self.recent.front().is_some_and(|first| first.0 <= from)
            || self.recent.len() == RECENT_MAX;
        is_whole.then(|| {
            self.recent
                .iter()
                .rev()
                .take_while(move |value| value.0 > from)
                .map(|value| value.1)
        })
    }

    /// The value so long ago.
    fn before(&self, at: i64, ago: i64) -> Option<f64> {
        let want = at.saturating_sub(ago);
        let place = self
            .recent
            .partition_point(|value| value.0 <= want)
            .checked_sub(1)?;
        let (then, value) = *self.recent.get(place)?;
        (want.saturating_sub(then) < SLACK).then_some(value)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / f64::max(n, 1.0)
}

impl Known {
    /// How far a number is from those before it, of which it is one from now on.
    fn distance(&mut self, number: f64) -> f64 {
        if let Some(last) = self.last.replace(number) {
            self.numbers.insert(key(last));
            if self.numbers.len() > KNOWN_MAX {
                self.thin();
            }
        }
        self.count = self.count.saturating_add(1);
        let step = number - self.mean;
        self.mean += step / f64::from(self.count);
        self.squares += step * (number - self.mean);
        let (below, above) = (
            self.numbers.range(..=key(number)).next_back(),
            self.numbers.range(key(number)..).next(),
        );
        let far = |other: Option<&u64>| {
            other.map_or(f64::INFINITY, |other| (number - value(*other)).abs())
        };
        let nearest = far(below).min(far(above));
        if self.count <= KNOWN_LEAST || !nearest.is_finite() || nearest <= 0.0 {
            return 0.0;
        }
        let deviation = (self.squares / f64::from(self.count)).sqrt();
        let by_deviation = (nearest / (deviation + 1e-9)).min(FAR);
        let by_farthest = if self.farthest > 0.0 {
            (nearest / self.farthest).min(FAR)
        } else {
            FIRST
        };
        self.farthest = self.farthest.max(nearest);
        (by_deviation * by_farthest).sqrt()
    }

    /// The least and the greatest stay.
    fn thin(&mut self) {
        let (least, greatest) = (self.numbers.first().copied(), self.numbers.last().copied());
        let mut keep = false;
        self.numbers.retain(|_| {
            keep = !keep;
            keep
        });
        self.numbers.extend(least);
        self.numbers.extend(greatest);
    }
}

/// Orders as the numbers do.
fn key(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::cast_precision_loss)]
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    /// A day of five minutes: high by day, low by night, with steps that repeat.
    fn ordinary(n: i64) -> f64 {
        let is_day = (96..240).contains(&(n % 288));
        let step = (n * 7 % 5) as f64;
        if is_day { 100.0 + step } else { 20.0 + step }
    }

    fn lived_through(days: i64) -> Novelty {
        let mut seen = Novelty::default();
        for n in 0..days * 288 {
            seen.observe(at(n * 5), ordinary(n));
        }
        seen
    }

    #[test]
    fn what_was_never_near_is_news_once_and_what_repeats_is_none() {
        let mut seen = lived_through(10);
        let now = 10 * 288;
        let usual = seen.observe(at(now * 5), ordinary(now));
        assert!(usual.score < 0.5, "{usual:?}");
        let strange = seen.observe(at(now * 5 + 5), 900.0);
        assert!(strange.is_news && strange.score > 5.0, "{strange:?}");
        let again = seen.observe(at(now * 5 + 10), 900.0);
        assert!(again.score < strange.score, "{again:?}");
    }

    #[test]
    fn a_value_of_noon_is_new_at_midnight() {
        let mut seen = lived_through(10);
        let midnight = 10 * 288 + 10;
        let strange = seen.observe(at(midnight * 5), 101.0);
        // The value itself stood in every day; on no day at this time.
        assert!(
            strange.distances[Side::Value as usize] < 0.01,
            "{strange:?}"
        );
        assert!(
            strange.distances[Side::Season as usize] > 0.5,
            "{strange:?}"
        );
    }

    #[test]
    fn little_is_remembered_and_nothing_is_said_of_no_number() {
        let mut seen = Novelty::default();
        for n in 0..10_200 {
            seen.observe(at(n), (n as f64 * 0.618_033_988_749).fract());
        }
        assert!(seen.recent.len() <= RECENT_MAX);
        assert!(
            seen.sides
                .iter()
                .all(|side| side.numbers.len() <= KNOWN_MAX + 2)
        );
        assert_eq!(seen.observe(at(20_001), f64::NAN).score, 0.0);
        assert_eq!(seen.observe(at(20_002), f64::INFINITY).score, 0.0);
    }
}
