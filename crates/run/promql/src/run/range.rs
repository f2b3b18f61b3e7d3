//! Functions of range vectors: for each series a window slides over its samples, step by step.

use std::mem::{Discriminant, discriminant};

use super::{Row, Run, Sink, Steps, Window, select::Ranged};
use crate::{
    EvalError,
    function::{Function, Over, rate},
    notes::Note,
    series::Sample,
    syntax::{Expr, Type},
};

/// What a function may say about the series that it looks at; of each kind once.
pub(crate) struct Said<'s, 'r> {
    run: &'s Run<'r>,
    pub metric: String,
    start: usize,
    kinds: Vec<Discriminant<Note>>,
}

impl Said<'_, '_> {
    pub fn say(&mut self, note: impl FnOnce(String) -> Note) {
        let note = note(self.metric.clone());
        let kind = discriminant(&note);
        // Quantiles may differ from step to step.
        if matches!(note, Note::InvalidQuantile(_)) || !self.kinds.contains(&kind) {
            self.kinds.push(kind);
            self.run.note(&note, self.start);
        }
        if matches!(note, Note::InvalidQuantile(_)) {
            self.kinds.clear();
        }
    }
}

pub(super) fn each(
    run: &Run<'_>,
    function: &Function,
    over: Over,
    (matrix, start): (&Expr, usize),
    args: &[Expr],
    steps: Steps,
    sink: Sink<'_>,
) -> Result<(), EvalError> {
    let scalars = args
        .iter()
        .filter(|arg| arg.gives() == Type::Scalar)
        .map(|arg| run.scalar(arg, steps))
        .collect::<Result<Vec<_>, _>>()?;
    let mut windows = run.windows(matrix, steps)?;
    let all = std::mem::replace(&mut windows.all, Box::new(std::iter::empty()));
    let keeps_name = function.name == "last_over_time";
    let mut watch = run.watch(if keeps_name { &args[0] } else { matrix });
    let bounds: Vec<(i64, i64)> = steps.all().map(|at| windows.bounds(at)).collect();
    let bounds = |step: usize| bounds[step];
    let mut row = Row::blank(steps.count);
    let mut present = vec![
        false;
        if matches!(over, Over::Absent) {
            steps.count
        } else {
            0
        }
    ];
    for series in all {
        if row.floats.len() == steps.count {
            row.clear();
        } else {
            row = Row::blank(steps.count);
        }
        let mut said = Said {
            run,
            metric: String::new(),
            start,
            kinds: Vec::new(),
        };
        run.look((series.floats.len() + steps.count) as u64)?;
        match over {
            Over::Rate(kind) if series.histograms.is_empty() => {
                rate::floats(kind, &series.floats, bounds, &mut row.floats);
                if kind.is_counter() {
                    maybe_no_counter(run, &series, &row, start);
                }
            }
            _ => {
                series.labels.metric().clone_into(&mut said.metric);
                let mut slider = Slider::default();
                let mut params = vec![0.0; scalars.len()];
                for step in 0..steps.count {
                    let window = slider.slide(&series, bounds(step), steps.at(step));
                    run.look(window.floats.len() as u64)?;
                    if window.floats.is_empty() && window.histograms.is_empty() {
                        continue;
                    }
                    for (param, column) in params.iter_mut().zip(&scalars) {
                        *param = column[step];
                    }
                    let value = match over {
                        Over::Any(function) => function(&window, &params, &mut said)?,
                        Over::Rate(kind) => rate::window(kind, &window, &mut said),
                        Over::Absent => {
                            present[step] = true;
                            None
                        }
                    };
                    if value.is_some() {
                        row.set(step, value);
                    }
                }
                if matches!(over, Over::Rate(kind) if kind.is_counter()) {
                    maybe_no_counter(run, &series, &row, start);
                }
            }
        }
        if row.is_empty() {
            continue;
        }
        row.labels = series.labels;
        row.drop_name = !keeps_name;
        if !keeps_name {
            watch.see(&row.labels)?;
        }
        sink(&mut row)?;
    }
    if matches!(over, Over::Absent) {
        let mut row = Row::labelled(crate::function::absent_labels(matrix), steps.count);
        for (step, is_present) in present.into_iter().enumerate() {
            if !is_present {
                row.floats[step] = 1.0;
            }
        }
        if !row.is_empty() {
            sink(&mut row)?;
        }
    }
    Ok(())
}

/// The name of a counter says that it is one.
fn maybe_no_counter(run: &Run<'_>, series: &Ranged<'_>, row: &Row, start: usize) {
    let metric = series.labels.metric();
    let fits = ["_total", "_sum", "_count", "_bucket"]
        .iter()
        .any(|suffix| metric.ends_with(suffix));
    if metric.is_empty() || (fits && !run.options.type_and_unit_labels) {
        return;
    }
    if row.floats.iter().all(|value| super::is_absent(*value)) {
        return;
    }
    if run.options.type_and_unit_labels {
        let kind = series.labels.get("__type__");
        if kind != "counter" {
            let (metric, kind) = (metric.to_owned(), kind.to_owned());
            run.note(&Note::MaybeNoCounterType { metric, kind }, start);
        }
    } else {
        run.note(&Note::MaybeNoCounter(metric.to_owned()), start);
    }
}

/// Where the window stands in both kinds of samples.
#[derive(Default)]
struct Slider {
    floats: (usize, usize),
    histograms: (usize, usize),
}

impl Slider {
    fn slide<'w>(&mut self, series: &'w Ranged<'_>, (from, to): (i64, i64), at: i64) -> Window<'w> {
        slide(
            &mut self.floats,
            &series.floats,
            (from, to),
            |s: &Sample| s.at.as_millis(),
        );
        slide(&mut self.histograms, &series.histograms, (from, to), |s| {
            s.at.as_millis()
        });
        Window {
            floats: &series.floats[self.floats.0..self.floats.1],
            histograms: &series.histograms[self.histograms.0..self.histograms.1],
            from,
            to,
            at,
        }
    }
}

fn slide<S>(
    place: &mut (usize, usize),
    samples: &[S],
    (from, to): (i64, i64),
    at: impl Fn(&S) -> i64,
) {
    while samples.get(place.1).is_some_and(|sample| at(sample) <= to) {
        place.1 += 1;
    }
    while place.0 < place.1 && at(&samples[place.0]) <= from {
        place.0 += 1;
    }
}
