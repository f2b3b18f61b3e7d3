//! Samples on their way to the engine, on our disk until it has them.
//!
//! A log of frames, each the number of its samples and a packed request as it will be sent. A mark beside it says up to where the engine has
//! answered; it is written once a second, so after a crash the last second may be sent twice, which engines
//! take for what it is: the same samples.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};

use super::deliver::Outcome;
use crate::{
    Error, Series,
    commit::{self, Reply},
    disk::{Disk, RealDisk},
    metrics::Metadata,
    remote_write::{Message, pack},
    wal::{self, Wal},
};

/// Samples of one request: Prometheus sends as many by default, and every engine takes them.
const REQUEST_MAX: usize = 2_000;
/// A segment is deleted once all of it was sent.
const SEGMENT_MAX: u64 = 8 << 20;
/// Appends behind more requests than this don't wait to see theirs answered.
const BACKLOG_MAX: u64 = 64;
/// What waits for an answer, by the number of its frame.
type Waiting = BTreeMap<u64, oneshot::Sender<Outcome>>;

pub(super) struct Queue {
    writer: commit::Queue<Request>,
    shared: Arc<Shared>,
    folder: PathBuf,
    /// Where reading began.
    mark: Mark,
}

struct Request {
    frames: Vec<Vec<u8>>,
    reply: Reply<Vec<oneshot::Receiver<Outcome>>>,
}

/// What the writing thread and the sending task both know.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    /// Frames that are durable, and those of them that were answered.
    appended: u64,
    sent: u64,
    /// Bytes on the disk that were not answered.
    bytes: u64,
    /// The engine did not answer the last time.
    is_away: bool,
    /// Everything before this segment and byte is durable.
    durable: (u64, u64),
    waiting: Waiting,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Backlog {
    pub requests: u64,
    pub bytes: u64,
}

impl Shared {
    // Every change is one assignment or a few that cannot fail.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Opens or creates it; says what was found damaged and mended.
    pub fn open(folder: &Path, bytes_max: u64) -> Result<(Self, Vec<String>), Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let mark = Mark::read(folder);
        let shared = Arc::new(Shared::default());
        let mut waiting = State::default();
        let mut answered = mark.offset;
        let (wal, recovered) = Wal::open(
            Arc::new(RealDisk),
            folder,
            mark.segment.saturating_sub(1),
            |frame| {
                let len = (frame.len() + wal::HEADER) as u64;
                if answered == 0 {
                    waiting.appended += 1;
                    waiting.bytes += len;
                }
                answered = answered.saturating_sub(len);
                Ok(())
            },
        )?;
        waiting.durable = wal.position();
        *shared.state() = waiting;
        let mut writer = Writer {
            wal,
            bytes_max,
            shared: shared.clone(),
        };
        let work = move |group| writer.write(group);
        let writer =
            commit::Queue::start("metric-queue", work).map_err(|e| Error::io(folder, e))?;
        let queue = Self {
            writer,
            shared,
            folder: folder.to_owned(),
            mark,
        };
        Ok((queue, recovered))
    }

    /// Returns once the samples are durable, with what will be told when the engine has answered. Dropped
    /// without a word where the engine is away or far behind.
    pub async fn append(
        &self,
        batch: &[Series],
        about: &[Metadata],
    ) -> Result<Vec<oneshot::Receiver<Outcome>>, Error> {
        let frames = requests(batch)
            .into_iter()
            .map(|series| {
                let told: u64 = series.iter().map(|one| one.len() as u64).sum();
                let body = pack(&Message::V2.write(&series, about));
                [&told.to_le_bytes()[..], &body].concat()
            })
            .collect::<Vec<_>>();
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        self.writer.ask(|reply| Request { frames, reply }).await
    }

    pub fn waiting(&self) -> Backlog {
        let state = self.shared.state();
        Backlog {
            requests: state.appended - state.sent,
            bytes: state.bytes,
        }
    }

    /// Waits until something was appended.
    pub async fn news(&self) {
        self.shared.news.notified().await;
    }

    /// Lets go of those who wait for answers: the engine is away.
    pub fn let_go(&self) {
        let mut state = self.shared.state();
        state.is_away = true;
        state.waiting.clear();
    }

    /// The frame at the reading place has been answered.
    pub fn answered(&self, frame: &Frame, outcome: Outcome) {
        let mut state = self.shared.state();
        let number = state.sent;
        state.is_away = false;
        state.sent += 1;
        state.bytes = state.bytes.saturating_sub(frame.len);
        if let Some(waiting) = state.waiting.remove(&number) {
            // Who waited may have given up.
            let _ = waiting.send(outcome);
        }
    }

    pub fn reading(&self) -> Reading {
        Reading {
            folder: self.folder.clone(),
            mark: self.mark,
            shared: self.shared.clone(),
            file: None,
        }
    }
}

/// At most so many samples a request, in the order of the batch.
fn requests(batch: &[Series]) -> Vec<Vec<Series>> {
    let mut all = Vec::new();
    let mut one = Vec::new();
    let mut items = 0;
    for series in batch {
        let len = series.len() + series.exemplars.len();
        if len == 0 {
            continue;
        }
        if items + len > REQUEST_MAX && !one.is_empty() {
            all.push(std::mem::take(&mut one));
            items = 0;
        }
        // A series longer than a request goes as one: engines bound bytes, not samples.
        items += len;
        one.push(series.clone());
    }
    if !one.is_empty() {
        all.push(one);
    }
    all
}

struct Writer {
    wal: Wal,
    bytes_max: u64,
    shared: Arc<Shared>,
}

impl Writer {
    fn write(&mut self, group: Vec<Request>) {
        let mut bytes = Vec::new();
        let mut taken = Vec::new();
        let waiting = self.shared.state().bytes;
        for request in group {
            let start = bytes.len();
            let framed = request
                .frames
                .iter()
                .try_for_each(|frame| Wal::frame(&mut bytes, frame));
            let size = waiting + bytes.len() as u64;
            if let Err(error) = framed.and_then(|()| self.has_room(size)) {
                bytes.truncate(start);
                let _ = request.reply.send(Err(error));
                continue;
            }
            taken.push(request);
        }
        if taken.is_empty() {
            return;
        }
        let appended = self.wal.append(&bytes);
        if appended.is_ok() && self.wal.position().1 >= SEGMENT_MAX {
            self.wal.rotate();
        }
        let mut answers = Vec::new();
        {
            let mut state = self.shared.state();
            if appended.is_ok() {
                state.durable = self.wal.position();
                state.bytes += bytes.len() as u64;
            }
            for request in taken {
                let mut receivers = Vec::new();
                if appended.is_ok() {
                    let is_near = state.appended - state.sent <= BACKLOG_MAX && !state.is_away;
                    for _ in &request.frames {
                        let (told, receiver) = oneshot::channel();
                        if is_near {
                            let number = state.appended;
                            state.waiting.insert(number, told);
                        }
                        state.appended += 1;
                        receivers.push(receiver);
                    }
                }
                answers.push((request.reply, receivers));
            }
        }
        for (reply, receivers) in answers {
            let _ = reply.send(match &appended {
                Ok(()) => Ok(receivers),
                Err(error) => Err(error.again()),
            });
        }
        self.shared.news.notify_one();
    }

    fn has_room(&self, size: u64) -> Result<(), Error> {
        if size <= self.bytes_max {
            return Ok(());
        }
        Err(Error::Remote(format!(
            "it has not taken samples for long, and {} bytes wait for it (queue_max)",
            self.bytes_max
        )))
    }
}

/// A request as it waits.
#[derive(Debug)]
pub(super) struct Frame {
    /// Samples of either kind in it.
    pub told: u64,
    /// A packed message of the second version.
    pub body: Vec<u8>,
    /// With its header.
    len: u64,
}

/// Up to where the engine has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    segment: u64,
    offset: u64,
}

const MARK: &str = "sent";

impl Mark {
    /// The beginning where there is none, or none that can be read: sending again loses nothing.
    fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(MARK)).unwrap_or_default();
        let mut numbers = text.split_whitespace().map_while(|text| text.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(segment), Some(offset)) => Self {
                segment,
                // A segment that is gone begins anew.
                offset: if wal::path(folder, segment).exists() {
                    offset
                } else {
                    0
                },
            },
            _ => Self {
                segment: 1,
                offset: 0,
            },
        }
    }
}

/// The one place from which frames are read, in the order of their appending.
pub(super) struct Reading {
    folder: PathBuf,
    mark: Mark,
    shared: Arc<Shared>,
    file: Option<(u64, File)>,
}

impl Reading {
    /// The frame at the mark; `None` while there is none.
    pub fn peek(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            let (last, len) = self.shared.state().durable;
            let end = if self.mark.segment >= last {
                len
            } else {
                u64::MAX
            };
            if self.mark.segment <= last
                && self.mark.offset < end
                && let Some(frame) = self.frame()?
            {
                return Ok(Some(frame));
            }
            if self.mark.segment >= last {
                return Ok(None);
            }
            self.leave_segment(last)?;
        }
    }

    fn frame(&mut self) -> Result<Option<Frame>, Error> {
        let path = wal::path(&self.folder, self.mark.segment);
        let failed = |e| Error::io(&path, e);
        let file = match &mut self.file {
            Some((segment, file)) if *segment == self.mark.segment => file,
            _ => match File::open(&path) {
                Ok(file) => &mut self.file.insert((self.mark.segment, file)).1,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(failed(e)),
            },
        };
        file.seek(SeekFrom::Start(self.mark.offset))
            .map_err(failed)?;
        let mut bytes = vec![0; wal::HEADER];
        if file.read_exact(&mut bytes).is_err() {
            return Ok(None);
        }
        let (len, _) = bytes.split_first_chunk().unwrap_or((&[0; 4], &[]));
        let len = u32::from_le_bytes(*len) as usize;
        if len > wal::FRAME_MAX {
            return Ok(None);
        }
        bytes.resize(wal::HEADER + len, 0);
        if file.read_exact(&mut bytes[wal::HEADER..]).is_err() {
            return Ok(None);
        }
        let Some(payload) = wal::frame_at(&bytes, 0) else {
            return Ok(None);
        };
        let (told, body) = payload.split_first_chunk().unwrap_or((&[0; 8], &[]));
        Ok(Some(Frame {
            told: u64::from_le_bytes(*told),
            body: body.to_vec(),
            len: bytes.len() as u64,
        }))
    }

    /// Nothing more will come in this segment.
    fn leave_segment(&mut self, last: u64) -> Result<(), Error> {
        let done = wal::path(&self.folder, self.mark.segment);
        self.file = None;
        // Segments may be missing in between: an append that failed takes another number.
        let mut next = self.mark.segment + 1;
        while next < last && !wal::path(&self.folder, next).exists() {
            next += 1;
        }
        self.mark = Mark {
            segment: next,
            offset: 0,
        };
        self.save()?;
        match std::fs::remove_file(&done) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(done, e)),
            _ => Ok(()),
        }
    }

    pub fn advance(&mut self, frame: &Frame) {
        self.mark.offset += frame.len;
    }

    /// Makes the mark durable.
    pub fn save(&self) -> Result<(), Error> {
        let path = self.folder.join(MARK);
        let text = format!("{} {}\n", self.mark.segment, self.mark.offset);
        RealDisk
            .write_whole(&path, text.as_bytes())
            .map_err(|e| Error::io(path, e))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use promise::Timestamp;
    use promql::{Labels, Sample};

    use super::*;
    use crate::remote_write::{self, UNPACKED_MAX, unpack_snappy};

    fn batch(n: i64) -> Vec<Series> {
        let sample = Sample {
            at: Timestamp::from_millis(n),
            value: 1.0,
        };
        let labels = Labels::new([("__name__", "x")]);
        vec![Series::new(labels, vec![sample])]
    }

    /// The times of the samples in the frames that wait, each answered.
    fn drain(queue: &Queue, reading: &mut Reading) -> Vec<i64> {
        let mut times = Vec::new();
        while let Some(frame) = reading.peek().unwrap() {
            let bytes = unpack_snappy(&frame.body, UNPACKED_MAX).unwrap();
            let series = remote_write::series(Message::V2, &bytes).unwrap();
            let samples = series.iter().flat_map(|series| &series.samples);
            times.extend(samples.map(|sample| sample.at.as_millis()));
            reading.advance(&frame);
            queue.answered(&frame, Outcome::default());
        }
        times
    }

    fn open(folder: &Path) -> Queue {
        Queue::open(folder, 1 << 30).unwrap().0
    }

    #[tokio::test]
    async fn what_waits_is_read_in_order_over_restarts_and_once() {
        let dir = tempfile::tempdir().unwrap();
        {
            let queue = open(dir.path());
            for n in 0..5 {
                queue.append(&batch(n), &[]).await.unwrap();
            }
        }
        let queue = open(dir.path());
        queue.append(&batch(5), &[]).await.unwrap();
        assert_eq!(queue.waiting().requests, 6);
        let mut reading = queue.reading();
        assert_eq!(drain(&queue, &mut reading), [0, 1, 2, 3, 4, 5]);
        assert_eq!(queue.waiting(), Backlog::default());
        reading.save().unwrap();
        drop((queue, reading));
        let queue = open(dir.path());
        let mut reading = queue.reading();
        queue.append(&batch(6), &[]).await.unwrap();
        assert_eq!(drain(&queue, &mut reading), [6], "the rest was answered");
    }

    #[tokio::test]
    async fn a_mark_that_is_lost_costs_only_a_repetition() {
        let dir = tempfile::tempdir().unwrap();
        {
            let queue = open(dir.path());
            queue.append(&batch(0), &[]).await.unwrap();
            let mut reading = queue.reading();
            assert_eq!(drain(&queue, &mut reading), [0]);
        }
        std::fs::write(dir.path().join(MARK), "no numbers").unwrap();
        let queue = open(dir.path());
        let mut reading = queue.reading();
        queue.append(&batch(1), &[]).await.unwrap();
        assert_eq!(drain(&queue, &mut reading), [0, 1]);
    }

    #[tokio::test]
    async fn who_waits_is_told_when_the_engine_has_answered() {
        let dir = tempfile::tempdir().unwrap();
        let queue = open(dir.path());
        // More samples than one request holds.
        let all: Vec<Series> = (0..2_500).flat_map(batch).collect();
        let answers = queue.append(&all, &[]).await.unwrap();
        assert_eq!(answers.len(), 2);
        let mut reading = queue.reading();
        for refused in [3, 4] {
            let frame = reading.peek().unwrap().unwrap();
            reading.advance(&frame);
            queue.answered(&frame, Outcome { refused });
        }
        let mut told = Vec::new();
        for answer in answers {
            told.push(answer.await.unwrap().refused);
        }
        assert_eq!(told, [3, 4]);
        let left = queue.append(&batch(0), &[]).await.unwrap();
        queue.let_go();
        for answer in left {
            assert!(
                answer.await.is_err(),
                "nobody waits while the engine is away"
            );
        }
    }

    #[tokio::test]
    async fn a_full_queue_takes_nothing_more_until_some_was_sent() {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(dir.path(), 150).unwrap().0;
        let mut taken = 0;
        while queue.append(&batch(taken), &[]).await.is_ok() {
            taken += 1;
        }
        assert!(taken > 0 && queue.waiting().bytes <= 150);
        let mut reading = queue.reading();
        drain(&queue, &mut reading);
        queue.append(&batch(taken), &[]).await.unwrap();
    }
}
