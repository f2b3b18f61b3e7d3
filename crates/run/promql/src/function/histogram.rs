//! Quantiles of classic histograms, interpolated within a bucket.

use std::collections::BTreeMap;

use super::Args;
use crate::{
    EvalError, Labels,
    run::{Held, Item},
    series::NAME,
};

pub(super) const NAMES: &[&str] = &["histogram_quantile"];

/// Cumulative counts that differ by less than this share are rounding, not counting.
const ROUNDING: f64 = 1e-12;

/// A bucket's upper bound and its cumulative count.
type Bucket = (f64, f64);

pub(super) fn call(args: &Args<'_, '_>) -> Result<Held, EvalError> {
    let q = args.scalar(0)?;
    let mut histograms: BTreeMap<Labels, Vec<Bucket>> = BTreeMap::new();
    for sample in args.vector(1)? {
        let Some(le) = bound(sample.labels.get("le")) else {
            continue;
        };
        let labels = sample.labels.filtered(|name| name != "le" && name != NAME);
        histograms
            .entry(labels)
            .or_default()
            .push((le, sample.value));
    }
    let rows = histograms.into_iter().map(|(labels, buckets)| Item {
        labels,
        at: args.at,
        value: quantile(q, buckets),
    });
    Ok(Held::Vector(rows.collect()))
}

fn bound(le: &str) -> Option<f64> {
    match le {
        "+Inf" => Some(f64::INFINITY),
        le => le.parse().ok().filter(|bound: &f64| !bound.is_nan()),
    }
}

fn quantile(q: f64, mut buckets: Vec<Bucket>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    buckets.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    monotonic(&mut buckets);
    let [.., highest_finite, (last, all)] = buckets.as_slice() else {
        return f64::NAN;
    };
    if !last.is_infinite() || *all == 0.0 || all.is_nan() {
        return f64::NAN;
    }
    let rank = q * all;
    let finite = &buckets[..buckets.len() - 1];
    let Some(place) = finite.iter().position(|(_, count)| *count >= rank) else {
        return highest_finite.0;
    };
    let (end, count) = finite[place];
    match place.checked_sub(1).map(|before| finite[before]) {
        None if end <= 0.0 => end,
        None => end * (rank / count),
        Some((start, below)) => start + (end - start) * ((rank - below) / (count - below)),
    }
}

/// Counts scraped at slightly different instants, or summed, may fall where they cannot; they are lifted.
fn monotonic(buckets: &mut [Bucket]) {
    let mut high = f64::NEG_INFINITY;
    for (_, count) in buckets {
        let close = (*count - high).abs() <= ROUNDING * count.abs().min(high.abs());
        if *count < high || close {
            *count = high;
        } else {
            high = *count;
        }
    }
}
