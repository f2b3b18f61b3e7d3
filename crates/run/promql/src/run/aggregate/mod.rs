//! Many series into one for each group. Rows are folded as they pass by, so that what they were computed from
//! need not be held.

mod group;

use std::collections::HashMap;

use super::{Merged, Row, Run, Sink, Steps};
use crate::{
    EvalError, Labels, Number,
    function::{larger, smaller},
    notes::Note,
    number,
    series::{NAME, is_of_metric},
    syntax::{Aggregate, Fold, Grouping, quote},
};
use group::Group;
pub(crate) use group::{incompatible, move_towards};

/// The groups of an aggregation, in the order of their first series.
pub(super) struct Groups<'g> {
    grouping: &'g Grouping,
    places: HashMap<Labels, usize>,
    key: String,
}

impl<'g> Groups<'g> {
    pub fn by(grouping: &'g Grouping) -> Self {
        Self {
            grouping,
            places: HashMap::new(),
            key: String::new(),
        }
    }

    fn counts(grouping: &Grouping, name: &str) -> bool {
        let is_listed = grouping.labels.iter().any(|label| label == name);
        if grouping.is_without {
            !is_listed && name != NAME
        } else {
            is_listed
        }
    }

    /// The number of a row's group, and its labels where the group is new.
    pub fn place(&mut self, row: &Row, is_late: bool) -> (usize, Option<Labels>) {
        let grouping = self.grouping;
        let loses_metric = row.drop_name && !is_late;
        let counts =
            |name: &str| Self::counts(grouping, name) && !(loses_metric && is_of_metric(name));
        self.key.clear();
        row.labels.write_filtered(&mut self.key, counts);
        if let Some(place) = self.places.get(self.key.as_str()) {
            return (*place, None);
        }
        let labels = row.labels.filtered(counts);
        self.places.insert(labels.clone(), self.places.len());
        (self.places.len() - 1, Some(labels))
    }
}

/// `sum`, `avg` and their kin.
pub(super) fn each(
    run: &Run<'_>,
    fold: &Aggregate,
    steps: Steps,
    sink: Sink<'_>,
) -> Result<(), EvalError> {
    let params = match &fold.param {
        Some(param) => run.scalar(param, steps)?,
        None => Vec::new(),
    };
    let is_late = run.is_late();
    let mut groups = Groups::by(&fold.grouping);
    let mut all: Vec<Group> = Vec::new();
    // As in Prometheus, whether group n drops its name is what the nth series says.
    let mut drops = Vec::new();
    run.each(&fold.of, steps, &mut |row| {
        drops.push(row.drop_name && is_late);
        let (place, is_new) = groups.place(row, is_late);
        if let Some(labels) = is_new {
            run.hold(steps.count)?;
            all.push(Group::new(fold.fold, labels, steps.count));
        }
        let loses_name = row.drop_name && !is_late;
        let metric = if loses_name { "" } else { row.labels.metric() };
        if fold.fold == Fold::Quantile {
            run.hold(steps.count)?;
        }
        all[place].push(row, &mut |note| run.note(&note(metric), fold.of.start));
        Ok(())
    })?;
    if let Some(param) = fold.param.as_ref().filter(|_| fold.fold == Fold::Quantile) {
        let bounds = Bounds::of(&params);
        let wrong = [
            bounds.has_nan.then_some(f64::NAN),
            (bounds.max > 1.0).then_some(bounds.max),
            (bounds.min < 0.0).then_some(bounds.min),
        ];
        for q in wrong.into_iter().flatten() {
            run.note(&Note::InvalidQuantile(q), param.bare().start);
        }
    }
    for (group, drop_name) in all.into_iter().zip(drops) {
        let mut row = group.finish(&params, &mut |note| run.note(&note, fold.of.start));
        row.drop_name = drop_name;
        if !row.is_empty() {
            sink(&mut row)?;
        }
    }
    Ok(())
}

/// What a parameter is over all steps.
pub(super) struct Bounds {
    pub min: f64,
    pub max: f64,
    pub has_nan: bool,
}

impl Bounds {
    pub fn of(params: &[f64]) -> Self {
        let end = |start: f64, pick: fn(f64, f64) -> f64| params.iter().copied().fold(start, pick);
        Self {
            min: end(f64::MAX, smaller),
            max: end(f64::MIN, larger),
            has_nan: params.iter().any(|value| value.is_nan()),
        }
    }
}

/// A series for each value, counting how often it stands there.
pub(super) fn count_values(
    run: &Run<'_>,
    fold: &Aggregate,
    steps: Steps,
    sink: Sink<'_>,
) -> Result<(), EvalError> {
    let label = fold
        .param
        .as_ref()
        .map_or("", |param| match &param.bare().kind {
            crate::syntax::Kind::Text(text) => text,
            _ => "",
        });
    if !crate::function::is_label_name(label) {
        return Err(EvalError::BadArgument(format!(
            "invalid label name {}",
            quote(label)
        )));
    }
    let mut grouping = fold.grouping.clone();
    if !grouping.is_without {
        grouping.labels.push(label.to_owned());
    }
    let mut rows: HashMap<Labels, Row> = HashMap::new();
    let mut order = Vec::new();
    for row in run.rows(&fold.of, steps)? {
        // The value makes the labels, so each is looked up by itself.
        for step in 0..steps.count {
            let Some(value) = row.get(step) else {
                continue;
            };
            let text = match &value {
                Number::Float(value) => number::plain(*value),
                Number::Histogram(histogram) => histogram.to_string(),
            };
            let labels = row
                .labels
                .with(label, &text)
                .filtered(|name| Groups::counts(&grouping, name));
            if !rows.contains_key(&labels) {
                run.hold(steps.count)?;
                order.push(labels.clone());
                rows.insert(labels.clone(), Row::labelled(labels.clone(), steps.count));
            }
            if let Some(row) = rows.get_mut(&labels) {
                row.floats[step] = if row.has(step) {
                    row.floats[step] + 1.0
                } else {
                    1.0
                };
            }
        }
    }
    let mut merged = Merged::new(run.is_late());
    for labels in order {
        if let Some(row) = rows.remove(&labels) {
            merged.push(row)?;
        }
    }
    merged
        .rows
        .into_iter()
        .try_for_each(|mut row| sink(&mut row))
}
