//! Rows that are not sealed yet, and the ids by which a record posted again is recognised.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::Row;

#[derive(Default)]
pub(super) struct Memory {
    by_stream: BTreeMap<String, Vec<Row>>,
    pub bytes: usize,
}

impl Memory {
    pub fn append(&mut self, stream: &str, row: Row) {
        self.bytes += row.weight();
        match self.by_stream.get_mut(stream) {
            Some(rows) => rows.push(row),
            None => {
                self.by_stream.insert(stream.to_owned(), vec![row]);
            }
        }
    }

    pub fn rows(&self) -> usize {
        self.by_stream.values().map(Vec::len).sum()
    }

    pub fn streams(&self) -> impl Iterator<Item = String> {
        self.by_stream.keys().cloned()
    }

    /// The rows of each stream, in the order in which they came.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[Row])> {
        self.by_stream
            .iter()
            .map(|(stream, rows)| (stream.as_str(), rows.as_slice()))
    }

    /// Cheap copies of the rows of such streams whose time is `inside`.
    pub fn snapshot(
        &self,
        such: impl Fn(&str) -> bool,
        inside: impl Fn(i64) -> bool,
    ) -> Vec<(String, Vec<Row>)> {
        let rows = |rows: &[Row]| rows.iter().filter(|row| inside(row.at)).cloned().collect();
        self.all()
            .filter(|(stream, _)| such(stream))
            .map(|(stream, all)| (stream.to_owned(), rows(all)))
            .collect()
    }

    pub fn has_before(&self, stream: &str, before: i64) -> bool {
        self.by_stream
            .get(stream)
            .is_some_and(|rows| rows.iter().any(|row| row.at < before))
    }
}

/// The newest ids, at most so many.
pub(super) struct Ids {
    max: usize,
    known: HashSet<u128>,
    order: VecDeque<u128>,
}

impl Ids {
    pub fn new(max: usize) -> Self {
        Self {
            max,
            known: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    pub fn is_full(&self) -> bool {
        self.order.len() >= self.max
    }

    /// Whether the id is new; then it is known from now on, and the oldest is forgotten for it.
    pub fn learn(&mut self, id: u128) -> bool {
        let new = self.known.insert(id);
        if new {
            self.order.push_back(id);
            while self.order.len() > self.max {
                if let Some(oldest) = self.order.pop_front() {
                    self.known.remove(&oldest);
                }
            }
        }
        new
    }

    /// Adds an id older than all known ones.
    pub fn learn_older(&mut self, id: u128) {
        if !self.is_full() && self.known.insert(id) {
            self.order.push_front(id);
        }
    }

    /// Takes back ids that were learned last.
    pub fn unlearn(&mut self, ids: &[u128]) {
        for id in ids.iter().rev() {
            if self.order.back() == Some(id) {
                self.order.pop_back();
                self.known.remove(id);
            }
        }
    }
}
