//! The one who writes: leaves out what is known, logs the rest, shows it, seals.
//!
//! A frame of the log is one append: rows by stream. So an append is there whole or not at all.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, PoisonError, RwLockWriteGuard, atomic::Ordering},
};

use super::{
    Options, Row, Shared,
    memory::{Ids, Memory},
    part::{self, Part},
};
use crate::{
    Error, Record,
    commit::{Group, Reply},
    disk::Disk,
    logs::Appended,
    wal::Wal,
    wire::{Reader, put_text, put_varint},
};

pub(super) enum Request {
    Append(Vec<Record>, Reply<Appended>),
    DropBefore {
        stream: String,
        before: i64,
        reply: Reply<u64>,
    },
}

const DAY_MILLIS: i64 = 86_400_000;
/// After a seal failed (a full disk, mostly), so many more bytes come before the next try.
const SEAL_AGAIN_BYTES: usize = 1 << 20;
/// Rows older or newer than most make parts of their own; a seal of more parts waits for fewer days.
const PARTS_MAX: usize = 99_999;

pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    wal: Wal,
    shared: Arc<Shared>,
    options: Options,
    ids: Ids,
    /// The size of memory below which a failed seal is not tried again.
    seal_not_below: usize,
    /// The last segment of the log whose rows lie in parts.
    sealed: u64,
}

/// Appends that are admitted but not yet durable.
#[derive(Default)]
struct Staged {
    group: Group<Appended>,
    rows: Vec<(String, Row)>,
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
        let sealed = shared.shelf.covered();
        let (wal, recovered) = Wal::open(disk.clone(), folder, shared.shelf.covered(), |frame| {
            let rows =
                read_frame(frame).ok_or_else(|| "it is not what the writer writes".to_owned())?;
            for (stream, row) in rows {
                // An append that was refused and sent again may stand in the log twice; here it counts once.
                if ids.learn(row.id) {
                    memory.append(&stream, row);
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
            seal_not_below: 0,
            sealed,
        })
    }

    /// Answers each request of a group; its appends share one sync.
    pub fn answer(&mut self, group: Vec<Request>) {
        let mut staged = Staged::default();
        for request in group {
            match request {
                Request::Append(records, reply) => {
                    let admitted = self.stage(&records, &mut staged);
                    staged.group.wait(reply, admitted);
                }
                Request::DropBefore {
                    stream,
                    before,
                    reply,
                } => {
                    self.commit(std::mem::take(&mut staged));
                    drop(reply.send(self.drop_before(&stream, before)));
                }
            }
        }
        self.commit(staged);
    }

    /// Admits records whole or not at all.
    fn stage(&mut self, records: &[Record], staged: &mut Staged) -> Result<Appended, Error> {
        let rows = records.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
        let marks = (staged.rows.len(), staged.ids.len());
        let (mut payload, mut n) = (Vec::new(), 0);
        for (record, row) in records.iter().zip(rows) {
            if self.ids.learn(row.id) {
                put_text(&mut payload, &record.stream);
                row.put(&mut payload);
                n += 1;
                staged.ids.push(row.id);
                staged.rows.push((record.stream.clone(), row));
            }
        }
        if n > 0 {
            let mut whole = Vec::with_capacity(payload.len() + 8);
            put_varint(&mut whole, n);
            whole.extend_from_slice(&payload);
            if let Err(error) = Wal::frame(&mut staged.group.frames, &whole) {
                staged.rows.truncate(marks.0);
                self.ids.unlearn(&staged.ids[marks.1..]);
                staged.ids.truncate(marks.1);
                return Err(error);
            }
        }
        Ok(Appended {
            stored: n,
            known: records.len() as u64 - n,
        })
    }

    fn commit(&mut self, staged: Staged) {
        let Staged { group, rows, ids } = staged;
        let (shared, known) = (&self.shared, &mut self.ids);
        group.commit(&mut self.wal, |durable| {
            if durable {
                let mut memory = memory_mut(shared);
                rows.into_iter()
                    .for_each(|(stream, row)| memory.append(&stream, row));
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
        let in_memory = self
            .shared
            .memory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .has_before(stream, before);
        if in_memory {
            self.seal()?;
        }
        // A seal that lost a part while its log is still there would look interrupted.
        self.wal.forget(self.sealed)?;
        self.shared.shelf.drop_before(stream, before)
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
        let number = self.wal.rotate();
        let groups = self.groups();
        if groups.len() > PARTS_MAX {
            return Err(Error::over(
                "the number of streams and days in memory",
                PARTS_MAX,
            ));
        }
        let (of, mut parts) = (groups.len(), Vec::new());
        let mut write = || {
            for (index, ((stream, _), rows)) in groups.iter().enumerate() {
                let path = self.shared.shelf.path(number, index, of);
                let bytes = part::build(stream, rows).map_err(|e| Error::io(&path, e))?;
                self.disk
                    .write_whole(&path, &bytes)
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
        self.wal.forget(number)
    }

    /// The rows by stream and day, in order.
    fn groups(&self) -> BTreeMap<(String, i64), Vec<Row>> {
        let memory = self
            .shared
            .memory
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut groups: BTreeMap<(String, i64), Vec<Row>> = BTreeMap::new();
        for (stream, rows) in memory.all() {
            for row in rows {
                let day = row.at.div_euclid(DAY_MILLIS);
                groups
                    .entry((stream.to_owned(), day))
                    .or_default()
                    .push(row.clone());
            }
        }
        drop(memory);
        for rows in groups.values_mut() {
            rows.sort_by_key(|row| (row.at, row.id));
        }
        groups
    }
}

/// Remembers the newest ids of the parts, as far as the log's own leave room.
fn recall_ids(shared: &Shared, ids: &mut Ids) -> Result<(), Error> {
    for part in shared.shelf.all().iter().rev() {
        for block in part.blocks().iter().rev() {
            if ids.is_full() {
                return Ok(());
            }
            let rows = shared
                .shelf
                .with(part, || part.read(*block))?
                .unwrap_or_default();
            rows.iter().rev().for_each(|row| ids.learn_older(row.id));
        }
    }
    Ok(())
}

fn memory_mut(shared: &Shared) -> RwLockWriteGuard<'_, Memory> {
    shared
        .memory
        .write()
        .unwrap_or_else(PoisonError::into_inner)
}

fn read_frame(payload: &[u8]) -> Option<Vec<(String, Row)>> {
    let mut reader = Reader::new(payload);
    let mut rows = Vec::new();
    for _ in 0..reader.varint()? {
        rows.push((reader.text()?.to_owned(), Row::read(&mut reader)?));
    }
    Some(rows)
}
