//! One group while its series pass by.

use std::sync::Arc;

use crate::{
    Histogram, Labels, Number,
    notes::Note,
    run::{ABSENT, Row, is_absent},
    series::Incompatible,
    sum::{self, Mean},
    syntax::Fold,
};

/// Something was seen at this step.
const SEEN: u8 = 1;
const FLOAT: u8 = 2;
const HISTOGRAM: u8 = 4;
/// Histograms that have no sum.
const INCOMPATIBLE: u8 = 8;

pub(super) struct Group {
    fold: Fold,
    labels: Labels,
    marks: Vec<u8>,
    /// Whether every step has a float: then no mark changes any more by another.
    is_full: bool,
    value: Vec<f64>,
    /// What rounding took, or the mean of a variance under way.
    second: Vec<f64>,
    count: Vec<f64>,
    means: Vec<Mean>,
    values: Vec<Vec<f64>>,
    histograms: Vec<Option<Histogram>>,
}

/// Says a note that names the metric it is given.
type Say<'s> = &'s mut dyn FnMut(&dyn Fn(&str) -> Note);

impl Group {
    pub fn new(fold: Fold, labels: Labels, steps: usize) -> Self {
        let column = |wanted: bool| vec![0.0; if wanted { steps } else { 0 }];
        let is_variance = matches!(fold, Fold::Stddev | Fold::Stdvar);
        Self {
            fold,
            labels,
            marks: vec![0; steps],
            is_full: false,
            // To add to -0 leaves everything as it is, -0 too.
            value: vec![if fold == Fold::Sum { -0.0 } else { 0.0 }; steps],
            second: column(is_variance || fold == Fold::Sum),
            count: column(is_variance || matches!(fold, Fold::Count | Fold::Avg)),
            means: vec![Mean::of(0.0); if fold == Fold::Avg { steps } else { 0 }],
            values: vec![Vec::new(); if fold == Fold::Quantile { steps } else { 0 }],
            histograms: Vec::new(),
        }
    }

    pub fn push(&mut self, row: &Row, say: Say<'_>) {
        match self.fold {
            Fold::Sum => self.sum(row),
            Fold::Avg => self.avg(row),
            Fold::Min => self.extreme(row, |best, value| best > value),
            Fold::Max => self.extreme(row, |best, value| best < value),
            Fold::Stddev | Fold::Stdvar => self.variance(row),
            Fold::Quantile => {
                let present = row
                    .floats
                    .iter()
                    .enumerate()
                    .filter(|(_, v)| !is_absent(**v));
                for (step, value) in present {
                    self.marks[step] = SEEN;
                    self.values[step].push(*value);
                }
            }
            _ => self.count(row),
        }
        if row.histograms.is_empty() {
            return;
        }
        match self.fold {
            Fold::Sum | Fold::Avg => self.histograms(row, say),
            Fold::Count | Fold::Group => {}
            fold if row.histograms.iter().any(Option::is_some) => {
                say(&|_| Note::IgnoredInAggregation(fold.name()));
            }
            _ => {}
        }
    }

    /// What is added where histograms stand already is no value in the end, so that nothing is looked up here.
    fn sum(&mut self, row: &Row) {
        let columns = self.value.iter_mut().zip(&mut self.second);
        for ((sum, lost), value) in columns.zip(&row.floats) {
            let added = sum::add(*value, *sum, *lost);
            (*sum, *lost) = if is_absent(*value) {
                (*sum, *lost)
            } else {
                added
            };
        }
        if !self.is_full {
            for (mark, value) in self.marks.iter_mut().zip(&row.floats) {
                if !is_absent(*value) && *mark & INCOMPATIBLE == 0 {
                    *mark |= SEEN | FLOAT;
                }
            }
            self.is_full = self.marks.iter().all(|mark| mark & FLOAT != 0);
        }
    }

    fn avg(&mut self, row: &Row) {
        for (step, value) in row.floats.iter().enumerate() {
            if is_absent(*value) || self.marks[step] & INCOMPATIBLE != 0 {
                continue;
            }
            if self.marks[step] == 0 {
                self.means[step] = Mean::of(*value);
            } else {
                self.means[step].push(*value);
            }
            self.count[step] += 1.0;
            self.marks[step] |= SEEN | FLOAT;
        }
    }

    fn extreme(&mut self, row: &Row, is_worse: impl Fn(f64, f64) -> bool) {
        for (step, value) in row.floats.iter().enumerate() {
            if is_absent(*value) {
                continue;
            }
            let best = &mut self.value[step];
            // NaN is kept only where there is nothing else.
            if self.marks[step] == 0 || is_worse(*best, *value) || best.is_nan() {
                *best = *value;
            }
            self.marks[step] = SEEN;
        }
    }

    fn variance(&mut self, row: &Row) {
        for (step, value) in row.floats.iter().enumerate() {
            if is_absent(*value) {
                continue;
            }
            self.count[step] += 1.0;
            if self.marks[step] == 0 {
                self.marks[step] = SEEN;
                self.second[step] = *value;
                self.value[step] = if value.is_finite() { 0.0 } else { f64::NAN };
                continue;
            }
            let delta = value - self.second[step];
            self.second[step] += delta / self.count[step];
            self.value[step] += delta * (value - self.second[step]);
        }
    }

    fn count(&mut self, row: &Row) {
        for step in 0..row.floats.len() {
            if row.has(step) {
                self.marks[step] = SEEN;
                self.value[step] = 1.0;
                if let Some(count) = self.count.get_mut(step) {
                    *count += 1.0;
                }
            }
        }
    }

    fn histograms(&mut self, row: &Row, say: Say<'_>) {
        self.histograms.resize(self.marks.len(), None);
        for (step, histogram) in row.histograms.iter().enumerate() {
            let (Some(histogram), mark) = (histogram, &mut self.marks[step]) else {
                continue;
            };
            if *mark & INCOMPATIBLE != 0 {
                continue;
            }
            if let Some(count) = self.count.get_mut(step) {
                *count += 1.0;
            }
            let is_first = *mark == 0;
            *mark |= SEEN | HISTOGRAM;
            if is_first {
                if self.fold == Fold::Avg {
                    self.means[step] = Mean::of(0.0);
                }
                self.histograms[step] = Some(Histogram::clone(histogram));
                continue;
            }
            // Where floats came first the sum is no value anyway.
            let Some(held) = &mut self.histograms[step] else {
                continue;
            };
            let done = if self.fold == Fold::Sum {
                held.add(histogram)
            } else {
                move_towards(held, histogram, self.count[step])
            };
            if let Err(why) = done {
                *mark |= INCOMPATIBLE;
                say(&|metric| incompatible(why, metric));
            }
        }
    }

    pub fn finish(mut self, params: &[f64], say: &mut dyn FnMut(Note)) -> Row {
        let mut row = Row::labelled(std::mem::take(&mut self.labels), self.marks.len());
        for (step, mark) in self.marks.iter().copied().enumerate() {
            if mark & SEEN == 0 {
                continue;
            }
            if mark & FLOAT != 0 && mark & HISTOGRAM != 0 {
                say(Note::MixedInAggregation);
                continue;
            }
            if mark & INCOMPATIBLE != 0 {
                continue;
            }
            if mark & HISTOGRAM != 0 {
                let held = self.histograms[step].take();
                row.set(
                    step,
                    held.map(|held| Number::Histogram(Arc::new(held.compacted()))),
                );
                continue;
            }
            let value = self.value[step];
            row.floats[step] = match self.fold {
                Fold::Sum => value + self.second[step],
                Fold::Avg => self.means[step].value(),
                Fold::Count => self.count[step],
                Fold::Stdvar => value / self.count[step],
                Fold::Stddev => (value / self.count[step]).sqrt(),
                Fold::Quantile => {
                    let q = params.get(step).copied().unwrap_or(f64::NAN);
                    sum::quantile(q, &mut self.values[step])
                }
                Fold::Min | Fold::Max | Fold::Group => value,
                _ => ABSENT,
            };
        }
        row
    }
}

/// One step of an incremental mean of histograms.
pub(crate) fn move_towards(
    mean: &mut Histogram,
    next: &Histogram,
    count: f64,
) -> Result<(), Incompatible> {
    let (mut share, mut held) = (next.clone(), mean.clone());
    share.divide(count);
    held.divide(count);
    share.subtract(&held)?;
    mean.add(&share)
}

pub(crate) fn incompatible(why: Incompatible, metric: &str) -> Note {
    match why {
        Incompatible::Schema => Note::MixedSchemas(metric.to_owned()),
        Incompatible::Bounds => Note::IncompatibleBounds(metric.to_owned()),
    }
}
