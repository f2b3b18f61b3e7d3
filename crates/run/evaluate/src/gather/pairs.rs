//! Pairs: log records that start and end something, joined by the value of a field.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use promise::{Fact, LogQuery, Seen, Timestamp, signal::FieldValue};
use store::Record;

use super::Span;
use crate::timeline::Timeline;

/// Starts that wait for their end. Beyond it the newest are not followed, and are counted as refused:
/// the oldest are those that a person must hear of.
const OPEN_MAX: usize = 10_000;
/// Open starts in a fact, the oldest first; enough to judge and small enough for the ledger.
const SHOWN_MAX: usize = 100;

#[derive(Debug)]
pub(crate) struct Pairs {
    pub start: LogQuery,
    pub end: LogQuery,
    pub by: String,
    within: Duration,
    open: HashMap<String, Timestamp>,
    in_order: BTreeSet<(Timestamp, String)>,
    /// Starts beyond the bound.
    pub refused: u64,
}

impl Pairs {
    pub fn new(start: LogQuery, end: LogQuery, by: String, within: Duration) -> Self {
        Self {
            start,
            end,
            by,
            within,
            open: HashMap::new(),
            in_order: BTreeSet::new(),
            refused: 0,
        }
    }

    pub fn records(&mut self, timeline: &mut Timeline, span: Span, records: &[&Record]) {
        for record in records {
            let Some(key) = record.field(&self.by).map(text) else {
                continue;
            };
            if record.matches(&self.end)
                && let Some(start) = self.open.remove(&key)
            {
                self.in_order.remove(&(start, key));
                let late = record.at.since(start) > self.within;
                let at = record.at.min(span.at);
                timeline.add(at, at, ended(late));
            } else if record.matches(&self.start) && !self.open.contains_key(&key) {
                if self.open.len() >= OPEN_MAX {
                    self.refused += 1;
                    continue;
                }
                self.in_order.insert((record.at, key.clone()));
                self.open.insert(key, record.at);
            }
        }
        let from = span.from.unwrap_or(span.at);
        timeline.add(
            from,
            span.at,
            Seen::Pairs {
                in_time: 0,
                late: 0,
                open: Vec::new(),
            },
        );
    }

    /// Lists what is open in the newest fact, and only there: an end that comes empties no older fact.
    pub fn show_open(&self, facts: &mut [Fact]) {
        if let Some(Seen::Pairs { open, .. }) = facts.last_mut().map(|fact| &mut fact.seen) {
            *open = self
                .in_order
                .iter()
                .take(SHOWN_MAX)
                .map(|(at, _)| *at)
                .collect();
        }
    }

    pub fn save(&self) -> Vec<(String, Timestamp)> {
        let open = self.in_order.iter();
        open.map(|(at, key)| (key.clone(), *at)).collect()
    }

    pub fn restore(&mut self, open: Vec<(String, Timestamp)>) {
        for (key, at) in open.into_iter().take(OPEN_MAX) {
            self.in_order.insert((at, key.clone()));
            self.open.insert(key, at);
        }
    }
}

fn ended(late: bool) -> Seen {
    Seen::Pairs {
        in_time: u64::from(!late),
        late: u64::from(late),
        open: Vec::new(),
    }
}

fn text(value: FieldValue<'_>) -> String {
    match value {
        FieldValue::Text(text) => text.to_owned(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Bool(truth) => truth.to_string(),
        FieldValue::Time(at) => at.to_string(),
    }
}
