//! The one who writes: leaves out what is known, logs the rest, shows it, seals.
//!
//! A frame of the log is one append, so it is there whole or not at all.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError, RwLockWriteGuard, atomic::Ordering},
};

use super::{
    Options, Shared,
    bytes::Squeeze,
    delete,
    frame::{self, Frame},
    memory::{self, Ids, Key, Memory},
    part::{Part, PartWriter},
};
use crate::{
    Error, Record,
    commit::{Group, Reply},
    disk::Disk,
    logs::{Appended, Deleted, Deletion, Hold, Why},
    wal::Wal,
};

pub(super) enum Request {
    Append(Arc<[Record]>, Reply<Appended>),
    DropBefore {
        stream: String,
        before: i64,
        reply: Reply<u64>,
    },
    Delete(Box<Deletion>, Reply<Deleted>),
    Hold(Hold, Reply<()>),
    Release(String, Reply<bool>),
    /// Seals what is in memory, whatever its size.
    Seal(Reply<()>),
    /// Puts a merged part in the place of others, unless one of these has changed since.
    Replace {
        old: Vec<Arc<Part>>,
        rows: u64,
        new: Option<Part>,
        reply: Reply<bool>,
    },
}

/// After a seal failed (a full disk, mostly), so many more bytes come before the next try.
const SEAL_AGAIN_BYTES: usize = 1 << 20;
/// Rows older or newer than most make parts of their own; a seal of more parts waits for fewer days.
const PARTS_MAX: usize = 99_999;
/// Appends that wait together for one sync hold so many bytes of frames at most: beyond, the sync comes first.
const GROUP_BYTES: usize = 8 << 20;

pub(super) struct Writer {
    pub(super) disk: Arc<dyn Disk>,
    wal: Wal,
    pub(super) shared: Arc<Shared>,
    options: Options,
    ids: Ids,
    squeeze: Squeeze,
    /// The names of streams, each kept once.
    streams: BTreeMap<String, Arc<str>>,
    /// The size of memory below which a failed seal is not tried again.
    seal_not_below: usize,
    /// The last segment of the log whose rows lie in parts.
    sealed: u64,
    /// Parts that were replaced, and may still be read.
    leaving: Vec<Arc<Part>>,
}

/// A record that is not known yet, where it lies.
struct Admitted {
    stream: Arc<str>,
    records: Arc<[Record]>,
    place: usize,
}

/// Appends that are admitted but not yet durable.
#[derive(Default)]
struct Staged {
    group: Group<Appended>,
    rows: Vec<Admitted>,
    ids: Vec<u128>,
}

impl Writer {
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        shared: Arc<Shared>,
        options: Options,
    ) -> Result<Self, Error> {
        let mut ids = Ids::new(options.ids_max);
        let mut memory = Memory::default();
        let mut squeeze = Squeeze::default();
        let sealed = shared.shelf.covered();
        let (wal, recovered) = Wal::open(disk.clone(), folder, sealed, |frame| {
            let rows =
                frame::read(frame).ok_or_else(|| "it is not what the writer writes".to_owned())?;
            for row in rows {
                // An append that was refused and sent again may stand in the log twice; here it counts once.
                if ids.learn(row.id) {
                    let full = memory
                        .append(&row.stream, row.id, row.at, &row.fields)
                        .map_err(|error| error.to_string())?;
                    if let Some(key) = full {
                        memory
                            .roll(&key, &mut squeeze)
                            .map_err(|error| error.to_string())?;
                    }
                }
            }
            Ok(())
        })?;
        for what in recovered {
            shared.shelf.notice(what);
        }
        recall_ids(&shared, &mut ids)?;
        *memory_mut(&shared) = memory;
        shared.log_bytes.store(wal.bytes(), Ordering::Relaxed);
        Ok(Self {
            disk,
            wal,
            shared,
            options,
            ids,
            squeeze,
            streams: BTreeMap::new(),
            seal_not_below: 0,
            sealed,
            leaving: Vec::new(),
        })
    }

    /// Answers each request of a group; its appends share one sync.
    pub fn answer(&mut self, group: Vec<Request>) {
        let mut staged = Staged::default();
        for request in group {
            if !matches!(request, Request::Append(..)) || staged.group.frames.len() >= GROUP_BYTES {
                self.commit(std::mem::take(&mut staged));
            }
            // Whoever gave up waiting needs no answer.
            match request {
                Request::Append(records, reply) => {
                    let admitted = self.stage(records, &mut staged);
                    staged.group.wait(reply, admitted);
                }
                Request::DropBefore {
                    stream,
                    before,
                    reply,
                } => drop(reply.send(self.drop_before(&stream, before))),
                Request::Delete(deletion, reply) => drop(reply.send(self.delete(&deletion))),
                Request::Hold(hold, reply) => {
                    drop(reply.send(self.shared.holds.add(hold, &*self.disk)))
                }
                Request::Release(name, reply) => {
                    drop(reply.send(self.shared.holds.remove(&name, &*self.disk)))
                }
                Request::Seal(reply) => drop(reply.send(self.seal())),
                Request::Replace {
                    old,
                    rows,
                    new,
                    reply,
                } => drop(reply.send(self.replace(&old, rows, new))),
            }
        }
        self.commit(staged);
        self.sweep();
    }

    /// Admits records whole or not at all.
    fn stage(&mut self, records: Arc<[Record]>, staged: &mut Staged) -> Result<Appended, Error> {
        let total = records.len() as u64;
        let ids_before = staged.ids.len();
        let mut admit = || {
            let mut new = Vec::with_capacity(records.len());
            let mut frame = Frame::default();
            for record in &*records {
                memory::admit(record)?;
                let is_new = self.ids.learn(record.id);
                new.push(is_new);
                if is_new {
                    staged.ids.push(record.id);
                    frame.add(record)?;
                }
            }
            if staged.ids.len() > ids_before {
                Wal::frame(&mut staged.group.frames, &frame.bytes())?;
            }
            Ok(new)
        };
        let new = match admit() {
            Ok(new) => new,
            Err(error) => {
                self.ids.unlearn(&staged.ids[ids_before..]);
                staged.ids.truncate(ids_before);
                return Err(error);
            }
        };
        let new = (0..records.len()).zip(new).filter(|(_, is_new)| *is_new);
        for (place, _) in new {
            let record = &records[place];
            let stream = match self.streams.get(&record.stream) {
                Some(stream) => stream.clone(),
                None => {
                    let stream: Arc<str> = record.stream.as_str().into();
                    self.streams.insert(record.stream.clone(), stream.clone());
                    stream
                }
            };
            staged.rows.push(Admitted {
                stream,
                records: records.clone(),
                place,
            });
        }
        let stored = (staged.ids.len() - ids_before) as u64;
        Ok(Appended {
            stored,
            known: total - stored,
        })
    }

    fn commit(&mut self, staged: Staged) {
        let Staged { group, rows, ids } = staged;
        let (shared, known, squeeze) = (&self.shared, &mut self.ids, &mut self.squeeze);
        group.commit(&mut self.wal, |durable| {
            if durable {
                show(shared, &rows, squeeze);
            } else {
                known.unlearn(&ids);
            }
        });
        self.seal_if_due();
        self.shared
            .log_bytes
            .store(self.wal.bytes(), Ordering::Relaxed);
    }

    fn drop_before(&mut self, stream: &str, before: i64) -> Result<u64, Error> {
        let in_memory = {
            let memory = self
                .shared
                .memory
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            memory.fresh.iter().any(|((known, day), _)| {
                **known == *stream && day.saturating_mul(super::part::DAY_MILLIS) < before
            })
        };
        if in_memory {
            self.seal()?;
        }
        self.forget_sealed()?;
        let shared = &self.shared;
        let goes = |part: &Arc<Part>| {
            *part.stream == *stream
                && part.last() < before
                && !shared.holds.touch(&part.stream, part.first(), part.last())
        };
        let old: Vec<Arc<Part>> = shared.shelf.all().into_iter().filter(goes).collect();
        let parts: Vec<&Part> = old.iter().map(|part| &**part).collect();
        shared
            .departures
            .note(&parts, &Why::Retention, &*self.disk)?;
        let mut freed = 0;
        for part in &old {
            freed += shared.shelf.remove(part)?;
        }
        Ok(freed)
    }

    /// What is to go must lie in parts first: only there it can be marked so that it stays away.
    fn delete(&mut self, deletion: &Deletion) -> Result<Deleted, Error> {
        self.seal()?;
        delete::delete(&self.shared, deletion, &*self.disk)
    }

    /// Puts a merged part in the place of others; `false` where these are no longer what was merged.
    fn replace(&mut self, old: &[Arc<Part>], rows: u64, new: Option<Part>) -> Result<bool, Error> {
        let all = self.shared.shelf.all();
        let is_there = |part: &Arc<Part>| all.iter().any(|known| Arc::ptr_eq(known, part));
        let is_same =
            old.iter().all(is_there) && old.iter().map(|part| part.rows()).sum::<u64>() == rows;
        if !is_same {
            if let Some(new) = new {
                std::fs::remove_file(&new.path).map_err(|e| Error::io(&new.path, e))?;
            }
            return Ok(false);
        }
        self.forget_sealed()?;
        let parts: Vec<&Part> = old.iter().map(|part| &**part).collect();
        let into = new.as_ref().map(Part::sum_hex);
        let why = Why::Merged { into };
        self.shared.departures.note(&parts, &why, &*self.disk)?;
        self.shared.shelf.replace(old, new);
        self.leaving.extend(old.iter().cloned());
        Ok(true)
    }

    /// Removes the files of parts that were replaced, once nobody reads them any more.
    fn sweep(&mut self) {
        let (read, free): (Vec<_>, Vec<_>) = self
            .leaving
            .drain(..)
            .partition(|part| Arc::strong_count(part) > 1);
        self.leaving = read;
        for part in free {
            if let Err(error) = self.shared.shelf.remove(&part) {
                // The next opening tries again: the part that came in its place names it.
                tracing::warn!(%error, "a merged part of the log store could not be removed");
            }
        }
    }

    /// A seal that lost a part while its log is still there would look interrupted.
    fn forget_sealed(&mut self) -> Result<(), Error> {
        self.wal.forget(self.sealed)?;
        // Whoever asks how much there is once a seal is done hears of it without the log.
        self.shared
            .log_bytes
            .store(self.wal.bytes(), Ordering::Relaxed);
        Ok(())
    }

    fn seal_if_due(&mut self) {
        let bytes = self
            .shared
            .memory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .bytes;
        if bytes < self.options.seal_bytes || bytes < self.seal_not_below {
            return;
        }
        self.seal_not_below = 0;
        if let Err(error) = self.seal() {
            self.seal_not_below = bytes + SEAL_AGAIN_BYTES;
            tracing::warn!(%error, "the rows of the log store could not be sealed and stay in its write-ahead log");
        }
    }

    /// Turns the rows in memory into parts. Whatever fails, the rows stay and so does their log.
    fn seal(&mut self) -> Result<(), Error> {
        let keys: Vec<Key> = {
            let memory = self
                .shared
                .memory
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            memory.fresh.keys().cloned().collect()
        };
        if keys.is_empty() {
            return Ok(());
        }
        if keys.len() > PARTS_MAX {
            return Err(Error::over(
                "the number of streams and days in memory",
                PARTS_MAX,
            ));
        }
        for key in &keys {
            // The table, and one before it where making that a block failed.
            roll(&self.shared, key, &mut self.squeeze)?;
            roll(&self.shared, key, &mut self.squeeze)?;
        }
        let number = self.wal.rotate();
        let (of, mut parts) = (keys.len(), Vec::new());
        let mut write = || {
            for (index, key) in keys.iter().enumerate() {
                let path = self.shared.shelf.path(number, index, of);
                let blocks = self
                    .shared
                    .memory
                    .read()
                    .unwrap_or_else(PoisonError::into_inner)
                    .blocks(key);
                self.disk
                    .write_streamed(&path, &mut |out| {
                        let mut writer = PartWriter::new(out)?;
                        for part in &blocks {
                            let source = part.source().map_err(std::io::Error::other)?;
                            for block in part.blocks() {
                                let bytes =
                                    part.copy(block, &source).map_err(std::io::Error::other)?;
                                writer.block(block, &bytes)?;
                            }
                        }
                        writer.finish(&key.0, key.1, &[])
                    })
                    .map_err(|e| Error::io(&path, e))?;
                parts.push(Part::open(&path)?);
            }
            Ok(())
        };
        if let Err(error) = write() {
            for part in parts {
                // Were it to stay, the next opening would remove it as one of an interrupted seal.
                let _ = std::fs::remove_file(&part.path);
            }
            return Err(error);
        }
        {
            // Both at once for readers, who take the memory's lock before they look at the parts.
            let mut memory = memory_mut(&self.shared);
            self.shared.shelf.put(parts);
            *memory = Memory::default();
        }
        self.sealed = number;
        self.forget_sealed()?;
        self.shared.merger.wake();
        Ok(())
    }
}

/// Puts durable rows where a search finds them.
fn show(shared: &Shared, rows: &[Admitted], squeeze: &mut Squeeze) {
    let mut rest = rows;
    while !rest.is_empty() {
        let mut full = None;
        {
            let mut memory = memory_mut(shared);
            while let (None, Some((row, after))) = (&full, rest.split_first()) {
                rest = after;
                let record = &row.records[row.place];
                match memory.append(&row.stream, record.id, record.at, &record.fields) {
                    Ok(key) => full = key,
                    // It was admitted, so that it fits.
                    Err(error) => {
                        tracing::error!(%error, "a log record is in the log but cannot be searched")
                    }
                }
            }
        }
        if let Some(key) = full
            && let Err(error) = roll(shared, &key, squeeze)
        {
            tracing::error!(%error, "rows of the log store could not be made a block, and stay as they are");
        }
    }
}

/// Makes a table a block. Who reads meanwhile finds the table.
fn roll(shared: &Shared, key: &Key, squeeze: &mut Squeeze) -> Result<(), Error> {
    let table = {
        let mut memory = memory_mut(shared);
        let Some(table) = memory.take(key) else {
            return Ok(());
        };
        table
    };
    let built = memory::build(&table, squeeze)?;
    memory_mut(shared).settle(key, built);
    Ok(())
}

/// Remembers the newest ids of the parts, as far as the log's own leave room.
fn recall_ids(shared: &Shared, ids: &mut Ids) -> Result<(), Error> {
    for part in shared.shelf.all().iter().rev() {
        for block in (0..part.blocks().len()).rev() {
            if ids.is_full() {
                return Ok(());
            }
            let read = || {
                let source = part.source()?;
                let header = part.header(block, &shared.headers)?;
                Ok(part.table(block, source, header)?.ids()?.to_vec())
            };
            let found = shared.shelf.with(part, read)?.unwrap_or_default();
            found.iter().rev().for_each(|id| ids.learn_older(*id));
        }
    }
    Ok(())
}

pub(super) fn memory_mut(shared: &Shared) -> RwLockWriteGuard<'_, Memory> {
    shared
        .memory
        .write()
        .unwrap_or_else(PoisonError::into_inner)
}
