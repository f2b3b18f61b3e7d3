//! What stands beside an incident on its page: the track against its targets, the runbook, clocks, changes, and the forms
//! with which people say what they do.

use ::promise::{Amount, Timestamp, say};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use respond::incident::{
    change::Change,
    deed::{Deed, Opening},
    track::Mark,
};
use respond::runbook::{Runbook, Step};
use serde_json::{Map, Value, json};

use crate::{
    door::{Dossier, Refused},
    lang::Pick,
    page::{around, incident::NAME_MAX, offered},
    reply::{Visit, escape},
    show::time,
};

/// Where what people do about an incident is sent.
const WORK: &str = "/incidents/{id}/work";
/// Fields of one form.
const FIELDS_MAX: usize = 20;

/// `POST /incidents/{id}/work`
pub(crate) async fn act(
    Path(id): Path<String>,
    visit: Visit,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    match done(&visit, &id, from_form(fields)).await {
        Ok(()) => Redirect::to(&format!("/incidents/{}#work", escape(&id))).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

/// `POST /incidents`
pub(crate) async fn open(visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let opened = match serde_json::from_value::<Opening>(from_form(fields)) {
        Ok(opening) => visit.room.desk.cases.open(signed(&visit, opening)).await,
        Err(_) => Err(unreadable()),
    };
    match opened {
        Ok(id) => Redirect::to(&format!("/incidents/{}", escape(&id))).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

/// In the name that was proven, where one was.
pub(crate) fn signed(visit: &Visit, opening: Opening) -> Opening {
    let by = visit.who.signs(&opening.by);
    Opening { by, ..opening }
}

/// Does what `body` says, in the name of its `by`.
pub(crate) async fn done(visit: &Visit, id: &str, mut body: Value) -> Result<(), Refused> {
    let by = body.as_object_mut().and_then(|fields| fields.remove("by"));
    let Some(Value::String(by)) = by else {
        return Err(unreadable());
    };
    let deed: Deed = serde_json::from_value(body).map_err(|_| unreadable())?;
    visit
        .room
        .desk
        .cases
        .act(id, &visit.who.signs(&by), deed)
        .await
}

fn unreadable() -> Refused {
    Refused::Invalid(say!(
        "say who you are, and what was done with all that it needs",
        "名前と、必要な項目をすべて書いてください"
    ))
}

/// A form as JSON has it: boxes are booleans, numbers numbers, and what was left empty may be left out.
fn from_form(fields: Vec<(String, String)>) -> Value {
    const BOXES: [&str; 3] = ["personal", "card", "wrongful"];
    let mut map = Map::new();
    for (name, value) in fields.into_iter().take(FIELDS_MAX) {
        let value = match name.as_str() {
            "number" => value.parse::<u64>().map_or(Value::Null, Value::from),
            box_ if BOXES.contains(&box_) => Value::Bool(true),
            "severity" if value.is_empty() => Value::Null,
            _ => Value::String(value),
        };
        map.insert(name, value);
    }
    if map.get("deed").is_some_and(|deed| deed == "concern") {
        for name in BOXES {
            map.entry(name).or_insert(Value::Bool(false));
        }
    }
    json!(map)
}

/// The sections of the main column, before the timeline.
pub(crate) fn before(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    html! {
        section aria-labelledby="track" {
            h2 #track { (lang.pick("Against its targets", "対応時間と目標")) }
            (track(visit, one))
        }
        @if let Some(runbook) = &one.runbook {
            section #work aria-labelledby="runbook" {
                h2 #runbook { (lang.pick("Runbook", "対応手順")) ": " (time::quoted(&runbook.title)) }
                (steps(visit, one, runbook))
            }
        }
    }
}

/// What was deployed, where to read of it, and by whom.
pub(crate) fn deployed(change: &Change) -> Markup {
    html! {
        @if let Some(url) = &change.url { a href=(url) rel="noreferrer" { (change.what) } } @else { span { (change.what) } }
        @if let Some(who) = &change.who { " " span.to { (who) } }
    }
}

/// The sections after the timeline.
pub(crate) fn after(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    html! {
        section aria-labelledby="changes" {
            h2 #changes { (lang.pick("Changes around it", "前後の変更")) }
            @if one.changes.is_empty() {
                p.empty { (lang.pick("No deploy was reported by a webhook.", "Webhook で届いたデプロイはありません。")) }
            } @else {
                ol.timeline { @for change in &one.changes { li {
                    (time::clock(change.at, visit.now, &zone, lang))
                    p {
                        span.tag { (change.kind) }
                        (deployed(change))
                    }
                } } }
            }
        }
        section aria-labelledby="records" {
            h2 #records { (lang.pick("Errors in the logs around its beginning", "発生前後のエラーログ")) }
            @if one.records.is_empty() { p.empty { (lang.pick("None was found.", "見つかりませんでした。")) } }
            @else { pre tabindex="0" role="group" aria-labelledby="records" { @for line in &one.records { (time::clock(line.at, visit.now, &zone, lang)) " " (line.stream) " " (line.text) "\n" } } }
            (around::logs(visit, &one.incident))
        }
        section aria-labelledby="notice" {
            h2 #notice { (lang.pick("Draft for customers", "お客様へのお知らせ(案)")) }
            @for draft_lang in ::promise::Lang::ALL {
                details { summary { (draft_lang.pick("English", "日本語")) }
                    pre.draft tabindex="0" role="group" aria-labelledby="notice" lang=(draft_lang.tag()) { (one.notice.title.get(draft_lang)) "\n\n" (one.notice.text.get(draft_lang)) }
                }
            }
        }
    }
}

fn track(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    let from = one.incident.bad_since;
    let zone = visit.zone();
    // As its target counts; where it has none, from the first bad evidence.
    let took = |mark: &Mark| {
        let from = mark.counts_from.unwrap_or(from);
        let at = mark.at.filter(|at| *at > from)?;
        Some(Amount::duration(at.since(from)).show(lang))
    };
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby="track" { table {
            thead { tr {
                th scope="col" { (lang.pick("What", "出来事")) }
                th scope="col" { (lang.pick("Verdict", "判定")) }
                th.figure scope="col" { (lang.pick("After", "経過")) }
                th.figure scope="col" { (lang.pick("Target", "目標")) }
                th scope="col" { span.hidden { (lang.pick("Drawn", "図")) } }
                th scope="col" { (lang.pick("When", "時刻")) }
            } }
            tbody { @for mark in &one.marks { tr {
                th scope="row" { (mark.what.get(lang)) }
                td { @match (mark.due, mark.is_late(visit.now)) {
                    (None, _) => {},
                    (Some(_), true) => span.wrong { "✕ " (lang.pick("late", "超過")) },
                    (Some(_), false) if mark.at.is_none() => span { "▲ " (lang.pick("still time", "期限前")) },
                    (Some(_), false) => span { "● " (lang.pick("in time", "目標内")) },
                } }
                td.figure { @if let Some(took) = took(mark) { (took) } }
                td.figure { @if let Some(within) = mark.within() { (Amount::duration(within).show(lang)) } }
                td { (bar(mark, visit.now)) }
                td { @match mark.at { Some(at) => (time::clock(at, visit.now, &zone, lang)), None if one.incident.resolved.is_some() => span.none { (lang.pick("never", "なし")) }, None => span.none { (lang.pick("not yet", "まだ")) } } }
            } } }
        } }
    }
}

/// How long it took beside how long it might have taken.
#[allow(clippy::cast_precision_loss)]
fn bar(mark: &Mark, now: Timestamp) -> Markup {
    let (Some(due), Some(from)) = (mark.due, mark.counts_from) else {
        return html! {};
    };
    let millis = |at: Timestamp| at.since(from).as_millis() as f64;
    let (took, target) = (millis(mark.at.unwrap_or(now)), millis(due));
    let whole = took.max(target).max(1.0);
    let (filled, line) = (100.0 * took / whole, 100.0 * target / whole);
    let class = if mark.is_late(now) { "broken" } else { "kept" };
    html! {
        svg class={ "track " (class) } viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.rail x="0" y="4" width="100" height="2" {}
            rect.fill x="0" y="2" width=(format!("{filled:.2}")) height="6" {}
            rect.goal x=(format!("{:.2}", (line - 0.6).max(0.0))) y="0" width="1.2" height="10" {}
        }
    }
}

fn steps(visit: &Visit, one: &Dossier, runbook: &Runbook) -> Markup {
    let lang = visit.lang;
    let action = format!("/incidents/{}/work", escape(&one.incident.id));
    let is_done = |step: &Step| one.incident.work.tick(&step.text).is_some();
    let may = visit.who.barred(WORK).is_none();
    let is_open = !runbook.steps.iter().all(is_done);
    let list = html! { ol.steps { @for step in &runbook.steps {
        @let tick = one.incident.work.tick(&step.text);
        li data-done[tick.is_some()] {
            p { (if tick.is_some() { "☑ " } else { "☐ " }) (time::quoted(&step.text)) @if !step.under.is_empty() && step.under != runbook.title { " " small { (step.under) } } }
            @match tick {
                Some(tick) => small { (tick.who) " · " (time::clock(tick.at, visit.now, &visit.zone(), lang)) },
                None => @if may { button type="submit" name="step" value=(step.text) { (lang.pick("Done", "実施")) } },
            }
        }
    } } };
    html! { @if may && is_open { form method="post" action=(action) {
        div.inline {
            input type="hidden" name="deed" value="tick";
            input name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()] aria-label=(lang.pick("Your name", "名前")) placeholder=(lang.pick("Your name", "名前"));
        }
        (list)
    } } @else { (list) } }
}

/// What stands in the narrow column.
pub(crate) fn aside(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    let work = &one.incident.work;
    html! {
        @if !one.clocks.is_empty() {
            section aria-labelledby="clocks" {
                h2 #clocks { (lang.pick("Reports that are owed", "報告の期限")) }
                ul.plain { @for clock in &one.clocks { li {
                    p { (if clock.done.is_some() { "● " } else if clock.is_late(visit.now) { "✕ " } else { "▲ " }) (clock.what.get(lang)) }
                    small { @match clock.done {
                        Some(at) => { (lang.pick("reported ", "報告済み ")) (time::clock(at, visit.now, &zone, lang)) },
                        None => { (lang.pick("due ", "期限 ")) (time::clock(clock.due, visit.now, &zone, lang)) },
                    } " · " (clock.source) }
                } } }
            }
        }
        section aria-labelledby="roles" {
            h2 #roles { (lang.pick("Roles and links", "担当とリンク")) }
            @if work.roles.is_empty() && work.links.is_empty() { p.empty { (lang.pick("None yet.", "まだありません。")) } }
            ul.plain {
                @for (role, person) in &work.roles { li { (role) ": " strong { (person) } } }
                @for link in &work.links { li { a href=(link.url) rel="noreferrer" { (link.title) } } }
                li { a href={ "/incidents/" (escape(&one.incident.id)) "/post-mortem" } { (lang.pick("Post-mortem (draft)", "事後検証(下書き)")) } }
            }
        }
        section aria-labelledby="add" {
            h2 #add { (lang.pick("Add", "追記")) }
            (offered(visit, WORK, || forms(visit, one)))
        }
    }
}

fn forms(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    let action = format!("/incidents/{}/work", escape(&one.incident.id));
    let form = |deed: &str, title: &str, open: bool, inside: Markup| {
        let by = format!("by-{deed}");
        html! {
            details open[open] { summary { (title) }
                form.answer method="post" action=(action) {
                    input type="hidden" name="deed" value=(deed);
                    (inside)
                    label for=(by) { (lang.pick("Your name", "名前")) }
                    input id=(by) name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()];
                    button type="submit" { (lang.pick("Record", "記録する")) }
                }
            }
        }
    };
    let field = |deed: &str, name: &str, label: &str, kind: &str| {
        let id = format!("{deed}-{name}");
        html! { label for=(id) { (label) } input id=(id) name=(name) type=(kind) required; }
    };
    let area = |deed: &str, label: &str| {
        let id = format!("{deed}-text");
        html! { label for=(id) { (label) } textarea id=(id) name="text" rows="3" required {} }
    };
    let check = |name: &str, label: &str| html! { label.check { input type="checkbox" name=(name) value="on"; " " (label) } };
    let is_open = one.incident.resolved.is_none();
    html! {
        (form("note", lang.pick("Note", "メモ"), true, area("note", lang.pick("What you saw or did", "見たこと・したこと"))))
        (form("role", lang.pick("Role", "担当"), false, html! {
            (field("role", "role", lang.pick("Role (commander, scribe, …)", "役割(指揮、記録など)"), "text"))
            (field("role", "person", lang.pick("Person", "人"), "text"))
        }))
        (form("link", lang.pick("Link", "リンク"), false, html! {
            (field("link", "title", lang.pick("Title", "題名"), "text"))
            (field("link", "url", "URL", "url"))
        }))
        (form("cause", lang.pick("Contributing cause", "要因"), false, area("cause", lang.pick("What contributed", "何が要因か"))))
        (form("action", lang.pick("Action", "再発防止策"), false, html! {
            (area("action", lang.pick("What is to be done", "すること")))
            (field("action", "owner", lang.pick("Owner", "責任者"), "text"))
            (field("action", "due", lang.pick("Due", "期限"), "date"))
        }))
        @for action in one.incident.work.actions.iter().filter(|action| action.done.is_none()) {
            @let title = format!("{} {}: {}", lang.pick("Finish action", "対策の完了"), action.number, action.text);
            (confirm(visit, one, &title, ["action_done", "number", &action.number.to_string()]))
        }
        (form("concern", lang.pick("Protected data", "保護対象のデータ"), false, html! {
            (check("personal", lang.pick("personal data", "個人データ")))
            (check("card", lang.pick("card data", "カード情報")))
            (check("wrongful", lang.pick("may have been done with intent", "不正な目的のおそれ")))
        }))
        @for clock in one.clocks.iter().filter(|clock| clock.done.is_none()) {
            @let title = format!("{}{}", lang.pick("Reported: ", "報告した: "), clock.what.get(lang));
            (confirm(visit, one, &title, ["reported", "key", clock.key]))
        }
        @if is_open {
            (form("severity", lang.pick("Severity", "重大度の変更"), false, html! {
                label for="severity-severity" { (lang.pick("Severity", "重大度")) }
                select #severity-severity name="severity" { @for name in visit.room.desk.cases.severities() { option selected[one.incident.severity.as_deref() == Some(&name)] { (name) } } }
            }))
            @if one.incident.work.opened_by.is_some() {
                (form("resolve", lang.pick("Resolve", "解決"), false, area("resolve", lang.pick("How it ended", "どう解決したか"))))
            }
        }
    }
}

/// A deed that says all but who did it: its name, and one field with its value.
fn confirm(visit: &Visit, one: &Dossier, title: &str, [deed, field, value]: [&str; 3]) -> Markup {
    let lang = visit.lang;
    let id = format!("by-{deed}-{value}");
    html! {
        details { summary { (title) }
            form.answer method="post" action={ "/incidents/" (escape(&one.incident.id)) "/work" } {
                input type="hidden" name="deed" value=(deed);
                input type="hidden" name=(field) value=(value);
                label for=(id) { (lang.pick("Your name", "名前")) }
                input id=(id) name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()];
                button type="submit" { (lang.pick("Record", "記録する")) }
            }
        }
    }
}

/// The form with which a person opens an incident.
pub(crate) fn opening(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let severities = visit.room.desk.cases.severities();
    html! {
        details.open-incident { summary { (lang.pick("Open an incident by hand", "インシデントを起票する")) }
            form.answer method="post" action="/incidents" {
                label for="open-title" { (lang.pick("What is wrong", "何が起きているか")) }
                input #open-title name="title" required maxlength="200";
                label for="open-severity" { (lang.pick("Severity", "重大度")) }
                select #open-severity name="severity" {
                    option value="" { (lang.pick("none: nobody is paged", "なし(通知しません)")) }
                    @for name in &severities { option { (name) } }
                }
                label for="open-text" { (lang.pick("What is known so far", "わかっていること")) }
                textarea #open-text name="text" rows="3" maxlength="4000" {}
                label for="open-by" { (lang.pick("Your name", "名前")) }
                input #open-by name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()];
                button.primary type="submit" { (lang.pick("Open it", "起票する")) }
            }
        }
    }
}
