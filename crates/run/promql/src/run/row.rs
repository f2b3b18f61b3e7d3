//! Columns: one series over all steps of a run.

use std::{collections::HashMap, sync::Arc};

use promise::Timestamp;

use crate::{
    EvalError, Histogram, HistogramSample, Labels, Number, Sample, Series,
    series::{STALE, is_stale},
};

/// What stands in a column where the series has no value. The marker of staleness never is a value itself.
pub(crate) const ABSENT: f64 = STALE;

pub(crate) fn is_absent(value: f64) -> bool {
    is_stale(value)
}

/// The instants of a run: `start`, `start + step`, …
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Steps {
    pub start: i64,
    pub step: i64,
    pub count: usize,
}

impl Steps {
    pub fn one(at: i64) -> Self {
        Self {
            start: at,
            step: 1,
            count: 1,
        }
    }

    pub fn at(self, index: usize) -> i64 {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.start.saturating_add(self.step.saturating_mul(index))
    }

    pub fn all(self) -> impl Iterator<Item = i64> {
        let mut next = self.start;
        (0..self.count).map(move |_| {
            let at = next;
            next = next.saturating_add(self.step);
            at
        })
    }

    pub fn end(self) -> i64 {
        self.at(self.count.saturating_sub(1))
    }
}

/// A series over the steps. Each step holds a float, a histogram or nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub labels: Labels,
    /// What names its metric is to be dropped: at once, or at the end where names are removed late.
    pub drop_name: bool,
    /// One for each step, [`ABSENT`] where there is none.
    pub floats: Vec<f64>,
    /// One for each step, or empty where there is none at all.
    pub histograms: Vec<Option<Arc<Histogram>>>,
}

impl Row {
    pub fn blank(count: usize) -> Self {
        Self {
            floats: vec![ABSENT; count],
            ..Self::default()
        }
    }

    pub fn labelled(labels: Labels, count: usize) -> Self {
        Self {
            labels,
            ..Self::blank(count)
        }
    }

    pub fn has(&self, step: usize) -> bool {
        !is_absent(self.floats[step]) || self.histogram(step).is_some()
    }

    pub fn histogram(&self, step: usize) -> Option<&Arc<Histogram>> {
        self.histograms.get(step).and_then(Option::as_ref)
    }

    pub fn get(&self, step: usize) -> Option<Number> {
        match self.histogram(step) {
            Some(histogram) => Some(Number::Histogram(histogram.clone())),
            None => {
                let value = self.floats[step];
                (!is_absent(value)).then_some(Number::Float(value))
            }
        }
    }

    pub fn set(&mut self, step: usize, value: Option<Number>) {
        match value {
            Some(Number::Float(value)) => {
                self.floats[step] = value;
                if let Some(held) = self.histograms.get_mut(step) {
                    *held = None;
                }
            }
            Some(Number::Histogram(histogram)) => {
                self.floats[step] = ABSENT;
                if self.histograms.is_empty() {
                    self.histograms.resize(self.floats.len(), None);
                }
                self.histograms[step] = Some(histogram);
            }
            None => {
                self.floats[step] = ABSENT;
                if let Some(held) = self.histograms.get_mut(step) {
                    *held = None;
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.floats.iter().all(|value| is_absent(*value))
            && self.histograms.iter().all(Option::is_none)
    }

    /// Ready for another series of as many steps.
    pub fn clear(&mut self) {
        self.floats.fill(ABSENT);
        self.histograms.clear();
        self.drop_name = false;
    }

    /// Drops the name where that happens at once.
    pub fn settle(&mut self, is_late: bool) {
        if self.drop_name && !is_late {
            self.labels = self.labels.without_metric();
            self.drop_name = false;
        }
    }

    pub fn into_series(self, steps: Steps) -> Series {
        Series {
            histograms: self.histogram_samples(steps),
            samples: self.samples(steps),
            labels: self.labels,
            exemplars: Vec::new(),
        }
    }

    pub fn samples(&self, steps: Steps) -> Vec<Sample> {
        let values = self.floats.iter().zip(steps.all());
        let present = values.filter(|(value, _)| !is_absent(**value));
        let samples = present.map(|(value, at)| Sample {
            at: Timestamp::from_millis(at),
            value: *value,
        });
        // Nearly all steps have a value, so room is made once.
        let mut all = Vec::with_capacity(steps.count);
        all.extend(samples);
        all
    }

    pub fn histogram_samples(&self, steps: Steps) -> Vec<HistogramSample> {
        let values = self.histograms.iter().zip(steps.all());
        values
            .filter_map(|(value, at)| {
                Some(HistogramSample {
                    at: Timestamp::from_millis(at),
                    value: value.clone()?,
                })
            })
            .collect()
    }
}

/// Rows by labels: what several series give under the same labels at different steps is one series.
pub(crate) struct Merged {
    pub rows: Vec<Row>,
    places: HashMap<Labels, usize>,
    is_late: bool,
}

impl Merged {
    /// Where names are removed late (`is_late`), an instant's rows are compared only at the very end.
    pub fn new(is_late: bool) -> Self {
        Self {
            rows: Vec::new(),
            places: HashMap::new(),
            is_late,
        }
    }

    pub fn push(&mut self, mut row: Row) -> Result<(), EvalError> {
        row.settle(self.is_late);
        if row.is_empty() {
            return Ok(());
        }
        if self.is_late && row.floats.len() == 1 {
            self.rows.push(row);
            return Ok(());
        }
        match self.places.get(&row.labels) {
            Some(place) => {
                let known = &mut self.rows[*place];
                for step in 0..row.floats.len() {
                    if let Some(value) = row.get(step) {
                        if known.has(step) {
                            return Err(EvalError::SameLabels);
                        }
                        known.set(step, Some(value));
                    }
                }
            }
            None => {
                self.places.insert(row.labels.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
        Ok(())
    }
}
