//! `and`, `or`, `unless`: which series stay is decided step by step, by labels alone.

use std::collections::HashMap;

use super::{Merged, Row, Run};
use crate::{
    EvalError,
    run::vectors::Signature,
    syntax::{Binary, Op},
};

pub(super) fn rows(
    run: &Run<'_>,
    pair: &Binary,
    left: Vec<Row>,
    right: Vec<Row>,
) -> Result<Vec<Row>, EvalError> {
    let signature = Signature::of(&pair.matching);
    let mut out = Merged::new(run.is_late());
    if pair.op == Op::Or {
        let known = presence(&signature, &left);
        for row in left {
            out.push(row)?;
        }
        for mut row in right {
            let key = signature.key(&row.labels);
            keep(&mut row, known.get(&key), false);
            out.push(row)?;
        }
    } else {
        let known = presence(&signature, &right);
        for mut row in left {
            let key = signature.key(&row.labels);
            keep(&mut row, known.get(&key), pair.op == Op::And);
            out.push(row)?;
        }
    }
    Ok(out.rows)
}

/// At which steps there is any series with these labels.
fn presence(signature: &Signature<'_>, rows: &[Row]) -> HashMap<String, Vec<bool>> {
    let mut known: HashMap<String, Vec<bool>> = HashMap::new();
    for row in rows {
        let steps = known
            .entry(signature.key(&row.labels))
            .or_insert_with(|| vec![false; row.floats.len()]);
        for (step, is_present) in steps.iter_mut().enumerate() {
            *is_present |= row.has(step);
        }
    }
    known
}

/// Keeps the steps at which the other side is present, or absent.
fn keep(row: &mut Row, other: Option<&Vec<bool>>, wanted: bool) {
    for step in 0..row.floats.len() {
        if other.is_some_and(|other| other[step]) != wanted {
            row.set(step, None);
        }
    }
}
