//! The series of one source, found by the bytes that name them.

use std::hash::Hasher;

use hashbrown::HashTable;
use store::{Labels, remote_write::Seed};
use xxhash_rust::xxh3::Xxh3;

use super::keyed::{Keyed, Place};

#[derive(Debug, Default)]
pub(super) struct Table {
    seed: Seed,
    entries: Keyed<Entry>,
    /// The first place of each label set: two texts may name one series.
    by_labels: HashTable<Place>,
    /// Counts answers; an entry is present if it was seen in this one.
    turn: u32,
}

#[derive(Debug)]
struct Entry {
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
        self.entries.rewind();
    }

    pub fn labels(&self, place: Place) -> Option<&Labels> {
        self.entries.at(place).labels.as_ref()
    }

    pub fn find(&mut self, key: &[u8]) -> Option<Place> {
        let place = self.entries.find(self.seed.hash(key))?;
        self.entries.at_mut(place).used = self.turn;
        Some(place)
    }

    /// The key must not be there yet.
    pub fn add(&mut self, key: &[u8], labels: Option<Labels>) -> Place {
        let key = self.seed.hash(key);
        let place = Place::of(self.entries.len());
        self.entries.add(
            key,
            Entry {
                labels,
                first: place,
                used: self.turn,
                seen: self.turn.wrapping_sub(1),
                is_told: false,
                is_tracked: true,
            },
        );
        self.note(place);
        place
    }

    /// Finds who speaks for the series of an entry.
    fn note(&mut self, place: Place) {
        let labels_of = |place: &Place| self.entries.at(*place).labels.as_ref();
        let mut first = place;
        if let Some(labels) = labels_of(&place) {
            let hash = |place: &Place| labels_of(place).map_or(0, hash);
            let same = |other: &Place| labels_of(other) == Some(labels);
            match self.by_labels.find(hash(&place), same) {
                Some(other) => first = *other,
                None => {
                    self.by_labels.insert_unique(hash(&place), place, hash);
                }
            }
        }
        self.entries.at_mut(place).first = first;
    }

    /// Notes that the series has a sample in this answer.
    pub fn see(&mut self, place: Place, is_tracked: bool) -> Seen {
        let first = self.entries.at(place).first;
        let entry = self.entries.at_mut(first);
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
        for entry in self.entries.iter_mut() {
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
        self.entries.retain(|entry| entry.used == turn);
        self.by_labels.clear();
        (0..self.entries.len()).for_each(|index| self.note(Place::of(index)));
        true
    }
}

/// Equal labels have equal hashes.
fn hash(labels: &Labels) -> u64 {
    let mut hasher = Xxh3::new();
    std::hash::Hash::hash(labels, &mut hasher);
    hasher.finish()
}
