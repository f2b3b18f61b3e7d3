//! What can be wrong with a query, before it runs and while it does.

use std::fmt;

/// Why a text is not a query. Shown as Prometheus shows it: `1:7: parse error: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset into the text, where it is known.
    pub offset: Option<usize>,
    pub message: String,
    /// Line and column, both from 1.
    place: Option<(usize, usize)>,
}

impl ParseError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            offset: None,
            message: message.into(),
            place: None,
        }
    }

    pub(crate) fn at(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset: Some(offset),
            ..Self::new(message)
        }
    }

    pub(crate) fn within(mut self, text: &str) -> Self {
        self.place = self.offset.map(|offset| place(text, offset));
        self
    }
}

/// Line and column of a byte, both from 1; columns are bytes.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count()
        + 1;
    (line, column)
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}: parse error: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

/// Why a query has no answer over these series. Asking again with the same series cannot help. The words are
/// those of Prometheus, because scripts that were written for it read them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    #[error("query processing would load too many samples into memory: more than {limit}")]
    TooManySamples { limit: u64 },
    #[error("the range has more than {limit} steps")]
    TooManySteps { limit: usize },
    #[error("the step must be longer than zero")]
    NoStep,
    #[error("vector cannot contain metrics with the same labelset")]
    SameLabels,
    #[error(
        "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
         [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
    )]
    ManyMatches {
        group: String,
        side: &'static str,
        first: String,
        second: String,
    },
    #[error(
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    )]
    ImplicitMany,
    #[error("multiple matches for labels: grouping labels must ensure unique matches")]
    AmbiguousGroup,
    #[error(
        "invalid expression type \"{found}\" for range query, must be Scalar or instant Vector"
    )]
    NotForRange { found: &'static str },
    #[error("{0}")]
    BadArgument(String),
}
