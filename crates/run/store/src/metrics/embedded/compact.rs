//! Merging blocks: fewer of them, longer chunks, and nothing left of what was deleted.
//!
//! Blocks that were sealed one after another become one, some of those become one again, until it spans as much
//! time as retention may drop at once. The merged file gets its name only when it is whole and its sources are
//! what they were; a block whose numbers lie within another's is removed at the next opening. So a death at any
//! moment leaves each sample in one block that is served.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use super::{
    Shared,
    block::{Block, BlockWriter, OpenBlock},
    codec::Decoder,
    read::in_order,
    shelf::Seen,
};
use crate::{Error, Labels};

/// Blocks that are merged into one.
const TOGETHER: usize = 6;
/// Merges after one seal, lest a mistake in the plan run for ever; each makes blocks fewer.
const MERGES_MAX: usize = 1000;

/// How eagerly blocks are merged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Eagerness {
    /// Some of a size at a time, so that each sample is written few times.
    Steady,
    /// All that may be.
    Whole,
}

/// The thread that merges. Dropping it ends the merge that runs and waits for that.
pub(super) struct Compactor {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What the thread listens to.
#[derive(Default)]
pub(super) struct Compaction {
    waker: Mutex<Option<SyncSender<()>>>,
    stopped: AtomicBool,
    /// One merge at a time.
    turn: Mutex<()>,
}

impl Compaction {
    /// Tells the thread that there are new blocks.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            // Where it has been woken already, once is enough.
            let _ = waker.try_send(());
        }
    }
}

impl Compactor {
    pub fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (waker, woken) = sync_channel(1);
        *shared
            .compaction
            .waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(waker);
        shared.compaction.wake();
        let theirs = shared.clone();
        let thread = thread::Builder::new()
            .name("metrics-compactor".to_owned())
            .spawn(move || {
                while woken.recv().is_ok() && !theirs.compaction.stopped.load(Ordering::Relaxed) {
                    if let Err(error) = theirs.compact(Eagerness::Steady) {
                        tracing::warn!(%error, "blocks of the metric store could not be merged");
                    }
                }
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }
}

impl Drop for Compactor {
    fn drop(&mut self) {
        let compaction = &self.shared.compaction;
        compaction.stopped.store(true, Ordering::Relaxed);
        *compaction
            .waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has merged nothing, and its sources are there.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Merges until there is nothing to merge.
    pub(super) fn compact(&self, eagerness: Eagerness) -> Result<(), Error> {
        let _turn = self
            .compaction
            .turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for _ in 0..MERGES_MAX {
            let span_max = i64::try_from(self.block_span_max.as_millis()).unwrap_or(i64::MAX);
            let Some(sources) = plan(&self.shelf.all(), span_max, eagerness) else {
                break;
            };
            if !self.merge(&sources)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether there may be more to do.
    fn merge(&self, sources: &[Arc<Block>]) -> Result<bool, Error> {
        let mut opened = Vec::with_capacity(sources.len());
        for block in sources {
            match self.shelf.with(block, |_| block.load())? {
                Seen::Read(open) => opened.push((block, open)),
                Seen::SetAside | Seen::Gone => return Ok(true),
            }
        }
        let Some(first) = sources.first() else {
            return Ok(false);
        };
        let finished = first.path.with_extension("merged");
        let level = sources.iter().map(|block| block.level).max().unwrap_or(0);
        let level = if sources.len() > 1 { level + 1 } else { level };
        let mut damage = None;
        let written = self.disk.write_streamed(&finished, &mut |out| {
            let base = sources.iter().map(|block| block.first).min().unwrap_or(0);
            let mut writer = BlockWriter::begin(out, base)?;
            match self.pour(&opened, &mut writer) {
                Ok(()) => writer.finish(level),
                Err(error) => {
                    let why = std::io::Error::other(error.to_string());
                    damage = Some(error);
                    Err(why)
                }
            }
        });
        match (written, damage) {
            (Ok(()), _) => {}
            (Err(_), Some(Error::Damaged { path, detail })) => {
                if let Some(block) = sources.iter().find(|block| block.path == path) {
                    self.shelf.give_up(block, &detail);
                }
                return Ok(true);
            }
            (Err(_), Some(Error::Closed)) => return Ok(false),
            (Err(_), Some(error)) => return Err(error),
            (Err(e), None) => return Err(Error::io(finished, e)),
        }
        self.shelf.merge(sources, &finished)
    }

    /// Writes every series of the blocks once, in the order of labels.
    fn pour(
        &self,
        opened: &[(&Arc<Block>, OpenBlock)],
        writer: &mut BlockWriter<'_>,
    ) -> Result<(), Error> {
        let mut decoder = Decoder::default();
        let mut next: Vec<(usize, Option<Labels>)> = opened
            .iter()
            .map(|(_, open)| (0, (open.index.len() > 0).then(|| open.index.labels(0))))
            .collect();
        while let Some(labels) = next
            .iter()
            .filter_map(|(_, labels)| labels.as_ref())
            .min()
            .cloned()
        {
            if self.compaction.stopped.load(Ordering::Relaxed) {
                return Err(Error::Closed);
            }
            let (mut samples, mut histograms) = (Vec::new(), Vec::new());
            for ((block, open), (at, current)) in opened.iter().zip(&mut next) {
                if current.as_ref() != Some(&labels) {
                    continue;
                }
                if let Some(entry) = open.index.entry(*at) {
                    decoder.change_block();
                    let all = (i64::MIN, i64::MAX);
                    let (floats, others) =
                        open.read(&block.deleted, (*at, entry), all, &mut decoder)?;
                    samples.extend(floats);
                    histograms.extend(others);
                }
                *at += 1;
                *current = (*at < open.index.len()).then(|| open.index.labels(*at));
            }
            in_order(&mut samples, &mut histograms);
            let added = writer.add(&labels, &samples, &histograms);
            added.map_err(|e| Error::io(Path::new("a merged block"), e))?;
        }
        Ok(())
    }
}

/// What is to be merged next: a block of which something was deleted, by itself; or neighbours of one level.
fn plan(blocks: &[Arc<Block>], span_max: i64, eagerness: Eagerness) -> Option<Vec<Arc<Block>>> {
    if let Some(block) = blocks.iter().find(|block| !block.deleted.is_empty()) {
        return Some(vec![block.clone()]);
    }
    let mut start = 0;
    while start < blocks.len() {
        let run = neighbours(&blocks[start..], span_max, eagerness);
        let full = run == TOGETHER && eagerness == Eagerness::Steady;
        // What cannot grow, because its next neighbour is too far away, is merged as it is.
        let next = blocks.get(start + run);
        let blocked = next.is_some_and(|next| {
            next.level == blocks[start].level && span(&blocks[start..=start + run]) > span_max
        });
        let whole = eagerness == Eagerness::Whole;
        if run > 1 && (full || blocked || whole) {
            return Some(blocks[start..start + run].to_vec());
        }
        start += run;
    }
    None
}

/// How many blocks from the first on may become one.
fn neighbours(blocks: &[Arc<Block>], span_max: i64, eagerness: Eagerness) -> usize {
    let most = if eagerness == Eagerness::Steady {
        TOGETHER
    } else {
        blocks.len()
    };
    let mut run = 1;
    while run < most.min(blocks.len()) {
        let same = eagerness == Eagerness::Whole || blocks[run].level == blocks[0].level;
        if !same || span(&blocks[..=run]) > span_max {
            break;
        }
        run += 1;
    }
    run
}

fn span(blocks: &[Arc<Block>]) -> i64 {
    let first = blocks.iter().map(|block| block.first).min().unwrap_or(0);
    let last = blocks.iter().map(|block| block.last).max().unwrap_or(0);
    last.saturating_sub(first)
}
