//! Single events behind a chart, as their exemplars tell: from a slow minute to the trace of a call that was slow in it.

use std::collections::HashSet;

use maud::{Markup, html};
use promql::{Exemplar, Query, Series};

use super::ask::Question;
use crate::{
    lang::Pick,
    reply::{Visit, escape},
    show::{lines::number, time},
};

/// Events that are listed: the greatest of them.
const LISTED_MAX: usize = 10;
/// How exemplars name a trace: OpenTelemetry's way, and those of older instruments.
const TRACE: [&str; 4] = ["trace_id", "traceID", "traceId", "TraceID"];

pub(super) async fn list(visit: &Visit, question: &Question, query: &Query) -> Markup {
    let lang = visit.lang;
    let mut all: Vec<(Series, Exemplar)> = Vec::new();
    for matchers in query.selectors() {
        let metrics = &visit.room.desk.metrics;
        let found = match metrics
            .exemplars(matchers, question.from, question.to)
            .await
        {
            Ok(found) => found,
            // An engine elsewhere may keep none; the chart stands without them.
            Err(error) => {
                tracing::debug!(%error, "exemplars could not be read");
                continue;
            }
        };
        for mut series in found {
            let exemplars = std::mem::take(&mut series.exemplars);
            all.extend(exemplars.into_iter().map(|one| (series.clone(), one)));
        }
    }
    all.sort_by(|(_, a), (_, b)| b.value.total_cmp(&a.value).then(b.at.cmp(&a.at)));
    // A call of one service is a span of each that it went through.
    let mut seen = HashSet::new();
    all.retain(|(_, one)| match trace(one) {
        Some(id) => seen.insert(id.to_owned()),
        None => true,
    });
    all.truncate(LISTED_MAX);
    if all.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="behind" {
            h2 #behind { (lang.pick("Calls behind it", "この値の元になった処理")) }
            p.note { (lang.pick(
                "The greatest of the exemplars that came with these series.",
                "系列とともに届いたエグゼンプラーのうち、値の大きいものです。",
            )) }
            div.scroll tabindex="0" role="group" aria-labelledby="behind" { table {
                thead { tr {
                    th scope="col" { (lang.pick("When", "時刻")) }
                    th scope="col" { (lang.pick("Trace", "トレース")) }
                    th.figure scope="col" { (lang.pick("Value", "値")) }
                } }
                tbody { @for (series, one) in &all { tr {
                    td { (time::clock(one.at, visit.now, &visit.zone(), lang)) }
                    th scope="row" { (what(series, one)) }
                    td.figure { (number(one.value)) }
                } } }
            } }
        }
    }
}

fn trace(one: &Exemplar) -> Option<&str> {
    let mut ids = TRACE.iter().map(|name| one.labels.get(name));
    ids.find(|id| !id.is_empty())
}

/// Its trace, or else what it says of itself.
fn what(series: &Series, one: &Exemplar) -> Markup {
    let about = ["service", "span_name"].map(|name| series.labels.get(name));
    html! {
        @match trace(one) {
            Some(id) => a href=(format!("/traces/{}", escape(id))) { code { (id) } },
            None => code { @for (name, value) in one.labels.iter() { (name) "=" (value) " " } },
        }
        @if about.iter().any(|part| !part.is_empty()) { " " small lang="en" { (about.join(" ")) } }
    }
}
