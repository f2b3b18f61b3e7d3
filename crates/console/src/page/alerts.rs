//! `/alerts`: what fires, what is held back and why, and the form with which a person holds pages back.

use std::time::Duration;

use ::promise::{Lang, record::Scalar as _, say, unit::Span};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use spec::section::alerting::matcher::Matcher;

use crate::{
    access::affects,
    api::alertmanager::silences::sort,
    door::{
        Refused,
        alerts::{Draft, Phase, Silence, Standing},
    },
    lang::Pick,
    page::{Follow, Part, frame, offered},
    reply::{Visit, escape},
    show::time,
};

/// What a person reads through; the API names all.
const ALERTS_MAX: usize = 200;
const SILENCES_MAX: usize = 100;
/// A silence of a form lasts no longer: what lasts longer belongs into the spec.
const LENGTH_MAX: Duration = Duration::from_secs(30 * 86_400);

const SET: &str = "/alerts/silences";
const EXPIRE: &str = "/alerts/silences/{id}/expire";

pub(crate) async fn show(visit: Visit) -> Response {
    let desk = &visit.room.desk;
    let firing = desk.alerts.firing();
    let mut silences = desk.alerts.silences();
    sort(&mut silences, visit.now);
    let lang = visit.lang;
    let held = firing.iter().filter(|one| one.is_suppressed()).count();
    let all = firing.len();
    let head = match lang {
        Lang::En if all == 0 => "Nothing fires.".to_owned(),
        Lang::Ja if all == 0 => "発報中の警報はありません。".to_owned(),
        Lang::En => format!("{all} firing, {held} of them held back"),
        Lang::Ja => format!("発報中 {all} 件(うち通知を控えているもの {held} 件)"),
    };
    let main = html! {
        h1 { (head) }
        ol.list.alerts { @for one in firing.iter().take(ALERTS_MAX) { (alert(&visit, one)) } }
        @if all > ALERTS_MAX { p.empty { (match lang {
            Lang::En => format!("{} more are not shown.", all - ALERTS_MAX),
            Lang::Ja => format!("ほかに {} 件あります。", all - ALERTS_MAX),
        }) } }
        section aria-labelledby="silences" {
            h2 #silences { (lang.pick("Silences", "サイレンス")) }
            p.lead { (lang.pick(
                "A silence holds pages back; what is broken is still shown as broken.",
                "サイレンスは通知だけを控えます。破れた約束は破れたまま表示されます。",
            )) }
            @if silences.is_empty() { p.empty { (lang.pick("Nothing is silenced.", "サイレンスはありません。")) } }
            ol.list { @for one in silences.iter().take(SILENCES_MAX) { (silence(&visit, one)) } }
        }
        section aria-labelledby="add" {
            h2 #add { (lang.pick("Hold pages back", "通知を控える")) }
            (offered(&visit, SET, || form(&visit)))
        }
    };
    visit.page(frame(
        &visit,
        lang.pick("Alerts", "警報"),
        Part::Alerts,
        Follow::Still,
        &main,
    ))
}

fn alert(visit: &Visit, one: &Standing) -> Markup {
    let lang = visit.lang;
    let name = one.labels.get("alertname");
    let summary = one.annotations.get("summary");
    let labels = one.labels.iter().filter(|(label, _)| *label != "alertname");
    let why = [
        (lang.pick("silenced", "サイレンス"), &one.silenced_by),
        (lang.pick("inhibited", "抑制"), &one.inhibited_by),
        (lang.pick("muted", "時間帯・作業"), &one.muted_by),
    ];
    html! { li {
        p { a href={ "/incidents/" (escape(&one.incident)) } { (name) } " " (summary) }
        p { @for (label, value) in labels { span.tag { (label) "=" (value) } " " } }
        @for (word, by) in why { @if !by.is_empty() { p { strong { (word) } ": " (by.join(", ")) } } }
        small { (time::clock(one.started, visit.now, &visit.zone(), lang)) " · "
            (if one.receivers.is_empty() { lang.pick("no route leads to a receiver", "宛先のある経路がありません").to_owned() } else { one.receivers.join(", ") }) }
    } }
}

fn silence(visit: &Visit, one: &Silence) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    let matchers: Vec<String> = one.matchers.iter().map(ToString::to_string).collect();
    let (state, is_over) = match one.phase(visit.now) {
        Phase::Active => (lang.pick("active", "有効"), false),
        Phase::Pending => (lang.pick("pending", "開始前"), false),
        Phase::Expired => (lang.pick("expired", "終了"), true),
    };
    html! { li data-closed[is_over] {
        p { span.tag { (state) } " " (matchers.join(", ")) }
        p.told { (one.created_by) ": " (one.comment) @if let Some(ticket) = &one.ticket { " [" (ticket) "]" } }
        small { (time::clock(one.starts_at, visit.now, &zone, lang)) " – " (time::clock(one.ends_at, visit.now, &zone, lang)) }
        @if !is_over && visit.who.barred(EXPIRE).is_none() {
            form method="post" action={ "/alerts/silences/" (escape(&one.id)) "/expire" } {
                button type="submit" { (lang.pick("End it now", "今すぐ終える")) }
            }
        }
    } }
}

fn form(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let field = |name: &str, label: &str, example: &str, required: bool| {
        let id = format!("silence-{name}");
        html! {
            label for=(id) { (label) }
            input id=(id) name=(name) placeholder=(example) required[required] maxlength="1000";
        }
    };
    html! { form.answer.narrow method="post" action="/alerts/silences" {
        (field("matchers", lang.pick("Labels", "ラベルの条件"), "alertname=\"ApiDown\", team=~\"pay.*\"", true))
        (field("length", lang.pick("For how long", "時間"), "2h", true))
        (field("comment", lang.pick("Why", "理由"), lang.pick("planned switch-over", "切り替え作業のため"), true))
        @match visit.who.proven() {
            Some(name) => input type="hidden" name="created_by" value=(name);,
            None => (field("created_by", lang.pick("Your name", "名前"), "", true)),
        }
        (field("ticket", lang.pick("Ticket", "チケット"), "OPS-1234", false))
        button.primary type="submit" { (lang.pick("Hold back", "控える")) }
    } }
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Asked {
    matchers: String,
    length: String,
    comment: String,
    created_by: String,
    #[serde(default)]
    ticket: String,
}

/// `POST /alerts/silences`
pub(crate) async fn set(visit: Visit, Form(asked): Form<Asked>) -> Response {
    let draft = draft(&visit, asked);
    let alerts = &visit.room.desk.alerts;
    let set = match draft {
        Ok(draft) => alerts.silence(draft).await,
        Err(refused) => Err(refused),
    };
    match set {
        Ok(id) => affects(Redirect::to("/alerts").into_response(), id),
        Err(refused) => visit.refused(&refused),
    }
}

fn draft(visit: &Visit, asked: Asked) -> Result<Draft, Refused> {
    let length = Span::parse(asked.length.trim()).map_err(Refused::Invalid)?;
    if length.0 > LENGTH_MAX {
        return Err(Refused::Invalid(say!(
            "at most 30 days; what lasts longer belongs into the spec",
            "30 日までです。より長いものは仕様に書いてください"
        )));
    }
    Ok(Draft {
        id: None,
        matchers: Matcher::parse_all(&asked.matchers).map_err(Refused::Invalid)?,
        starts_at: visit.now,
        ends_at: visit.now + length.0,
        created_by: visit.who.signs(&asked.created_by),
        comment: asked.comment,
        ticket: Some(asked.ticket).filter(|ticket| !ticket.is_empty()),
    })
}

/// `POST /alerts/silences/{id}/expire`
pub(crate) async fn expire(Path(id): Path<String>, visit: Visit) -> Response {
    match visit.room.desk.alerts.expire(&id, visit.who.proven()).await {
        Ok(()) => Redirect::to("/alerts").into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
