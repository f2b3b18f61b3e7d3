//! `…_over_time`: the samples of one series over a range, folded.

use std::sync::Arc;

use crate::{
    EvalError, Histogram, Number,
    notes::Note,
    run::{Said, Window, incompatible, move_towards},
    series::Incompatible,
    sum::{self, Mean},
};

type Folded = Result<Option<Number>, EvalError>;

fn float(value: f64) -> Folded {
    Ok(Some(Number::Float(value)))
}

/// Only floats count; that others were left out is said.
fn of_floats(window: &Window<'_>, said: &mut Said<'_, '_>, fold: impl FnOnce() -> f64) -> Folded {
    if window.floats.is_empty() {
        return Ok(None);
    }
    if !window.histograms.is_empty() {
        said.say(Note::IgnoredInRange);
    }
    float(fold())
}

fn values<'w>(window: &Window<'w>) -> impl Iterator<Item = f64> + use<'w> {
    window.floats.iter().map(|sample| sample.value)
}

/// Floats by `floats` or histograms by `add`, never both.
fn of_either(
    window: &Window<'_>,
    said: &mut Said<'_, '_>,
    floats: impl FnOnce() -> f64,
    add: impl Fn(&mut Histogram, &Histogram, f64) -> Result<(), Incompatible>,
) -> Folded {
    let Some((first, rest)) = window.histograms.split_first() else {
        return float(floats());
    };
    if !window.floats.is_empty() {
        said.say(Note::MixedFloatsHistograms);
        return Ok(None);
    }
    let mut folded = Histogram::clone(&first.value);
    for (place, next) in rest.iter().enumerate() {
        if let Err(why) = add(&mut folded, &next.value, (place + 2) as f64) {
            said.say(|metric| incompatible(why, &metric));
            return Ok(None);
        }
    }
    Ok(Some(Number::Histogram(Arc::new(folded))))
}

pub(super) fn avg(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    let mean = || {
        let mut values = values(window);
        let mut mean = Mean::of(values.next().unwrap_or(f64::NAN));
        values.for_each(|value| mean.push(value));
        mean.value()
    };
    of_either(window, said, mean, move_towards)
}

pub(super) fn sum(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_either(
        window,
        said,
        || sum::sum(values(window)),
        |sum, next, _| sum.add(next),
    )
}

pub(super) fn count(window: &Window<'_>, _: &[f64], _: &mut Said<'_, '_>) -> Folded {
    float((window.floats.len() + window.histograms.len()) as f64)
}

pub(super) fn present(_: &Window<'_>, _: &[f64], _: &mut Said<'_, '_>) -> Folded {
    float(1.0)
}

pub(super) fn last(window: &Window<'_>, _: &[f64], _: &mut Said<'_, '_>) -> Folded {
    Ok(match (window.floats.last(), window.histograms.last()) {
        (Some(float), Some(histogram)) if histogram.at < float.at => {
            Some(Number::Float(float.value))
        }
        (_, Some(histogram)) => Some(Number::Histogram(histogram.value.clone())),
        (float, None) => float.map(|float| Number::Float(float.value)),
    })
}

/// The best value and when it stood there; NaN is the best only where there is nothing else.
fn best(window: &Window<'_>, is_better: impl Fn(f64, f64) -> bool) -> (f64, i64) {
    let first = window
        .floats
        .first()
        .map_or((f64::NAN, 0), |s| (s.value, s.at.as_millis()));
    window.floats.iter().fold(first, |(best, at), sample| {
        if is_better(sample.value, best) || best.is_nan() {
            (sample.value, sample.at.as_millis())
        } else {
            (best, at)
        }
    })
}

pub(super) fn max(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || best(window, |value, best| value > best).0)
}

pub(super) fn min(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || best(window, |value, best| value < best).0)
}

pub(super) fn ts_of_max(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || {
        best(window, |value, best| value >= best).1 as f64 / 1000.0
    })
}

pub(super) fn ts_of_min(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || {
        best(window, |value, best| value <= best).1 as f64 / 1000.0
    })
}

pub(super) fn ts_of_last(window: &Window<'_>, _: &[f64], _: &mut Said<'_, '_>) -> Folded {
    let float_at = window
        .floats
        .last()
        .map_or(0, |sample| sample.at.as_millis());
    let histogram_at = window
        .histograms
        .last()
        .map_or(0, |sample| sample.at.as_millis());
    float(float_at.max(histogram_at) as f64 / 1000.0)
}

pub(super) fn stddev(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || sum::variance(values(window)).sqrt())
}

pub(super) fn stdvar(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || sum::variance(values(window)))
}

/// The median of the distances from the median.
pub(super) fn mad(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_floats(window, said, || {
        let mut all: Vec<f64> = values(window).collect();
        let median = sum::quantile(0.5, &mut all);
        let mut distances: Vec<f64> = values(window).map(|value| (value - median).abs()).collect();
        sum::quantile(0.5, &mut distances)
    })
}

pub(super) fn quantile(window: &Window<'_>, params: &[f64], said: &mut Said<'_, '_>) -> Folded {
    let q = params.first().copied().unwrap_or(f64::NAN);
    if window.floats.is_empty() {
        return Ok(None);
    }
    if !(0.0..=1.0).contains(&q) {
        said.say(|_| Note::InvalidQuantile(q));
    }
    of_floats(window, said, || {
        sum::quantile(q, &mut values(window).collect::<Vec<_>>())
    })
}
