//! `/traces`: the newest traces, by service, operation and how long they took; `/traces/{id}`: one, with its critical path.

mod one;

use std::time::Duration;

use ::promise::{Lang, Timestamp};
use axum::response::Response;
use maud::{Markup, html};

pub(crate) use one::show as show_one;

use crate::{
    api::jaeger::duration,
    door::Refused,
    lang::Pick,
    page::{
        Follow, Part,
        explore::ask::{RANGES, range_name},
        frame,
    },
    reply::{Visit, escape},
    show::time,
    trace::{self, Asked, Trace},
};

/// Traces of one page.
const SHOWN_MAX: usize = 50;
const RANGE: &str = "1h";

pub(crate) async fn list(visit: Visit) -> Response {
    let lang = visit.lang;
    let given = visit.param("range").unwrap_or(RANGE);
    let (range, secs) = RANGES
        .into_iter()
        .find(|(name, _)| *name == given)
        .unwrap_or(RANGES[0]);
    let from = visit.now - Duration::from_secs(secs);
    let param = |name: &str| visit.param(name).map(str::to_owned);
    let asked = Asked {
        service: param("service"),
        operation: param("operation"),
        tags: visit
            .param("failed")
            .map(|_| ("error".to_owned(), "true".to_owned()))
            .into_iter()
            .collect(),
        least: visit.param("least").and_then(duration),
        most: None,
        from,
        to: visit.now,
        limit: SHOWN_MAX,
    };
    let logs = &*visit.room.desk.logs;
    let services = trace::names(logs, "service", None, (from, visit.now)).await;
    let found = match services {
        Ok(services) => trace::search(logs, &asked)
            .await
            .map(|found| (services, found)),
        Err(error) => Err(error),
    };
    let (services, found) = match found {
        Ok(found) => found,
        Err(error) => return visit.refused(&Refused::Internal(error.to_string())),
    };
    let title = lang.pick("Traces", "トレース");
    let main = html! {
        h1 { (title) }
        (form(&visit, range, &services))
        @if found.is_empty() {
            p.empty { (lang.pick("No trace in this stretch of time. Spans arrive by OTLP, where the spec has `sources.receive.otlp`.", "この期間のトレースはありません。スパンは OTLP で受け取ります(仕様の `sources.receive.otlp`)。")) }
        } @else { (table(&visit, &found)) }
    };
    visit.page(frame(&visit, title, Part::Logs, Follow::Still, &main))
}

fn form(visit: &Visit, range: &str, services: &[String]) -> Markup {
    let lang = visit.lang;
    let value = |name: &str| visit.param(name).unwrap_or_default().to_owned();
    let mut ranges = RANGES.to_vec();
    ranges.sort_by_key(|(_, secs)| *secs);
    html! {
        form.ask action="/traces" method="get" role="search" aria-label=(lang.pick("Traces", "トレース")) { div.options {
            p { label for="service" { (lang.pick("Service", "サービス")) }
                select #service name="service" {
                    option value="" { (lang.pick("any", "すべて")) }
                    @for name in services { option value=(name) selected[*name == value("service")] { (name) } }
                } }
            p { label for="operation" { (lang.pick("Operation", "処理名")) } input #operation name="operation" value=(value("operation")) autocomplete="off"; }
            p { label for="least" { (lang.pick("At least", "所要時間の下限")) } input #least name="least" value=(value("least")) placeholder="200ms" pattern="[0-9.]+(us|ms|s|m)" autocomplete="off"; }
            p { label for="range" { (lang.pick("Range", "期間")) }
                select #range name="range" { @for (name, _) in ranges { option value=(name) selected[name == range] { (range_name(name, lang)) } } } }
            p.check { label { input type="checkbox" name="failed" value="1" checked[visit.param("failed").is_some()]; " " (lang.pick("Failed only", "失敗のみ")) } }
            button.primary type="submit" { (lang.pick("Search", "検索")) }
        } }
        p.note { a href="/logs" { (lang.pick("Logs", "ログ")) } }
    }
}

fn table(visit: &Visit, found: &[Trace]) -> Markup {
    let lang = visit.lang;
    let longest = found
        .iter()
        .map(|trace| trace.end() - trace.start())
        .max()
        .unwrap_or(1)
        .max(1);
    html! {
        div.scroll tabindex="0" role="group" aria-label=(lang.pick("Traces", "トレース")) { table {
            thead { tr {
                th scope="col" { (lang.pick("Trace", "トレース")) }
                th scope="col" { (lang.pick("Began", "開始")) }
                th.figure scope="col" { (lang.pick("Took", "所要")) }
                th scope="col" { span.hidden { (lang.pick("Length", "長さ")) } }
                th.figure scope="col" { (lang.pick("Spans", "スパン")) }
                th.figure scope="col" { (lang.pick("Failed", "失敗")) }
            } }
            tbody { @for trace in found {
                @let root = &trace.root().span;
                @let took = trace.end() - trace.start();
                @let failed = trace.spans.iter().filter(|placed| placed.span.is_error).count();
                tr class=[(failed > 0).then_some("bad")] {
                    th scope="row" { a href={ "/traces/" (escape(&trace.id)) } { (root.name) } small lang="en" { (root.service) " · " code { (short(&trace.id)) } } }
                    td { (time::clock(root.at(), visit.now, &visit.zone(), lang)) }
                    td.figure { (took_text(took)) }
                    td.length { svg.bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" { rect.track width="100" height="4" {} rect.span-bar width=(took * 100 / longest) height="4" {} } }
                    td.figure { (trace.spans.len()) }
                    td.figure { (failed) }
                }
            } }
        } }
    }
}

/// The beginning of an id, enough for the eye.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// `840 µs`, `12.3 ms`, `1.24 s`.
fn took_text(micros: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let micros_f = micros as f64;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", micros_f / 1e3),
        _ => format!("{:.2} s", micros_f / 1e6),
    }
}

/// The logs of a stretch of time around a trace.
fn logs_href(trace: &Trace) -> String {
    let end = Timestamp::from_millis(i64::try_from(trace.end() / 1_000).unwrap_or(0) + 60_000);
    format!(
        "/logs?query=trace_id:{}&range=15m&end={}",
        trace.id,
        escape(&end.to_string())
    )
}

/// How an operation goes at large: its calls by outcome.
fn metrics_href(service: &str, name: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let query = format!(
        "sum by (status_code) (rate(traces_spanmetrics_calls_total{{service={},span_name={}}}[5m]))",
        quoted(service),
        quoted(name)
    );
    format!("/explore?query={}&range=1h", escape(&query))
}

/// In the reader's words.
fn kind(kind: &str, lang: Lang) -> &'static str {
    match kind {
        "server" => lang.pick("server", "サーバー"),
        "client" => lang.pick("client", "クライアント"),
        "producer" => lang.pick("producer", "送信"),
        "consumer" => lang.pick("consumer", "受信"),
        _ => lang.pick("internal", "内部"),
    }
}
