//! Log records that match a query: counted, or heard as a beat.

use promise::{LogQuery, Seen};
use serde_json::Value;
use store::Record;

use super::Span;
use crate::timeline::Timeline;

#[derive(Debug)]
pub(crate) struct Matching {
    pub query: LogQuery,
    pub matched: u64,
}

impl Matching {
    pub fn new(query: LogQuery) -> Self {
        Self { query, matched: 0 }
    }

    /// Covered time without a match is known to hold none.
    pub fn count(&mut self, timeline: &mut Timeline, span: Span, records: &[&Record]) {
        if let Some(from) = span.from {
            timeline.add(from, span.at, Seen::Count { n: 0.0 });
        }
        for record in self.of(records) {
            let at = record.at.min(span.at);
            timeline.add(at, at, Seen::Count { n: 1.0 });
        }
    }

    pub fn beat(&mut self, timeline: &mut Timeline, records: &[&Record]) {
        for record in self.of(records) {
            timeline.add(record.at, record.at, Seen::Beat);
        }
    }

    fn of<'r>(&mut self, records: &[&'r Record]) -> Vec<&'r Record> {
        let found: Vec<&Record> = records
            .iter()
            .copied()
            .filter(|record| accepts(&self.query, record))
            .collect();
        self.matched += u64::try_from(found.len()).unwrap_or(u64::MAX);
        found
    }
}

pub(crate) fn accepts(query: &LogQuery, record: &Record) -> bool {
    query.accepts(&|name| record.field(name), &|test| {
        record.fields.values().any(|value| any_text(value, test))
    })
}

/// Whether a text in `value`, however deep, passes. A record's depth is bounded by the JSON reader (128).
fn any_text(value: &Value, test: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => test(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, test)),
        Value::Object(fields) => fields.values().any(|field| any_text(field, test)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
