//! What can be wrong with a query, before it runs and while it does.

/// Why a text is not a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Byte offset into the text, where it is known.
    pub offset: Option<usize>,
    pub message: String,
}

impl ParseError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            offset: None,
            message: message.into(),
        }
    }
}

/// Why a query has no answer over these series. Asking again with the same series cannot help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    #[error("the query touches more than {limit} samples")]
    TooManySamples { limit: u64 },
    #[error("the range has more than {limit} steps")]
    TooManySteps { limit: usize },
    #[error("the step must be longer than zero")]
    NoStep,
    #[error("two series have the same labels {labels} after `{by}`")]
    SameLabels { labels: String, by: &'static str },
    #[error(
        "{labels} matches several series on the {side}; group_left or group_right says which side has many"
    )]
    ManyMatches { labels: String, side: &'static str },
    #[error("`{function}` needs a {wanted} here")]
    WrongType {
        function: &'static str,
        wanted: &'static str,
    },
    #[error("{0}")]
    BadArgument(String),
}
