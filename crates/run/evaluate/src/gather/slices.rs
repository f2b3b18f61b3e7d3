//! Slices: events counted by fixed stretches of time, for promises whose budget counts minutes and not events.
//!
//! A slice is judged when it is over: until then, and one slice longer, late rounds of other targets still belong to
//! it. What comes later than that was not seen in time and changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use promise::{Fact, Promise, Seen, Timestamp, kind::Slices};

use crate::timeline::Timeline;

/// Slices that are kept open: the present one, and the one before for the rounds that end in it.
const OPEN_MAX: usize = 2;
/// Slices over which one round is spread. A counter that went on unseen for longer tells too little of each.
const SPREAD_MAX: i64 = 512;

#[derive(Debug)]
pub(crate) struct Slicer {
    promise: Arc<Promise>,
    slices: Slices,
    open: BTreeMap<i64, Slice>,
    closed: i64,
}

/// What is known of one slice.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Slice {
    from: Timestamp,
    to: Timestamp,
    good: f64,
    total: f64,
}

impl Slicer {
    pub fn of(promise: &Arc<Promise>) -> Option<Self> {
        Some(Self {
            slices: promise.kind.as_judge().slices()?,
            promise: promise.clone(),
            open: BTreeMap::new(),
            closed: i64::MIN,
        })
    }

    /// Events over `(from, to]`, taken as spread evenly over it.
    #[allow(clippy::cast_precision_loss)]
    pub fn take(&mut self, timeline: &mut Timeline, from: Timestamp, to: Timestamp, seen: &Seen) {
        let Some((good, total)) = self.promise.kind.as_judge().events(seen, to) else {
            return;
        };
        let width = i64::try_from(self.slices.width.as_millis())
            .unwrap_or(i64::MAX)
            .max(1);
        let last = (to.as_millis() - 1).div_euclid(width);
        let first = from.as_millis().div_euclid(width).max(last - SPREAD_MAX);
        let whole = to.since(from).as_millis() as f64;
        for index in first..=last {
            let edge = |index: i64| Timestamp::from_millis(index.saturating_mul(width));
            let (begin, end) = (edge(index).max(from), edge(index + 1).min(to));
            let share = if whole > 0.0 {
                end.since(begin).as_millis() as f64 / whole
            } else {
                1.0
            };
            if index <= self.closed || end < begin {
                continue;
            }
            let slice = self.open.entry(index).or_insert(Slice {
                from: begin,
                to: end,
                good: 0.0,
                total: 0.0,
            });
            slice.from = slice.from.min(begin);
            slice.to = slice.to.max(end);
            slice.good += share * good;
            slice.total += share * total;
        }
        while self.open.len() > OPEN_MAX {
            let Some((index, slice)) = self.open.pop_first() else {
                return;
            };
            self.closed = index;
            let fact = self.fact(slice);
            timeline.add(fact.from, fact.to, fact.seen);
        }
    }

    /// The open slices as they stand.
    pub fn facts(&self) -> impl Iterator<Item = Fact> + '_ {
        self.open.values().map(|slice| self.fact(*slice))
    }

    fn fact(&self, slice: Slice) -> Fact {
        let Slice {
            from,
            to,
            good,
            total,
        } = slice;
        let counts = total > 0.0;
        let good = if counts {
            self.slices.good(good, total)
        } else {
            0.0
        };
        let total = f64::from(u8::from(counts));
        Fact {
            from,
            to,
            seen: Seen::Events { good, total },
        }
    }

    pub fn save(&self) -> (i64, Vec<(i64, Slice)>) {
        (
            self.closed,
            self.open
                .iter()
                .map(|(index, slice)| (*index, *slice))
                .collect(),
        )
    }

    pub fn restore(&mut self, (closed, open): (i64, Vec<(i64, Slice)>)) {
        self.closed = closed;
        self.open = open.into_iter().collect();
    }
}
