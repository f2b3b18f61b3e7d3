//! What was observed, from where, over which time; and what is known to be missing.
//!
//! A promise is judged from [`Evidence`] alone, so evidence must be small enough to lie in the ledger
//! beside each verdict: `evaluate` merges older facts into longer ones ([`Evidence::MAX_FACTS`]).

mod compact;

use serde::{Deserialize, Serialize};

use crate::{Say, Timestamp};

/// Everything that a verdict rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// In order of time, not overlapping.
    pub facts: Vec<Fact>,
    /// Stretches in which a source that should have spoken did not. Time that no fact covers is a gap too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Since when its sources could have spoken: a counter's first sample tells only where it stands.
    /// Excuses silence at the start of a promise, and for no longer than evidence stays fresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// How far the gatherer had heard. Up to here a fact that is not there is missing; after here it may
    /// still be on its way. Without it, the end of the newest fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Evidence {
    /// Enough for 12 five-minute, 24 hourly and 60 daily facts; keeps a ledger entry under 16 KiB.
    pub const MAX_FACTS: usize = 96;

    /// The end of the newest fact.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.facts.iter().map(|fact| fact.to).max()
    }
}

/// One observation over `(from, to]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub from: Timestamp,
    pub to: Timestamp,
    pub seen: Seen,
}

/// What was seen. Counts are floats because counter deltas are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// How many of `total` events were good.
    Events { good: f64, total: f64 },
    /// Events by size: `counts[i]` lie in `(le[i-1], le[i]]`, the last beyond every bound
    /// (`counts.len() == le.len() + 1`).
    Spread { le: Vec<f64>, counts: Vec<f64> },
    /// A level: the last value, and the lowest and highest over the interval.
    Level { last: f64, low: f64, high: f64 },
    /// Starts whose end came in time, too late, and not yet (oldest first, at most 100).
    Pairs {
        in_time: u64,
        late: u64,
        open: Vec<Timestamp>,
    },
    /// Something was heard at `to`.
    Beat,
    /// So many log records matched.
    Count { n: f64 },
}

/// A stretch for which one source owes evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The target, probe or log source, as the spec names it.
    pub source: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub cause: Cause,
}

/// Why evidence is missing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The source could not be reached or answered wrongly.
    Failed {
        #[serde(with = "crate::say::brief")]
        error: Say,
    },
    /// The source answers, but this signal is not in its answer.
    Absent,
    /// The source was over a limit and its answer was refused.
    Refused {
        #[serde(with = "crate::say::brief")]
        limit: Say,
    },
    /// Tegata itself did not run.
    NotRunning,
    /// The clock jumped.
    ClockJump,
}
