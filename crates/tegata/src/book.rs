//! What is written into the ledger, and in which shape. `prove` reads the same shapes back.

use std::sync::Arc;

use ledger::{Find, Ledger, NewEntry};
use promise::{Clock, Evidence, Promise, State, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::keeper::Record;

/// The kinds of entries.
pub(crate) mod kind {
    pub(crate) const STARTED: &str = "started";
    pub(crate) const STOPPED: &str = "stopped";
    pub(crate) const SPEC: &str = "spec";
    pub(crate) const SPEC_REFUSED: &str = "spec_refused";
    pub(crate) const PROMISE: &str = "promise";
    pub(crate) const PROMISE_WITHDRAWN: &str = "promise_withdrawn";
    pub(crate) const VERDICT: &str = "verdict";
    pub(crate) const CLOCK_JUMPED: &str = "clock_jumped";
    pub(crate) const RECOVERED: &str = "recovered";
    pub(crate) const CONSOLE: &str = "console";
}

/// The body of a `verdict` entry: all that is needed to judge again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerdictBody {
    /// The entry that declares the promise.
    pub(crate) declared: u64,
    pub(crate) before: Option<State>,
    pub(crate) verdict: Verdict,
    pub(crate) evidence: Evidence,
}

/// Entries in which the last event is looked for: more than are ever under way at once.
const EVENTS_SEARCHED: usize = 1_000;

/// The pen. Appending waits for the disk, so it happens off the runtime's threads.
#[derive(Clone)]
pub(crate) struct Book {
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
}

impl Book {
    pub(crate) fn new(ledger: Arc<Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self { ledger, clock }
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Appends entries and answers with the index of the first one.
    pub(crate) async fn append(&self, entries: Vec<NewEntry>) -> anyhow::Result<u64> {
        let ledger = self.ledger.clone();
        Ok(tokio::task::spawn_blocking(move || ledger.append(entries))
            .await??
            .start)
    }

    /// One entry, now.
    pub(crate) async fn note(&self, kind: &str, about: &str, body: Value) -> anyhow::Result<u64> {
        self.append(vec![entry(self.clock.now(), kind, about, body)])
            .await
    }

    /// Writes verdicts and answers with their indices; `None` where one could not be written.
    pub(crate) async fn verdicts(&self, records: &[Record]) -> Vec<Option<u64>> {
        let mut indices = Vec::with_capacity(records.len());
        let mut bodies = Vec::with_capacity(records.len());
        for record in records {
            match self.declared(&record.promise).await {
                Ok(declared) => bodies.push(Some(entry(
                    record.verdict.at,
                    kind::VERDICT,
                    &record.promise.id,
                    json!(VerdictBody {
                        declared,
                        before: record.before,
                        verdict: record.verdict.clone(),
                        evidence: record.evidence.clone(),
                    }),
                ))),
                Err(error) => {
                    tracing::error!(%error, promise = record.promise.id, "a promise could not be declared in the ledger");
                    bodies.push(None);
                }
            }
        }
        let all: Vec<NewEntry> = bodies.iter().flatten().cloned().collect();
        let first = match self.append(all).await {
            Ok(first) => Some(first),
            Err(error) => {
                tracing::error!(%error, "verdicts could not be written to the ledger");
                None
            }
        };
        let mut next = first;
        for body in &bodies {
            indices.push(body.as_ref().and(next));
            if body.is_some() {
                next = next.map(|index| index + 1);
            }
        }
        indices
    }

    /// The entry that declares the promise as it stands now; written when there is none.
    pub(crate) async fn declared(&self, promise: &Promise) -> anyhow::Result<u64> {
        let body = serde_json::to_value(promise)?;
        if let Some(entry) = self.newest(kind::PROMISE, &promise.id)?
            && entry.body == body
        {
            return Ok(entry.index);
        }
        self.note(kind::PROMISE, &promise.id, body).await
    }

    /// The number of the newest of the responders' events among the newest entries.
    pub(crate) fn last_event(&self) -> Option<u64> {
        let find = Find {
            limit: EVENTS_SEARCHED,
            ..Find::default()
        };
        let newest = self.ledger.find(&find).ok()?;
        newest
            .iter()
            .filter_map(|entry| entry.body["event"].as_u64())
            .max()
    }

    /// The newest entry of a kind about something.
    pub(crate) fn newest(&self, kind: &str, about: &str) -> anyhow::Result<Option<ledger::Entry>> {
        Ok(self.ledger.newest(kind, about)?)
    }
}

pub(crate) fn entry(at: Timestamp, kind: &str, about: &str, body: Value) -> NewEntry {
    NewEntry {
        at: at.to_string(),
        kind: kind.to_owned(),
        about: about.to_owned(),
        body,
    }
}
