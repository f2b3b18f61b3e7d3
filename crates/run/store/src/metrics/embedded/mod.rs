//! The embedded metric store: a write-ahead log, a compressed head in memory, immutable blocks on disk.
//!
//! One thread writes (`writer`): it takes all appends that wait, admits what is new (`stage`), syncs the rest to
//! the log once, and only then shows it in the head and answers. A head that is large or old enough becomes a
//! block and the log behind it goes. A second thread merges blocks (`compact`). Readers (`read`) take a snapshot
//! of the head and the list of blocks together.
//!
//! Reading order: `codec` (a chunk), `tail`, `series` and `head` (memory), `postings` (its index), `registry`, `stage`,
//! `news` and `writer` (writing), `records` and `replay` (the log), `block`, `index` and `deleted` (a file), `shelf` (all
//! files), `read`, `compact`, `annex` (what is no sample).

mod annex;
mod block;
mod codec;
mod compact;
mod deleted;
mod format;
mod head;
mod index;
mod limits;
mod news;
mod packed;
mod postings;
mod read;
mod records;
mod registry;
mod replay;
mod rollup;
mod series;
mod shelf;
mod stage;
mod tail;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Query};

use self::{
    annex::Annex,
    compact::{Compaction, Compactor, Eagerness},
    format::FORMAT,
    head::Head,
    limits::Floods,
    rollup::Rollups,
    shelf::Shelf,
    writer::Request,
};
use super::{Appended, Batch, Bucketed, Metadata, MetricStore, Status};
use crate::{
    Error, Labels, Series,
    commit::{Queue, blocking},
    disk::{Disk, RealDisk},
};

/// What may be set; the defaults are for production.
#[derive(Debug, Clone)]
pub struct Options {
    /// Series in memory. Each takes some 600 bytes, so the default bounds the head near 300 MB.
    pub series_max: usize,
    /// Series of one source (of one `job`), so that a flood from one leaves room for the others.
    pub source_series_max: usize,
    /// A head of so many samples is sealed: about 10 MB in memory and 60 MB of log to replay.
    pub seal_samples: u64,
    /// A head that spans so much time is sealed, so that retention can drop it by the day.
    pub seal_span: Duration,
    /// But not a head of so few samples, or late and early samples in turn would make a block each.
    pub seal_samples_min: u64,
    /// A log of so many bytes is sealed, however well its samples are compressed.
    pub seal_log_bytes: u64,
    /// How much older than the newest of its series a sample may be. Half an hour covers an agent that sends what it
    /// kept while it could not reach us.
    pub late_window: Duration,
    /// Blocks are merged until they span so much, which is also how finely retention can drop.
    pub block_span_max: Duration,
    /// Blocks, log and buckets take at most so much; the oldest go first. `None` is no limit.
    pub disk_bytes_max: Option<u64>,
    /// How long buckets of 5 minutes and of 1 hour are kept: the longest window of a promise, and years for those who
    /// plan. Samples themselves are kept as [`MetricStore::retain`] says.
    pub buckets_5m_keep: Duration,
    pub buckets_1h_keep: Duration,
    /// The newest exemplars that are kept (some 200 bytes each).
    pub exemplars_max: usize,
    /// Samples that one query may read.
    pub query_samples_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            series_max: 500_000,
            source_series_max: 250_000,
            seal_samples: 8_000_000,
            seal_span: Duration::from_secs(24 * 3600),
            seal_samples_min: 4096,
            seal_log_bytes: 128 << 20,
            late_window: Duration::from_secs(30 * 60),
            block_span_max: Duration::from_secs(7 * 24 * 3600),
            disk_bytes_max: None,
            buckets_5m_keep: Duration::from_secs(100 * 24 * 3600),
            buckets_1h_keep: Duration::from_secs(3 * 366 * 24 * 3600),
            exemplars_max: 20_000,
            // 320 MB: ten years of a series at 15 s, or 10,000 series over eight hours.
            query_samples_max: 20_000_000,
        }
    }
}

impl Options {
    /// How long buckets of a width are kept.
    fn keep_of(&self, width: Duration) -> Duration {
        if width < Duration::from_secs(3600) {
            self.buckets_5m_keep
        } else {
            self.buckets_1h_keep
        }
    }
}

/// A smaller head is read from the log again in a blink; a block of it would only have to be merged.
const CLOSE_SAMPLES_MIN: u64 = 100_000;

/// Dropping it finishes what waits. Opening it again finds all that was acknowledged.
pub struct EmbeddedMetrics {
    // Dropped in this order: no more appends, no more merges.
    queue: Queue<Request>,
    _compactor: Compactor,
    shared: Arc<Shared>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    shelf: Shelf,
    rollups: Rollups,
    /// Written by the writer alone, and never while it waits for the disk.
    head: RwLock<Head>,
    annex: Mutex<Annex>,
    floods: Mutex<Floods>,
    compaction: Compaction,
    block_span_max: Duration,
    query_samples_max: usize,
    log_bytes: AtomicU64,
}

impl EmbeddedMetrics {
    /// Opens or creates the store in `folder`. The caller holds the data directory's lock.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(folder, Options::default())
    }

    pub fn open_with(folder: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        Self::open_on(Arc::new(RealDisk), folder.as_ref(), options)
    }

    fn open_on(disk: Arc<dyn Disk>, folder: &Path, options: Options) -> Result<Self, Error> {
        format::check(&*disk, folder)?;
        let (rollups, damage) = Rollups::open(folder.join("rollups"))?;
        let shared = Arc::new(Shared {
            rollups,
            disk: disk.clone(),
            shelf: Shelf::open(folder.join("blocks"))?,
            head: RwLock::default(),
            annex: Mutex::new(Annex::new(options.exemplars_max)),
            floods: Mutex::default(),
            compaction: Compaction::default(),
            block_span_max: options.block_span_max,
            query_samples_max: options.query_samples_max,
            log_bytes: AtomicU64::new(0),
        });
        damage
            .into_iter()
            .for_each(|what| shared.shelf.notice(what));
        let mut writer = writer::Writer::open(disk, folder, shared.clone(), options)?;
        let io = |e| Error::io(folder, e);
        let queue =
            Queue::start("metrics-writer", move |group| writer.answer(group)).map_err(io)?;
        let compactor = Compactor::start(shared.clone()).map_err(io)?;
        Ok(Self {
            queue,
            _compactor: compactor,
            shared,
        })
    }

    /// Seals the head and merges all blocks that may be one, as time would; for measuring and before a copy is
    /// taken.
    pub async fn settle(&self) -> Result<(), Error> {
        self.queue.ask(Request::Seal).await?;
        let shared = self.shared.clone();
        blocking(move || shared.compact(Eagerness::Whole)).await
    }

    /// Runs reading work where it may block.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        blocking(move || work(&shared)).await
    }
}

#[async_trait]
impl MetricStore for EmbeddedMetrics {
    async fn append(&self, batch: Vec<Series>) -> Result<Appended, Error> {
        self.append_batch(batch.into()).await
    }

    async fn append_batch(&self, batch: Batch) -> Result<Appended, Error> {
        self.queue.ask(|reply| Request::Append(batch, reply)).await
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        let matchers = matchers.to_vec();
        self.read(move |shared| shared.select(&matchers, from.as_millis(), to.as_millis()))
            .await
    }

    async fn label_values(&self, label: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let (label, matchers) = (label.to_owned(), matchers.to_vec());
        self.read(move |shared| shared.label_values(&label, &matchers))
            .await
    }

    async fn label_names(&self, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let matchers = matchers.to_vec();
        self.read(move |shared| shared.label_names(&matchers)).await
    }

    async fn series(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Labels>, Error> {
        let matchers = matchers.to_vec();
        self.read(move |shared| shared.series(&matchers, from.as_millis(), to.as_millis()))
            .await
    }

    async fn exemplars(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        Ok(self.shared.exemplars(matchers, from, to))
    }

    async fn delete(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Error> {
        let range = (from.as_millis(), to.as_millis());
        let matchers = matchers.to_vec();
        self.queue
            .ask(|reply| Request::Delete(matchers, range, reply))
            .await
    }

    async fn describe(&self, metadata: Vec<Metadata>) -> Result<(), Error> {
        self.queue
            .ask(|reply| Request::Describe(metadata, reply))
            .await
    }

    async fn metadata(&self, metric: Option<&str>) -> Result<Vec<Metadata>, Error> {
        Ok(self.shared.annex().metadata(metric))
    }

    async fn buckets(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
        width: Duration,
    ) -> Result<Vec<Bucketed>, Error> {
        let matchers = matchers.to_vec();
        self.read(move |shared| shared.buckets(&matchers, from, to, width))
            .await
    }

    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        let query = query.clone();
        self.read(move |shared| {
            let series = shared.gather(query.selections(at, at))?;
            query
                .instant(at, &series)
                .map_err(|why| Error::Query(why.to_string()))
        })
        .await
    }

    async fn query_range(
        &self,
        query: &Query,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Answer, Error> {
        let query = query.clone();
        self.read(move |shared| {
            let series = shared.gather(query.selections(from, to))?;
            query
                .range(from, to, step, &series)
                .map_err(|why| Error::Query(why.to_string()))
        })
        .await
    }

    async fn retain(&self, keep: Duration, now: Timestamp) -> Result<u64, Error> {
        self.queue
            .ask(|reply| Request::Drop(now, keep, reply))
            .await
    }

    async fn close(&self) -> Result<(), Error> {
        if self.shared.head().samples < CLOSE_SAMPLES_MIN {
            return Ok(());
        }
        self.queue.ask(Request::Seal).await
    }

    async fn status(&self) -> Result<Status, Error> {
        Ok(self.shared.status())
    }
}

impl Shared {
    fn head(&self) -> RwLockReadGuard<'_, Head> {
        self.head.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn annex(&self) -> MutexGuard<'_, Annex> {
        self.annex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn floods(&self) -> MutexGuard<'_, Floods> {
        self.floods.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> Status {
        let (blocks, series, samples) = {
            let head = self.head();
            (self.shelf.all(), head.len() as u64, head.samples)
        };
        Status {
            // After an opening the head may be empty although its series live on.
            series: series.max(blocks.last().map_or(0, |block| block.series)),
            samples: samples + blocks.iter().map(|block| block.samples).sum::<u64>(),
            disk_bytes: self.log_bytes.load(Ordering::Relaxed)
                + blocks.iter().map(|block| block.bytes).sum::<u64>()
                + self.rollups.bytes(),
            recovered: self.shelf.notices(),
            floods: self.floods().all(),
        }
    }
}

#[cfg(test)]
mod tests;
