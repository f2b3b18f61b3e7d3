//! Things that are known by a hash of the bytes that name them.
//!
//! Of the bytes only a hash is kept, of 128 bits and with a seed that no source can foresee: it is shorter than they are,
//! and comparing it touches nothing else. A source says its series in the same order again and again, so the one behind
//! the last is tried first.

use hashbrown::HashTable;

/// Where something stands. Good until something is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(u32);

impl Place {
    /// Whoever keeps a table bounds it far below 2^32.
    pub fn of(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug)]
pub(crate) struct Keyed<T> {
    /// In the order in which they came.
    entries: Vec<(u128, T)>,
    by_key: HashTable<Place>,
    /// What is expected next.
    next: usize,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            by_key: HashTable::new(),
            next: 0,
        }
    }
}

impl<T> Keyed<T> {
    /// The next that is looked for is likely to be the first.
    pub fn rewind(&mut self) {
        self.next = 0;
    }

    pub fn find(&mut self, key: u128) -> Option<Place> {
        let entries = &self.entries;
        let place = match entries.get(self.next) {
            Some((expected, _)) if *expected == key => Place::of(self.next),
            _ => {
                let is = |place: &Place| entries[place.index()].0 == key;
                *self.by_key.find(short(key), is)?
            }
        };
        self.next = place.index() + 1;
        Some(place)
    }

    /// The key must not be there yet.
    pub fn add(&mut self, key: u128, entry: T) -> Place {
        let place = Place::of(self.entries.len());
        self.entries.push((key, entry));
        let entries = &self.entries;
        let rehash = |place: &Place| short(entries[place.index()].0);
        self.by_key.insert_unique(short(key), place, rehash);
        self.next = self.entries.len();
        place
    }

    pub fn at(&self, place: Place) -> &T {
        &self.entries[place.index()].1
    }

    pub fn at_mut(&mut self, place: Place) -> &mut T {
        &mut self.entries[place.index()].1
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, entry)| entry)
    }

    /// Forgets what does not stay. The rest keeps its order, but not its places.
    pub fn retain(&mut self, mut stays: impl FnMut(&T) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|(_, entry)| stays(entry));
        if self.entries.len() < before {
            self.by_key.clear();
            for (index, (key, _)) in self.entries.iter().enumerate() {
                let rehash = |place: &Place| short(self.entries[place.index()].0);
                self.by_key
                    .insert_unique(short(*key), Place::of(index), rehash);
            }
        }
        self.next = 0;
    }
}

/// Half of a key, for it is a hash already.
fn short(key: u128) -> u64 {
    u64::try_from(key >> 64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_list_finds(
            asked in prop::collection::vec((0u128..40, any::<bool>()), 0..200),
        ) {
            // The upper half of a key is what is looked up, so half of these share theirs.
            let key = |n: u128| n >> 1 << 64 | n & 1;
            let (mut table, mut list): (Keyed<u128>, Vec<u128>) = Default::default();
            for (n, forgets) in asked {
                let found = table.find(key(n)).map(|place| *table.at(place));
                prop_assert_eq!(found, list.iter().copied().find(|other| *other == n));
                if found.is_none() {
                    table.add(key(n), n);
                    list.push(n);
                } else if forgets {
                    table.retain(|other| *other != n);
                    list.retain(|other| *other != n);
                }
                prop_assert!(table.iter().eq(&list));
            }
        }
    }
}
