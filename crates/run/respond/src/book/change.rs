//! One change of the book: worked out, written in one atomic write, and only then applied.

use std::{collections::BTreeMap, sync::Arc};

use promise::Timestamp;
use serde::Serialize;
use store::state::Write;

use super::{
    ALERTS, Book, Counters, EVENTS, EVENTS_KEPT, FLAPS, Fresh, GROUPS, INBOX, INBOX_KEPT,
    INCIDENTS, INCIDENTS_KEPT, META, PENDING, PENDING_MAX, Pending, SILENCES,
};
use crate::{
    Error, Event, EventKind, InboxItem, Incident,
    alert::Alert,
    flap::Flap,
    group::Group,
    incident::{self, PageRecord},
    page::InsteadOf,
    silence::Silence,
    subject::Id,
};

/// One step from a book to the next: what is touched, and what is told about it.
#[derive(Debug)]
pub struct Change {
    pub at: Timestamp,
    pub(super) counters: Counters,
    pub(super) alerts: BTreeMap<Id, Option<Alert>>,
    pub(super) incidents: BTreeMap<u64, Option<Incident>>,
    pub(super) pending: BTreeMap<String, Option<Pending>>,
    pub(super) inbox: Vec<InboxItem>,
    pub(super) inbox_dropped: usize,
    pub(super) inbox_replaced: Vec<InboxItem>,
    pub(super) events: Vec<Event>,
    pub(super) recorded: Vec<u64>,
    /// What is kept outside the book.
    also: Vec<Write>,
    pub(super) silences: BTreeMap<String, Option<Silence>>,
    pub(super) groups: BTreeMap<u64, Option<Group>>,
    pub(super) flaps: BTreeMap<String, Option<Flap>>,
    pub(super) fresh: BTreeMap<Id, Fresh>,
}

impl Change {
    #[must_use]
    pub fn new(book: &Book, at: Timestamp) -> Self {
        Self {
            at,
            counters: book.counters.clone(),
            alerts: BTreeMap::new(),
            incidents: BTreeMap::new(),
            pending: BTreeMap::new(),
            inbox: Vec::new(),
            inbox_dropped: 0,
            inbox_replaced: Vec::new(),
            events: Vec::new(),
            recorded: Vec::new(),
            also: Vec::new(),
            silences: BTreeMap::new(),
            groups: BTreeMap::new(),
            flaps: BTreeMap::new(),
            fresh: BTreeMap::new(),
        }
    }

    /// Writes something that is not of the book together with the rest.
    pub fn also(&mut self, write: Write) {
        self.also.push(write);
    }

    pub fn put_silence(&mut self, silence: Silence) {
        self.silences.insert(silence.id.clone(), Some(silence));
    }

    pub fn drop_silence(&mut self, id: &str) {
        self.silences.insert(id.to_owned(), None);
    }

    pub fn put_group(&mut self, group: Group) {
        self.groups.insert(group.number, Some(group));
    }

    pub fn drop_group(&mut self, number: u64) {
        self.groups.insert(number, None);
    }

    /// The open group of this key, as this change leaves it so far.
    #[must_use]
    pub fn group_of(&self, book: &Book, key: &str) -> Option<Group> {
        let touched = self.groups.values().flatten();
        let mut touched = touched.filter(|group| group.key == key);
        touched.next().cloned().or_else(|| {
            let number = book.by_key.get(key)?;
            if self.groups.contains_key(number) {
                return None;
            }
            book.groups.get(number).cloned()
        })
    }

    /// How many groups this change begins.
    #[must_use]
    pub fn groups_begun(&self, book: &Book) -> usize {
        let new = self.groups.keys();
        new.filter(|number| !book.groups.contains_key(number))
            .count()
    }

    /// The group of this incident, as this change leaves it so far.
    #[must_use]
    pub fn group(&self, book: &Book, number: u64) -> Option<Group> {
        match self.groups.get(&number) {
            Some(touched) => touched.clone(),
            None => book.groups.get(&number).cloned(),
        }
    }

    /// The changes of an alert, as this change leaves them so far.
    #[must_use]
    pub fn flap(&self, book: &Book, alert: &str) -> Option<Flap> {
        match self.flaps.get(alert) {
            Some(touched) => touched.clone(),
            None => book.flaps.get(alert).cloned(),
        }
    }

    pub fn put_flap(&mut self, flap: Flap) {
        self.flaps.insert(flap.alert.clone(), Some(flap));
    }

    pub fn drop_flap(&mut self, alert: &str) {
        self.flaps.insert(alert.to_owned(), None);
    }

    /// Not durable: it alone is no change.
    pub fn refresh(&mut self, book: &Book, alert: &Id, until: Timestamp) {
        let fresh = Fresh { at: self.at, until };
        let known = self.alert(book, alert).map(Alert::id);
        let id = known.unwrap_or(alert).clone();
        self.fresh.insert(id, fresh);
    }

    /// The alert as this change leaves it so far.
    #[must_use]
    pub fn alert<'b>(&'b self, book: &'b Book, id: &str) -> Option<&'b Alert> {
        match self.alerts.get(id) {
            Some(touched) => touched.as_ref(),
            None => book.alerts.get(id).map(|alert| &**alert),
        }
    }

    /// The alerts of an incident, as this change leaves them so far.
    #[must_use]
    pub fn members(&self, book: &Book, number: u64) -> Vec<Arc<Alert>> {
        let is_new = |id: &&Id| !book.alerts.contains_key(*id);
        let is_own = |alert: &Arc<Alert>| incident::number(&alert.incident) == Some(number);
        let new = self.alerts.keys().filter(is_new);
        let ids = book.members(number).chain(new);
        let now = |id: &Id| match self.alerts.get(id) {
            Some(touched) => touched.clone().map(Arc::new),
            None => book.alerts.get(id).cloned(),
        };
        ids.filter_map(now).filter(is_own).collect()
    }

    pub fn counters(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub fn put_alert(&mut self, alert: Alert) {
        self.alerts.insert(alert.id().clone(), Some(alert));
    }

    pub fn drop_alert(&mut self, id: &Id) {
        self.alerts.insert(id.clone(), None);
    }

    /// The incident as this change leaves it so far.
    #[must_use]
    pub fn incident(&self, book: &Book, id: &str) -> Option<Incident> {
        let found = self.incident_numbered(book, incident::number(id)?);
        found.filter(|incident| incident.id == id)
    }

    #[must_use]
    pub fn incident_numbered(&self, book: &Book, number: u64) -> Option<Incident> {
        match self.incidents.get(&number) {
            Some(touched) => touched.clone(),
            None => book.incidents.get(&number).cloned(),
        }
    }

    /// The id of an incident that is known, without the rest of it.
    #[must_use]
    pub fn incident_id(&self, book: &Book, number: u64) -> Option<String> {
        let known = match self.incidents.get(&number) {
            Some(touched) => touched.as_ref(),
            None => book.incidents.get(&number),
        };
        known.map(|incident| incident.id.clone())
    }

    pub fn put_incident(&mut self, incident: Incident) {
        self.incidents.insert(incident.number, Some(incident));
    }

    pub fn put_pending(&mut self, pending: Pending) {
        self.pending.insert(pending.page.key.clone(), Some(pending));
    }

    pub fn drop_pending(&mut self, key: &str) {
        self.pending.insert(key.to_owned(), None);
    }

    /// Puts a page on its way: as pending, on the incident's list, and as an event.
    pub fn page(&mut self, book: &Book, incident: &mut Incident, pending: Pending) {
        let page = &pending.page;
        let instead_of = page
            .instead_of
            .as_ref()
            .map(|InsteadOf { receiver, .. }| receiver.clone());
        let is_full = book.pending.len() + self.pending.len() >= PENDING_MAX;
        let outcome = if is_full {
            crate::incident::Outcome::Failed {
                at: self.at,
                tries: 0,
                why: "too many pages are under way".to_owned(),
            }
        } else {
            crate::incident::Outcome::Pending {
                tries: 0,
                last_error: None,
            }
        };
        incident.add_page(PageRecord {
            key: page.key.clone(),
            receiver: pending.receiver.clone(),
            kind: page.kind,
            instead_of,
            intended: self.at,
            outcome,
        });
        let body = serde_json::json!({
            "incident": incident.id,
            "receiver": pending.receiver,
            "page": page.kind,
            "severity": incident.severity,
            "bad_since": page.bad_since,
        });
        let (about, key) = (page.promise.id.clone(), page.key.clone());
        if is_full {
            self.event(EventKind::PageFailed, &about, &key, body);
        } else {
            self.event(EventKind::PageIntended, &about, &key, body);
            self.put_pending(pending);
        }
    }

    /// The number and the key of the incident's next page.
    #[must_use]
    pub fn page_key(&self, incident: &mut Incident) -> (u64, String) {
        let number = incident.next_page;
        incident.next_page += 1;
        (
            number,
            format!("{}-{}-{number}", self.counters.installation, incident.id),
        )
    }

    pub fn put_inbox(&mut self, book: &Book, item: InboxItem) {
        let place = item.place();
        if book.inbox.iter().rev().any(|known| known.place() == place) {
            return;
        }
        if book.inbox.len() + self.inbox.len() >= INBOX_KEPT {
            self.inbox_dropped += 1;
        }
        self.inbox.push(item);
    }

    /// Puts an item that is there already in its place, changed.
    pub fn replace_inbox(&mut self, item: InboxItem) {
        self.inbox_replaced.push(item);
    }

    pub fn event(&mut self, kind: EventKind, about: &str, key: &str, body: serde_json::Value) {
        let number = self.counters.next_event;
        self.counters.next_event += 1;
        self.events.push(Event {
            number,
            at: self.at,
            kind,
            about: about.to_owned(),
            key: key.to_owned(),
            body,
        });
    }

    pub fn recorded(&mut self, number: u64) {
        self.recorded.push(number);
    }

    #[must_use]
    pub fn is_empty(&self, book: &Book) -> bool {
        self.counters == book.counters
            && self.alerts.is_empty()
            && self.incidents.is_empty()
            && self.pending.is_empty()
            && self.inbox.is_empty()
            && self.inbox_replaced.is_empty()
            && self.recorded.is_empty()
            && self.also.is_empty()
            && self.silences.is_empty()
            && self.groups.is_empty()
            && self.flaps.is_empty()
    }

    /// What is only held in memory.
    pub fn take_fresh(&mut self) -> BTreeMap<Id, Fresh> {
        std::mem::take(&mut self.fresh)
    }

    /// Drops what is over its bound, then gives the whole as one list of writes.
    pub fn writes(&mut self, book: &Book) -> Result<Vec<Write>, Error> {
        self.forget(book);
        let mut writes = self.also.clone();
        if self.counters != book.counters {
            put(
                &mut writes,
                META,
                "counters".to_owned(),
                Some(&self.counters),
            )?;
        }
        for (id, alert) in &self.alerts {
            put(&mut writes, ALERTS, id.to_string(), alert.as_ref())?;
        }
        for (number, incident) in &self.incidents {
            put(
                &mut writes,
                INCIDENTS,
                format!("{number:010}"),
                incident.as_ref(),
            )?;
        }
        for (key, pending) in &self.pending {
            put(&mut writes, PENDING, key.clone(), pending.as_ref())?;
        }
        for item in self.inbox.iter().chain(&self.inbox_replaced) {
            put(&mut writes, INBOX, item.place(), Some(item))?;
        }
        for item in book.inbox.iter().take(self.inbox_dropped) {
            put(&mut writes, INBOX, item.place(), None::<&InboxItem>)?;
        }
        for event in &self.events {
            put(
                &mut writes,
                EVENTS,
                format!("{:020}", event.number),
                Some(event),
            )?;
        }
        for (id, silence) in &self.silences {
            put(&mut writes, SILENCES, id.clone(), silence.as_ref())?;
        }
        for (number, group) in &self.groups {
            put(&mut writes, GROUPS, format!("{number:010}"), group.as_ref())?;
        }
        for (alert, flap) in &self.flaps {
            put(&mut writes, FLAPS, alert.clone(), flap.as_ref())?;
        }
        for number in &self.recorded {
            put(&mut writes, EVENTS, format!("{number:020}"), None::<&Event>)?;
        }
        Ok(writes)
    }

    fn forget(&mut self, book: &Book) {
        // One scan for every change is cheap beside its fsync.
        let surplus = (book.resolved + 1).saturating_sub(INCIDENTS_KEPT);
        let resolved = book
            .incidents
            .values()
            .filter(|incident| !incident.is_open());
        let done = resolved.filter(|incident| {
            !book
                .pending
                .values()
                .any(|pending| is_of(pending, incident))
        });
        for incident in done.take(surplus) {
            self.incidents.entry(incident.number).or_insert(None);
        }
        let surplus = (book.events.len() + self.events.len())
            .saturating_sub(EVENTS_KEPT + self.recorded.len());
        if surplus > 0 {
            tracing::warn!(surplus, "events were never recorded and are dropped");
            let oldest: Vec<u64> = book
                .events
                .keys()
                .filter(|n| !self.recorded.contains(n))
                .take(surplus)
                .copied()
                .collect();
            self.recorded.extend(oldest);
        }
    }
}

fn is_of(pending: &Pending, incident: &Incident) -> bool {
    pending
        .page
        .incident
        .as_ref()
        .is_some_and(|link| link.id == incident.id)
}

fn put<T: Serialize>(
    writes: &mut Vec<Write>,
    table: &'static str,
    key: String,
    value: Option<&T>,
) -> Result<(), Error> {
    writes.push(match value {
        Some(value) => {
            let value = serde_json::to_vec(value).map_err(|source| Error::Damaged {
                what: "record",
                key: key.clone(),
                source,
            })?;
            Write::Put { table, key, value }
        }
        None => Write::Delete { table, key },
    });
    Ok(())
}
