//! What is done to stored logs: deleting, holding, copying out, sealing. Each is written into the ledger with who asked
//! for it and why.

use std::{fs::File, sync::Arc};

use async_trait::async_trait;
use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};
use store::logs::{Deleted, Deletion, Hold};

use super::Refused;

/// Who asks, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub by: String,
    pub reason: String,
}

/// Whoever asks says why in a sentence or two.
const REASON_BYTES_MAX: usize = 2_000;
/// A name, as people have them.
const NAME_BYTES_MAX: usize = 200;

impl Asked {
    /// Both must be said, in a few words.
    pub fn check(&self) -> Result<(), Refused> {
        if self.by.trim().is_empty() || self.reason.trim().is_empty() {
            return Err(Refused::Invalid(say!(
                "say who asks (`by`) and why (`reason`): the ledger keeps both",
                "依頼者(`by`)と理由(`reason`)を指定してください。どちらも台帳に残ります"
            )));
        }
        let bounds = [
            ("by", &self.by, NAME_BYTES_MAX),
            ("reason", &self.reason, REASON_BYTES_MAX),
        ];
        match bounds.iter().find(|(_, text, limit)| text.len() > *limit) {
            Some((what, _, limit)) => Err(Refused::TooLarge {
                what,
                limit: *limit,
            }),
            None => Ok(()),
        }
    }
}

/// Leave to see personal fields in clear, and what was encrypted as it was. There is none without an entry of the ledger.
#[derive(Clone)]
pub struct InClear {
    entry: u64,
    decrypt: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

impl InClear {
    /// `entry` says who looks and why; `decrypt` gives a text with everything in it that was encrypted as it was.
    pub fn new(entry: u64, decrypt: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self {
            entry,
            decrypt: Arc::new(decrypt),
        }
    }

    /// The ledger's entry.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.entry
    }

    #[must_use]
    pub fn text(&self, text: &str) -> String {
        (self.decrypt)(text)
    }
}

/// What a round of sealing wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SealRound {
    /// Parts that are sealed now and were not before.
    pub parts: usize,
    /// Parts that left since the last round.
    pub gone: usize,
    /// Those of them that left for no known reason.
    pub missing: usize,
}

/// What a rule would have done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BackTest {
    /// The first ones, oldest first.
    pub fired: Vec<Fired>,
    pub fired_total: u64,
    /// Records that were looked at.
    pub records: u64,
    /// Not all could be looked at.
    pub is_cut: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fired {
    pub at: Timestamp,
    /// The group that it is about.
    pub key: Option<String>,
    pub figure: Option<f64>,
    /// In words, where a figure alone says too little.
    pub why: Option<Say>,
}

/// Which lines are of one kind, whatever varies in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns {
    /// What the lines of each have in common; `<*>` stands where they differ.
    pub texts: Vec<String>,
    /// The pattern of each line, by its place among the texts.
    pub of: Vec<usize>,
}

#[async_trait]
pub trait LogKeeping: Send + Sync {
    /// Deletes for good what a query means, but for what is held. Answers with the ledger's entry too.
    async fn delete(&self, deletion: Deletion, asked: &Asked) -> Result<(Deleted, u64), Refused>;

    /// Sets a legal hold, or changes the one of its name.
    async fn hold(&self, hold: Hold, asked: &Asked) -> Result<(), Refused>;

    async fn release(&self, name: &str, asked: &Asked) -> Result<(), Refused>;

    /// Copies what a query means into a Parquet file that has no name any more: it goes when it is closed.
    async fn export(&self, what: Deletion, asked: &Asked) -> Result<File, Refused>;

    /// Writes down that somebody looks at personal fields in clear. Once it returns they may.
    async fn unmask(&self, what: &Deletion, asked: &Asked) -> Result<InClear, Refused>;

    /// Names of fields that are shown masked, beside those that are personal in any log.
    fn masked(&self) -> Vec<String>;

    /// When a rule of one line would have fired over the stored records in `(from, to]`.
    async fn back_test(
        &self,
        line: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BackTest, Refused>;

    /// Tells of which pattern each line is.
    async fn patterns(&self, lines: Vec<String>) -> Patterns;

    /// Seals what is there into the ledger now.
    async fn seal(&self) -> Result<SealRound, Refused>;
}
