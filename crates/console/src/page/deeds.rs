//! `/ledger/deeds`: who did what, from where, and whether it was done: what PCI DSS 10.2.2 asks an audit log to hold.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    access::names,
    door::Entry,
    lang::Pick,
    page::{Follow, Part, frame},
    reply::{Visit, escape},
    show::time,
};

/// The kind of entry, as the binary writes it.
const KIND: &str = "deed";
/// Deeds on one page.
const DEEDS_MAX: usize = 100;
/// Entries that are read for them at most: whoever filters finely goes on with `before`.
const READ_MAX: usize = 1_000;

pub(crate) async fn show(visit: Visit) -> Response {
    let before = visit.param("before").and_then(|text| text.parse().ok());
    let read = visit.room.desk.ledger.entries(before, Some(KIND), READ_MAX);
    let entries = match read.await {
        Ok(entries) => entries,
        Err(refused) => return visit.refused(&refused),
    };
    let is_cut = entries.len() == READ_MAX;
    let wanted: Vec<&Entry> = entries.iter().filter(|entry| fits(&visit, entry)).collect();
    let shown = &wanted[..wanted.len().min(DEEDS_MAX)];
    // Where the page ends: with what it shows, or with what was read for it.
    let older = if wanted.len() > DEEDS_MAX {
        shown.last().map(|entry| entry.index)
    } else {
        entries.last().filter(|_| is_cut).map(|entry| entry.index)
    };
    let lang = visit.lang;
    let title = lang.pick("Who did what", "誰が何をしたか");
    let main = html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) { a href="/ledger" { (lang.pick("Ledger", "台帳")) } " / " (title) }
        h1 { (title) }
        (form(&visit))
        (table(&visit, shown))
        @if shown.is_empty() { p.empty { (lang.pick("Nothing was done.", "該当する操作はありません。")) } }
        @if let Some(older) = older {
            nav.paging aria-label=(lang.pick("Paging", "ページ送り")) {
                a rel="next" href=(link(&visit, older)) { (lang.pick("Older", "以前の記録")) }
            }
        }
        p.note { (lang.pick("From the files alone: ", "ファイルだけからの一覧: ")) code { "tegata ledger deeds --json" } }
    };
    visit.page(frame(&visit, title, Part::Ledger, Follow::Still, &main))
}

fn fits(visit: &Visit, entry: &Entry) -> bool {
    let is = |name: &str, value: Option<&str>| visit.param(name).is_none_or(|it| Some(it) == value);
    is("event", entry.about.as_deref())
        && is("who", entry.body["user"].as_str())
        && (visit.param("failed").is_none() || entry.body["done"] == false)
}

fn link(visit: &Visit, before: u64) -> String {
    let kept = ["who", "event", "failed"].into_iter();
    let kept = kept.filter_map(|name| Some(format!("&{name}={}", escape(visit.param(name)?))));
    format!("/ledger/deeds?before={before}{}", kept.collect::<String>())
}

fn form(visit: &Visit) -> Markup {
    let lang = visit.lang;
    html! {
        form.ask action="/ledger/deeds" method="get" role="search" aria-label=(lang.pick("Filter", "絞り込み")) {
            div.options {
                p { label for="who" { (lang.pick("Who", "利用者")) } input #who name="who" value=[visit.param("who")] maxlength="200" autocomplete="off"; }
                p { label for="event" { (lang.pick("What", "操作")) }
                    select #event name="event" {
                        option value="" { (lang.pick("everything", "すべて")) }
                        @for event in names::ALL { option value=(event) selected[visit.param("event") == Some(event)] { (event) } }
                    } }
                p.check { label { input type="checkbox" name="failed" value="1" checked[visit.param("failed").is_some()]; " " (lang.pick("Only refused", "失敗のみ")) } }
                button.primary type="submit" { (lang.pick("Filter", "絞り込む")) }
            }
        }
    }
}

fn table(visit: &Visit, entries: &[&Entry]) -> Markup {
    let lang = visit.lang;
    html! {
        div.scroll tabindex="0" role="group" aria-label=(lang.pick("Deeds", "操作")) { table {
            thead { tr {
                th.figure scope="col" { (lang.pick("Entry", "番号")) }
                th scope="col" { (lang.pick("When", "時刻")) }
                th scope="col" { (lang.pick("Who", "利用者")) }
                th scope="col" { (lang.pick("What", "操作")) }
                th scope="col" { (lang.pick("Outcome", "結果")) }
                th scope="col" { (lang.pick("From", "接続元")) }
                th scope="col" { (lang.pick("On", "対象")) }
            } }
            tbody { @for entry in entries { tr {
                th.figure scope="row" { a href={ "/ledger/" (entry.index) } { "#" (entry.index) } }
                td { (time::clock(entry.at, visit.now, &visit.zone(), lang)) }
                td { (text(&entry.body["user"], visit)) @if let Some(role) = entry.body["role"].as_str() { " (" (role) ")" } }
                td { (entry.about.as_deref().unwrap_or_default()) }
                td { @if entry.body["done"] == true { "● " (lang.pick("done", "成功")) } @else { "✕ " (lang.pick("refused", "失敗")) } }
                td { (text(&entry.body["from"], visit)) }
                td { (entry.body["on"].as_str().unwrap_or_default()) }
            } } }
        } }
    }
}

/// A value, or that it was erased.
fn text(value: &Value, visit: &Visit) -> String {
    match value.as_str() {
        Some("") => "–".to_owned(),
        Some(text) => text.to_owned(),
        None => visit.lang.pick("(erased)", "(消去済み)").to_owned(),
    }
}
