//! `/incidents/{id}`: what happened, who was told how fast, and the form with which a person takes it on.

use ::promise::{Lang, say};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    door::{Dossier, Incident, Page},
    lang::Pick,
    page::{Follow, Part, around, case, entry, frame, incidents::standing, offered, promise_link},
    reply::{Visit, escape},
    show::{mark, time},
};

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let dossier = match visit.room.desk.cases.dossier(&id).await {
        Ok(dossier) => dossier,
        Err(refused) => return visit.refused(&refused),
    };
    match visit.room.desk.incidents.get(&id).await {
        Ok(Some(incident)) => {
            let title = format!("{} {id}", visit.lang.pick("Incident", "インシデント"));
            let measured = match &dossier {
                Some(dossier) => around::show(&visit, dossier).await,
                None => html! {},
            };
            visit.page(frame(
                &visit,
                &title,
                Part::Incidents,
                Follow::Whole,
                &content(&visit, &incident, dossier.as_ref(), &measured),
            ))
        }
        Ok(None) => visit.missing(&say!(
            "there is no incident {id}",
            "インシデント {id} はありません"
        )),
        Err(refused) => visit.refused(&refused),
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Answer {
    by: String,
    #[serde(default)]
    reason: String,
}

/// Longer is an accident; the ledger keeps it for good.
pub(crate) const NAME_MAX: usize = 100;
pub(crate) const REASON_MAX: usize = 1_000;

/// `POST /incidents/{id}/acknowledge`
pub(crate) async fn acknowledge(
    Path(id): Path<String>,
    visit: Visit,
    Form(answer): Form<Answer>,
) -> Response {
    match accept(&visit, &id, &visit.who.signs(&answer.by), &answer.reason).await {
        Ok(()) => Redirect::to(&format!("/incidents/{}", escape(&id))).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

/// Checks what a person wrote and notes it.
pub(crate) async fn accept(
    visit: &Visit,
    id: &str,
    by: &str,
    reason: &str,
) -> Result<(), crate::door::Refused> {
    let (by, reason) = (by.trim(), reason.trim());
    if by.is_empty() || by.chars().count() > NAME_MAX || reason.chars().count() > REASON_MAX {
        return Err(crate::door::Refused::Invalid(say!(
            "write your name (up to {NAME_MAX} characters) and, if you like, a note (up to {REASON_MAX})",
            "名前({NAME_MAX} 文字まで)と、必要ならメモ({REASON_MAX} 文字まで)を書いてください"
        )));
    }
    visit.room.desk.incidents.acknowledge(id, by, reason).await
}

fn content(visit: &Visit, one: &Incident, dossier: Option<&Dossier>, measured: &Markup) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) {
            a href="/incidents" { (lang.pick("Incidents", "インシデント")) } " / " (one.id)
        }
        header class={ "title " (mark::class(one.state)) } {
            (mark::verdict(one.state, lang))
            h1 { (one.title.get(lang)) }
            p { @if let Some(severity) = &one.severity { span.tag { (severity) } " " } @match lapsed(one, dossier) {
                Some(who) => strong { (match lang {
                    Lang::En => format!("{who} answered, and nothing followed: nobody has it now"),
                    Lang::Ja => format!("{who} の応答後に動きがなく、いまは誰も対応していません"),
                }) },
                None => (standing(visit, one)),
            } }
        }
        div.columns {
            div {
                @if let Some(dossier) = dossier { (case::before(visit, dossier)) }
                (measured)
                section aria-labelledby="timeline" {
                    h2 #timeline { (lang.pick("Timeline", "経過")) }
                    ol.timeline { @for moment in &one.timeline {
                        li { (time::clock(moment.at, visit.now, &zone, lang)) p { span { (time::sentence(moment.what.get(lang), visit.now, &zone, lang)) } @if let Some(who) = moment.doer(lang) { " " span.to { (who) } } " " (entry(moment.entry, lang)) } }
                    } }
                }
                section aria-labelledby="pages" {
                    h2 #pages { (lang.pick("Pages", "通知")) }
                    (pages(visit, &one.pages))
                }
                @if let Some(dossier) = dossier { (case::after(visit, dossier)) }
            }
            aside {
                section aria-labelledby="promises" {
                    h2 #promises { (lang.pick("Promises", "約束")) }
                    ul.plain { @for id in &one.promises { li {
                        @if let Some(row) = visit.board.row(id) { (mark::verdict(row.verdict.state, lang)) " " }
                        (promise_link(visit, id))
                    } } }
                }
                section.answering[one.is_open() && one.acknowledged.is_none()] aria-labelledby="answer" {
                    h2 #answer { (lang.pick("Answer", "応答")) }
                    (answer(visit, one))
                }
                @if let Some(dossier) = dossier { (case::aside(visit, dossier)) }
            }
        }
    }
}

/// Who answered an open incident, where that no longer holds.
fn lapsed<'d>(one: &Incident, dossier: Option<&'d Dossier>) -> Option<&'d str> {
    let work = &dossier?.incident.work;
    let answer = work.first_answer.as_ref().filter(|_| work.lapsed.is_some());
    let is_nobodys = one.is_open() && one.acknowledged.is_none();
    answer
        .filter(|_| is_nobodys)
        .map(|answer| answer.who.as_str())
}

fn answer(visit: &Visit, one: &Incident) -> Markup {
    let lang = visit.lang;
    html! {
        @match (&one.acknowledged, one.is_open()) {
            (Some(ack), _) => {
                p { strong { (ack.by) } " · " (time::clock(ack.at, visit.now, &visit.zone(), lang)) }
                @if !ack.reason.is_empty() { blockquote { (ack.reason) } }
            },
            (None, false) => p { (lang.pick("It resolved before anybody answered.", "誰も応答しないうちに解決しました。")) },
            (None, true) => (offered(visit, "/incidents/{id}/acknowledge", || take_on(visit, one))),
        }
    }
}

fn take_on(visit: &Visit, one: &Incident) -> Markup {
    let lang = visit.lang;
    html! {
        form.answer method="post" action={ "/incidents/" (escape(&one.id)) "/acknowledge" } {
        label for="by" { (lang.pick("Your name", "名前")) }
        input #by name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()];
        label for="reason" { (lang.pick("What you know or do", "わかっていること・対応")) }
        textarea #reason name="reason" rows="3" maxlength=(REASON_MAX) {}
        button.primary type="submit" { (lang.pick("I take it on", "対応する")) }
    }
    }
}

fn pages(visit: &Visit, pages: &[Page]) -> Markup {
    let lang = visit.lang;
    if pages.is_empty() {
        return html! { p.empty { (lang.pick("Nobody was told.", "通知していません。")) } };
    }
    let recorded = pages.iter().any(|page| page.entry.is_some());
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby="pages" { table {
            thead { tr {
                th scope="col" { (lang.pick("Receiver", "宛先")) }
                th scope="col" { (lang.pick("What", "内容")) }
                th scope="col" { (lang.pick("Sent", "送信")) }
                th.figure scope="col" { (lang.pick("Accepted after", "受理まで")) }
                th.figure scope="col" { (lang.pick("Tries", "試行")) }
                @if recorded { th scope="col" { (lang.pick("Ledger", "台帳")) } }
            } }
            tbody { @for page in pages { tr {
                th scope="row" { (page.receiver) }
                td { (page.what.get(lang)) }
                td { (time::clock(page.at, visit.now, &visit.zone(), lang)) }
                td.figure { @match (page.accepted, &page.problem) {
                    (Some(at), _) => (took(at.since(page.at), lang)),
                    (None, Some(problem)) => span.wrong { (problem.get(lang)) },
                    (None, None) => (lang.pick("on its way", "送信中")),
                } }
                td.figure { (page.tries) }
                @if recorded { td { (entry(page.entry, lang)) } }
            } } }
        } }
    }
}

/// A latency: milliseconds matter here.
fn took(duration: std::time::Duration, lang: Lang) -> String {
    ::promise::Amount::duration(duration).show(lang)
}
