//! Whether an answer is the one that a script wants.

use std::collections::BTreeMap;

use super::{Eval, Value as Cell, Wanted, When};
use crate::{
    Answer, EvalError, Histogram, Labels, Number, Series, Value,
    series::{Buckets, is_stale},
};

/// Relative difference that scripts allow.
const TOLERANCE: f64 = 1e-6;

/// Whether two numbers are the same to within a millionth of their sum.
#[must_use]
pub fn nearly(a: f64, b: f64) -> bool {
    if is_stale(a) || is_stale(b) {
        return is_stale(a) && is_stale(b);
    }
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

/// Nothing, or how the answer differs from what is wanted.
pub fn judge(eval: &Eval, answer: &Result<Answer, EvalError>) -> Result<(), String> {
    let answer = match (answer, &eval.fails) {
        (Err(why), Some(wanted)) if wanted.fits(&why.to_string()) => return Ok(()),
        (Err(why), Some(wanted)) => return Err(format!("fails with {why}, not with {wanted:?}")),
        (Err(why), None) => return Err(format!("fails: {why}")),
        (Ok(_), Some(_)) => return Err("does not fail".to_owned()),
        (Ok(answer), None) => answer,
    };
    notes(
        "warning",
        &eval.warnings,
        eval.no_warning,
        &answer.notes.warnings,
    )?;
    notes("info", &eval.infos, eval.no_info, &answer.notes.infos)?;
    match &answer.value {
        Value::Scalar(value) => match eval.scalar {
            Some(wanted) if nearly(wanted, *value) => Ok(()),
            wanted => Err(format!("is the scalar {value}, not {wanted:?}")),
        },
        Value::String(text) => Err(format!("is the text {text:?}")),
        Value::Vector(elements) => {
            let wanted: BTreeMap<&Labels, &Vec<Cell>> = eval
                .series
                .iter()
                .map(|(labels, values)| (labels, values))
                .collect();
            for (place, element) in elements.iter().enumerate() {
                let values = wanted
                    .get(&element.labels)
                    .ok_or_else(|| format!("has {} {:?}", element.labels, element.value))?;
                let is_in_place = eval
                    .series
                    .get(place)
                    .is_some_and(|(labels, _)| *labels == element.labels);
                if eval.is_ordered && !is_in_place {
                    return Err(format!("has {} at place {}", element.labels, place + 1));
                }
                if !same(values.first().unwrap_or(&None), Some(&element.value)) {
                    return Err(format!(
                        "has {} {:?}, not {values:?}",
                        element.labels, element.value
                    ));
                }
            }
            complete(wanted.len(), elements.len())
        }
        Value::Matrix(all) => matrix(eval, all),
    }
}

fn complete(wanted: usize, found: usize) -> Result<(), String> {
    if wanted == found {
        return Ok(());
    }
    Err(format!("has {found} series, not {wanted}"))
}

fn notes(kind: &str, wanted: &[Wanted], none: bool, found: &[String]) -> Result<(), String> {
    if none && !found.is_empty() {
        return Err(format!("has a {kind}: {found:?}"));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    // The place in the text is not part of what scripts want.
    let words = |note: &String| {
        note.rsplit_once(" (")
            .map_or_else(|| note.clone(), |(words, _)| words.to_owned())
    };
    let found: Vec<String> = found.iter().map(words).collect();
    for wanted in wanted {
        if !found.iter().any(|note| wanted.fits(note)) {
            return Err(format!("has no {kind} {wanted:?}, but {found:?}"));
        }
    }
    match found
        .iter()
        .find(|note| !wanted.iter().any(|wanted| wanted.fits(note)))
    {
        Some(other) => Err(format!("has an unexpected {kind}: {other}")),
        None => Ok(()),
    }
}

fn matrix(eval: &Eval, all: &[Series]) -> Result<(), String> {
    let When::Range { from, step, .. } = eval.when else {
        return Err("is a matrix".to_owned());
    };
    let wanted: BTreeMap<&Labels, &Vec<Cell>> = eval
        .series
        .iter()
        .map(|(labels, values)| (labels, values))
        .collect();
    if !all.is_sorted_by(|a, b| a.labels <= b.labels) {
        return Err("is not in the order of labels".to_owned());
    }
    for series in all {
        let values = wanted
            .get(&series.labels)
            .ok_or_else(|| format!("has {series:?}"))?;
        let mut left = series.len();
        for (place, value) in values.iter().enumerate() {
            let at = from + step * u32::try_from(place).unwrap_or(u32::MAX);
            let found = series
                .samples
                .iter()
                .find(|sample| sample.at == at)
                .map(|sample| Number::Float(sample.value))
                .or_else(|| {
                    let found = series.histograms.iter().find(|sample| sample.at == at);
                    found.map(|sample| Number::Histogram(sample.value.clone()))
                });
            left -= usize::from(found.is_some());
            if !same(value, found.as_ref()) {
                return Err(format!(
                    "has {} {found:?} at {at}, not {value:?}",
                    series.labels
                ));
            }
        }
        if left > 0 {
            return Err(format!("has {left} more samples of {}", series.labels));
        }
    }
    complete(wanted.len(), all.len())
}

/// Whether a value is the wanted one.
fn same(wanted: &Cell, found: Option<&Number>) -> bool {
    match (wanted, found) {
        (None, None) => true,
        (Some(Number::Float(wanted)), Some(Number::Float(found))) => nearly(*wanted, *found),
        (Some(Number::Histogram(wanted)), Some(Number::Histogram(found))) => same_histogram(
            &wanted.as_ref().clone().compacted(),
            &found.as_ref().clone().compacted(),
        ),
        _ => false,
    }
}

fn same_histogram(a: &Histogram, b: &Histogram) -> bool {
    let side = |a: &Buckets, b: &Buckets| {
        a.counts.len() == b.counts.len()
            && a.iter()
                .zip(b.iter())
                .all(|(a, b)| a.0 == b.0 && nearly(a.1, b.1))
    };
    a.schema == b.schema
        && nearly(a.count, b.count)
        && nearly(a.sum, b.sum)
        && a.custom_bounds == b.custom_bounds
        && a.zero_threshold == b.zero_threshold
        && nearly(a.zero_count, b.zero_count)
        && side(&a.positive, &b.positive)
        && side(&a.negative, &b.negative)
}
