//! OpenSLO v1: objectives as other tools write them, read into promises and written from them.
//!
//! **Pure**, like the rest: text in, text out. What one side says and the other cannot is never dropped in silence: it
//! comes back as a [`Note`] with the line that it stands in. What only we can say is written as annotations
//! (`tegata/fresh_for`), which the import reads back, so our own files survive the round trip whole.
//!
//! Source: the OpenSLO specification, version 1 (objects, fields, `duration-shorthand`).

mod alerts;
mod export;
mod import;
mod metric;
mod objects;
mod slo;

pub use export::export;
pub use import::import;
pub(crate) use metric::series;

use promise::Say;

/// The prefix of annotations that hold what OpenSLO has no field for.
const OURS: &str = "tegata/";

/// Something that could not be carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line that says it, counted from 1; 0 where it is said by no line.
    pub line: usize,
    /// What it belongs to: `SLO foo`, or a promise's id.
    pub about: String,
    pub what: Say,
}

/// A text and what is missing from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    pub text: String,
    pub notes: Vec<Note>,
}

/// A value as YAML that reads back as the same text, whatever stands in it: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let reads_as_text = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_plain)
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if reads_as_text {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}
