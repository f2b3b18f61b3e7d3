//! The book: every open alert, incident, pending page, inbox item and event, in memory as it is on disk.
//!
//! All changes go through [`Change`]: it is worked out against the book, written in one atomic write, and only then
//! applied, so that nobody ever reads what a crash could take back.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use promise::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{StateStore, state::Write};

use crate::{
    Error, Event, EventKind, InboxItem, Incident, Page,
    alert::Alert,
    incident::PageRecord,
    page::{InsteadOf, Kind},
};

const META: &str = "respond_meta";
const ALERTS: &str = "respond_alerts";
const INCIDENTS: &str = "respond_incidents";
const PENDING: &str = "respond_pending";
const INBOX: &str = "respond_inbox";
const EVENTS: &str = "respond_events";

/// Resolved incidents at hand; older ones are found in the ledger. About 10 MB at 5 kB each.
pub const INCIDENTS_KEPT: usize = 2_000;
/// What a person may still want to scroll through.
pub const INBOX_KEPT: usize = 1_000;
/// Events that nobody has recorded yet. Reached only when the ledger has not been writable for long; the oldest go first.
pub const EVENTS_KEPT: usize = 10_000;
/// Pages under way. One alert for each of thousands of promises still fits.
pub const PENDING_MAX: usize = 20_000;
/// Bound of a scan at start: above every bound here, so that whatever was stored is found.
const SCAN_MAX: usize = 100_000;

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
pub struct Counters {
    /// Drawn at the first start. Keys of a fresh data directory must not equal those of an older one, or a receiver
    /// that honours keys would swallow the new pages.
    pub installation: String,
    pub next_incident: u64,
    pub next_event: u64,
    pub next_notice: u64,
}

#[derive(Debug)]
pub struct Book {
    pub counters: Counters,
    pub alerts: BTreeMap<String, Alert>,
    /// By number.
    pub incidents: BTreeMap<u64, Incident>,
    /// By key.
    pub pending: BTreeMap<String, Pending>,
    /// Oldest first.
    pub inbox: VecDeque<InboxItem>,
    /// Not recorded yet, by number.
    pub events: BTreeMap<u64, Event>,
}

impl Book {
    /// Reads everything back.
    pub async fn open(state: &Arc<dyn StateStore>) -> Result<Self, Error> {
        let counters = match state.get(META, "counters").await? {
            Some(bytes) => decode("counters", "counters", &bytes)?,
            None => Counters {
                installation: format!("{:08x}", rand::random::<u32>()),
                next_incident: 1,
                next_event: 1,
                next_notice: 1,
            },
        };
        let incidents: Vec<Incident> = load(state, INCIDENTS, "incident").await?;
        let pending: Vec<Pending> = load(state, PENDING, "page").await?;
        let alerts: Vec<Alert> = load(state, ALERTS, "alert").await?;
        let events: Vec<Event> = load(state, EVENTS, "event").await?;
        Ok(Self {
            counters,
            alerts: alerts
                .into_iter()
                .map(|alert| (alert.promise.clone(), alert))
                .collect(),
            incidents: incidents
                .into_iter()
                .map(|incident| (incident.number, incident))
                .collect(),
            pending: pending
                .into_iter()
                .map(|pending| (pending.page.key.clone(), pending))
                .collect(),
            inbox: load(state, INBOX, "inbox item").await?.into(),
            events: events
                .into_iter()
                .map(|event| (event.number, event))
                .collect(),
        })
    }

    #[must_use]
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents
            .values()
            .rev()
            .find(|incident| incident.id == id)
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
        for (promise, alert) in change.alerts {
            match alert {
                Some(alert) => self.alerts.insert(promise, alert),
                None => self.alerts.remove(&promise),
            };
        }
        for (number, incident) in change.incidents {
            match incident {
                Some(incident) => self.incidents.insert(number, incident),
                None => self.incidents.remove(&number),
            };
        }
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
        self.inbox.extend(change.inbox);
        self.inbox.make_contiguous().sort_by_key(InboxItem::place);
        for _ in 0..change.inbox_dropped {
            self.inbox.pop_front();
        }
    }
}

async fn load<T: DeserializeOwned>(
    state: &Arc<dyn StateStore>,
    table: &'static str,
    what: &'static str,
) -> Result<Vec<T>, Error> {
    let rows = state.scan(table, "", SCAN_MAX).await?;
    rows.iter()
        .map(|(key, bytes)| decode(what, key, bytes))
        .collect()
}

fn decode<T: DeserializeOwned>(what: &'static str, key: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Damaged {
        what,
        key: key.to_owned(),
        source,
    })
}

/// One step from a book to the next: what is touched, and what is told about it.
#[derive(Debug)]
pub struct Change {
    pub at: Timestamp,
    counters: Counters,
    alerts: BTreeMap<String, Option<Alert>>,
    incidents: BTreeMap<u64, Option<Incident>>,
    pending: BTreeMap<String, Option<Pending>>,
    inbox: Vec<InboxItem>,
    inbox_dropped: usize,
    events: Vec<Event>,
    recorded: Vec<u64>,
    /// What is kept outside the book.
    also: Vec<Write>,
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
            events: Vec::new(),
            recorded: Vec::new(),
            also: Vec::new(),
        }
    }

    /// Writes something that is not of the book together with the rest.
    pub fn also(&mut self, write: Write) {
        self.also.push(write);
    }

    pub fn counters(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub fn put_alert(&mut self, alert: Alert) {
        self.alerts.insert(alert.promise.clone(), Some(alert));
    }

    pub fn drop_alert(&mut self, promise: &str) {
        self.alerts.insert(promise.to_owned(), None);
    }

    /// The incident as this change leaves it so far.
    #[must_use]
    pub fn incident(&self, book: &Book, id: &str) -> Option<Incident> {
        let known = book.incident(id);
        let touched = self
            .incidents
            .values()
            .flatten()
            .find(|incident| incident.id == id);
        touched.or(known).cloned()
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
            && self.recorded.is_empty()
            && self.also.is_empty()
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
        for (promise, alert) in &self.alerts {
            put(&mut writes, ALERTS, promise.clone(), alert.as_ref())?;
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
        for item in &self.inbox {
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
        for number in &self.recorded {
            put(&mut writes, EVENTS, format!("{number:020}"), None::<&Event>)?;
        }
        Ok(writes)
    }

    fn forget(&mut self, book: &Book) {
        // One scan for every change is cheap beside its fsync.
        let surplus = (book.incidents.len() + 1).saturating_sub(INCIDENTS_KEPT);
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
