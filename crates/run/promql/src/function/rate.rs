//! How fast: differences between samples, extrapolated to the ends of the range as Prometheus does.

use super::Args;
use crate::{EvalError, run::Held, sum::Sum, value::Point};

pub(super) const NAMES: &[&str] = &[
    "changes",
    "delta",
    "deriv",
    "idelta",
    "increase",
    "irate",
    "predict_linear",
    "rate",
    "resets",
];

pub(super) fn call(name: &str, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    match name {
        "rate" => args.each_window(0, |points, w| {
            extrapolated(points, w.from, w.to, true)
                .map(|increase| increase / seconds(w.to - w.from))
        }),
        "increase" => args.each_window(0, |points, w| extrapolated(points, w.from, w.to, true)),
        "delta" => args.each_window(0, |points, w| extrapolated(points, w.from, w.to, false)),
        "irate" => args.each_window(0, |points, _| {
            let [.., (t0, v0), (t1, v1)] = points else {
                return None;
            };
            let rise = if v1 < v0 { *v1 } else { v1 - v0 };
            (t1 > t0).then(|| rise / seconds(t1 - t0))
        }),
        "idelta" => args.each_window(0, |points, _| {
            let [.., (_, v0), (_, v1)] = points else {
                return None;
            };
            Some(v1 - v0)
        }),
        "deriv" => args.each_window(0, |points, _| {
            let [(first, _), _, ..] = points else {
                return None;
            };
            Some(line(points, *first).0)
        }),
        "predict_linear" => {
            let ahead = args.scalar(1)?;
            args.each_window(0, |points, _| {
                let [_, _, ..] = points else { return None };
                let (slope, base) = line(points, args.at);
                Some(slope * ahead + base)
            })
        }
        "resets" => args.each_window(0, |points, _| Some(pairs(points, |a, b| b < a))),
        _ => args.each_window(0, |points, _| {
            Some(pairs(points, |a, b| a != b && !(a.is_nan() && b.is_nan())))
        }),
    }
}

#[allow(clippy::cast_precision_loss)]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

#[allow(clippy::cast_precision_loss)]
fn pairs(points: &[Point], is_one: impl Fn(f64, f64) -> bool) -> f64 {
    points
        .windows(2)
        .filter(|pair| is_one(pair[0].1, pair[1].1))
        .count() as f64
}

/// The increase over the whole range. A range that begins or ends more than 1.1 mean intervals away from
/// its samples is extended by half an interval only; a counter is never extended below zero.
#[allow(clippy::cast_precision_loss)]
fn extrapolated(points: &[Point], from: i64, to: i64, is_counter: bool) -> Option<f64> {
    let [(first_at, first), .., (last_at, last)] = points else {
        return None;
    };
    let mut result = last - first;
    if is_counter {
        for pair in points.windows(2) {
            if pair[1].1 < pair[0].1 {
                result += pair[0].1;
            }
        }
    }
    let sampled = seconds(last_at - first_at);
    let mean = sampled / (points.len() - 1) as f64;
    let threshold = mean * 1.1;
    let mut before = seconds(first_at - from);
    let mut after = seconds(to - last_at);
    if before >= threshold {
        before = mean / 2.0;
    }
    if is_counter && result > 0.0 && *first >= 0.0 {
        before = before.min(sampled * (first / result));
    }
    if after >= threshold {
        after = mean / 2.0;
    }
    Some(result * ((sampled + before + after) / sampled))
}

/// Least squares: slope per second, and the value at `origin`.
fn line(points: &[Point], origin: i64) -> (f64, f64) {
    let level = points.first().map_or(f64::NAN, |(_, value)| *value);
    if points.iter().all(|(_, value)| *value == level) {
        return if level.is_infinite() {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, level)
        };
    }
    let (mut x, mut y, mut xy, mut xx, mut n) = (
        Sum::default(),
        Sum::default(),
        Sum::default(),
        Sum::default(),
        0.0,
    );
    for (at, value) in points {
        let t = seconds(at - origin);
        n += 1.0;
        x.add(t);
        y.add(*value);
        xy.add(t * value);
        xx.add(t * t);
    }
    let (x, y, xy, xx) = (x.total(), y.total(), xy.total(), xx.total());
    let slope = (xy - x * y / n) / (xx - x * x / n);
    (slope, y / n - slope * x / n)
}
