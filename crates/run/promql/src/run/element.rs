//! Operators between two values.

use std::sync::Arc;

use crate::{Number, notes::Note, series::Incompatible, syntax::Op};

pub(super) fn scalars(op: Op, left: f64, right: f64) -> f64 {
    match floats(op, left, right) {
        (_, holds) if op.is_comparison() => f64::from(u8::from(holds)),
        (value, _) => value,
    }
}

/// The value, and whether it is kept: a comparison keeps its left side where it holds.
#[inline]
pub(super) fn floats(op: Op, left: f64, right: f64) -> (f64, bool) {
    match op {
        Op::Add => (left + right, true),
        Op::Sub => (left - right, true),
        Op::Mul => (left * right, true),
        Op::Div => (left / right, true),
        Op::Mod => (left % right, true),
        Op::Pow => (left.powf(right), true),
        Op::Atan2 => (left.atan2(right), true),
        Op::Equal => (left, left == right),
        Op::NotEqual => (left, left != right),
        Op::Greater => (left, left > right),
        Op::Less => (left, left < right),
        Op::GreaterEqual => (left, left >= right),
        Op::LessEqual => (left, left <= right),
        // Set operators work on vectors only; the parser refuses them between scalars.
        Op::And | Op::Or | Op::Unless => (f64::NAN, false),
    }
}

/// Both sides of an operator.
pub(super) type Sides<'s> = (&'s Number, &'s Number);

/// The same where one side may be a histogram; why there is no value.
pub(super) fn numbers(op: Op, (left, right): Sides<'_>) -> Result<(Number, bool), Note> {
    let scaled = |histogram: &Arc<crate::Histogram>, scale: &dyn Fn(&mut crate::Histogram)| {
        let mut histogram = crate::Histogram::clone(histogram);
        scale(&mut histogram);
        Ok((Number::Histogram(Arc::new(histogram.compacted())), true))
    };
    match (left, right) {
        (Number::Float(left), Number::Float(right)) => {
            let (value, keep) = floats(op, *left, *right);
            Ok((Number::Float(value), keep))
        }
        (Number::Float(factor), Number::Histogram(histogram)) if op == Op::Mul => {
            scaled(histogram, &|h| h.scale(*factor))
        }
        (Number::Histogram(histogram), Number::Float(factor)) if op == Op::Mul => {
            scaled(histogram, &|h| h.scale(*factor))
        }
        (Number::Histogram(histogram), Number::Float(by)) if op == Op::Div => {
            scaled(histogram, &|h| h.divide(*by))
        }
        (Number::Histogram(a), Number::Histogram(b)) => match op {
            Op::Add | Op::Sub => {
                let mut sum = crate::Histogram::clone(a);
                let done = if op == Op::Add {
                    sum.add(b)
                } else {
                    sum.subtract(b)
                };
                done.map_err(|_: Incompatible| Note::IncompatibleLayout(op.sign()))?;
                Ok((Number::Histogram(Arc::new(sum.compacted())), true))
            }
            Op::Equal => Ok((left.clone(), a.same(b))),
            Op::NotEqual => Ok((left.clone(), !a.same(b))),
            _ => Err(incompatible(op, left, right)),
        },
        _ => Err(incompatible(op, left, right)),
    }
}

fn incompatible(op: Op, left: &Number, right: &Number) -> Note {
    let kind = |number: &Number| match number {
        Number::Float(_) => "float",
        Number::Histogram(_) => "histogram",
    };
    Note::IncompatibleTypes {
        left: kind(left),
        op: op.sign(),
        right: kind(right),
    }
}
