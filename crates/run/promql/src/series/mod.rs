//! What a series is made of: the data model of Prometheus, shared by the language, the stores and the collectors.

mod as_map;
mod histogram;
mod labels;

use std::sync::Arc;

use promise::Timestamp;

pub use histogram::{Bucket, Buckets, CUSTOM_BOUNDS, Histogram, Incompatible, Reset, Span, bound};
pub use labels::{Iter as LabelsIter, Labels};
pub(crate) use labels::{NAME, is_of_metric};

/// One value at one instant. A NaN with the bits of [`STALE`] ends a series until its next sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub at: Timestamp,
    pub value: f64,
}

/// Prometheus's staleness marker.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

#[must_use]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// One native histogram at one instant. A sum with the bits of [`STALE`] ends the series.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramSample {
    pub at: Timestamp,
    pub value: Arc<Histogram>,
}

/// One event that stands for many: a value with the labels of its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    pub labels: Labels,
    pub at: Timestamp,
    pub value: f64,
}

/// A series and some of its samples, each kind in order of time. At one instant there is one of either kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    pub labels: Labels,
    pub samples: Vec<Sample>,
    pub histograms: Vec<HistogramSample>,
    pub exemplars: Vec<Exemplar>,
}

impl Series {
    #[must_use]
    pub fn new(labels: Labels, samples: Vec<Sample>) -> Self {
        Self {
            labels,
            samples,
            ..Self::default()
        }
    }

    /// Samples of either kind.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len() + self.histograms.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.histograms.is_empty()
    }

    /// Each series once and whole, in the order of labels, though several selections brought stretches of it.
    #[must_use]
    pub fn merged(mut all: Vec<Self>) -> Vec<Self> {
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        let mut out: Vec<Self> = Vec::with_capacity(all.len());
        for next in all {
            match out.last_mut() {
                Some(last) if last.labels == next.labels => last.join(next),
                _ => out.push(next),
            }
        }
        out
    }

    fn join(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.samples.sort_by_key(|sample| sample.at);
        self.samples.dedup_by_key(|sample| sample.at);
        self.histograms.extend(other.histograms);
        self.histograms.sort_by_key(|sample| sample.at);
        self.histograms.dedup_by_key(|sample| sample.at);
        self.exemplars.extend(other.exemplars);
    }
}
