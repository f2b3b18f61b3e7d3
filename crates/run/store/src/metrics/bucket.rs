//! Buckets: what a series did in each stretch of time, in few numbers.
//!
//! A bucket of an hour stands for 240 samples of a quarter of a minute, so years can be kept and drawn. Buckets
//! that follow one another can be joined, and then say what one bucket over all their samples would: also how much
//! a counter has risen, with its resets.

use std::{collections::BTreeMap, time::Duration};

use promise::Timestamp;

use super::{Labels, Sample, Series};

/// What the samples in `[at, at + width)` were. Staleness markers and NaN are not counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// A multiple of the width since 1970.
    pub at: Timestamp,
    pub count: u64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
    pub first: f64,
    pub last: f64,
    /// How much a counter has risen from the first to the last; after a reset it rose from 0.
    pub increase: f64,
}

/// A series as buckets, in order of time. Stretches without samples have none.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucketed {
    pub labels: Labels,
    pub buckets: Vec<Bucket>,
}

impl Bucket {
    fn of(at: Timestamp, value: f64) -> Self {
        Self {
            at,
            count: 1,
            sum: value,
            min: value,
            max: value,
            first: value,
            last: value,
            increase: 0.0,
        }
    }

    /// Makes it also stand for what `later`, which follows it, stands for.
    pub fn join(&mut self, later: &Self) {
        self.count += later.count;
        self.sum += later.sum;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.increase += risen(self.last, later.first) + later.increase;
        self.last = later.last;
    }
}

/// How much a counter rose between two samples: a fall is a reset to 0.
fn risen(before: f64, after: f64) -> f64 {
    if after >= before {
        after - before
    } else {
        after
    }
}

/// Samples in order of time as buckets.
#[must_use]
pub fn bucketed(samples: &[Sample], width: Duration) -> Vec<Bucket> {
    let mut out: Vec<Bucket> = Vec::new();
    for sample in samples.iter().filter(|sample| !sample.value.is_nan()) {
        let one = Bucket::of(begins(sample.at, width), sample.value);
        match out.last_mut() {
            Some(last) if last.at == one.at => last.join(&one),
            _ => out.push(one),
        }
    }
    out
}

/// The same buckets in stretches of another width, a multiple of theirs.
#[must_use]
pub fn widened(buckets: &[Bucket], width: Duration) -> Vec<Bucket> {
    let mut out: Vec<Bucket> = Vec::new();
    for bucket in buckets {
        let at = begins(bucket.at, width);
        match out.last_mut() {
            Some(last) if last.at == at => last.join(bucket),
            _ => out.push(Bucket { at, ..*bucket }),
        }
    }
    out
}

/// Where the stretch that holds `at` begins.
pub(super) fn begins(at: Timestamp, width: Duration) -> Timestamp {
    let width = millis(width);
    Timestamp::from_millis(at.as_millis().div_euclid(width).saturating_mul(width))
}

/// At least a millisecond.
pub(super) fn millis(width: Duration) -> i64 {
    i64::try_from(width.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// The whole stretches that touch `[from, to]`, both ends included.
pub(super) fn whole(from: Timestamp, to: Timestamp, width: Duration) -> (Timestamp, Timestamp) {
    let end = begins(to, width)
        .as_millis()
        .saturating_add(millis(width) - 1);
    (begins(from, width), Timestamp::from_millis(end))
}

pub(super) fn of_series(series: Vec<Series>, width: Duration) -> Vec<Bucketed> {
    series
        .into_iter()
        .map(|series| Bucketed {
            buckets: bucketed(&series.samples, width),
            labels: series.labels,
        })
        .filter(|series| !series.buckets.is_empty())
        .collect()
}

/// Both as one. Where both have a bucket of one stretch, `newer` follows.
pub(super) fn merged(older: Vec<Bucketed>, newer: Vec<Bucketed>) -> Vec<Bucketed> {
    let mut by_labels: BTreeMap<Labels, BTreeMap<Timestamp, Bucket>> = BTreeMap::new();
    for series in older.into_iter().chain(newer) {
        let of = by_labels.entry(series.labels).or_default();
        for bucket in series.buckets {
            of.entry(bucket.at)
                .and_modify(|known| known.join(&bucket))
                .or_insert(bucket);
        }
    }
    let all = by_labels.into_iter();
    all.map(|(labels, buckets)| Bucketed {
        labels,
        buckets: buckets.into_values().collect(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn samples(values: &[(i64, f64)]) -> Vec<Sample> {
        let sample = |(secs, value): &(i64, f64)| Sample {
            at: Timestamp::from_millis(secs * 1000),
            value: *value,
        };
        values.iter().map(sample).collect()
    }

    #[test]
    fn a_bucket_says_what_its_samples_were() {
        // 10, 14, then a reset to 3, then 5: it rose by 4 + 3 + 2.
        let all = samples(&[
            (60, 10.0),
            (75, 14.0),
            (90, super::super::STALE),
            (91, 3.0),
            (119, 5.0),
            (120, 9.0),
        ]);
        let found = bucketed(&all, MINUTE);
        let first = Bucket {
            at: Timestamp::from_millis(60_000),
            count: 4,
            sum: 32.0,
            min: 3.0,
            max: 14.0,
            first: 10.0,
            last: 5.0,
            increase: 9.0,
        };
        assert_eq!(found[0], first);
        assert_eq!((found[1].count, found[1].increase), (1, 0.0));
        // Both together: 9 and the step from 5 to 9.
        assert!((widened(&found, MINUTE * 10)[0].increase - 13.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn joining_says_what_all_samples_would(values in prop::collection::vec(0u32..1000, 1..300)) {
            let all: Vec<(i64, f64)> = (0..).zip(values).map(|(i, v)| (i * 7, f64::from(v))).collect();
            let all = samples(&all);
            // Small integers add up exactly in any order.
            prop_assert_eq!(widened(&bucketed(&all, MINUTE), MINUTE * 60), bucketed(&all, MINUTE * 60));
        }
    }
}
