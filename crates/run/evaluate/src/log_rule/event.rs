//! What a rule sees of a record.

use promise::{
    Timestamp,
    signal::{FieldValue, Fields},
};
use serde::{Deserialize, Serialize};
use store::Record;

use super::{Kind, LogRule};

/// A group of events; `None` is that of events without the field, or of all where a rule has none.
pub type Key = Option<String>;

/// A longer value is cut: nobody groups by a text.
const TEXT_MAX: usize = 1_024;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}

impl Scalar {
    /// Whether Python would take it for nothing: ElastAlert2's rules skip such values.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Number(n) => *n == 0.0,
            Self::Bool(_) => false,
        }
    }

    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Bool(truth) => truth.to_string(),
        }
    }

    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Text(text) => promise::signal::log_query::number(text),
            Self::Bool(_) => None,
        }
    }

    fn of(value: &FieldValue<'_>) -> Self {
        match value {
            FieldValue::Text(text) => {
                let end = text
                    .char_indices()
                    .map(|(at, _)| at)
                    .nth(TEXT_MAX)
                    .unwrap_or(text.len());
                Self::Text(text[..end].to_owned())
            }
            FieldValue::Number(n) => Self::Number(*n),
            FieldValue::Bool(truth) => Self::Bool(*truth),
            FieldValue::Time(at) => Self::Text(at.to_string()),
        }
    }
}

/// A record that a rule's query means, with what the rule needs of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: u128,
    pub at: Timestamp,
    pub key: Key,
    /// As [`LogRule::fields`] names them.
    pub values: Vec<Option<Scalar>>,
    /// Of a percentage: whether it matches further; of a change: whether it is the change.
    pub matches: bool,
}

impl Event {
    /// `None` where the rule's query does not mean the record.
    #[must_use]
    pub fn of(rule: &LogRule, record: &Record) -> Option<Self> {
        // The record of a change is an event of its rule, though the query may not mean it.
        let is_change = matches!(&rule.kind, Kind::Changed { after, .. } if record.matches(after));
        if !is_change && !record.matches(&rule.query) {
            return None;
        }
        let value = |field: &str| {
            let mut first = None;
            record.any_value(field, &mut |value| {
                first = Some(Scalar::of(&value));
                true
            });
            first
        };
        Some(Self {
            id: record.id,
            at: record.at,
            key: rule.by.as_deref().and_then(value).map(|value| value.text()),
            values: rule.fields().into_iter().map(value).collect(),
            matches: match &rule.kind {
                Kind::PercentageMatch { matching, .. } => record.matches(matching),
                _ => is_change,
            },
        })
    }
}
