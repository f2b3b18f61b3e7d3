//! Exponential histograms of OpenTelemetry as native histograms.
//!
//! Both halve the width of their buckets with each step of scale or schema; OpenTelemetry numbers a bucket by
//! its lower bound and Prometheus by its upper, which is one more. Prometheus knows no schema above 8: buckets of
//! finer ones are joined, two by two for each step.

use std::collections::BTreeMap;

use promise::{Say, say};
use store::{
    Histogram,
    metrics::{Buckets, Span},
};

use super::model::{Exponential, Side};

const SCHEMA_MIN: i32 = -4;
const SCHEMA_MAX: i32 = 8;
/// What a sender that says no width for its zero bucket means, as Prometheus takes it.
const ZERO_THRESHOLD: f64 = 1e-128;
/// Up to so many empty buckets are written out, for a span costs as much.
const GAP_MAX: i32 = 2;
/// Buckets of one side. The SDKs' own limit is 160.
const BUCKETS_MAX: usize = 10_000;

type Counts = BTreeMap<i32, f64>;

#[allow(clippy::cast_precision_loss)]
pub(super) fn native(point: &Exponential) -> Result<Histogram, Say> {
    let scale = point.scale;
    if scale < SCHEMA_MIN {
        return Err(say!(
            "an exponential histogram of scale {scale} is coarser than a native one can be ({SCHEMA_MIN})",
            "スケール {scale} の指数ヒストグラムは、ネイティブヒストグラムの下限 {SCHEMA_MIN} より粗いため表せません"
        ));
    }
    let down = (scale - SCHEMA_MAX).max(0);
    Ok(Histogram {
        schema: i8::try_from(scale - down).unwrap_or_default(),
        count: point.count as f64,
        sum: point.sum.unwrap_or_default(),
        zero_threshold: match point.zero_threshold {
            threshold if threshold > 0.0 => threshold,
            _ => ZERO_THRESHOLD,
        },
        zero_count: point.zero_count as f64,
        positive: buckets(&counts(&point.positive, down)?),
        negative: buckets(&counts(&point.negative, down)?),
        ..Histogram::default()
    })
}

#[allow(clippy::cast_precision_loss)]
fn counts(side: &Side, down: i32) -> Result<Counts, Say> {
    if side.bucket_counts.len() > BUCKETS_MAX {
        return Err(say!(
            "an exponential histogram has more than {BUCKETS_MAX} buckets",
            "指数ヒストグラムのバケットが {BUCKETS_MAX} 個を超えています"
        ));
    }
    let mut counts = Counts::new();
    for (place, count) in side.bucket_counts.iter().enumerate() {
        if *count > 0 {
            let place = i32::try_from(place).unwrap_or(i32::MAX);
            let index = halved(side.offset.saturating_add(place), down);
            *counts.entry(index.saturating_add(1)).or_default() += *count as f64;
        }
    }
    Ok(counts)
}

/// An index by lower bounds, after `down` steps of joining; towards minus infinity.
fn halved(index: i32, down: i32) -> i32 {
    index >> down.min(31)
}

fn buckets(counts: &Counts) -> Buckets {
    let mut out = Buckets::default();
    // The index behind the last bucket that was written.
    let mut next = 0i32;
    for (&index, &count) in counts {
        let gap = index.saturating_sub(next);
        match out.spans.last_mut() {
            Some(span) if gap <= GAP_MAX => {
                out.counts.extend((0..gap).map(|_| 0.0));
                span.len += gap.unsigned_abs() + 1;
            }
            _ => out.spans.push(Span {
                offset: gap,
                len: 1,
            }),
        }
        out.counts.push(count);
        next = index.saturating_add(1);
    }
    out
}

/// The sum of two, at the coarser schema of both. The zero bucket is as wide as the wider.
pub(super) fn add(a: &Histogram, b: &Histogram) -> Histogram {
    let schema = a.schema.min(b.schema);
    let side = |a_side: &Buckets, b_side: &Buckets| {
        let mut counts = Counts::new();
        for (one, from) in [(a_side, a.schema), (b_side, b.schema)] {
            for (index, count) in one.iter() {
                let lower = halved(index.saturating_sub(1), i32::from(from - schema));
                *counts.entry(lower.saturating_add(1)).or_default() += count;
            }
        }
        buckets(&counts)
    };
    Histogram {
        schema,
        count: a.count + b.count,
        sum: a.sum + b.sum,
        zero_threshold: a.zero_threshold.max(b.zero_threshold),
        zero_count: a.zero_count + b.zero_count,
        positive: side(&a.positive, &b.positive),
        negative: side(&a.negative, &b.negative),
        ..Histogram::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn point(scale: i32, offset: i32, counts: &[u64]) -> Exponential {
        Exponential {
            scale,
            count: counts.iter().sum(),
            positive: Side {
                offset,
                bucket_counts: counts.to_vec(),
            },
            ..Exponential::default()
        }
    }

    fn shown(histogram: &Histogram) -> Vec<(i32, f64)> {
        histogram
            .positive
            .iter()
            .filter(|(_, count)| *count > 0.0)
            .collect()
    }

    /// Scale 0: bucket 0 is (1, 2] in OpenTelemetry, and bucket 1 is (2^0, 2^1] in Prometheus.
    #[test]
    fn buckets_are_numbered_by_their_upper_bound() {
        let made = native(&point(0, 0, &[1, 2, 0, 0, 0, 3])).unwrap();
        assert_eq!(shown(&made), [(1, 1.0), (2, 2.0), (6, 3.0)]);
        assert_eq!(
            made.positive.spans,
            [Span { offset: 1, len: 2 }, Span { offset: 3, len: 1 }]
        );
        assert!(made.positive.is_whole());
    }

    /// At scale 10 bucket i ends at 2^((i+1)/1024); at 8 four of them are one: -1 lies in [-4, -1], which
    /// is -1 again, and 0 to 3 are 0.
    #[test]
    fn finer_buckets_are_joined() {
        let made = native(&point(10, -1, &[1, 2, 4, 8, 16, 32])).unwrap();
        assert_eq!(made.schema, 8);
        assert_eq!(shown(&made), [(0, 1.0), (1, 30.0), (2, 32.0)]);
        assert!(native(&point(-5, 0, &[1])).is_err());
    }

    #[test]
    fn a_sum_has_the_coarser_buckets() {
        let (fine, coarse) = (point(1, 0, &[1, 2]), point(0, 0, &[4, 8]));
        let sum = add(&native(&fine).unwrap(), &native(&coarse).unwrap());
        assert_eq!((sum.schema, sum.count), (0, 15.0));
        assert_eq!(shown(&sum), [(1, 7.0), (2, 8.0)]);
    }
}
