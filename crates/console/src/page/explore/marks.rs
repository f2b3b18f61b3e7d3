//! What else happened in a stretch of time: incidents, deploys, and changes of the spec and of this process.

use ::promise::Timestamp;
use maud::{Markup, html};

use crate::{
    lang::Pick,
    page::{case::deployed, entry, promise_link},
    reply::{Visit, escape},
    show::{lines::Band, mark, time},
};

/// Incidents and entries of each kind that are looked at; older ones lie before most charts.
const LOOKED_AT: usize = 200;
/// Marks listed below a chart.
const LISTED_MAX: usize = 30;
/// Kinds of entries that tell of a change.
const CHANGES: [&str; 5] = [
    "spec",
    "spec_refused",
    "promise",
    "promise_withdrawn",
    "started",
];

pub(super) struct Mark {
    from: Timestamp,
    to: Option<Timestamp>,
    class: &'static str,
    what: Markup,
    entry: Option<u64>,
}

impl Mark {
    pub fn band(&self, now: Timestamp) -> Band {
        let lasts = self.class != "change";
        Band {
            from: self.from,
            to: if lasts {
                self.to.unwrap_or(now)
            } else {
                self.from
            },
            class: self.class,
        }
    }
}

/// In order of time. What cannot be read is left out: marks adorn a chart, they do not make it.
pub(super) async fn between(visit: &Visit, from: Timestamp, to: Timestamp) -> Vec<Mark> {
    let lang = visit.lang;
    let desk = &visit.room.desk;
    let mut marks = Vec::new();
    let incidents = desk.incidents.list(LOOKED_AT).await.unwrap_or_default();
    for incident in incidents {
        let end = incident.resolved.unwrap_or(visit.now);
        if incident.opened <= to && end >= from {
            marks.push(Mark {
                from: incident.opened,
                to: incident.resolved,
                class: mark::class(incident.state),
                what: html! {
                    (mark::verdict(incident.state, lang)) " "
                    a href={ "/incidents/" (escape(&incident.id)) } { (incident.title.get(lang)) }
                },
                entry: None,
            });
        }
    }
    let kinds = desk.ledger.kinds();
    for kind in CHANGES {
        let entries = desk.ledger.entries(None, Some(kind), LOOKED_AT).await;
        let within = entries.unwrap_or_default().into_iter();
        for one in within.filter(|one| one.at >= from && one.at <= to) {
            let name = kinds.iter().find(|(known, _)| *known == kind);
            let name = name.map_or(kind, |(_, name)| name.get(lang)).to_owned();
            let about = one.about.filter(|about| visit.board.row(about).is_some());
            marks.push(Mark {
                from: one.at,
                to: None,
                class: "change",
                what: html! { (name) @if let Some(id) = about { " · " (promise_link(visit, &id)) } },
                entry: Some(one.index),
            });
        }
    }
    for change in desk.cases.changes(from, to).await {
        marks.push(Mark {
            from: change.at,
            to: None,
            class: "change",
            what: deployed(&change),
            entry: None,
        });
    }
    marks.sort_by_key(|mark| mark.from);
    marks
}

/// The marks in words.
pub(super) fn list(visit: &Visit, marks: &[Mark]) -> Markup {
    let (lang, zone) = (visit.lang, visit.zone());
    html! { @if !marks.is_empty() {
        section.marks aria-labelledby="marks" {
            h2 #marks { (lang.pick("Meanwhile", "この間の出来事")) }
            ul { @for mark in marks.iter().rev().take(LISTED_MAX) {
                li class=(mark.class) {
                    svg.key viewBox="0 0 8 16" aria-hidden="true" { path d="M4 0v16" {} }
                    (time::clock(mark.from, visit.now, &zone, lang)) " " (mark.what) " " (entry(mark.entry, lang))
                }
            } }
            @if marks.len() > LISTED_MAX { p.note { (lang.pick("Older ones are in the ledger.", "以前の出来事は台帳にあります。")) } }
        }
    } }
}
