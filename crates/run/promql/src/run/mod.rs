//! A tree over columns: each node is computed once for all steps of a run, and each series' samples are walked
//! once. An instant is a run of one step.

mod aggregate;
mod binary;
mod element;
mod pick;
mod range;
mod row;
mod select;
mod set;
mod vectors;

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use crate::{
    EvalError, Labels, Options, SeriesRef, SeriesSource,
    function::{self, Work},
    notes::{Note, NoteBook},
    query::visit,
    syntax::{Expr, Fold, Kind, Selector, Type},
};

pub(crate) use aggregate::{incompatible, move_towards};
pub(crate) use range::Said;
pub(crate) use row::{ABSENT, Merged, Row, Steps, is_absent};
use select::Fetched;
pub(crate) use select::Window;

/// Values that one query may hold at a time, as Prometheus bounds them: 400 MB of floats.
const VALUES_MAX: u64 = 50_000_000;
/// Samples that one query may look at, each time it does: some ten seconds of one core.
const VISITS_MAX: u64 = 2_000_000_000;

/// What a node gives.
pub(crate) enum Held {
    /// A number for each step.
    Scalar(Vec<f64>),
    Text(String),
    /// Each with a value at some step at least.
    Rows(Vec<Row>),
}

/// One run of a tree over fetched series.
pub(crate) struct Run<'r> {
    pub options: Options,
    /// By the number of the selector.
    series: Vec<Vec<Fetched<'r>>>,
    /// The info series of each call of `info`, by its place in the text.
    infos: HashMap<usize, Vec<SeriesRef<'r>>>,
    /// First and last instant of the whole query.
    pub span: (i64, i64),
    pub notes: NoteBook,
    values: Cell<u64>,
    visits: Cell<u64>,
}

pub(crate) type Sink<'s> = &'s mut dyn FnMut(&mut Row) -> Result<(), EvalError>;

impl<'r> Run<'r> {
    pub fn new(
        root: &Expr,
        selectors: usize,
        options: Options,
        data: &'r (impl SeriesSource + ?Sized),
        span: (i64, i64),
    ) -> Self {
        let mut series = Vec::new();
        series.resize_with(selectors, Vec::new);
        let mut infos = HashMap::new();
        let plain = select::without_buckets(root);
        visit(root, &mut |expr| match &expr.kind {
            Kind::Vector(selector) | Kind::Matrix { selector, .. } => {
                let found = data.series(&selector.matchers).into_iter();
                let is_plain = plain == Some(selector.id);
                series[selector.id] = found.map(|found| Fetched::of(found, is_plain)).collect();
            }
            Kind::Call { function, args } if function.name == "info" => {
                infos.insert(
                    expr.start,
                    data.series(&function::info_matchers(args.get(1))),
                );
            }
            _ => {}
        });
        Self {
            options,
            series,
            infos,
            span,
            notes: NoteBook::default(),
            values: Cell::new(0),
            visits: Cell::new(0),
        }
    }

    pub fn is_late(&self) -> bool {
        self.options.late_name_removal
    }

    pub fn note(&self, note: &Note, start: usize) {
        self.notes.add(note, start);
    }

    /// Counts values that are about to be held.
    pub fn hold(&self, values: usize) -> Result<(), EvalError> {
        let held = self.values.get().saturating_add(values as u64);
        self.values.set(held);
        if held > VALUES_MAX {
            return Err(EvalError::TooManySamples { limit: VALUES_MAX });
        }
        Ok(())
    }

    /// Counts samples that are looked at.
    pub fn look(&self, samples: u64) -> Result<(), EvalError> {
        let seen = self.visits.get().saturating_add(samples);
        self.visits.set(seen);
        if seen > VISITS_MAX {
            return Err(EvalError::TooManySamples { limit: VISITS_MAX });
        }
        Ok(())
    }

    fn series(&self, selector: &Selector) -> &[Fetched<'r>] {
        &self.series[selector.id]
    }

    pub fn info_series(&self, start: usize) -> &[SeriesRef<'r>] {
        self.infos.get(&start).map_or(&[], Vec::as_slice)
    }

    /// The value of a node at all steps.
    pub fn value(&self, expr: &Expr, steps: Steps) -> Result<Held, EvalError> {
        match &expr.kind {
            Kind::Paren(of) => self.value(of, steps),
            Kind::Text(text) => Ok(Held::Text(text.clone())),
            _ if expr.gives() == Type::Scalar => self.scalar(expr, steps).map(Held::Scalar),
            _ => self.rows(expr, steps).map(Held::Rows),
        }
    }

    /// The rows of a vector.
    pub fn rows(&self, expr: &Expr, steps: Steps) -> Result<Vec<Row>, EvalError> {
        let mut rows = Vec::new();
        let is_late = self.is_late();
        self.each(expr, steps, &mut |row| {
            self.hold(steps.count)?;
            let mut row = std::mem::replace(row, Row::blank(steps.count));
            row.settle(is_late);
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands the rows of a vector on one by one, in their order. The row may be taken; what is left in it is
    /// overwritten by the next.
    pub fn each(&self, expr: &Expr, steps: Steps, sink: Sink<'_>) -> Result<(), EvalError> {
        if steps.count > 1 && is_fixed(expr) {
            return self.broadcast(expr, steps, sink);
        }
        match &expr.kind {
            Kind::Paren(of) => self.each(of, steps, sink),
            Kind::Vector(selector) => self.instants(selector, steps, sink),
            Kind::Unary { is_minus, of } => self.negated(*is_minus, of, steps, sink),
            Kind::Binary(pair) => binary::each(self, expr, pair, steps, sink),
            Kind::Aggregate(fold) if fold.fold == Fold::CountValues => {
                aggregate::count_values(self, fold, steps, sink)
            }
            Kind::Aggregate(fold) if fold.fold.selects() => {
                pick::each(self, expr, fold, steps, sink)
            }
            Kind::Aggregate(fold) => aggregate::each(self, fold, steps, sink),
            Kind::Call { function, args } => match function.work {
                Work::OverRange { over, matrix } => {
                    let first = argument_start(expr, &args[0]);
                    range::each(
                        self,
                        function,
                        over,
                        (&args[matrix], first),
                        args,
                        steps,
                        sink,
                    )
                }
                Work::Vector(make) => make(self, expr, args, steps)?
                    .into_iter()
                    .try_for_each(|mut row| sink(&mut row)),
                Work::Calendar(part) if args.is_empty() => {
                    sink(&mut function::at_steps(part, steps))
                }
                work => match work.change(self, args, steps)? {
                    Some((of, change)) => self.changed(of, steps, change, sink),
                    None => Ok(()),
                },
            },
            Kind::Number { .. } | Kind::Text(_) | Kind::Matrix { .. } | Kind::Subquery { .. } => {
                Ok(())
            }
        }
    }

    /// A number for each step.
    pub fn scalar(&self, expr: &Expr, steps: Steps) -> Result<Vec<f64>, EvalError> {
        self.hold(steps.count)?;
        if steps.count > 1 && is_fixed(expr) && !matches!(expr.kind, Kind::Number { .. }) {
            let value = self.scalar(expr, Steps::one(steps.start))?;
            return Ok(vec![
                value.first().copied().unwrap_or(f64::NAN);
                steps.count
            ]);
        }
        Ok(match &expr.kind {
            Kind::Number { value, .. } => vec![*value; steps.count],
            Kind::Paren(of) => self.scalar(of, steps)?,
            Kind::Unary { is_minus, of } => {
                let mut values = self.scalar(of, steps)?;
                if *is_minus {
                    values.iter_mut().for_each(|value| *value = -*value);
                }
                values
            }
            Kind::Binary(pair) => {
                let left = self.scalar(&pair.left, steps)?;
                let right = self.scalar(&pair.right, steps)?;
                let pairs = left.into_iter().zip(right);
                pairs
                    .map(|(left, right)| element::scalars(pair.op, left, right))
                    .collect()
            }
            Kind::Call { function, args } => match function.work {
                Work::Scalar(make) => make(self, args, steps)?,
                _ => vec![f64::NAN; steps.count],
            },
            _ => vec![f64::NAN; steps.count],
        })
    }

    /// What does not depend on the step is computed once.
    fn broadcast(&self, expr: &Expr, steps: Steps, sink: Sink<'_>) -> Result<(), EvalError> {
        for row in self.rows(expr, Steps::one(steps.start))? {
            self.hold(steps.count)?;
            let mut wide = Row {
                floats: vec![row.floats[0]; steps.count],
                histograms: row.histogram(0).map_or_else(Vec::new, |histogram| {
                    vec![Some(histogram.clone()); steps.count]
                }),
                ..row
            };
            sink(&mut wide)?;
        }
        Ok(())
    }

    fn negated(
        &self,
        is_minus: bool,
        of: &Expr,
        steps: Steps,
        sink: Sink<'_>,
    ) -> Result<(), EvalError> {
        if !is_minus {
            return self.each(of, steps, sink);
        }
        let mut seen = self.watch(of);
        self.each(of, steps, &mut |row| {
            row.floats
                .iter_mut()
                .filter(|value| !is_absent(**value))
                .for_each(|value| *value = -*value);
            for histogram in row.histograms.iter_mut().flatten() {
                std::sync::Arc::make_mut(histogram).scale(-1.0);
            }
            row.drop_name = true;
            seen.see(&row.labels)?;
            sink(row)
        })
    }

    /// Applies `change` to each value; what is left of a series under the same labels is one series.
    fn changed(
        &self,
        of: &Expr,
        steps: Steps,
        mut change: function::Change<'_>,
        sink: Sink<'_>,
    ) -> Result<(), EvalError> {
        let mut merged = (!self.is_distinct_without_name(of)).then(|| Merged::new(self.is_late()));
        self.each(of, steps, &mut |row| {
            change(row)?;
            row.drop_name = true;
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

    /// Whether the rows of a node are told apart by more than the names of their metrics. Asked so that the many
    /// queries over one metric need not compare labels.
    pub fn is_distinct_without_name(&self, expr: &Expr) -> bool {
        match &expr.kind {
            Kind::Vector(selector) | Kind::Matrix { selector, .. } => {
                one_metric(self.series(selector).iter().map(|series| &series.labels))
            }
            Kind::Paren(of) | Kind::Unary { of, .. } => self.is_distinct_without_name(of),
            Kind::Call { function, args } => match function.work {
                Work::OverRange { matrix, .. } => self.is_distinct_without_name(&args[matrix]),
                _ => false,
            },
            _ => false,
        }
    }

    /// Refuses rows that differ only by what is dropped, where that happens at once.
    pub fn watch(&self, of: &Expr) -> Watch {
        let is_idle = self.is_late() || self.is_distinct_without_name(of);
        Watch((!is_idle).then(HashSet::new))
    }
}

/// See [`Run::watch`].
pub(crate) struct Watch(Option<HashSet<Labels>>);

impl Watch {
    pub fn see(&mut self, labels: &Labels) -> Result<(), EvalError> {
        let is_twin = self
            .0
            .as_mut()
            .is_some_and(|seen| !seen.insert(labels.without_metric()));
        if is_twin {
            Err(EvalError::SameLabels)
        } else {
            Ok(())
        }
    }
}

fn one_metric<'l>(mut all: impl Iterator<Item = &'l Labels>) -> bool {
    let of = |labels: &Labels| {
        ["__name__", "__type__", "__unit__"].map(|name| labels.get(name).to_owned())
    };
    let Some(first) = all.next().map(of) else {
        return true;
    };
    all.all(|labels| {
        labels.get("__name__") == first[0]
            && labels.get("__type__") == first[1]
            && labels.get("__unit__") == first[2]
    })
}

/// Where an argument of a call begins, as notes name it: within its parentheses, unless Prometheus computes it
/// apart from its call; a subquery's place is not kept there.
pub(crate) fn argument_start(call: &Expr, arg: &Expr) -> usize {
    if matches!(arg.bare().kind, Kind::Subquery { .. }) {
        return 0;
    }
    if is_fixed(arg) && !is_fixed(call) {
        arg.start
    } else {
        arg.bare().start
    }
}

/// Whether a node gives the same at every step, because all that it reads stands at a fixed `@`.
pub(crate) fn is_fixed(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Number { .. } | Kind::Text(_) => true,
        Kind::Vector(selector) | Kind::Matrix { selector, .. } => selector.when.at.is_some(),
        Kind::Subquery { when, .. } => when.at.is_some(),
        Kind::Paren(of) | Kind::Unary { of, .. } => is_fixed(of),
        Kind::Binary(pair) => is_fixed(&pair.left) && is_fixed(&pair.right),
        // As in Prometheus, the parameter does not count.
        Kind::Aggregate(fold) => is_fixed(&fold.of),
        Kind::Call { function, args } => !function.reads_clock && args.iter().all(is_fixed),
    }
}
