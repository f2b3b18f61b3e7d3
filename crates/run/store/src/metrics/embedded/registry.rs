//! Which series the writer knows: their ids, and what was admitted to each last.
//!
//! A source tells its series in the same order again and again, with clones of the same labels: so the one behind the
//! last is tried first, and known without reading a byte of it. Any other is found by the hash of its labels, without
//! copying them. The seed is chosen at random, so that no sender can choose labels that collide.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Labels;

pub(super) struct Registry {
    seed: u64,
    table: HashTable<u32>,
    /// By id.
    known: Vec<Known>,
    /// What is expected next.
    next: usize,
    /// How many series each source has.
    by_source: HashMap<Box<str>, usize>,
}

/// A series, as the writer sees it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub labels: Labels,
    pub newest: Newest,
}

/// What was admitted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    /// `i64::MIN` where nothing was.
    pub at: i64,
    /// The bits of the value, or a hash of the histogram.
    print: u64,
    /// The number of its last run, which says something only while that is being staged.
    pub run: u32,
    /// Whether more than the time is known.
    has_print: bool,
    /// Whether the log names the series in a segment that this process wrote.
    pub is_logged: bool,
    /// Whether its labels are those of the log, and no caller's.
    is_recalled: bool,
}

impl Newest {
    /// Of the sample only the time is known.
    pub fn at(at: Option<i64>) -> Self {
        Self {
            at: at.unwrap_or(i64::MIN),
            print: 0,
            run: 0,
            has_print: false,
            is_logged: false,
            is_recalled: false,
        }
    }

    /// The same of a series that the log tells of.
    pub fn recalled(at: Option<i64>) -> Self {
        Self {
            is_recalled: true,
            ..Self::at(at)
        }
    }

    pub fn set(&mut self, at: i64, print: u64) {
        (self.at, self.print, self.has_print) = (at, print, true);
    }

    pub fn print(&self) -> Option<u64> {
        self.has_print.then_some(self.print)
    }
}

/// The label that says who sends a series; limits are counted by it.
pub(super) const SOURCE: &str = "job";

impl Default for Registry {
    fn default() -> Self {
        Self {
            seed: RandomState::new().hash_one(0u8),
            table: HashTable::new(),
            known: Vec::new(),
            next: 0,
            by_source: HashMap::new(),
        }
    }
}

impl Registry {
    pub fn find(&mut self, labels: &Labels) -> Option<u32> {
        let expected = self.known.get(self.next);
        let id = if expected.is_some_and(|known| known.labels.is_clone_of(labels)) {
            u32::try_from(self.next).ok()?
        } else {
            let is_it = |id: &u32| {
                let known = &self.known[*id as usize].labels;
                known.is_clone_of(labels) || known == labels
            };
            let id = *self.table.find(self.hash(labels), is_it)?;
            // A caller that remembers its series brings the same clone next time. One that makes labels anew each time
            // does not, so it is not followed.
            let known = &mut self.known[id as usize];
            if std::mem::take(&mut known.newest.is_recalled) {
                known.labels = labels.clone();
            }
            id
        };
        self.next = id as usize + 1;
        Some(id)
    }

    /// Adds a series that [`Registry::find`] did not find. Its id is the number of series before it.
    pub fn add(&mut self, known: Known) -> u32 {
        let id = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        match self.by_source.get_mut(known.labels.get(SOURCE)) {
            Some(series) => *series += 1,
            None => {
                self.by_source.insert(known.labels.get(SOURCE).into(), 1);
            }
        }
        let hash = self.hash(&known.labels);
        self.known.push(known);
        self.next = self.known.len();
        let (seed, all) = (self.seed, &self.known);
        let rehash = |id: &u32| hash_of(seed, &all[*id as usize].labels);
        self.table.insert_unique(hash, id, rehash);
        id
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn of_source(&self, source: &str) -> usize {
        self.by_source.get(source).copied().unwrap_or(0)
    }

    pub fn get(&self, id: u32) -> Option<&Known> {
        self.known.get(id as usize)
    }

    pub fn get_mut(&mut self, id: u32) -> Option<&mut Known> {
        self.known.get_mut(id as usize)
    }

    /// A registry of those series that `stay` accepts, in the same order.
    pub fn successor(&self, stay: impl Fn(&Known) -> bool) -> Self {
        let mut next = Self {
            seed: self.seed,
            ..Self::default()
        };
        for known in self.known.iter().filter(|known| stay(known)) {
            next.add(known.clone());
        }
        next
    }

    /// In a new segment of the log no series is named yet.
    pub fn forget_logged(&mut self) {
        for known in &mut self.known {
            known.newest.is_logged = false;
        }
    }

    fn hash(&self, labels: &Labels) -> u64 {
        hash_of(self.seed, labels)
    }
}

fn hash_of(seed: u64, labels: &Labels) -> u64 {
    xxh3_64_with_seed(labels.encoded().as_bytes(), seed)
}
