//! Events: how many, and how many of them were good, from two counters.

use promise::{Seen, Selector, Timestamp, signal::Part};
use store::{Labels, Sample};

use crate::counter::Counters;

#[derive(Debug)]
pub(crate) struct Events {
    pub total: Selector,
    pub part: Part,
    pub totals: Counters,
    pub parts: Counters,
    /// What the round at hand has brought so far.
    round: Round,
}

#[derive(Debug, Default, Clone, Copy)]
struct Round {
    total: f64,
    part: f64,
    reset: bool,
    has_total: bool,
}

impl Events {
    pub fn new(total: Selector, part: Part) -> Self {
        Self {
            total,
            part,
            totals: Counters::default(),
            parts: Counters::default(),
            round: Round::default(),
        }
    }

    pub fn sample(&mut self, selector: usize, labels: &Labels, sample: Sample, born: bool) {
        let is_total = selector == 0;
        let counters = if is_total {
            &mut self.totals
        } else {
            &mut self.parts
        };
        let growth = counters.step(labels, sample, born);
        self.round.has_total |= is_total;
        if let Some(growth) = growth {
            *(if is_total {
                &mut self.round.total
            } else {
                &mut self.round.part
            }) += growth.by;
            self.round.reset |= growth.reset;
        }
    }

    /// A part without its total says nothing of how many there were.
    pub fn settle(&mut self) -> (Option<Seen>, bool) {
        let round = std::mem::take(&mut self.round);
        let good = match self.part {
            Part::Good(_) => round.part.min(round.total),
            Part::Bad(_) => (round.total - round.part).max(0.0),
        };
        (
            round.has_total.then_some(Seen::Events {
                good,
                total: round.total,
            }),
            round.reset,
        )
    }

    pub fn rewind(&mut self, to: Timestamp) {
        self.totals.rewind(to);
        self.parts.rewind(to);
    }
}
