//! `/inbox`: the console's own receiver, which needs nothing outside.

use axum::response::Response;
use maud::{Markup, html};

use crate::{
    door::Message,
    lang::Pick,
    page::{Follow, Part, frame},
    reply::{Visit, escape},
    show::{mark, time},
};

/// What fits one screen of reading; older pages stay in the ledger.
const MESSAGES_MAX: usize = 100;

pub(crate) async fn show(visit: Visit) -> Response {
    let messages = match visit.room.desk.incidents.inbox(MESSAGES_MAX).await {
        Ok(messages) => messages,
        Err(refused) => return visit.refused(&refused),
    };
    let lang = visit.lang;
    let zone = visit.zone();
    let main = html! {
        h1 { (lang.pick("Inbox", "受信箱")) }
        p.lead { (lang.pick(
            "Pages that a route sends to the console itself.",
            "画面を宛先とする通知です。",
        )) }
        @if messages.is_empty() { p.empty { (lang.pick("Nothing has arrived.", "届いた通知はありません。")) } }
        ol.list { @for message in &messages {
            li class=(mark::class(message.state)) {
                (mark::verdict(message.state, lang))
                (text(&visit, message))
                small { (time::clock(message.at, visit.now, &zone, lang)) " · " (time::ago(message.at, visit.now, lang)) }
            }
        } }
    };
    visit.page(frame(
        &visit,
        lang.pick("Inbox", "受信箱"),
        Part::Inbox,
        Follow::Whole,
        &main,
    ))
}

/// The first line leads to the incident; the rest is what the receiver was told, without the address of this console.
fn text(visit: &Visit, message: &Message) -> Markup {
    let lang = visit.lang;
    let whole = message.text.get(lang);
    let (title, body) = whole.split_once('\n').unwrap_or((whole, ""));
    let incident = message.incident.as_deref();
    let address = incident.map(|id| format!("/incidents/{id}"));
    let body: Vec<&str> = body
        .lines()
        .filter(|line| !address.as_ref().is_some_and(|end| line.ends_with(end)))
        .collect();
    // The verdict stands beside it, so its shape need not stand here again.
    let title = title.trim_start_matches(['●', '▲', '✕', '◌', ' ']);
    html! { div {
        p { @match incident {
            Some(id) => a href={ "/incidents/" (escape(id)) } { (title) },
            None => strong { (title) },
        } }
        p.told { (time::sentence(&body.join("\n"), visit.now, &visit.zone(), lang)) }
    } }
}
