//! What goes into a query and what comes out.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use promise::signal::Matcher;

use crate::{Histogram, HistogramSample, Labels, Sample, Series};

/// What a sample is: most are floats.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    Float(f64),
    Histogram(Arc<Histogram>),
}

impl Number {
    /// The float, unless it is a histogram.
    #[must_use]
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Histogram(_) => None,
        }
    }
}

/// One element of an instant vector. Its instant is the one that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub labels: Labels,
    pub value: Number,
}

/// The value of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Scalar(f64),
    String(String),
    /// In the order that the query gives, which only `sort` and its kin define.
    Vector(Vec<Element>),
    /// In the order of labels.
    Matrix(Vec<Series>),
}

/// What a person should know about an answer, in Prometheus's words, each once, with line and column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// The answer leaves out what could not be computed.
    pub warnings: Vec<String>,
    /// The query may not be what was meant.
    pub infos: Vec<String>,
}

/// A value and what is to be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub value: Value,
    pub notes: Notes,
}

/// What a server decides for all its queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How far back a sample still speaks for its series.
    pub look_back: Duration,
    /// The step of a subquery that names none.
    pub subquery_step: Duration,
    /// Names are removed from the answer at its end instead of by each function (Prometheus's feature
    /// `promql-delayed-name-removal`).
    pub late_name_removal: bool,
    /// Whether `__type__` says what is a counter (Prometheus's feature `type-and-unit-labels`).
    pub type_and_unit_labels: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            look_back: crate::LOOK_BACK,
            // Prometheus's default evaluation interval.
            subquery_step: Duration::from_secs(60),
            late_name_removal: false,
            type_and_unit_labels: false,
        }
    }
}

/// A series that someone else holds.
#[derive(Debug, Clone)]
pub struct SeriesRef<'s> {
    pub labels: Labels,
    /// In order of time; staleness markers among them.
    pub samples: Samples<'s>,
    pub histograms: &'s [HistogramSample],
}

/// The floats of a series, as a store has them.
#[derive(Clone, Copy)]
pub enum Samples<'s> {
    Plain(&'s [Sample]),
    /// Packed, at this place of a store. They are unpacked for each look, so that a query over many series never
    /// holds the samples of more than one.
    Packed(&'s dyn Unpack, usize),
}

/// Whoever keeps samples packed.
pub trait Unpack {
    /// The samples at a place that it gave out, in order of time.
    fn unpack(&self, place: usize) -> Vec<Sample>;
}

impl<'s> Samples<'s> {
    #[must_use]
    pub fn get(self) -> Cow<'s, [Sample]> {
        match self {
            Self::Plain(samples) => Cow::Borrowed(samples),
            Self::Packed(store, place) => Cow::Owned(store.unpack(place)),
        }
    }
}

impl fmt::Debug for Samples<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.get().iter()).finish()
    }
}

/// Where a query finds its series. Holds at least what [`crate::Query::selections`] named.
pub trait SeriesSource {
    /// The series that all matchers accept, in the order of their labels.
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>>;
}

impl SeriesSource for [Series] {
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>> {
        let accepted = |series: &&Series| {
            let accepts = |m: &Matcher| m.accepts(series.labels.get(&m.name));
            matchers.iter().all(accepts)
        };
        let mut found: Vec<SeriesRef<'_>> = self
            .iter()
            .filter(accepted)
            .map(|series| SeriesRef {
                labels: series.labels.clone(),
                samples: Samples::Plain(&series.samples),
                histograms: &series.histograms,
            })
            .collect();
        // A store gives them in order, and to find that out takes one look at each.
        if !found.is_sorted_by(|a, b| a.labels < b.labels) {
            found.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        found.dedup_by(|later, first| later.labels == first.labels);
        found
    }
}

impl SeriesSource for Vec<Series> {
    fn series(&self, matchers: &[Matcher]) -> Vec<SeriesRef<'_>> {
        self.as_slice().series(matchers)
    }
}
