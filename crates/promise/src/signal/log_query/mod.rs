//! Which log records: `stream:payment_* AND status:failed AND NOT processing_time:<5000`.
//!
//! The language is Lucene's, as Elasticsearch's `query_string` reads it: `lucene` reads what is written, `read` says
//! what it means, `expr` holds it against a record. That is the one meaning: every store must find what it finds.
//!
//! * A word or quoted text without a field is looked for in every text of the record.
//! * `field:value` finds a text that holds the words of the value side by side, letter case and width aside: what
//!   Elasticsearch does with a `text` field, which is how it keeps texts when nobody told it better. Numbers compare
//!   as numbers, truths as truths. A list passes when one of its values does.
//! * `field.keyword:value` compares the whole value, and letter case counts, as there. So does `stream:`.
//! * Wildcards, regular expressions and `~` are held against each word, and where the field's kind is not known
//!   against the whole value too: `path:\/v1\/*` finds what it says. Elasticsearch would need `path.keyword` here.
//! * A list of prohibited conditions finds all other records, as in Elasticsearch (Lucene finds none).
//!
//! In a spec, terms side by side mean `AND`, `field > 5` may have spaces, and `AND` beside `OR` wants parentheses,
//! because Lucene's precedence is not that of logic ([`lucene`]).

mod expr;
pub mod lucene;
mod pattern;
mod prune;
mod read;
mod regex;
mod words;

use std::{fmt, sync::Arc};

pub use expr::{
    Bool, End, Expr, FieldValue, Fields, Is, Like, Over, Range, Target, Test, Words, number, truth,
};
pub use pattern::{Fuzzy, Glob, Part, Pattern, re2, regex};
pub use read::{Fieldnames, Holds, Schemaless};
pub use words::{Phrase, fold, words};

use crate::{Say, record::Scalar, scalar_as_text};

/// A condition over a log record. Cheap to clone.
#[derive(Clone)]
pub struct LogQuery {
    text: Arc<str>,
    root: Arc<Expr>,
}

impl LogQuery {
    /// Every record.
    #[must_use]
    pub fn all() -> Self {
        Self::of("*", Expr::All)
    }

    /// A text as one phrase of the language: what it holds of quotes and backslashes means itself.
    #[must_use]
    pub fn phrase(text: &str) -> String {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }

    /// A query that was not written in this language; `text` is shown for it, and tells two of them apart.
    #[must_use]
    pub fn of(text: impl Into<Arc<str>>, root: Expr) -> Self {
        Self {
            text: text.into(),
            root: Arc::new(root),
        }
    }

    /// Reads a text in the given syntax, over fields of which `names` knows more.
    pub fn read(text: &str, syntax: lucene::Syntax, names: &dyn Fieldnames) -> Result<Self, Say> {
        let text = text.trim();
        let tree = lucene::parse(text, syntax)?;
        let root = read::read(&tree, names).map_err(|(at, why)| misread(at, &why))?;
        Ok(Self::of(text, root))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn expr(&self) -> &Expr {
        &self.root
    }

    /// Whether a record is meant.
    #[must_use]
    pub fn accepts(&self, record: &dyn Fields) -> bool {
        self.root.accepts(record)
    }

    /// Whether any record of this stream can be accepted; `false` only where none can.
    #[must_use]
    pub fn streams_maybe(&self, stream: &str) -> bool {
        self.root.over_stream(stream) != Some(false)
    }

    /// Words that every accepted record holds in one of its texts: runs of ASCII letters, digits and `_` of the folded
    /// text ([`words`]). A store whose index lacks one of them need not look further.
    #[must_use]
    pub fn required_words(&self) -> Vec<String> {
        let mut words = self.root.required_words();
        words.sort();
        words.dedup();
        words
    }

    /// Fields with the one value that every accepted record has there as a whole, as it is written in the query.
    #[must_use]
    pub fn required_values(&self) -> Vec<(&str, &str)> {
        let mut values = Vec::new();
        self.root.required_values(&mut values);
        values
    }
}

/// What is wrong with a query, and where: `at` counts characters from 0.
fn misread(at: usize, why: &Say) -> Say {
    let place = at + 1;
    let (en, ja) = (&why.en, &why.ja);
    Say::new(
        format!("this is not a log query: {en}, at character {place}"),
        format!("ログの条件として読めません: {place} 文字目、{ja}"),
    )
}

impl fmt::Display for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for LogQuery {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Scalar for LogQuery {
    const NAME: &'static str = "log query";
    const NAME_JA: &'static str = "ログの条件";
    const EXAMPLE: &'static str = "stream:payment_* AND status:failed";

    fn parse(text: &str) -> Result<Self, Say> {
        Self::read(text, lucene::Syntax::SPEC, &Schemaless)
    }
}
scalar_as_text!(LogQuery);

#[cfg(test)]
mod tests;
