//! What must be collected for a promise, in a form that does not say how it is stored.

pub mod log_query;
mod selector;

pub use log_query::{
    Bool, End, Expr, FieldValue, Fields, Is, LogQuery, Phrase, Target, Test, fold, words,
};
pub use selector::{Match, Matcher, Selector, anchored};

use std::time::Duration;

/// One need of a promise. `evaluate` knows how to gather each form; a kind names the form that it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// Increases of counters: how many events, and how many of them were good.
    Events { total: Selector, part: Part },
    /// Increases of a classic histogram's buckets (`…_bucket` with `le`), in seconds unless the name says
    /// `_milliseconds`/`_ms`.
    Spread { histogram: Selector },
    /// The value of a PromQL expression, taken whenever one of its series changes.
    Level { query: String },
    /// Log records that start and end something, joined by the value of `by`.
    Pairs {
        start: LogQuery,
        end: LogQuery,
        by: String,
        within: Duration,
    },
    /// Any new sample of a series.
    Beat { series: Selector },
    /// Any new log record that matches.
    LogBeat { logs: LogQuery },
    /// The number of matching log records.
    Count { logs: LogQuery },
}

/// Which counter is written down beside the total.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Good(Selector),
    Bad(Selector),
}
