//! Up to when everything that was owed has been heard.
//!
//! A rule over several targets must not be looked at while one of them has answered for an instant and another,
//! which was due before it, has not: the answer would mix two rounds. So a rule waits until every source that
//! feeds it is past that instant, but no longer than a bound.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use promise::{Cause, Timestamp};

use super::inputs::Sources;

/// Sources remembered. Beyond it a rule does not wait for new ones.
const SOURCES_MAX: usize = 100_000;

/// A rule by its group and its place in it.
pub(super) type Place = (usize, usize);

/// What each rule waits for.
#[derive(Debug, Default)]
pub(super) struct Watermark {
    numbers: HashMap<String, usize>,
    /// When each source is next owed, by its number.
    next: Vec<Timestamp>,
    /// The sources that feed a rule, by their numbers.
    feeds: BTreeMap<Place, BTreeSet<usize>>,
    pub sources: Sources,
}

impl Watermark {
    /// Takes what a source said of itself; answers with its number.
    pub fn hear(&mut self, source: &str, next: Timestamp, failed: Option<&Cause>) -> Option<usize> {
        match failed {
            Some(cause) => {
                self.sources
                    .failing
                    .insert(source.to_owned(), cause.clone());
            }
            None => {
                self.sources.failing.remove(source);
            }
        }
        if let Some(number) = self.numbers.get(source) {
            self.next[*number] = self.next[*number].max(next);
            return Some(*number);
        }
        if self.numbers.len() >= SOURCES_MAX {
            return None;
        }
        let number = self.next.len();
        self.next.push(next);
        self.numbers.insert(source.to_owned(), number);
        Some(number)
    }

    pub fn feeds(&mut self, source: usize, place: Place) {
        self.feeds.entry(place).or_default().insert(source);
    }

    /// When `place` may be evaluated for `at`: at once, or when the wait is over.
    pub fn ready(&self, place: Place, at: Timestamp, now: Timestamp, wait: Duration) -> bool {
        now >= at + wait
            || self.feeds.get(&place).is_none_or(|sources| {
                // A source that has been overdue for longer than anybody waits is not waited for again.
                sources
                    .iter()
                    .filter_map(|number| self.next.get(*number))
                    .all(|next| *next > at || now >= *next + wait)
            })
    }

    /// The same for every rule of a group.
    pub fn ready_group(&self, group: usize, at: Timestamp, now: Timestamp, wait: Duration) -> bool {
        self.feeds
            .range((group, 0)..(group + 1, 0))
            .all(|(place, _)| self.ready(*place, at, now, wait))
    }
}
