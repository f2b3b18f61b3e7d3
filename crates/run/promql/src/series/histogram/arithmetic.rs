//! Sums, differences and multiples of histograms. Of two resolutions the coarser is kept, of two zero buckets
//! the wider.

use super::{Buckets, Histogram, Reset, bounds::exponential};

/// Why two histograms have no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incompatible {
    /// One has computed bounds, the other listed ones.
    Schema,
    /// Both list bounds, but not the same.
    Bounds,
}

impl Histogram {
    pub fn scale(&mut self, factor: f64) {
        self.each(|n| *n *= factor);
    }

    /// Division by zero leaves no bucket: none has a finite count.
    pub fn divide(&mut self, by: f64) {
        self.each(|n| *n /= by);
        if by == 0.0 {
            self.positive = Buckets::default();
            self.negative = Buckets::default();
        }
    }

    fn each(&mut self, f: impl Fn(&mut f64)) {
        f(&mut self.zero_count);
        f(&mut self.count);
        f(&mut self.sum);
        self.positive.counts.iter_mut().for_each(&f);
        self.negative.counts.iter_mut().for_each(&f);
    }

    pub fn add(&mut self, other: &Self) -> Result<(), Incompatible> {
        self.merge(other, 1.0)?;
        self.reset = match (self.reset, other.reset) {
            (mine, theirs) if mine == theirs => mine,
            (Reset::Gauge, _) | (_, Reset::Gauge) => Reset::Gauge,
            _ => Reset::Unknown,
        };
        Ok(())
    }

    pub fn subtract(&mut self, other: &Self) -> Result<(), Incompatible> {
        self.merge(other, -1.0)
    }

    fn merge(&mut self, other: &Self, sign: f64) -> Result<(), Incompatible> {
        if self.has_custom_bounds() != other.has_custom_bounds() {
            return Err(Incompatible::Schema);
        }
        if self.has_custom_bounds() {
            if !same_bounds(&self.custom_bounds, &other.custom_bounds) {
                return Err(Incompatible::Bounds);
            }
            self.count += sign * other.count;
            self.sum += sign * other.sum;
            self.positive = union(&self.positive, &other.positive, sign, None);
            return Ok(());
        }
        let zero_count = self.reconcile_zero(other);
        self.zero_count += sign * zero_count;
        self.count += sign * other.count;
        self.sum += sign * other.sum;
        let schema = self.schema.min(other.schema);
        let skip = Some((schema, self.zero_threshold));
        for (mine, theirs) in [
            (&mut self.positive, &other.positive),
            (&mut self.negative, &other.negative),
        ] {
            let coarse = coarser(mine, self.schema, schema);
            *mine = union(&coarse, &coarser(theirs, other.schema, schema), sign, skip);
        }
        self.schema = schema;
        Ok(())
    }

    /// The same at a coarser schema; what a finer one or listed bounds would need is not known, so those leave
    /// it as it is.
    #[must_use]
    pub fn at_schema(&self, schema: i8) -> Self {
        if schema >= self.schema || self.has_custom_bounds() {
            return self.clone();
        }
        Self {
            schema,
            reset: Reset::Unknown,
            positive: coarser(&self.positive, self.schema, schema),
            negative: coarser(&self.negative, self.schema, schema),
            ..self.clone()
        }
    }

    /// Without empty buckets.
    pub fn compact(&mut self) {
        for side in [&mut self.positive, &mut self.negative] {
            let is_compact = side.counts.iter().all(|count| *count != 0.0)
                && side.spans.iter().all(|span| span.len > 0)
                && side.spans.iter().skip(1).all(|span| span.offset > 0);
            if !is_compact {
                *side = side.iter().filter(|(_, count)| *count != 0.0).collect();
            }
        }
    }

    #[must_use]
    pub fn compacted(mut self) -> Self {
        self.compact();
        self
    }

    /// Widens this zero bucket until it is as wide as the other's could be; answers with what lies within that
    /// width of the other.
    fn reconcile_zero(&mut self, other: &Self) -> f64 {
        let (mut count, mut threshold) = (other.zero_count, other.zero_threshold);
        while threshold != self.zero_threshold {
            if self.zero_threshold > threshold {
                (count, threshold) = other.zero_at_least(self.zero_threshold);
            }
            if threshold > self.zero_threshold {
                (self.zero_count, self.zero_threshold) = self.zero_at_least(threshold);
                self.drop_within_zero();
            }
            // A threshold that is no number equals nothing, itself included.
            if threshold.is_nan() || self.zero_threshold.is_nan() {
                break;
            }
        }
        count
    }

    /// The count of a zero bucket of at least this width, and its width: a populated bucket is taken whole.
    pub(super) fn zero_at_least(&self, mut threshold: f64) -> (f64, f64) {
        if threshold == self.zero_threshold {
            return (self.zero_count, threshold);
        }
        // Each round but the last widens to the end of another bucket.
        for _ in 0..=self.negative.counts.len() + 1 {
            let mut count = self.zero_count;
            for bucket in self.side(&self.positive, true) {
                if bucket.lower >= threshold {
                    break;
                }
                count += bucket.count;
                if bucket.upper > threshold {
                    if bucket.count != 0.0 {
                        threshold = bucket.upper;
                    }
                    break;
                }
            }
            let mut is_wider = false;
            for bucket in self.side(&self.negative, false) {
                if bucket.upper <= -threshold {
                    break;
                }
                count += bucket.count;
                if bucket.lower < -threshold {
                    if bucket.count != 0.0 {
                        threshold = -bucket.lower;
                        is_wider = true;
                    }
                    break;
                }
            }
            if !is_wider {
                return (count, threshold);
            }
        }
        (self.zero_count, threshold)
    }

    fn drop_within_zero(&mut self) {
        let (schema, threshold) = (self.schema, self.zero_threshold);
        for side in [&mut self.positive, &mut self.negative] {
            *side = side
                .iter()
                .filter(|(index, count)| {
                    exponential(index.saturating_sub(1), schema) >= threshold && *count != 0.0
                })
                .collect();
        }
    }
}

pub(super) fn same_bounds(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// The bucket of a coarser schema that holds bucket `index`.
fn coarser_index(index: i32, from: i8, to: i8) -> i32 {
    (index.saturating_sub(1) >> (from - to).clamp(0, 31)) + 1
}

pub(super) fn coarser(buckets: &Buckets, from: i8, to: i8) -> Buckets {
    if from <= to {
        return buckets.clone();
    }
    let mut merged: Vec<(i32, f64)> = Vec::with_capacity(buckets.counts.len());
    for (index, count) in buckets.iter() {
        let index = coarser_index(index, from, to);
        match merged.last_mut() {
            Some(last) if last.0 == index => last.1 += count,
            _ => merged.push((index, count)),
        }
    }
    merged.into_iter().collect()
}

/// Every bucket of both; of the second without those that lie in the zero bucket of `skip`.
fn union(a: &Buckets, b: &Buckets, sign: f64, skip: Option<(i8, f64)>) -> Buckets {
    let within_zero = |index: i32| {
        skip.is_some_and(|(schema, threshold)| exponential(index, schema) <= threshold)
    };
    let mut mine = a.iter().peekable();
    let mut theirs = b
        .iter()
        .skip_while(|(index, _)| within_zero(*index))
        .map(|(index, count)| (index, sign * count))
        .peekable();
    let mut out = Vec::with_capacity(a.counts.len().max(b.counts.len()));
    loop {
        match (mine.peek(), theirs.peek()) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                out.push((x.0, x.1 + y.1));
                mine.next();
                theirs.next();
            }
            (Some(x), Some(y)) if x.0 < y.0 => out.extend(mine.next()),
            (Some(_), None) => out.extend(mine.next()),
            (_, Some(_)) => out.extend(theirs.next()),
            (None, None) => break,
        }
    }
    out.into_iter().collect()
}
