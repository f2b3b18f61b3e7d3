//! Why a request is refused, in the words and types of Elasticsearch, which clients read.

/// A request that cannot be answered; sending it again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request is not of the form that is spoken.
    #[error("{0}")]
    Parsing(String),
    /// It is, but a value cannot be meant.
    #[error("{0}")]
    Illegal(String),
    /// It is of the form, but does not fit the fields.
    #[error("{0}")]
    Query(String),
    /// The answer would be too large.
    #[error("{0}")]
    TooMany(String),
}

impl Error {
    /// The type under which Elasticsearch has it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Parsing(_) => "parsing_exception",
            Self::Illegal(_) => "illegal_argument_exception",
            Self::Query(_) => "query_shard_exception",
            Self::TooMany(_) => "too_many_buckets_exception",
        }
    }
}

pub(crate) fn parsing<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::Parsing(why.into()))
}

pub(crate) fn illegal<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::Illegal(why.into()))
}
