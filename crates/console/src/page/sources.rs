//! `/sources`: who is asked for evidence, and what they last said.

use ::promise::{Lang, State};
use axum::response::Response;
use maud::html;

use crate::{
    board::{SourceKind, SourceRow},
    lang::Pick,
    page::{Follow, Part, frame, ledger::grouped},
    reply::Visit,
    show::{mark, time},
};

fn state(source: &SourceRow) -> State {
    match (&source.problem, source.last) {
        (Some(_), _) => State::Broken,
        (None, Some(_)) => State::Kept,
        (None, None) => State::Unproven,
    }
}

fn word(state: State, lang: Lang) -> &'static str {
    match state {
        State::Kept => lang.pick("answers", "応答あり"),
        State::Broken => lang.pick("fails", "失敗"),
        _ => lang.pick("not heard yet", "未受信"),
    }
}

fn kind(kind: SourceKind, lang: Lang) -> &'static str {
    match kind {
        SourceKind::Scrape => lang.pick("scrape", "スクレイプ"),
        SourceKind::Probe => lang.pick("probe", "外形監視"),
        SourceKind::Logs => lang.pick("logs", "ログ"),
        SourceKind::Discovery => lang.pick("discovery", "自動検出"),
    }
}

pub(crate) async fn show(visit: Visit) -> Response {
    let lang = visit.lang;
    let mut sources: Vec<&SourceRow> = visit.board.sources.iter().collect();
    sources.sort_by(|a, b| (state(a), &a.name).cmp(&(state(b), &b.name)));
    let failing = sources
        .iter()
        .filter(|source| source.problem.is_some())
        .count();
    let head = match (failing, sources.len(), lang) {
        (0, n, Lang::En) => format!("{n} sources, none of them failing."),
        (bad, n, Lang::En) => format!(
            "{bad} of {n} sources {} failing.",
            if bad == 1 { "is" } else { "are" }
        ),
        (0, n, Lang::Ja) => format!("{n} 件の情報源に失敗はありません。"),
        (bad, n, Lang::Ja) => format!("{n} 件の情報源のうち {bad} 件が失敗しています。"),
    };
    let main = html! {
        h1 { (head) }
        div.scroll tabindex="0" role="group" aria-label=(lang.pick("Sources", "情報源")) { table {
            thead { tr {
                th scope="col" { (lang.pick("Source", "情報源")) }
                th scope="col" { (lang.pick("State", "状態")) }
                th scope="col" { (lang.pick("Last answer", "最後の応答")) }
                th scope="col" { (lang.pick("Next", "次回")) }
                th.figure scope="col" { (lang.pick("Took", "所要")) }
                th.figure scope="col" { (lang.pick("Series or records", "系列・件数")) }
            } }
            tbody { @for source in &sources { tr class=(mark::class(state(source))) {
                th scope="row" { (source.name) small { (kind(source.kind, lang)) " · " code { (source.address) } } }
                td {
                    span class={ "v " (mark::class(state(source))) } { (mark::shape(state(source))) span { (word(state(source), lang)) } }
                    @if let Some(problem) = &source.problem { small { (problem.get(lang)) } }
                }
                td { @match source.last { Some(at) => (time::ago(at, visit.now, lang)), None => "–" } }
                td { @match source.next { Some(at) => (time::due(at, visit.now, lang)), None => "–" } }
                td.figure { @match source.took_millis { Some(ms) => { (ms) " ms" }, None => "–" } }
                td.figure { (grouped(source.amount)) }
            } } }
        } }
        @if sources.is_empty() { p.empty { (lang.pick("The spec names no source.", "仕様に情報源がありません。")) } }
    };
    visit.page(frame(
        &visit,
        lang.pick("Sources", "情報源"),
        Part::Sources,
        Follow::Whole,
        &main,
    ))
}
