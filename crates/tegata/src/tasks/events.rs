//! What the responders did, written to the ledger and, as log records, given back to the judge: the product's own
//! "a page leaves within a minute" is a promise like any other.

use std::{sync::Arc, time::Duration};

use ledger::NewEntry;
use promise::Clock;
use respond::{Event, Responder};
use serde_json::{Map, Value, json};
use store::{Lines, LogStore, MetricStore, Record};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::judge::Input;
use crate::{
    beats::Beats,
    book::{self, Book},
};

/// The stream in which the product tells of itself.
pub(crate) const STREAM: &str = "tegata_pages";
/// The source that owes that stream.
pub(crate) const SOURCE: &str = "tegata";
/// How often it says that it is alive though nothing happened.
pub(crate) const BEAT: Duration = Duration::from_secs(5);

/// Judges of the present generation; none between two of them.
pub(crate) type Judges = watch::Receiver<Option<mpsc::Sender<Input>>>;

/// Events that are written together.
const TOGETHER_MAX: usize = 64;

pub(crate) async fn run(
    mut events: mpsc::Receiver<Event>,
    scribe: Scribe,
    judges: Judges,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut beat = tokio::time::interval(BEAT);
    let mut together = Vec::new();
    let mut last = scribe.book.last_event(&scribe.responder.installation());
    let mut beats = Beats::new(scribe.metrics.clone());
    loop {
        tokio::select! {
            // What has already happened is still written down after the end was called.
            () = stop.cancelled(), if !events.is_closed() => events.close(),
            taken = events.recv_many(&mut together, TOGETHER_MAX) => if taken == 0 { return },
            _ = beat.tick() => {}
        }
        let records = scribe.write(std::mem::take(&mut together), &mut last).await;
        let lines = vec![Lines {
            source: SOURCE.to_owned(),
            at: clock.now(),
            records,
            resume: Vec::new(),
            failed: None,
            ack: None,
        }];
        beats.note(&lines).await;
        let judge = judges.borrow().clone();
        if let Some(judge) = judge {
            // Between two generations nobody listens; the records are in the store.
            let _ = judge.send(Input::Lines(lines)).await;
        }
    }
}

/// Writes what happened to where it rests.
pub(crate) struct Scribe {
    pub(crate) book: Book,
    pub(crate) logs: Arc<dyn LogStore>,
    pub(crate) metrics: Arc<dyn MetricStore>,
    pub(crate) responder: Arc<Responder>,
}

impl Scribe {
    /// Events are handed over again after a crash; those up to number `last` are in the ledger already.
    async fn write(&self, events: Vec<Event>, last: &mut Option<u64>) -> Vec<Record> {
        if events.is_empty() {
            return Vec::new();
        }
        let new = events
            .iter()
            .filter(|event| last.is_none_or(|last| event.number > last));
        let installation = self.responder.installation();
        let entries = new.map(|event| entry(event, &installation)).collect();
        if let Err(error) = self.book.append(entries).await {
            // They stay with the responder and come again at the next start.
            tracing::error!(%error, "what the responders did could not be written to the ledger");
            return Vec::new();
        }
        *last = events.iter().map(|event| event.number).max().max(*last);
        let records: Vec<Record> = events.iter().map(record).collect();
        if let Err(error) = self.logs.append(records.clone()).await {
            tracing::error!(%error, "what the responders did could not be logged");
        }
        let numbers: Vec<u64> = events.iter().map(|event| event.number).collect();
        if let Err(error) = self.responder.recorded(&numbers).await {
            tracing::warn!(%error, "events could not be marked as recorded");
        }
        records
    }
}

fn entry(event: &Event, installation: &str) -> NewEntry {
    let body = json!({
        "event": event.number, "installation": installation, "key": event.key, "what": event.body,
    });
    book::entry(event.at, event.kind.as_str(), &event.about, body)
}

fn record(event: &Event) -> Record {
    let mut fields = Map::new();
    fields.insert("event".into(), Value::from(event.kind.as_str()));
    fields.insert("promise".into(), Value::from(event.about.as_str()));
    fields.insert("key".into(), Value::from(event.key.as_str()));
    if let Value::Object(body) = &event.body {
        for name in ["severity", "receiver", "state", "incident"] {
            fields.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
        }
    }
    // The same event handed over again after a crash is the same record.
    Record {
        id: u128::from(event.number),
        at: event.at,
        stream: STREAM.to_owned(),
        fields,
    }
}
