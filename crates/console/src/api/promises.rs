//! `/api/v1/promises`: the board and what lies behind a row.

use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use promise::{Lang, Say, say};
use serde_json::{Value, json};

use crate::{
    Row,
    desk::{Fed, Heard, Transition},
    page::evidence::{cause, queries},
    reply::Visit,
};

fn row(row: &Row) -> Value {
    let reason = row.verdict.reason.say();
    json!({
        "promise": &*row.promise,
        "verdict": row.verdict,
        "reason": reason,
        "since": row.since,
        "days": row.strip,
        "entry": row.entry,
        "incident": row.incident,
    })
}

pub(crate) async fn list(visit: Visit) -> Response {
    let board = &visit.board;
    let spec = json!({ "path": board.spec.path, "loaded_at": board.spec.loaded_at, "problem": board.spec.problem });
    let rows: Vec<Value> = board.worst_first().into_iter().map(row).collect();
    Json(json!({
        "service": board.service,
        "at": board.at,
        "worst": board.worst(),
        "spec": spec,
        "promises": rows,
    }))
    .into_response()
}

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let Some(found) = visit.board.row(&id) else {
        return visit.missing(&say!(
            "no promise is called {id}",
            "{id} という約束はありません"
        ));
    };
    let detail = (visit.room.desk.detail)(&id).await.unwrap_or_default();
    let mut body = row(found);
    body["evidence"] = json!(detail.evidence);
    body["spent"] = detail
        .spent
        .iter()
        .map(|spent| json!({ "at": spent.at, "share": spent.share, "entry": spent.entry }))
        .collect();
    body["history"] = detail.history.iter().map(transition).collect();
    body["signals"] = detail.signals.iter().map(heard).collect();
    body["sources"] = detail.sources.iter().map(fed).collect();
    body["trips"] = json!(detail.trips);
    Json(body).into_response()
}

fn heard(heard: &Heard) -> Value {
    let queries: Vec<String> = queries(&heard.signal, Lang::En)
        .into_iter()
        .map(|(_, query)| query)
        .collect();
    json!({
        "queries": queries,
        "series": heard.series,
        "series_total": heard.series_total,
        "refused": heard.refused,
        "wrong": heard.wrong,
        "similar": heard.similar,
    })
}

fn fed(fed: &Fed) -> Value {
    let why = fed.failing.as_ref();
    let failing = why.map(|why| Say::new(cause(why, Lang::En), cause(why, Lang::Ja)));
    json!({ "source": fed.source, "last": fed.last, "failing": failing })
}

fn transition(step: &Transition) -> Value {
    json!({
        "at": step.at,
        "from": step.from,
        "to": step.to,
        "code": step.reason.code,
        "reason": step.reason.say(),
        "entry": step.entry,
    })
}
