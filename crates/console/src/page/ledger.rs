//! `/ledger` and `/ledger/{index}`: what was written down, and how to check it without trusting this page.

use std::time::Duration;

use ::promise::{Lang, Say, say};
use axum::{extract::Path, response::Response};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    door::{Checkpoint, Entry},
    lang::Pick,
    page::{Follow, Part, frame, promise_link},
    reply::{Visit, escape},
    show::{mark, time},
};

/// Entries on one page.
const ENTRIES_MAX: usize = 50;

pub(crate) async fn list(visit: Visit) -> Response {
    let kinds = visit.room.desk.ledger.kinds();
    let kind = visit
        .param("kind")
        .filter(|kind| kinds.iter().any(|(known, _)| known == kind));
    let before = visit.param("before").and_then(|text| text.parse().ok());
    let ledger = &visit.room.desk.ledger;
    let checkpoint = match ledger.checkpoint().await {
        Ok(checkpoint) => checkpoint,
        Err(refused) => return visit.refused(&refused),
    };
    let entries = match ledger.entries(before, kind, ENTRIES_MAX).await {
        Ok(entries) => entries,
        Err(refused) => return visit.refused(&refused),
    };
    let lang = visit.lang;
    let follow = if before.is_none() {
        Follow::Whole
    } else {
        Follow::Still
    };
    let main = html! {
        h1 { (match lang {
            Lang::En => format!("{} entries, none of which can change unseen.", grouped(checkpoint.size)),
            Lang::Ja => format!("{} 件の記録。気づかれずに変わることはありません。", grouped(checkpoint.size)),
        }) }
        (head(&visit, &checkpoint))
        (witnesses(&visit))
        nav aria-label=(lang.pick("Show by kind", "種類で絞り込む")) { ul.filters {
            li { a href="/ledger" aria-current=[kind.is_none().then_some("true")] { (lang.pick("all", "すべて")) } }
            li { a href="/ledger/deeds" { (lang.pick("Who did what", "誰が何をしたか")) } }
            li { a href="/ledger/erase" { (lang.pick("Erase and prune", "消去と間引き")) } }
            @for (tag, name) in kinds.iter().filter(|(tag, _)| kind == Some(*tag)) {
                li { a href={ "/ledger?kind=" (escape(tag)) } aria-current="true" { (name.get(lang)) } }
            }
        }
            details { summary { (lang.pick("By kind", "種類ごと")) } ul.filters {
                @for (tag, name) in &kinds {
                    li { a href={ "/ledger?kind=" (escape(tag)) } aria-current=[(kind == Some(*tag)).then_some("true")] { (name.get(lang)) } }
                }
            } }
        }
        (table(&visit, &entries, &kinds))
        @if entries.is_empty() { p.empty { (lang.pick("No entry here.", "記録はありません。")) } }
        nav.paging aria-label=(lang.pick("Paging", "ページ送り")) {
            @if before.is_some() { a href={ "/ledger" (kind_query(kind, '?')) } { (lang.pick("Newest", "最新")) } " " }
            @if let Some(last) = entries.last().filter(|last| last.index > 0 && entries.len() == ENTRIES_MAX) {
                a rel="next" href={ "/ledger?before=" (last.index) (kind_query(kind, '&')) } { (lang.pick("Older", "以前の記録")) }
            }
        }
    };
    visit.page(frame(
        &visit,
        lang.pick("Ledger", "台帳"),
        Part::Ledger,
        follow,
        &main,
    ))
}

fn kind_query(kind: Option<&str>, join: char) -> String {
    kind.map(|kind| format!("{join}kind={}", escape(kind)))
        .unwrap_or_default()
}

fn head(visit: &Visit, checkpoint: &Checkpoint) -> Markup {
    let lang = visit.lang;
    html! {
        dl.terms {
            dt { (lang.pick("Tree root", "木の根")) } dd { code.hash { (checkpoint.root) } }
            dt { (lang.pick("Origin", "発行元")) } dd { (checkpoint.origin) }
            @if let Some(at) = checkpoint.at { dt { (lang.pick("Newest entry", "最新の記録")) } dd { (time::ago(at, visit.now, lang)) } }
            @if checkpoint.kept_from > 0 {
                dt { (lang.pick("Kept from", "保存範囲")) }
                dd { a href={ "/ledger/" (checkpoint.kept_from) } { "#" (checkpoint.kept_from) } " " (lang.pick(
                    "on; older bodies are past their retention, and their hashes are kept",
                    "以降。それより前は保存期間を過ぎ、ハッシュだけが残っています",
                )) }
            }
            dt { (lang.pick("Check it yourself", "自分で確かめる")) } dd { code { "tegata ledger verify" } }
        }
        details { summary { (lang.pick("Signed checkpoint", "署名付きチェックポイント")) }
            pre tabindex="0" role="group" aria-label=(lang.pick("Signed checkpoint", "署名付きチェックポイント")) { (checkpoint.note) } }
    }
}

/// Who outside saw it, and when: what the operator cannot take back.
fn witnesses(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let witnesses = visit.room.desk.ledger.witnesses();
    let title = lang.pick("Seen from outside", "外部の証人");
    html! {
        section aria-labelledby="witnesses" {
            h2 #witnesses { (title) }
            @if witnesses.is_empty() {
                p.note { (lang.pick(
                    "Nobody outside witnesses this ledger: whoever holds its key could write another. Name witnesses in the spec: ",
                    "この台帳には外部の証人がいないため、鍵を持つ人は別の台帳に差し替えられます。仕様に証人を書いてください: ",
                )) code { "ledger.witnesses" } }
            } @else {
                div.scroll tabindex="0" role="group" aria-label=(title) { table {
                    thead { tr {
                        th scope="col" { (lang.pick("Verdict", "判定")) }
                        th scope="col" { (lang.pick("Witness", "証人")) }
                        th scope="col" { (lang.pick("Saw it last", "最後の確認")) }
                        th.figure scope="col" { (lang.pick("Entries", "件数")) }
                        th scope="col" { (lang.pick("Asked", "間隔")) }
                        th scope="col" { (lang.pick("What is wrong", "問題")) }
                    } }
                    tbody { @for one in &witnesses { tr {
                        td { (mark::verdict(one.state(visit.now), lang)) }
                        th scope="row" { (promise_link(visit, &one.promise)) " " span.note { (one.what.get(lang)) } }
                        td { @match one.seen { Some(at) => (time::ago(at, visit.now, lang)), None => (lang.pick("never", "まだありません")) } }
                        td.figure { @if let (Some(size), Some(entry)) = (one.size, one.entry) { a href={ "/ledger/" (entry) } { (grouped(size)) } } }
                        td { (every(one.every_secs, lang)) }
                        td { (one.problem.as_ref().map_or("–", |why| why.get(lang))) }
                    } } }
                } }
            }
        }
    }
}

fn every(secs: u64, lang: Lang) -> String {
    let length = time::length(Duration::from_secs(secs), lang);
    match lang {
        Lang::En => format!("every {length}"),
        Lang::Ja => format!("{length}ごと"),
    }
}

fn name_of(kind: &str, kinds: &[(&'static str, Say)], lang: Lang) -> String {
    kinds
        .iter()
        .find(|(tag, _)| *tag == kind)
        .map_or(kind, |(_, name)| name.get(lang))
        .to_owned()
}

fn table(visit: &Visit, entries: &[Entry], kinds: &[(&'static str, Say)]) -> Markup {
    let lang = visit.lang;
    html! {
        div.scroll tabindex="0" role="group" aria-label=(lang.pick("Entries", "記録")) { table {
            thead { tr {
                th.figure scope="col" { (lang.pick("Entry", "番号")) }
                th scope="col" { (lang.pick("Written", "時刻")) }
                th scope="col" { (lang.pick("Kind", "種類")) }
                th scope="col" { (lang.pick("About", "対象")) }
                th scope="col" { (lang.pick("Leaf hash", "葉のハッシュ")) }
            } }
            tbody { @for entry in entries { tr {
                th.figure scope="row" { a href={ "/ledger/" (entry.index) } { "#" (entry.index) } }
                td { (time::clock(entry.at, visit.now, &visit.zone(), lang)) }
                td { (name_of(&entry.kind, kinds, lang)) }
                td { (about(visit, entry)) }
                td { code.hash { (entry.leaf.get(..16).unwrap_or(&entry.leaf)) "…" } }
            } } }
        } }
    }
}

fn about(visit: &Visit, entry: &Entry) -> Markup {
    html! { @if let Some(about) = &entry.about {
        @if visit.board.row(about).is_some() { (promise_link(visit, about)) } @else { (about) }
    } }
}

pub(crate) async fn show(Path(index): Path<String>, visit: Visit) -> Response {
    let missing = || {
        say!(
            "the ledger has no entry {index}",
            "台帳に記録 {index} はありません"
        )
    };
    let Ok(index) = index.parse::<u64>() else {
        return visit.missing(&missing());
    };
    let ledger = &visit.room.desk.ledger;
    let (entry, checkpoint) = match (ledger.entry(index).await, ledger.checkpoint().await) {
        (Ok(Some(entry)), Ok(checkpoint)) => (entry, checkpoint),
        (Ok(None), _) => return visit.missing(&missing()),
        (Err(refused), _) | (_, Err(refused)) => return visit.refused(&refused),
    };
    // The entry may be newer than the last signed checkpoint; then nothing vouches for it yet.
    let proof = if index < checkpoint.size {
        ledger.inclusion(index, checkpoint.size).await.ok()
    } else {
        None
    };
    let title = format!("{} #{index}", visit.lang.pick("Entry", "記録"));
    let main = content(&visit, &entry, &checkpoint, proof.as_deref());
    visit.page(frame(&visit, &title, Part::Ledger, Follow::Still, &main))
}

fn content(
    visit: &Visit,
    entry: &Entry,
    checkpoint: &Checkpoint,
    proof: Option<&[String]>,
) -> Markup {
    let lang = visit.lang;
    let kinds = visit.room.desk.ledger.kinds();
    let mut body = entry.body.clone();
    tell_erased(&mut body, lang);
    let body = serde_json::to_string_pretty(&body).unwrap_or_default();
    html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) { a href="/ledger" { (lang.pick("Ledger", "台帳")) } " / #" (entry.index) }
        @if entry.index < checkpoint.kept_from {
            header.title { h1 { (lang.pick("A pruned entry", "間引いた記録")) } p { (lang.pick(
                "Its body is past its retention and is gone. Its hash is kept, and below it is shown that the entry was in the ledger: whoever has a copy of it can prove that it is the one.",
                "本文は保存期間を過ぎたため残っていません。ハッシュは残っており、台帳に含まれていたことを下に示します。写しを持つ人は、それが本物だと証明できます。",
            )) } }
        } @else {
            header.title { h1 { (name_of(&entry.kind, &kinds, lang)) } p {
                (time::clock(entry.at, visit.now, &visit.zone(), lang))
                @if entry.about.is_some() { " · " (about(visit, entry)) }
            } }
            section aria-labelledby="body" {
                h2 #body { (lang.pick("What was written", "記録の内容")) }
                pre tabindex="0" role="group" aria-labelledby="body" { (body) }
            }
        }
        section aria-labelledby="proof" {
            h2 #proof { (lang.pick("Proof that it is in the ledger", "台帳に含まれることの証明")) }
            @match proof {
                Some(hashes) => {
                    dl.terms {
                        dt { (lang.pick("Leaf hash", "葉のハッシュ")) } dd { code.hash { (entry.leaf) } }
                        dt { (lang.pick("Tree size", "木の大きさ")) } dd { (grouped(checkpoint.size)) }
                        dt { (lang.pick("Tree root", "木の根")) } dd { code.hash { (checkpoint.root) } }
                    }
                    p { (lang.pick(
                        "Hash the leaf with these siblings, from leaf to root (RFC 9162, 2.1.3.2); the result must be the tree root.",
                        "葉から根へ、次の兄弟ハッシュと順に合わせると(RFC 9162 2.1.3.2)、木の根に一致するはずです。",
                    )) }
                    ol.hashes { @for hash in hashes { li { code.hash { (hash) } } } }
                    p { (lang.pick("Or, offline, from the files alone: ", "またはファイルだけから、オフラインで: ")) code { "tegata ledger verify" } }
                },
                None => p.empty { (lang.pick(
                    "It is newer than the signed checkpoint; look again in a moment.",
                    "署名付きチェックポイントより新しい記録です。少し後にもう一度ご覧ください。",
                )) },
            }
        }
        nav.paging aria-label=(lang.pick("Paging", "ページ送り")) {
            @if entry.index > 0 { a rel="prev" href={ "/ledger/" (entry.index - 1) } { "#" (entry.index - 1) } " " }
            @if entry.index + 1 < checkpoint.size { a rel="next" href={ "/ledger/" (entry.index + 1) } { "#" (entry.index + 1) } }
        }
    }
}

/// Says in words what was erased.
fn tell_erased(body: &mut Value, lang: Lang) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(|item| tell_erased(item, lang)),
        Value::Object(map) if map.len() == 1 && map.get("erased") == Some(&Value::Bool(true)) => {
            *body = lang.pick("(erased)", "(消去済み)").into();
        }
        Value::Object(map) => map.values_mut().for_each(|item| tell_erased(item, lang)),
        _ => {}
    }
}

/// `12,345`
#[allow(clippy::cast_precision_loss)]
pub(crate) fn grouped(n: u64) -> String {
    ::promise::Amount::Count(n as f64).show(Lang::En)
}
