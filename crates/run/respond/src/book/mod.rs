//! The book: every open alert, incident, pending page, inbox item and event, in memory as it is on disk.
//!
//! All changes go through [`Change`]: it is worked out against the book, written in one atomic write, and only then
//! applied, so that nobody ever reads what a crash could take back.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Event, InboxItem, Incident, Page, alert::Alert, flap::Flap, group::Group, incident, page::Kind,
    silence::Silence, subject::Id,
};

mod change;
mod load;

pub use change::Change;

const META: &str = "respond_meta";
const ALERTS: &str = "respond_alerts";
const INCIDENTS: &str = "respond_incidents";
const PENDING: &str = "respond_pending";
const INBOX: &str = "respond_inbox";
const EVENTS: &str = "respond_events";
const SILENCES: &str = "respond_silences";
const GROUPS: &str = "respond_groups";
const FLAPS: &str = "respond_flaps";

/// Resolved incidents at hand; older ones are found in the ledger. About 10 MB at 5 kB each.
pub const INCIDENTS_KEPT: usize = 2_000;
/// What a person may still want to scroll through.
pub const INBOX_KEPT: usize = 1_000;
/// Events that nobody has recorded yet. Reached only when the ledger has not been writable for long; the oldest go first.
pub const EVENTS_KEPT: usize = 10_000;
/// Pages under way. One alert for each of thousands of promises still fits.
pub const PENDING_MAX: usize = 20_000;

/// A page that is not yet accepted, and how its tries went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub page: Page,
    pub receiver: String,
    /// Whom to tell instead, in order.
    pub instead: Vec<String>,
    /// How long to try before somebody else is told.
    pub patience_millis: u64,
    pub page_within_millis: Option<u64>,
    pub tries: u32,
    /// Its number in the incident: pages of one incident reach one receiver in this order.
    pub number: u64,
    pub next_try: Timestamp,
    pub fell_over: bool,
}

/// Numbers that never go back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(Default))]
pub struct Counters {
    /// Drawn at the first start. Keys of a fresh data directory must not equal those of an older one, or a receiver
    /// that honours keys would swallow the new pages.
    pub installation: String,
    pub next_incident: u64,
    pub next_event: u64,
    pub next_notice: u64,
}

#[derive(Debug)]
#[cfg_attr(test, derive(Default))]
pub struct Book {
    pub counters: Counters,
    /// Shared, so that looking at thousands of them copies none.
    pub alerts: BTreeMap<Id, Arc<Alert>>,
    /// By number.
    pub incidents: BTreeMap<u64, Incident>,
    /// By key.
    pub pending: BTreeMap<String, Pending>,
    /// Oldest first.
    pub inbox: VecDeque<InboxItem>,
    /// Not recorded yet, by number.
    pub events: BTreeMap<u64, Event>,
    pub silences: BTreeMap<String, Silence>,
    /// Open groups, by their incident's number.
    pub groups: BTreeMap<u64, Group>,
    /// The changes of alerts that might flap, by the alert's id.
    pub flaps: BTreeMap<String, Flap>,
    /// What is not durable: when other programs last sent an alert, and until when it can be believed.
    pub fresh: HashMap<Id, Fresh>,
    /// Which alerts belong to an incident, by its number.
    members: BTreeMap<u64, BTreeSet<Id>>,
    /// Which incident a group's key leads to.
    by_key: HashMap<String, u64>,
    /// Incidents that are resolved.
    resolved: usize,
}

/// When another program last sent an alert. A restart gives each the benefit of one whole timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    pub at: Timestamp,
    /// When it ends, unless it is sent again.
    pub until: Timestamp,
}

impl Book {
    #[must_use]
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        let known = self.incidents.get(&incident::number(id)?);
        known.filter(|incident| incident.id == id)
    }

    /// The ids of an incident's alerts.
    pub fn members(&self, number: u64) -> impl Iterator<Item = &Id> {
        self.members.get(&number).into_iter().flatten()
    }

    /// Repeats and escalations under way for an incident: what an acknowledgement or its end makes needless.
    #[must_use]
    pub fn repeats(&self, incident: &str) -> Vec<&Pending> {
        let is_repeat = |pending: &&Pending| {
            matches!(pending.page.kind, Kind::Repeated | Kind::Escalated)
                && pending.incident() == incident
        };
        self.pending.values().filter(is_repeat).collect()
    }

    /// Takes in what has been written.
    pub fn apply(&mut self, change: Change) {
        self.counters = change.counters;
        for (id, alert) in change.alerts {
            let before = match alert {
                Some(alert) => {
                    let number = incident::number(&alert.incident).unwrap_or_default();
                    self.members.entry(number).or_default().insert(id.clone());
                    self.alerts.insert(id.clone(), Arc::new(alert))
                }
                None => {
                    self.fresh.remove(&id);
                    self.alerts.remove(&id)
                }
            };
            self.leave(before, &id);
        }
        for (number, incident) in change.incidents {
            self.resolved += usize::from(incident.as_ref().is_some_and(|it| !it.is_open()));
            let before = match incident {
                Some(incident) => self.incidents.insert(number, incident),
                None => self.incidents.remove(&number),
            };
            self.resolved -= usize::from(before.is_some_and(|it| !it.is_open()));
        }
        for (id, silence) in change.silences {
            match silence {
                Some(silence) => self.silences.insert(id, silence),
                None => self.silences.remove(&id),
            };
        }
        for (number, group) in change.groups {
            match group {
                Some(group) => {
                    self.by_key.insert(group.key.clone(), number);
                    self.groups.insert(number, group);
                }
                None => {
                    if let Some(group) = self.groups.remove(&number) {
                        self.by_key.remove(&group.key);
                    }
                }
            }
        }
        for (alert, flap) in change.flaps {
            match flap {
                Some(flap) => self.flaps.insert(alert, flap),
                None => self.flaps.remove(&alert),
            };
        }
        self.fresh.extend(change.fresh);
        for (key, pending) in change.pending {
            match pending {
                Some(pending) => self.pending.insert(key, pending),
                None => self.pending.remove(&key),
            };
        }
        for number in change.recorded {
            self.events.remove(&number);
        }
        self.events
            .extend(change.events.into_iter().map(|event| (event.number, event)));
        for item in change.inbox_replaced {
            let place = item.place();
            if let Some(known) = self.inbox.iter_mut().find(|it| it.place() == place) {
                *known = item;
            }
        }
        if !change.inbox.is_empty() {
            self.inbox.extend(change.inbox);
            self.inbox.make_contiguous().sort_by_key(InboxItem::place);
        }
        for _ in 0..change.inbox_dropped {
            self.inbox.pop_front();
        }
    }

    /// Takes an alert off the list of the incident that it belonged to before.
    fn leave(&mut self, before: Option<Arc<Alert>>, id: &Id) {
        let Some(number) = before.and_then(|alert| incident::number(&alert.incident)) else {
            return;
        };
        let now = self.alerts.get(id);
        if now.and_then(|alert| incident::number(&alert.incident)) == Some(number) {
            return;
        }
        if let Some(members) = self.members.get_mut(&number) {
            members.remove(id);
            if members.is_empty() {
                self.members.remove(&number);
            }
        }
    }
}

impl Pending {
    /// The incident that the page speaks of.
    #[must_use]
    pub fn incident(&self) -> &str {
        self.page
            .incident
            .as_ref()
            .map_or("", |link| link.id.as_str())
    }
}
