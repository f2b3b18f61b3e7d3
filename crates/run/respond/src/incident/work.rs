//! What people do about an incident: answers, roles, notes, links, ticks, causes, actions.

use std::collections::BTreeMap;

use promise::{Timestamp, say};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spec::section::on_call::Day;

use super::{Acknowledgement, concern::Concern};
use crate::{
    Config, EventKind,
    book::{Book, Change},
};

/// Links of one incident that are remembered as used; each is one acknowledgement.
const USED_MAX: usize = 50;
/// Of each kind of thing that people add. More is a document of its own.
pub const THINGS_MAX: usize = 100;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// Who opened it, where a person did and no verdict.
    pub opened_by: Option<String>,
    /// The first acknowledgement, also where it no longer holds.
    pub first_answer: Option<Acknowledgement>,
    /// When the last acknowledgement ceased to hold.
    pub lapsed: Option<Timestamp>,
    /// From when an answer is awaited by a clock that was set back since: the next step is neither delayed nor repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
    /// When a person last did something about it, by a clock that was set back since: an answer holds from then.
    pub touched: Option<Timestamp>,
    /// Links that were used, by the number of their page.
    pub links_used: Vec<(u64, Acknowledgement)>,
    /// Who does what: `commander`, `scribe`, and whatever else the team has.
    pub roles: BTreeMap<String, String>,
    pub links: Vec<WebLink>,
    /// Steps of the runbook that were done, by their text.
    pub ticks: Vec<Tick>,
    /// What contributed to it.
    pub causes: Vec<String>,
    /// What is to be done so that it does not come again.
    pub actions: Vec<Action>,
    /// Whose data is concerned.
    pub concern: Option<Concern>,
}

/// A page elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebLink {
    pub title: String,
    pub url: String,
}

/// A step of the runbook that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub step: String,
    pub who: String,
    pub at: Timestamp,
}

/// Something to be done after the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// From 1, within the incident.
    pub number: u64,
    pub text: String,
    pub owner: String,
    /// The last day on which it is in time.
    pub due: Day,
    pub done: Option<Timestamp>,
    /// Whether it was told that it is overdue.
    #[serde(default)]
    pub overdue: bool,
}

impl Work {
    /// What the link of a page was used for.
    #[must_use]
    pub fn used(&self, page: u64) -> Option<&Acknowledgement> {
        let used = self.links_used.iter().find(|(number, _)| *number == page);
        used.map(|(_, answer)| answer)
    }

    pub(crate) fn use_link(&mut self, page: u64, answer: Acknowledgement) {
        if self.links_used.len() >= USED_MAX {
            self.links_used.remove(0);
        }
        self.links_used.push((page, answer));
    }

    /// The tick of a step, where it has one.
    #[must_use]
    pub fn tick(&self, step: &str) -> Option<&Tick> {
        self.ticks.iter().find(|tick| tick.step == step)
    }
}

/// Tells once of each action whose last day is over.
pub(crate) fn overdue(config: &Config, book: &Book, change: &mut Change) {
    let zone = jiff::tz::TimeZone::get(&config.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let today = Day(change.at.to_zoned(&zone).date());
    let late = |action: &Action| action.done.is_none() && !action.overdue && action.due < today;
    for known in book
        .incidents
        .values()
        .filter(|incident| incident.work.actions.iter().any(late))
    {
        // Another step of the same look may have touched it already.
        let Some(mut incident) = change.incident(book, &known.id) else {
            continue;
        };
        let at = change.at;
        let mut told = Vec::new();
        for action in incident
            .work
            .actions
            .iter_mut()
            .filter(|action| late(action))
        {
            action.overdue = true;
            told.push(action.clone());
        }
        for Action {
            number,
            text,
            owner,
            due,
            ..
        } in told
        {
            let what = say!(
                "action {number} of {owner} was due on {due}: {text}",
                "対策 {number}({owner})が期限 {due} を過ぎました: {text}"
            );
            incident.note(at, "action-overdue", what);
            let body = json!({ "incident": incident.id, "severity": incident.severity, "action": number, "owner": owner, "due": due });
            let about = incident.promises.first().cloned().unwrap_or_default();
            change.event(EventKind::ActionOverdue, &about, &incident.id, body);
        }
        change.put_incident(incident);
    }
}
