//! From what was collected to what follows: due, gather, judge, transition.
//!
//! A **room**: a form of signal is one file under `gather` and one line there. It collects nothing, stores
//! nothing and tells nobody: it returns verdicts, and a task of the binary appends them to the ledger.
//! History is read through the stores' ports only when a start or a reload rebuilds the windows
//! ([`Evaluator::warm`]) and when a level's query is evaluated.
//!
//! Keeps the invariant that no evidence, or stale evidence, is *unproven*: what a source that once spoke
//! for a promise fails to say is written down as a gap.
//!
//! Reading order: `evaluator`, `watch` (one promise), `gather`, `counter`, `timeline`, `source`, `warm`.

pub mod anomaly;
mod counter;
mod evaluator;
mod explain;
mod gather;
mod index;
pub mod log_rule;
pub mod rule;
mod snapshot;
mod source;
mod timeline;
mod warm;
mod watch;

pub use evaluator::{Evaluator, Judged, Owed, Stores};
pub use explain::{Explained, Fed, Heard};
pub use snapshot::Unusable;
pub use warm::LOG_BEATS;

/// Why history could not be read. What is known so far is kept; calling again can help.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the history of `{promise}` cannot be read: {source}")]
    Store {
        promise: String,
        source: store::Error,
    },
}
