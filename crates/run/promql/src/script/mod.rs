//! Test scripts of PromQL engines: what is loaded, what is asked, what must come out. The notation of series
//! (`up{job="a"} 1+2x5 _ stale {{schema:0 sum:1}}`) is that of unit tests of rules, too.
//!
//! Source: the description of the format in Prometheus's repository.

mod judge;
mod load;
mod notation;
mod read;

use std::time::Duration;

use promise::Timestamp;
use regex::Regex;

use crate::{Labels, Number};

pub use judge::{judge, nearly};
pub use load::Loaded;
pub use notation::{Value, histogram, series, values};
pub use read::{ScriptError, read};

/// One step of a script.
#[derive(Debug, Clone)]
pub enum Command {
    Clear,
    Load(Load),
    Eval(Eval),
}

/// Series to add, their samples `gap` apart from the epoch on.
#[derive(Debug, Clone)]
pub struct Load {
    pub gap: Duration,
    pub series: Vec<(Labels, Vec<Value>)>,
    /// Classic histograms are loaded as native ones with listed bounds, too.
    pub with_custom_bounds: bool,
}

/// A question and its answer.
#[derive(Debug, Clone)]
pub struct Eval {
    /// From 1.
    pub line: usize,
    pub query: String,
    pub when: When,
    pub is_ordered: bool,
    /// The answer is an error; its message, where that matters.
    pub fails: Option<Wanted>,
    pub warnings: Vec<Wanted>,
    pub infos: Vec<Wanted>,
    pub no_warning: bool,
    pub no_info: bool,
    pub scalar: Option<f64>,
    pub series: Vec<(Labels, Vec<Value>)>,
}

#[derive(Debug, Clone, Copy)]
pub enum When {
    At(Timestamp),
    Range {
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    },
}

/// Words that must come.
#[derive(Debug, Clone)]
pub enum Wanted {
    Any,
    Words(String),
    Pattern(Regex),
}

impl Wanted {
    #[must_use]
    pub fn fits(&self, words: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Words(wanted) => wanted == words,
            Self::Pattern(pattern) => pattern.is_match(words),
        }
    }
}

impl Eval {
    /// Whether a native histogram is expected or was written into the query.
    #[must_use]
    pub fn is_about_histograms(&self) -> bool {
        let is_histogram = |value: &Value| matches!(value, Some(Number::Histogram(_)));
        self.query.contains("histogram_")
            || self
                .series
                .iter()
                .any(|(_, values)| values.iter().any(is_histogram))
    }
}
