//! Following log files: polled, not watched, because watching misses changes on network disks and under
//! load, and a look every quarter of a second costs next to nothing.
//!
//! Where reading goes on is written by the pipeline together with the records, once these are durable.
//! After `kill -9` the same lines are read again and make the same record ids, so nothing is lost and
//! nothing stands twice.

mod counts;
mod files;
pub(crate) mod line;
mod packed;
mod read;
mod tail;

use std::{path::PathBuf, sync::Arc, time::Duration};

use promise::{Cause, Say, Timestamp, say};
use spec::section::source::Logs;
use store::{Lines, Record, state::Write};
use tokio::sync::mpsc;

use crate::{receive::Refusal, start::Shared, trouble::Trouble};
pub(crate) use counts::Counts;
use files::{Files, Look};
use line::Refused;
use read::Reading;
use tail::{Piece, Place};

/// At least this often a source says that it is readable, even when it has nothing to say.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(250);
/// How long the pipeline gets before records that it could not store are sent again.
const RESEND: Duration = Duration::from_secs(1);
const TABLE: &str = "log_offsets";
/// Places that are remembered for one source; more than it may follow at once, with its rotated files.
const PLACES_MAX: usize = 4_096;

pub(crate) fn source(name: &str) -> String {
    format!("logs/{name}")
}

struct Follower {
    name: String,
    logs: Logs,
    shared: Arc<Shared>,
    reading: Reading,
    counts: Counts,
    last_record: Timestamp,
    last_sent: Option<Timestamp>,
}

/// Follows the files of one source until stopped. A source without files is only posted to: it is alive
/// as long as we are.
pub(crate) async fn run(name: String, logs: Logs, data_dir: PathBuf, shared: Arc<Shared>) {
    let remembered = remembered(&name, &shared).await;
    let mut files = Files::new(&data_dir, &logs.files, remembered);
    let now = shared.clock.now();
    let mut follower = Follower {
        name,
        logs,
        shared,
        reading: Reading::default(),
        counts: Counts::default(),
        last_record: now,
        last_sent: None,
    };
    loop {
        let mut look = Look::default();
        let now = follower.shared.clock.now();
        if !follower.logs.files.is_empty() {
            let line_max = follower.reading.file_line_max(&follower.logs);
            // A disk that hangs holds a thread of its own, not one that other sources need.
            let looked = tokio::task::spawn_blocking(move || {
                let look = files.look(line_max, now);
                (look, files)
            });
            let Some(Ok(kept)) = follower.shared.stop.run_until_cancelled(looked).await else {
                return;
            };
            (look, files) = kept;
        }
        let has_more = look.has_more;
        if !follower.tell(look, now).await {
            return;
        }
        if has_more {
            continue;
        }
        tokio::select! {
            biased;
            () = follower.shared.stop.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn remembered(name: &str, shared: &Shared) -> Vec<Place> {
    match shared
        .state
        .scan(TABLE, &format!("{name}/"), PLACES_MAX)
        .await
    {
        Ok(pairs) => pairs
            .iter()
            .filter_map(|(_, value)| serde_json::from_slice(value).ok())
            .collect(),
        Err(error) => {
            // Reading from the start again is safe: known records are not stored twice.
            tracing::warn!(source = name, %error, "where reading logs had ended is not known");
            Vec::new()
        }
    }
}

impl Follower {
    /// Sends what a look gave, and waits until it is durable. False once stopped.
    async fn tell(&mut self, look: Look, now: Timestamp) -> bool {
        let records = self.records(look.pieces, now);
        if !records.is_empty() {
            self.last_record = now;
        }
        let is_due = self
            .last_sent
            .is_none_or(|last| now.since(last) >= HEARTBEAT || now < last);
        let is_news = !records.is_empty() || !look.moved.is_empty() || !look.done.is_empty();
        if !is_due && !is_news {
            return true;
        }
        let mut failed = look.trouble.map(Trouble::failed);
        if failed.is_none()
            && line::is_silent(self.last_record, now, self.logs.silent_for_max.map(|s| s.0))
        {
            failed = Some(Trouble {
                say: silent(),
                cause: Cause::Absent,
            });
        }
        self.note(now, failed.as_ref().map(|trouble| trouble.say.clone()));
        let name = &self.name;
        let key = |place: &Place| format!("{name}/{}-{}", place.device, place.inode);
        let mut resume: Vec<Write> = Vec::new();
        for place in &look.done {
            resume.push(Write::Delete {
                table: TABLE,
                key: key(place),
            });
        }
        for place in &look.moved {
            // Plain numbers and a path always serialise.
            let value = serde_json::to_vec(place).unwrap_or_default();
            resume.push(Write::Put {
                table: TABLE,
                key: key(place),
                value,
            });
        }
        let lines = Lines {
            source: self.name.clone(),
            at: now,
            records: records.into(),
            resume,
            failed: failed.map(|trouble| trouble.cause),
            ack: None,
        };
        if !self.deliver(lines).await {
            return false;
        }
        if is_due {
            self.last_sent = Some(now);
            return self
                .shared
                .send_round(self.counts.round(&self.name, &self.logs.stream, now))
                .await;
        }
        true
    }

    /// Until the pipeline says that the lines are durable they are sent again: a full disk loses nothing.
    async fn deliver(&self, lines: Lines) -> bool {
        loop {
            let (ack, mut answer) = mpsc::channel(1);
            if !self
                .shared
                .send_lines(Lines {
                    ack: Some(ack),
                    ..lines.clone()
                })
                .await
            {
                return false;
            }
            match self.shared.stop.run_until_cancelled(answer.recv()).await {
                None => return false,
                // Durable, or taken by a pipeline that does not answer.
                Some(Some(Ok(())) | None) => return true,
                Some(Some(Err(why))) => {
                    self.note(
                        lines.at,
                        Some(say!("not stored: {why}", "保存できません: {why}")),
                    );
                    tokio::select! {
                        biased;
                        () = self.shared.stop.cancelled() => return false,
                        () = tokio::time::sleep(RESEND) => {}
                    }
                }
            }
        }
    }

    fn records(&mut self, pieces: Vec<((u64, u64), Piece)>, now: Timestamp) -> Vec<Record> {
        let mut records = Vec::with_capacity(pieces.len());
        for ((device, inode), piece) in pieces {
            let Piece::Line {
                generation,
                offset,
                bytes,
            } = piece
            else {
                self.counts.refuse(Refusal::TooLong);
                continue;
            };
            let from = line::Origin {
                place: format!("{}\u{0}{device}:{inode}:{generation}:{offset}", self.name),
                logs: &self.logs,
                at: now,
                redactor: &self.shared.redactor,
            };
            let counts = &mut self.counts;
            self.reading
                .line((device, inode), &bytes, &from, &mut |read| match read {
                    Ok((record, notes)) => {
                        counts.lines += 1;
                        counts.plain += u64::from(notes.is_plain);
                        counts.untimed += u64::from(notes.is_untimed);
                        counts.future += u64::from(notes.is_future);
                        records.push(record);
                    }
                    Err(Refused(why)) => counts.refuse(why),
                });
        }
        records
    }

    fn note(&self, now: Timestamp, error: Option<Say>) {
        self.shared.board.change(&source(&self.name), |status| {
            status.last = Some(now);
            status.next = Some(now + HEARTBEAT);
            status.ok = error.is_none();
            status.error = error;
            status.amount = self.counts.lines;
        });
    }
}

fn silent() -> Say {
    say!(
        "nothing came for longer than silent_for_max",
        "silent_for_max より長く何も届いていません"
    )
}
