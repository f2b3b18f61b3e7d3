//! Judging a promise over the past: what would it have said?

use async_trait::async_trait;
use promise::{Promise, Timestamp, Verdict};

use super::Refused;

/// Judges by what is stored, as a restart at that instant would have judged.
#[async_trait]
pub trait Replay: Send + Sync {
    /// The verdict at each instant, in their order. Nothing is recorded and nobody is told.
    async fn verdicts(&self, promise: Promise, at: Vec<Timestamp>)
    -> Result<Vec<Verdict>, Refused>;
}
