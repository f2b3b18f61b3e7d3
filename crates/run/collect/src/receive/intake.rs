//! The one way from a protocol to the log store: what it read is bounded, stamped, redacted, stored, counted.
//!
//! A protocol's file only reads: it makes a [`Draft`] of each record and hands all of a message to its intake. The
//! sender is answered once they are durable, or told to come again: nothing waits here without a bound.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use promise::{Clock, Timestamp};
use serde_json::{Map, Value};
use store::{Lines, Record};
use tokio::sync::{Semaphore, mpsc};

use super::Refusal;
use crate::{
    follow::{self, Counts, line},
    redact::Redactor,
    start::Shared,
    status::{Board, TargetKind, TargetStatus},
    trouble::Trouble,
};

/// Bytes of messages that one source may have under way; a sender beyond waits, then is told to come again.
const ROOM: usize = 64 << 20;
/// How long a message waits for room or for a slow disk. The exporters of OpenTelemetry give up after 10 s, and an
/// answer that comes too late makes them send twice.
const WAIT_MAX: Duration = Duration::from_secs(8);
/// A smaller message is redacted where it arrives: handing it to another thread would take longer.
const SMALL: usize = 64 << 10;
/// Fields of one record, those within fields too: an event of a web shop has some hundred.
const FIELDS_MAX: usize = 1_000;
/// Records of one message.
pub(crate) const RECORDS_MAX: usize = 50_000;

/// A record as its protocol tells it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// The same when the sender sends it again.
    pub id: u128,
    /// When it happened, where that is told.
    pub at: Option<Timestamp>,
    pub fields: Map<String, Value>,
}

/// Why nothing of a message was stored. Sending it again will help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    #[error("too much waits to be stored")]
    Busy,
    #[error("the records could not be stored: {0}")]
    NotStored(String),
    #[error("collecting has ended")]
    Closed,
}

/// What became of the drafts of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub accepted: usize,
    /// Places in the message, from 0.
    pub refused: Vec<(usize, Refusal)>,
}

pub(crate) struct Intake {
    /// As lines and the board name it.
    pub source: String,
    stream: String,
    redactor: Arc<Redactor>,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
    counts: Mutex<Counts>,
    /// Why nothing can come, such as a port that is taken.
    trouble: Mutex<Option<Trouble>>,
    room: Semaphore,
    /// Weak: once collecting has ended, a handle that someone still holds keeps the pipeline from nothing.
    lines: mpsc::WeakSender<Lines>,
}

impl Intake {
    /// `shown` is what the board says of where it listens.
    pub fn open(source: String, stream: &str, shown: String, shared: &Shared) -> Arc<Self> {
        let status = TargetStatus::new(&follow::source(&source), TargetKind::Logs, shown);
        shared.board.put(status);
        Arc::new(Self {
            source,
            stream: stream.to_owned(),
            redactor: shared.redactor.clone(),
            clock: shared.clock.clone(),
            board: shared.board.clone(),
            counts: Mutex::default(),
            trouble: Mutex::default(),
            room: Semaphore::new(ROOM),
            lines: shared.out.lines.downgrade(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The id of what stands at `place` of this source; `part` tells it from others there.
    pub fn id(&self, place: &[u8], part: u64) -> u128 {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        hash.update(self.source.as_bytes());
        hash.update(&[0]);
        hash.update(&part.to_le_bytes());
        hash.update(place);
        hash.digest128()
    }

    /// Counts what its protocol could not read.
    pub fn refuse(&self, why: Refusal) {
        self.count(|counts| counts.refuse(why));
    }

    fn count<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        // Counters are sound after every step, even where a thread ended half-way.
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Redacts and stores. `bytes` is what the drafts take in memory, more or less. Returns once they are durable.
    pub async fn store(
        self: &Arc<Self>,
        drafts: Vec<Draft>,
        bytes: usize,
    ) -> Result<Stored, IntakeError> {
        let work = async {
            let share = u32::try_from(bytes.clamp(1, ROOM)).unwrap_or(u32::MAX);
            let _room = self.room.acquire_many(share).await;
            let (records, stored) = if bytes < SMALL {
                self.records(drafts)
            } else {
                let intake = self.clone();
                let work = tokio::task::spawn_blocking(move || intake.records(drafts));
                work.await.map_err(|_| IntakeError::Closed)?
            };
            self.deliver(records).await?;
            Ok(stored)
        };
        tokio::time::timeout(WAIT_MAX, work)
            .await
            .unwrap_or(Err(IntakeError::Busy))
    }

    fn records(&self, drafts: Vec<Draft>) -> (Vec<Record>, Stored) {
        let (now, mut records, mut stored) = (self.now(), Vec::new(), Stored::default());
        for (place, draft) in drafts.into_iter().enumerate() {
            if fields(&draft.fields) > FIELDS_MAX {
                self.refuse(Refusal::TooManyFields);
                stored.refused.push((place, Refusal::TooManyFields));
                continue;
            }
            let (at, notes) = line::stamp(draft.at, now);
            let mut fields = draft.fields;
            self.redactor.record(&mut fields);
            self.count(|counts| {
                counts.lines += 1;
                counts.untimed += u64::from(notes.is_untimed);
                counts.future += u64::from(notes.is_future);
            });
            let (id, stream) = (draft.id, self.stream.clone());
            records.push(Record {
                id,
                at,
                stream,
                fields,
            });
        }
        stored.accepted = records.len();
        (records, stored)
    }

    async fn deliver(&self, records: Vec<Record>) -> Result<(), IntakeError> {
        if records.is_empty() {
            return Ok(());
        }
        let (ack, mut answer) = mpsc::channel(1);
        self.send(records, Some(ack)).await?;
        let told = answer.recv().await.ok_or(IntakeError::Closed)?;
        told.map_err(IntakeError::NotStored)
    }

    async fn send(
        &self,
        records: Vec<Record>,
        ack: Option<mpsc::Sender<Result<(), String>>>,
    ) -> Result<(), IntakeError> {
        let lines = Lines {
            source: self.source.clone(),
            at: self.now(),
            records: records.into(),
            resume: Vec::new(),
            failed: self.trouble().map(|trouble| trouble.cause),
            ack,
        };
        let pipeline = self.lines.upgrade().ok_or(IntakeError::Closed)?;
        let sent = pipeline.send(lines).await;
        sent.map_err(|_| IntakeError::Closed)
    }

    /// Says again and again that the source is alive, for a quiet one is no gap in the evidence, and what it has
    /// counted.
    pub async fn beat(self: Arc<Self>, shared: Arc<Shared>) {
        loop {
            let now = self.now();
            let (lines, round) = self.count(|counts| {
                let round = counts.round(&self.source, &self.stream, now);
                (counts.lines, round)
            });
            let trouble = self.trouble();
            self.board.change(&follow::source(&self.source), |status| {
                status.last = Some(now);
                status.next = Some(now + follow::HEARTBEAT);
                status.ok = trouble.is_none();
                status.error = trouble.map(|trouble| trouble.say);
                status.amount = lines;
            });
            let told = async {
                self.send(Vec::new(), None).await.is_ok() && shared.send_round(round).await
            };
            if shared.stop.run_until_cancelled(told).await != Some(true) {
                return;
            }
            tokio::select! {
                biased;
                () = shared.stop.cancelled() => return,
                () = tokio::time::sleep(follow::HEARTBEAT) => {}
            }
        }
    }

    fn trouble(&self) -> Option<Trouble> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing can come, for this reason; `None` once it can.
    pub fn tell(&self, why: Option<promise::Say>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        *trouble = why.map(Trouble::failed);
    }
}

/// All fields, however deep.
fn fields(map: &Map<String, Value>) -> usize {
    fn below(value: &Value) -> usize {
        match value {
            Value::Object(map) => fields(map),
            Value::Array(items) => items.iter().map(below).sum(),
            _ => 0,
        }
    }
    map.len() + map.values().map(below).sum::<usize>()
}
