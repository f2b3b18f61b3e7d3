//! Has the ledger witnessed by those outside whom the spec names, each in its turn.
//!
//! What a witness said, and that one could not be asked, are entries of the ledger; and as log records they come to the
//! judge, so that a witness who is missing breaks a promise like any other.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use console::door;
use promise::{Clock, Say, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use spec::section::ledger::{Witness, id_of};
use store::{Lines, LogStore, Record, StateStore, state::Write};
use tokio_util::sync::CancellationToken;

use super::{
    events::{Judges, SOURCE, STREAM},
    judge::Input,
};
use crate::{
    book::{Book, kind},
    witness::{self, Problem, Seen, authority::STAMPS},
};

/// The first round comes when the start is over.
const FIRST: Duration = Duration::from_secs(2);
/// How soon a witness that did not answer is asked again; each further wait is twice as long, and none longer than a turn.
const AGAIN: Duration = Duration::from_secs(10);
/// Doublings of it that matter: beyond them a turn is shorter.
const DOUBLINGS_MAX: u32 = 16;
/// How long at most until it is looked again what is due: the clock may have been set meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(30);
const LOOK_MIN: Duration = Duration::from_millis(200);

const TABLE: &str = "ledger_witnesses";
/// Witnesses of one ledger.
const WITNESSES_MAX: usize = 1_000;
/// Checkpoints as witnesses last saw them lie here, beside the ledger, each under its witness's id.
const FOLDER: &str = "witnessed";
/// Tells the record of a witness from those of the responders' events.
const RECORDS: u128 = 2 << 64;

/// What the task needs of the house.
pub(crate) struct Witnesses {
    pub(crate) named: BTreeMap<String, Witness>,
    /// Where paths of the spec begin.
    pub(crate) folder: PathBuf,
    /// The ledger's directory.
    pub(crate) ledger: PathBuf,
    pub(crate) book: Book,
    pub(crate) logs: Arc<dyn LogStore>,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) judges: Judges,
    /// What the console shows.
    pub(crate) shown: Arc<ArcSwap<Vec<door::Witness>>>,
}

/// How it stands with one witness; survives a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Standing {
    /// When it saw the ledger last, how large, and the entry that says so.
    seen: Option<(Timestamp, u64, u64)>,
    /// When it was asked last, in vain, and how often in a row.
    asked: Option<Timestamp>,
    failures: u32,
    problem: Option<Say>,
    refuses: bool,
}

impl Standing {
    fn due(&self, every: Duration, started: Timestamp) -> Timestamp {
        match (self.asked, &self.seen) {
            (Some(asked), _) => {
                let doublings = self.failures.saturating_sub(1).min(DOUBLINGS_MAX);
                asked + (AGAIN * (1 << doublings)).min(every)
            }
            (None, Some((at, ..))) => *at + every,
            (None, None) => started + FIRST,
        }
    }
}

pub(crate) async fn run(work: Witnesses, stop: CancellationToken) {
    let mut standings = match work.recall().await {
        Ok(standings) => standings,
        Err(error) => {
            tracing::error!(%error, "what witnesses saw last could not be read");
            BTreeMap::new()
        }
    };
    let started = work.clock.now();
    loop {
        work.show(&standings);
        let due = |(name, witness): (&String, &Witness)| {
            let standing = standings.get(name).cloned().unwrap_or_default();
            (standing.due(witness.every(), started), name.clone())
        };
        let Some((at, name)) = work.named.iter().map(due).min() else {
            return;
        };
        let now = work.clock.now();
        if at > now {
            let wait = at.since(now).clamp(LOOK_MIN, LOOK_EVERY);
            let slept = stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            if slept.is_none() {
                return;
            }
            continue;
        }
        let mut standing = standings.remove(&name).unwrap_or_default();
        let asked = work.ask(&name, &mut standing);
        if stop.run_until_cancelled(asked).await.is_none() {
            return;
        }
        standings.insert(name, standing);
    }
}

impl Witnesses {
    async fn recall(&self) -> anyhow::Result<BTreeMap<String, Standing>> {
        let known = self.state.scan(TABLE, "", WITNESSES_MAX).await?.into_iter();
        let read = known.filter(|(name, _)| self.named.contains_key(name));
        // What cannot be read is asked anew.
        let read = read.filter_map(|(name, it)| Some((name, serde_json::from_slice(&it).ok()?)));
        Ok(read.collect())
    }

    async fn ask(&self, name: &str, standing: &mut Standing) {
        let Some(witness) = self.named.get(name) else {
            return;
        };
        let last = standing.seen.map_or(0, |(_, size, _)| size);
        let asked = witness::ask(witness, self.book.ledger(), &self.folder, last).await;
        let now = self.clock.now();
        let told = match asked {
            Ok(seen) => self.seen(name, witness, standing, now, &seen).await,
            Err(problem) => self.missed(name, standing, now, problem).await,
        };
        if let Err(error) = told {
            // It is asked again, as if it had not answered.
            tracing::error!(%error, witness = name, "what a witness said could not be written down");
            standing.asked = Some(now);
            standing.failures += 1;
        }
        let value = serde_json::to_vec(standing).unwrap_or_default();
        let write = Write::Put {
            table: TABLE,
            key: name.to_owned(),
            value,
        };
        if let Err(error) = self.state.write(vec![write]).await {
            tracing::warn!(%error, "how it stands with a witness could not be stored");
        }
    }

    async fn seen(
        &self,
        name: &str,
        witness: &Witness,
        standing: &mut Standing,
        now: Timestamp,
        seen: &Seen,
    ) -> anyhow::Result<()> {
        let mut places = vec![self.ledger.join(FOLDER).join(id_of(name))];
        if let Witness::Authority(_) = witness {
            places.push(self.ledger.join(STAMPS).join(seen.size.to_string()));
        }
        let note = seen.note.clone();
        tokio::task::spawn_blocking(move || places.iter().try_for_each(|it| keep(it, &note)))
            .await??;
        let (size, root) = (seen.size, &seen.root);
        let body = json!({ "size": size, "root": root });
        let entry = self.book.note(kind::WITNESSED, name, body).await?;
        *standing = Standing {
            seen: Some((now, size, entry)),
            ..Standing::default()
        };
        self.tell("witnessed", name, now, entry).await;
        Ok(())
    }

    async fn missed(
        &self,
        name: &str,
        standing: &mut Standing,
        now: Timestamp,
        problem: Problem,
    ) -> anyhow::Result<()> {
        let Problem { why, refuses } = problem;
        tracing::warn!(witness = name, why = why.en, "the ledger was not witnessed");
        // One entry for a row of failures, and one for what is worse than silence.
        let is_news = standing.failures == 0 || refuses && !standing.refuses;
        standing.asked = Some(now);
        standing.failures = standing.failures.saturating_add(1);
        standing.refuses = refuses;
        standing.problem = Some(why.clone());
        if is_news {
            let body = json!({ "why": why, "refuses": refuses });
            let entry = self.book.note(kind::WITNESS_MISSED, name, body).await?;
            self.tell("witness_missed", name, now, entry).await;
        }
        Ok(())
    }

    /// To the log store and to the judge; `entry` makes the record one of a kind.
    async fn tell(&self, event: &str, name: &str, at: Timestamp, entry: u64) {
        let fields = [("event", event), ("witness", &id_of(name))];
        let fields = fields.map(|(name, text)| (name.to_owned(), Value::from(text)));
        let records = vec![Record {
            id: RECORDS | u128::from(entry),
            at,
            stream: STREAM.to_owned(),
            fields: Map::from_iter(fields),
        }];
        if let Err(error) = self.logs.append(records.clone()).await {
            tracing::error!(%error, "what a witness did could not be logged");
        }
        let lines = Lines {
            source: SOURCE.to_owned(),
            at,
            records: records.into(),
            resume: Vec::new(),
            failed: None,
            ack: None,
        };
        let judge = self.judges.borrow().clone();
        if let Some(judge) = judge {
            // It ends with its generation; the record is in the store.
            let _ = judge.send(Input::Lines(vec![lines])).await;
        }
    }

    fn show(&self, standings: &BTreeMap<String, Standing>) {
        let one = |(name, witness): (&String, &Witness)| {
            let standing = standings.get(name).cloned().unwrap_or_default();
            door::Witness {
                name: name.clone(),
                promise: format!("tegata_witness_{}", id_of(name)),
                what: witness.say(),
                every_secs: witness.every().as_secs(),
                within_secs: witness.within().as_secs(),
                seen: standing.seen.map(|(at, ..)| at),
                size: standing.seen.map(|(_, size, _)| size),
                entry: standing.seen.map(|(.., entry)| entry),
                problem: standing.problem,
                refuses: standing.refuses,
            }
        };
        let shown = self.named.iter().map(one).collect();
        self.shown.store(Arc::new(shown));
    }
}

/// Writes a file whole: whoever reads it finds the old one or the new one.
fn keep(path: &std::path::Path, note: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, note)?;
    Ok(std::fs::rename(fresh, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    /// Of an hourly witness: the next turn an hour later; after failures 10, 20, 40 … s later, and never more than an hour.
    #[test]
    fn a_witness_that_fails_is_asked_again_ever_more_seldom_and_at_least_each_turn() {
        let hour = Duration::from_secs(3_600);
        let fresh = Standing::default();
        assert_eq!(fresh.due(hour, at(100)), at(102));
        let seen = Standing {
            seen: Some((at(1_000), 7, 7)),
            ..Standing::default()
        };
        assert_eq!(seen.due(hour, at(0)), at(4_600));
        let failed = |failures| Standing {
            asked: Some(at(5_000)),
            failures,
            ..seen.clone()
        };
        let waits = [1, 2, 3, 9, 10, 4_000_000_000]
            .map(|n| failed(n).due(hour, at(0)).since(at(5_000)).as_secs());
        assert_eq!(waits, [10, 20, 40, 2_560, 3_600, 3_600]);
        assert_eq!(failed(3).due(Duration::from_secs(1), at(0)), at(5_001));
    }
}
