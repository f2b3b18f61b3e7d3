//! Operators between two values: scalars, a vector and a scalar, two vectors matched by labels.

use std::collections::{HashMap, HashSet};

use super::{Held, Item, distinct, vector};
use crate::{
    EvalError, Labels,
    plan::{Binary, Grouping, Many, Op},
    series::NAME,
};

/// What an operator makes of two numbers.
enum Made {
    Number(f64),
    /// A comparison, and whether it holds.
    Truth(bool),
}

pub(super) fn apply(binary: &Binary, left: Held, right: Held, at: i64) -> Result<Held, EvalError> {
    match (left, right) {
        (Held::Scalar(left), Held::Scalar(right)) => {
            Ok(Held::Scalar(match make(binary.op, left, right) {
                Made::Number(value) => value,
                Made::Truth(holds) => f64::from(u8::from(holds)),
            }))
        }
        (Held::Scalar(left), right) => {
            let samples = vector(right, "binary operator")?;
            with_scalar(binary, samples, at, |value| make(binary.op, left, value))
        }
        (left, Held::Scalar(right)) => {
            let samples = vector(left, "binary operator")?;
            with_scalar(binary, samples, at, |value| make(binary.op, value, right))
        }
        (left, right) => {
            let (left, right) = (
                vector(left, "binary operator")?,
                vector(right, "binary operator")?,
            );
            match binary.op {
                Op::And | Op::Or | Op::Unless => Ok(Held::Vector(set(binary, left, right))),
                _ => matched(binary, left, right, at).map(Held::Vector),
            }
        }
    }
}

fn make(op: Op, left: f64, right: f64) -> Made {
    Made::Number(match op {
        Op::Add => left + right,
        Op::Sub => left - right,
        Op::Mul => left * right,
        Op::Div => left / right,
        Op::Mod => left % right,
        Op::Pow => left.powf(right),
        Op::Atan2 => left.atan2(right),
        Op::Equal => return Made::Truth(left == right),
        Op::NotEqual => return Made::Truth(left != right),
        Op::Greater => return Made::Truth(left > right),
        Op::Less => return Made::Truth(left < right),
        Op::GreaterEqual => return Made::Truth(left >= right),
        Op::LessEqual => return Made::Truth(left <= right),
        // Set operators work on vectors only; the parser refuses them between scalars.
        Op::And | Op::Or | Op::Unless => f64::NAN,
    })
}

fn with_scalar(
    binary: &Binary,
    samples: Vec<Item>,
    at: i64,
    op: impl Fn(f64) -> Made,
) -> Result<Held, EvalError> {
    let mut out = Vec::with_capacity(samples.len());
    for mut sample in samples {
        sample.at = at;
        match op(sample.value) {
            Made::Truth(holds) if !binary.returns_bool => {
                if holds {
                    out.push(sample);
                }
                continue;
            }
            Made::Truth(holds) => sample.value = f64::from(u8::from(holds)),
            Made::Number(value) => sample.value = value,
        }
        sample.labels = sample.labels.without_name();
        out.push(sample);
    }
    distinct(out, "binary operator").map(Held::Vector)
}

impl Grouping {
    /// The labels by which two samples are the same.
    pub fn key(&self, labels: &Labels) -> Labels {
        match self {
            Self::By(names) => labels.filtered(|name| names.iter().any(|n| n == name)),
            Self::Without(names) => {
                labels.filtered(|name| name != NAME && !names.iter().any(|n| n == name))
            }
        }
    }
}

fn set(binary: &Binary, left: Vec<Item>, mut right: Vec<Item>) -> Vec<Item> {
    let keys = |samples: &[Item]| -> HashSet<Labels> {
        samples
            .iter()
            .map(|sample| binary.matching.key(&sample.labels))
            .collect()
    };
    let mut out = left;
    if binary.op == Op::Or {
        let known = keys(&out);
        right.retain(|sample| !known.contains(&binary.matching.key(&sample.labels)));
        out.append(&mut right);
        return out;
    }
    let known = keys(&right);
    out.retain(|sample| {
        known.contains(&binary.matching.key(&sample.labels)) == (binary.op == Op::And)
    });
    out
}

fn matched(
    binary: &Binary,
    left: Vec<Item>,
    right: Vec<Item>,
    at: i64,
) -> Result<Vec<Item>, EvalError> {
    let swapped = matches!(binary.many, Many::Right(_));
    // `many` is walked, `one` is looked up; their roles in the operator stay as written.
    let (many, one) = if swapped {
        (right, left)
    } else {
        (left, right)
    };
    let (many_side, one_side) = if swapped {
        ("right", "left")
    } else {
        ("left", "right")
    };
    let mut by_key: HashMap<Labels, Item> = HashMap::with_capacity(one.len());
    for sample in one {
        let key = binary.matching.key(&sample.labels);
        if by_key.contains_key(&key) {
            return Err(EvalError::ManyMatches {
                labels: key.to_string(),
                side: one_side,
            });
        }
        by_key.insert(key, sample);
    }
    let mut used = HashSet::new();
    let mut out = Vec::new();
    for sample in many {
        let key = binary.matching.key(&sample.labels);
        let Some(other) = by_key.get(&key) else {
            continue;
        };
        let (l, r) = if swapped {
            (other.value, sample.value)
        } else {
            (sample.value, other.value)
        };
        let (value, keeps_name) = match make(binary.op, l, r) {
            Made::Number(value) => (value, false),
            Made::Truth(holds) if binary.returns_bool => (f64::from(u8::from(holds)), false),
            Made::Truth(true) => (l, true),
            Made::Truth(false) => {
                if binary.many == Many::Neither && !used.insert(key.clone()) {
                    return Err(EvalError::ManyMatches {
                        labels: key.to_string(),
                        side: many_side,
                    });
                }
                continue;
            }
        };
        let labels = result_labels(binary, &sample.labels, &other.labels, keeps_name);
        let twice = match binary.many {
            Many::Neither => !used.insert(key.clone()),
            Many::Left(_) | Many::Right(_) => !used.insert(labels.clone()),
        };
        if twice {
            return Err(EvalError::ManyMatches {
                labels: key.to_string(),
                side: many_side,
            });
        }
        out.push(Item { labels, at, value });
    }
    Ok(out)
}

fn result_labels(binary: &Binary, many: &Labels, one: &Labels, keeps_name: bool) -> Labels {
    let base = if keeps_name {
        many.clone()
    } else {
        many.without_name()
    };
    match &binary.many {
        Many::Neither => match &binary.matching {
            Grouping::By(names) => base.filtered(|name| names.iter().any(|n| n == name)),
            Grouping::Without(names) => base.filtered(|name| !names.iter().any(|n| n == name)),
        },
        Many::Left(include) | Many::Right(include) => include
            .iter()
            .fold(base, |labels, name| labels.with(name, one.get(name))),
    }
}
