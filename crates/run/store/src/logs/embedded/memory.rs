//! Rows that are in no file yet, and the ids by which a record posted again is recognised.
//!
//! A stream's rows of one day gather in a table. A full table becomes a block, which stays in memory until
//! the next seal; so sealing only writes, and what waits in memory is small.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::Arc,
};

use promise::Timestamp;
use serde_json::{Map, Value};

use super::{
    block::{self, ROWS_MAX},
    bytes::Squeeze,
    part::{DAY_MILLIS, Part},
    table::{self, Table},
};
use crate::{Error, Record};

/// A table whose values take so much becomes a block. Larger ones are hardly shorter on the disk, and a search that
/// wants a few rows decodes whole columns of one.
const TABLE_BYTES: usize = 2 << 20;

/// A stream's rows of one day.
#[derive(Default)]
pub(super) struct Fresh {
    pub blocks: Vec<Arc<Part>>,
    /// A full table that is being made a block.
    pub full: Option<Arc<Table>>,
    pub table: Table,
}

impl Fresh {
    fn is_full(&self) -> bool {
        self.table.weight >= TABLE_BYTES || self.table.len() >= ROWS_MAX
    }

    pub fn rows(&self) -> usize {
        let blocks: usize = self
            .blocks
            .iter()
            .flat_map(|part| part.blocks())
            .map(|block| block.rows)
            .sum();
        blocks + self.full.as_ref().map_or(0, |table| table.len()) + self.table.len()
    }
}

pub(super) type Key = (Arc<str>, i64);

#[derive(Default)]
pub(super) struct Memory {
    pub fresh: BTreeMap<Key, Fresh>,
    /// What the rows took when they came.
    pub bytes: usize,
}

impl Memory {
    /// Adds a row; returns its table's key where that is full now.
    pub fn append(
        &mut self,
        stream: &Arc<str>,
        id: u128,
        at: Timestamp,
        fields: &Map<String, Value>,
    ) -> Result<Option<Key>, Error> {
        let day = at.as_millis().div_euclid(DAY_MILLIS);
        let key = (stream.clone(), day);
        let fresh = match self.fresh.get_mut(&key) {
            Some(fresh) => fresh,
            None => self.fresh.entry(key.clone()).or_default(),
        };
        let before = fresh.table.weight;
        fresh.table.append(id, at.as_millis(), fields)?;
        self.bytes += fresh.table.weight - before;
        Ok(fresh.is_full().then_some(key))
    }

    /// Takes a table out to make it a block; readers still find it.
    pub fn take(&mut self, key: &Key) -> Option<Arc<Table>> {
        let fresh = self.fresh.get_mut(key)?;
        if let Some(full) = &fresh.full {
            // Making it failed before.
            return Some(full.clone());
        }
        (fresh.table.len() > 0).then(|| {
            let table = Arc::new(std::mem::take(&mut fresh.table));
            fresh.full = Some(table.clone());
            table
        })
    }

    /// Puts the block in the place of the table that was taken.
    pub fn settle(&mut self, (stream, day): &Key, built: block::Built) {
        if let Some(fresh) = self.fresh.get_mut(&(stream.clone(), *day)) {
            fresh.full = None;
            fresh
                .blocks
                .push(Arc::new(Part::in_memory(stream.clone(), *day, built)));
        }
    }

    /// The same in one go, while nobody reads yet.
    pub fn roll(&mut self, key: &Key, squeeze: &mut Squeeze) -> Result<(), Error> {
        if let Some(table) = self.take(key) {
            self.settle(key, build(&table, squeeze)?);
        }
        Ok(())
    }

    pub fn blocks(&self, key: &Key) -> Vec<Arc<Part>> {
        self.fresh
            .get(key)
            .map(|fresh| fresh.blocks.clone())
            .unwrap_or_default()
    }

    pub fn rows(&self) -> usize {
        self.fresh.values().map(Fresh::rows).sum()
    }

    pub fn streams(&self) -> impl Iterator<Item = String> {
        self.fresh.keys().map(|(stream, _)| stream.to_string())
    }
}

/// A record as the log gives it back.
pub(super) struct Row {
    pub id: u128,
    pub at: Timestamp,
    pub stream: Arc<str>,
    pub fields: Map<String, Value>,
}

/// Refuses what no table takes, before it is logged.
pub(super) fn admit(record: &Record) -> Result<(), Error> {
    table::admit(&record.fields)
}

/// A table's rows as a block.
pub(super) fn build(table: &Table, squeeze: &mut Squeeze) -> Result<block::Built, Error> {
    match table.sorted()? {
        Some(sorted) => block::build(&sorted, squeeze),
        None => block::build(table, squeeze),
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
