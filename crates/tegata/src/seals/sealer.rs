//! Writes the seals: a round of them whenever the task or a person asks.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use spec::section::retention::Retention;
use store::{LogStore, StateStore, state::Write};
use tokio::sync::Mutex;

use super::{GoneWhy, Known, PartSeal, bodies, news};
use crate::book::{self, Book, kind};

const TABLE: &str = "log_seals";
/// Parts that are known at once: a year of a hundred streams, each day in a few parts.
const KNOWN_MAX: usize = 200_000;

/// What a round wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) parts: usize,
    pub(crate) gone: usize,
    /// Parts that are gone and nobody knows why.
    pub(crate) missing: usize,
}

/// Knows what the ledger has sealed.
pub(crate) struct Sealer {
    logs: Arc<dyn LogStore>,
    state: Arc<dyn StateStore>,
    book: Book,
    retention: RwLock<Retention>,
    /// One round at a time.
    known: Mutex<Known>,
}

impl Sealer {
    pub(crate) async fn open(
        logs: Arc<dyn LogStore>,
        state: Arc<dyn StateStore>,
        book: Book,
    ) -> Result<Self, store::Error> {
        let known = state.scan(TABLE, "", KNOWN_MAX).await?;
        // What cannot be read is sealed once more, which changes nothing.
        let known = known
            .into_iter()
            .filter_map(|(name, part)| Some((name, serde_json::from_slice(&part).ok()?)))
            .collect();
        Ok(Self {
            logs,
            state,
            book,
            retention: RwLock::default(),
            known: Mutex::new(known),
        })
    }

    /// How long streams are kept from now on.
    pub(crate) fn keep(&self, retention: Retention) {
        *self
            .retention
            .write()
            .unwrap_or_else(PoisonError::into_inner) = retention;
    }

    /// Writes what is new into the ledger; nothing where nothing changed.
    pub(crate) async fn seal(&self) -> anyhow::Result<Round> {
        let mut known = self.known.lock().await;
        let sealed = match self.logs.seal().await {
            Ok(sealed) => sealed,
            // Records in an engine elsewhere lie in its own files, of which we know nothing.
            Err(store::Error::Unsupported(_)) => return Ok(Round::default()),
            Err(error) => return Err(error.into()),
        };
        let (parts, gone) = news(&known, sealed);
        let round = Round {
            parts: parts.len(),
            gone: gone.len(),
            missing: gone
                .iter()
                .filter(|part| part.why == GoneWhy::Missing)
                .count(),
        };
        if parts.is_empty() && gone.is_empty() {
            return Ok(round);
        }
        let dropped = gone
            .iter()
            .filter(|part| part.why == GoneWhy::Retention)
            .filter_map(|part| known.get(&part.name));
        let kept: BTreeMap<String, u64> = {
            let retention = self
                .retention
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let secs = |part: &PartSeal| retention.for_stream(&part.stream).as_secs();
            dropped
                .map(|part| (part.stream.clone(), secs(part)))
                .collect()
        };
        let at = self.book.now();
        let entries = bodies(&parts, &gone, &kept)
            .iter()
            .map(|body| {
                let body = serde_json::to_value(body)?;
                Ok(book::entry(at, kind::LOGS_SEALED, "", body))
            })
            .collect::<Result<Vec<_>, serde_json::Error>>()?;
        self.book.append(entries).await?;
        for part in gone.iter().filter(|part| part.why == GoneWhy::Missing) {
            tracing::error!(
                part = part.name,
                "a sealed part of the logs is gone and nobody knows why"
            );
        }
        let mut writes: Vec<Write> = gone
            .iter()
            .map(|part| Write::Delete {
                table: TABLE,
                key: part.name.clone(),
            })
            .collect();
        for part in &parts {
            writes.push(Write::Put {
                table: TABLE,
                key: part.name.clone(),
                value: serde_json::to_vec(part)?,
            });
        }
        // Were it lost, the next round would say the same once more.
        self.state.write(writes).await?;
        for part in gone {
            known.remove(&part.name);
        }
        known.extend(parts.into_iter().map(|part| (part.name.clone(), part)));
        Ok(round)
    }
}
