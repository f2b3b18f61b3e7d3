//! Cardinality: more, or fewer, different values than there may be.

use std::{collections::BTreeMap, time::Duration};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Firing, GROUPS_MAX, plain::pairs};
use crate::log_rule::{Event, Key, Kind, LogRule, Scalar};

/// Values of one group; beyond any bound that somebody would set.
const VALUES_MAX: usize = 100_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cardinality {
    /// When each value was last seen.
    #[serde(with = "pairs")]
    groups: BTreeMap<Key, BTreeMap<String, Timestamp>>,
    #[serde(with = "pairs")]
    first: BTreeMap<Key, Timestamp>,
}

struct Bounds {
    most: Option<u64>,
    least: Option<u64>,
    over: Duration,
}

impl Cardinality {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        let Some(bounds) = bounds(rule) else {
            return;
        };
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&event.key) {
            return;
        }
        let values = self.groups.entry(event.key.clone()).or_default();
        self.first.entry(event.key.clone()).or_insert(event.at);
        let Some(value) = event
            .values
            .first()
            .and_then(Option::as_ref)
            .map(Scalar::text)
        else {
            return;
        };
        if values.len() < VALUES_MAX || values.contains_key(&value) {
            values.insert(value, event.at);
        }
        if self.is_out(&bounds, &event.key, event.at) {
            // Values that have gone stale are only let go when it matters.
            self.sweep(&bounds, event.at, fire);
            self.check(&bounds, &event.key, event.at, Some(event.id), fire);
        }
    }

    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        if let Some(bounds) = bounds(rule) {
            self.sweep(&bounds, at, fire);
        }
    }

    fn is_out(&self, bounds: &Bounds, key: &Key, at: Timestamp) -> bool {
        let count = self.groups.get(key).map_or(0, |values| values.len() as u64);
        let is_whole = self
            .first
            .get(key)
            .is_some_and(|first| at.since(*first) > bounds.over);
        bounds.most.is_some_and(|most| count > most)
            || bounds.least.is_some_and(|least| count < least) && is_whole
    }

    #[allow(clippy::cast_precision_loss)]
    fn check(
        &mut self,
        bounds: &Bounds,
        key: &Key,
        at: Timestamp,
        event: Option<u128>,
        fire: &mut dyn FnMut(Firing),
    ) {
        if self.is_out(bounds, key, at) {
            self.first.remove(key);
            let count = self.groups.get(key).map_or(0, BTreeMap::len);
            fire(Firing {
                at,
                key: key.clone(),
                event,
                figure: Some(count as f64),
                why: None,
            });
        }
    }

    fn sweep(&mut self, bounds: &Bounds, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        for key in self.groups.keys().cloned().collect::<Vec<_>>() {
            if let Some(values) = self.groups.get_mut(&key) {
                values.retain(|_, last| at.since(*last) <= bounds.over);
            }
            if bounds.least.is_some() {
                self.check(bounds, &key, at, None, fire);
            }
        }
    }
}

fn bounds(rule: &LogRule) -> Option<Bounds> {
    match rule.kind {
        Kind::Cardinality {
            most, least, over, ..
        } => Some(Bounds { most, least, over }),
        _ => None,
    }
}
