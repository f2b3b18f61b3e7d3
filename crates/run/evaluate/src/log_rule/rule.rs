//! A rule, whatever it was written in.

use std::time::Duration;

use promise::LogQuery;

use super::Scalar;

#[derive(Debug, Clone, PartialEq)]
pub struct LogRule {
    pub name: String,
    /// Which records are events of this rule.
    pub query: LogQuery,
    /// Events are told apart by this field; all are one group without it.
    pub by: Option<String>,
    pub kind: Kind,
}

/// When it fires. Names and meanings are ElastAlert2's.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Any,
    Blacklist {
        field: String,
        values: Vec<Scalar>,
    },
    Whitelist {
        field: String,
        values: Vec<Scalar>,
        ignore_null: bool,
    },
    /// One of the fields has another value than the last event of its group.
    Change {
        fields: Vec<String>,
        ignore_null: bool,
        within: Option<Duration>,
    },
    /// So many events within a stretch of time.
    Frequency {
        count: u64,
        over: Duration,
    },
    /// A stretch of time against the one before it.
    Spike {
        height: f64,
        direction: Direction,
        over: Duration,
        least_now: f64,
        least_before: f64,
        value: Option<String>,
        on_new_groups: bool,
    },
    /// Fewer events than these.
    Flatline {
        least: u64,
        over: Duration,
        forgets: bool,
    },
    /// More events in a stretch of time than is usual at its hour of the week, by more than they stray by themselves.
    Unusual {
        every: Duration,
        /// Fewer are never worth an alert.
        least: u64,
        /// By chance alone it fires once in so long a time.
        once_in: Duration,
    },
    /// One of many has more events than it used to have, and more than the others.
    Rate {
        every: Duration,
        least: u64,
        once_in: Duration,
    },
    /// After a record that tells of a change, such as a deploy, another number of events in a stretch of time.
    Changed {
        every: Duration,
        after: LogQuery,
    },
    /// A figure of a field over each stretch of time is a new one.
    Strange {
        figure: Figure,
        field: String,
        every: Duration,
        once_in: Duration,
    },
    /// A line of a kind that stood there less than so many times.
    Template {
        field: String,
        most: u64,
        /// Nothing is told while less than this was seen.
        learn: Duration,
    },
    /// A value that was not seen before; several fields together are one value.
    NewTerm {
        fields: Vec<Vec<String>>,
        on_missing: bool,
        /// Nothing is told while less than this was seen.
        learn: Duration,
    },
    Cardinality {
        field: String,
        most: Option<u64>,
        least: Option<u64>,
        over: Duration,
    },
    /// A figure over each stretch of time is out of its bounds.
    MetricAggregation {
        metric: Metric,
        field: String,
        every: Duration,
        most: Option<f64>,
        least: Option<f64>,
    },
    SpikeAggregation {
        metric: Metric,
        field: String,
        every: Duration,
        height: f64,
        direction: Direction,
        over: Duration,
        least_now: f64,
        least_before: f64,
    },
    /// The share of events that match further, in percent.
    PercentageMatch {
        matching: LogQuery,
        every: Duration,
        most: Option<f64>,
        least: Option<f64>,
        denominator: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    Min,
    Max,
    Avg,
    Sum,
    Cardinality,
    ValueCount,
    Percentile(f64),
}

/// Of the values in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Avg,
    Sum,
    Min,
    Max,
}

impl LogRule {
    /// Fields whose values an event carries, in the order in which the kinds look for them.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Blacklist { field, .. }
            | Kind::Whitelist { field, .. }
            | Kind::Cardinality { field, .. }
            | Kind::Strange { field, .. }
            | Kind::Template { field, .. } => vec![field],
            Kind::MetricAggregation { field, .. } | Kind::SpikeAggregation { field, .. } => {
                vec![field]
            }
            Kind::Change { fields, .. } => fields.iter().map(String::as_str).collect(),
            Kind::NewTerm { fields, .. } => fields.iter().flatten().map(String::as_str).collect(),
            Kind::Spike { value, .. } => value.iter().map(String::as_str).collect(),
            Kind::Any
            | Kind::Frequency { .. }
            | Kind::Flatline { .. }
            | Kind::Unusual { .. }
            | Kind::Rate { .. }
            | Kind::Changed { .. }
            | Kind::PercentageMatch { .. } => Vec::new(),
        }
    }

    /// Whether it may fire because time passes and nothing comes.
    #[must_use]
    pub fn ticks(&self) -> bool {
        match &self.kind {
            Kind::Spike { .. }
            | Kind::Flatline { .. }
            | Kind::Unusual { .. }
            | Kind::Rate { .. }
            | Kind::Changed { .. }
            | Kind::Strange { .. }
            | Kind::MetricAggregation { .. }
            | Kind::SpikeAggregation { .. }
            | Kind::PercentageMatch { .. } => true,
            Kind::Cardinality { least, .. } => least.is_some(),
            _ => false,
        }
    }

    /// The longest time that one firing looks back over.
    #[must_use]
    pub fn over(&self) -> Duration {
        match &self.kind {
            Kind::Frequency { over, .. }
            | Kind::Flatline { over, .. }
            | Kind::Cardinality { over, .. } => *over,
            Kind::Spike { over, .. } | Kind::SpikeAggregation { over, .. } => *over * 2,
            Kind::MetricAggregation { every, .. }
            | Kind::Unusual { every, .. }
            | Kind::Rate { every, .. }
            | Kind::Changed { every, .. }
            | Kind::Strange { every, .. }
            | Kind::PercentageMatch { every, .. } => *every,
            Kind::Change { within, .. } => within.unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}
