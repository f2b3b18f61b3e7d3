//! `/incidents/figures`: how fast people answered and how fast things were mended, and the same as CSV (`?as=csv`).

use ::promise::{Amount, Lang};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use respond::incident::figures::{ALL, By, Row, csv};

use crate::{
    lang::Pick,
    page::{Follow, Part, frame},
    reply::Visit,
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
        (table(&rows, lang))
        p.paging { a href={ "?as=csv&by=" (name_of(by)) } { (lang.pick("As CSV", "CSV で保存")) } }
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

fn table(rows: &[Row], lang: Lang) -> Markup {
    let time = |secs: Option<f64>| {
        secs.map(|secs| Amount::Millis(secs * 1_000.0).show(lang))
            .unwrap_or_else(|| "–".to_owned())
    };
    let all = |text: &str| {
        if text == ALL {
            "–".to_owned()
        } else {
            text.to_owned()
        }
    };
    html! {
        @if rows.is_empty() { p.empty { (lang.pick("No incident has paged anybody yet.", "通知したインシデントはまだありません。")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(lang.pick("Figures", "集計")) { table {
            thead { tr {
                @for name in [lang.pick("Month", "月"), lang.pick("Severity", "重大度"), lang.pick("First answered by", "最初の応答者")] { th scope="col" { (name) } }
                @for name in [lang.pick("Incidents", "件数"), lang.pick("In time", "目標内"), lang.pick("Late", "超過"), "MTTA", lang.pick("median", "中央値"), "MTTR", lang.pick("median", "中央値")] { th.figure scope="col" { (name) } }
            } }
            tbody { @for row in rows { tr {
                td { (all(&row.month)) }
                td { (all(&row.severity)) }
                td { @match &row.person { Some(person) => (all(person)), None => span.wrong { (lang.pick("nobody", "応答なし")) } } }
                td.figure { (row.incidents) }
                td.figure { (row.in_time) }
                td.figure { @if row.late > 0 { span.wrong { (row.late) } } @else { "0" } }
                td.figure { (time(row.mtta_secs)) } td.figure { (time(row.median_tta_secs)) }
                td.figure { (time(row.mttr_secs)) } td.figure { (time(row.median_ttr_secs)) }
            } } }
        } } }
    }
}
