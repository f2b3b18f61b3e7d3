//! One number into one number.

use super::Args;
use crate::{EvalError, run::Held};

pub(super) const NAMES: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "cos",
    "cosh",
    "deg",
    "exp",
    "floor",
    "ln",
    "log10",
    "log2",
    "rad",
    "round",
    "sgn",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
];

pub(super) fn call(name: &str, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    let scalar = |index: usize, default: f64| {
        if args.nodes.len() > index {
            args.scalar(index)
        } else {
            Ok(default)
        }
    };
    let (a, b) = (scalar(1, 1.0)?, scalar(2, 0.0)?);
    if name == "clamp" && a > b {
        return Ok(Held::Vector(Vec::new()));
    }
    let f: Box<dyn Fn(f64) -> f64> = match name {
        "clamp" => Box::new(move |v| low(b, high(a, v))),
        "clamp_min" => Box::new(move |v| high(a, v)),
        "clamp_max" => Box::new(move |v| low(a, v)),
        // Multiplying by the inverse keeps 0.1 steps as exact as Prometheus has them.
        "round" => Box::new(move |v| (v * (1.0 / a) + 0.5).floor() / (1.0 / a)),
        _ => Box::new(plain(name)),
    };
    let mut samples = args.vector(0)?;
    for sample in &mut samples {
        sample.value = f(sample.value);
        sample.labels = sample.labels.without_name();
        sample.at = args.at;
    }
    Ok(Held::Vector(samples))
}

fn high(bound: f64, value: f64) -> f64 {
    if bound.is_nan() || value.is_nan() {
        f64::NAN
    } else {
        bound.max(value)
    }
}

fn low(bound: f64, value: f64) -> f64 {
    if bound.is_nan() || value.is_nan() {
        f64::NAN
    } else {
        bound.min(value)
    }
}

fn plain(name: &str) -> fn(f64) -> f64 {
    match name {
        "abs" => f64::abs,
        "acos" => f64::acos,
        "acosh" => f64::acosh,
        "asin" => f64::asin,
        "asinh" => f64::asinh,
        "atan" => f64::atan,
        "atanh" => f64::atanh,
        "ceil" => f64::ceil,
        "cos" => f64::cos,
        "cosh" => f64::cosh,
        "deg" => |v| v * 180.0 / std::f64::consts::PI,
        "exp" => f64::exp,
        "floor" => f64::floor,
        "ln" => f64::ln,
        "log10" => f64::log10,
        "log2" => f64::log2,
        "rad" => |v| v * std::f64::consts::PI / 180.0,
        "sgn" => |v| {
            if v > 0.0 {
                1.0
            } else if v < 0.0 {
                -1.0
            } else {
                v
            }
        },
        "sin" => f64::sin,
        "sinh" => f64::sinh,
        "sqrt" => f64::sqrt,
        "tan" => f64::tan,
        _ => f64::tanh,
    }
}
