//! Lucene's query syntax, as its classic parser reads it and Elasticsearch's `query_string` with it.
//!
//! This says what was written, not what it means: which clauses are required, optional or prohibited, and what
//! each asks for. The precedence is Lucene's own and not that of logic: an operator marks the clauses at its sides,
//! the default operator marks the rest, and the last mark stays. So `a AND b OR c` requires a and b, and c changes
//! nothing. See [`Syntax::refuses_mixing`].

mod parse;
mod token;

pub(super) use parse::one_sided;
pub use parse::parse;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    pub default_operator: Operator,
    /// Refuse `AND` and `OR` side by side without parentheses, where Lucene's reading is not what a person means.
    pub refuses_mixing: bool,
    /// `field > 5` with white space around the sign is a comparison. Lucene takes the sign for a word.
    pub compares: bool,
}

impl Syntax {
    /// As a spec's queries are written: whatever is accepted means the same in Lucene and in logic.
    pub const SPEC: Self = Self {
        default_operator: Operator::And,
        refuses_mixing: true,
        compares: true,
    };

    /// As Elasticsearch reads a query string.
    #[must_use]
    pub const fn classic(default_operator: Operator) -> Self {
        Self {
            default_operator,
            refuses_mixing: false,
            compares: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occur {
    Must,
    Should,
    MustNot,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Clauses(Vec<(Occur, Tree)>),
    /// `^2`: weighs a clause in a ranking by relevance. A log's records come by time, so it changes nothing.
    Boost(Box<Tree>, f32),
    Leaf(Leaf),
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// `None` where no field was named; `*` for each of them.
    pub field: Option<String>,
    pub asks: Asks,
    /// Where it begins in the text, in characters from 0.
    pub at: usize,
}

/// What a condition asks for. Escapes are gone, except in wildcards and regular expressions, which need them.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    Word(String),
    Phrase {
        text: String,
        slop: Option<u32>,
    },
    Prefix(String),
    Wildcard(String),
    Regex(String),
    /// Without `distance` it is left to the length of the word.
    Fuzzy {
        text: String,
        distance: Option<f32>,
    },
    Range {
        low: Option<String>,
        high: Option<String>,
        low_inclusive: bool,
        high_inclusive: bool,
    },
}
