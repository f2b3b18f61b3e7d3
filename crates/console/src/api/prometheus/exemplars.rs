//! `/api/v1/query_exemplars`: single events behind the series that an expression names.

use ::promise::Timestamp;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promql::{Query, Series};

use super::{
    answer::{self, Failure, Found},
    ask::{self, Asked, Form},
    json,
};
use crate::reply::Visit;

pub(crate) async fn list(visit: Visit, form: Form) -> Response {
    match found(&visit, form).await {
        // As Prometheus answers a query without a selector.
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Ok(Some(found)) => answer::reply(Ok(found)),
        Err(failure) => answer::reply(Err(failure)),
    }
}

async fn found(visit: &Visit, form: Form) -> Result<Option<Found>, Failure> {
    let asked = Asked::read(visit, form)?;
    let (from, to) = asked.stretch()?;
    if to < from {
        let why = "end timestamp must not be before start timestamp";
        return Err(Failure::BadData(why.to_owned()));
    }
    let text = asked.one("query").unwrap_or_default();
    let query = Query::parse(text).map_err(|why| Failure::BadData(ask::parse_error(&why)))?;
    let mut all: Vec<Series> = Vec::new();
    let mut selectors = 0;
    for matchers in query.selectors() {
        selectors += 1;
        all.extend(
            visit
                .room
                .desk
                .metrics
                .exemplars(matchers, from, to)
                .await?,
        );
    }
    if selectors == 0 {
        return Ok(None);
    }
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    all.dedup_by(|later, first| later.labels == first.labels);
    all.retain(|series| !series.exemplars.is_empty());
    let mut data = String::new();
    json::list(&mut data, &all, series);
    Ok(Some(Found::data(data)))
}

fn series(out: &mut String, series: &Series) {
    out.push_str("{\"seriesLabels\":");
    json::labels(out, &series.labels);
    out.push_str(",\"exemplars\":");
    json::list(out, &series.exemplars, |out, exemplar| {
        out.push_str("{\"labels\":");
        json::labels(out, &exemplar.labels);
        out.push_str(",\"value\":\"");
        json::float(out, exemplar.value);
        out.push_str("\",\"timestamp\":");
        json::seconds(out, Timestamp::as_millis(exemplar.at));
        out.push('}');
    });
    out.push('}');
}
