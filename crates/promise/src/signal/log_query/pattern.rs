//! How a value or a word of a query meets a text.

use super::FieldValue;

/// A field's value with `*` (any text) and `?` (one character).
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// The value, where it holds no wildcard.
    literal: Option<String>,
    number: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    Char(char),
    One,
    Many,
}

impl Pattern {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        let literal: Option<String> = parts
            .iter()
            .map(|part| {
                if let Part::Char(c) = part {
                    Some(*c)
                } else {
                    None
                }
            })
            .collect();
        let number = literal
            .as_deref()
            .and_then(|text| text.parse().ok())
            .filter(|n: &f64| n.is_finite());
        Self {
            parts,
            literal,
            number,
        }
    }

    pub(super) fn literal(&self) -> Option<&str> {
        self.literal.as_deref()
    }

    /// Whether a number or a truth value could be meant.
    pub(super) fn may_be_no_text(&self) -> bool {
        self.number.is_some() || matches!(self.literal(), Some("true" | "false"))
    }

    pub(super) fn accepts(&self, value: &FieldValue<'_>) -> bool {
        match (value, &self.literal) {
            (FieldValue::Text(text), Some(literal)) => literal == text,
            (FieldValue::Text(text), None) => glob(&self.parts, text),
            (FieldValue::Number(n), Some(_)) => self.number == Some(*n),
            (FieldValue::Number(n), None) => glob(&self.parts, &n.to_string()),
            (FieldValue::Bool(truth), _) => {
                glob(&self.parts, if *truth { "true" } else { "false" })
            }
        }
    }
}

/// Whether the pattern covers the whole text. Linear in practice, never worse than their product.
fn glob(parts: &[Part], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut retry: Option<(usize, &str)> = None;
    loop {
        let mut chars = rest.chars();
        match (parts.get(at), chars.next()) {
            (Some(Part::Many), _) => {
                at += 1;
                retry = Some((at, rest));
            }
            (None, None) => return true,
            (Some(Part::One), Some(_)) => (at, rest) = (at + 1, chars.as_str()),
            (Some(Part::Char(wanted)), Some(c)) if *wanted == c => {
                (at, rest) = (at + 1, chars.as_str())
            }
            _ => {
                // The last `*` takes one character more.
                let Some((after, from)) = retry else {
                    return false;
                };
                let mut chars = from.chars();
                if chars.next().is_none() {
                    return false;
                }
                retry = Some((after, chars.as_str()));
                (at, rest) = (after, chars.as_str());
            }
        }
    }
}

/// A bare word or quoted text, looked for anywhere.
#[derive(Debug)]
pub(super) enum Words {
    /// In lower case.
    Literal(String),
    /// One word with wildcards, in lower case.
    Like(Vec<Part>),
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The runs of ASCII letters, digits and `_`, in lower case.
pub(super) fn ascii_words(text: &str) -> Vec<String> {
    text.split(|c| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

impl Words {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        let lower = parts.into_iter().map(|part| match part {
            Part::Char(c) => Part::Char(c.to_ascii_lowercase()),
            part => part,
        });
        let pattern = Pattern::new(lower.collect());
        match pattern.literal {
            Some(literal) => Self::Literal(literal),
            None => Self::Like(pattern.parts),
        }
    }

    pub(super) fn are_in(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        match self {
            Self::Like(parts) => text
                .split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() && c != '_')
                .any(|word| !word.is_empty() && glob(parts, word)),
            Self::Literal(wanted) => text.match_indices(wanted.as_str()).any(|(at, found)| {
                let (before, after) = (
                    text[..at].chars().next_back(),
                    text[at + found.len()..].chars().next(),
                );
                let joined = |inner: Option<char>, outer: Option<char>| {
                    inner.is_some_and(is_word) && outer.is_some_and(is_word)
                };
                !joined(found.chars().next(), before) && !joined(found.chars().next_back(), after)
            }),
        }
    }

    /// The words without which the text cannot match.
    pub(super) fn ascii_words(&self) -> Vec<String> {
        match self {
            Self::Literal(text) => ascii_words(text),
            Self::Like(_) => Vec::new(),
        }
    }
}
