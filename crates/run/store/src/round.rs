//! What one source said at once, on its way from `collect` to the stores and to `evaluate`.

use promise::{Cause, Timestamp};

use crate::{Error, Metadata, Record, Series, metrics::Appended, state};

/// One scrape, probe or push: everything that a source said at one instant, or why it said nothing.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// `job/instance`, as the labels `job` and `instance` of its series say.
    pub source: String,
    pub at: Timestamp,
    /// When the source is next owed.
    pub next: Timestamp,
    /// With `up`, `scrape_*` and the staleness markers of series that ended.
    pub series: Vec<Series>,
    /// What its metrics are, where that is new or has changed.
    pub metadata: Vec<Metadata>,
    /// Why there are no samples but `up 0`.
    pub failed: Option<Cause>,
    /// More of what the source said at this instant may come, or has come: what is not here tells nothing.
    pub is_partial: bool,
    /// Told once the samples are durable, or why they are not. Rounds with clones of one sender are one push
    /// and are stored together; each is told once, the first of them what became of all. Dropped without a
    /// word where the pipeline ends.
    pub ack: Option<tokio::sync::mpsc::Sender<Result<Appended, Error>>>,
}

/// Log records that arrived together.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The key under `sources.logs`.
    pub source: String,
    pub at: Timestamp,
    pub records: Vec<Record>,
    /// Where to go on reading; to be written once the records are durable.
    pub resume: Vec<state::Write>,
    pub failed: Option<Cause>,
    /// Told once the records are durable, or why they are not and should be sent again. Dropped without a
    /// word where the pipeline ends.
    pub ack: Option<tokio::sync::mpsc::Sender<Result<(), String>>>,
}
