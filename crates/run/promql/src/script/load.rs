//! What scripts load, as a store would hold it.

use std::{collections::BTreeMap, sync::Arc};

use promise::Timestamp;

use super::{Load, Value};
use crate::{
    Histogram, HistogramSample, Labels, Number, Sample, Series,
    series::{Buckets, CUSTOM_BOUNDS, NAME, Reset},
};

/// The series of a script under way.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    by_labels: BTreeMap<Labels, Series>,
}

impl Loaded {
    pub fn clear(&mut self) {
        self.by_labels.clear();
    }

    /// In the order of labels.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        self.by_labels.values().cloned().collect()
    }

    pub fn load(&mut self, load: &Load) {
        let gap = i64::try_from(load.gap.as_millis()).unwrap_or(i64::MAX);
        // Of a series that stands twice the last counts.
        let once: BTreeMap<&Labels, &Vec<Value>> = load
            .series
            .iter()
            .map(|(labels, values)| (labels, values))
            .collect();
        for (labels, values) in once {
            self.add(labels, values, gap);
        }
        if load.with_custom_bounds {
            for (labels, values) in converted(&load.series) {
                self.add(&labels, &values, gap);
            }
        }
    }

    fn add(&mut self, labels: &Labels, values: &[Value], gap: i64) {
        let series = self
            .by_labels
            .entry(labels.clone())
            .or_insert_with(|| Series::new(labels.clone(), Vec::new()));
        let mut at = 0i64;
        for value in values {
            let when = Timestamp::from_millis(at);
            match value {
                Some(Number::Float(value)) => series.samples.push(Sample {
                    at: when,
                    value: *value,
                }),
                Some(Number::Histogram(value)) => {
                    let before = series.histograms.last().map(|sample| &*sample.value);
                    series.histograms.push(HistogramSample {
                        at: when,
                        value: Arc::new(stored(before, value)),
                    });
                }
                None => {}
            }
            at = at.saturating_add(gap);
        }
        series.samples.sort_by_key(|sample| sample.at);
        series.samples.dedup_by_key(|sample| sample.at);
        series.histograms.sort_by_key(|sample| sample.at);
        series.histograms.dedup_by_key(|sample| sample.at);
    }
}

/// A histogram as a store gives it back: what is known of resets follows from the sample before.
fn stored(before: Option<&Histogram>, histogram: &Histogram) -> Histogram {
    let reset = match (histogram.reset, before) {
        (Reset::Gauge, _) => Reset::Gauge,
        (Reset::Yes, _) => Reset::Yes,
        (_, None) => Reset::Unknown,
        (_, Some(before)) => {
            let valued = Histogram {
                reset: Reset::Unknown,
                ..histogram.clone()
            };
            let is_other = before.is_stale()
                || before.reset == Reset::Gauge
                || before.schema != histogram.schema
                || before.zero_threshold != histogram.zero_threshold;
            if is_other {
                Reset::Unknown
            } else if valued.is_reset_since(before) {
                Reset::Yes
            } else {
                Reset::No
            }
        }
    };
    Histogram {
        reset,
        ..histogram.clone()
    }
}

/// A classic histogram at one instant.
#[derive(Debug, Clone, Default)]
struct Classic {
    /// Upper bound and cumulative count, in order.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// Classic histograms as native ones with listed bounds.
fn converted(series: &[(Labels, Vec<Value>)]) -> Vec<(Labels, Vec<Value>)> {
    let mut found: BTreeMap<Labels, Vec<Option<Classic>>> = BTreeMap::new();
    for (labels, values) in series {
        let metric = labels.metric();
        let parts = ["_bucket", "_count", "_sum"]
            .iter()
            .find_map(|suffix| Some((*suffix, metric.strip_suffix(suffix)?)));
        let Some((suffix, name)) = parts else {
            continue;
        };
        let bound = labels
            .get("le")
            .parse::<f64>()
            .ok()
            .filter(|bound| !bound.is_nan());
        if suffix == "_bucket" && bound.is_none() {
            continue;
        }
        let base = labels.filtered(|label| label != "le").with(NAME, name);
        let instants = found.entry(base).or_default();
        if instants.len() < values.len() {
            instants.resize(values.len(), None);
        }
        for (instant, value) in instants.iter_mut().zip(values) {
            let Some(Number::Float(value)) = value else {
                continue;
            };
            let classic = instant.get_or_insert_with(Classic::default);
            match (suffix, bound) {
                ("_bucket", Some(bound)) => classic.buckets.push((bound, *value)),
                ("_count", _) => classic.count = Some(*value),
                _ => classic.sum = *value,
            }
        }
    }
    found
        .into_iter()
        .map(|(labels, instants)| {
            let values = instants.into_iter();
            let values = values.map(|instant| {
                instant.map(|classic| Number::Histogram(Arc::new(classic.native())))
            });
            (labels, values.collect())
        })
        .collect()
}

impl Classic {
    fn native(mut self) -> Histogram {
        self.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.buckets.dedup_by_key(|bucket| bucket.0);
        let highest = self.buckets.last().map_or(0.0, |bucket| bucket.1);
        let count = self.count.unwrap_or(highest);
        if self
            .buckets
            .last()
            .is_none_or(|bucket| bucket.0 != f64::INFINITY)
        {
            self.buckets.push((f64::INFINITY, count));
        }
        let mut below = 0.0;
        let counts = self.buckets.iter().map(|(_, cumulative)| {
            let count = cumulative - below;
            below = *cumulative;
            count
        });
        let positive: Buckets = (0..).zip(counts).collect();
        let bounds = self.buckets.iter().map(|bucket| bucket.0);
        Histogram {
            schema: CUSTOM_BOUNDS,
            count,
            sum: self.sum,
            positive,
            custom_bounds: bounds.filter(|bound| bound.is_finite()).collect(),
            ..Histogram::default()
        }
        .compacted()
    }
}
