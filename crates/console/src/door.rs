//! Narrow doors to the rooms that the console shows but does not know: ledger, incidents, intake, the demo.
//!
//! They say what a page needs and nothing more, so pages can be tested without a disk or a network, and the rooms
//! behind them can change without a page noticing. The binary opens each door onto the real room.

pub mod alerts;
mod cases;
mod deeds;
mod documents;
mod drill;
mod logs;
mod pushed;
mod replay;
mod rules;
mod targets;

use async_trait::async_trait;
use promise::{Lang, Say, State, Timestamp};
use serde::Serialize;
use serde_json::Value;
use store::remote_write::{self, Encoding, Written};

use crate::access::Who;

pub use alerts::Alerts;
pub use cases::{Cases, Checklists, Dossier, LogLine};
pub use deeds::{Deed, Deeds};
pub use documents::{Document, Documents, Fate};
pub use drill::{Drill, DrillKind};
pub use logs::{Asked, BackTest, Fired, InClear, LogKeeping, Patterns, SealRound};
pub use pushed::{Header, OtlpForm, OtlpSignal, Packing, Push, Pushed};
pub use replay::Replay;
pub use rules::{Alert, AlertState, Evaluated, Health, NoRules, Rule, RuleGroup, RuleKind, Rules};
pub use targets::{Dropped, Target, TargetHealth, Targets};

/// What a door may answer instead.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("there is no {what} `{name}`")]
    Missing { what: &'static str, name: String },
    /// The request cannot be done as things stand; the person can do something about it.
    #[error("{}", .0.en)]
    Conflict(Say),
    /// The sender must change what it sends.
    #[error("{}", .0.en)]
    Invalid(Say),
    /// The sender has not proved who it is.
    #[error("{}", .0.en)]
    Denied(Say),
    #[error("{what} is over its limit of {limit} bytes")]
    TooLarge { what: &'static str, limit: usize },
    /// Asking again later may succeed.
    #[error("{}", .0.en)]
    Busy(Say),
    /// The cause is for the log, not for the page.
    #[error("{0}")]
    Internal(String),
}

/// The tamper-evident log.
#[async_trait]
pub trait Ledger: Send + Sync {
    async fn checkpoint(&self) -> Result<Checkpoint, Refused>;

    /// Entries before `before` (exclusive; the newest when `None`), newest first, of one kind or of all, at most
    /// `limit`. What lies behind the last one is asked for with its index as `before`.
    async fn entries(
        &self,
        before: Option<u64>,
        kind: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, Refused>;

    async fn entry(&self, index: u64) -> Result<Option<Entry>, Refused>;

    /// The sibling hashes from leaf to root in the tree of `size` entries (RFC 9162, 2.1.3), in Base64
    /// as in the checkpoint.
    async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<String>, Refused>;

    /// Takes a value away wherever it stands as a personal one, here, in what people did about incidents, and in what rules
    /// on logs remember; with `logs`, the log records in which it stands are deleted first.
    async fn erase(&self, value: &str, logs: bool, asked: &Asked) -> Result<Erased, Refused>;

    /// Drops the bodies of entries that the spec no longer keeps; answers how many went.
    async fn prune(&self, asked: &Asked) -> Result<u64, Refused>;

    /// Writes a drill down, told by somebody from somewhere; answers its entry.
    async fn drill(&self, drill: &Drill, who: &Who, from: &str) -> Result<u64, Refused>;

    /// Those outside who are asked to witness it, by name.
    fn witnesses(&self) -> Vec<Witness>;

    /// The kinds of entries, for the filter.
    fn kinds(&self) -> Vec<(&'static str, Say)>;
}

/// Where somebody's name or address stood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Fields of the ledger's entries, and the entry that says so.
    pub fields: u64,
    pub entry: Option<u64>,
    /// Incidents, silences, sheets of checklists, and messages of the inbox.
    pub places: u64,
    /// The deletion of log records that was asked for with it.
    pub deleted: Option<ErasedLogs>,
    /// Log records in which it still stands: they go by a deletion. `None` where they could not be counted.
    pub logs: Option<u64>,
    /// Tables of the state in which it stood or stands.
    pub state: Vec<ErasedState>,
}

/// Log records that went with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ErasedLogs {
    pub records: u64,
    /// Records that a legal hold keeps.
    pub held: u64,
    /// The ledger's entry about it.
    pub entry: u64,
}

/// A table of the state, and how many of its entries held the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasedState {
    pub table: &'static str,
    pub what: Say,
    pub erased: u64,
    /// Entries that keep it because something under way needs it; they go with what they are about.
    pub kept: u64,
}

/// The newest signed tree head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    /// The first entry whose body is kept; of those before it the hashes alone are.
    pub kept_from: u64,
    /// Base64, as in the note.
    pub root: String,
    /// When the newest entry was written.
    pub at: Option<Timestamp>,
    /// The signed note, as it lies on the disk.
    pub note: String,
}

/// Somebody outside who remembers what the ledger was, and how it stands with them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    pub name: String,
    /// The promise that they see it in time.
    pub promise: String,
    pub what: Say,
    pub every_secs: u64,
    /// The longest time without them that is borne.
    pub within_secs: u64,
    /// When they saw it last, how many entries it held, and the entry that says so.
    pub seen: Option<Timestamp>,
    pub size: Option<u64>,
    pub entry: Option<u64>,
    /// Why they did not see it when they were asked since.
    pub problem: Option<Say>,
    /// They say that it is not the ledger that they know.
    pub refuses: bool,
}

impl Witness {
    /// Not proven before they saw it once; broken once they refuse or are away for too long.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        let within = std::time::Duration::from_secs(self.within_secs);
        match self.seen {
            _ if self.refuses => State::Broken,
            None => State::Unproven,
            Some(seen) if now.since(seen) > within => State::Broken,
            Some(_) if self.problem.is_some() => State::AtRisk,
            Some(_) => State::Kept,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    pub index: u64,
    pub at: Timestamp,
    pub kind: String,
    /// The promise or incident that it speaks of.
    pub about: Option<String>,
    /// SHA-256 of the leaf, in Base64.
    pub leaf: String,
    pub body: Value,
}

/// Incidents and the pages sent for them.
#[async_trait]
pub trait Incidents: Send + Sync {
    /// Open ones first, then by when they began, newest first.
    async fn list(&self, limit: usize) -> Result<Vec<Incident>, Refused>;

    async fn get(&self, id: &str) -> Result<Option<Incident>, Refused>;

    /// Notes that `by` has taken it on. Acknowledging twice is a conflict that names the first.
    async fn acknowledge(&self, id: &str, by: &str, reason: &str) -> Result<(), Refused>;

    /// Messages of the console's own receiver, newest first.
    async fn inbox(&self, limit: usize) -> Result<Vec<Message>, Refused>;
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    pub id: String,
    /// Ids of the promises that it covers.
    pub promises: Vec<String>,
    pub severity: Option<String>,
    /// The worst state that it has seen.
    pub state: State,
    pub title: Say,
    pub opened: Timestamp,
    pub acknowledged: Option<Acknowledged>,
    pub resolved: Option<Timestamp>,
    /// Oldest first.
    pub timeline: Vec<Moment>,
    pub pages: Vec<Page>,
}

impl Incident {
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.resolved.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Acknowledged {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moment {
    pub at: Timestamp,
    pub what: Say,
    /// The person who did it, where one did.
    pub who: Option<String>,
    pub entry: Option<u64>,
}

impl Moment {
    /// Who did it, unless the sentence itself says so.
    #[must_use]
    pub fn doer(&self, lang: Lang) -> Option<&str> {
        let who = self.who.as_deref()?;
        (!self.what.get(lang).contains(who)).then_some(who)
    }
}

/// One notification to one receiver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    pub receiver: String,
    /// What it told: that it began, that it is escalated, that it is over.
    pub what: Say,
    /// When it was due to leave.
    pub at: Timestamp,
    /// When the receiver took it.
    pub accepted: Option<Timestamp>,
    pub tries: u32,
    pub problem: Option<Say>,
    pub entry: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    pub at: Timestamp,
    pub incident: Option<String>,
    pub state: State,
    pub text: Say,
}

/// Where posted log lines and written samples go.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// The largest body that is taken.
    fn body_max(&self) -> usize;

    /// Redacts, then stores. Once it returns, the records survive `kill -9`.
    async fn receive(&self, stream: &str, body: &[u8]) -> Result<Received, Refused>;

    /// The largest packed request of remote write that is taken.
    fn write_max(&self) -> usize;

    /// Redacts, then stores samples. Once it returns, those that it counts survive `kill -9`.
    async fn write(
        &self,
        message: remote_write::Message,
        encoding: Encoding,
        body: &[u8],
    ) -> Result<Taken, Refused>;
}

/// What became of a request of remote write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub written: Written,
    /// Why the rest was refused; the sender must not send it again.
    pub refused: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Received {
    pub stored: u64,
    /// Records that were there before.
    pub known: u64,
    /// Lines that could not be read.
    pub refused: u64,
    /// Which these are, and why; the first [`Received::TOLD_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_lines: Vec<RefusedLine>,
}

impl Received {
    /// Whoever sends more wrong lines than this has one mistake, not a hundred.
    pub const TOLD_MAX: usize = 100;
}

/// A line of a post that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    /// From 1; in an array, the place of the record.
    pub line: usize,
    /// As the label `why` of `tegata_log_lines_refused_total` has it.
    pub why: &'static str,
    pub en: String,
    pub ja: String,
}

/// The demo's shop: what can be broken on purpose, and which figures tell of its payments.
#[async_trait]
pub trait Demo: Send + Sync {
    fn outages(&self) -> Vec<Outage>;

    /// Begins or ends an outage; doing either twice changes nothing.
    async fn set(&self, name: &str, on: bool) -> Result<(), Refused>;

    fn payments(&self) -> Payments;
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outage {
    pub name: String,
    pub title: Say,
    pub since: Option<Timestamp>,
}

/// Where the figures of Live payments come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Payments {
    /// Counter of all payments.
    pub total: promise::Selector,
    /// Counter of those that succeeded.
    pub good: promise::Selector,
    /// Classic histogram of how long they took, in seconds (`…_bucket`).
    pub took: promise::Selector,
    /// The stream of their log records.
    pub stream: String,
}

/// What the binary knows about itself.
pub trait Status: Send + Sync {
    /// Why it is not ready to be asked, if it is not.
    fn not_ready(&self) -> Option<Say>;

    /// Its own metrics, in Prometheus's text format.
    fn metrics(&self) -> String;

    fn version(&self) -> Version;

    fn runtime(&self) -> Runtime;
}

/// The process and where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    pub started: Timestamp,
    pub host: String,
    /// The folder in which it was started.
    pub folder: String,
    /// Damage that opening the stores found and mended.
    pub corruptions: usize,
    /// How long samples are kept.
    pub retention: std::time::Duration,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    pub version: String,
    pub commit: Option<String>,
}
