//! The one who writes: admits samples, logs them, shows them, seals the head.
//!
//! A frame of the log is one append: the series that it names for the first time, then samples by
//! series. So an append is there whole or not at all, whatever happens.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLockWriteGuard, atomic::Ordering},
};

use promise::Timestamp;

use super::{
    Options, Shared,
    block::{self, Block},
    head::Head,
};
use crate::{
    Error, Labels, Sample, Series,
    commit::Reply,
    disk::Disk,
    metrics::Appended,
    wal::Wal,
    wire::{Reader, put_signed, put_text, put_varint},
};

pub(super) enum Request {
    Append(Vec<Series>, Reply<Appended>),
    /// Drops what is older than this time.
    DropBefore(i64, Reply<u64>),
}

/// After a seal failed (a full disk, mostly), so many more samples come before the next try.
const SEAL_AGAIN_SAMPLES: u64 = 65_536;

pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    wal: Wal,
    shared: Arc<Shared>,
    options: Options,
    known: HashMap<Labels, Known>,
    /// The sample count below which a failed seal is not tried again.
    seal_not_below: u64,
}

/// A series of the head, as the writer sees it.
struct Known {
    id: u32,
    /// The time of its newest sample, sealed or not.
    newest: Option<i64>,
    /// Whether the log names it in a segment that this process wrote.
    logged: bool,
}

/// Appends that are admitted but not yet durable.
#[derive(Default)]
struct Staged {
    frames: Vec<u8>,
    samples: Vec<(u32, Vec<Sample>)>,
    /// What to take back should the log refuse: the series and what was known of it.
    undo: Vec<(Labels, Option<i64>, bool)>,
    replies: Vec<(Reply<Appended>, Appended)>,
}

impl Writer {
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        shared: Arc<Shared>,
        options: Options,
    ) -> Result<Self, Error> {
        let mut replay = Replay {
            shared: &shared,
            head: Head::default(),
            known: HashMap::new(),
            ids: HashMap::new(),
        };
        let (wal, recovered) = Wal::open(disk.clone(), folder, shared.shelf.covered(), |frame| {
            replay.frame(frame)
        })?;
        let Replay { head, known, .. } = replay;
        for what in recovered {
            shared.shelf.notice(what);
        }
        *head_mut(&shared) = head;
        shared.log_bytes.store(wal.bytes(), Ordering::Relaxed);
        Ok(Self {
            disk,
            wal,
            shared,
            options,
            known,
            seal_not_below: 0,
        })
    }

    /// Answers each request of a group; its appends share one sync.
    pub fn answer(&mut self, group: Vec<Request>) {
        let mut staged = Staged::default();
        for request in group {
            match request {
                Request::Append(batch, reply) => match self.stage(&batch, &mut staged) {
                    Ok(appended) => staged.replies.push((reply, appended)),
                    // Whoever gave up waiting needs no answer; here and below.
                    Err(error) => drop(reply.send(Err(error))),
                },
                Request::DropBefore(before, reply) => {
                    self.commit(std::mem::take(&mut staged));
                    drop(reply.send(self.drop_before(before)));
                }
            }
        }
        self.commit(staged);
    }

    /// Admits a batch whole or not at all.
    fn stage(&mut self, batch: &[Series], staged: &mut Staged) -> Result<Appended, Error> {
        let new = batch
            .iter()
            .filter(|series| !self.known.contains_key(&series.labels))
            .count();
        if self.known.len() + new > self.options.series_max {
            return Err(Error::over("the number of series", self.options.series_max));
        }
        let (marks, mut appended) = (
            (staged.samples.len(), staged.undo.len()),
            Appended::default(),
        );
        let (mut names, mut payload, mut named, mut filled) = (Vec::new(), Vec::new(), 0, 0);
        for series in batch {
            let Some(first) = series.samples.first() else {
                continue;
            };
            self.get_to_know(&series.labels, first.at)?;
            let Some(known) = self.known.get_mut(&series.labels) else {
                continue;
            };
            let before = (known.newest, known.logged);
            let accepted: Vec<Sample> = series
                .samples
                .iter()
                .copied()
                .filter(|s| known.admit(s.at))
                .collect();
            appended.stored += accepted.len() as u64;
            appended.out_of_order += (series.samples.len() - accepted.len()) as u64;
            if accepted.is_empty() {
                continue;
            }
            if !std::mem::replace(&mut known.logged, true) {
                put_series(&mut names, known.id, &series.labels);
                named += 1;
            }
            put_samples(&mut payload, known.id, &accepted);
            filled += 1;
            staged
                .undo
                .push((series.labels.clone(), before.0, before.1));
            staged.samples.push((known.id, accepted));
        }
        if filled == 0 {
            return Ok(appended);
        }
        let mut whole = Vec::with_capacity(names.len() + payload.len() + 8);
        put_varint(&mut whole, named);
        whole.extend_from_slice(&names);
        put_varint(&mut whole, filled);
        whole.extend_from_slice(&payload);
        if let Err(error) = Wal::frame(&mut staged.frames, &whole) {
            staged.samples.truncate(marks.0);
            self.take_back(staged.undo.drain(marks.1..));
            return Err(error);
        }
        Ok(appended)
    }

    fn get_to_know(&mut self, labels: &Labels, at: Timestamp) -> Result<(), Error> {
        if !self.known.contains_key(labels) {
            let newest = self.shared.shelf.newest(labels, at.as_millis())?;
            let mut head = head_mut(&self.shared);
            let id = u32::try_from(head.len()).unwrap_or(u32::MAX);
            head.admit(labels.clone());
            self.known.insert(
                labels.clone(),
                Known {
                    id,
                    newest,
                    logged: false,
                },
            );
        }
        Ok(())
    }

    fn commit(&mut self, staged: Staged) {
        let result = if staged.frames.is_empty() {
            Ok(())
        } else {
            self.wal.append(&staged.frames)
        };
        match result {
            Ok(()) => {
                {
                    let mut head = head_mut(&self.shared);
                    for (id, samples) in &staged.samples {
                        head.append(*id, samples);
                    }
                }
                for (reply, appended) in staged.replies {
                    drop(reply.send(Ok(appended)));
                }
                self.seal_if_due();
            }
            Err(error) => {
                self.take_back(staged.undo.into_iter());
                for (reply, _) in staged.replies {
                    drop(reply.send(Err(error.again())));
                }
            }
        }
        self.shared
            .log_bytes
            .store(self.wal.bytes(), Ordering::Relaxed);
    }

    fn take_back(&mut self, undo: impl DoubleEndedIterator<Item = (Labels, Option<i64>, bool)>) {
        // Backwards: a series that was appended to twice gets back what it had before the first.
        for (labels, newest, logged) in undo.rev() {
            if let Some(known) = self.known.get_mut(&labels) {
                (known.newest, known.logged) = (newest, logged);
            }
        }
    }

    fn drop_before(&mut self, before: i64) -> Result<u64, Error> {
        let oldest = self
            .shared
            .head
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .bounds;
        if oldest.is_some_and(|(_, last)| last < before) {
            self.seal()?;
        }
        self.shared.shelf.drop_before(before)
    }

    fn seal_if_due(&mut self) {
        let (samples, bounds) = {
            let head = self
                .shared
                .head
                .read()
                .unwrap_or_else(PoisonError::into_inner);
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
        let path = self.shared.shelf.path(number);
        let built = {
            let head = self
                .shared
                .head
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            block::build(&head).map_err(|e| Error::io(&path, e))?
        };
        if let Some(bytes) = built {
            self.disk
                .write_whole(&path, &bytes)
                .map_err(|e| Error::io(&path, e))?;
            let block = Block::open(&path, number)?;
            // Both at once for readers, who take the head's lock before they look at the blocks.
            let mut head = head_mut(&self.shared);
            self.shared.shelf.put(block);
            *head = Head::default();
        }
        self.known = HashMap::new();
        self.wal.forget(number)
    }
}

impl Known {
    /// Whether a sample is newer than the newest; if so it is the newest.
    fn admit(&mut self, at: Timestamp) -> bool {
        let newer = self.newest.is_none_or(|newest| at.as_millis() > newest);
        if newer {
            self.newest = Some(at.as_millis());
        }
        newer
    }
}

fn head_mut(shared: &Shared) -> RwLockWriteGuard<'_, Head> {
    shared.head.write().unwrap_or_else(PoisonError::into_inner)
}

fn put_series(out: &mut Vec<u8>, id: u32, labels: &Labels) {
    put_varint(out, u64::from(id));
    put_varint(out, labels.iter().count() as u64);
    for (name, value) in labels.iter() {
        put_text(out, name);
        put_text(out, value);
    }
}

fn put_samples(out: &mut Vec<u8>, id: u32, samples: &[Sample]) {
    put_varint(out, u64::from(id));
    put_varint(out, samples.len() as u64);
    let mut before = 0;
    for sample in samples {
        let at = sample.at.as_millis();
        put_signed(out, at.wrapping_sub(before));
        out.extend_from_slice(&sample.value.to_bits().to_le_bytes());
        before = at;
    }
}

/// Fills a head from the log.
struct Replay<'s> {
    shared: &'s Shared,
    head: Head,
    known: HashMap<Labels, Known>,
    /// The log's ids. An id may be given anew by a later segment, so the last naming counts.
    ids: HashMap<u64, Labels>,
}

impl Replay<'_> {
    fn frame(&mut self, payload: &[u8]) -> Result<(), String> {
        self.read(&mut Reader::new(payload))
            .ok_or_else(|| "it is not what the writer writes".to_owned())
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        for _ in 0..reader.varint()? {
            let id = reader.varint()?;
            let mut pairs = Vec::new();
            for _ in 0..reader.varint()? {
                pairs.push((reader.text()?, reader.text()?));
            }
            self.ids.insert(id, Labels::new(pairs));
        }
        for _ in 0..reader.varint()? {
            let labels = self.ids.get(&reader.varint()?).cloned();
            let n = reader.varint()?;
            let mut at = 0i64;
            let mut samples = Vec::new();
            for _ in 0..n {
                at = at.wrapping_add(reader.signed()?);
                let value = f64::from_bits(u64::from_le_bytes(reader.array()?));
                samples.push(Sample {
                    at: Timestamp::from_millis(at),
                    value,
                });
            }
            self.append(labels?, &mut samples);
        }
        Some(())
    }

    /// An append that was refused and sent again may stand in the log twice; here it counts once.
    fn append(&mut self, labels: Labels, samples: &mut Vec<Sample>) {
        let known = match self.known.get_mut(&labels) {
            Some(known) => known,
            None => {
                let first = samples.first().map_or(0, |s| s.at.as_millis());
                let newest = self.shared.shelf.newest(&labels, first).ok().flatten();
                let id = u32::try_from(self.head.len()).unwrap_or(u32::MAX);
                self.head.admit(labels.clone());
                self.known.entry(labels).or_insert(Known {
                    id,
                    newest,
                    logged: false,
                })
            }
        };
        samples.retain(|sample| known.admit(sample.at));
        self.head.append(known.id, samples);
    }
}
