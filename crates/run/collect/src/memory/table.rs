//! The series of one source, found by the bytes that name them.
//!
//! Of those bytes a hash is kept that no source can foresee: it is shorter than they are, and comparing it touches
//! nothing else. A source says its series in the same order again and again, so the one behind the last is tried first.

use std::hash::Hasher;

use hashbrown::HashTable;
use store::{Labels, remote_write::Seed};
use xxhash_rust::xxh3::Xxh3;

/// Where a series stands. Good until the dead are buried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(u32);

impl Place {
    /// A body is bounded far below 2^32 series.
    fn of(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    seed: Seed,
    entries: Vec<Entry>,
    by_key: HashTable<Place>,
    /// The first place of each label set: two texts may name one series.
    by_labels: HashTable<Place>,
    /// Counts answers; an entry is present if it was seen in this one.
    turn: u32,
    /// What is expected next.
    next: usize,
}

#[derive(Debug)]
struct Entry {
    key: u128,
    /// `None` for what relabelling drops.
    labels: Option<Labels>,
    /// The first entry with the same labels, often this one: it speaks for the series.
    first: Place,
    /// The turn in which the key was last there.
    used: u32,
    /// The turn in which the series last had a sample.
    seen: u32,
    /// Whether it went out in an accepted answer, so that its end must be told.
    is_told: bool,
    /// Whether its last sample had no timestamp of its own.
    is_tracked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Not in the answer before.
    New,
    Again,
    /// It was in this answer already.
    Twice,
}

/// Dead entries are kept, for a series that comes and goes is then known again; but not more than half as
/// many as there are living, beside a few.
const DEAD_FREE: usize = 1_000;

impl Table {
    pub fn begin(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.next = 0;
    }

    pub fn labels(&self, place: Place) -> Option<&Labels> {
        self.entries[place.index()].labels.as_ref()
    }

    pub fn find(&mut self, key: &[u8]) -> Option<Place> {
        let key = self.seed.hash(key);
        let entries = &self.entries;
        let place = match entries.get(self.next) {
            Some(entry) if entry.key == key => Place::of(self.next),
            _ => {
                let is = |place: &Place| entries[place.index()].key == key;
                *self.by_key.find(short(key), is)?
            }
        };
        self.next = place.index() + 1;
        self.entries[place.index()].used = self.turn;
        Some(place)
    }

    /// The key must not be there yet.
    pub fn add(&mut self, key: &[u8], labels: Option<Labels>) -> Place {
        let place = self.insert(Entry {
            key: self.seed.hash(key),
            labels,
            first: Place(0),
            used: self.turn,
            seen: self.turn.wrapping_sub(1),
            is_told: false,
            is_tracked: true,
        });
        self.next = place.index() + 1;
        place
    }

    fn insert(&mut self, entry: Entry) -> Place {
        let place = Place::of(self.entries.len());
        self.entries.push(entry);
        let entries = &self.entries;
        let key = |place: &Place| short(entries[place.index()].key);
        self.by_key.insert_unique(key(&place), place, key);
        let mut first = place;
        if let Some(labels) = &entries[place.index()].labels {
            let labels_of = |place: &Place| entries[place.index()].labels.as_ref();
            let hash = |place: &Place| labels_of(place).map_or(0, hash);
            let same = |other: &Place| labels_of(other) == Some(labels);
            match self.by_labels.find(hash(&place), same) {
                Some(other) => first = *other,
                None => {
                    self.by_labels.insert_unique(hash(&place), place, hash);
                }
            }
        }
        self.entries[place.index()].first = first;
        place
    }

    /// Notes that the series has a sample in this answer.
    pub fn see(&mut self, place: Place, is_tracked: bool) -> Seen {
        let first = self.entries[place.index()].first;
        let entry = &mut self.entries[first.index()];
        if entry.seen == self.turn {
            return Seen::Twice;
        }
        (entry.seen, entry.used) = (self.turn, self.turn);
        entry.is_tracked = is_tracked;
        if entry.is_told {
            Seen::Again
        } else {
            Seen::New
        }
    }

    /// The series of this answer so far.
    pub fn present(&self) -> impl Iterator<Item = &Labels> {
        let present = self.entries.iter().filter(|entry| entry.seen == self.turn);
        present.filter_map(|entry| entry.labels.as_ref())
    }

    /// The answer is accepted: what was told before and is not in it has ended.
    pub fn finish(&mut self, ended: impl FnMut(&Labels)) {
        let turn = self.turn;
        self.end(|entry| entry.seen != turn, ended);
        for entry in &mut self.entries {
            entry.is_told = entry.seen == turn;
        }
    }

    /// There is no answer: everything that was told has ended.
    pub fn fail(&mut self, ended: impl FnMut(&Labels)) {
        self.end(|_| true, ended);
        self.entries
            .iter_mut()
            .for_each(|entry| entry.is_told = false);
    }

    fn end(&self, is_gone: impl Fn(&Entry) -> bool, ended: impl FnMut(&Labels)) {
        let gone = |entry: &&Entry| entry.is_told && entry.is_tracked && is_gone(entry);
        let gone = self.entries.iter().filter(gone);
        gone.filter_map(|entry| entry.labels.as_ref())
            .for_each(ended);
    }

    /// Forgets keys that have not been there for long, once they are many. True if places have moved.
    pub fn bury(&mut self) -> bool {
        let turn = self.turn;
        let living = self
            .entries
            .iter()
            .filter(|entry| entry.used == turn)
            .count();
        if self.entries.len() - living <= DEAD_FREE + living / 2 {
            return false;
        }
        self.by_key.clear();
        self.by_labels.clear();
        for entry in std::mem::take(&mut self.entries) {
            if entry.used == turn {
                self.insert(entry);
            }
        }
        true
    }
}

/// Half of a key, for it is a hash already.
fn short(key: u128) -> u64 {
    u64::try_from(key >> 64).unwrap_or_default()
}

/// Equal labels have equal hashes.
fn hash(labels: &Labels) -> u64 {
    let mut hasher = Xxh3::new();
    std::hash::Hash::hash(labels, &mut hasher);
    hasher.finish()
}
