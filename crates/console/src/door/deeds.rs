//! What people did, written down where it cannot be changed.

use async_trait::async_trait;

use super::Refused;
use crate::access::Who;

/// One thing that somebody did or tried, with what PCI DSS 10.2.2 asks for; the time is the entry's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub who: Who,
    /// One of [`names`](crate::access::names).
    pub event: &'static str,
    pub done: bool,
    /// As HTTP has it.
    pub status: u16,
    /// The address that it came from.
    pub from: String,
    /// What was affected.
    pub on: String,
    /// Attempts from there that were turned away and not written down, since the last one that was.
    pub unwritten: u64,
}

#[async_trait]
pub trait Deeds: Send + Sync {
    /// Writes it into the ledger. Once it returns, it is durable.
    async fn record(&self, deed: Deed) -> Result<(), Refused>;
}
