//! The audit: what the ledger's seals say of the log store's files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use ledger::Entry;
use promise::{Say, Timestamp, say};

use super::{DeletedBody, GoneWhy, Known, PartSeal, SealsBody};
use crate::book::kind;

/// What does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    /// The part or the stream that it is about.
    pub(crate) about: String,
    /// The entry that shows it, where one does.
    pub(crate) entry: Option<u64>,
    pub(crate) what: Say,
}

/// What the seals say.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub(crate) problems: Vec<Problem>,
    /// Parts that are sealed and unchanged.
    pub(crate) parts: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// Files that came after the last seal.
    pub(crate) unsealed: u64,
    /// When was sealed last.
    pub(crate) sealed_at: Option<Timestamp>,
    /// Sealed parts that are not there: gone since the last seal, or taken away.
    pub(crate) absent: u64,
}

/// Reads the seals of a ledger, whose entries the caller has verified, and compares them with the files in `parts`.
pub(crate) fn audit(
    read: impl FnOnce(&mut dyn FnMut(Entry)) -> anyhow::Result<()>,
    parts: &Path,
) -> anyhow::Result<Audit> {
    let mut fold = Fold::default();
    read(&mut |entry| fold.take(&entry))?;
    fold.end_round();
    let mut audit = fold.audit;
    for part in fold.known.values() {
        match store::logs::holds(&parts.join(&part.name), &part.sha256)? {
            Some(true) => {
                audit.parts += 1;
                audit.records += part.records;
                audit.bytes += part.bytes;
                if hides(parts, part) && !fold.hidden.contains(&part.sha256) {
                    audit.problems.push(Problem::of(
                        part,
                        say!(
                            "records of it are hidden, and no deletion in the ledger says so",
                            "レコードの一部が隠されていますが、台帳に削除の記録がありません"
                        ),
                    ));
                }
            }
            Some(false) => audit.problems.push(Problem::of(
                part,
                say!("it is not what was sealed", "封印時の内容と一致しません"),
            )),
            None => {
                audit.absent += 1;
                audit.problems.push(Problem::of(
                    part,
                    say!(
                        "it is sealed, and its file is gone",
                        "封印済みですが、ファイルがありません"
                    ),
                ));
            }
        }
    }
    audit.unsealed = unsealed(parts, &fold.known)?;
    Ok(audit)
}

impl Problem {
    fn of(part: &PartSeal, what: Say) -> Self {
        Self {
            about: part.name.clone(),
            entry: None,
            what,
        }
    }
}

/// Whether rows of a part are marked as deleted.
fn hides(parts: &Path, part: &PartSeal) -> bool {
    parts.join(format!("{}.gone", part.name)).exists()
}

fn unsealed(parts: &Path, known: &Known) -> anyhow::Result<u64> {
    let mut count = 0;
    if !parts.exists() {
        return Ok(0);
    }
    for file in fs::read_dir(parts)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        let is_part = name.ends_with(".part") || name.ends_with(".merged");
        count += u64::from(is_part && !known.contains_key(&name));
    }
    Ok(count)
}

/// The walk over the entries.
#[derive(Default)]
struct Fold {
    known: Known,
    audit: Audit,
    round: Round,
    /// Deleted by query, by stream, and in a part still: a later merge leaves it out.
    deleted: BTreeMap<String, u64>,
    /// Parts in which deletions have hidden records.
    hidden: BTreeSet<String>,
}

/// What the entries of one instant say together.
#[derive(Default)]
struct Round {
    at: Option<String>,
    entry: u64,
    /// By stream: records of new parts, and records of parts that were merged away.
    came: BTreeMap<String, u64>,
    merged: BTreeMap<String, u64>,
}

impl Fold {
    fn take(&mut self, entry: &Entry) {
        match entry.kind.as_str() {
            kind::LOGS_SEALED => match serde_json::from_value::<SealsBody>(entry.body.clone()) {
                Ok(body) => self.sealed(entry, body),
                Err(error) => self.unreadable(entry, &error),
            },
            kind::LOGS_DELETED => match serde_json::from_value::<DeletedBody>(entry.body.clone()) {
                Ok(body) => {
                    self.hidden.extend(body.parts);
                    for (stream, records) in body.by_stream {
                        *self.deleted.entry(stream).or_default() += records;
                    }
                }
                Err(error) => self.unreadable(entry, &error),
            },
            _ => {}
        }
    }

    fn unreadable(&mut self, entry: &Entry, error: &serde_json::Error) {
        self.audit.problems.push(Problem {
            about: entry.kind.clone(),
            entry: Some(entry.index),
            what: say!("it cannot be read: {error}", "読み取れません: {error}"),
        });
    }

    fn sealed(&mut self, entry: &Entry, body: SealsBody) {
        if self.round.at.as_ref() != Some(&entry.at) {
            self.end_round();
            self.round.at = Some(entry.at.clone());
        }
        self.round.entry = entry.index;
        let at: Option<Timestamp> = entry.at.parse().ok();
        self.audit.sealed_at = at;
        for gone in body.gone {
            self.gone(entry, at, &body.kept_secs, &gone);
        }
        for part in body.parts {
            *self.round.came.entry(part.stream.clone()).or_default() += part.records;
            self.known.insert(part.name.clone(), part);
        }
    }

    fn gone(
        &mut self,
        entry: &Entry,
        at: Option<Timestamp>,
        kept_secs: &BTreeMap<String, u64>,
        gone: &super::Gone,
    ) {
        let is_it = |part: &&PartSeal| part.sha256 == gone.sha256;
        let Some(part) = self.known.get(&gone.name).filter(is_it).cloned() else {
            return;
        };
        self.known.remove(&gone.name);
        let what = match gone.why {
            GoneWhy::Merged => {
                *self.round.merged.entry(part.stream).or_default() += part.records;
                return;
            }
            GoneWhy::Retention => {
                let keep = kept_secs
                    .get(&part.stream)
                    .copied()
                    .map(Duration::from_secs);
                let is_past = at.zip(keep).is_some_and(|(at, keep)| part.last < at - keep);
                if is_past {
                    return;
                }
                say!(
                    "it was dropped as past its retention, but was not",
                    "保存期間が過ぎたものとして消されましたが、過ぎていません"
                )
            }
            GoneWhy::Missing => say!(
                "it was gone when the seals were renewed, and nobody knows why",
                "封印の更新時に失われており、理由が記録されていません"
            ),
        };
        self.audit.problems.push(Problem {
            about: gone.name.clone(),
            entry: Some(entry.index),
            what,
        });
    }

    /// What was merged away must have come again, but for what was deleted meanwhile.
    fn end_round(&mut self) {
        let round = std::mem::take(&mut self.round);
        if round.at.is_none() {
            return;
        }
        for (stream, merged) in round.merged {
            let came = round.came.get(&stream).copied().unwrap_or_default();
            let deleted = self.deleted.entry(stream.clone()).or_default();
            let left_out = merged.saturating_sub(came);
            let lost = left_out.saturating_sub(*deleted);
            *deleted -= left_out - lost;
            if lost > 0 {
                self.audit.problems.push(Problem {
                    about: stream,
                    entry: Some(round.entry),
                    what: say!(
                        "{lost} records of parts that were merged are in no part",
                        "統合されたパートのうち {lost} 件のレコードがどのパートにもありません"
                    ),
                });
            }
        }
    }
}
