//! Orders of an instant vector. Over a range they change nothing.

use std::cmp::Ordering;

use super::text;
use crate::{
    EvalError,
    run::{Row, Run, Steps, is_absent},
    syntax::Expr,
};

type Rows = Result<Vec<Row>, EvalError>;

pub(super) fn sort(run: &Run<'_>, _: &Expr, args: &[Expr], steps: Steps) -> Rows {
    by_value(run, args, steps, |order| order)
}

pub(super) fn sort_desc(run: &Run<'_>, _: &Expr, args: &[Expr], steps: Steps) -> Rows {
    by_value(run, args, steps, Ordering::reverse)
}

/// NaN is last either way; histograms have no place.
fn by_value(run: &Run<'_>, args: &[Expr], steps: Steps, turn: fn(Ordering) -> Ordering) -> Rows {
    let mut rows = run.rows(&args[0], steps)?;
    for row in &mut rows {
        row.histograms.clear();
    }
    rows.retain(|row| row.floats.iter().any(|value| !is_absent(*value)));
    if steps.count == 1 {
        rows.sort_by(|a, b| match (a.floats[0], b.floats[0]) {
            (a, b) if a.is_nan() || b.is_nan() => a.is_nan().cmp(&b.is_nan()),
            (a, b) => turn(a.partial_cmp(&b).unwrap_or(Ordering::Equal)),
        });
    }
    Ok(rows)
}

pub(super) fn by_label(run: &Run<'_>, _: &Expr, args: &[Expr], steps: Steps) -> Rows {
    by_labels(run, args, steps, |order| order)
}

pub(super) fn by_label_desc(run: &Run<'_>, _: &Expr, args: &[Expr], steps: Steps) -> Rows {
    by_labels(run, args, steps, Ordering::reverse)
}

fn by_labels(run: &Run<'_>, args: &[Expr], steps: Steps, turn: fn(Ordering) -> Ordering) -> Rows {
    let mut rows = run.rows(&args[0], steps)?;
    let names: Vec<&str> = (1..args.len()).map(|index| text(args, index)).collect();
    rows.sort_by(|a, b| {
        let by_name = names
            .iter()
            .map(|name| natural(a.labels.get(name), b.labels.get(name)))
            .find(|order| order.is_ne());
        turn(by_name.unwrap_or_else(|| a.labels.cmp(&b.labels)))
    });
    Ok(rows)
}

/// `a2` before `a10`: runs of digits are compared as numbers, the rest as text.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (chunks(a), chunks(b));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => {
                let order = match (a.parse::<i64>(), b.parse::<i64>()) {
                    (Ok(a), Ok(b)) => a.cmp(&b),
                    _ => a.cmp(b),
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

fn chunks(text: &str) -> impl Iterator<Item = &str> {
    text.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .scan(0, |start, chunk| {
            let from = *start;
            *start += chunk.len();
            Some((from, *start))
        })
        .map(move |(from, to)| text.get(from..to).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_labels_are_compared_as_numbers() {
        for (a, b) in [
            ("a2", "a10"),
            ("node9-1", "node10-0"),
            ("a", "a1"),
            ("a1", "b0"),
        ] {
            assert_eq!(natural(a, b), Ordering::Less, "{a} {b}");
        }
    }
}
