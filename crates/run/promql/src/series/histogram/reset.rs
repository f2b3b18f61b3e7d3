//! Whether a counter histogram began anew.

use super::{
    Buckets, Histogram, Reset,
    arithmetic::{coarser, same_bounds},
    bounds::exponential,
};

impl Histogram {
    /// Whether the counter was reset between `before` and `self`: what its writer says, or else that something
    /// became fewer or that the buckets became finer, which no running counter does.
    #[must_use]
    pub fn is_reset_since(&self, before: &Self) -> bool {
        match self.reset {
            Reset::Yes => true,
            Reset::No => false,
            Reset::Unknown | Reset::Gauge => self.is_fewer_than(before),
        }
    }

    fn is_fewer_than(&self, before: &Self) -> bool {
        if self.count < before.count || self.has_custom_bounds() != before.has_custom_bounds() {
            return true;
        }
        if self.has_custom_bounds() {
            return !same_bounds(&self.custom_bounds, &before.custom_bounds)
                || lost(&before.positive, &self.positive, |_| true);
        }
        if self.schema > before.schema || self.zero_threshold < before.zero_threshold {
            return true;
        }
        let (zero_count, threshold) = before.zero_at_least(self.zero_threshold);
        if threshold != self.zero_threshold || self.zero_count < zero_count {
            return true;
        }
        let beyond_zero = |index| exponential(index, self.schema) > self.zero_threshold;
        [
            (&before.positive, &self.positive),
            (&before.negative, &self.negative),
        ]
        .into_iter()
        .any(|(then, now)| {
            let then = coarser(then, before.schema, self.schema);
            lost(&then, now, beyond_zero)
        })
    }
}

/// Whether a bucket holds fewer than it did.
fn lost(then: &Buckets, now: &Buckets, counts: impl Fn(i32) -> bool) -> bool {
    let mut now = now.iter().peekable();
    then.iter()
        .filter(|(index, _)| counts(*index))
        .any(|(index, had)| {
            while now.next_if(|(next, _)| *next < index).is_some() {}
            match now.peek() {
                Some((next, has)) if *next == index => *has < had,
                _ => had != 0.0,
            }
        })
}
