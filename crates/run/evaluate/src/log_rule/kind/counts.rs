//! Rules that count: frequency, flatline, spike.

use std::{collections::BTreeMap, time::Duration};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Firing, GROUPS_MAX, plain::pairs};
use crate::log_rule::{
    Direction, Event, Key, Kind, LogRule,
    window::{Entry, Window},
};

fn one(event: &Event) -> Entry {
    Entry {
        at: event.at,
        count: 1.0,
        empty: false,
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Frequency {
    #[serde(with = "pairs")]
    windows: BTreeMap<Key, Window>,
}

impl Frequency {
    /// A group that has fired begins anew: the same events don't fire twice.
    #[allow(clippy::cast_precision_loss)]
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        let Kind::Frequency { count, over } = rule.kind else {
            return;
        };
        if self.windows.len() >= GROUPS_MAX && !self.windows.contains_key(&event.key) {
            return;
        }
        let window = self.windows.entry(event.key.clone()).or_default();
        window.push(one(event), over);
        let found = window.count();
        if found >= count as f64 {
            fire(Firing {
                at: event.at,
                key: event.key.clone(),
                event: Some(event.id),
                figure: Some(found),
                why: None,
            });
            self.windows.remove(&event.key);
        }
    }

    /// Forgets groups that have gone quiet.
    pub fn tick(&mut self, rule: &LogRule, at: Timestamp) {
        let over = rule.over();
        self.windows
            .retain(|_, window| window.last().is_some_and(|last| at.since(last.at) <= over));
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flatline {
    #[serde(with = "pairs")]
    windows: BTreeMap<Key, Window>,
    #[serde(with = "pairs")]
    first: BTreeMap<Key, Timestamp>,
}

impl Flatline {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        if self.windows.len() >= GROUPS_MAX && !self.windows.contains_key(&event.key) {
            return;
        }
        self.windows
            .entry(event.key.clone())
            .or_default()
            .push(one(event), rule.over());
        self.check(rule, &event.key, Some(event.id), fire);
    }

    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let mut keys: Vec<Key> = self.windows.keys().cloned().collect();
        // A rule over all events is one group from the beginning, even if none ever comes.
        if keys.is_empty() && rule.by.is_none() {
            keys.push(None);
        }
        for key in keys {
            self.windows.entry(key.clone()).or_default().push(
                Entry {
                    at,
                    count: 0.0,
                    empty: true,
                },
                rule.over(),
            );
            self.first.entry(key.clone()).or_insert(at);
            self.check(rule, &key, None, fire);
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn check(
        &mut self,
        rule: &LogRule,
        key: &Key,
        event: Option<u128>,
        fire: &mut dyn FnMut(Firing),
    ) {
        let Kind::Flatline {
            least,
            over,
            forgets,
        } = rule.kind
        else {
            return;
        };
        let Some(window) = self.windows.get(key) else {
            return;
        };
        let (Some(oldest), Some(newest)) = (window.first(), window.last()) else {
            return;
        };
        let first = *self.first.entry(key.clone()).or_insert(newest.at);
        let found = window.count();
        if newest.at.since(first) < over || found >= least as f64 {
            return;
        }
        fire(Firing {
            at: newest.at,
            key: key.clone(),
            event,
            figure: Some(found),
            why: None,
        });
        if forgets {
            self.first.remove(key);
            self.windows.remove(key);
        } else {
            self.first
                .insert(key.clone(), oldest.at.min(newest.at - over));
        }
    }
}

/// The current stretch of a group, and the one before it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Pair {
    current: Window,
    before: Window,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    #[serde(with = "pairs")]
    groups: BTreeMap<Key, Pair>,
    #[serde(with = "pairs")]
    first: BTreeMap<Key, Timestamp>,
    #[serde(with = "pairs")]
    quiet_until: BTreeMap<Key, Timestamp>,
    /// Whether any group has been watched for both stretches.
    filled: bool,
}

/// What a spike is measured by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub over: Duration,
    pub height: f64,
    pub direction: Direction,
    pub least_now: f64,
    pub least_before: f64,
    pub measure: Measure,
    pub on_new_groups: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measure {
    Count,
    /// Of a field's values.
    FieldMean,
    Mean,
    Min,
    Max,
}

impl Spike {
    fn manner(rule: &LogRule) -> Option<Manner> {
        match &rule.kind {
            Kind::Spike {
                height,
                direction,
                over,
                least_now,
                least_before,
                value,
                on_new_groups,
            } => Some(Manner {
                over: *over,
                height: *height,
                direction: *direction,
                least_now: *least_now,
                least_before: *least_before,
                measure: if value.is_some() {
                    Measure::FieldMean
                } else {
                    Measure::Count
                },
                on_new_groups: *on_new_groups && rule.by.is_some(),
            }),
            _ => None,
        }
    }

    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        let Some(manner) = Self::manner(rule) else {
            return;
        };
        let count = match (
            manner.measure,
            event.values.first().and_then(Option::as_ref),
        ) {
            (Measure::FieldMean, value) => match value.and_then(super::super::Scalar::number) {
                Some(n) => n.trunc(),
                None => return,
            },
            _ => 1.0,
        };
        // Events without the field are a group of their own.
        let key = if rule.by.is_some() {
            event.key.clone().or(Some("other".to_owned()))
        } else {
            None
        };
        self.take(
            &manner,
            Entry {
                at: event.at,
                count,
                empty: false,
            },
            key,
            Some(event.id),
            fire,
        );
    }

    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        if let Some(manner) = Self::manner(rule) {
            self.pass(&manner, at, fire);
        }
    }

    pub(super) fn pass(&mut self, manner: &Manner, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        for key in self.groups.keys().cloned().collect::<Vec<_>>() {
            let quiet = self
                .groups
                .get(&key)
                .is_some_and(|pair| pair.before.count() == 0.0 && pair.current.count() == 0.0);
            if key.is_some() && quiet {
                self.groups.remove(&key);
                continue;
            }
            self.take(
                manner,
                Entry {
                    at,
                    count: 0.0,
                    empty: true,
                },
                key,
                None,
                fire,
            );
        }
    }

    pub(super) fn take(
        &mut self,
        manner: &Manner,
        entry: Entry,
        key: Key,
        event: Option<u128>,
        fire: &mut dyn FnMut(Firing),
    ) {
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            return;
        }
        let first = *self.first.entry(key.clone()).or_insert(entry.at);
        let pair = self.groups.entry(key.clone()).or_default();
        for old in pair.current.push(entry, manner.over) {
            pair.before.push(old, manner.over);
        }
        if entry.at.since(first) < manner.over * 2 {
            let is_quiet = self
                .quiet_until
                .get(&key)
                .is_some_and(|until| entry.at < *until);
            if !self.filled || !manner.on_new_groups || is_quiet {
                return;
            }
        } else {
            self.filled = true;
        }
        let measure = |window: &Window| match manner.measure {
            Measure::Count => Some(window.count()),
            Measure::FieldMean | Measure::Mean => window.mean(),
            Measure::Min => window.min(),
            Measure::Max => window.max(),
        };
        let (before, now) = (measure(&pair.before), measure(&pair.current));
        if !manner.spikes(before, now) {
            return;
        }
        let told = if manner.measure == Measure::FieldMean {
            pair.current.first_real()
        } else {
            pair.current.first_counted()
        };
        let at = told.map_or(entry.at, |told| told.at);
        pair.before.clear();
        self.first.remove(&key);
        self.quiet_until.insert(key.clone(), at + manner.over * 2);
        fire(Firing {
            at,
            key,
            event,
            figure: now,
            why: None,
        });
    }
}

impl Manner {
    fn spikes(&self, before: Option<f64>, now: Option<f64>) -> bool {
        let (Some(before), Some(now)) = (before, now) else {
            return false;
        };
        let enough = match self.measure {
            Measure::FieldMean => before != 0.0 && now != 0.0,
            _ => now >= self.least_now && before >= self.least_before,
        };
        let (down, up) = (now <= before / self.height, now >= before * self.height);
        enough
            && match self.direction {
                Direction::Up => up,
                Direction::Down => down,
                Direction::Both => up || down,
            }
    }
}
