//! The embedded metric store: a write-ahead log, a compressed head in memory, immutable blocks on disk.
//!
//! One thread writes (`writer`): it takes all appends that wait, refuses what is not newer than its
//! series, syncs the rest to the log once, and only then shows it in the head and answers. A head that is
//! large or old enough becomes a block and the log behind it goes. Readers take a snapshot of the head and
//! the list of blocks together, so they see every sample once while a head is being sealed.
//!
//! It does not merge blocks and does not answer queries (`promql` does, over `select`).

mod block;
mod codec;
mod head;
mod index;
mod shelf;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map},
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use promise::{Timestamp, signal::Matcher};

use self::{head::Head, shelf::Shelf, writer::Request};
use super::{Appended, MetricStore, Status};
use crate::{
    Error, Labels, Sample, Series,
    commit::{Queue, blocking},
    disk::{Disk, RealDisk},
    wire::Reader,
};

/// What one `select` may answer: 320 MB, ten years of a series at 15 s.
const SELECT_SAMPLES_MAX: usize = 20_000_000;

/// What may be set; the defaults are for production.
#[derive(Debug, Clone)]
pub struct Options {
    /// Series between two seals. Each takes about 1 KiB, so the default bounds the head near 200 MiB.
    pub series_max: usize,
    /// A head of so many samples is sealed: about 8 MiB in memory and 60 MB of log to replay.
    pub seal_samples: u64,
    /// A head that spans so much time is sealed, so that retention can drop it by the day.
    pub seal_span: Duration,
    /// But not a head of so few samples, or late and early samples in turn would make a block each.
    pub seal_samples_min: u64,
    /// A log of so many bytes is sealed, however well its samples are compressed.
    pub seal_log_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            series_max: 200_000,
            seal_samples: 4_000_000,
            seal_span: Duration::from_secs(24 * 3600),
            seal_samples_min: 4096,
            seal_log_bytes: 128 << 20,
        }
    }
}

/// Dropping it finishes what waits. Opening it again finds all that was acknowledged.
pub struct EmbeddedMetrics {
    queue: Queue<Request>,
    shared: Arc<Shared>,
}

struct Shared {
    shelf: Shelf,
    /// Written by the writer alone, and never while it waits for the disk.
    head: RwLock<Head>,
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
        let shelf = Shelf::open(folder.join("blocks"))?;
        let shared = Arc::new(Shared {
            shelf,
            head: RwLock::default(),
            log_bytes: AtomicU64::new(0),
        });
        let mut writer = writer::Writer::open(disk, &folder.join("wal"), shared.clone(), options)?;
        let queue = Queue::start("metrics-writer", move |group| writer.answer(group));
        Ok(Self {
            queue: queue.map_err(|e| Error::io(folder, e))?,
            shared,
        })
    }
}

#[async_trait]
impl MetricStore for EmbeddedMetrics {
    async fn append(&self, batch: Vec<Series>) -> Result<Appended, Error> {
        self.queue.ask(|reply| Request::Append(batch, reply)).await
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        let (shared, matchers) = (self.shared.clone(), matchers.to_vec());
        blocking(move || shared.select(&matchers, from.as_millis(), to.as_millis())).await
    }

    async fn label_values(&self, label: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let (shared, label, matchers) = (self.shared.clone(), label.to_owned(), matchers.to_vec());
        blocking(move || shared.label_values(&label, &matchers)).await
    }

    async fn exemplars(
        &self,
        _: &[Matcher],
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        Ok(Vec::new())
    }

    async fn delete(&self, _: &[Matcher], _: Timestamp, _: Timestamp) -> Result<(), Error> {
        Err(Error::Unsupported("deleting samples"))
    }

    async fn describe(&self, _: Vec<super::Metadata>) -> Result<(), Error> {
        Ok(())
    }

    async fn metadata(&self, _: Option<&str>) -> Result<Vec<super::Metadata>, Error> {
        Ok(Vec::new())
    }

    async fn retain(&self, keep: Duration, now: Timestamp) -> Result<u64, Error> {
        let before = (now - keep).as_millis();
        self.queue
            .ask(|reply| Request::DropBefore(before, reply))
            .await
    }

    async fn status(&self) -> Result<Status, Error> {
        Ok(self.shared.status())
    }
}

impl Shared {
    fn select(&self, matchers: &[Matcher], from: i64, to: i64) -> Result<Vec<Series>, Error> {
        let mut found = Found::default();
        let (blocks, fresh) = {
            let head = self.head.read().unwrap_or_else(PoisonError::into_inner);
            (self.shelf.all(), head.snapshot(matchers, from, to))
        };
        for block in blocks
            .iter()
            .filter(|block| block.first <= to && block.last >= from)
        {
            let mut part = Found {
                samples: found.samples,
                ..Found::default()
            };
            let read = |open: &block::OpenBlock| {
                open.select(matchers, from, to, |labels, samples| {
                    part.add(labels, samples)
                })
            };
            // Merged only when the whole block was read, so that a damaged one leaves nothing half there.
            if self.shelf.with(block, read)?.is_some() {
                found.merge(part);
            }
        }
        for series in fresh {
            let mut samples = Vec::new();
            for chunk in &series.chunks {
                let whole = codec::next(&mut Reader::new(&chunk.bytes))
                    .and_then(|(span, body)| codec::decode(span, body, &mut samples));
                whole.ok_or_else(|| Error::damaged("memory", "a chunk is not what was encoded"))?;
            }
            samples.extend(series.tail);
            samples.retain(|s| (from..=to).contains(&s.at.as_millis()));
            found.add(series.labels, samples)?;
        }
        Ok(found
            .series
            .into_iter()
            .map(|(labels, samples)| Series {
                labels,
                samples,
                ..Series::default()
            })
            .collect())
    }

    fn label_values(&self, label: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let mut values = BTreeSet::new();
        let blocks = {
            let head = self.head.read().unwrap_or_else(PoisonError::into_inner);
            for labels in head.labels(matchers) {
                let value = labels.get(label);
                if !value.is_empty() && !values.contains(value) {
                    values.insert(value.to_owned());
                }
            }
            self.shelf.all()
        };
        for block in &blocks {
            let mut add = |open: &block::OpenBlock| {
                open.index.values(label, matchers, &mut values);
                Ok(())
            };
            self.shelf.with(block, &mut add)?;
        }
        Ok(values.into_iter().collect())
    }

    fn status(&self) -> Status {
        let (blocks, series, samples) = {
            let head = self.head.read().unwrap_or_else(PoisonError::into_inner);
            (self.shelf.all(), head.len() as u64, head.samples)
        };
        Status {
            // Right after a seal the head is empty although its series live on.
            series: series.max(blocks.last().map_or(0, |block| block.series)),
            samples: samples + blocks.iter().map(|block| block.samples).sum::<u64>(),
            disk_bytes: self.log_bytes.load(Ordering::Relaxed)
                + blocks.iter().map(|block| block.bytes).sum::<u64>(),
            recovered: self.shelf.notices(),
        }
    }
}

/// What a `select` has found so far.
#[derive(Default)]
struct Found {
    series: BTreeMap<Labels, Vec<Sample>>,
    samples: usize,
}

impl Found {
    /// The samples of one series come in the order in which they were appended.
    fn add(&mut self, labels: Labels, samples: Vec<Sample>) -> Result<(), Error> {
        if samples.is_empty() {
            return Ok(());
        }
        self.samples += samples.len();
        if self.samples > SELECT_SAMPLES_MAX {
            return Err(Error::over(
                "the number of samples of one query",
                SELECT_SAMPLES_MAX,
            ));
        }
        self.push(labels, samples);
        Ok(())
    }

    fn push(&mut self, labels: Labels, samples: Vec<Sample>) {
        match self.series.entry(labels) {
            btree_map::Entry::Occupied(mut known) => known.get_mut().extend(samples),
            btree_map::Entry::Vacant(free) => {
                free.insert(samples);
            }
        }
    }

    fn merge(&mut self, part: Self) {
        self.samples = part.samples;
        for (labels, samples) in part.series {
            self.push(labels, samples);
        }
    }
}

#[cfg(test)]
mod tests;
