//! Reading the book back at a start: tens of thousands of alerts are decoded on all cores, for until they are known no
//! page is sent.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZero,
    sync::Arc,
    thread,
};

use serde::de::DeserializeOwned;
use store::StateStore;

use super::{
    ALERTS, Book, Counters, EVENTS, FLAPS, GROUPS, INBOX, INCIDENTS, META, PENDING, Pending,
    SILENCES,
};
use crate::{
    Error, Event, Incident, alert::Alert, flap::Flap, group::Group, incident, silence::Silence,
};

/// Bound of a scan at start: above every bound of the book, so that whatever was stored is found.
const SCAN_MAX: usize = 400_000;
/// Rows that one core decodes sooner than a thread is started: about 5 ms.
const ROWS_MIN: usize = 512;
/// Threads that decode; more would wait for memory and not for a core.
const THREADS_MAX: usize = 8;

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
        let silences: Vec<Silence> = load(state, SILENCES, "silence").await?;
        let groups: Vec<Group> = load(state, GROUPS, "group").await?;
        let flaps: Vec<Flap> = load(state, FLAPS, "flap").await?;
        let mut book = Self {
            counters,
            alerts: alerts
                .into_iter()
                .map(|alert| (alert.id().clone(), Arc::new(alert)))
                .collect(),
            incidents: incidents
                .into_iter()
                .map(|incident| (incident.number, incident))
                .collect(),
            pending: pending
                .into_iter()
                .map(|pending| (pending.page.key.clone(), pending))
                .collect(),
            silences: silences
                .into_iter()
                .map(|silence| (silence.id.clone(), silence))
                .collect(),
            flaps: flaps
                .into_iter()
                .map(|flap| (flap.alert.clone(), flap))
                .collect(),
            groups: groups
                .into_iter()
                .map(|group| (group.number, group))
                .collect(),
            fresh: HashMap::new(),
            members: BTreeMap::new(),
            by_key: HashMap::new(),
            resolved: 0,
            inbox: load(state, INBOX, "inbox item").await?.into(),
            events: events
                .into_iter()
                .map(|event| (event.number, event))
                .collect(),
        };
        for alert in book.alerts.values() {
            if let Some(number) = incident::number(&alert.incident) {
                let members = book.members.entry(number).or_default();
                members.insert(alert.id().clone());
            }
        }
        let keys = book.groups.values();
        book.by_key = keys
            .map(|group| (group.key.clone(), group.number))
            .collect();
        let closed = book
            .incidents
            .values()
            .filter(|incident| !incident.is_open());
        book.resolved = closed.count();
        Ok(book)
    }
}

async fn load<T: DeserializeOwned + Send + 'static>(
    state: &Arc<dyn StateStore>,
    table: &'static str,
    what: &'static str,
) -> Result<Vec<T>, Error> {
    let rows = state.scan(table, "", SCAN_MAX).await?;
    if rows.len() < ROWS_MIN {
        return decode_all(what, &rows);
    }
    tokio::task::spawn_blocking(move || {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let share = rows.len().div_ceil(cores.min(THREADS_MAX)).max(ROWS_MIN);
        thread::scope(|scope| {
            let parts: Vec<_> = rows
                .chunks(share)
                .map(|part| scope.spawn(move || decode_all(what, part)))
                .collect();
            let mut all = Vec::with_capacity(rows.len());
            for part in parts {
                all.extend(part.join().map_err(|_| Error::Stopped)??);
            }
            Ok(all)
        })
    })
    .await
    .map_err(|_| Error::Stopped)?
}

fn decode_all<T: DeserializeOwned>(
    what: &'static str,
    rows: &[(String, Vec<u8>)],
) -> Result<Vec<T>, Error> {
    let rows = rows.iter();
    rows.map(|(key, bytes)| decode(what, key, bytes)).collect()
}

fn decode<T: DeserializeOwned>(what: &'static str, key: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Damaged {
        what,
        key: key.to_owned(),
        source,
    })
}
