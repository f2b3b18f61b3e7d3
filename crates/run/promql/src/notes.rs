//! What is to be said about an answer, in Prometheus's words: scripts and people search for them.

use std::{cell::RefCell, collections::BTreeMap, fmt};

use crate::{Notes, error::place, number, syntax::quote};

/// One remark. Those that carry text name a metric, which may be empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Note {
    InvalidRatio {
        given: f64,
        cap: f64,
    },
    InvalidQuantile(f64),
    BadBucketLabel {
        metric: String,
        label: String,
    },
    MixedFloatsHistograms(String),
    MixedInAggregation,
    MixedClassicNative(String),
    NotCounter(String),
    NotGauge(String),
    MixedSchemas(String),
    IncompatibleBounds(String),
    IncompatibleLayout(&'static str),
    MaybeNoCounter(String),
    MaybeNoCounterType {
        metric: String,
        kind: String,
    },
    ForcedMonotonicity(String),
    IncompatibleTypes {
        left: &'static str,
        op: &'static str,
        right: &'static str,
    },
    IgnoredInAggregation(&'static str),
    IgnoredInRange(String),
    QuantileOfNan(String),
    QuantileSkewed(String),
    FractionOfNan(String),
}

impl Note {
    fn is_info(&self) -> bool {
        matches!(
            self,
            Self::MaybeNoCounter(_)
                | Self::MaybeNoCounterType { .. }
                | Self::ForcedMonotonicity(_)
                | Self::IncompatibleTypes { .. }
                | Self::IgnoredInAggregation(_)
                | Self::IgnoredInRange(_)
                | Self::QuantileOfNan(_)
                | Self::QuantileSkewed(_)
                | Self::FractionOfNan(_)
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_info() { "info" } else { "warning" };
        write!(f, "PromQL {kind}: ")?;
        match self {
            Self::InvalidRatio { given, cap } => write!(
                f,
                "ratio value should be between -1 and 1, got {}, capping to {}",
                number::short(*given),
                number::short(*cap)
            ),
            Self::InvalidQuantile(q) => write!(
                f,
                "quantile value should be between 0 and 1, got {}",
                number::short(*q)
            ),
            Self::BadBucketLabel { metric, label } => write!(
                f,
                "bucket label \"le\" is missing or has a malformed value of {} for metric name {}",
                quote(label),
                quote(metric)
            ),
            Self::MixedFloatsHistograms(metric) => write!(
                f,
                "encountered a mix of histograms and floats for metric name {}",
                quote(metric)
            ),
            Self::MixedInAggregation => {
                f.write_str("encountered a mix of histograms and floats for aggregation")
            }
            Self::MixedClassicNative(metric) => write!(
                f,
                "vector contains a mix of classic and native histograms for metric name {}",
                quote(metric)
            ),
            Self::NotCounter(metric) => {
                write!(
                    f,
                    "this native histogram metric is not a counter: {}",
                    quote(metric)
                )
            }
            Self::NotGauge(metric) => {
                write!(
                    f,
                    "this native histogram metric is not a gauge: {}",
                    quote(metric)
                )
            }
            Self::MixedSchemas(metric) => write!(
                f,
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {}",
                quote(metric)
            ),
            Self::IncompatibleBounds(metric) => write!(
                f,
                "vector contains histograms with incompatible custom buckets for metric name {}",
                quote(metric)
            ),
            Self::IncompatibleLayout(op) => write!(
                f,
                "incompatible bucket layout encountered for binary operator {op}"
            ),
            Self::MaybeNoCounter(metric) => write!(
                f,
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                quote(metric)
            ),
            Self::MaybeNoCounterType { metric, kind } => write!(
                f,
                "metric might not be a counter, __type__ label is not set to \"counter\", got {}: {}",
                quote(kind),
                quote(metric)
            ),
            Self::ForcedMonotonicity(metric) => write!(
                f,
                "input to histogram_quantile needed to be fixed for monotonicity (see \
                 https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) \
                 for metric name {}",
                quote(metric)
            ),
            Self::IncompatibleTypes { left, op, right } => write!(
                f,
                "incompatible sample types encountered for binary operator \"{op}\": {left} {op} {right}"
            ),
            Self::IgnoredInAggregation(fold) => {
                write!(f, "ignored histogram in {fold} aggregation")
            }
            Self::IgnoredInRange(metric) => write!(
                f,
                "ignored histograms in a range containing both floats and histograms for metric name {}",
                quote(metric)
            ),
            Self::QuantileOfNan(metric) => write!(
                f,
                "input to histogram_quantile has NaN observations, result is NaN for metric name {}",
                quote(metric)
            ),
            Self::QuantileSkewed(metric) => write!(
                f,
                "input to histogram_quantile has NaN observations, result is skewed higher for metric name {}",
                quote(metric)
            ),
            Self::FractionOfNan(metric) => write!(
                f,
                "input to histogram_fraction has NaN observations, which are excluded from all fractions \
                 for metric name {}",
                quote(metric)
            ),
        }
    }
}

/// The remarks of one run. The same words are kept once, with the place where they were said last.
#[derive(Debug, Default)]
pub(crate) struct NoteBook(RefCell<BTreeMap<String, (bool, usize)>>);

impl NoteBook {
    pub fn add(&self, note: &Note, start: usize) {
        self.0
            .borrow_mut()
            .insert(note.to_string(), (note.is_info(), start));
    }

    /// With line and column in the text.
    pub fn read(self, query: &str) -> Notes {
        let mut all: Vec<_> = self.0.into_inner().into_iter().collect();
        all.sort_by_key(|(_, (_, start))| *start);
        let mut notes = Notes::default();
        for (words, (is_info, start)) in all {
            let (line, column) = place(query, start);
            let said = format!("{words} ({line}:{column})");
            if is_info {
                &mut notes.infos
            } else {
                &mut notes.warnings
            }
            .push(said);
        }
        notes
    }
}
