//! Operators between a vector and a scalar, and the way to those between vectors.

use super::{ABSENT, Merged, Row, Run, Sink, Steps, element, is_absent, set, vectors};
use crate::{
    EvalError, Number,
    syntax::{Binary, Expr, Op, Type},
};

pub(super) fn each(
    run: &Run<'_>,
    expr: &Expr,
    pair: &Binary,
    steps: Steps,
    sink: Sink<'_>,
) -> Result<(), EvalError> {
    let is_scalar = |side: &Expr| side.gives() == Type::Scalar;
    match (is_scalar(&pair.left), is_scalar(&pair.right)) {
        (false, true) => with_scalar(
            run,
            expr,
            pair,
            (&pair.left, &pair.right),
            false,
            steps,
            sink,
        ),
        (true, false) => with_scalar(
            run,
            expr,
            pair,
            (&pair.right, &pair.left),
            true,
            steps,
            sink,
        ),
        _ => {
            let left = run.rows(&pair.left, steps)?;
            let right = run.rows(&pair.right, steps)?;
            let rows = if pair.op.is_set() {
                set::rows(run, pair, left, right)?
            } else {
                vectors::rows(run, expr, pair, steps, &left, &right)?
            };
            rows.into_iter().try_for_each(|mut row| sink(&mut row))
        }
    }
}

fn with_scalar(
    run: &Run<'_>,
    expr: &Expr,
    pair: &Binary,
    (vector, scalar): (&Expr, &Expr),
    is_swapped: bool,
    steps: Steps,
    sink: Sink<'_>,
) -> Result<(), EvalError> {
    let scalars = run.scalar(scalar, steps)?;
    let changes_metric = !pair.op.is_comparison() || pair.returns_bool;
    let mut merged = (changes_metric && !run.is_distinct_without_name(vector))
        .then(|| Merged::new(run.is_late()));
    run.each(vector, steps, &mut |row| {
        for (step, value) in row.floats.iter_mut().enumerate() {
            if is_absent(*value) {
                continue;
            }
            *value = one(
                pair.op,
                pair.returns_bool,
                *value,
                scalars[step],
                is_swapped,
            );
        }
        if !row.histograms.is_empty() {
            histograms(run, expr, pair, row, &scalars, is_swapped);
        }
        row.drop_name |= changes_metric;
        match &mut merged {
            Some(merged) => merged.push(std::mem::replace(row, Row::blank(steps.count))),
            None if row.is_empty() => Ok(()),
            None => sink(row),
        }
    })?;
    merged
        .map_or_else(Vec::new, |merged| merged.rows)
        .into_iter()
        .try_for_each(|mut row| sink(&mut row))
}

/// A comparison keeps the vector's value, on whichever side it stands.
#[inline]
fn one(op: Op, returns_bool: bool, value: f64, scalar: f64, is_swapped: bool) -> f64 {
    let (made, keep) = if is_swapped {
        element::floats(op, scalar, value)
    } else {
        element::floats(op, value, scalar)
    };
    match (op.is_comparison(), returns_bool, keep) {
        (true, true, _) => f64::from(u8::from(keep)),
        (true, false, true) => value,
        (true, false, false) => ABSENT,
        (false, ..) => made,
    }
}

fn histograms(
    run: &Run<'_>,
    expr: &Expr,
    pair: &Binary,
    row: &mut Row,
    scalars: &[f64],
    is_swapped: bool,
) {
    for (step, scalar) in scalars.iter().enumerate() {
        let Some(histogram) = row.histogram(step) else {
            continue;
        };
        let (vector, scalar) = (Number::Histogram(histogram.clone()), Number::Float(*scalar));
        let sides = if is_swapped {
            (&scalar, &vector)
        } else {
            (&vector, &scalar)
        };
        let value = match element::numbers(pair.op, sides) {
            Err(note) => {
                run.note(&note, expr.start);
                None
            }
            Ok((_, keep)) if pair.returns_bool => Some(Number::Float(f64::from(u8::from(keep)))),
            Ok((value, keep)) => keep.then_some(value),
        };
        row.set(step, value);
    }
}
