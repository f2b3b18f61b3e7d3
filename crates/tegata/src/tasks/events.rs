//! What the responders did, written to the ledger and, as log records, given back to the judge: the product's own
//! "a page leaves within a minute" is a promise like any other.

use std::{sync::Arc, time::Duration};

use ledger::NewEntry;
use promise::{Clock, Timestamp};
use respond::{Event, EventKind, Responder};
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

/// Tells the record of when a page was owed from the one of its event, whose ids are numbers of 64 bits.
const OWED: u128 = 1 << 64;
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
            records: records.into(),
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
        let records: Vec<Record> = events.iter().flat_map(records_of).collect();
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

/// The event, and for a page that tells of something new since when it was owed: from the first bad sample on.
fn records_of(event: &Event) -> impl Iterator<Item = Record> {
    let is_news = ["raised", "worsened"].contains(&event.body["page"].as_str().unwrap_or_default());
    let owed = event.body["bad_since"]
        .as_str()
        .filter(|_| event.kind == EventKind::PageIntended && is_news)
        .and_then(|since| since.parse::<Timestamp>().ok())
        .map(|since| {
            let mut owed = record(event);
            owed.id |= OWED;
            owed.at = since.min(event.at);
            owed.fields.insert("event".into(), Value::from("page_owed"));
            owed
        });
    owed.into_iter().chain([record(event)])
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, page: &str) -> Event {
        Event {
            number: 7,
            at: Timestamp::from_millis(60_000),
            kind,
            about: "pay".to_owned(),
            key: "k".to_owned(),
            body: json!({
                "incident": "INC-1", "severity": "critical", "page": page,
                "bad_since": Timestamp::from_millis(15_000),
            }),
        }
    }

    /// A page of 60 s whose first bad sample was at 15 s was owed from 15 s on; a repeat owes nothing new.
    #[test]
    fn a_page_is_owed_since_the_first_bad_sample() {
        let told = |kind, page| -> Vec<(i64, String)> {
            let event = event(kind, page);
            let records = records_of(&event);
            let said = records.map(|it| (it.at.as_millis(), it.fields["event"].to_string()));
            said.collect()
        };
        assert_eq!(
            told(EventKind::PageIntended, "raised"),
            [
                (15_000, "\"page_owed\"".to_owned()),
                (60_000, "\"page_intended\"".to_owned())
            ]
        );
        assert_eq!(told(EventKind::PageIntended, "repeated").len(), 1);
        assert_eq!(told(EventKind::PageSent, "raised").len(), 1);
        let mut ids: Vec<u128> = records_of(&event(EventKind::PageIntended, "raised"))
            .map(|it| it.id)
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 2, "the store keeps both");
    }
}
