//! Arithmetic on each float by itself. Histograms are left out.

use super::Change;
use crate::{
    EvalError,
    run::{ABSENT, Row, Run, Steps, is_absent},
    syntax::Expr,
};

pub(super) fn each_float<'c>(work: impl Fn(f64) -> f64 + 'c) -> Change<'c> {
    Box::new(move |row: &mut Row| {
        row.histograms.clear();
        for value in row.floats.iter_mut().filter(|value| !is_absent(**value)) {
            *value = work(*value);
        }
        Ok(())
    })
}

type Changed<'c> = Result<(&'c Expr, Change<'c>), EvalError>;

fn clamped<'c>(of: &'c Expr, low: Vec<f64>, high: Vec<f64>) -> Changed<'c> {
    let change = move |row: &mut Row| {
        row.histograms.clear();
        for (step, value) in row
            .floats
            .iter_mut()
            .enumerate()
            .filter(|(_, v)| !is_absent(**v))
        {
            let (low, high) = (low[step], high[step]);
            *value = if high < low {
                ABSENT
            } else {
                larger(low, smaller(high, *value))
            };
        }
        Ok(())
    };
    Ok((of, Box::new(change)))
}

/// Unlike Rust's, these give NaN where either is, unless the other is the end of all numbers; and 0 is larger than -0.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        return f64::INFINITY;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { b } else { a };
    }
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

pub(crate) fn smaller(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { a } else { b };
    }
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

pub(super) fn clamp<'c>(run: &'c Run<'_>, args: &'c [Expr], steps: Steps) -> Changed<'c> {
    clamped(
        &args[0],
        run.scalar(&args[1], steps)?,
        run.scalar(&args[2], steps)?,
    )
}

pub(super) fn clamp_max<'c>(run: &'c Run<'_>, args: &'c [Expr], steps: Steps) -> Changed<'c> {
    let low = vec![f64::NEG_INFINITY; steps.count];
    clamped(&args[0], low, run.scalar(&args[1], steps)?)
}

pub(super) fn clamp_min<'c>(run: &'c Run<'_>, args: &'c [Expr], steps: Steps) -> Changed<'c> {
    let high = vec![f64::INFINITY; steps.count];
    clamped(&args[0], run.scalar(&args[1], steps)?, high)
}

/// To a multiple; what lies in the middle goes up.
pub(super) fn round<'c>(run: &'c Run<'_>, args: &'c [Expr], steps: Steps) -> Changed<'c> {
    let nearest = match args.get(1) {
        Some(nearest) => run.scalar(nearest, steps)?,
        None => vec![1.0; steps.count],
    };
    let change = move |row: &mut Row| {
        row.histograms.clear();
        for (step, value) in row
            .floats
            .iter_mut()
            .enumerate()
            .filter(|(_, v)| !is_absent(**v))
        {
            let inverse = 1.0 / nearest[step];
            *value = (*value * inverse + 0.5).floor() / inverse;
        }
        Ok(())
    };
    Ok((&args[0], Box::new(change)))
}

pub(super) fn sgn(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

pub(super) fn rad(degrees: f64) -> f64 {
    degrees * std::f64::consts::PI / 180.0
}

pub(super) fn deg(radians: f64) -> f64 {
    radians * 180.0 / std::f64::consts::PI
}
