//! `/incidents`: what stands open, then what was closed.

use ::promise::Lang;
use axum::response::Response;
use maud::{Markup, html};

use crate::{
    door::Incident,
    lang::Pick,
    page::{Follow, Part, case, frame, offered},
    reply::{Visit, escape},
    show::{mark, time},
};

/// Enough for a busy quarter; older ones stay in the ledger.
const INCIDENTS_MAX: usize = 100;

pub(crate) async fn show(visit: Visit) -> Response {
    let incidents = match visit.room.desk.incidents.list(INCIDENTS_MAX).await {
        Ok(incidents) => incidents,
        Err(refused) => return visit.refused(&refused),
    };
    let lang = visit.lang;
    let (open, closed): (Vec<&Incident>, Vec<&Incident>) =
        incidents.iter().partition(|one| one.is_open());
    let head = match (open.len(), lang) {
        (0, Lang::En) => "No incident is open.".to_owned(),
        (1, Lang::En) => "1 incident is open.".to_owned(),
        (n, Lang::En) => format!("{n} incidents are open."),
        (0, Lang::Ja) => "対応中のインシデントはありません。".to_owned(),
        (n, Lang::Ja) => format!("{n} 件のインシデントに対応中です。"),
    };
    let main = html! {
        h1 { (head) }
        p.paging { a href="/incidents/figures" { (lang.pick("How fast we answer and mend", "応答と復旧の速さ")) } }
        (offered(&visit, "/incidents", || case::opening(&visit)))
        (list(&visit, &open))
        @if !closed.is_empty() {
            h2 { (lang.pick("Resolved", "解決済み")) }
            (list(&visit, &closed))
        }
    };
    visit.page(frame(
        &visit,
        lang.pick("Incidents", "インシデント"),
        Part::Incidents,
        Follow::Whole,
        &main,
    ))
}

fn list(visit: &Visit, incidents: &[&Incident]) -> Markup {
    let lang = visit.lang;
    html! { ol.list { @for one in incidents {
        li class=(mark::class(one.state)) data-closed[!one.is_open()] {
            (mark::verdict(one.state, lang))
            p { a href={ "/incidents/" (escape(&one.id)) } { (one.title.get(lang)) }
                @if let Some(severity) = &one.severity { " " span.tag { (severity) } }
            }
            small {
                span.id { (one.id) } " · " (time::clock(one.opened, visit.now, &visit.zone(), lang))
                " · " (standing(visit, one))
            }
        }
    } } }
}

/// Where an incident stands, in words.
pub(crate) fn standing(visit: &Visit, one: &Incident) -> Markup {
    let lang = visit.lang;
    html! {
        @match (&one.resolved, &one.acknowledged) {
            (Some(resolved), _) => {
                @let length = time::length(resolved.since(one.opened), lang);
                (match lang {
                    Lang::En => format!("resolved after {length}"),
                    Lang::Ja => format!("{length}で解決"),
                })
            },
            (None, Some(ack)) => (match lang {
                Lang::En => format!("{} has taken it on", ack.by),
                Lang::Ja => format!("{} が対応中", ack.by),
            }),
            (None, None) => strong { (lang.pick("nobody has answered yet", "まだ誰も応答していません")) },
        }
    }
}
