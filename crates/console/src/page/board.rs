//! `/`: the promises, worst first.
//!
//! Rendered from the snapshot alone. What stands on it is rendered once a second at most for each language and filter and then
//! answered from memory, because a wall of screens asks for the same board.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ::promise::{Lang, State};
use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};

use crate::{
    board::{Board, Row},
    lang::Pick,
    page::{Follow, Part, entry, frame, headline, offered},
    reply::{Shared, Visit, escape},
    show::{figure, mark, strip, time},
};

/// Where the demo's outages begin and end.
const OUTAGE: &str = "/demo/outages/{name}/{to}";

/// Renderings that are still true: of this board, in this second.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    board: Option<Arc<Board>>,
    second: i64,
    /// By language, choice, and whether outages are offered.
    contents: HashMap<(Lang, Option<State>, bool), Arc<str>>,
}

impl Cache {
    /// What stands inside `<main>`. It is the same for whoever may do the same; the frame around it names its reader.
    fn content(&self, visit: &Visit, only: Option<State>) -> PreEscaped<Arc<str>> {
        let second = visit.now.as_millis().div_euclid(1000);
        let key = (visit.lang, only, visit.who.barred(OUTAGE).is_none());
        {
            let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if cached.second != second
                || !cached
                    .board
                    .as_ref()
                    .is_some_and(|board| Arc::ptr_eq(board, &visit.board))
            {
                *cached = Cached {
                    board: Some(visit.board.clone()),
                    second,
                    contents: HashMap::new(),
                };
            }
            if let Some(content) = cached.contents.get(&key) {
                return PreEscaped(Arc::clone(content));
            }
        }
        let text: Arc<str> = content(visit, only).into_string().into();
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.second == second {
            cached.contents.insert(key, Arc::clone(&text));
        }
        PreEscaped(text)
    }
}

fn only(visit: &Visit) -> Option<State> {
    let wanted = visit.param("state")?;
    State::ALL
        .into_iter()
        .find(|state| state.as_str() == wanted)
}

pub(crate) async fn show(visit: Visit) -> Response {
    let content = visit.room.boards.content(&visit, only(&visit));
    let title = visit.lang.pick("Promises", "約束");
    let main = html! { (content) };
    visit.page(frame(&visit, title, Part::Board, Follow::Rows, &main))
}

/// `/fragments/board`: what stands inside `<main>`, for a page whose stream broke too long ago to mend.
pub(crate) async fn fragment(visit: Visit) -> Response {
    let PreEscaped(text) = visit.room.boards.content(&visit, only(&visit));
    visit.html(text.to_string())
}

/// `POST /demo/outages/{name}/{to}`: begins or ends an outage, and shows the board again.
pub(crate) async fn outage(
    Extract(room): Extract<Shared>,
    Path((name, to)): Path<(String, String)>,
    visit: Visit,
) -> Response {
    let Some(demo) = &room.desk.demo else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let on = match to.as_str() {
        "start" => true,
        "stop" => false,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match demo.set(&name, on).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

fn content(visit: &Visit, only: Option<State>) -> Markup {
    let (board, lang) = (&visit.board, visit.lang);
    let rows: Vec<&Row> = board
        .worst_first()
        .into_iter()
        .filter(|row| only.is_none_or(|state| row.verdict.state == state))
        .collect();
    html! {
        (summary(visit, only))
        @if visit.room.desk.demo.is_some() && only.is_none() { (demo(visit)) }
        section.board aria-label=(lang.pick("Promises, worst first", "約束(悪い順)")) {
            div.scroll { table.rows {
                caption.hidden { (lang.pick("Promises, worst first", "約束(悪い順)")) }
                thead { tr {
                    th scope="col" { (lang.pick("Verdict", "判定")) }
                    th scope="col" { (lang.pick("Promise", "約束")) }
                    th scope="col" { (lang.pick("Measured", "実測")) }
                    th scope="col" { (lang.pick("Budget left", "残りの予算")) }
                    th scope="col" { (lang.pick("90 days", "90 日")) }
                    th scope="col" { (lang.pick("Evidence", "証拠")) }
                } }
                tbody #rows { @for row in &rows { (self::row(row, visit.now, &visit.zone(), lang)) } }
            } }
            @if rows.is_empty() {
                p.empty { (match only {
                    Some(_) => lang.pick("No promise is in this state.", "この状態の約束はありません。"),
                    None => lang.pick("The spec declares no promise.", "仕様に約束がありません。"),
                }) }
            }
        }
    }
}

/// The sentence, the counts as filters, and the spec. Replaced as a whole when a count changes.
pub(crate) fn summary(visit: &Visit, only: Option<State>) -> Markup {
    let (board, lang) = (&visit.board, visit.lang);
    html! {
        section.summary #summary data-only=[only.map(State::as_str)] {
            h1 { (headline(board, lang)) }
            nav aria-label=(lang.pick("Show by verdict", "判定で絞り込む")) { ul.filters {
                li { a href="/" aria-current=[only.is_none().then_some("true")] {
                    b { (board.rows.len()) } " " (lang.pick("all", "すべて"))
                } }
                @for state in State::ALL {
                    @let n = board.count(state);
                    li { a class=(mark::class(state)) href={ "/?state=" (state.as_str()) }
                        data-none[n == 0] aria-current=[(only == Some(state)).then_some("true")]
                    { (mark::shape(state)) b { (n) } " " (state.say().get(lang)) } }
                }
            } }
            (spec(visit))
        }
    }
}

fn spec(visit: &Visit) -> Markup {
    let (spec, lang) = (&visit.board.spec, visit.lang);
    let state = if spec.problem.is_some() {
        State::AtRisk
    } else {
        State::Kept
    };
    html! {
        p.spec data-problem[spec.problem.is_some()] {
            @if spec.problem.is_some() { (mark::verdict(state, lang)) }
            @else { span class={ "v " (mark::class(state)) } { (mark::shape(state)) span { (lang.pick("in force", "有効")) } } }
            span { (lang.pick("Spec", "仕様")) " " code { (spec.path) } }
            @match &spec.problem {
                Some(problem) => {
                    span { (problem.get(lang)) }
                    span { (lang.pick("The spec loaded before stays in force, from ", "以前の仕様が引き続き有効です: "))
                        (time::ago(spec.loaded_at, visit.now, lang)) }
                }
                None => span { (lang.pick("loaded ", "読み込み ")) (time::ago(spec.loaded_at, visit.now, lang)) },
            }
        }
    }
}

fn demo(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let outages = visit
        .room
        .desk
        .demo
        .as_ref()
        .map(|demo| demo.outages())
        .unwrap_or_default();
    html! {
        section.demo aria-labelledby="demo" {
            h2 #demo { (lang.pick("Break something", "壊してみる")) }
            p { (lang.pick(
                "This shop is simulated. Break a part of it and watch what the board can prove.",
                "この店舗は模擬です。一部を壊して、判定がどう変わるかを確かめられます。",
            )) }
            (offered(visit, OUTAGE, || html! { ul { @for outage in &outages {
                @let to = if outage.since.is_some() { "stop" } else { "start" };
                li { form method="post" action={ "/demo/outages/" (escape(&outage.name)) "/" (to) } {
                    button type="submit" data-on[outage.since.is_some()] {
                        (match (to, lang) {
                            ("stop", Lang::En) => format!("End it: {}", outage.title.en),
                            ("stop", Lang::Ja) => format!("終わらせる: {}", outage.title.ja),
                            (_, Lang::En) => format!("Start: {}", outage.title.en),
                            (_, Lang::Ja) => format!("起こす: {}", outage.title.ja),
                        })
                    }
                    @if let Some(since) = outage.since { " " (time::lasting(since, visit.now, lang)) }
                } }
            } } }))
        }
    }
}

/// The element id of a row; a promise's id is free text in the spec.
pub(crate) fn row_id(id: &str) -> String {
    format!("p-{}", escape(id).replace('%', "_"))
}

/// One promise. Also sent by itself when it changes.
pub(crate) fn row(row: &Row, now: ::promise::Timestamp, zone: &TimeZone, lang: Lang) -> Markup {
    let (promise, verdict) = (&row.promise, &row.verdict);
    let href = format!("/promises/{}", escape(&promise.id));
    html! {
        tr id=(row_id(&promise.id)) class=(mark::class(verdict.state)) data-state=(verdict.state.as_str()) {
            td.verdict { (mark::verdict(verdict.state, lang)) small { (time::lasting(row.since, now, lang)) } }
            th.name scope="row" {
                a href=(href) { (promise.name(lang)) }
                small.why { (time::sentence(verdict.reason.say().get(lang), now, zone, lang)) }
                @if let Some(incident) = &row.incident {
                    small { a.incident href={ "/incidents/" (escape(incident)) } {
                        (lang.pick("Incident ", "インシデント ")) (incident)
                    } }
                }
            }
            td.figure data-label=(lang.pick("Measured", "実測")) {
                @if let Some(measured) = &verdict.measured {
                    a href={ (href) "#evidence" } { (figure::amount(&measured.value, lang)) }
                    small { (lang.pick("target ", "目標 ")) (figure::sign(promise)) (figure::amount(&measured.target, lang)) }
                } @else { span.none { (lang.pick("not measured", "未測定")) } }
            }
            td.figure.budget data-label=(lang.pick("Budget left", "残りの予算")) {
                @if let Some(budget) = &verdict.budget {
                    a href={ (href) "#budget" } { (figure::left_share(budget)) }
                    @if let Some(time) = figure::left_time(budget, lang) { span.rest { (time) } }
                    (figure::bar(budget))
                } @else { span.none { (lang.pick("no budget", "予算なし")) } }
            }
            td.days data-label=(lang.pick("90 days", "90 日")) { a href={ (href) "#history" } { (strip::show(&row.strip, lang)) } }
            td.proof data-label=(lang.pick("Evidence", "証拠")) {
                @match verdict.newest {
                    Some(newest) => (time::ago(newest, now, lang)),
                    None => span.none { (lang.pick("none yet", "まだなし")) },
                }
                " " (entry(row.entry, lang))
                small { @if let Some(due) = verdict.due { (lang.pick("next ", "次は ")) (time::due(due, now, lang)) } }
            }
        }
    }
}
