//! Seals of log parts in the ledger: what is written of them, and what an auditor can tell from it.
//!
//! Once an hour each part of the log store that is new goes into the ledger with its SHA-256, and each that left with
//! the reason. So the ledger says which parts there must be, and a line that was changed, added or taken away outside
//! of Tegata shows ([`audit`]), as does a part that only claims to have been merged or to be past its retention.

mod audit;
mod sealer;

use std::collections::BTreeMap;

use promise::Timestamp;
use serde::{Deserialize, Serialize};
use store::logs::{Departed, Seal, Sealed, Why};

pub(crate) use audit::{Audit, audit};
pub(crate) use sealer::Sealer;

/// Parts of one entry: some 300 bytes each, and an entry holds 64 KiB.
const PARTS_MAX: usize = 100;

/// The body of a `logs_sealed` entry. Several entries of one instant are one round.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SealsBody {
    pub(crate) parts: Vec<PartSeal>,
    pub(crate) gone: Vec<Gone>,
    /// How long streams are kept of which parts were dropped, in seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) kept_secs: BTreeMap<String, u64>,
}

/// A part that is sealed by this entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartSeal {
    pub(crate) name: String,
    pub(crate) stream: String,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// A part that an earlier entry sealed and that is there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gone {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) why: GoneWhy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoneWhy {
    Merged,
    Retention,
    /// The store does not know why: somebody took it away, or it was damaged.
    Missing,
}

/// The body of a `logs_deleted` entry: what a deletion by query did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeletedBody {
    /// The entry that says who asked for it, and why.
    pub(crate) asked: u64,
    pub(crate) records: u64,
    pub(crate) by_stream: BTreeMap<String, u64>,
    /// Records that a legal hold kept.
    pub(crate) held: u64,
    /// The SHA-256 of the parts in which records were hidden.
    pub(crate) parts: Vec<String>,
}

impl From<Seal> for PartSeal {
    fn from(seal: Seal) -> Self {
        Self {
            name: seal.name,
            stream: seal.stream,
            first: seal.first,
            last: seal.last,
            records: seal.records,
            bytes: seal.bytes,
            sha256: seal.sha256,
        }
    }
}

/// The parts that the ledger has sealed and not seen leave, by name.
pub(crate) type Known = BTreeMap<String, PartSeal>;

/// What the next round says: the parts that are new, and those that left.
fn news(known: &Known, sealed: Sealed) -> (Vec<PartSeal>, Vec<Gone>) {
    let is_there = |part: &PartSeal| {
        let same = |seal: &Seal| seal.name == part.name && seal.sha256 == part.sha256;
        sealed.parts.iter().any(same)
    };
    let why = |part: &PartSeal| {
        let same = |left: &&Departed| left.name == part.name && left.sha256 == part.sha256;
        match sealed
            .departed
            .iter()
            .rev()
            .find(same)
            .map(|left| &left.why)
        {
            Some(Why::Merged { .. }) => GoneWhy::Merged,
            Some(Why::Retention) => GoneWhy::Retention,
            None => GoneWhy::Missing,
        }
    };
    let gone = known
        .values()
        .filter(|part| !is_there(part))
        .map(|part| Gone {
            name: part.name.clone(),
            sha256: part.sha256.clone(),
            why: why(part),
        });
    let gone = gone.collect();
    let is_new = |seal: &Seal| {
        known
            .get(&seal.name)
            .is_none_or(|part| part.sha256 != seal.sha256)
    };
    let parts = sealed.parts.into_iter().filter(is_new);
    (parts.map(PartSeal::from).collect(), gone)
}

/// The entries of a round.
fn bodies(parts: &[PartSeal], gone: &[Gone], kept_secs: &BTreeMap<String, u64>) -> Vec<SealsBody> {
    // First those that left: a new part may bear the name of one of them.
    let gone = gone.chunks(PARTS_MAX).map(|gone| SealsBody {
        gone: gone.to_vec(),
        kept_secs: kept_secs.clone(),
        ..SealsBody::default()
    });
    let parts = parts.chunks(PARTS_MAX).map(|parts| SealsBody {
        parts: parts.to_vec(),
        ..SealsBody::default()
    });
    gone.chain(parts).collect()
}

#[cfg(test)]
mod tests;
