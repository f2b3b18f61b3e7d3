//! `/federate`: the newest samples of chosen series, in Prometheus's text format, for another server to scrape.
//!
//! Native histograms have no place in that format and are left out.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use promql::{LOOK_BACK, Labels, Sample, Series, is_stale};

use super::{ask, json};
use crate::reply::Visit;

pub(crate) async fn show(visit: Visit, headers: HeaderMap) -> Response {
    let given = visit.query.iter().filter(|(name, _)| name == "match[]");
    let selectors: Result<Vec<_>, _> = given.map(|(_, text)| ask::selector(text)).collect();
    let selectors = match selectors {
        Ok(selectors) => selectors,
        Err(why) => return (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    };
    let mut found = Vec::new();
    for matchers in selectors {
        let from = visit.now - LOOK_BACK;
        match visit
            .room
            .desk
            .metrics
            .select(&matchers, from, visit.now)
            .await
        {
            Ok(series) => found.extend(series),
            Err(error) => {
                tracing::error!(%error, "a federation could not be answered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        }
    }
    let utf8 = headers.get_all(header::ACCEPT).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.contains("escaping=allow-utf-8"))
    });
    let escaping = if utf8 { "allow-utf-8" } else { "underscores" };
    let kind = format!("text/plain; version=0.0.4; charset=utf-8; escaping={escaping}");
    (
        [(header::CONTENT_TYPE, kind)],
        text(Series::merged(found), utf8),
    )
        .into_response()
}

fn text(series: Vec<Series>, utf8: bool) -> String {
    let newest = |series: Series| Some((series.labels, series.samples.last().copied()?));
    let mut samples: Vec<(Labels, Sample)> = series.into_iter().filter_map(newest).collect();
    samples.retain(|(_, sample)| !is_stale(sample.value));
    samples.sort_by(|a, b| a.0.metric().cmp(b.0.metric()));
    let (mut out, mut family) = (String::new(), "");
    for (labels, sample) in &samples {
        if labels.metric() != family {
            family = labels.metric();
            out.push_str("# TYPE ");
            name(&mut out, family, utf8);
            out.push_str(" untyped\n");
        }
        line(&mut out, labels, *sample, utf8);
    }
    out
}

fn line(out: &mut String, labels: &Labels, sample: Sample, utf8: bool) {
    let metric = labels.metric();
    // A name that is no identifier stands in quotes among the labels.
    let inside = utf8 && !is_plain(metric);
    if !inside {
        name(out, metric, utf8);
    }
    out.push('{');
    let mut first = true;
    let mut comma = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
    };
    if inside {
        comma(out);
        name(out, metric, utf8);
    }
    for (label, value) in labels.iter().filter(|(label, _)| *label != "__name__") {
        comma(out);
        name(out, label, utf8);
        out.push('=');
        quoted(out, value);
    }
    // So that the scraping server does not put its own in their place.
    for always in ["instance"] {
        if labels.get(always).is_empty() {
            comma(out);
            out.push_str(always);
            out.push_str("=\"\"");
        }
    }
    out.push_str("} ");
    json::general(out, sample.value);
    out.push(' ');
    out.push_str(itoa::Buffer::new().format(sample.at.as_millis()));
    out.push('\n');
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    !name.is_empty() && name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn name(out: &mut String, name: &str, utf8: bool) {
    if is_plain(name) {
        out.push_str(name);
    } else if utf8 {
        quoted(out, name);
    } else {
        for (at, c) in name.char_indices() {
            let plain = c.is_ascii_alphanumeric() && (at > 0 || !c.is_ascii_digit());
            out.push(if plain || c == ':' { c } else { '_' });
        }
    }
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
}
