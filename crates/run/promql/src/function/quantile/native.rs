//! Quantiles of native histograms: within a bucket that grows exponentially the interpolation is exponential, too.

use crate::{Histogram, notes::Note, series::Bucket};

type Say<'s> = &'s dyn Fn(Note);

/// Where a bucket around zero can only hold one sign, it ends at zero.
fn ends_at_zero(histogram: &Histogram, bucket: &mut Bucket) {
    match (
        histogram.negative.counts.is_empty(),
        histogram.positive.counts.is_empty(),
    ) {
        (true, false) => bucket.lower = 0.0,
        (false, true) => bucket.upper = 0.0,
        _ => {}
    }
}

/// Log2 by way of the natural logarithm of the fraction, exact for powers of two.
fn log2(value: f64) -> f64 {
    value.log2()
}

pub(super) fn quantile(q: f64, histogram: &Histogram, metric: &str, say: Say<'_>) -> f64 {
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    if histogram.count == 0.0 || q.is_nan() {
        return f64::NAN;
    }
    let has_nan = histogram.sum.is_nan();
    // From the nearer end; NaN observations are in no bucket, so with them only the lower end is known.
    let from_below = has_nan || q < 0.5;
    let mut buckets = histogram.buckets();
    if !from_below {
        buckets.reverse();
    }
    let mut rank = if from_below { q } else { 1.0 - q } * histogram.count;
    let mut count = 0.0;
    let mut bucket = Bucket {
        lower: 0.0,
        upper: 0.0,
        includes_lower: false,
        includes_upper: false,
        count: 0.0,
    };
    let mut rest = buckets.into_iter();
    for next in rest.by_ref() {
        bucket = next;
        if bucket.count == 0.0 {
            continue;
        }
        count += bucket.count;
        if count >= rank {
            break;
        }
    }
    if histogram.has_custom_bounds() {
        if bucket.lower == f64::NEG_INFINITY {
            if bucket.upper <= 0.0 {
                return bucket.upper;
            }
            bucket.lower = 0.0;
        } else if bucket.upper == f64::INFINITY {
            return bucket.lower;
        }
    } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
        ends_at_zero(histogram, &mut bucket);
    }
    count = if count > histogram.count {
        histogram.count
    } else {
        count
    };
    if count < rank {
        if has_nan {
            say(Note::QuantileOfNan(metric.to_owned()));
            return f64::NAN;
        }
        return bucket.upper;
    }
    rank = if from_below {
        rank - (count - bucket.count)
    } else {
        count - rank
    };
    if has_nan && count + rest.map(|bucket| bucket.count).sum::<f64>() < histogram.count {
        say(Note::QuantileSkewed(metric.to_owned()));
    }
    let fraction = rank / bucket.count;
    if histogram.has_custom_bounds() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        return bucket.lower + (bucket.upper - bucket.lower) * fraction;
    }
    let (lower, upper) = (log2(bucket.lower.abs()), log2(bucket.upper.abs()));
    if bucket.lower > 0.0 {
        (lower + (upper - lower) * fraction).exp2()
    } else {
        -(upper + (lower - upper) * (1.0 - fraction)).exp2()
    }
}

/// The share of observations between two bounds.
pub(super) fn fraction(
    (lower, upper): (f64, f64),
    histogram: &Histogram,
    metric: &str,
    say: Say<'_>,
) -> f64 {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let buckets: Vec<Bucket> = histogram.buckets();
    let count = if histogram.sum.is_nan() {
        let known: f64 = buckets.iter().map(|bucket| bucket.count).sum();
        if known < histogram.count {
            say(Note::FractionOfNan(metric.to_owned()));
        }
        known
    } else {
        histogram.count
    };
    let below = |bound: f64| {
        let mut rank = 0.0;
        for bucket in &buckets {
            let mut bucket = *bucket;
            let is_around_zero = bucket.lower <= 0.0 && bucket.upper >= 0.0;
            if is_around_zero {
                ends_at_zero(histogram, &mut bucket);
            }
            if bucket.lower >= bound {
                return rank;
            }
            if bucket.upper > bound {
                let is_linear = histogram.has_custom_bounds() || is_around_zero;
                return rank + within(&bucket, bound, is_linear);
            }
            rank += bucket.count;
        }
        count
    };
    let at_most = |rank: f64| if rank > count { count } else { rank };
    (at_most(below(upper)) - at_most(below(lower))) / histogram.count
}

/// How much of a bucket lies below a bound within it.
fn within(bucket: &Bucket, bound: f64, is_linear: bool) -> f64 {
    if is_linear {
        return bucket.count * (bound - bucket.lower) / (bucket.upper - bucket.lower);
    }
    let (lower, upper) = (log2(bucket.lower.abs()), log2(bucket.upper.abs()));
    let at = log2(bound.abs());
    let fraction = if bound > 0.0 {
        (at - lower) / (upper - lower)
    } else {
        1.0 - (at - upper) / (lower - upper)
    };
    bucket.count * fraction
}
