//! The embedded log store: a write-ahead log, and columns by stream and day.
//!
//! ```text
//! wal/     frames of records (frame.rs): all that is in no part yet
//! parts/   <seal>-<n>-of-<count>.part, <seal>-<n>.merged   (part.rs, block.rs, text/)
//!          <part>.gone                                     rows deleted from it (gone.rs)
//! holds.json
//! departed.json                                           why sealed parts are gone (departed.rs)
//! ```
//!
//! One thread writes (`writer`): it leaves out records whose id it knows, syncs the rest to the log once,
//! and only then shows them and answers. Rows gather in tables; a full one becomes a block, and blocks
//! become parts when there are enough, and the log behind them goes. Another thread merges small parts.
//!
//! A search asks the headers of blocks whose stream and time can match, decodes the columns that its
//! conditions need, and makes records only of rows that are answers. Over all rows it finds what
//! `Record::matches` finds.

mod bits;
mod block;
mod bloom;
mod bytes;
mod cells;
mod delete;
mod departed;
mod export;
mod filter;
mod frame;
mod gone;
mod header;
mod headers;
mod memory;
mod merge;
mod numbers;
mod part;
mod plan;
mod read;
mod shape;
mod shelf;
mod source;
mod table;
mod text;
mod writer;

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use async_trait::async_trait;
use promise::{LogQuery, Timestamp};

use self::{
    departed::Departures, headers::Headers, memory::Memory, merge::Merger, part::Part, read::Over,
    shelf::Shelf, writer::Request,
};
use super::{
    Appended, Batches, Deleted, Deletion, Export, Exported, Hold, LogStore, Record, Scan, Sealed,
    Search, Status, hold::Holds,
};
use crate::{
    Error,
    commit::{Queue, blocking},
    disk::{Disk, RealDisk},
};

/// What may be set; the defaults are for production.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rows in memory are sealed when their values had so many bytes as they came; as blocks they take about an
    /// eighth of it.
    pub seal_bytes: usize,
    /// How many of the newest ids are remembered to recognise a record posted again (about 50 bytes each).
    pub ids_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seal_bytes: 64 << 20,
            ids_max: 131_072,
        }
    }
}

/// Dropping it finishes what waits. Opening it again finds all that was acknowledged.
pub struct EmbeddedLogs {
    /// Ends before the queue that it asks.
    merger: Option<JoinHandle<()>>,
    queue: Arc<Queue<Request>>,
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
}

struct Shared {
    shelf: Shelf,
    /// Written by the writer alone, and never while it waits for the disk.
    memory: RwLock<Memory>,
    headers: Headers,
    holds: Holds,
    departures: Departures,
    merger: Merger,
    log_bytes: AtomicU64,
}

impl EmbeddedLogs {
    /// Opens or creates the store in `folder`. The caller holds the data directory's lock.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(folder, Options::default())
    }

    pub fn open_with(folder: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        Self::open_on(Arc::new(RealDisk), folder.as_ref(), options)
    }

    fn open_on(disk: Arc<dyn Disk>, folder: &Path, options: Options) -> Result<Self, Error> {
        let shelf = Shelf::open(folder.join("parts"), &folder.join("wal"))?;
        let departures = Departures::open(folder, shelf.all().iter().map(|part| part.name()))?;
        departures.add(shelf.superseded().to_vec(), &*disk)?;
        shelf.remove_superseded()?;
        let shared = Arc::new(Shared {
            shelf,
            memory: RwLock::default(),
            headers: Headers::default(),
            holds: Holds::open(folder)?,
            departures,
            merger: Merger::default(),
            log_bytes: AtomicU64::new(0),
        });
        let mut writer =
            writer::Writer::open(disk.clone(), &folder.join("wal"), shared.clone(), options)?;
        let queue = Queue::start("logs-writer", move |group| writer.answer(group));
        let queue = Arc::new(queue.map_err(|e| Error::io(folder, e))?);
        let swap = Box::new(Swapping(queue.clone()));
        let merger =
            merge::start(shared.clone(), disk.clone(), swap).map_err(|e| Error::io(folder, e))?;
        shared.merger.wake();
        Ok(Self {
            merger: Some(merger),
            queue,
            shared,
            disk,
        })
    }
}

impl Drop for EmbeddedLogs {
    fn drop(&mut self) {
        self.shared.merger.end();
        if let Some(merger) = self.merger.take() {
            // A thread that panicked merges no more, which costs room and nothing else.
            let _ = merger.join();
        }
    }
}

/// Lets the writer put a merged part in its place.
struct Swapping(Arc<Queue<Request>>);

impl merge::Swap for Swapping {
    fn swap(&self, old: Vec<Arc<Part>>, rows: u64, new: Option<Part>) -> Result<bool, Error> {
        self.0.ask_blocking(|reply| Request::Replace {
            old,
            rows,
            new,
            reply,
        })
    }
}

#[async_trait]
impl LogStore for EmbeddedLogs {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, Error> {
        self.append_shared(records.into()).await
    }

    async fn append_shared(&self, records: Arc<[Record]>) -> Result<Appended, Error> {
        self.queue
            .ask(|reply| Request::Append(records, reply))
            .await
    }

    async fn search(&self, search: &Search) -> Result<Vec<Record>, Error> {
        let (shared, search) = (self.shared.clone(), search.clone());
        blocking(move || shared.search(&search)).await
    }

    async fn count(&self, query: &LogQuery, from: Timestamp, to: Timestamp) -> Result<u64, Error> {
        let (shared, query) = (self.shared.clone(), query.clone());
        blocking(move || {
            shared.count(&Over {
                query: &query,
                from: from.as_millis(),
                to: to.as_millis(),
                newest_first: false,
            })
        })
        .await
    }

    async fn scan(&self, scan: &Scan) -> Result<Batches, Error> {
        let (shared, scan) = (self.shared.clone(), scan.clone());
        Ok(Batches::told_by(move |tell| shared.columns(&scan, tell)))
    }

    async fn retain(&self, stream: &str, keep: Duration, now: Timestamp) -> Result<u64, Error> {
        let (stream, before) = (stream.to_owned(), (now - keep).as_millis());
        self.queue
            .ask(|reply| Request::DropBefore {
                stream,
                before,
                reply,
            })
            .await
    }

    async fn delete(&self, deletion: &Deletion) -> Result<Deleted, Error> {
        let deletion = Box::new(deletion.clone());
        self.queue
            .ask(|reply| Request::Delete(deletion, reply))
            .await
    }

    async fn hold(&self, hold: Hold) -> Result<(), Error> {
        self.queue.ask(|reply| Request::Hold(hold, reply)).await
    }

    async fn release(&self, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        self.queue.ask(|reply| Request::Release(name, reply)).await
    }

    async fn holds(&self) -> Result<Vec<Hold>, Error> {
        Ok(self.shared.holds.all())
    }

    async fn seal(&self) -> Result<Sealed, Error> {
        self.queue.ask(Request::Seal).await?;
        let parts = self.shared.shelf.all();
        // First that they are told: one that leaves from here on is noted, though it is among the parts too.
        self.shared.departures.tell(&parts);
        Ok(Sealed {
            parts: parts.iter().map(|part| part.seal()).collect(),
            departed: self.shared.departures.all(),
        })
    }

    async fn export(&self, export: &Export) -> Result<Exported, Error> {
        self.queue.ask(Request::Seal).await?;
        let (shared, disk, export) = (self.shared.clone(), self.disk.clone(), export.clone());
        blocking(move || export::export(&shared, &export, &*disk)).await
    }

    async fn verify(&self) -> Result<Vec<String>, Error> {
        let shared = self.shared.clone();
        blocking(move || {
            for part in shared.shelf.all() {
                shared.shelf.with(&part, || part.verify())?;
            }
            Ok(shared.shelf.notices())
        })
        .await
    }

    async fn streams(&self) -> Result<Vec<String>, Error> {
        let mut streams: BTreeSet<String> = self
            .shared
            .shelf
            .all()
            .iter()
            .map(|part| part.stream.to_string())
            .collect();
        streams.extend(
            self.shared
                .memory
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .streams(),
        );
        Ok(streams.into_iter().collect())
    }

    async fn status(&self) -> Result<Status, Error> {
        let (parts, records) = {
            let memory = self
                .shared
                .memory
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            (self.shared.shelf.all(), memory.rows() as u64)
        };
        Ok(Status {
            records: records + parts.iter().map(|part| part.rows()).sum::<u64>(),
            disk_bytes: self.shared.log_bytes.load(Ordering::Relaxed)
                + parts.iter().map(|part| part.bytes).sum::<u64>(),
            recovered: self.shared.shelf.notices(),
        })
    }
}

/// Whether a file is the part that has this sum.
pub(super) fn holds(file: &Path, sha256: &str) -> Result<Option<bool>, Error> {
    let part = match Part::open(file) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(Error::Damaged { .. }) => return Ok(Some(false)),
        part => part?,
    };
    match part.verify() {
        Err(Error::Damaged { .. }) => Ok(Some(false)),
        verified => verified.map(|()| Some(part.sum_hex() == sha256)),
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
