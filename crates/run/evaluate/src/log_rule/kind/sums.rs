//! Rules over figures of whole stretches of time: metric_aggregation, spike_aggregation, percentage_match.
//!
//! A stretch begins at a multiple of its length and is judged once it is over: when an event or a tick beyond it comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Firing, GROUPS_MAX,
    counts::{Manner, Measure, Spike},
    plain::pairs,
};
use crate::log_rule::{Event, Key, Kind, LogRule, Metric, Scalar, window::Entry};

/// Values of one group and stretch that a percentile is taken from.
const VALUES_MAX: usize = 65_536;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    events: u64,
    matching: u64,
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    values: Vec<f64>,
    distinct: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// The stretch that is open.
    begin: Option<Timestamp>,
    #[serde(with = "pairs")]
    groups: BTreeMap<Key, Sum>,
    spike: Spike,
}

impl Sums {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        self.close(rule, event.at, fire);
        if self.begin.is_none() {
            self.begin = Some(floor(event.at, every(rule)));
        }
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&event.key) {
            return;
        }
        let sum = self.groups.entry(event.key.clone()).or_default();
        sum.events += 1;
        sum.matching += u64::from(event.matches);
        let Some(value) = event.values.first().and_then(Option::as_ref) else {
            return;
        };
        sum.count += 1;
        if matches!(metric(rule), Some(Metric::Cardinality)) && sum.distinct.len() < VALUES_MAX {
            sum.distinct.insert(value.text());
        }
        if let Some(n) = Scalar::number(value) {
            sum.sum += n;
            sum.min = Some(sum.min.map_or(n, |min| min.min(n)));
            sum.max = Some(sum.max.map_or(n, |max| max.max(n)));
            if matches!(metric(rule), Some(Metric::Percentile(_))) && sum.values.len() < VALUES_MAX
            {
                sum.values.push(n);
            }
        }
    }

    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        self.close(rule, at, fire);
    }

    /// Judges the open stretch if `at` lies beyond it.
    fn close(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let every = every(rule);
        let Some(begin) = self.begin.filter(|begin| at.since(*begin) >= every) else {
            return;
        };
        self.begin = None;
        for (key, sum) in std::mem::take(&mut self.groups) {
            self.judge(rule, begin, key, &sum, fire);
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn judge(
        &mut self,
        rule: &LogRule,
        begin: Timestamp,
        key: Key,
        sum: &Sum,
        fire: &mut dyn FnMut(Firing),
    ) {
        let is_out = |value: f64, most: Option<f64>, least: Option<f64>| {
            most.is_some_and(|most| value > most) || least.is_some_and(|least| value < least)
        };
        match &rule.kind {
            Kind::MetricAggregation {
                metric,
                most,
                least,
                ..
            } => {
                if let Some(value) = sum
                    .value(*metric)
                    .filter(|value| is_out(*value, *most, *least))
                {
                    fire(Firing {
                        at: begin,
                        key,
                        event: None,
                        figure: Some(value),
                        why: None,
                    });
                }
            }
            Kind::PercentageMatch {
                most,
                least,
                denominator,
                ..
            } => {
                let share = sum.matching as f64 / sum.events as f64 * 100.0;
                if sum.events > 0 && sum.events >= *denominator && is_out(share, *most, *least) {
                    fire(Firing {
                        at: begin,
                        key,
                        event: None,
                        figure: Some(share),
                        why: None,
                    });
                }
            }
            Kind::SpikeAggregation {
                metric,
                height,
                direction,
                over,
                least_now,
                least_before,
                ..
            } => {
                let measure = match metric {
                    Metric::Avg => Measure::Mean,
                    Metric::Min => Measure::Min,
                    Metric::Max => Measure::Max,
                    _ => Measure::Count,
                };
                let manner = Manner {
                    over: *over,
                    height: *height,
                    direction: *direction,
                    least_now: *least_now,
                    least_before: *least_before,
                    measure,
                    on_new_groups: false,
                };
                if let Some(count) = sum.value(*metric) {
                    self.spike.take(
                        &manner,
                        Entry {
                            at: begin,
                            count,
                            empty: false,
                        },
                        key,
                        None,
                        fire,
                    );
                }
            }
            _ => {}
        }
    }
}

impl Sum {
    #[allow(clippy::cast_precision_loss)]
    fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Min => self.min,
            Metric::Max => self.max,
            Metric::Avg => (self.count > 0).then(|| self.sum / self.count as f64),
            Metric::Sum => Some(self.sum),
            Metric::Cardinality => Some(self.distinct.len() as f64),
            Metric::ValueCount => Some(self.count as f64),
            Metric::Percentile(percent) => {
                let mut values = self.values.clone();
                values.sort_by(f64::total_cmp);
                let last = values.len().checked_sub(1)?;
                let place = (percent / 100.0 * values.len() as f64 - 0.5).clamp(0.0, last as f64);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let i = place.floor() as usize;
                Some(values[i] + (values[(i + 1).min(last)] - values[i]) * place.fract())
            }
        }
    }
}

fn metric(rule: &LogRule) -> Option<Metric> {
    match rule.kind {
        Kind::MetricAggregation { metric, .. } | Kind::SpikeAggregation { metric, .. } => {
            Some(metric)
        }
        _ => None,
    }
}

fn every(rule: &LogRule) -> Duration {
    match rule.kind {
        Kind::MetricAggregation { every, .. }
        | Kind::SpikeAggregation { every, .. }
        | Kind::PercentageMatch { every, .. } => every,
        _ => Duration::MAX,
    }
}

fn floor(at: Timestamp, every: Duration) -> Timestamp {
    let width = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_millis(at.as_millis().div_euclid(width) * width)
}
