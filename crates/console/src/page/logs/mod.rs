//! `/logs`: any query over the stored logs: how many along the time, the newest of them, their fields, and a way from
//! there to a rule.
//!
//! It works as a plain form; `logs.js` adds completion and follows what comes. Personal fields are masked; whoever needs
//! them in clear says why, and the ledger keeps it.

mod ask;
pub(crate) mod delete;
mod found;
pub(crate) mod holds;
pub(crate) mod patterns;
pub(crate) mod rule;
mod show;

use ::promise::{Lang, Say};
use axum::{
    Json,
    body::Bytes,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::{Value, json};
use store::logs::Deletion;

use crate::{
    access::affects,
    door::{Asked, Refused},
    lang::Pick,
    mask::Mask,
    page::{
        Follow, Part,
        explore::ask::{RANGES, local, range_name},
        frame,
    },
    reply::{Visit, read_query},
};
use ask::Question;

pub(crate) async fn show(visit: Visit) -> Response {
    let question = Question::read(&visit);
    let mask = Mask::new(visit.room.desk.keeping.masked());
    page(&visit, &question, &mask).await
}

/// The same in clear: the form says who asks and why.
pub(crate) async fn unmasked(visit: Visit, body: Bytes) -> Response {
    let form = read_query(&String::from_utf8_lossy(&body));
    let param = |name: &str| {
        let found = form.iter().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    };
    let question = Question::of(&visit, &param);
    let asked = Asked {
        by: visit.who.signs(&param("by").unwrap_or_default()),
        reason: param("reason").unwrap_or_default(),
    };
    let what = match (&question.query, asked.check()) {
        (Ok(query), Ok(())) => Deletion {
            query: query.clone(),
            from: question.from,
            to: question.to,
        },
        (Err(why), _) => return visit.refused(&Refused::Invalid(why.clone())),
        (_, Err(refused)) => return visit.refused(&refused),
    };
    let clear = match visit.room.desk.keeping.unmask(&what, &asked).await {
        Ok(clear) => clear,
        Err(refused) => return visit.refused(&refused),
    };
    let shown = page(&visit, &question, &Mask::lifted(clear)).await;
    affects(shown, what.query.as_str())
}

async fn page(visit: &Visit, question: &Question, mask: &Mask) -> Response {
    let lang = visit.lang;
    let found = match &question.query {
        Err(why) => refused(why, lang),
        Ok(query) => {
            let times = (question.from, question.to);
            match found::find(&*visit.room.desk.logs, query, times, mask).await {
                Ok(found) => show::found(visit, question, &found, mask),
                Err(error) => {
                    tracing::error!(%error, "the logs could not be read");
                    refused(
                        &::promise::say!(
                            "the logs could not be read; Tegata's own log says why",
                            "ログを読めませんでした。詳細は Tegata のログにあります"
                        ),
                        lang,
                    )
                }
            }
        }
    };
    let title = lang.pick("Logs", "ログ");
    let main = html! {
        h1 { (title) }
        (form(visit, question, "/logs"))
        p.note {
            a href="/traces" { (lang.pick("Traces", "トレース")) }
            " · " a href=(holds::PATH) { (lang.pick("Legal holds", "証拠保全")) }
            @if visit.who.barred(delete::PATH).is_none() && question.query.is_ok() {
                " · " a href=(question.at(delete::PATH, &question.text)) { (lang.pick("Delete by this query", "この条件で削除")) }
            }
        }
        (found)
        script type="module" src=(crate::asset::href("logs.js")) data-complete=(crate::asset::href("complete.js")) {}
    };
    visit.page(frame(visit, title, Part::Logs, Follow::Still, &main))
}

/// The question, put to `page`.
fn form(visit: &Visit, question: &Question, page: &str) -> Markup {
    let lang = visit.lang;
    let mut ranges = RANGES.to_vec();
    ranges.sort_by_key(|(_, secs)| *secs);
    html! {
        form.ask action=(page) method="get" role="search" aria-label=(lang.pick("Query", "条件")) {
            div.query {
                label for="query" { (lang.pick("Query (Lucene)", "条件(Lucene の構文)")) }
                textarea #query name="query" rows="1" spellcheck="false" autocapitalize="off" autocomplete="off" maxlength="16384"
                    placeholder="status:failed AND processing_time:>3000" { (question.text) }
            }
            div.options {
                p { label for="range" { (lang.pick("Range", "期間")) }
                    select #range name="range" {
                        @for (range, _) in ranges {
                            option value=(range) selected[range == question.range] { (range_name(range, lang)) }
                        }
                    } }
                p { label for="end" { (lang.pick("Until", "終わり")) " (" (visit.board.time_zone) ")" }
                    input #end name="end" type="datetime-local" value=[question.end.map(|end| local(end, &visit.zone()))]; }
                @if page == "/logs" { p.check { label { input type="checkbox" name="follow" value="1" checked[question.follows]; " " (lang.pick("Follow", "追い続ける")) } } }
                button.primary type="submit" { @if page == delete::PATH { (lang.pick("Count", "件数を確認")) } @else { (lang.pick("Search", "検索")) } }
            }
        }
    }
}

fn refused(why: &Say, lang: Lang) -> Markup {
    html! {
        section.refusal role="alert" aria-labelledby="refused" {
            h2 #refused { (lang.pick("This cannot be searched", "検索できません")) }
            p { (why.get(lang)) }
        }
    }
}

/// Fields and their values, for completion.
pub(crate) async fn complete(visit: Visit) -> Response {
    let question = Question::read(&visit);
    let query = match question.query {
        Ok(query) => query,
        Err(why) => return visit.refused(&Refused::Invalid(why)),
    };
    let mask = Mask::new(visit.room.desk.keeping.masked());
    let times = (question.from, question.to);
    match found::fields_of(&*visit.room.desk.logs, &query, times, &mask).await {
        Ok(fields) => {
            let named = |field: found::Field| {
                let values: Vec<String> =
                    field.values.into_iter().map(|(value, _)| value).collect();
                (field.name, Value::from(values))
            };
            let fields: serde_json::Map<String, Value> = fields.into_iter().map(named).collect();
            Json(json!({ "fields": fields })).into_response()
        }
        Err(error) => visit.refused(&Refused::Internal(error.to_string())),
    }
}
