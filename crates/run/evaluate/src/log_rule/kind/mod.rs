//! How each kind of rule folds events, one file a family. Events and ticks come in the order of their time.

mod changed;
mod counts;
mod distinct;
mod plain;
mod rates;
mod slices;
mod strange;
mod sums;
mod templates;
mod unusual;

use promise::{Say, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Event, Key, Kind, LogRule};

/// Groups of one rule. New ones beyond it are not followed, and counted: an attacker may invent users.
pub(super) const GROUPS_MAX: usize = 50_000;

/// A rule has fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// The time of the event, or of the tick, that made it fire.
    pub at: Timestamp,
    pub key: Key,
    /// `None` where time itself did.
    pub event: Option<u128>,
    /// What was counted or measured.
    pub figure: Option<f64>,
    /// In words, where a figure alone says too little.
    #[serde(default)]
    pub why: Option<Say>,
}

/// What a rule remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum State {
    Plain(plain::Plain),
    Frequency(counts::Frequency),
    Flatline(counts::Flatline),
    Spike(counts::Spike),
    Cardinality(distinct::Cardinality),
    Sums(sums::Sums),
    Unusual(unusual::Unusual),
    Changed(changed::Changed),
    Rates(rates::Rates),
    Strange(Box<strange::Strange>),
    Templates(Box<templates::Templates>),
}

impl State {
    #[must_use]
    pub fn new(rule: &LogRule) -> Self {
        match &rule.kind {
            Kind::Any
            | Kind::Blacklist { .. }
            | Kind::Whitelist { .. }
            | Kind::Change { .. }
            | Kind::NewTerm { .. } => Self::Plain(plain::Plain::default()),
            Kind::Frequency { .. } => Self::Frequency(counts::Frequency::default()),
            Kind::Flatline { .. } => Self::Flatline(counts::Flatline::default()),
            Kind::Spike { .. } => Self::Spike(counts::Spike::default()),
            Kind::Cardinality { .. } => Self::Cardinality(distinct::Cardinality::default()),
            Kind::MetricAggregation { .. }
            | Kind::SpikeAggregation { .. }
            | Kind::PercentageMatch { .. } => Self::Sums(sums::Sums::default()),
            Kind::Unusual { .. } => Self::Unusual(unusual::Unusual::default()),
            Kind::Changed { .. } => Self::Changed(changed::Changed::default()),
            Kind::Rate { .. } => Self::Rates(rates::Rates::default()),
            Kind::Strange { .. } => Self::Strange(Box::default()),
            Kind::Template { .. } => Self::Templates(Box::default()),
        }
    }

    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        match self {
            Self::Plain(state) => state.event(rule, event, fire),
            Self::Frequency(state) => state.event(rule, event, fire),
            Self::Flatline(state) => state.event(rule, event, fire),
            Self::Spike(state) => state.event(rule, event, fire),
            Self::Cardinality(state) => state.event(rule, event, fire),
            Self::Sums(state) => state.event(rule, event, fire),
            Self::Unusual(state) => state.event(rule, event, fire),
            Self::Changed(state) => state.event(rule, event, fire),
            Self::Rates(state) => state.event(rule, event, fire),
            Self::Strange(state) => state.event(rule, event, fire),
            Self::Templates(state) => state.event(rule, event, fire),
        }
    }

    /// Time has come so far.
    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        match self {
            Self::Plain(_) | Self::Templates(_) => {}
            Self::Frequency(state) => state.tick(rule, at),
            Self::Flatline(state) => state.tick(rule, at, fire),
            Self::Spike(state) => state.tick(rule, at, fire),
            Self::Cardinality(state) => state.tick(rule, at, fire),
            Self::Sums(state) => state.tick(rule, at, fire),
            Self::Unusual(state) => state.tick(rule, at, fire),
            Self::Changed(state) => state.tick(rule, at, fire),
            Self::Rates(state) => state.tick(rule, at, fire),
            Self::Strange(state) => state.tick(rule, at, fire),
        }
    }
}
