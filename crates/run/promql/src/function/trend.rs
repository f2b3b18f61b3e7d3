//! Lines and curves through the samples of a range, and how often they change.

use crate::{
    EvalError, Number, Sample,
    notes::Note,
    number,
    run::{Said, Window},
    sum,
};

type Folded = Result<Option<Number>, EvalError>;

/// At least two floats; that histograms beside them were left out is said.
fn of_two_floats(
    window: &Window<'_>,
    said: &mut Said<'_, '_>,
    fold: impl FnOnce() -> f64,
) -> Folded {
    if !window.floats.is_empty() && !window.histograms.is_empty() {
        said.say(Note::IgnoredInRange);
    }
    Ok((window.floats.len() > 1).then(|| Number::Float(fold())))
}

pub(super) fn deriv(window: &Window<'_>, _: &[f64], said: &mut Said<'_, '_>) -> Folded {
    of_two_floats(window, said, || {
        let origin = window
            .floats
            .first()
            .map_or(0, |sample| sample.at.as_millis());
        line(window.floats, origin).0
    })
}

pub(super) fn predict_linear(
    window: &Window<'_>,
    params: &[f64],
    said: &mut Said<'_, '_>,
) -> Folded {
    let ahead = params.first().copied().unwrap_or(f64::NAN);
    of_two_floats(window, said, || {
        let (slope, base) = line(window.floats, window.at);
        slope * ahead + base
    })
}

/// Least squares: slope per second, and the value at `origin`.
fn line(samples: &[Sample], origin: i64) -> (f64, f64) {
    let level = samples.first().map_or(f64::NAN, |sample| sample.value);
    if !samples.iter().skip(1).any(|sample| sample.value != level) {
        return if level.is_infinite() {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, level)
        };
    }
    let (mut x, mut y, mut xy, mut xx) = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0));
    let mut n = 0.0;
    for sample in samples {
        let t = (sample.at.as_millis() - origin) as f64 / 1000.0;
        n += 1.0;
        x = sum::add(t, x.0, x.1);
        y = sum::add(sample.value, y.0, y.1);
        xy = sum::add(t * sample.value, xy.0, xy.1);
        xx = sum::add(t * t, xx.0, xx.1);
    }
    let (x, y, xy, xx) = (x.0 + x.1, y.0 + y.1, xy.0 + xy.1, xx.0 + xx.1);
    let slope = (xy - x * y / n) / (xx - x * x / n);
    (slope, y / n - slope * x / n)
}

/// Holt's linear method.
pub(super) fn double_exponential_smoothing(
    window: &Window<'_>,
    params: &[f64],
    said: &mut Said<'_, '_>,
) -> Folded {
    let [smoothing, trend] = *params else {
        return Ok(None);
    };
    for (name, factor, sign) in [("smoothing", smoothing, "sf"), ("trend", trend, "tf")] {
        if factor <= 0.0 || factor >= 1.0 {
            let message = format!(
                "invalid {name} factor. Expected: 0 < {sign} < 1, got: {}",
                if factor.is_finite() {
                    format!("{factor:.6}")
                } else {
                    number::plain(factor)
                }
            );
            return Err(EvalError::BadArgument(message));
        }
    }
    of_two_floats(window, said, || {
        let values = |place: usize| window.floats[place].value;
        let (mut before, mut level) = (0.0, values(0));
        let mut slope = values(1) - values(0);
        for place in 1..window.floats.len() {
            if place > 1 {
                slope = trend * (level - before) + (1.0 - trend) * slope;
            }
            let next = smoothing * values(place) + (1.0 - smoothing) * (level + slope);
            (before, level) = (level, next);
        }
        level
    })
}

pub(super) fn resets(window: &Window<'_>, _: &[f64], _: &mut Said<'_, '_>) -> Folded {
    Ok(Some(Number::Float(turns(window, |before, now| {
        match (before, now) {
            (Number::Float(before), Number::Float(now)) => now < before,
            (Number::Histogram(before), Number::Histogram(now)) => now.is_reset_since(before),
            _ => true,
        }
    }))))
}

pub(super) fn changes(window: &Window<'_>, _: &[f64], _: &mut Said<'_, '_>) -> Folded {
    Ok(Some(Number::Float(turns(window, |before, now| {
        match (before, now) {
            (Number::Float(before), Number::Float(now)) => {
                now != before && !(now.is_nan() && before.is_nan())
            }
            (Number::Histogram(before), Number::Histogram(now)) => !now.same(before),
            _ => true,
        }
    }))))
}

/// How many neighbours differ so.
fn turns(window: &Window<'_>, differs: impl Fn(&Number, &Number) -> bool) -> f64 {
    let mut floats = window.floats.iter().peekable();
    let mut histograms = window.histograms.iter().peekable();
    let mut before: Option<Number> = None;
    let mut count = 0.0;
    loop {
        let now = match (floats.peek(), histograms.peek()) {
            (Some(float), Some(histogram)) if histogram.at < float.at => None,
            (Some(float), _) => Some(Number::Float(float.value)),
            (None, Some(_)) => None,
            (None, None) => return count,
        };
        let now = match now {
            Some(float) => {
                floats.next();
                float
            }
            None => match histograms.next() {
                Some(histogram) => Number::Histogram(histogram.value.clone()),
                None => return count,
            },
        };
        if before.as_ref().is_some_and(|before| differs(before, &now)) {
            count += 1.0;
        }
        before = Some(now);
    }
}
