//! Spread: events by size, from the cumulative buckets of a classic histogram.

use std::collections::BTreeMap;

use promise::{Seen, Selector, Timestamp};
use store::{Labels, Sample};

use crate::counter::Counters;

/// Buckets of one histogram; the largest in the wild have about 200.
const BUCKETS_MAX: usize = 512;

#[derive(Debug)]
pub(crate) struct Spread {
    pub histogram: Selector,
    pub counters: Counters,
    /// The growth of each cumulative bucket in the round at hand, by the bits of its bound.
    round: BTreeMap<u64, f64>,
    reset: bool,
}

/// An order of bits that is the order of numbers.
fn ordered(bound: f64) -> u64 {
    let bits = bound.to_bits();
    if bound.is_sign_negative() {
        !bits
    } else {
        bits | (1 << 63)
    }
}

fn bound(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 {
        ordered & !(1 << 63)
    } else {
        !ordered
    })
}

impl Spread {
    pub fn new(histogram: Selector) -> Self {
        Self {
            histogram,
            counters: Counters::default(),
            round: BTreeMap::new(),
            reset: false,
        }
    }

    pub fn sample(&mut self, labels: &Labels, sample: Sample, born: bool) {
        let Ok(le) = labels.get("le").parse::<f64>() else {
            return;
        };
        if le.is_nan() {
            return;
        }
        if self.round.len() < BUCKETS_MAX || self.round.contains_key(&ordered(le)) {
            let growth = self.counters.step(labels, sample, born);
            self.reset |= growth.is_some_and(|growth| growth.reset);
            *self.round.entry(ordered(le)).or_default() += growth.map_or(0.0, |growth| growth.by);
        }
    }

    pub fn settle(&mut self) -> (Option<Seen>, bool) {
        let round = std::mem::take(&mut self.round);
        let reset = std::mem::take(&mut self.reset);
        // Without +Inf it is not known how many there were.
        if !round.contains_key(&ordered(f64::INFINITY)) {
            return (None, reset);
        }
        let (mut le, mut counts, mut below) = (Vec::new(), Vec::new(), 0.0);
        for (bits, cumulative) in round {
            counts.push((cumulative - below).max(0.0));
            below = cumulative.max(below);
            if bound(bits).is_finite() {
                le.push(bound(bits));
            }
        }
        (Some(Seen::Spread { le, counts }), reset)
    }

    pub fn rewind(&mut self, to: Timestamp) {
        self.counters.rewind(to);
    }
}
