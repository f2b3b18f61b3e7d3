//! The buckets of a native histogram as Prometheus lists them: from the lowest to the highest, empty ones left out.

use promql::{Histogram, series::CUSTOM_BOUNDS};

pub(super) struct Bucket {
    pub lower: f64,
    pub upper: f64,
    pub count: f64,
    lower_inclusive: bool,
    upper_inclusive: bool,
}

impl Bucket {
    /// Which ends belong to it: 0 the upper, 1 the lower, 2 neither, 3 both.
    pub fn ends(&self) -> char {
        match (self.lower_inclusive, self.upper_inclusive) {
            (false, true) => '0',
            (true, false) => '1',
            (false, false) => '2',
            (true, true) => '3',
        }
    }
}

pub(super) fn all(histogram: &Histogram) -> Vec<Bucket> {
    let zero = histogram.zero_threshold;
    let mut found: Vec<Bucket> = histogram
        .negative
        .iter()
        .map(|(index, count)| bucket(histogram, index, count).mirrored(-zero))
        .collect();
    found.reverse();
    if histogram.zero_count > 0.0 {
        found.push(Bucket {
            lower: -zero,
            upper: zero,
            count: histogram.zero_count,
            lower_inclusive: true,
            upper_inclusive: true,
        });
    }
    let positive = histogram.positive.iter();
    found.extend(positive.map(|(index, count)| {
        let mut bucket = bucket(histogram, index, count);
        if histogram.schema != CUSTOM_BOUNDS {
            bucket.lower = bucket.lower.max(zero);
        }
        bucket
    }));
    found.retain(|bucket| bucket.count != 0.0);
    found
}

impl Bucket {
    /// Its like below zero, cut at the zero bucket.
    fn mirrored(self, zero: f64) -> Self {
        Self {
            lower: -self.upper,
            upper: (-self.lower).min(zero),
            count: self.count,
            lower_inclusive: self.upper_inclusive,
            upper_inclusive: self.lower_inclusive,
        }
    }
}

fn bucket(histogram: &Histogram, index: i32, count: f64) -> Bucket {
    let custom = histogram.schema == CUSTOM_BOUNDS;
    Bucket {
        lower: bound(histogram, index.saturating_sub(1)),
        upper: bound(histogram, index),
        count,
        // The first of listed buckets has no end below.
        lower_inclusive: custom && index == 0,
        upper_inclusive: true,
    }
}

/// The upper end of bucket `index`.
fn bound(histogram: &Histogram, index: i32) -> f64 {
    if histogram.schema == CUSTOM_BOUNDS {
        return match usize::try_from(index) {
            Ok(index) => *histogram.custom_bounds.get(index).unwrap_or(&f64::INFINITY),
            Err(_) => f64::NEG_INFINITY,
        };
    }
    let power = f64::from(index) / f64::from(histogram.schema).exp2();
    // The last bucket holds the largest float and ends there.
    power.exp2().min(f64::MAX)
}
