//! Operators between two vectors: the series of both sides find each other by labels.

use std::collections::HashMap;

use super::{ABSENT, Merged, Row, Run, Steps, element, is_absent};
use crate::{
    EvalError, Labels,
    notes::Note,
    series::{NAME, is_of_metric},
    syntax::{Binary, Cards, Expr, Matching, quote},
};

/// The labels by which two series are the same.
pub(super) struct Signature<'m>(&'m Matching);

impl<'m> Signature<'m> {
    pub fn of(matching: &'m Matching) -> Self {
        Self(matching)
    }

    fn counts(&self, name: &str) -> bool {
        let is_listed = self.0.labels.iter().any(|label| label == name);
        if self.0.is_on {
            is_listed
        } else {
            !is_listed && name != NAME
        }
    }

    pub fn key(&self, labels: &Labels) -> String {
        let mut key = String::new();
        labels.write_filtered(&mut key, |name| self.counts(name));
        key
    }

    fn labels(&self, labels: &Labels) -> Labels {
        labels.filtered(|name| self.counts(name))
    }
}

/// The rows of one signature.
#[derive(Default)]
struct Group {
    many: usize,
    one: Vec<usize>,
}

struct Join<'j> {
    pair: &'j Binary,
    is_swapped: bool,
    /// Why the last series of a step has no value; only that is said.
    wrong: Vec<Option<Note>>,
    /// Where a signature has several series on the side of one: the steps that are taken.
    taken: HashMap<(String, Labels), Vec<bool>>,
}

pub(super) fn rows(
    run: &Run<'_>,
    expr: &Expr,
    pair: &Binary,
    steps: Steps,
    left: &[Row],
    right: &[Row],
) -> Result<Vec<Row>, EvalError> {
    // `many` is walked, `one` is looked up; their roles in the operator stay as written.
    let is_swapped = pair.matching.cards == Cards::OneToMany;
    let (many, one) = if is_swapped {
        (right, left)
    } else {
        (left, right)
    };
    let signature = Signature::of(&pair.matching);
    let mut groups: HashMap<String, Group> = HashMap::with_capacity(one.len());
    for (place, row) in one.iter().enumerate() {
        groups
            .entry(signature.key(&row.labels))
            .or_default()
            .one
            .push(place);
    }
    let keys: Vec<String> = many.iter().map(|row| signature.key(&row.labels)).collect();
    for key in &keys {
        if let Some(group) = groups.get_mut(key) {
            group.many += 1;
        }
    }
    for group in groups.values().filter(|group| group.one.len() > 1) {
        refuse_twins(&signature, is_swapped, many, one, &group.one)?;
    }
    let mut join = Join {
        pair,
        is_swapped,
        wrong: Vec::new(),
        taken: HashMap::new(),
    };
    let mut out = Merged::new(run.is_late());
    for (row, key) in many.iter().zip(keys) {
        let Some(group) = groups.get(&key) else {
            continue;
        };
        for other in &group.one {
            let other = &one[*other];
            let mut made = join.pairwise(row, other, steps);
            if made.is_empty() {
                continue;
            }
            run.hold(steps.count)?;
            made.labels = join.labels(&row.labels, &other.labels);
            made.drop_name = pair.returns_bool;
            if group.many > 1 {
                join.take(&key, &made)?;
            }
            out.push(made)?;
        }
    }
    for note in join.wrong.iter().flatten() {
        run.note(note, expr.start);
    }
    Ok(out.rows)
}

impl Join<'_> {
    fn pairwise(&mut self, many: &Row, one: &Row, steps: Steps) -> Row {
        let mut out = Row::blank(steps.count);
        let (left, right) = if self.is_swapped {
            (one, many)
        } else {
            (many, one)
        };
        if left.histograms.is_empty() && right.histograms.is_empty() {
            let sides = left.floats.iter().zip(&right.floats);
            for (made, (left, right)) in out.floats.iter_mut().zip(sides) {
                if is_absent(*left) || is_absent(*right) {
                    continue;
                }
                let (value, keep) = element::floats(self.pair.op, *left, *right);
                *made = match (self.pair.returns_bool, keep) {
                    (true, _) => f64::from(u8::from(keep)),
                    (false, true) => value,
                    (false, false) => ABSENT,
                };
            }
            return out;
        }
        for step in 0..steps.count {
            let (Some(left), Some(right)) = (left.get(step), right.get(step)) else {
                continue;
            };
            match element::numbers(self.pair.op, (&left, &right)) {
                Ok((_, keep)) if self.pair.returns_bool => {
                    out.floats[step] = f64::from(u8::from(keep))
                }
                Ok((value, keep)) => out.set(step, keep.then_some(value)),
                Err(note) => {
                    self.wrong.resize(steps.count, None);
                    self.wrong[step] = Some(note);
                }
            }
        }
        out
    }

    fn labels(&self, many: &Labels, one: &Labels) -> Labels {
        let matching = &self.pair.matching;
        let keeps_metric = self.pair.op.is_comparison();
        let is_one_to_one = matching.cards == Cards::OneToOne;
        let base = many.filtered(|name| {
            let is_listed = matching.labels.iter().any(|label| label == name);
            (keeps_metric || !is_of_metric(name)) && (!is_one_to_one || is_listed == matching.is_on)
        });
        matching
            .include
            .iter()
            .fold(base, |labels, name| labels.with(name, one.get(name)))
    }

    /// Several series of one signature must not meet at one step: not at all where both sides are of one, not
    /// under the same labels where one side has many.
    fn take(&mut self, key: &str, made: &Row) -> Result<(), EvalError> {
        let is_one_to_one = self.pair.matching.cards == Cards::OneToOne;
        let labels = if is_one_to_one {
            Labels::default()
        } else {
            made.labels.clone()
        };
        let taken = self
            .taken
            .entry((key.to_owned(), labels))
            .or_insert_with(|| vec![false; made.floats.len()]);
        for (step, taken) in taken.iter_mut().enumerate() {
            let has = made.has(step);
            if has && *taken {
                return Err(if is_one_to_one {
                    EvalError::ImplicitMany
                } else {
                    EvalError::AmbiguousGroup
                });
            }
            *taken |= has;
        }
        Ok(())
    }
}

/// Refuses two series on the side of one that meet at a step, where there is anything to match them with.
fn refuse_twins(
    signature: &Signature<'_>,
    is_swapped: bool,
    many: &[Row],
    one: &[Row],
    group: &[usize],
) -> Result<(), EvalError> {
    let steps = one.first().map_or(0, |row| row.floats.len());
    for step in 0..steps {
        let mut present = group.iter().filter(|place| one[**place].has(step));
        let (Some(first), Some(second)) = (present.next(), present.next()) else {
            continue;
        };
        if many.iter().any(|row| row.has(step)) {
            let (first, second) = (&one[*first].labels, &one[*second].labels);
            return Err(EvalError::ManyMatches {
                group: braced(&signature.labels(second)),
                side: if is_swapped { "left" } else { "right" },
                first: braced(second),
                second: braced(first),
            });
        }
    }
    Ok(())
}

/// All labels in braces, the name among them.
fn braced(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={}", quote(value)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}
