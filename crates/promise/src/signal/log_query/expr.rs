//! What a query means: conditions over a record's values, joined.

use super::{
    pattern::Pattern,
    words::{Phrase, fold, words},
};
use crate::Timestamp;

/// A condition over a record.
#[derive(Debug, Clone)]
pub enum Expr {
    All,
    Nothing,
    Bool(Bool),
    Test(Target, Test),
}

/// Conditions that are required, optional and prohibited.
#[derive(Debug, Clone, Default)]
pub struct Bool {
    pub must: Vec<Expr>,
    pub should: Vec<Expr>,
    pub must_not: Vec<Expr>,
    /// So many of `should` must hold.
    pub at_least: usize,
}

/// Which of a record's values are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Every text, wherever it stands in the record.
    AnyText,
    /// Every value of a field. `a.b` reaches into objects and into each object of a list.
    Field(String),
}

/// What is asked of a value; one value that passes is enough.
#[derive(Debug, Clone)]
pub enum Test {
    /// The field is there and not null.
    Exists,
    /// A text holds the words, letter case aside. This is a `text` field of Elasticsearch.
    Words(Words),
    /// A text is this text. This is a `keyword` field.
    Is(Is),
    Range(Range),
    Like(Like),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    pub phrase: Phrase,
    /// What a number or a truth must be instead.
    pub number: Option<f64>,
    pub truth: Option<bool>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Is {
    /// Folded where letter case does not count.
    pub text: String,
    pub folds: bool,
    pub number: Option<f64>,
    pub truth: Option<bool>,
    pub time: Option<Timestamp>,
}

/// Between two ends. Two numbers compare as numbers, even where the record holds one as text; two instants as
/// instants; two texts in the order of their letters; anything else not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    pub low: Option<End>,
    pub high: Option<End>,
    pub over: Over,
}

/// What of a text is compared with the ends of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Over {
    /// All of it, as it is.
    #[default]
    Text,
    /// All of it, folded.
    Folded,
    /// Each of its words, folded.
    Words,
}

#[derive(Debug, Clone, PartialEq)]
pub struct End {
    pub text: String,
    pub number: Option<f64>,
    pub time: Option<Timestamp>,
    pub inclusive: bool,
}

/// A pattern for the whole value, and one for each word of it; one that passes is enough.
#[derive(Debug, Clone, Default)]
pub struct Like {
    pub whole: Option<Pattern>,
    /// The whole value is folded first.
    pub folds: bool,
    pub words: Option<Pattern>,
}

/// A field's value as a query sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'r> {
    Text(&'r str),
    Number(f64),
    Bool(bool),
    Time(Timestamp),
}

/// A record as a query sees it.
pub trait Fields {
    /// Whether a value of the field passes. A list has several.
    fn any_value(&self, field: &str, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool;

    /// Whether a text of the record passes, wherever it stands.
    fn any_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool;

    /// Whether the field is there, as a value or as an object.
    fn has(&self, field: &str) -> bool;
}

/// The number that a text is, in a query and in a record alike.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // Rust reads `inf` and `nan` too, which are words here.
    let is_number = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse()
        .ok()
        .filter(|n: &f64| is_number && n.is_finite())
}

/// The truth that a text is.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

impl Expr {
    /// Every record that this one does not mean.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Bool(Bool {
            must_not: vec![self],
            ..Bool::default()
        })
    }

    #[must_use]
    pub fn every(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            0 => Self::All,
            1 => parts.swap_remove(0),
            _ => Self::Bool(Bool {
                must: parts,
                ..Bool::default()
            }),
        }
    }

    #[must_use]
    pub fn any(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            0 => Self::Nothing,
            1 => parts.swap_remove(0),
            _ => Self::Bool(Bool {
                should: parts,
                at_least: 1,
                ..Bool::default()
            }),
        }
    }

    #[must_use]
    pub fn field(name: impl Into<String>, test: Test) -> Self {
        Self::Test(Target::Field(name.into()), test)
    }

    #[must_use]
    pub fn accepts(&self, record: &dyn Fields) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Bool(bool) => bool.accepts(record),
            Self::Test(Target::AnyText, test) => {
                record.any_text(&mut |text| test.accepts(&FieldValue::Text(text)))
            }
            Self::Test(Target::Field(name), Test::Exists) => record.has(name),
            Self::Test(Target::Field(name), test) => {
                record.any_value(name, &mut |value| test.accepts(&value))
            }
        }
    }
}

impl Bool {
    fn accepts(&self, record: &dyn Fields) -> bool {
        let accepts = |part: &Expr| part.accepts(record);
        self.must.iter().all(accepts)
            && !self.must_not.iter().any(accepts)
            && (self.at_least == 0
                || self
                    .should
                    .iter()
                    .filter(|part| accepts(part))
                    .take(self.at_least)
                    .count()
                    == self.at_least)
    }
}

impl Test {
    #[must_use]
    pub fn accepts(&self, value: &FieldValue<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Words(wanted) => match value {
                FieldValue::Text(text) => wanted.phrase.is_in(text),
                FieldValue::Number(n) => wanted.number == Some(*n),
                FieldValue::Bool(truth) => wanted.truth == Some(*truth),
                FieldValue::Time(_) => false,
            },
            Self::Is(wanted) => match value {
                FieldValue::Text(text) if wanted.folds => fold(text) == wanted.text.as_str(),
                FieldValue::Text(text) => wanted.text == *text,
                FieldValue::Number(n) => wanted.number == Some(*n),
                FieldValue::Bool(truth) => wanted.truth == Some(*truth),
                FieldValue::Time(at) => wanted.time == Some(*at),
            },
            Self::Range(range) => range.accepts(value),
            Self::Like(like) => like.accepts(value),
        }
    }
}

impl Range {
    /// Whether a value lies between the ends.
    #[must_use]
    pub fn accepts(&self, value: &FieldValue<'_>) -> bool {
        match (self.over, value) {
            (Over::Words, FieldValue::Text(text)) => {
                words(&fold(text)).any(|word| self.admits(&FieldValue::Text(word)))
            }
            (Over::Folded, FieldValue::Text(text)) => self.admits(&FieldValue::Text(&fold(text))),
            _ => self.admits(value),
        }
    }

    fn admits(&self, value: &FieldValue<'_>) -> bool {
        self.low.as_ref().is_none_or(|end| end.admits(value, true))
            && self
                .high
                .as_ref()
                .is_none_or(|end| end.admits(value, false))
    }
}

impl End {
    /// An end as it is written.
    #[must_use]
    pub fn of(text: impl Into<String>, inclusive: bool) -> Self {
        let text = text.into();
        Self {
            number: number(&text),
            time: text.parse().ok(),
            text,
            inclusive,
        }
    }

    /// Whether `value` lies on the inner side.
    fn admits(&self, value: &FieldValue<'_>, is_low: bool) -> bool {
        let order = match (value, self.number, self.time) {
            (FieldValue::Number(n), Some(end), _) => n.partial_cmp(&end),
            (FieldValue::Text(text), Some(end), _) => {
                number(text).and_then(|n| n.partial_cmp(&end))
            }
            (FieldValue::Time(at), _, Some(end)) => Some(at.cmp(&end)),
            (FieldValue::Text(text), None, Some(end)) => {
                text.parse().ok().map(|at: Timestamp| at.cmp(&end))
            }
            (FieldValue::Text(text), None, None) => Some((*text).cmp(self.text.as_str())),
            _ => None,
        };
        order.is_some_and(|order| {
            (self.inclusive && order.is_eq()) || if is_low { order.is_gt() } else { order.is_lt() }
        })
    }
}

impl Like {
    /// Letters that everything accepted holds side by side when it is folded ([`super::pattern::Glob::run`]), where it is
    /// told by one wildcard pattern.
    #[must_use]
    pub fn run(&self) -> Option<&[u8]> {
        let mut runs = self
            .whole
            .iter()
            .chain(&self.words)
            .map(|pattern| match pattern {
                Pattern::Glob(glob) => glob.run(),
                Pattern::Regex(_) | Pattern::Fuzzy(_) => &[],
            });
        let first = runs.next().filter(|run| !run.is_empty())?;
        runs.all(|run| run == first).then_some(first)
    }

    fn accepts(&self, value: &FieldValue<'_>) -> bool {
        let whole = |text: &str| {
            let pattern = self.whole.as_ref();
            pattern.is_some_and(|pattern| {
                if !pattern.may_be_in(text) {
                    false
                } else if self.folds {
                    pattern.accepts(&fold(text))
                } else {
                    pattern.accepts(text)
                }
            })
        };
        match value {
            FieldValue::Text(text) => {
                whole(text)
                    || self.words.as_ref().is_some_and(|pattern| {
                        pattern.may_be_in(text)
                            && words(&fold(text)).any(|word| pattern.accepts(word))
                    })
            }
            FieldValue::Number(n) => whole(&n.to_string()),
            FieldValue::Bool(truth) => whole(if *truth { "true" } else { "false" }),
            FieldValue::Time(_) => false,
        }
    }
}
