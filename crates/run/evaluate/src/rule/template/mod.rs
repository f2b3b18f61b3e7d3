//! Templates of labels and annotations: the part of Go's `text/template` that rule files use, with
//! Prometheus's functions.
//!
//! Pure: a template that asks for a query stops with [`Stop::Wants`]; the caller answers it and renders again.
//! Every depth, step and length is bounded, for a rule file may come from anyone.
//!
//! Reading order: `syntax` (the tree), `parse`, `run`, `value`, `function`, `humanize`, `printf`.

mod function;
mod humanize;
mod parse;
mod printf;
mod run;
mod syntax;
mod value;

use std::collections::BTreeMap;

use promise::Timestamp;
use promql::{Element, Labels, Number};

/// A parsed template. Cheap to render often.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    text: String,
    /// `None`: the text is plain, and is its own result.
    body: Option<Vec<syntax::Node>>,
}

/// What a template speaks of.
#[derive(Debug)]
pub struct Scope<'s> {
    /// `$labels`: those of the element, the metric's name among them.
    pub labels: &'s Labels,
    /// `$value`
    pub value: &'s Number,
    /// `$externalLabels`
    pub external_labels: &'s Labels,
    /// `$externalURL`
    pub external_url: &'s str,
    pub at: Timestamp,
    /// Queries that have been answered already.
    pub answers: &'s BTreeMap<String, Vec<Element>>,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// This query must be answered first.
    Wants(String),
    /// The template cannot be rendered; why.
    Wrong(String),
}

impl Template {
    /// Says what is wrong with a text that is no template.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = if text.contains("{{") {
            Some(parse::parse(text)?)
        } else {
            None
        };
        Ok(Self {
            text: text.to_owned(),
            body,
        })
    }

    /// A text in which braces mean themselves.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            body: None,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn render(&self, scope: &Scope<'_>) -> Result<String, Stop> {
        match &self.body {
            None => Ok(self.text.clone()),
            Some(body) => run::render(body, scope),
        }
    }
}

#[cfg(test)]
mod tests;
