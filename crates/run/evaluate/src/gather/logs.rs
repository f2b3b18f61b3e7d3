//! Log records that match a query: counted, or heard as a beat.

use promise::{LogQuery, Seen};
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
            .filter(|record| record.matches(&self.query))
            .collect();
        self.matched += u64::try_from(found.len()).unwrap_or(u64::MAX);
        found
    }
}
