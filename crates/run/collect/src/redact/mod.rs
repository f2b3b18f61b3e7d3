//! Making unreadable what must not rest: card numbers, tokens, mail addresses, and fields that the spec
//! names. Nothing leaves this crate before.
//!
//! A wrongly hidden order number is a nuisance; a stored card number is a breach. Where a rule must err,
//! it hides. What was hidden stays visible as a kind, such as `[redacted:pan]`.

mod mail;
mod named;
mod pan;
mod token;

use std::borrow::Cow;

use serde_json::{Map, Value};
use spec::section::source::Redact;

use named::Named;
use token::Tokens;

/// JSON inside of strings is opened this many times; beyond it the text is scanned as it is.
const NESTED_MAX: usize = 4;

/// Gives the text with something hidden, or nothing where there was nothing to hide.
type Step<'s> = &'s dyn Fn(&str) -> Option<String>;

#[derive(Debug)]
pub struct Redactor {
    tokens: Tokens,
    named: Named,
}

impl Redactor {
    #[must_use]
    pub fn new(redact: &Redact) -> Self {
        Self {
            tokens: Tokens::new(),
            named: Named::new(&redact.fields),
        }
    }

    /// Free text: a message, a label value, a key.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        let steps: [Step<'_>; 4] = [
            // Before names: `Authorization: Basic …` is more than one word.
            &|text| self.tokens.hide(text),
            &|text| self.named.hide(text),
            &mail::hide,
            &pan::hide,
        ];
        for step in steps {
            if let Some(hidden) = step(&out) {
                out = Cow::Owned(hidden);
            }
        }
        out
    }

    /// The value of a named field or label.
    #[must_use]
    pub fn field<'t>(&self, name: &str, value: &'t str) -> Cow<'t, str> {
        if self.named.holds(name) {
            Cow::Borrowed(named::MARK)
        } else if is_bound(name, value) {
            Cow::Borrowed(value)
        } else {
            self.text(value)
        }
    }

    /// A log record's fields, in place.
    pub fn record(&self, fields: &mut Map<String, Value>) {
        self.map(fields, 0);
    }

    fn map(&self, fields: &mut Map<String, Value>, depth: usize) {
        let is_key_hidden = fields
            .keys()
            .any(|key| matches!(self.text(key), Cow::Owned(_)));
        for (name, value) in fields.iter_mut() {
            if self.named.holds(name) {
                *value = Value::String(named::MARK.to_owned());
            } else {
                self.value(value, depth);
            }
        }
        if is_key_hidden {
            let old = std::mem::take(fields);
            for (key, value) in old {
                let mut hidden = self.text(&key).into_owned();
                // Two keys may look the same once hidden; neither value is lost.
                while fields.contains_key(&hidden) {
                    hidden.push('\'');
                }
                fields.insert(hidden, value);
            }
        }
    }

    fn value(&self, value: &mut Value, depth: usize) {
        match value {
            Value::String(text) => {
                if let Some(hidden) = self.nested(text, depth) {
                    *text = hidden;
                }
            }
            Value::Number(number) => {
                if pan::is_number(number) {
                    *value = Value::String(pan::MARK.to_owned());
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, depth)),
            Value::Object(fields) => self.map(fields, depth),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// A string, which may itself be JSON: there a name decides, and escapes hide nothing.
    fn nested(&self, text: &str, depth: usize) -> Option<String> {
        if depth < NESTED_MAX
            && text.trim_start().starts_with(['{', '['])
            && let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) =
                serde_json::from_str::<Value>(text)
        {
            let before = inner.clone();
            self.value(&mut inner, depth + 1);
            return (inner != before).then(|| inner.to_string());
        }
        match self.text(text) {
            Cow::Owned(hidden) => Some(hidden),
            Cow::Borrowed(_) => None,
        }
    }
}

/// The bound of a bucket or quantile that is no whole number: `6528.999999999999` has the digits of a card, but
/// hidden it would be another series.
fn is_bound(name: &str, value: &str) -> bool {
    matches!(name, "le" | "quantile") && value.contains('.') && value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests;
