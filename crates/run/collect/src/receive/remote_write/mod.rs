//! Remote write: samples that a Prometheus, a vmagent or an SDK sends by itself.
//!
//! Nobody declares who will send. A sample belongs to the source that its labels name, `job/instance`, as
//! one that we scraped would; how often that source speaks is learned from the distances between its samples.
//! Senders split one scrape over several requests, so a round made here says nothing by what it lacks
//! ([`Round::is_partial`]), and a source that falls silent owes nothing: its promises go stale.
//!
//! A request is answered once what it brought is durable. The same request may come again.

mod known;
mod rounds;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use promise::Clock;
use store::{
    Metadata, Round, Series,
    metrics::Appended,
    remote_write::{self, Encoding, Message, UNPACKED_MAX, Written},
};
use tokio::sync::{Semaphore, mpsc};

use crate::start::Shared;
use known::Known;
use rounds::Sorted;

/// Bytes of a packed request: a message of the largest size is smaller than this unless it is random.
pub const WRITE_MAX: usize = 16 << 20;
/// What the requests under way may take in memory together, at the most that each could.
const ROOM: usize = 256 << 20;
/// A series of a message takes up to this many times its bytes.
const GROWTH: usize = 4;
/// How long a request waits for room or for a slow disk before it is told to come again. Prometheus gives
/// up after 30 s, and an answer that comes too late makes it send twice.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// A smaller body is read where it arrives: handing it to another thread would take longer.
const SMALL: usize = 64 << 10;

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the body is larger than {WRITE_MAX} bytes")]
    TooLarge,
    /// Sending the same again never helps.
    #[error(transparent)]
    Message(#[from] remote_write::Error),
    /// Whether sending again may help is the store's to say.
    #[error("the samples could not be stored: {0}")]
    NotStored(#[from] store::Error),
    /// Sending again will help.
    #[error("too many samples wait to be stored")]
    Busy,
    /// The service is stopping; sending again will help.
    #[error("collecting has ended")]
    Closed,
}

impl WriteError {
    /// Whether sending the same again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::TooLarge | Self::Message(_) => false,
            Self::NotStored(why) => !matches!(why, store::Error::OverLimit { .. }),
            Self::Busy | Self::Closed => true,
        }
    }
}

/// What became of a request: all or a part of it is durable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub written: Written,
    /// Why the rest was refused; sending it again never helps.
    pub refused: Option<String>,
}

/// The door for all senders.
pub(crate) struct Writes {
    known: Mutex<Known>,
    clock: Arc<dyn Clock>,
    room: Semaphore,
    /// Weak: once collecting has ended, a handle that someone still holds keeps the pipeline from nothing.
    rounds: mpsc::WeakSender<Round>,
}

impl Writes {
    pub fn new(shared: &Shared) -> Self {
        Self {
            known: Mutex::new(Known::new(shared.redactor.clone())),
            clock: shared.clock.clone(),
            room: Semaphore::new(ROOM),
            rounds: shared.out.rounds.downgrade(),
        }
    }

    pub async fn receive(
        self: Arc<Self>,
        message: Message,
        encoding: Encoding,
        body: &[u8],
    ) -> Result<Taken, WriteError> {
        if body.len() > WRITE_MAX {
            return Err(WriteError::TooLarge);
        }
        tokio::time::timeout(WAIT_MAX, self.take(message, encoding, body))
            .await
            .unwrap_or(Err(WriteError::Busy))
    }

    /// Takes series that another protocol made, with what it says of their metrics. `bytes` is what they take in
    /// memory, more or less.
    pub async fn receive_series(
        &self,
        series: Vec<Series>,
        about: Vec<Metadata>,
        bytes: usize,
    ) -> Result<Taken, WriteError> {
        let work = async {
            let _room = self.reserve(bytes / GROWTH).await?;
            let sorted = {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                rounds::sort_series(series, about, &mut known, self.clock.now())
            };
            self.store(sorted).await
        };
        tokio::time::timeout(WAIT_MAX, work)
            .await
            .unwrap_or(Err(WriteError::Busy))
    }

    async fn take(
        self: Arc<Self>,
        message: Message,
        encoding: Encoding,
        body: &[u8],
    ) -> Result<Taken, WriteError> {
        let sorted;
        let _room;
        if body.len() < SMALL {
            let unpacked = remote_write::unpack(encoding, body)?;
            _room = self.reserve(unpacked.len()).await?;
            sorted = self.sort(message, &unpacked)?;
        } else {
            _room = self.reserve(UNPACKED_MAX.min(body.len() * GROWTH)).await?;
            let (body, writes) = (body.to_vec(), self.clone());
            let work = move || {
                let unpacked = remote_write::unpack(encoding, &body)?;
                writes.sort(message, &unpacked)
            };
            sorted = tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| WriteError::Closed)??;
        }
        self.store(sorted).await
    }

    async fn reserve(&self, bytes: usize) -> Result<tokio::sync::SemaphorePermit<'_>, WriteError> {
        let share = u32::try_from(bytes.saturating_mul(GROWTH).min(ROOM)).unwrap_or(u32::MAX);
        self.room
            .acquire_many(share)
            .await
            .map_err(|_| WriteError::Closed)
    }

    fn sort(&self, message: Message, bytes: &[u8]) -> Result<Sorted, WriteError> {
        // What is known is sound after every step, even where a thread ended half-way.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rounds::sort(message, bytes, &mut known, self.clock.now())?)
    }

    /// Hands the rounds on and waits until each is durable.
    async fn store(&self, sorted: Sorted) -> Result<Taken, WriteError> {
        let Sorted {
            rounds,
            mut written,
            refused,
        } = sorted;
        let count = rounds.len();
        let (ack, mut answers) = mpsc::channel(count.max(1));
        let pipeline = self.rounds.upgrade().ok_or(WriteError::Closed)?;
        for mut round in rounds {
            round.ack = Some(ack.clone());
            pipeline.send(round).await.map_err(|_| WriteError::Closed)?;
        }
        drop((ack, pipeline));
        let mut sum = Appended::default();
        for _ in 0..count {
            let one = answers.recv().await.ok_or(WriteError::Closed)??;
            sum.out_of_order += one.out_of_order;
            sum.too_old += one.too_old;
            sum.over_limit += one.over_limit;
            sum.malformed += one.malformed;
            sum.flood = sum.flood.or(one.flood);
        }
        // Of which kind the refused ones were is not told; floats are what nearly all are.
        let lost = sum.refused();
        let floats = lost.min(written.samples);
        written.samples -= floats;
        written.histograms -= (lost - floats).min(written.histograms);
        let reasons: Vec<String> = refused.into_iter().chain(reasons(&sum)).collect();
        Ok(Taken {
            written,
            refused: (!reasons.is_empty()).then(|| reasons.join("; ")),
        })
    }
}

/// Why the store refused some.
fn reasons(sum: &Appended) -> Vec<String> {
    let counted = [
        (sum.out_of_order, "differ from what their instants hold"),
        (sum.too_old, "are out of order by more than is taken"),
        (sum.malformed, "are no histograms"),
    ];
    let mut reasons: Vec<String> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} samples {why}"))
        .collect();
    if sum.over_limit > 0 {
        let mut why = format!("{} samples are of series that are too many", sum.over_limit);
        if let Some(flood) = &sum.flood {
            why.push_str(&format!(
                ": `{}` has more than {}, and its label `{}` has {} values",
                flood.source, flood.limit, flood.label, flood.values
            ));
        }
        reasons.push(why);
    }
    reasons
}
