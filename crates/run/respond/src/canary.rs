//! Canary: a made-up alert that goes the whole way, so that a broken way is noticed before it is needed.
//!
//! It begins as a sample like any other, and is stored, judged and recorded like any other. Here it parts from real
//! alerts: it opens no incident, asks for no answer, falls over to nobody, and goes only to the receivers that the spec
//! names for it. What it proves is written down as `canary_arrived`, with the time from the sample to the acceptance.

use std::time::Duration;

use promise::{State, Timestamp, say};
use serde_json::json;

use crate::{
    Config, EventKind, Page, Transition,
    book::{Book, Change, Pending},
    label::Labels,
    notify::{Receipt, SendError},
    page::{self, About, Kind, Sentence},
    subject::Subject,
};

/// The built-in promise whose breaking is the made-up alert.
pub const ALARM: &str = "tegata_canary_alarm";

/// Sends the canary when its promise has broken. All else of that promise is nobody's news.
pub(crate) fn react(config: &Config, book: &Book, change: &mut Change, transition: &Transition) {
    let Some(canary) = &config.canary else { return };
    if transition.verdict.state != State::Broken {
        return;
    }
    let at = change.at;
    let subject = Subject::of(&transition.promise, &transition.verdict, &config.owner);
    for receiver in &canary.receivers {
        let is_under_way = |it: &Pending| it.page.kind == Kind::Canary && it.receiver == *receiver;
        // One that has not arrived yet says all that another could.
        if !config.receivers.contains_key(receiver) || book.pending.values().any(is_under_way) {
            continue;
        }
        let counters = change.counters();
        let number = counters.next_notice;
        counters.next_notice += 1;
        let key = format!("{}-canary-{number}", counters.installation);
        let page = Page {
            schema: page::SCHEMA.to_owned(),
            key,
            kind: Kind::Canary,
            instead_of: None,
            at,
            service: config.service.clone(),
            time_zone: config.time_zone.clone(),
            incident: None,
            promise: About::of(&subject),
            severity: None,
            state: State::Kept,
            reason: Sentence {
                code: "canary".to_owned(),
                text: say!(
                    "a test of the way that alerts take; nothing is wrong, and nothing is to be done",
                    "警報の経路の試験です。異常はなく、対応は不要です"
                ),
            },
            measured: None,
            bad_since: transition.bad_since,
            evidence_lost: None,
            on_call: None,
            rule: None,
            answered: None,
            acknowledge: None,
            alerts: Vec::new(),
            more: 0,
            group: Labels::default(),
            first: None,
        };
        let within = u64::try_from(canary.within.0.as_millis()).unwrap_or(u64::MAX);
        change.put_pending(Pending {
            page,
            receiver: receiver.clone(),
            instead: Vec::new(),
            patience_millis: within,
            page_within_millis: Some(within),
            tries: 0,
            number,
            next_try: at,
            fell_over: false,
        });
    }
}

/// Writes down what became of a try. `wait` is the time until the next one, where one can help.
pub(crate) fn settle(
    change: &mut Change,
    mut pending: Pending,
    at: Timestamp,
    result: Result<Receipt, SendError>,
    wait: Option<Duration>,
) {
    let page = &pending.page;
    let (about, key) = (page.promise.id.clone(), page.key.clone());
    let latency = u64::try_from(at.since(page.bad_since).as_millis()).unwrap_or(u64::MAX);
    let in_time = pending.page_within_millis.map(|within| latency <= within);
    let mut body =
        json!({ "receiver": pending.receiver, "page": page.kind, "tries": pending.tries });
    match (result, wait) {
        (Ok(receipt), _) => {
            body["latency_ms"] = json!(latency);
            body["in_time"] = json!(in_time);
            body["answer"] = json!(receipt.answer);
            change.event(EventKind::CanaryArrived, &about, &key, body);
            change.drop_pending(&key);
        }
        (Err(_), Some(wait)) => {
            pending.next_try = at + wait;
            change.put_pending(pending);
        }
        (Err(error), None) => {
            body["why"] = json!(error.to_string());
            change.event(EventKind::PageFailed, &about, &key, body);
            change.drop_pending(&key);
        }
    }
}
