//! The question as a form, and what there is to ask about.

use maud::{Markup, html};

use super::ask::{Question, RANGES, local, range_name};
use crate::{
    lang::Pick,
    reply::{Visit, escape},
};

/// Names of metrics that are listed where nothing is asked yet; completion knows the others.
const NAMES_MAX: usize = 200;

pub(super) fn show(visit: &Visit, question: &Question) -> Markup {
    let lang = visit.lang;
    let zone = visit.zone();
    html! {
        form.ask action="/explore" method="get" role="search" aria-label=(lang.pick("Query", "クエリ")) {
            div.query {
                label for="query" { (lang.pick("Query (PromQL)", "クエリ(PromQL)")) }
                textarea #query name="query" rows="2" spellcheck="false" autocapitalize="off" autocomplete="off"
                    maxlength="16384" { (question.query) }
            }
            div.options {
                p { label for="range" { (lang.pick("Range", "期間")) }
                    select #range name="range" {
                        @for (range, _) in in_order() {
                            option value=(range) selected[range == question.range] { (range_name(range, lang)) }
                        }
                    } }
                p { label for="end" { (lang.pick("Until", "終わり")) " (" (visit.board.time_zone) ")" }
                    input #end name="end" type="datetime-local"
                        value=[question.end.map(|end| local(end, &zone))]; }
                p { label for="step" { (lang.pick("Step", "刻み")) }
                    input #step name="step" value=(question.step_text) placeholder=(lang.pick("auto", "自動"))
                        autocomplete="off" pattern="([0-9]+(ms|s|m|h|d|w|y))*"; }
                @if question.is_table { input type="hidden" name="view" value="table"; }
                button.primary type="submit" { (lang.pick("Run", "実行")) }
            }
        }
    }
}

fn in_order() -> Vec<(&'static str, u64)> {
    let mut ranges = RANGES.to_vec();
    ranges.sort_by_key(|(_, secs)| *secs);
    ranges
}

/// What a visitor can ask about, before anything is asked.
pub(super) async fn names(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let names = visit.room.desk.metrics.label_values("__name__", &[]).await;
    let names = names.unwrap_or_else(|error| {
        tracing::error!(%error, "the names of metrics cannot be read");
        Vec::new()
    });
    html! {
        section aria-labelledby="names" {
            h2 #names { (lang.pick("Metrics in the store", "保存されているメトリクス")) " (" (names.len()) ")" }
            @if names.is_empty() {
                p.empty { (lang.pick("Nothing is stored yet.", "まだ何も保存されていません。")) }
            }
            ul.metrics { @for name in names.iter().take(NAMES_MAX) {
                li { a href={ "/explore?query=" (escape(&selector(name))) } { code { (name) } } }
            } }
            @if names.len() > NAMES_MAX {
                p.note { (lang.pick("More are found by completion.", "ほかは入力補完で見つかります。")) }
            }
        }
    }
}

/// A name that is no identifier stands in quotes within braces.
fn selector(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("{{{}}}", serde_json::Value::from(name))
}
