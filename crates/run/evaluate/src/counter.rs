//! Counters: how much each series grew from one sample to the next, across resets.

use std::collections::HashMap;

use promise::Timestamp;
use store::{Labels, Sample};

/// Series that one promise counts. More of them is a mistaken selector; the rest is not counted and
/// `explain` says so.
const SERIES_MAX: usize = 20_000;

/// The newest value of each series.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    last: HashMap<Labels, Sample>,
    /// Resets seen so far.
    pub resets: u64,
    /// Samples of series beyond the bound.
    pub refused: u64,
}

/// The newest value of a series, as it is kept over a restart.
pub(crate) type Saved = (Vec<(String, String)>, Timestamp, f64);

/// What a sample adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    pub by: f64,
    pub reset: bool,
}

impl Counters {
    /// `born` says that the series' source answered earlier without it: then it began at zero. Otherwise
    /// the first value is only a base line, for nobody knows how old it is.
    pub fn step(&mut self, labels: &Labels, sample: Sample, born: bool) -> Option<Growth> {
        if !sample.value.is_finite() || sample.value < 0.0 {
            return None;
        }
        if let Some(last) = self.last.get_mut(labels) {
            if sample.at <= last.at {
                return None;
            }
            let reset = sample.value < last.value;
            let by = if reset {
                sample.value
            } else {
                sample.value - last.value
            };
            self.resets += u64::from(reset);
            *last = sample;
            return Some(Growth { by, reset });
        }
        if self.last.len() >= SERIES_MAX {
            self.refused += 1;
            return None;
        }
        self.last.insert(labels.clone(), sample);
        born.then_some(Growth {
            by: sample.value,
            reset: false,
        })
    }

    /// The clock went back to `to`: samples after it are old enough to be followed.
    pub fn rewind(&mut self, to: Timestamp) {
        for last in self.last.values_mut() {
            last.at = last.at.min(to);
        }
    }

    pub fn save(&self) -> Vec<Saved> {
        let pairs = |labels: &Labels| {
            let pairs = labels.iter();
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        let saved = self.last.iter();
        saved
            .map(|(labels, sample)| (pairs(labels), sample.at, sample.value))
            .collect()
    }

    pub fn restore(&mut self, saved: Vec<Saved>) {
        for (pairs, at, value) in saved.into_iter().take(SERIES_MAX) {
            self.last.insert(Labels::new(pairs), Sample { at, value });
        }
    }

    pub fn series(&self) -> impl ExactSizeIterator<Item = &Labels> {
        self.last.keys()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(at: i64, value: f64) -> Sample {
        Sample {
            at: Timestamp::from_millis(at),
            value,
        }
    }

    fn labels() -> Labels {
        Labels::new([("__name__", "n")])
    }

    #[test]
    fn first_value_of_an_unknown_source_is_only_a_base_line() {
        let mut counters = Counters::default();
        assert_eq!(counters.step(&labels(), sample(1, 40.0), false), None);
        assert_eq!(
            counters.step(&labels(), sample(2, 42.0), false),
            Some(Growth {
                by: 2.0,
                reset: false
            })
        );
    }

    #[test]
    fn first_value_of_a_source_that_answered_without_it_counts_whole() {
        let mut counters = Counters::default();
        assert_eq!(
            counters.step(&labels(), sample(1, 3.0), true),
            Some(Growth {
                by: 3.0,
                reset: false
            })
        );
    }

    #[test]
    fn value_after_a_reset_counts() {
        let mut counters = Counters::default();
        counters.step(&labels(), sample(1, 40.0), false);
        assert_eq!(
            counters.step(&labels(), sample(2, 5.0), false),
            Some(Growth {
                by: 5.0,
                reset: true
            })
        );
        assert_eq!(counters.resets, 1);
    }

    proptest! {
        /// Events happen one by one; however the scrapes cut the time, nothing is lost or counted twice.
        #[test]
        fn any_chunking_counts_every_event_once(
            steps in prop::collection::vec(0u32..50, 1..60),
            seen in prop::collection::vec(any::<bool>(), 60),
        ) {
            let mut counters = Counters::default();
            counters.step(&labels(), sample(0, 7.0), false);
            let (mut value, mut counted, mut last_seen) = (7.0, 0.0, 7.0);
            for (i, step) in steps.iter().enumerate() {
                value += f64::from(*step);
                if seen[i] {
                    let at = i64::try_from(i).unwrap_or(0) + 1;
                    counted += counters.step(&labels(), sample(at, value), false).map_or(0.0, |g| g.by);
                    last_seen = value;
                }
            }
            prop_assert_eq!(counted, last_seen - 7.0);
        }
    }
}
