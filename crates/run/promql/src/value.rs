//! What goes into a query and what comes out.

use promise::signal::Matcher;

use crate::{HistogramSample, Labels, Sample, Series};

/// Milliseconds since 1970 and the value then.
pub(crate) type Point = (i64, f64);

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub labels: Labels,
    pub at: i64,
    pub value: f64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Scalar(f64),
    String(String),
    Vector(Vec<Element>),
    Matrix(Vec<Series>),
}

/// A series that someone else holds.
#[derive(Debug, Clone)]
pub struct SeriesRef<'s> {
    pub labels: Labels,
    /// In order of time; staleness markers among them.
    pub samples: &'s [Sample],
    pub histograms: &'s [HistogramSample],
}

/// Where a query finds its series. Holds at least what [`crate::Query::selections`] named.
pub trait SeriesSource {
    /// The series that all matchers accept, in the order of their labels.
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>>;
}

impl SeriesSource for [Series] {
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>> {
        let mut found: Vec<SeriesRef<'_>> = self
            .iter()
            .filter(|series| {
                matchers
                    .iter()
                    .all(|m| m.accepts(series.labels.get(&m.name)))
            })
            .map(|series| SeriesRef {
                labels: series.labels.clone(),
                samples: &series.samples,
                histograms: &series.histograms,
            })
            .collect();
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found.dedup_by(|later, first| later.labels == first.labels);
        found
    }
}

impl SeriesSource for Vec<Series> {
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>> {
        self.as_slice().series(matchers)
    }
}
