//! Changes to a text that mend a mistake, for programs to apply and people to read first.

use super::Span;
use crate::Say;

/// Whether a change may be made without a person having read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Nothing else can have been meant, or it changes nothing that is owed.
    Safe,
    /// It changes what is owed or who is told, or it is one of several ways: a person decides.
    Unsafe,
}

/// Some bytes of the text and what shall stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// Edits that belong together: all of them are made, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "write `owner`".
    pub title: Say,
    pub edits: Vec<Edit>,
    pub safety: Safety,
}

impl Fix {
    #[must_use]
    pub fn safe(title: Say) -> Self {
        Self {
            title,
            edits: Vec::new(),
            safety: Safety::Safe,
        }
    }

    #[must_use]
    pub fn risky(title: Say) -> Self {
        Self {
            safety: Safety::Unsafe,
            ..Self::safe(title)
        }
    }

    #[must_use]
    pub fn replace(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.edits.push(Edit { span, text });
        self
    }

    #[must_use]
    pub fn insert(self, at: usize, text: impl Into<String>) -> Self {
        self.replace(at..at, text)
    }
}
