//! Keeping sheets: ticks and signatures, each durable together with its event.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use promise::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spec::section::{checklist::Checklist, on_call::Day};
use store::state::Write;

use super::{Attested, Judged, Kept, NOTE_MAX, Sheet, Signature, day_of, due};
use crate::{Config, Error, EventKind, Responder, acknowledge::checked, incident::WHO_MAX};

const TABLE: &str = "respond_checklists";
/// When each list was first in force: what was due before is nobody's omission.
const SINCE: &str = "respond_checklists_since";
/// Sheets that are looked through: ten lists of each day over 27 years.
const SHEETS_MAX: usize = 100_000;
/// Days of one look at the past: a month, and the week before it.
const DAYS_MAX: i64 = 40;
/// How far back a sheet that nobody signed is noticed: over a long weekend without the process.
const LOOK_BACK: i64 = 7;

/// What a person says of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticking {
    /// From 1.
    pub item: usize,
    pub by: String,
    #[serde(default = "yes")]
    pub good: bool,
    #[serde(default)]
    pub note: String,
    /// Today's sheet where it is left out.
    #[serde(default)]
    pub day: Option<Day>,
}

fn yes() -> bool {
    true
}

/// A signature to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    pub by: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub day: Option<Day>,
}

impl Config {
    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    fn list(&self, name: &str) -> Result<&Checklist, Error> {
        self.checklists.get(name).ok_or_else(|| Error::NoSuch {
            what: "checklist",
            name: name.to_owned(),
        })
    }
}

impl Responder {
    /// The lists that are gone through again and again.
    #[must_use]
    pub fn checklists(&self) -> BTreeMap<String, Checklist> {
        let config = self.desk.config();
        let lists = config
            .checklists
            .iter()
            .filter(|(_, list)| list.every.is_some());
        lists
            .map(|(name, list)| (name.clone(), list.clone()))
            .collect()
    }

    /// The sheet of a day, today's where none is given; `None` where the list rests on it.
    pub async fn sheet(
        &self,
        name: &str,
        day: Option<Day>,
        judged: &BTreeMap<usize, Judged>,
    ) -> Result<Option<Sheet>, Error> {
        let config = self.desk.config();
        let list = config.list(name)?;
        let now = self.desk.clock.now();
        let date = day.map_or_else(|| now.to_zoned(&config.zone()).date(), |day| day.0);
        let Some(day) = day_of(list, date) else {
            return Ok(None);
        };
        let kept = self.kept(name, day).await?;
        Ok(Some(Sheet::of(
            name,
            list,
            day,
            &kept,
            judged,
            &config.zone(),
            now,
        )))
    }

    /// Every sheet of a month up to today, in order of their days: those that came due since the list is in force, and
    /// older ones on which somebody wrote.
    pub async fn sheets(&self, name: &str, month: Date) -> Result<Vec<Sheet>, Error> {
        let config = self.desk.config();
        let list = config.list(name)?;
        let (zone, now) = (config.zone(), self.desk.clock.now());
        let today = now.to_zoned(&zone).date();
        let since = self.in_force_since(name).await?;
        let first = month.first_of_month();
        let mut sheets: Vec<Sheet> = Vec::new();
        for offset in 0..DAYS_MAX {
            let Ok(date) = first.checked_add(offset.days()) else {
                break;
            };
            if date > month.last_of_month() || date > today {
                break;
            }
            let Some(day) = day_of(list, date).filter(|day| day.0 >= first) else {
                continue;
            };
            if sheets.last().is_some_and(|sheet| sheet.day == day) {
                continue;
            }
            let kept = self.kept(name, day).await?;
            if due(list, day, &zone) < since && kept == Kept::default() {
                continue;
            }
            sheets.push(Sheet::of(
                name,
                list,
                day,
                &kept,
                &BTreeMap::new(),
                &zone,
                now,
            ));
        }
        Ok(sheets)
    }

    /// Notes what a person says of an item.
    pub async fn tick(&self, name: &str, ticking: Ticking) -> Result<(), Error> {
        let who = checked("the name", &ticking.by, WHO_MAX)?;
        let note = noted(&ticking.note)?;
        let _turn = self.desk.sheets.lock().await;
        let sheet = self.open_sheet(name, ticking.day, &BTreeMap::new()).await?;
        let line = ticking
            .item
            .checked_sub(1)
            .and_then(|at| sheet.lines.get(at));
        let line = line.ok_or_else(|| Error::NoSuch {
            what: "item",
            name: ticking.item.to_string(),
        })?;
        if !ticking.good && note.is_empty() {
            return Err(Error::NoteMissing);
        }
        let attested = Attested {
            who,
            at: self.desk.clock.now(),
            is_good: ticking.good,
            note,
        };
        let body =
            json!({ "list": name, "day": sheet.day, "item": line.text, "attested": attested });
        let mut kept = self.kept(name, sheet.day).await?;
        kept.attested.insert(line.text.clone(), attested);
        self.keep(name, sheet.day, kept, EventKind::ChecklistTicked, body)
            .await
    }

    /// Signs a sheet with what evidence says of its judged items now.
    pub async fn sign(
        &self,
        name: &str,
        signing: Signing,
        judged: BTreeMap<usize, Judged>,
    ) -> Result<Sheet, Error> {
        let who = checked("the name", &signing.by, WHO_MAX)?;
        let note = noted(&signing.note)?;
        let _turn = self.desk.sheets.lock().await;
        let mut sheet = self.open_sheet(name, signing.day, &judged).await?;
        if let Some(unready) = sheet.unready(&note) {
            return Err(Error::Unready(unready.open, unready.unexplained));
        }
        let at = self.desk.clock.now();
        let signature = Signature {
            who,
            at,
            is_late: at > sheet.due,
            note,
        };
        let mut kept = self.kept(name, sheet.day).await?;
        for line in &sheet.lines {
            if let Some(judged) = &line.judged {
                kept.judged.insert(line.text.clone(), judged.clone());
            }
        }
        kept.signed = Some(signature.clone());
        sheet.is_late = signature.is_late;
        sheet.signed = Some(signature);
        let body = json!({ "list": name, "day": sheet.day, "sheet": sheet });
        self.keep(name, sheet.day, kept, EventKind::ChecklistSigned, body)
            .await?;
        Ok(sheet)
    }

    /// Tells once of each sheet whose time is over and that nobody has signed.
    pub(crate) async fn notice_missed(&self) -> Result<(), Error> {
        let config = self.desk.config();
        let (zone, now) = (config.zone(), self.desk.clock.now());
        let today = now.to_zoned(&zone).date();
        for (name, list) in config
            .checklists
            .iter()
            .filter(|(_, list)| list.every.is_some())
        {
            let since = self.in_force_since(name).await?;
            for offset in 0..LOOK_BACK {
                let Ok(date) = today.checked_sub(offset.days()) else {
                    continue;
                };
                let Some(day) = day_of(list, date).filter(|day| day.0 == date) else {
                    continue;
                };
                // What came due while nothing ran is told now.
                let due = due(list, day, &zone);
                if due > now || due < since {
                    continue;
                }
                let _turn = self.desk.sheets.lock().await;
                let mut kept = self.kept(name, day).await?;
                if kept.signed.is_some() || kept.missed {
                    continue;
                }
                kept.missed = true;
                let body = json!({ "list": name, "day": day, "due": due, "owner": list.owner });
                self.keep(name, day, kept, EventKind::ChecklistMissed, body)
                    .await?;
            }
        }
        Ok(())
    }

    /// Since when this list is gone through; from now on where it is new.
    async fn in_force_since(&self, name: &str) -> Result<Timestamp, Error> {
        let known = self.desk.state.get(SINCE, name).await?;
        let known = known.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
        if let Some(since) = known {
            return Ok(since);
        }
        let now = self.desk.clock.now();
        let put = Write::Put {
            table: SINCE,
            key: name.to_owned(),
            value: now.to_string().into_bytes(),
        };
        self.desk.state.write(vec![put]).await?;
        Ok(now)
    }

    async fn open_sheet(
        &self,
        name: &str,
        day: Option<Day>,
        judged: &BTreeMap<usize, Judged>,
    ) -> Result<Sheet, Error> {
        let sheet = self.sheet(name, day, judged).await?.ok_or(Error::NoSheet)?;
        match &sheet.signed {
            Some(signed) => Err(Error::Signed(signed.who.clone())),
            None => Ok(sheet),
        }
    }

    async fn kept(&self, name: &str, day: Day) -> Result<Kept, Error> {
        let key = key(name, day);
        let Some(bytes) = self.desk.state.get(TABLE, &key).await? else {
            return Ok(Kept::default());
        };
        serde_json::from_slice(&bytes).map_err(|source| Error::Damaged {
            what: "sheet",
            key,
            source,
        })
    }

    /// The writes that put what `changed` makes of kept sheets in their place; it leaves the others as they are.
    pub(crate) async fn sheets_with(
        &self,
        changed: impl Fn(&Kept) -> Option<Kept>,
    ) -> Result<Vec<Write>, Error> {
        let mut writes = Vec::new();
        for (key, bytes) in self.desk.state.scan(TABLE, "", SHEETS_MAX).await? {
            let damaged = |key: &str, source| Error::Damaged {
                what: "sheet",
                key: key.to_owned(),
                source,
            };
            let kept = serde_json::from_slice(&bytes).map_err(|it| damaged(&key, it))?;
            if let Some(kept) = changed(&kept) {
                let value = serde_json::to_vec(&kept).map_err(|it| damaged(&key, it))?;
                writes.push(Write::Put {
                    table: TABLE,
                    key,
                    value,
                });
            }
        }
        Ok(writes)
    }

    async fn keep(
        &self,
        name: &str,
        day: Day,
        kept: Kept,
        kind: EventKind,
        body: serde_json::Value,
    ) -> Result<(), Error> {
        let (about, key) = (format!("checklist:{name}"), key(name, day));
        self.desk
            .change(move |_, _, change| {
                let value = serde_json::to_vec(&kept).map_err(|source| Error::Damaged {
                    what: "sheet",
                    key: key.clone(),
                    source,
                })?;
                change.also(Write::Put {
                    table: TABLE,
                    key: key.clone(),
                    value,
                });
                change.event(kind, &about, &key, body);
                Ok(())
            })
            .await
    }
}

fn key(name: &str, day: Day) -> String {
    format!("{name}/{day}")
}

fn noted(note: &str) -> Result<String, Error> {
    match note.trim() {
        "" => Ok(String::new()),
        note => checked("the note", note, NOTE_MAX),
    }
}

/// Looks for missed sheets as often as a person would notice.
pub(crate) async fn watch(responder: &Responder) {
    const EVERY: std::time::Duration = std::time::Duration::from_secs(60);
    loop {
        if let Err(error) = responder.notice_missed().await {
            tracing::error!(%error, "missed checklists cannot be noticed");
        }
        tokio::time::sleep(EVERY).await;
    }
}
