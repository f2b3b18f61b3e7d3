//! What goes into a query and what comes out.

use promise::signal::Matcher;

use crate::Labels;

/// Milliseconds since 1970 and the value then.
pub type Point = (i64, f64);

/// The bits of the NaN that ends a series until its next sample.
const STALE: u64 = 0x7ff0_0000_0000_0002;

pub(crate) fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE
}

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub labels: Labels,
    pub at: i64,
    pub value: f64,
}

/// A series with its points in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: Labels,
    pub points: Vec<Point>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Scalar(f64),
    String(String),
    Vector(Vec<Sample>),
    Matrix(Vec<Series>),
}

/// A series that someone else holds.
#[derive(Debug, Clone)]
pub struct SeriesRef<'s> {
    pub labels: Labels,
    /// In order of time; staleness markers among them.
    pub points: &'s [Point],
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
                points: &series.points,
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
