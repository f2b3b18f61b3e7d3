//! Alertmanager's API, version 2: Prometheus and vmalert send here unchanged, and amtool works against it.
//!
//! Errors are a JSON text, as Alertmanager writes them. `/api/v2/silences` takes one field more than Alertmanager's: the
//! `ticket` that a silence belongs to.

pub(crate) mod alerts;
pub(crate) mod silences;
pub(crate) mod status;

use axum::{
    Json,
    body::{Body, to_bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promise::{Say, Timestamp, say};
use serde::de::DeserializeOwned;
use spec::section::alerting::matcher::Matcher;

use crate::{
    door::Refused,
    reply::{self, Visit},
};

/// The largest request that is taken: 20,000 alerts of 800 bytes.
const BODY_MAX: usize = 16 << 20;

fn wrong(status: StatusCode, why: &str) -> Response {
    (status, Json(why)).into_response()
}

fn bad(why: &Say) -> Response {
    wrong(StatusCode::BAD_REQUEST, &why.en)
}

fn refused(refused: &Refused) -> Response {
    let (status, why) = reply::explain(refused);
    wrong(status, &why.en)
}

async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Response> {
    let Ok(bytes) = to_bytes(body, BODY_MAX).await else {
        let why = format!("more than {BODY_MAX} bytes are not taken");
        return Err(wrong(StatusCode::PAYLOAD_TOO_LARGE, &why));
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| wrong(StatusCode::BAD_REQUEST, &format!("bad request: {error}")))
}

/// The matchers of all `filter` parameters.
fn filters(visit: &Visit) -> Result<Vec<Matcher>, Say> {
    let given = visit.query.iter().filter(|(name, _)| name == "filter");
    let mut all = Vec::new();
    for (_, text) in given {
        all.extend(Matcher::parse_all(text)?);
    }
    Ok(all)
}

/// A switch such as `silenced=false`; `true` where it is not given.
fn switch(visit: &Visit, name: &str) -> bool {
    visit.param(name) != Some("false")
}

/// An instant that may be left out, which Go writes as the year 1.
fn instant(text: Option<&String>) -> Result<Option<Timestamp>, Say> {
    let Some(text) = text.filter(|text| !text.is_empty() && !text.starts_with("0001-01-01")) else {
        return Ok(None);
    };
    let read = text.parse::<Timestamp>();
    read.map(Some).map_err(|_| {
        say!(
            "`{text}` is not an RFC 3339 time",
            "`{text}` は RFC 3339 の時刻ではありません"
        )
    })
}
