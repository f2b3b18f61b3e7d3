//! Incidents: what people work on. Opened by an alert, acknowledged by a person, resolved by evidence.
//!
//! One open incident a promise, unless a route groups: a wrong group hides the second fault behind the first, so groups are
//! asked for and not guessed. In one, a new alert is told even after somebody has acknowledged the others.

mod by_hand;
pub mod change;
pub mod concern;
pub mod deed;
pub mod figures;
mod forget;
pub mod notice;
pub mod post_mortem;
pub mod track;
pub mod work;

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, State, Timestamp};
use serde::{Deserialize, Serialize};

pub use forget::{FORGOTTEN, stands_in};
pub use work::Work;

use crate::page;

/// A flapping promise must not grow one record without end; the first entries tell how it began, the last how it is.
pub const TIMELINE_MAX: usize = 400;
/// A day of repeats each five minutes to one receiver.
pub const PAGES_MAX: usize = 300;
/// Entries at the beginning that are never dropped.
const FIRST_KEPT: usize = 50;
/// Longest name of a person who acknowledges.
pub const WHO_MAX: usize = 200;
/// Longest reason of an acknowledgement; more belongs into the post-mortem.
pub const REASON_MAX: usize = 2_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Counts up over the life of the data directory and never starts again.
    pub number: u64,
    /// `INC-2026-0001`: the year it opened in, and the number.
    pub id: String,
    pub title: Say,
    /// Ids of the promises concerned.
    pub promises: Vec<String>,
    pub severity: Option<String>,
    /// The severity's level, 1 the worst; kept because the spec may change.
    pub level: Option<u64>,
    pub owner: String,
    /// The worst state of its open alerts, or the state in which it was resolved.
    pub state: State,
    /// Whether people are paged for it, and not only shown it.
    pub is_paging: bool,
    /// The first bad evidence.
    pub bad_since: Timestamp,
    pub opened: Timestamp,
    pub acknowledged: Option<Acknowledgement>,
    pub resolved: Option<Timestamp>,
    /// When a person must have acknowledged.
    pub answer_due: Option<Timestamp>,
    pub answer_missed: bool,
    /// Steps of its escalation that were taken.
    #[serde(default)]
    pub escalated: u64,
    pub evidence_lost: Option<Timestamp>,
    /// Why nobody is paged for it now, though it is open.
    #[serde(default)]
    pub hushed: Option<Say>,
    /// Receivers that hear of it once their route's intervals allow.
    #[serde(default)]
    pub owed: Vec<String>,
    /// Every page so far, oldest first.
    pub pages: Vec<PageRecord>,
    /// Number of the next page.
    pub next_page: u64,
    pub timeline: Vec<Entry>,
    /// Ledger entries of the verdicts that it rests on.
    pub ledger: Vec<u64>,
    /// By which each receiver knows its message about this incident.
    #[serde(default)]
    pub handles: BTreeMap<String, String>,
    /// What people did about it.
    #[serde(default)]
    pub work: Work,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub at: Timestamp,
    pub who: String,
    pub reason: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    /// Stable, kebab-case: `opened`, `evidence-lost`, `page-sent`.
    pub code: String,
    pub what: Say,
    /// The person who did it.
    pub who: Option<String>,
    /// The verdict's entry in the ledger.
    pub ledger: Option<u64>,
}

/// A page and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRecord {
    pub key: String,
    pub receiver: String,
    pub kind: page::Kind,
    /// The receiver that it stands in for.
    pub instead_of: Option<String>,
    pub intended: Timestamp,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// Not accepted yet.
    Pending {
        tries: u32,
        last_error: Option<String>,
    },
    /// The receiver accepted it.
    Sent {
        at: Timestamp,
        tries: u32,
        /// From the evidence that it speaks of to acceptance.
        latency_millis: u64,
        /// Whether the severity's `page_within` was kept; `None` where there is none.
        in_time: Option<bool>,
    },
    Failed {
        at: Timestamp,
        tries: u32,
        why: String,
    },
}

/// Which incidents to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only open (`true`) or only resolved ones.
    pub open: Option<bool>,
    pub promise: Option<String>,
    /// At most so many, newest first; 0 for as many as are kept.
    pub limit: usize,
}

impl Filter {
    #[must_use]
    pub fn open() -> Self {
        Self {
            open: Some(true),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn fits(&self, incident: &Incident) -> bool {
        self.open.is_none_or(|open| open == incident.is_open())
            && self
                .promise
                .as_ref()
                .is_none_or(|promise| incident.promises.contains(promise))
    }
}

impl Incident {
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.resolved.is_none()
    }

    /// Whether people are told again: open, paging, not held back, and nobody has acknowledged.
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        self.is_open() && self.is_paging && self.acknowledged.is_none() && self.hushed.is_none()
    }

    /// From when an answer is awaited: its beginning, or the end of an acknowledgement that did not hold.
    #[must_use]
    pub fn waiting_since(&self) -> Timestamp {
        let began = self.work.waits_since.or(self.work.lapsed);
        began.unwrap_or(self.opened)
    }

    /// The clock was set back by so much: what is awaited is awaited as long as before. What is recorded stays as it was.
    pub fn set_back(&mut self, by: Duration) {
        match &self.acknowledged {
            Some(answer) => {
                self.work.touched = Some(self.work.touched.unwrap_or(answer.at) - by);
            }
            None => {
                self.work.waits_since = Some(self.waiting_since() - by);
                self.answer_due = self.answer_due.map(|due| due - by);
            }
        }
    }

    /// Whether its answer came after its time, or has not come by then.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let answer = self
            .work
            .first_answer
            .as_ref()
            .or(self.acknowledged.as_ref());
        let after = answer
            .zip(self.answer_due)
            .is_some_and(|(answer, due)| answer.at > due);
        self.answer_missed || (after && self.work.lapsed.is_none())
    }

    /// Who has taken it on, and what they said of it.
    #[must_use]
    pub fn answered(&self) -> Option<String> {
        let answer = self.acknowledged.as_ref()?;
        Some(match &answer.reason {
            Some(reason) => format!("{}: {reason}", answer.who),
            None => answer.who.clone(),
        })
    }

    /// How long it has been, or was, open.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> Duration {
        self.resolved.unwrap_or(now).since(self.opened)
    }

    pub(crate) fn note(&mut self, at: Timestamp, code: &str, what: Say) -> &mut Entry {
        bounded(&mut self.timeline, TIMELINE_MAX);
        self.timeline.push(Entry {
            at,
            code: code.to_owned(),
            what,
            who: None,
            ledger: None,
        });
        let last = self.timeline.len() - 1;
        &mut self.timeline[last]
    }

    pub(crate) fn add_page(&mut self, record: PageRecord) {
        bounded(&mut self.pages, PAGES_MAX);
        self.pages.push(record);
    }

    pub(crate) fn page_mut(&mut self, key: &str) -> Option<&mut PageRecord> {
        self.pages.iter_mut().rev().find(|page| page.key == key)
    }

    /// Receivers that were told of it, or will be: those who must hear of its end.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        for page in &self.pages {
            if !matches!(page.outcome, Outcome::Failed { .. }) && !told.contains(&page.receiver) {
                told.push(page.receiver.clone());
            }
        }
        told
    }
}

/// Makes room for one more.
fn bounded<T>(list: &mut Vec<T>, most: usize) {
    if list.len() >= most {
        list.remove(FIRST_KEPT);
    }
}

/// The number in an incident's id.
#[must_use]
pub(crate) fn number(id: &str) -> Option<u64> {
    id.rsplit('-').next()?.parse().ok()
}

#[must_use]
pub(crate) fn id(number: u64, opened: Timestamp, time_zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    format!("INC-{}-{number:04}", opened.to_zoned(&zone).year())
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// Of a shop in Tokyo: bad since 09:59:48 on 22 November 2026, opened 16 s later.
    pub fn open() -> Incident {
        let at = |text: &str| text.parse().unwrap_or(Timestamp::EPOCH);
        let mut incident = Incident {
            number: 7,
            id: "INC-2026-0007".into(),
            title: Say::new("Payments succeed", "決済成功率"),
            promises: vec!["payment-success".into()],
            severity: Some("critical".into()),
            level: Some(1),
            owner: "payments-sre".into(),
            state: State::Broken,
            is_paging: true,
            bad_since: at("2026-11-22T00:59:48Z"),
            opened: at("2026-11-22T01:00:04Z"),
            acknowledged: None,
            resolved: None,
            answer_due: Some(at("2026-11-22T01:02:04Z")),
            answer_missed: false,
            escalated: 0,
            evidence_lost: None,
            hushed: None,
            owed: vec![],
            pages: vec![],
            next_page: 1,
            timeline: vec![],
            ledger: vec![57],
            handles: BTreeMap::new(),
            work: Work::default(),
        };
        let what = Say::new(
            "broken: 140 % of the error budget is spent",
            "破れた: エラーバジェットの 140 % を使いました",
        );
        incident.note(incident.opened, "opened", what).ledger = Some(57);
        incident
    }

    /// Answered after a minute, over after twelve.
    pub fn resolved() -> Incident {
        let mut incident = open();
        let after = |secs| incident.opened + Duration::from_secs(secs);
        let (answered, ended) = (after(60), after(720));
        let answer = Acknowledgement {
            at: answered,
            who: "佐藤".into(),
            reason: None,
        };
        incident
            .note(
                answered,
                "acknowledged",
                Say::new("佐藤 acknowledged", "佐藤 が応答しました"),
            )
            .who = Some("佐藤".into());
        incident.acknowledged = Some(answer);
        incident.resolved = Some(ended);
        incident.state = State::Kept;
        incident.note(
            ended,
            "resolved",
            Say::new(
                "kept: 60 % of the error budget is left",
                "守れている: エラーバジェットは 60 % 残っています",
            ),
        );
        incident
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_year_is_that_of_the_service() {
        // 15:30Z on New Year's Eve is 00:30 on 1 January in Tokyo.
        let opened = "2026-12-31T15:30:00Z".parse().unwrap();
        assert_eq!(id(12, opened, "Asia/Tokyo"), "INC-2027-0012");
        assert_eq!(id(12, opened, "UTC"), "INC-2026-0012");
    }

    #[test]
    fn a_long_list_keeps_its_beginning_and_its_end() {
        let mut list: Vec<usize> = Vec::new();
        for n in 0..1_000 {
            bounded(&mut list, 100);
            list.push(n);
        }
        assert_eq!(list.len(), 100);
        assert_eq!(list[..FIRST_KEPT], (0..FIRST_KEPT).collect::<Vec<_>>());
        assert_eq!(list[FIRST_KEPT..], (950..1_000).collect::<Vec<_>>());
    }
}
