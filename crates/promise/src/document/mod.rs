//! A written document as a tree that remembers where each part stands, and the mistakes found in it.
//!
//! Reading never stops at the first mistake: a reader notes it and goes on, so a person sees all of them.

mod fix;
mod yaml;

pub use fix::{Edit, Fix, Safety};
pub use yaml::{parse_foreign_yaml, parse_yaml};

use std::ops::Range;

use crate::Say;

/// Byte offsets into the text, end exclusive.
pub type Span = Range<usize>;

/// One value of a document and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

/// What a node holds. Scalars stay as they were written: `99.5 %` is not yet a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the text; a key that stands twice has been noted as a mistake and kept once.
    Map(Vec<(Key, Node)>),
    /// A section whose text is no YAML. The mistake has been noted; readers pass over it in silence.
    Unreadable,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub span: Span,
    pub name: String,
}

impl Node {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.name == name)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The form that a person would call this value, for "expected X, found Y".
    #[must_use]
    pub fn form(&self) -> Say {
        match &self.value {
            Value::Null => say!("nothing", "空"),
            Value::Scalar(text) => say!("`{text}`", "`{text}`"),
            Value::List(_) => say!("a list", "リスト"),
            Value::Map(_) => say!("a map", "マップ"),
            Value::Unreadable => say!("text that is no YAML", "YAML として読めない文字列"),
        }
    }
}

/// Something wrong in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// Stable, kebab-case: `unknown-key`, `not-a-duration`.
    pub code: &'static str,
    pub span: Span,
    pub message: Say,
    /// What to do about it.
    pub hint: Option<Say>,
    /// A second place that the mistake speaks of, such as the first of two same names.
    pub other: Option<(Span, Say)>,
    /// A change to the text that mends it, where one is known.
    pub fix: Option<Fix>,
}

impl Mistake {
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: Say) -> Self {
        Self {
            code,
            span,
            message,
            hint: None,
            other: None,
            fix: None,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: Say) -> Self {
        self.hint = Some(hint);
        self
    }

    #[must_use]
    pub fn other(mut self, span: Span, label: Say) -> Self {
        self.other = Some((span, label));
        self
    }

    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The hint and the fix for a word that was meant to be `meant`.
    #[must_use]
    pub fn meant(self, meant: &str) -> Self {
        let span = self.span.clone();
        self.hint(say!("did you mean `{meant}`?", "`{meant}` のことですか?"))
            .fix(Fix::safe(say!("write `{meant}`", "`{meant}` と書く")).replace(span, meant))
    }
}

/// Moves every span of a tree by `base`, for a text that stands behind others.
pub fn shift(node: &mut Node, base: usize) {
    let by = |span: &mut Span| *span = span.start + base..span.end + base;
    by(&mut node.span);
    match &mut node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                by(&mut key.span);
                shift(node, base);
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, base)),
        Value::Null | Value::Scalar(_) | Value::Unreadable => {}
    }
}

impl Mistake {
    /// The same in a text that stands behind others.
    #[must_use]
    pub fn shifted(mut self, base: usize) -> Self {
        let by = |span: &Span| span.start + base..span.end + base;
        self.span = by(&self.span);
        if let Some((span, _)) = &mut self.other {
            *span = by(span);
        }
        for edit in self.fix.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.span = by(&edit.span);
        }
        self
    }
}

/// The name among `known` that `name` was most likely meant to be.
#[must_use]
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        // A third of the letters may differ; beyond that a guess confuses more than it helps.
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
