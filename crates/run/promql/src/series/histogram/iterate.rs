//! Buckets in the order of what they hold.

use super::{Buckets, Histogram, bounds::bound};

/// A bucket with its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    pub lower: f64,
    pub upper: f64,
    pub includes_lower: bool,
    pub includes_upper: bool,
    pub count: f64,
}

impl Histogram {
    /// From the most negative to the largest; the zero bucket stands between, where it holds anything. Buckets
    /// that reach into the zero bucket end at it.
    #[must_use]
    pub fn buckets(&self) -> Vec<Bucket> {
        let mut all =
            Vec::with_capacity(self.negative.counts.len() + self.positive.counts.len() + 1);
        all.extend(
            self.side(&self.negative, false)
                .rev()
                .map(|b| self.clipped(b)),
        );
        if self.zero_count > 0.0 && !self.has_custom_bounds() {
            all.push(self.zero_bucket());
        }
        all.extend(self.side(&self.positive, true).map(|b| self.clipped(b)));
        all
    }

    #[must_use]
    pub fn zero_bucket(&self) -> Bucket {
        Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            includes_lower: true,
            includes_upper: true,
            count: self.zero_count,
        }
    }

    /// The buckets of one sign, away from zero.
    pub(super) fn side<'h>(
        &'h self,
        buckets: &'h Buckets,
        is_positive: bool,
    ) -> impl DoubleEndedIterator<Item = Bucket> + 'h {
        let at = |index| bound(index, self.schema, &self.custom_bounds);
        buckets.iter().map(move |(index, count)| {
            let (near, far) = (at(index.saturating_sub(1)), at(index));
            let (lower, upper) = if is_positive {
                (near, far)
            } else {
                (-far, -near)
            };
            let (includes_lower, includes_upper) = if self.has_custom_bounds() {
                (index == 0, true)
            } else {
                (lower < 0.0, upper > 0.0)
            };
            Bucket {
                lower,
                upper,
                includes_lower,
                includes_upper,
                count,
            }
        })
    }

    fn clipped(&self, mut bucket: Bucket) -> Bucket {
        if bucket.upper < 0.0 && bucket.upper > -self.zero_threshold {
            bucket.upper = -self.zero_threshold;
        } else if bucket.lower > 0.0 && bucket.lower < self.zero_threshold {
            bucket.lower = self.zero_threshold;
        }
        bucket
    }
}
