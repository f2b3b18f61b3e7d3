//! `/checklists`: today's sheets, to be ticked and signed; `/checklists/{list}`: one day, or a month for an auditor.

use ::promise::{State, say};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use respond::checklist::{Line, NOTE_MAX, Sheet, Signing, Ticking};
use serde::Deserialize;
use spec::section::on_call::Day;

use super::incident::NAME_MAX;
use crate::{
    lang::Pick,
    page::{Follow, Part, frame, offered, promise_link},
    reply::{Visit, escape},
    show::{mark, time},
};

pub(crate) async fn show(visit: Visit) -> Response {
    let lang = visit.lang;
    let sheets = match visit.room.desk.checklists.today().await {
        Ok(sheets) => sheets,
        Err(refused) => return visit.refused(&refused),
    };
    let open = sheets.iter().filter(|sheet| sheet.signed.is_none()).count();
    let head = match (sheets.len(), open) {
        (0, _) => lang
            .pick(
                "No checklist is due today.",
                "今日のチェックリストはありません。",
            )
            .to_owned(),
        (_, 0) => lang
            .pick(
                "Today's checklists are signed.",
                "今日のチェックリストは署名済みです。",
            )
            .to_owned(),
        (_, n) => match lang {
            ::promise::Lang::En => format!("{n} to be signed today."),
            ::promise::Lang::Ja => format!("今日署名するチェックリストは {n} 件です。"),
        },
    };
    let main = html! {
        h1 { (head) }
        @for sheet in &sheets { (whole(&visit, sheet)) }
    };
    let title = lang.pick("Checklists", "チェックリスト");
    visit.page(frame(&visit, title, Part::Checklists, Follow::Whole, &main))
}

pub(crate) async fn one(Path(list): Path<String>, visit: Visit) -> Response {
    let lang = visit.lang;
    let title = lang.pick("Checklists", "チェックリスト");
    let day = |text: &str| text.parse().ok().map(Day);
    let today = Day(visit.now.to_zoned(&visit.zone()).date());
    let main = if let Some(day) = visit.param("day").and_then(day) {
        match visit.room.desk.checklists.sheet(&list, Some(day)).await {
            Ok(Some(sheet)) => {
                html! { (trail(&visit, &list)) h1.hidden { (sheet.name.get(lang)) } (whole(&visit, &sheet)) }
            }
            Ok(None) => {
                return visit.missing(&say!(
                    "the list rests on that day",
                    "その日は実施日ではありません"
                ));
            }
            Err(refused) => return visit.refused(&refused),
        }
    } else {
        let month = visit.param("month").map(|month| format!("{month}-01"));
        let month = month.as_deref().and_then(day).unwrap_or(today);
        match visit.room.desk.checklists.month(&list, month).await {
            Ok(sheets) => {
                html! { (trail(&visit, &list)) (month_of(&visit, &list, month, &sheets)) }
            }
            Err(refused) => return visit.refused(&refused),
        }
    };
    visit.page(frame(&visit, title, Part::Checklists, Follow::Still, &main))
}

#[derive(Deserialize)]
pub(crate) struct Ticked {
    item: usize,
    by: String,
    /// `good` or `bad`.
    answer: String,
    #[serde(default)]
    note: String,
    day: String,
}

/// `POST /checklists/{list}/tick`
pub(crate) async fn tick(
    Path(list): Path<String>,
    visit: Visit,
    Form(form): Form<Ticked>,
) -> Response {
    let ticking = Ticking {
        item: form.item,
        by: visit.who.signs(&form.by),
        good: form.answer == "good",
        note: form.note,
        day: form.day.parse().ok().map(Day),
    };
    match visit.room.desk.checklists.tick(&list, ticking).await {
        Ok(()) => back(&visit, &list),
        Err(refused) => visit.refused(&refused),
    }
}

#[derive(Deserialize)]
pub(crate) struct Signed {
    by: String,
    #[serde(default)]
    note: String,
    day: String,
}

/// `POST /checklists/{list}/sign`
pub(crate) async fn sign(
    Path(list): Path<String>,
    visit: Visit,
    Form(form): Form<Signed>,
) -> Response {
    let signing = Signing {
        by: visit.who.signs(&form.by),
        note: form.note,
        day: form.day.parse().ok().map(Day),
    };
    match visit.room.desk.checklists.sign(&list, signing).await {
        Ok(_) => back(&visit, &list),
        Err(refused) => visit.refused(&refused),
    }
}

fn back(_: &Visit, list: &str) -> Response {
    Redirect::to(&format!("/checklists#{}", escape(list))).into_response()
}

fn trail(visit: &Visit, list: &str) -> Markup {
    let lang = visit.lang;
    html! { nav.trail aria-label=(lang.pick("Trail", "現在地")) {
        a href="/checklists" { (lang.pick("Checklists", "チェックリスト")) } " / " (list)
    } }
}

/// One sheet with its forms.
fn whole(visit: &Visit, sheet: &Sheet) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    html! {
        section.sheet id=(sheet.list) aria-label=(sheet.name.get(lang)) {
            h2 { (sheet.name.get(lang)) " " small { (sheet.day) @if let Some(owner) = &sheet.owner { " · " (owner) } } }
            p.note {
                (lang.pick("due ", "期限 ")) (time::clock(sheet.due, visit.now, &zone, lang))
                @if sheet.is_late { " " span.wrong { "✕ " (lang.pick("late", "期限超過")) } }
                " · " a href={ "/checklists/" (escape(&sheet.list)) } { (lang.pick("The month", "今月の一覧")) }
            }
            ol.lines { @for line in &sheet.lines { (line_of(visit, sheet, line)) } }
            @match &sheet.signed {
                Some(signed) => p.signed {
                    "● " (lang.pick("signed by ", "署名: ")) strong { (signed.who) } " · " (time::clock(signed.at, visit.now, &zone, lang))
                    @if signed.is_late { " " span.wrong { (lang.pick("late", "期限超過")) } }
                    @if !signed.note.is_empty() { blockquote { (signed.note) } }
                },
                None => (offered(visit, "/checklists/{list}/sign", || signing(visit, sheet))),
            }
        }
    }
}

fn signing(visit: &Visit, sheet: &Sheet) -> Markup {
    let lang = visit.lang;
    html! {
        form.answer method="post" action={ "/checklists/" (escape(&sheet.list)) "/sign" } {
            input type="hidden" name="day" value=(sheet.day);
            label for={ "by-" (sheet.list) } { (lang.pick("Your name", "名前")) }
            input id={ "by-" (sheet.list) } name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()];
            label for={ "note-" (sheet.list) } { (lang.pick("Note: what is not good, and what follows", "メモ(良くない項目とその対応)")) }
            textarea id={ "note-" (sheet.list) } name="note" rows="2" maxlength=(NOTE_MAX) {}
            button.primary type="submit" { (lang.pick("Sign the sheet", "署名する")) }
        }
    }
}

fn line_of(visit: &Visit, sheet: &Sheet, line: &Line) -> Markup {
    let lang = visit.lang;
    let state = line.state();
    let may = visit.who.barred("/checklists/{list}/tick").is_none();
    html! {
        li class=(mark::class(state)) {
            (mark::verdict(state, lang))
            div {
                p { (line.text) @if let Some(promise) = &line.promise { " " small { (promise_link(visit, promise)) } } }
                @if let Some(judged) = &line.judged { small { (time::sentence(judged.value.get(lang), visit.now, &visit.zone(), lang)) } }
                @if let Some(attested) = &line.attested {
                    small { (attested.who) " · " (time::clock(attested.at, visit.now, &visit.zone(), lang)) @if !attested.note.is_empty() { ": " (attested.note) } }
                }
                @if may && sheet.signed.is_none() && !line.is_judged && line.attested.is_none() { (question(visit, sheet, line)) }
            }
        }
    }
}

fn question(visit: &Visit, sheet: &Sheet, line: &Line) -> Markup {
    let lang = visit.lang;
    let name = lang.pick("Your name", "名前");
    let note = lang.pick("Note", "メモ");
    html! {
        form.inline method="post" action={ "/checklists/" (escape(&sheet.list)) "/tick" } {
            input type="hidden" name="day" value=(sheet.day);
            input type="hidden" name="item" value=(line.number);
            input name="by" required maxlength=(NAME_MAX) autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()] aria-label=(name) placeholder=(name);
            input name="note" maxlength=(NOTE_MAX) aria-label=(note) placeholder=(note);
            button type="submit" name="answer" value="good" { (lang.pick("Good", "良い")) }
            button type="submit" name="answer" value="bad" { (lang.pick("Not good", "良くない")) }
        }
    }
}

/// A month as an auditor reads it: a row an item, a column a day.
fn month_of(visit: &Visit, list: &str, month: Day, sheets: &[Sheet]) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    let name = sheets.last().map_or(list, |sheet| sheet.name.get(lang));
    let title = format!("{name} · {}", month.0.strftime("%Y-%m"));
    let texts: Vec<&str> = sheets
        .last()
        .map(|sheet| sheet.lines.iter().map(|line| line.text.as_str()).collect())
        .unwrap_or_default();
    let other = |months: i64| {
        let span = jiff::Span::new().months(months);
        month
            .0
            .first_of_month()
            .checked_add(span)
            .map(|date| date.strftime("%Y-%m").to_string())
            .unwrap_or_default()
    };
    let late = sheets.iter().filter(|sheet| sheet.is_late).count();
    html! {
        h1 { (title) }
        p.lead { (match lang {
            ::promise::Lang::En => format!("{} sheets, {late} late.", sheets.len()),
            ::promise::Lang::Ja => format!("{} 枚のうち、期限を過ぎたものは {late} 枚です。", sheets.len()),
        }) }
        nav.paging aria-label=(lang.pick("Months", "月")) {
            a href={ "?month=" (other(-1)) } { "← " (other(-1)) }
            a href={ "?month=" (other(1)) } { (other(1)) " →" }
        }
        @if sheets.is_empty() { p.empty { (lang.pick("Nothing was due.", "対象の日はありません。")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(title) { table.month {
            thead { tr {
                th scope="col" { (lang.pick("Item", "項目")) }
                @for sheet in sheets { th scope="col" { a href={ "/checklists/" (escape(list)) "?day=" (sheet.day) } { (sheet.day.0.day()) } } }
            } }
            tbody {
                @for text in &texts { tr {
                    th scope="row" { (text) }
                    @for sheet in sheets { td { @match sheet.lines.iter().find(|line| line.text == **text) {
                        Some(line) if sheet.signed.is_some() || line.attested.is_some() => (cell(line.state(), lang)),
                        _ => span.none { "–" },
                    } } }
                } }
                tr { th scope="row" { (lang.pick("Signed", "署名")) } @for sheet in sheets { td { @match &sheet.signed {
                    Some(signed) => span title=(signed.who) { (if signed.is_late { "▲" } else { "●" }) },
                    None => span.wrong { (if sheet.is_late { "✕" } else { "–" }) },
                } } } }
            }
        } }
        h2 { (lang.pick("Signatures and notes", "署名とメモ")) }
        ul.plain { @for sheet in sheets { @if let Some(signed) = &sheet.signed {
            li { (sheet.day) " · " strong { (signed.who) } " · " (time::clock(signed.at, visit.now, &zone, lang))
                @if signed.is_late { " " span.wrong { (lang.pick("late", "期限超過")) } }
                @if !signed.note.is_empty() { " · " (signed.note) }
                @for line in &sheet.lines { @if let Some(attested) = &line.attested { @if !attested.note.is_empty() { br; small { (line.text) ": " (attested.note) " (" (attested.who) ")" } } } }
            }
        } @else if sheet.is_late { li.wrong { (sheet.day) " · " (lang.pick("nobody signed in time", "期限内の署名なし")) } } } }
        }
    }
}

fn cell(state: State, lang: ::promise::Lang) -> Markup {
    let say = state.say();
    html! { span class=(mark::class(state)) title=(say.get(lang)) { span.tick { (state.shape()) } span.hidden { (say.get(lang)) } } }
}
