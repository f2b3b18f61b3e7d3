//! `/api/v2/silences` and `/api/v2/silence/{id}`.

use ::promise::{Say, Timestamp};
use axum::{
    Json,
    body::Body,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spec::section::alerting::matcher::Matcher;

use super::{bad, filters, read, refused};
use crate::{
    access::affects,
    door::alerts::{Draft, Phase, Silence},
    reply::Visit,
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    #[serde(default = "yes")]
    is_equal: bool,
    #[serde(default)]
    is_regex: bool,
    name: String,
    value: String,
}

/// Older clients know no `isEqual`.
fn yes() -> bool {
    true
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'s> {
    id: &'s str,
    status: Status,
    updated_at: Timestamp,
    comment: &'s str,
    created_by: &'s str,
    ends_at: Timestamp,
    matchers: Vec<Condition>,
    starts_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'s str>,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
}

impl<'s> Shown<'s> {
    fn of(silence: &'s Silence, now: Timestamp) -> Self {
        let conditions = silence.matchers.iter().map(|matcher| Condition {
            is_equal: matcher.is_equal(),
            is_regex: matcher.is_regex(),
            name: matcher.name().to_owned(),
            value: matcher.value().to_owned(),
        });
        Self {
            id: &silence.id,
            status: Status {
                state: silence.phase(now).as_str(),
            },
            updated_at: silence.updated_at,
            comment: &silence.comment,
            created_by: &silence.created_by,
            ends_at: silence.ends_at,
            matchers: conditions.collect(),
            starts_at: silence.starts_at,
            ticket: silence.ticket.as_deref(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<Condition>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    created_by: String,
    comment: String,
    #[serde(default)]
    ticket: Option<String>,
}

/// Active ones first, those that end soonest before the others; expired ones last, the newest first.
pub(crate) async fn list(visit: Visit) -> Response {
    let matchers = match filters(&visit) {
        Ok(matchers) => matchers,
        Err(why) => return bad(&why),
    };
    let mut silences = visit.room.desk.alerts.silences();
    silences.retain(|silence| matchers.iter().all(|asked| speaks_of(silence, asked)));
    sort(&mut silences, visit.now);
    let shown = silences.iter().map(|one| Shown::of(one, visit.now));
    let shown: Vec<Shown<'_>> = shown.collect();
    Json(shown).into_response()
}

pub(crate) fn sort(silences: &mut [Silence], now: Timestamp) {
    let rank = |silence: &Silence| {
        [Phase::Active, Phase::Pending, Phase::Expired]
            .iter()
            .position(|it| *it == silence.phase(now))
    };
    silences.sort_by(|a, b| {
        let order = a.ends_at.cmp(&b.ends_at);
        let order = if a.phase(now) == Phase::Expired {
            order.reverse()
        } else {
            order
        };
        rank(a).cmp(&rank(b)).then(order)
    });
}

/// A filter is held against the values that a silence asks for, as Alertmanager does.
fn speaks_of(silence: &Silence, asked: &Matcher) -> bool {
    let mut own = silence
        .matchers
        .iter()
        .filter(|it| it.name() == asked.name());
    match own.next() {
        Some(first) => asked.accepts(first.value()) || own.any(|it| asked.accepts(it.value())),
        None => asked.accepts(""),
    }
}

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let silences = visit.room.desk.alerts.silences();
    match silences.iter().find(|silence| silence.id == id) {
        Some(silence) => Json(Shown::of(silence, visit.now)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(crate) async fn set(visit: Visit, body: Body) -> Response {
    let sent: Sent = match read(body).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let matchers = sent.matchers.iter().map(|it| {
        let name = it.name.as_str();
        Matcher::new(name, &it.value, it.is_regex, it.is_equal)
    });
    let matchers: Result<Vec<Matcher>, Say> = matchers.collect();
    let matchers = match matchers {
        Ok(matchers) => matchers,
        Err(why) => return bad(&why),
    };
    let draft = Draft {
        id: sent.id.filter(|id| !id.is_empty()),
        matchers,
        starts_at: sent.starts_at,
        ends_at: sent.ends_at,
        created_by: visit.who.signs(&sent.created_by),
        comment: sent.comment,
        ticket: sent.ticket,
    };
    match visit.room.desk.alerts.silence(draft).await {
        Ok(id) => affects(Json(json!({ "silenceID": id })).into_response(), id),
        Err(why) => refused(&why),
    }
}

pub(crate) async fn expire(Path(id): Path<String>, visit: Visit) -> Response {
    let who = visit.who.proven().or(visit.param("by"));
    match visit.room.desk.alerts.expire(&id, who).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(why) => refused(&why),
    }
}
