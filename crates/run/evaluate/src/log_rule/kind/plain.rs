//! Rules that look at an event and at what came last: any, blacklist, whitelist, change, new_term.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::{Firing, GROUPS_MAX};
use crate::log_rule::{Event, Key, Kind, LogRule, Scalar};

/// Values of one field that are remembered as seen. Beyond it a new value fires each time, so that nothing is missed.
const TERMS_MAX: usize = 100_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plain {
    #[serde(with = "pairs")]
    last: BTreeMap<Key, (Vec<Option<Scalar>>, Timestamp)>,
    seen: Vec<BTreeSet<String>>,
    /// When the first event came.
    #[serde(default)]
    since: Option<Timestamp>,
}

impl Plain {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        let firing = || Firing {
            at: event.at,
            key: event.key.clone(),
            event: Some(event.id),
            figure: None,
            why: None,
        };
        let first = event.values.first().and_then(Option::as_ref);
        let fires = match &rule.kind {
            Kind::Any => true,
            Kind::Blacklist { values, .. } => first.is_some_and(|value| values.contains(value)),
            Kind::Whitelist {
                values,
                ignore_null,
                ..
            } => match first {
                None => !ignore_null,
                Some(value) => !values.contains(value),
            },
            Kind::Change {
                ignore_null,
                within,
                ..
            } => self.changes(event, *ignore_null, *within),
            Kind::NewTerm {
                fields,
                on_missing,
                learn,
            } => {
                let past = event.at.since(*self.since.get_or_insert(event.at));
                self.terms(fields, event, &mut |term| match term {
                    None if *on_missing => fire(firing()),
                    Some(parts) if past >= *learn => fire(Firing {
                        why: (!learn.is_zero()).then(|| why(&parts, past)),
                        key: if learn.is_zero() {
                            event.key.clone()
                        } else {
                            Some(parts.join(" "))
                        },
                        ..firing()
                    }),
                    _ => {}
                });
                false
            }
            _ => false,
        };
        if fires {
            fire(firing());
        }
    }

    /// Calls with each term that was not seen before, and with `None` where one is missing.
    fn terms(
        &mut self,
        fields: &[Vec<String>],
        event: &Event,
        call: &mut dyn FnMut(Option<Vec<String>>),
    ) {
        let mut at = 0;
        self.seen.resize(fields.len(), BTreeSet::new());
        for (parts, seen) in fields.iter().zip(&mut self.seen) {
            let values = event.values.get(at..at + parts.len()).unwrap_or_default();
            at += parts.len();
            let whole: Option<Vec<String>> = values
                .iter()
                .map(|v| {
                    v.as_ref()
                        .filter(|v| !v.is_nothing() && **v != Scalar::Bool(false))
                        .map(Scalar::text)
                })
                .collect();
            let Some(parts) = whole else {
                call(None);
                continue;
            };
            let term = parts.join("\u{0}");
            if !seen.contains(&term) {
                call(Some(parts));
                if seen.len() < TERMS_MAX {
                    seen.insert(term);
                }
            }
        }
    }

    fn changes(&mut self, event: &Event, ignore_null: bool, within: Option<Duration>) -> bool {
        let is_nothing = |value: &Option<Scalar>| value.as_ref().is_none_or(Scalar::is_nothing);
        if ignore_null && event.values.iter().any(is_nothing) {
            return false;
        }
        let before = self.last.get(&event.key);
        let changed = before.is_some_and(|(values, at)| {
            *values != event.values && within.is_none_or(|within| event.at.since(*at) <= within)
        });
        if before.is_some() || self.last.len() < GROUPS_MAX {
            self.last
                .insert(event.key.clone(), (event.values.clone(), event.at));
        }
        changed
    }
}

/// In words: what is new, and of whom.
fn why(parts: &[String], past: Duration) -> Say {
    let days = past.as_secs() / 86_400;
    match parts {
        [of, value] => say!(
            "{value} was never seen with {of} in {days} days",
            "{of} で {value} が現れたのは {days} 日間で初めてです"
        ),
        _ => {
            let value = parts.join(" ");
            say!(
                "{value} was never seen in {days} days",
                "{value} が現れたのは {days} 日間で初めてです"
            )
        }
    }
}

/// A map whose keys are no texts, as a list.
pub(super) mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'d, K: Deserialize<'d> + Ord, V: Deserialize<'d>, D: Deserializer<'d>>(
        from: D,
    ) -> Result<BTreeMap<K, V>, D::Error> {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
