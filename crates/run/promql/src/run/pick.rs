//! `topk`, `bottomk`, `limitk`, `limit_ratio`: some of the series, as they are.

use super::{
    Row, Run, Sink, Steps,
    aggregate::{Bounds, Groups},
};
use crate::{
    EvalError,
    notes::Note,
    number,
    syntax::{Aggregate, Expr, Fold},
};

/// A series that may be picked at one step.
#[derive(Clone, Copy)]
struct Candidate {
    value: f64,
    row: usize,
}

pub(super) fn each(
    run: &Run<'_>,
    expr: &Expr,
    fold: &Aggregate,
    steps: Steps,
    sink: Sink<'_>,
) -> Result<(), EvalError> {
    let Some(param) = &fold.param else {
        return Ok(());
    };
    let params = run.scalar(param, steps)?;
    let rows = run.rows(&fold.of, steps)?;
    let bounds = Bounds::of(&params);
    if fold.fold == Fold::LimitRatio {
        if bounds.max == 0.0 && bounds.min == 0.0 {
            return Ok(());
        }
        if bounds.max > 1.0 {
            run.note(
                &Note::InvalidRatio {
                    given: bounds.max,
                    cap: 1.0,
                },
                param.bare().start,
            );
        }
        if bounds.min < -1.0 {
            run.note(
                &Note::InvalidRatio {
                    given: bounds.min,
                    cap: -1.0,
                },
                param.bare().start,
            );
        }
    } else if bounds.max < 1.0 {
        return Ok(());
    }
    let mut groups = Groups::by(&fold.grouping);
    let places: Vec<usize> = rows
        .iter()
        .map(|row| groups.place(row, run.is_late()).0)
        .collect();
    let count = places.iter().max().map_or(0, |last| last + 1);
    let mut picked: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            drop_name: row.drop_name,
            ..Row::labelled(row.labels.clone(), steps.count)
        })
        .collect();
    let mut order = Vec::new();
    for (step, param) in params.into_iter().enumerate() {
        run.look(rows.len() as u64)?;
        let mut heaps: Vec<Heap> = vec![Heap::new(fold.fold); count];
        if let Some(limit) = Limit::of(fold.fold, param, &rows, step)? {
            for (place, row) in rows.iter().enumerate() {
                let value = match (row.histogram(step), fold.fold) {
                    (Some(_), Fold::TopK | Fold::BottomK) => {
                        run.note(&Note::IgnoredInAggregation(fold.fold.name()), expr.start);
                        continue;
                    }
                    (Some(_), _) => 0.0,
                    (None, _) if !row.has(step) => continue,
                    (None, _) => row.floats[step],
                };
                heaps[places[place]].offer(Candidate { value, row: place }, limit, row);
            }
        }
        order = heaps.into_iter().flat_map(Heap::sorted).collect();
        for place in &order {
            picked[*place].set(step, rows[*place].get(step));
        }
    }
    if steps.count == 1 {
        // Of an instant the order is part of the answer.
        return order
            .into_iter()
            .try_for_each(|place| sink(&mut picked[place]));
    }
    picked
        .into_iter()
        .filter(|row| !row.is_empty())
        .try_for_each(|mut row| sink(&mut row))
}

/// How many, or which share.
#[derive(Clone, Copy)]
enum Limit {
    Count(usize),
    Ratio(f64),
}

impl Limit {
    /// Nothing where nothing is to be picked.
    fn of(fold: Fold, param: f64, rows: &[Row], step: usize) -> Result<Option<Self>, EvalError> {
        // A wrong parameter is wrong only where there is something to pick from.
        if !rows.iter().any(|row| row.has(step)) {
            return Ok(None);
        }
        if fold == Fold::LimitRatio {
            if param.is_nan() {
                return Err(EvalError::BadArgument("Ratio value NaN is NaN".to_owned()));
            }
            return Ok((param != 0.0).then(|| Self::Ratio(param.clamp(-1.0, 1.0))));
        }
        // The bounds of 64-bit integers, as floats.
        const END: f64 = (1u64 << 63) as f64;
        if !(-END..=END).contains(&param) {
            let message = format!("Scalar value {} overflows int64", number::short(param));
            return Err(EvalError::BadArgument(message));
        }
        let limit = usize::try_from(param as i64).unwrap_or(0).min(rows.len());
        Ok((limit > 0).then_some(Self::Count(limit)))
    }
}

/// Those picked so far in one group; the one to go first on top. The same heap as in Go, so that among equals
/// the same ones stay.
#[derive(Clone)]
struct Heap {
    fold: Fold,
    held: Vec<Candidate>,
}

impl Heap {
    fn new(fold: Fold) -> Self {
        Self {
            fold,
            held: Vec::new(),
        }
    }

    /// Whether `a` goes before `b`.
    fn goes_first(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.held[a].value, self.held[b].value);
        a.is_nan()
            || if self.fold == Fold::BottomK {
                a > b
            } else {
                a < b
            }
    }

    fn offer(&mut self, candidate: Candidate, limit: Limit, row: &Row) {
        match limit {
            Limit::Ratio(ratio) => {
                let place = row.labels.xxh64() as f64 / u64::MAX as f64;
                let is_in = if ratio >= 0.0 {
                    place < ratio
                } else {
                    place >= 1.0 + ratio
                };
                if is_in {
                    self.push(candidate);
                }
            }
            Limit::Count(limit) if self.held.len() < limit => self.push(candidate),
            Limit::Count(_) if self.fold == Fold::LimitK => {}
            Limit::Count(_) => {
                let (top, value) = (self.held[0].value, candidate.value);
                let is_better = if self.fold == Fold::BottomK {
                    top > value
                } else {
                    top < value
                };
                if is_better || (top.is_nan() && !value.is_nan()) {
                    self.held[0] = candidate;
                    self.sink_down();
                }
            }
        }
    }

    fn push(&mut self, candidate: Candidate) {
        self.held.push(candidate);
        let mut at = self.held.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.goes_first(at, parent) {
                break;
            }
            self.held.swap(at, parent);
            at = parent;
        }
    }

    fn sink_down(&mut self) {
        let mut at = 0;
        loop {
            let left = 2 * at + 1;
            if left >= self.held.len() {
                break;
            }
            let right = left + 1;
            let child = if right < self.held.len() && self.goes_first(right, left) {
                right
            } else {
                left
            };
            if !self.goes_first(child, at) {
                break;
            }
            self.held.swap(at, child);
            at = child;
        }
    }

    /// The best first; NaN last.
    fn sorted(mut self) -> Vec<usize> {
        let largest_first = self.fold != Fold::BottomK;
        if matches!(self.fold, Fold::TopK | Fold::BottomK) {
            self.held
                .sort_by(|a, b| match (a.value.is_nan(), b.value.is_nan()) {
                    (false, false) => {
                        let order = a
                            .value
                            .partial_cmp(&b.value)
                            .unwrap_or(std::cmp::Ordering::Equal);
                        if largest_first {
                            order.reverse()
                        } else {
                            order
                        }
                    }
                    (a_nan, b_nan) => a_nan.cmp(&b_nan),
                });
        }
        self.held
            .into_iter()
            .map(|candidate| candidate.row)
            .collect()
    }
}
