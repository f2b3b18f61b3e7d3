//! One trace: what called what, when, and which of it the whole waited for.

use axum::{extract::Path, response::Response};
use maud::{Markup, html};
use promise::{Lang, say};
use serde_json::Value;

use super::{kind, logs_href, metrics_href, took_text};
use crate::{
    door::Refused,
    lang::Pick,
    mask::Mask,
    page::{Follow, Part, frame},
    reply::Visit,
    show::time,
    trace::{self, Placed, Section, Trace},
};

/// Spans that one page draws.
const DRAWN_MAX: usize = 1_000;
/// Deeper ones are indented no further.
const DEPTH_MAX: usize = 12;
/// The plane of a bar; it stretches to any width.
const WIDTH: u64 = 10_000;

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let lang = visit.lang;
    match trace::by_id(&*visit.room.desk.logs, &id).await {
        Ok(Some(trace)) => {
            let main = content(&visit, &trace);
            visit.page(frame(
                &visit,
                lang.pick("Trace", "トレース"),
                Part::Logs,
                Follow::Still,
                &main,
            ))
        }
        Ok(None) => visit.missing(&say!(
            "there is no trace {id}",
            "トレース {id} はありません"
        )),
        Err(error) => visit.refused(&Refused::Internal(error.to_string())),
    }
}

fn content(visit: &Visit, trace: &Trace) -> Markup {
    let lang = visit.lang;
    let path = trace.critical_path();
    let root = &trace.root().span;
    let took = trace.end() - trace.start();
    let failed = trace
        .spans
        .iter()
        .filter(|placed| placed.span.is_error)
        .count();
    html! {
        p.trail { a href="/traces" { (lang.pick("Traces", "トレース")) } " / " code { (trace.id) } }
        h1 { (root.name) " " small lang="en" { (root.service) } }
        dl.figures {
            div { dt { (lang.pick("Took", "所要")) } dd { (took_text(took)) } }
            div { dt { (lang.pick("Began", "開始")) } dd { (time::clock(root.at(), visit.now, &visit.zone(), lang)) } }
            div { dt { (lang.pick("Spans", "スパン")) } dd { (trace.spans.len()) } }
            div { dt { (lang.pick("Failed", "失敗")) } dd { (failed) } }
        }
        p.note { a href=(logs_href(trace)) { (lang.pick("Logs of this trace", "このトレースのログ")) } }
        (waited(trace, &path, lang))
        section aria-labelledby="spans" {
            h2 #spans { (lang.pick("What happened when", "処理の流れ")) }
            p.note { (lang.pick(
                "The dark part of a bar is the critical path: what the whole waited for. Shortening anything else makes it no faster.",
                "棒の濃い部分がクリティカルパス(全体が待っていた処理)です。それ以外を短くしても全体は速くなりません。",
            )) }
            div.scroll tabindex="0" role="group" aria-labelledby="spans" { table.waterfall {
                thead { tr {
                    th scope="col" { (lang.pick("Span", "スパン")) }
                    th scope="col" { span.hidden { (lang.pick("When", "時間")) } }
                    th.figure scope="col" { (lang.pick("Took", "所要")) }
                } }
                tbody { @for (i, placed) in trace.spans.iter().enumerate().take(DRAWN_MAX) { (row(visit, trace, &path, i, placed)) } }
            } }
            @if trace.spans.len() > DRAWN_MAX { p.note { (match lang {
                Lang::En => format!("The first {DRAWN_MAX} spans are drawn."),
                Lang::Ja => format!("先頭の {DRAWN_MAX} スパンを描いています。"),
            }) } }
        }
    }
}

/// Where the time went, most first.
fn waited(trace: &Trace, path: &[Section], lang: Lang) -> Markup {
    let mut by_span: Vec<(usize, u64)> = Vec::new();
    for section in path {
        let took = section.to - section.from;
        match by_span.iter_mut().find(|(span, _)| *span == section.span) {
            Some((_, sum)) => *sum += took,
            None => by_span.push((section.span, took)),
        }
    }
    by_span.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
    let whole: u64 = by_span.iter().map(|(_, took)| took).sum();
    html! {
        section aria-labelledby="waited" {
            h2 #waited { (lang.pick("What it waited for", "待っていた処理")) }
            ol.plain { @for (span, took) in by_span.iter().take(5) {
                @let span = &trace.spans[*span].span;
                li { (took * 100 / whole.max(1)) " % " code { (span.service) } " " (span.name) " (" (took_text(*took)) ")" }
            } }
        }
    }
}

fn row(visit: &Visit, trace: &Trace, path: &[Section], i: usize, placed: &Placed) -> Markup {
    let (span, lang) = (&placed.span, visit.lang);
    let mask = Mask::new(visit.room.desk.keeping.masked());
    let (start, whole) = (trace.start(), (trace.end() - trace.start()).max(1));
    let x = |at: u64| {
        u64::try_from(u128::from(at.saturating_sub(start)) * u128::from(WIDTH) / u128::from(whole))
            .unwrap_or(WIDTH)
    };
    let width = |from: u64, to: u64| x(to).saturating_sub(x(from)).max(WIDTH / 500);
    html! {
        tr class=[span.is_error.then_some("bad")] {
            th scope="row" class={ "depth d" (placed.depth.min(DEPTH_MAX)) } { details {
                summary { (span.name) small lang="en" { (span.service) " · " (kind(&span.kind, lang)) @if span.is_error { " · " span.wrong { (lang.pick("failed", "失敗")) } } } }
                dl.terms lang="en" {
                    dt { "span_id" } dd { code { (span.span_id) } }
                    @if let Some(message) = span.fields.get("status_message").and_then(Value::as_str) { dt { "status" } dd { (message) } }
                    @for place in ["attributes", "resource"] { @if let Some(Value::Object(all)) = span.fields.get(place) {
                        @for (name, value) in all { dt { (name) } dd { (mask.show(name, value)) } }
                    } }
                    @for event in span.fields.get("events").and_then(Value::as_array).into_iter().flatten() {
                        @let mut attributes = event["attributes"].clone();
                        @let () = mask.veil(&mut attributes);
                        dt { (plain(&event["name"])) } dd { (plain(&attributes)) }
                    }
                }
                p.note { a href=(metrics_href(&span.service, &span.name)) { (lang.pick("How it goes at large", "この処理全体の傾向")) } }
            } }
            td.when { svg.span-line viewBox=(format!("0 0 {WIDTH} 10")) preserveAspectRatio="none" aria-hidden="true" {
                rect.span-bar x=(x(span.start)) y="2" width=(width(span.start, span.end())) height="6" {}
                @for section in path.iter().filter(|section| section.span == i) {
                    rect.critical x=(x(section.from)) y="2" width=(width(section.from, section.to)) height="6" {}
                }
            } }
            td.figure { (took_text(span.took)) }
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
