//! The embedded log store: a write-ahead log, rows in memory, immutable parts on disk by stream and day.
//!
//! One thread writes (`writer`): it leaves out records whose id it knows, syncs the rest to the log once,
//! and only then shows them and answers. Rows that take enough memory become parts and the log behind
//! them goes. A search reads the parts whose stream and time can match, block by block, and holds no more
//! rows than it may answer.

mod memory;
mod part;
mod row;
mod shelf;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use promise::{LogQuery, Timestamp};

use self::{memory::Memory, row::Row, shelf::Shelf, writer::Request};
use super::{Appended, Batch, Batches, LogStore, Record, Scan, Search, Status};
use crate::{
    Error,
    commit::{Queue, blocking},
    disk::{Disk, RealDisk},
};

/// What may be set; the defaults are for production.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rows in memory of so many bytes are sealed.
    pub seal_bytes: usize,
    /// How many of the newest ids are remembered to recognise a record posted again (about 50 bytes each).
    pub ids_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seal_bytes: 8 << 20,
            ids_max: 131_072,
        }
    }
}

/// Dropping it finishes what waits. Opening it again finds all that was acknowledged.
pub struct EmbeddedLogs {
    queue: Queue<Request>,
    shared: Arc<Shared>,
}

struct Shared {
    shelf: Shelf,
    /// Written by the writer alone, and never while it waits for the disk.
    memory: RwLock<Memory>,
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
        let shared = Arc::new(Shared {
            shelf,
            memory: RwLock::default(),
            log_bytes: AtomicU64::new(0),
        });
        let mut writer = writer::Writer::open(disk, &folder.join("wal"), shared.clone(), options)?;
        let queue = Queue::start("logs-writer", move |group| writer.answer(group));
        Ok(Self {
            queue: queue.map_err(|e| Error::io(folder, e))?,
            shared,
        })
    }
}

#[async_trait]
impl LogStore for EmbeddedLogs {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, Error> {
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
            let mut n = 0;
            let over = Over {
                query: &query,
                from: from.as_millis(),
                to: to.as_millis(),
                newest_first: false,
            };
            shared.scan(&over, |_| true, |_| n += 1)?;
            Ok(n)
        })
        .await
    }

    async fn scan(&self, scan: &Scan) -> Result<Batches, Error> {
        let (shared, scan) = (self.shared.clone(), scan.clone());
        Ok(Batches::told_by(move |tell| {
            let mut by_stream: BTreeMap<String, Vec<Record>> = BTreeMap::new();
            let over = Over {
                query: &scan.query,
                from: scan.from.as_millis(),
                to: scan.to.as_millis(),
                newest_first: false,
            };
            shared.scan(
                &over,
                |_| true,
                |record| {
                    by_stream
                        .entry(record.stream.clone())
                        .or_default()
                        .push(record);
                },
            )?;
            for (stream, records) in by_stream {
                if !tell(Batch::of(&stream, &records, &scan.columns)) {
                    break;
                }
            }
            Ok(())
        }))
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

    async fn streams(&self) -> Result<Vec<String>, Error> {
        let mut streams: BTreeSet<String> = self
            .shared
            .shelf
            .all()
            .iter()
            .map(|p| p.stream.clone())
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
                + parts.iter().map(|p| p.bytes).sum::<u64>(),
            recovered: self.shared.shelf.notices(),
        })
    }
}

/// What a scan goes over: records in `(from, to]` that the query means.
struct Over<'q> {
    query: &'q LogQuery,
    from: i64,
    to: i64,
    newest_first: bool,
}

/// Where a record stands in the order of answers. Ids are unique but within their window only, so what
/// came later breaks ties.
type Place = (i64, u128, usize);

impl Shared {
    fn search(&self, search: &Search) -> Result<Vec<Record>, Error> {
        let limit = search.limit.min(Search::LIMIT_MAX);
        let kept = std::cell::RefCell::new(BTreeMap::<Place, Record>::new());
        let mut seen = 0;
        // Whether rows of these times could still be among the answers.
        let wanted = |(first, last): (i64, i64)| {
            let kept = kept.borrow();
            kept.len() < limit
                || if search.newest_first {
                    kept.first_key_value()
                        .is_some_and(|((at, ..), _)| last >= *at)
                } else {
                    kept.last_key_value()
                        .is_some_and(|((at, ..), _)| first <= *at)
                }
        };
        let after = search.after.map(|(at, id)| (at.as_millis(), id));
        let is_later = |place: (i64, u128)| {
            after.is_none_or(|after| {
                if search.newest_first {
                    place < after
                } else {
                    place > after
                }
            })
        };
        let keep = |record: Record| {
            if !is_later((record.at.as_millis(), record.id)) {
                return;
            }
            seen += 1;
            let mut kept = kept.borrow_mut();
            kept.insert((record.at.as_millis(), record.id, seen), record);
            if kept.len() > limit {
                if search.newest_first {
                    kept.pop_first()
                } else {
                    kept.pop_last()
                };
            }
        };
        if limit > 0 {
            let (from, to) = (search.from.as_millis(), search.to.as_millis());
            self.scan(
                &Over {
                    query: &search.query,
                    from,
                    to,
                    newest_first: search.newest_first,
                },
                wanted,
                keep,
            )?;
        }
        let found = kept.into_inner().into_values();
        Ok(if search.newest_first {
            found.rev().collect()
        } else {
            found.collect()
        })
    }

    /// Gives every record that is meant to `each`, roughly in the order asked for; blocks that are not
    /// `wanted` when their turn comes are not read.
    fn scan(
        &self,
        over: &Over<'_>,
        wanted: impl Fn((i64, i64)) -> bool,
        mut each: impl FnMut(Record),
    ) -> Result<(), Error> {
        let inside = |at: i64| at > over.from && at <= over.to;
        let mut pass = |rows: &[Row], stream: &str, path: &Path| {
            for row in rows.iter().filter(|row| inside(row.at)) {
                let record = row
                    .record(stream)
                    .ok_or_else(|| Error::damaged(path, "a row is no JSON"))?;
                if record.matches(over.query) {
                    each(record);
                }
            }
            Ok(())
        };
        let (parts, fresh) = {
            let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
            (
                self.shelf.all(),
                memory.snapshot(|stream| over.query.streams_maybe(stream), inside),
            )
        };
        for (stream, rows) in fresh {
            pass(&rows, &stream, Path::new("memory"))?;
        }
        let mut blocks: Vec<_> = parts
            .iter()
            .filter(|part| over.query.streams_maybe(&part.stream))
            .flat_map(|part| part.blocks().iter().map(move |block| (part, *block)))
            .filter(|(_, block)| block.last > over.from && block.first <= over.to)
            .collect();
        if over.newest_first {
            blocks.sort_by_key(|(_, block)| std::cmp::Reverse(block.last));
        } else {
            blocks.sort_by_key(|(_, block)| block.first);
        }
        for (part, block) in blocks {
            if !wanted((block.first, block.last)) {
                continue;
            }
            if let Some(rows) = self.shelf.with(part, || part.read(block))? {
                pass(&rows, &part.stream, &part.path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
