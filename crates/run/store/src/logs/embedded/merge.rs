//! Merging: many small parts of a stream's day become one, and what was deleted is left out.
//!
//! Full blocks are copied as they are; only small ones, and those with deleted rows, are read and written
//! anew. So a record is written about twice in its life, however often its part is merged.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use super::{
    Shared,
    block::ROWS_MAX,
    bytes::Squeeze,
    memory,
    part::{BlockAt, Part, PartWriter, row_number},
    source::Source,
    table::Table,
};
use crate::{Error, disk::Disk};

/// So many parts of one size are merged together: each record is copied once for each fourfold growth.
const TOGETHER: usize = 4;
/// Parts from here on are left alone: a copy of them costs more than opening one file less saves.
const PART_BYTES_MAX: u64 = 256 << 20;
/// A block with fewer bytes than this is put together with its neighbours.
const SMALL_BLOCK_BYTES: usize = 64 << 10;
/// Tables of merged blocks are closed here, as those of fresh rows are.
const TABLE_BYTES: usize = 2 << 20;

/// Wakes the merging thread.
#[derive(Default)]
pub(super) struct Merger {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    is_due: bool,
    is_over: bool,
}

impl Merger {
    pub fn wake(&self) {
        self.set(|state| state.is_due = true);
    }

    pub fn end(&self) {
        self.set(|state| state.is_over = true);
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.woken.notify_all();
    }

    /// Waits until there may be something to merge; `false` at the end.
    fn wait(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |state: &mut State| !state.is_due && !state.is_over;
        let mut state = self
            .woken
            .wait_while(state, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_due = false;
        !state.is_over
    }

    fn is_over(&self) -> bool {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_over
    }
}

/// How a merged part gets into its place.
pub(super) trait Swap: Send {
    /// `false` where the old parts are no longer what was merged.
    fn swap(&self, old: Vec<Arc<Part>>, rows: u64, new: Option<Part>) -> Result<bool, Error>;
}

/// Merges whenever it is woken, until the end.
fn run(shared: &Shared, disk: &dyn Disk, swap: &dyn Swap) {
    while shared.merger.wait() {
        loop {
            if shared.merger.is_over() {
                return;
            }
            match merge_next(shared, disk, swap) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "parts of the log store could not be merged and stay as they are");
                    break;
                }
            }
        }
    }
}

/// Merges parts of one stream and day, where there are enough; `false` where nothing is left to do.
fn merge_next(shared: &Shared, disk: &dyn Disk, swap: &dyn Swap) -> Result<bool, Error> {
    let Some(old) = choose(&shared.shelf.all()) else {
        return Ok(false);
    };
    let rows = old.iter().map(|part| part.rows()).sum();
    let Some(first) = old.first() else {
        return Ok(false);
    };
    let new = if rows == 0 {
        None
    } else {
        let Some(path) = shared.shelf.merged_path(&old) else {
            return Ok(false);
        };
        let write = || write(shared, &old, &path, disk);
        // A part that cannot be read is set aside, and the rest is merged next time.
        let Some(()) = shared.shelf.with(first, write)? else {
            return Ok(true);
        };
        Some(Part::open(&path)?)
    };
    swap.swap(old, rows, new)
}

/// Parts that are worth merging: one with deleted rows, or enough of about one size.
pub(super) fn choose(all: &[Arc<Part>]) -> Option<Vec<Arc<Part>>> {
    if let Some(part) = all.iter().find(|part| !part.gone().is_empty()) {
        return Some(vec![part.clone()]);
    }
    let mut by_size: BTreeMap<(&str, i64, u32), Vec<&Arc<Part>>> = BTreeMap::new();
    for part in all.iter().filter(|part| part.bytes < PART_BYTES_MAX) {
        // Sizes within a factor of four are one size.
        let size = part.bytes.max(1).ilog2() / 2;
        by_size
            .entry((&part.stream, part.day, size))
            .or_default()
            .push(part);
    }
    let enough = by_size
        .into_values()
        .find(|parts| parts.len() >= TOGETHER)?;
    Some(enough.into_iter().cloned().collect())
}

fn write(shared: &Shared, old: &[Arc<Part>], path: &Path, disk: &dyn Disk) -> Result<(), Error> {
    let names: Vec<String> = old.iter().map(|part| part.name()).collect();
    let Some(first) = old.first() else {
        return Ok(());
    };
    let mut failed = None;
    let written = disk.write_streamed(path, &mut |out| {
        let mut merging = Merging {
            shared,
            out: PartWriter::new(out)?,
            table: Table::default(),
            squeeze: Squeeze::default(),
        };
        for part in old {
            if let Err(error) = merging.part(part) {
                let why = io::Error::other(error.to_string());
                failed = Some(error);
                return Err(why);
            }
        }
        merging.finish(&first.stream, first.day, &names)
    });
    match failed {
        Some(error) => Err(error),
        None => written.map_err(|e| Error::io(path, e)),
    }
}

struct Merging<'w> {
    shared: &'w Shared,
    out: PartWriter<'w>,
    /// Rows of small blocks.
    table: Table,
    squeeze: Squeeze,
}

impl Merging<'_> {
    fn part(&mut self, part: &Part) -> Result<(), Error> {
        let (source, gone) = (part.source()?, part.gone());
        for (number, block) in part.blocks().iter().enumerate() {
            let rows = row_number(number, 0).zip(row_number(number, block.rows));
            let is_whole = rows.is_some_and(|(from, to)| gone.range_cardinality(from..to) == 0);
            if is_whole && (block.len >= SMALL_BLOCK_BYTES || block.rows == ROWS_MAX) {
                self.copy(part, block, &source)?;
            } else {
                self.rewrite(part, number, &source)?;
            }
        }
        Ok(())
    }

    /// The block as it is, if it can still be read.
    fn copy(&mut self, part: &Part, block: &BlockAt, source: &Source) -> Result<(), Error> {
        let bytes = part.copy(block, source)?;
        self.out
            .block(block, &bytes)
            .map_err(|e| Error::io(&part.path, e))
    }

    fn rewrite(&mut self, part: &Part, number: usize, source: &Source) -> Result<(), Error> {
        let gone = part.gone();
        let header = part.header(number, &self.shared.headers)?;
        let table = part.table(number, source.clone(), header)?;
        for row in 0..table.len() {
            if row_number(number, row).is_some_and(|number| gone.contains(number)) {
                continue;
            }
            let record = table.record(&part.stream, row)?;
            self.table
                .append(record.id, record.at.as_millis(), &record.fields)?;
            if self.table.weight >= TABLE_BYTES || self.table.len() >= ROWS_MAX {
                self.flush().map_err(|e| Error::io(&part.path, e))?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.table.len() == 0 {
            return Ok(());
        }
        let table = std::mem::take(&mut self.table);
        let built = memory::build(&table, &mut self.squeeze).map_err(io::Error::other)?;
        self.out.built(&built)
    }

    fn finish(mut self, stream: &str, day: i64, replaces: &[String]) -> io::Result<()> {
        self.flush()?;
        self.out.finish(stream, day, replaces)
    }
}

/// The thread that merges. It ends when the store does.
pub(super) fn start(
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    swap: Box<dyn Swap>,
) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new()
        .name("logs-merger".to_owned())
        .spawn(move || run(&shared, &*disk, &*swap))
}
