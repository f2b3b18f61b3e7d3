//! Corrections: stretches that do not count, such as an announced maintenance.
//!
//! A correction is part of the promise, not of the evidence: what was seen stays in the ledger, a verdict that rests
//! on a correction names it and says what it would be without, and adding one declares the promise anew, which is an
//! entry of its own.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A stretch that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Its name in the spec.
    pub id: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub why: String,
    /// Who answers for leaving it out.
    pub who: String,
}

impl Correction {
    /// The most that one promise may have: each cuts its evidence twice, and a verdict must fit into the ledger.
    pub const MAX: usize = 40;

    pub(crate) fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from < to && self.to > from && self.from < self.to
    }
}

/// What they take out together: in order, not overlapping.
pub(crate) fn merged(corrections: &[&Correction]) -> Vec<(Timestamp, Timestamp)> {
    let mut all: Vec<_> = corrections.iter().map(|it| (it.from, it.to)).collect();
    all.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(all.len());
    for (from, to) in all {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}
