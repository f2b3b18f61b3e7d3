//! `/inbox`: the console's own receiver, which needs nothing outside.

use axum::response::Response;
use maud::html;

use crate::{
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
                p { (message.text.get(lang))
                    @if let Some(id) = &message.incident { " " a href={ "/incidents/" (escape(id)) } { (id) } }
                }
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
