//! Quantiles of cumulative buckets, interpolated within one.

use std::cmp::Ordering;

/// How far two counts may lie apart and still be meant to be the same: summed rates round differently.
const TOLERANCE: f64 = 1e-12;

#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub upper: f64,
    pub count: f64,
}

/// In order and each bound once; nothing where the last does not hold everything.
fn ordered(mut buckets: Vec<Bucket>) -> Option<Vec<Bucket>> {
    buckets.sort_by(|a, b| a.upper.partial_cmp(&b.upper).unwrap_or(Ordering::Equal));
    if buckets.last()?.upper != f64::INFINITY {
        return None;
    }
    let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        match merged.last_mut() {
            Some(last) if last.upper == bucket.upper => last.count += bucket.count,
            _ => merged.push(bucket),
        }
    }
    Some(merged)
}

/// Makes counts rise; whether one had to be raised by more than rounding explains.
fn force_monotonic(buckets: &mut [Bucket]) -> bool {
    let mut is_forced = false;
    let mut before = buckets.first().map_or(0.0, |bucket| bucket.count);
    for bucket in buckets.iter_mut().skip(1) {
        if bucket.count == before {
            continue;
        }
        if nearly(before, bucket.count) {
            bucket.count = before;
        } else if bucket.count < before {
            bucket.count = before;
            is_forced = true;
        } else {
            before = bucket.count;
        }
    }
    is_forced
}

/// Whether two numbers differ by less than their sum times the tolerance.
fn nearly(a: f64, b: f64) -> bool {
    if a.is_nan() && b.is_nan() || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

/// The quantile, and whether the counts had to be made to rise.
pub(super) fn quantile(q: f64, buckets: Vec<Bucket>) -> (f64, bool) {
    if q.is_nan() {
        return (f64::NAN, false);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, false);
    }
    if q > 1.0 {
        return (f64::INFINITY, false);
    }
    let Some(mut buckets) = ordered(buckets) else {
        return (f64::NAN, false);
    };
    let is_forced = force_monotonic(&mut buckets);
    let [finite @ .., last] = buckets.as_slice() else {
        return (f64::NAN, false);
    };
    let (Some(largest), true) = (finite.last(), last.count != 0.0) else {
        return (f64::NAN, false);
    };
    let mut rank = q * last.count;
    let is_below =
        |bucket: &Bucket| matches!(bucket.count.partial_cmp(&rank), None | Some(Ordering::Less));
    let place = finite.partition_point(is_below);
    let Some(bucket) = finite.get(place) else {
        return (largest.upper, is_forced);
    };
    let (mut lower, mut count) = (0.0, bucket.count);
    match place.checked_sub(1).map(|below| finite[below]) {
        Some(below) => {
            lower = below.upper;
            count -= below.count;
            rank -= below.count;
        }
        None if bucket.upper <= 0.0 => return (bucket.upper, is_forced),
        None => {}
    }
    (lower + (bucket.upper - lower) * (rank / count), is_forced)
}

/// The share of observations between two bounds.
pub(super) fn fraction((lower, upper): (f64, f64), buckets: Vec<Bucket>) -> f64 {
    let Some(buckets) = ordered(buckets) else {
        return f64::NAN;
    };
    let count = buckets.last().map_or(0.0, |bucket| bucket.count);
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let below = |bound: f64| {
        let (mut rank, mut from) = (0.0, f64::NEG_INFINITY);
        for bucket in &buckets {
            if from >= bound {
                return rank;
            }
            if bucket.upper > bound {
                return rank + (bucket.count - rank) * (bound - from) / (bucket.upper - from);
            }
            rank = bucket.count;
            from = bucket.upper;
        }
        count
    };
    let within = |rank: f64| if rank > count { count } else { rank };
    (within(below(upper)) - within(below(lower))) / count
}
