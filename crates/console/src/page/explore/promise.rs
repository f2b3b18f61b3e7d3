//! `/explore/promise`: a promise made from a query: its YAML, checked, and the verdict that it would have had.
//!
//! Nothing is written: the text is for the person to copy into the spec.

use std::time::Duration;

use ::promise::{Lang, Promise, State, Timestamp, Verdict, record::Scalar as _, unit::Span};
use axum::response::Response;
use maud::{Markup, html};
use spec::{Diagnostic, World};

use super::draft::{Draft, Drafted};
use crate::{
    lang::Pick,
    page::{Follow, Part, frame},
    reply::{Visit, escape},
    show::{mark, strip, time},
};

/// How far back a promise is tried, and at how many instants: each costs the reading of a whole window.
const DAY_POINTS: u32 = 24;
const MONTH_POINTS: u32 = 30;
const DAY: Duration = Duration::from_secs(86_400);
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// How long a person waits for both.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Windows that are offered; a spec may name any.
const WINDOWS: [&str; 4] = ["30d", "7d", "1d", "1h"];

/// The way from a query to a promise, below its chart.
pub(super) fn form(visit: &Visit, query: &str) -> Markup {
    let draft = Draft {
        query: query.to_owned(),
        ..Draft::default()
    };
    html! {
        section.promising aria-labelledby="promising" {
            h2 #promising { (visit.lang.pick("Make a promise from this query", "このクエリから約束を作る")) }
            (fields(visit, &draft))
        }
    }
}

fn fields(visit: &Visit, draft: &Draft) -> Markup {
    let lang = visit.lang;
    let is_ratio = draft.is_ratio();
    html! {
        form.promise-form action="/explore/promise" method="get" {
            input type="hidden" name="query" value=(draft.query);
            p { label for="id" { (lang.pick("Name (id)", "名前(id)")) }
                input #id name="id" required pattern="[a-z][a-z0-9_-]{0,62}" value=(draft.id) autocomplete="off"; }
            p { label for="bound" { (lang.pick("The value is", "値は")) }
                select #bound name="bound" {
                    option value="at_most" selected[!draft.at_least] { (lang.pick("at most", "以下")) }
                    option value="at_least" selected[draft.at_least] { (lang.pick("at least", "以上")) }
                } }
            p { label for="value" { (lang.pick("Bound", "境界値")) }
                input #value name="value" required inputmode="decimal" value=(draft.value) autocomplete="off"; }
            @if is_ratio { p { label for="window" { (lang.pick("Over", "期間")) }
                select #window name="window" { @for window in WINDOWS {
                    option value=(window) selected[window == draft.window] { (super::ask::range_name(window, lang)) }
                } } } }
            button type="submit" { (lang.pick("Try it on the past", "過去に当てはめる")) }
        }
        @if is_ratio { p.note { (lang.pick(
            "Both sides of the division are counters, so it becomes a ratio with an error budget.",
            "割り算の両辺がカウンターなので、エラーバジェットを持つ割合の約束になります。",
        )) } }
    }
}

pub(crate) async fn show(visit: Visit) -> Response {
    let draft = Draft::read(&visit);
    let lang = visit.lang;
    let drafted = draft.check(&visit);
    let tried = match &drafted.promise {
        Some(promise) => Some(tried(&visit, promise).await),
        None => None,
    };
    let main = html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) {
            a href={ "/explore?query=" (escape(&draft.query)) } { (lang.pick("Metrics", "メトリクス")) }
            " / " (lang.pick("a promise", "約束の案"))
        }
        h1 { (lang.pick("A promise from a query", "クエリから作る約束")) }
        p.lead { code { (draft.query) } }
        (fields(&visit, &draft))
        (wrong(&visit, &drafted))
        @if let Some(tried) = tried { (tried) }
        section aria-labelledby="yaml" {
            h2 #yaml { (lang.pick("In YAML", "YAML")) }
            p.note {
                @if lang == Lang::En { "Copy it below " code { "promises:" } " of the spec. Nothing has been written." }
                @else { "仕様の " code { "promises:" } " の下に貼り付けてください。ここでは何も書き込みません。" }
            }
            pre.copy tabindex="0" role="group" aria-label="YAML" { (drafted.yaml) }
            p { button.copy-button type="button" data-copied=(lang.pick("Copied", "コピーしました")) hidden { (lang.pick("Copy", "コピー")) } }
        }
        script type="module" src=(crate::asset::href("explore.js")) {}
    };
    let title = lang.pick("A promise from a query", "クエリから作る約束");
    visit.page(frame(&visit, title, Part::Explore, Follow::Still, &main))
}

/// What the checker says, in the words that it has for a spec.
fn wrong(visit: &Visit, drafted: &Drafted) -> Markup {
    let lang = visit.lang;
    let said = |found: &Diagnostic| {
        html! {
            li class=(if found.level == spec::Level::Error { "broken" } else { "risk" }) {
                b { (found.level.say().get(lang)) } " " (time::sentence(found.message.get(lang), visit.now, &visit.zone(), lang))
                @if let Some(hint) = &found.hint { small { (time::sentence(hint.get(lang), visit.now, &visit.zone(), lang)) } }
            }
        }
    };
    html! { @if !drafted.diagnostics.is_empty() {
        section aria-labelledby="checked" {
            h2 #checked { @if lang == Lang::En { "What " code { "tegata check" } " says" } @else { code { "tegata check" } " の指摘" } }
            ul.notes { @for found in &drafted.diagnostics { (said(found)) } }
        }
    } }
}

pub(super) fn world_check(text: &str) -> Result<(), (usize, String)> {
    match promql::Query::parse(text) {
        Ok(_) => Ok(()),
        Err(why) => Err((why.offset.unwrap_or(0), why.to_string())),
    }
}

pub(super) fn world(now: Timestamp) -> World<'static> {
    World::without_files(&world_check, now)
}

/// The verdicts of a day and of a month.
async fn tried(visit: &Visit, promise: &Promise) -> Markup {
    let lang = visit.lang;
    let points = |count: u32, span: Duration| -> Vec<Timestamp> {
        let back = |i| visit.now - span.mul_f64(f64::from(i) / f64::from(count));
        (0..count).rev().map(back).collect()
    };
    let (day, month) = (points(DAY_POINTS, DAY), points(MONTH_POINTS, MONTH));
    let replay = visit.room.desk.replay.clone();
    let asked = async {
        let day = replay.verdicts(promise.clone(), day).await?;
        let month = replay.verdicts(promise.clone(), month).await?;
        Ok::<_, crate::door::Refused>((day, month))
    };
    let found =
        match tokio::time::timeout(TIMEOUT, asked).await {
            Ok(Ok(found)) => found,
            Ok(Err(why)) => {
                tracing::error!(%why, "a promise could not be tried on the past");
                return said(lang.pick(
                    "The past could not be read; the log says why.",
                    "過去のデータを読めませんでした。理由はログにあります。",
                ));
            }
            Err(_) => return said(lang.pick(
                "The past takes longer to read than a person waits; a shorter window is faster.",
                "過去のデータの読み込みに時間がかかりすぎました。期間を短くすると速くなります。",
            )),
        };
    let (day, month) = found;
    html! {
        section aria-labelledby="tried" {
            h2 #tried { (lang.pick("What it would have said", "過去に当てはめた判定")) }
            @if let Some(now) = day.last() { p { (lang.pick("Now: ", "現在: ")) (mark::verdict(now.state, lang)) " "
                (time::sentence(now.reason.say().get(lang), visit.now, &visit.zone(), lang)) } }
            dl.tried {
                dt { (lang.pick("The last 24 hours, each hour", "直近 24 時間(1 時間ごと)")) } dd { (history(&day, lang)) }
                dt { (lang.pick("The last 30 days, each day", "直近 30 日(1 日ごと)")) } dd { (history(&month, lang)) }
            }
        }
    }
}

fn said(text: &str) -> Markup {
    html! { p.empty role="status" { (text) } }
}

fn history(verdicts: &[Verdict], lang: Lang) -> Markup {
    let states: Vec<State> = verdicts.iter().map(|verdict| verdict.state).collect();
    html! {
        (strip::instants(&states, lang))
        ul.counts { @for state in State::ALL {
            @let n = states.iter().filter(|one| **one == state).count();
            @if n > 0 { li { (mark::verdict(state, lang)) " " (n) } }
        } }
    }
}

/// A window as a spec writes it, or the usual one.
pub(super) fn window(text: Option<&str>) -> String {
    let given = text.filter(|text| Span::parse(text).is_ok());
    given.unwrap_or(WINDOWS[0]).to_owned()
}
