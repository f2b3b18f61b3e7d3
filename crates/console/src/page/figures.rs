//! `/incidents/figures`: how fast people answered and how fast things were mended, and the same as CSV (`?as=csv`).

use ::promise::{Amount, Lang};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use respond::incident::figures::{By, Row, csv};
use spec::section::incident::{ANSWER_PROMISE, PAGE_PROMISE};

use crate::{
    lang::Pick,
    page::{Follow, Part, frame, promise_link},
    reply::Visit,
    show::{mark, time},
};

pub(crate) async fn show(visit: Visit) -> Response {
    let by = visit
        .param("by")
        .and_then(By::named)
        .unwrap_or(By::Severity);
    let rows = visit.room.desk.cases.figures(by);
    if visit.param("as") == Some("csv") {
        let mut response = csv(&rows).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("text/csv; charset=utf-8");
        let name = HeaderValue::from_static("attachment; filename=\"incidents.csv\"");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CONTENT_DISPOSITION, name);
        return response;
    }
    let lang = visit.lang;
    let main = html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) {
            a href="/incidents" { (lang.pick("Incidents", "インシデント")) } " / " (lang.pick("Figures", "集計"))
        }
        h1 { (lang.pick("How fast we answer and mend", "応答と復旧の速さ")) }
        p.lead { (lang.pick(
            "MTTA counts from the opening to the first answer, MTTR from the first bad evidence to the end. Medians stand beside the means.",
            "MTTA は発生から最初の応答まで、MTTR は最初の悪い証拠から解決までの平均です。中央値も示します。",
        )) }
        nav.filters aria-label=(lang.pick("By", "集計の単位")) {
            @for (name, this) in By::ALL {
                a href={ "?by=" (name) } aria-current=[(this == by).then_some("true")] { (word(this, lang)) }
            }
        }
        (table(&rows, by, lang))
        p.paging { a href={ "?as=csv&by=" (name_of(by)) } { (lang.pick("As CSV", "CSV で保存")) } }
        (promises(&visit))
    };
    let title = lang.pick("Figures", "集計");
    visit.page(frame(&visit, title, Part::Incidents, Follow::Whole, &main))
}

fn name_of(by: By) -> &'static str {
    By::ALL
        .into_iter()
        .find(|(_, this)| *this == by)
        .map_or("severity", |(name, _)| name)
}

fn word(by: By, lang: Lang) -> &'static str {
    match by {
        By::Severity => lang.pick("Severity", "重大度"),
        By::Month => lang.pick("Month", "月"),
        By::Person => lang.pick("Person", "人"),
        By::Each => lang.pick("All three", "すべて"),
    }
}

/// The promises that people are told, and answer, in time; none where the spec makes none of it.
pub(crate) fn promised(visit: &Visit) -> impl Iterator<Item = &crate::Row> {
    let is_of_times = |id: &str| id.starts_with(ANSWER_PROMISE) || id.starts_with(PAGE_PROMISE);
    let rows = visit.board.worst_first().into_iter();
    rows.filter(move |row| is_of_times(&row.promise.id))
}

/// What the ledger says of the promises about these times.
fn promises(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let rows: Vec<_> = promised(visit).collect();
    html! {
        section aria-labelledby="promised" {
            h2 #promised { (lang.pick("Promised", "約束している時間")) }
            @if rows.is_empty() {
                p.empty {
                    (lang.pick("These times are targets, and no promises: ", "これらの時間は目標で、約束としては判定していません。")) code { "incidents: { promised: true }" }
                    (lang.pick(" in the spec has them judged.", " と仕様に書くと判定されます。"))
                }
            } @else {
                ul.plain { @for row in rows { li {
                    (mark::verdict(row.verdict.state, lang)) " " (promise_link(visit, &row.promise.id)) br;
                    small { (time::sentence(row.verdict.reason.say().get(lang), visit.now, &visit.zone(), lang)) }
                } } }
            }
        }
    }
}

fn table(rows: &[Row], by: By, lang: Lang) -> Markup {
    let none = |en: &'static str, ja: &'static str| html! { span.none { (lang.pick(en, ja)) } };
    let mean = |secs: Option<f64>, en, ja| match secs {
        Some(secs) => html! { (Amount::Millis(secs * 1_000.0).show(lang)) },
        None => none(en, ja),
    };
    let answered = |secs| mean(secs, "not answered", "応答なし");
    let resolved = |secs| mean(secs, "none over", "解決なし");
    // What stands for all of them is no column.
    let columns = [
        (By::Month, lang.pick("Month", "月")),
        (By::Severity, lang.pick("Severity", "重大度")),
        (By::Person, lang.pick("First answered by", "最初の応答者")),
    ];
    let shown = columns
        .into_iter()
        .filter(|(column, _)| by == By::Each || by == *column);
    let shown: Vec<_> = shown.collect();
    html! {
        @if rows.is_empty() { p.empty { (lang.pick("No incident has paged anybody yet.", "通知したインシデントはまだありません。")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(lang.pick("Figures", "集計")) { table {
            thead { tr {
                @for (_, name) in &shown { th scope="col" { (name) } }
                @for name in [lang.pick("Incidents", "件数"), lang.pick("In time", "目標内"), lang.pick("Late", "超過"), "MTTA", lang.pick("median", "中央値"), "MTTR", lang.pick("median", "中央値")] { th.figure scope="col" { (name) } }
            } }
            tbody { @for row in rows { tr {
                @for (column, _) in &shown { td { @match (column, &row.person) {
                    (By::Month, _) => (row.month),
                    (By::Person, Some(person)) => (person),
                    (By::Person, None) => span.wrong { (lang.pick("nobody", "応答なし")) },
                    _ if row.severity.is_empty() => (none("without one", "なし")),
                    _ => (row.severity),
                } } }
                td.figure { (row.incidents) }
                td.figure { (row.in_time) }
                td.figure { @if row.late > 0 { span.wrong { (row.late) } } @else { "0" } }
                td.figure { (answered(row.mtta_secs)) } td.figure { (answered(row.median_tta_secs)) }
                td.figure { (resolved(row.mttr_secs)) } td.figure { (resolved(row.median_ttr_secs)) }
            } } }
        } } }
    }
}
