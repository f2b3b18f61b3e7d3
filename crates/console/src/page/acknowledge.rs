//! `/acknowledge/{token}`: where the link of a message leads. Opening it changes nothing; the button does.

use ::promise::{Say, say};
use axum::{
    Form,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use respond::acknowledge::{LinkError, Offer};
use serde::Deserialize;

use super::incident::{NAME_MAX, REASON_MAX};
use crate::{
    access::affects,
    lang::Pick,
    page::{Follow, Part, frame},
    reply::{Visit, escape},
    show::{mark, time},
};

pub(crate) async fn show(Path(token): Path<String>, visit: Visit) -> Response {
    match visit.room.desk.cases.offer(&token) {
        Ok(offer) => unshared(confirm(&visit, &token, &offer)),
        Err(error) => refuse(&visit, &error),
    }
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    by: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn take(
    Path(token): Path<String>,
    visit: Visit,
    Form(answer): Form<Answer>,
) -> Response {
    let cases = &visit.room.desk.cases;
    match cases.take(&token, &answer.by, &answer.reason).await {
        Ok(id) => {
            let there = format!("/incidents/{}", escape(&id));
            affects(Redirect::to(&there).into_response(), id)
        }
        Err(error) => refuse(&visit, &error),
    }
}

/// The token in the address is worth something: it is neither stored on the way nor passed on.
fn unshared(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn confirm(visit: &Visit, token: &str, offer: &Offer) -> Response {
    let lang = visit.lang;
    let one = &offer.incident;
    let zone = visit.zone();
    let who = offer.who.as_ref().map(|who| who.get(lang).to_owned());
    let main = html! {
        section.one-tap {
            header class={ "title " (mark::class(one.state)) } {
                (mark::verdict(one.state, lang))
                h1 { (one.title.get(lang)) }
                p {
                    @if let Some(severity) = &one.severity { span.tag { (severity) } " " }
                    span.id { (one.id) } " · " (time::clock(one.opened, visit.now, &zone, lang))
                }
            }
            form.answer method="post" action={ "/acknowledge/" (escape(token)) } {
                label for="by" { (lang.pick("Your name", "名前")) }
                input #by name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[who];
                label for="reason" { (lang.pick("What you know or do (if you like)", "わかっていること・対応(任意)")) }
                textarea #reason name="reason" rows="3" maxlength=(REASON_MAX) {}
                button.primary type="submit" { (lang.pick("I take it on", "対応する")) }
            }
            p.note {
                (lang.pick("Nothing has happened yet. The button is recorded in the ledger; the link works once, until ", "まだ何も記録していません。ボタンを押すと台帳に記録されます。このリンクは一度だけ有効です。期限: "))
                (time::clock(offer.until, visit.now, &zone, lang))
            }
        }
    };
    let title = lang.pick("Take an incident on", "インシデントに対応する");
    visit.page(frame(visit, title, Part::Incidents, Follow::Still, &main))
}

fn refuse(visit: &Visit, error: &LinkError) -> Response {
    let (status, why) = explain(error);
    if let LinkError::Other(error) = error {
        tracing::error!(%error, "a link could not be followed");
    }
    unshared(visit.problem(status, &why))
}

pub(crate) fn explain(error: &LinkError) -> (StatusCode, Say) {
    let gone = StatusCode::GONE;
    match error {
        LinkError::Forged => (
            StatusCode::NOT_FOUND,
            say!(
                "this link is not valid; find the incident in the list instead",
                "このリンクは無効です。インシデントの一覧から探してください"
            ),
        ),
        LinkError::Expired(until) => (
            gone,
            say!(
                "this link was valid until {until}; answer on the incident's own page",
                "このリンクの期限({until})は切れています。インシデントのページから応答してください"
            ),
        ),
        LinkError::Used { by, at } => (
            gone,
            say!(
                "this link was used by {by} at {at}; it works once",
                "このリンクは {by} が {at} に使用済みです(一度だけ有効)"
            ),
        ),
        LinkError::Taken { by, at } => (
            StatusCode::CONFLICT,
            say!(
                "{by} has taken it on already, at {at}",
                "すでに {by} が {at} に応答しています"
            ),
        ),
        LinkError::Resolved(at) => (
            gone,
            say!(
                "the incident was resolved at {at}; there is nothing to take on",
                "このインシデントは {at} に解決しています"
            ),
        ),
        LinkError::Other(error @ respond::Error::Length { .. }) => (
            StatusCode::BAD_REQUEST,
            say!("{error}", "名前か理由の長さが正しくありません"),
        ),
        LinkError::Other(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            say!(
                "it could not be recorded; try again in a moment",
                "記録できませんでした。少し待ってからやり直してください"
            ),
        ),
    }
}
