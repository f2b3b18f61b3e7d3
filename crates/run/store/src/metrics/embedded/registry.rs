//! Which series the writer knows: their ids, and what was admitted to each last.
//!
//! A series is found by the hash of its labels, without copying them. The seed is chosen at random, so that
//! no sender can choose labels that collide.

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
    /// How many series each source has.
    by_source: HashMap<Box<str>, usize>,
}

/// A series, as the writer sees it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub labels: Labels,
    pub newest: Newest,
    /// Whether the log names it in a segment that this process wrote.
    pub logged: bool,
}

/// What was admitted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    /// `i64::MIN` where nothing was.
    pub at: i64,
    /// The bits of the value, or a hash of the histogram; `None` where only the time is known.
    pub print: Option<u64>,
    /// Its last run in the group that is being staged.
    pub run: Option<u32>,
}

impl Newest {
    pub fn at(at: Option<i64>) -> Self {
        Self {
            at: at.unwrap_or(i64::MIN),
            print: None,
            run: None,
        }
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
            by_source: HashMap::new(),
        }
    }
}

impl Registry {
    pub fn find(&self, labels: &Labels) -> Option<u32> {
        let is_it = |id: &u32| {
            let known = &self.known[*id as usize].labels;
            known.is_clone_of(labels) || known == labels
        };
        self.table.find(self.hash(labels), is_it).copied()
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
        self.known.iter_mut().for_each(|known| known.logged = false);
    }

    fn hash(&self, labels: &Labels) -> u64 {
        hash_of(self.seed, labels)
    }
}

fn hash_of(seed: u64, labels: &Labels) -> u64 {
    xxh3_64_with_seed(labels.encoded().as_bytes(), seed)
}
