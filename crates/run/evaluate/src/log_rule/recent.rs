//! The events of the last minutes in the order of their time, of which a copy costs next to nothing.
//!
//! A busy rule has a hundred thousand of them, and what the rules remember is written down again and again while events go
//! on coming: a copy shares its pieces with the original, and only a piece that changes afterwards is copied indeed.

use std::{collections::VecDeque, sync::Arc};

use promise::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Event;

/// Events of one piece: what is copied when one of them changes after a copy of all.
const PIECE: usize = 256;
/// Of a few events, such a part is worth to be taken away: 1 / this.
const SETTLED_SHARE: usize = 8;

#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    /// None is empty.
    pieces: VecDeque<Arc<Vec<Event>>>,
    len: usize,
}

impl Recent {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }

    pub fn newest(&self) -> Option<&Event> {
        self.pieces.back()?.last()
    }

    /// One of the oldest: once it is too old, taking away all that are costs little for each.
    pub fn early(&self) -> Option<&Event> {
        let first = self.pieces.front()?;
        if self.pieces.len() > 1 {
            first.last()
        } else {
            first.get(first.len() / SETTLED_SHARE)
        }
    }

    /// Puts an event in its place; whether it is the newest, or `None` where it was there before.
    pub fn put(&mut self, event: Event) -> Option<bool> {
        let key = |event: &Event| (event.at, event.id);
        let new = key(&event);
        let piece = self
            .pieces
            .partition_point(|piece| piece.last().is_some_and(|last| key(last) < new));
        if piece == self.pieces.len() {
            match self.pieces.back_mut() {
                Some(last) if last.len() < PIECE => Arc::make_mut(last).push(event),
                _ => {
                    let mut fresh = Vec::with_capacity(PIECE);
                    fresh.push(event);
                    self.pieces.push_back(Arc::new(fresh));
                }
            }
            self.len += 1;
            return Some(true);
        }
        let place = self.pieces[piece].binary_search_by_key(&new, key).err()?;
        let events = Arc::make_mut(&mut self.pieces[piece]);
        events.insert(place, event);
        self.len += 1;
        // Many late ones in one place make it two.
        if events.len() > 2 * PIECE {
            let rest = events.split_off(PIECE);
            self.pieces.insert(piece + 1, Arc::new(rest));
        }
        Some(false)
    }

    /// How many stand before this time and id.
    pub fn before(&self, place: (Timestamp, u128)) -> usize {
        let is_before = |event: &Event| (event.at, event.id) < place;
        let whole = self
            .pieces
            .partition_point(|piece| piece.last().is_some_and(is_before));
        let before: usize = self
            .pieces
            .iter()
            .take(whole)
            .map(|piece| piece.len())
            .sum();
        let rest = self.pieces.get(whole);
        before + rest.map_or(0, |piece| piece.partition_point(is_before))
    }

    /// All but the first `count`.
    pub fn from(&self, count: usize) -> impl Iterator<Item = &Event> {
        let (mut whole, mut rest) = (0, count);
        for piece in &self.pieces {
            if piece.len() > rest {
                break;
            }
            (whole, rest) = (whole + 1, rest - piece.len());
        }
        let pieces = self.pieces.iter().skip(whole);
        pieces.flat_map(|piece| piece.iter()).skip(rest)
    }

    /// Takes the oldest away, and gives each to `each`.
    pub fn take(&mut self, mut count: usize, mut each: impl FnMut(&Event)) {
        while let Some(first) = self.pieces.front_mut().filter(|_| count > 0) {
            let taken = count.min(first.len());
            first[..taken].iter().for_each(&mut each);
            (count, self.len) = (count - taken, self.len - taken);
            if taken == first.len() {
                self.pieces.pop_front();
            } else {
                Arc::make_mut(first).drain(..taken);
            }
        }
    }
}

impl Serialize for Recent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'d> Deserialize<'d> for Recent {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        let mut recent = Self::default();
        for event in Vec::<Event>::deserialize(from)? {
            recent.put(event);
        }
        Ok(recent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(at: i64) -> Event {
        Event {
            id: 0,
            at: Timestamp::from_millis(at),
            key: None,
            values: Vec::new(),
            matches: false,
        }
    }

    proptest! {
        /// Held against a sorted list; a copy from the middle of it stays as it was.
        #[test]
        fn it_is_a_list_in_order(coming in prop::collection::vec((0..3_000_i64, 0..40_usize), 0..1_500)) {
            let (mut recent, mut list) = (Recent::default(), Vec::<i64>::new());
            let mut copies = Vec::new();
            for (n, (at, taken)) in coming.iter().enumerate() {
                let found = list.binary_search(at);
                let is_newest = found.err().map(|place| place == list.len());
                prop_assert_eq!(recent.put(event(*at)), is_newest);
                if let Err(place) = found {
                    list.insert(place, *at);
                }
                if n % 200 == 199 {
                    copies.push((recent.clone(), list.clone()));
                    let taken = taken * 10;
                    let mut gone = Vec::new();
                    recent.take(taken, |event| gone.push(event.at.as_millis()));
                    prop_assert_eq!(&gone, &list[..taken.min(list.len())]);
                    list.drain(..taken.min(list.len()));
                }
            }
            copies.push((recent, list));
            for (recent, list) in copies {
                let all: Vec<i64> = recent.iter().map(|event| event.at.as_millis()).collect();
                prop_assert_eq!(&all, &list);
                prop_assert_eq!(recent.len(), list.len());
                for count in [0, 1, 255, 300, 1_400] {
                    let rest: Vec<i64> = recent.from(count).map(|event| event.at.as_millis()).collect();
                    prop_assert_eq!(&rest[..], list.get(count..).unwrap_or_default());
                }
                for at in [0, 700, 1_500, 3_000] {
                    let older = list.partition_point(|other| *other < at);
                    prop_assert_eq!(recent.before((Timestamp::from_millis(at), 0)), older);
                }
            }
        }
    }
}
