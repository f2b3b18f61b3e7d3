//! What is written into the ledger, and in which shape. `prove` reads the same shapes back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ledger::{Find, Ledger, NewEntry};
use promise::{Clock, Evidence, Promise, State, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keeper::Record;

/// The kinds of entries.
pub(crate) mod kind {
    pub(crate) const STARTED: &str = "started";
    pub(crate) const STOPPED: &str = "stopped";
    /// This instance waits for the lease, and who holds it.
    pub(crate) const STANDS_BY: &str = "stands_by";
    /// From here on this instance judges and tells people.
    pub(crate) const LEASE_TAKEN: &str = "lease_taken";
    /// Another instance has taken over.
    pub(crate) const LEASE_LOST: &str = "lease_lost";
    pub(crate) const SPEC: &str = "spec";
    pub(crate) const SPEC_REFUSED: &str = "spec_refused";
    pub(crate) const PROMISE: &str = "promise";
    /// A declaration whose entry was pruned, for the verdicts that name it.
    pub(crate) const PROMISE_CARRIED: &str = "promise_carried";
    pub(crate) const PROMISE_WITHDRAWN: &str = "promise_withdrawn";
    pub(crate) const CORRECTION: &str = "correction";
    /// Which corrections there are, so that one that goes is noticed.
    pub(crate) const CORRECTIONS: &str = "corrections";
    /// Findings of the linter that are borne for a while, all of them each time that one changes.
    pub(crate) const SUPPRESSIONS: &str = "suppressions";
    /// Announced work, all of it each time that some changes.
    pub(crate) const MAINTENANCES: &str = "maintenances";
    pub(crate) const VERDICT: &str = "verdict";
    pub(crate) const CLOCK_JUMPED: &str = "clock_jumped";
    pub(crate) const RECOVERED: &str = "recovered";
    pub(crate) const CONSOLE: &str = "console";
    /// Somebody outside has seen the ledger as it was.
    pub(crate) const WITNESSED: &str = "witnessed";
    /// A witness that was asked did not see it, and why.
    pub(crate) const WITNESS_MISSED: &str = "witness_missed";
    /// A drill that was held; see `deeds::drill`.
    pub(crate) const DRILL: &str = "drill";
    /// What somebody did or tried; see `deeds`.
    pub(crate) const DEED: &str = "deed";
    /// Which parts of the log store there are, each by its SHA-256, and which have left.
    pub(crate) const LOGS_SEALED: &str = "logs_sealed";
    /// Somebody asked to delete log records by a query.
    pub(crate) const LOGS_DELETE_ASKED: &str = "logs_delete_asked";
    pub(crate) const LOGS_DELETED: &str = "logs_deleted";
    /// A legal hold was set or ended.
    pub(crate) const LOGS_HOLD: &str = "logs_hold";
    /// Personal fields of log records were shown in clear.
    pub(crate) const LOGS_UNMASKED: &str = "logs_unmasked";
    /// Log records were copied out.
    pub(crate) const LOGS_EXPORTED: &str = "logs_exported";
    /// A day of a stream was copied to where the spec says, by its SHA-256.
    pub(crate) const LOGS_COPIED: &str = "logs_copied";
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
    /// Where each promise was last declared, and how. One for each promise that was ever in force in this process.
    declared: Arc<Mutex<HashMap<String, (u64, Value)>>>,
}

impl Book {
    pub(crate) fn new(ledger: Arc<Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self {
            ledger,
            clock,
            declared: Arc::default(),
        }
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

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One entry, now.
    pub(crate) async fn note(&self, kind: &str, about: &str, body: Value) -> anyhow::Result<u64> {
        self.append(vec![entry(self.clock.now(), kind, about, body)])
            .await
    }

    /// Writes verdicts and answers with their indices; `None` where one could not be written.
    pub(crate) async fn verdicts(&self, records: &[Record]) -> Vec<Option<u64>> {
        let mut entries = Vec::with_capacity(records.len());
        for record in records {
            match self.verdict(record).await {
                Ok(entry) => entries.push(Some(entry)),
                Err(error) => {
                    tracing::error!(%error, promise = record.promise.id, "a promise could not be declared in the ledger");
                    entries.push(None);
                }
            }
        }
        let all: Vec<NewEntry> = entries.iter().flatten().cloned().collect();
        match self.append(all).await {
            Ok(first) => {
                let mut next = first..;
                entries
                    .iter()
                    .map(|entry| entry.as_ref().and_then(|_| next.next()))
                    .collect()
            }
            // One that is too large must not take the others with it.
            Err(_) => {
                let mut indices = Vec::with_capacity(entries.len());
                for entry in entries {
                    indices.push(self.append_alone(entry).await);
                }
                indices
            }
        }
    }

    async fn append_alone(&self, entry: Option<NewEntry>) -> Option<u64> {
        let entry = entry?;
        let about = entry.about.clone();
        let written = self.append(vec![entry]).await;
        if let Err(error) = &written {
            tracing::error!(%error, promise = about, "a verdict could not be written to the ledger");
        }
        written.ok()
    }

    async fn verdict(&self, record: &Record) -> anyhow::Result<NewEntry> {
        let body = VerdictBody {
            declared: self.declared(&record.promise).await?,
            before: record.before,
            verdict: record.verdict.clone(),
            evidence: record.evidence.clone(),
        };
        Ok(entry(
            record.verdict.at,
            kind::VERDICT,
            &record.promise.id,
            serde_json::to_value(body)?,
        ))
    }

    /// The entry that declares the promise as it stands now; written when there is none.
    pub(crate) async fn declared(&self, promise: &Promise) -> anyhow::Result<u64> {
        let body = serde_json::to_value(promise)?;
        let known = self
            .declared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&promise.id)
            .cloned();
        let known = match known {
            Some(known) => Some(known),
            None => self
                .newest(kind::PROMISE, &promise.id)?
                .map(|entry| (entry.index, entry.body)),
        };
        let index = match known {
            Some((index, declared)) if declared == body => index,
            _ => self.note(kind::PROMISE, &promise.id, body.clone()).await?,
        };
        let mut cache = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(promise.id.clone(), (index, body));
        Ok(index)
    }

    /// Declarations before an entry were pruned: those in force are written anew.
    pub(crate) fn forget_before(&self, entry: u64) {
        let mut cache = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, (index, _)| *index >= entry);
    }

    /// The number of the newest event of this installation's responders among the newest entries. Another installation,
    /// as a state that moved into a database is, counts from one.
    pub(crate) fn last_event(&self, installation: &str) -> Option<u64> {
        let find = Find {
            limit: EVENTS_SEARCHED,
            ..Find::default()
        };
        let newest = self.ledger.find(&find).ok()?;
        newest
            .iter()
            // Entries of before this was written down were of the only installation there was.
            .filter(|entry| {
                entry.body["installation"]
                    .as_str()
                    .is_none_or(|it| it == installation)
            })
            .filter_map(|entry| entry.body["event"].as_u64())
            .max()
    }

    /// The newest entry of a kind about something.
    pub(crate) fn newest(&self, kind: &str, about: &str) -> anyhow::Result<Option<ledger::Entry>> {
        Ok(self.ledger.newest(kind, about)?)
    }
}

/// Fields that hold a person's name wherever they stand in what somebody did.
const NAMES: [&str; 7] = [
    "by",
    "created_by",
    "owner",
    "person",
    "signed_by",
    "user",
    "who",
];
/// Fields in which people write sentences: who stands in one goes with it.
const WORDS: [&str; 4] = ["comment", "note", "reason", "text"];
/// Kinds with the query of somebody who asked for records, which may name whom it is about.
const ASKED: [&str; 3] = [
    kind::LOGS_DELETE_ASKED,
    kind::LOGS_UNMASKED,
    kind::LOGS_EXPORTED,
];
/// Kinds that say what the spec says, or are judged again as they are: names in a spec are the spec's matter.
const AS_DECLARED: [&str; 10] = [
    kind::SPEC,
    kind::SPEC_REFUSED,
    kind::PROMISE,
    kind::PROMISE_CARRIED,
    kind::PROMISE_WITHDRAWN,
    kind::CORRECTION,
    kind::CORRECTIONS,
    kind::SUPPRESSIONS,
    kind::MAINTENANCES,
    kind::VERDICT,
];

/// Marks what is about a person, so that it can be erased later without a proof breaking.
fn mark_personal(kind: &str, body: &mut Value) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(|item| mark_personal(kind, item)),
        Value::Object(map) => {
            for (name, value) in map {
                let is_name = NAMES.contains(&name.as_str());
                // An address is one of a person only where it says where a deed came from.
                let is_address =
                    [self::kind::DEED, self::kind::DRILL].contains(&kind) && name == "from";
                let is_words = WORDS.contains(&name.as_str())
                    || ASKED.contains(&kind) && name == "query"
                    || kind == self::kind::DEED && name == "on";
                match value.as_str() {
                    Some(text) if is_words && !text.is_empty() => {
                        *value = ledger::personal_words(text);
                    }
                    Some(text) if (is_name || is_address) && !text.is_empty() => {
                        *value = ledger::personal(text);
                    }
                    _ => mark_personal(kind, value),
                }
            }
        }
        _ => {}
    }
}

pub(crate) fn entry(at: Timestamp, kind: &str, about: &str, mut body: Value) -> NewEntry {
    if !AS_DECLARED.contains(&kind) {
        mark_personal(kind, &mut body);
    }
    NewEntry {
        at: at.to_string(),
        kind: kind.to_owned(),
        about: about.to_owned(),
        body,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_in_what_people_did_can_be_erased_and_those_of_the_spec_stay() {
        let at = Timestamp::from_millis(0);
        let body = json!({ "what": { "who": "Sato", "did": [{ "person": "Ito", "text": "x" }] }, "from": "kept" });
        let marked = entry(at, "incident_worked", "", body.clone()).body;
        assert_eq!(marked["what"]["who"], ledger::personal("Sato"));
        assert_eq!(marked["what"]["did"][0]["person"], ledger::personal("Ito"));
        assert_eq!(
            marked["what"]["did"][0]["text"],
            ledger::personal_words("x")
        );
        assert_eq!(marked["from"], "kept");
        assert_eq!(entry(at, kind::CORRECTION, "", body.clone()).body, body);
        let deed = entry(
            at,
            kind::DEED,
            "",
            json!({ "user": "", "from": "192.0.2.7" }),
        )
        .body;
        assert_eq!(
            deed,
            json!({ "user": "", "from": ledger::personal("192.0.2.7") })
        );
    }
}
