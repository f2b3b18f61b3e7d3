//! Many samples into one for each group.

use std::collections::HashMap;

use super::{Held, Item, distinct};
use crate::{
    EvalError, Labels,
    plan::{Aggregate, Fold},
    sum,
};

pub(super) fn apply(
    fold: &Aggregate,
    samples: Vec<Item>,
    param: Option<&Held>,
    at: i64,
) -> Result<Vec<Item>, EvalError> {
    let groups = grouped(fold, samples);
    match fold.op {
        Fold::TopK | Fold::BottomK => {
            let keep = limit(number(param)?)?;
            let largest = fold.op == Fold::TopK;
            Ok(groups
                .into_iter()
                .flat_map(|(_, members)| extremes(members, keep, largest))
                .collect())
        }
        Fold::CountValues => count_values(groups, param, at),
        op => {
            let q = if op == Fold::Quantile {
                number(param)?
            } else {
                0.0
            };
            let made = groups.into_iter().map(|(labels, members)| {
                let values: Vec<f64> = members.into_iter().map(|sample| sample.value).collect();
                Item {
                    labels,
                    at,
                    value: one(op, q, values),
                }
            });
            Ok(made.collect())
        }
    }
}

fn grouped(fold: &Aggregate, samples: Vec<Item>) -> Vec<(Labels, Vec<Item>)> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<(Labels, Vec<Item>)> = Vec::new();
    for sample in samples {
        let key = fold.grouping.key(&sample.labels);
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(sample);
    }
    groups
}

#[allow(clippy::cast_precision_loss)]
fn one(op: Fold, q: f64, values: Vec<f64>) -> f64 {
    match op {
        Fold::Sum => sum::sum(values.into_iter()),
        Fold::Avg => sum::mean(values.into_iter()),
        // NaN is kept only where there is nothing else.
        Fold::Min => {
            values.into_iter().fold(
                f64::NAN,
                |low, v| if low.is_nan() || v < low { v } else { low },
            )
        }
        Fold::Max => {
            values.into_iter().fold(
                f64::NAN,
                |high, v| if high.is_nan() || v > high { v } else { high },
            )
        }
        Fold::Count => values.len() as f64,
        Fold::Group => 1.0,
        Fold::Stddev => sum::variance(values.into_iter()).sqrt(),
        Fold::Stdvar => sum::variance(values.into_iter()),
        Fold::Quantile => sum::quantile(q, values),
        Fold::TopK | Fold::BottomK | Fold::CountValues => f64::NAN,
    }
}

/// The `keep` largest or smallest, the most extreme first, NaN last; of equals the first stays.
fn extremes(mut members: Vec<Item>, keep: usize, largest: bool) -> Vec<Item> {
    members.sort_by(|a, b| match (a.value.is_nan(), b.value.is_nan()) {
        (false, false) if largest => b.value.total_cmp(&a.value),
        (false, false) => a.value.total_cmp(&b.value),
        (a_nan, b_nan) => a_nan.cmp(&b_nan),
    });
    members.truncate(keep);
    members
}

fn count_values(
    groups: Vec<(Labels, Vec<Item>)>,
    param: Option<&Held>,
    at: i64,
) -> Result<Vec<Item>, EvalError> {
    let Some(Held::String(label)) = param else {
        return Err(EvalError::WrongType {
            function: "count_values",
            wanted: "string",
        });
    };
    let mut out = Vec::new();
    for (labels, members) in groups {
        let mut counts: Vec<(String, f64)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for sample in members {
            let text = show(sample.value);
            let place = *places.entry(text.clone()).or_insert_with(|| {
                counts.push((text, 0.0));
                counts.len() - 1
            });
            counts[place].1 += 1.0;
        }
        out.extend(counts.into_iter().map(|(text, value)| Item {
            labels: labels.with(label, &text),
            at,
            value,
        }));
    }
    distinct(out, "count_values")
}

/// A value as a label: shortest decimals, never an exponent.
fn show(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format!("{value}")
}

fn number(param: Option<&Held>) -> Result<f64, EvalError> {
    match param {
        Some(Held::Scalar(value)) => Ok(*value),
        _ => Err(EvalError::WrongType {
            function: "aggregation",
            wanted: "scalar",
        }),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn limit(k: f64) -> Result<usize, EvalError> {
    if k.is_nan() || k.is_infinite() {
        return Err(EvalError::BadArgument(format!(
            "{k} is no number of series to keep"
        )));
    }
    // `as` saturates: a negative number keeps nothing.
    Ok(k as usize)
}
