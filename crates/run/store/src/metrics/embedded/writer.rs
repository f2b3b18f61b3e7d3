//! The one who writes: admits samples, logs them, shows them, seals the head.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLockWriteGuard, atomic::Ordering},
    time::Duration,
};

use promise::{Timestamp, signal::Matcher};

use super::{
    Options, Shared,
    annex::Annex,
    block::{self, Block, OpenBlock},
    head::Head,
    records,
    registry::{Known, Registry},
    replay::Replay,
    stage::Staged,
};
use crate::{
    Error, Labels, Metadata,
    commit::Reply,
    disk::Disk,
    metrics::{Appended, Batch},
    wal::Wal,
};

pub(super) enum Request {
    Append(Batch, Reply<Appended>),
    Describe(Vec<Metadata>, Reply<()>),
    Delete(Vec<Matcher>, (i64, i64), Reply<()>),
    /// Drops what is older than so much, seen from this time, and what is over the limit of size.
    Drop(Timestamp, Duration, Reply<u64>),
    /// Seals the head, whatever its size.
    Seal(Reply<()>),
}

/// After a seal failed (a full disk, mostly), so many more samples come before the next try.
const SEAL_AGAIN_SAMPLES: u64 = 65_536;
/// The part of a limited disk that is left to buckets, which reach so much further back.
const BUCKETS_SHARE: u64 = 4;
/// A series that was silent for so long before a seal is no longer known in memory after it.
const SILENT_MILLIS: i64 = 3_600_000;

pub(super) struct Writer {
    pub(super) disk: Arc<dyn Disk>,
    folder: PathBuf,
    wal: Wal,
    pub(super) shared: Arc<Shared>,
    pub(super) options: Options,
    pub(super) registry: Registry,
    /// Runs that were staged in groups before this one; a run is known by its number among all.
    pub(super) runs_before: u32,
    /// The sample count below which a failed seal is not tried again.
    seal_not_below: u64,
}

impl Writer {
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        shared: Arc<Shared>,
        options: Options,
    ) -> Result<Self, Error> {
        let (annex, damage) = Annex::open(folder, options.exemplars_max)?;
        damage
            .into_iter()
            .for_each(|what| shared.shelf.notice(what));
        let mut replay = Replay::new(&shared.shelf, annex);
        let covered = shared.shelf.covered();
        let (wal, recovered) = Wal::open(disk.clone(), &folder.join("wal"), covered, |frame| {
            replay.frame(frame)
        })?;
        let (head, registry, annex) = replay.finish();
        for what in recovered {
            shared.shelf.notice(what);
        }
        *head_mut(&shared) = head;
        *shared.annex() = annex;
        shared.log_bytes.store(wal.bytes(), Ordering::Relaxed);
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            wal,
            shared,
            options,
            registry,
            runs_before: 0,
            seal_not_below: 0,
        })
    }

    /// Answers each request of a group; its appends share one sync.
    pub fn answer(&mut self, group: Vec<Request>) {
        let mut staged = Staged::after(self.runs_before);
        for request in group {
            match request {
                Request::Append(batch, reply) => {
                    let admitted = self.stage(&batch, &mut staged);
                    staged.appends.wait(reply, admitted);
                }
                Request::Describe(told, reply) => {
                    self.commit(&mut staged);
                    drop(reply.send(self.describe(told)));
                }
                Request::Delete(matchers, range, reply) => {
                    self.commit(&mut staged);
                    drop(reply.send(self.delete(&matchers, range)));
                }
                Request::Drop(now, keep, reply) => {
                    self.commit(&mut staged);
                    drop(reply.send(self.drop_old(now, keep)));
                }
                Request::Seal(reply) => {
                    self.commit(&mut staged);
                    drop(reply.send(self.seal()));
                }
            }
        }
        self.commit(&mut staged);
    }

    fn commit(&mut self, staged: &mut Staged) {
        self.runs_before = staged.news.end();
        let Staged { appends, mut news } =
            std::mem::replace(staged, Staged::after(self.runs_before));
        let (shared, registry) = (&self.shared, &mut self.registry);
        appends.commit(&mut self.wal, |durable| {
            if durable {
                news.show(&mut head_mut(shared), &mut shared.annex());
            } else {
                news.take_back_from(0, registry);
            }
        });
        self.seal_if_due();
        self.shared
            .log_bytes
            .store(self.wal.bytes(), Ordering::Relaxed);
    }

    fn describe(&mut self, told: Vec<Metadata>) -> Result<(), Error> {
        let news = self.shared.annex().news(told)?;
        if news.is_empty() {
            return Ok(());
        }
        let mut frame = Vec::new();
        Wal::frame(&mut frame, &records::metadata(&news))?;
        self.wal.append(&frame)?;
        self.shared.annex().describe(news);
        Ok(())
    }

    /// What is to go must lie in blocks first: only there it can be marked so that it stays away.
    fn delete(&mut self, matchers: &[Matcher], (from, to): (i64, i64)) -> Result<(), Error> {
        {
            let mut annex = self.shared.annex();
            annex.forget(
                |labels| matchers.iter().all(|m| m.accepts(labels.get(&m.name))),
                from,
                to,
            );
        }
        self.seal()?;
        self.shared.annex().save(&*self.disk, &self.folder)?;
        self.shared.shelf.delete(&*self.disk, matchers, from, to)?;
        self.shared.rollups.delete(&*self.disk, matchers, from, to)
    }

    fn drop_old(&mut self, now: Timestamp, keep: Duration) -> Result<u64, Error> {
        let before = (now - keep).as_millis();
        let bounds = self.shared.head().bounds;
        if bounds.is_some_and(|(_, last)| last < before) {
            self.seal()?;
        }
        let Shared { shelf, rollups, .. } = &*self.shared;
        let rolled = |block: &Block, open: &OpenBlock| rollups.add(&*self.disk, block, open);
        let mut freed = shelf.drop_before(before, rolled)?;
        freed += rollups.drop_before(now, |width| self.options.keep_of(width))?;
        if let Some(max) = self.options.disk_bytes_max {
            let for_buckets = max / BUCKETS_SHARE;
            let left = max.saturating_sub(self.wal.bytes() + for_buckets);
            freed += shelf.drop_oldest(left, |block, open| match rolled(block, open) {
                // Space is needed more than buckets.
                Err(Error::DiskFull { .. }) => Ok(()),
                other => other,
            })?;
            freed += rollups.drop_oldest(for_buckets)?;
        }
        Ok(freed)
    }

    fn seal_if_due(&mut self) {
        let (samples, bounds) = {
            let head = self.shared.head();
            (head.samples, head.bounds)
        };
        let span = bounds.map_or(0, |(first, last)| last.abs_diff(first));
        let old = u128::from(span) >= self.options.seal_span.as_millis()
            && samples >= self.options.seal_samples_min;
        let large =
            samples >= self.options.seal_samples || self.wal.bytes() >= self.options.seal_log_bytes;
        if !(old || large) || samples < self.seal_not_below {
            return;
        }
        self.seal_not_below = 0;
        if let Err(error) = self.seal() {
            self.seal_not_below = samples + SEAL_AGAIN_SAMPLES;
            tracing::warn!(%error, "the head of the metric store could not be sealed and stays in the log");
        }
    }

    /// Turns the head into a block. Whatever fails, the head stays and so does its log.
    fn seal(&mut self) -> Result<(), Error> {
        let number = self.wal.rotate();
        self.registry.forget_logged();
        self.shared.annex().save(&*self.disk, &self.folder)?;
        let path = self.shared.shelf.path(number, number);
        let newest = {
            let head = self.shared.head();
            if head.samples > 0 {
                self.disk
                    .write_streamed(&path, &mut |out| block::write_head(&head, out))
                    .map_err(|e| Error::io(&path, e))?;
            }
            head.bounds
                .filter(|_| head.samples > 0)
                .map(|(_, last)| last)
        };
        if let Some(newest) = newest {
            let block = Block::open(&path, (number, number))?;
            let since = newest.saturating_sub(SILENT_MILLIS);
            let stays = |known: &Known| known.newest.at >= since;
            let registry = self.registry.successor(stays);
            let next = {
                let head = self.shared.head();
                // Their labels are what callers hold, too, so each is in memory once.
                head.successor(|id| {
                    let known = self.registry.get(id).filter(|known| stays(known))?;
                    Some(known.labels.clone())
                })
            };
            // Both at once for readers, who take the head's lock before they look at the blocks.
            let mut head = head_mut(&self.shared);
            self.shared.shelf.put(block);
            *head = next;
            drop(head);
            self.registry = registry;
            self.shared.floods().clear();
            self.shared.compaction.wake();
        }
        self.wal.forget(number)
    }

    /// When the series' newest sealed sample was taken, as far as one that came at `first` could be late for it.
    pub(super) fn newest_sealed(&self, labels: &Labels, first: i64) -> Result<Option<i64>, Error> {
        let first = Timestamp::from_millis(first);
        let window = self.options.late_window;
        let since = (first - window).as_millis();
        self.shared.shelf.newest(labels, since)
    }
}

pub(super) fn head_mut(shared: &Shared) -> RwLockWriteGuard<'_, Head> {
    shared.head.write().unwrap_or_else(PoisonError::into_inner)
}

/// The oldest time at which a late sample is taken, where the newest is at `newest`.
pub(super) fn oldest_taken(newest: i64, options: &Options) -> i64 {
    (Timestamp::from_millis(newest) - options.late_window).as_millis()
}
