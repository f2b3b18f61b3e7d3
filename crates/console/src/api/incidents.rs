//! `/api/v1/incidents`: incidents, and taking one on.

use axum::{
    Json,
    extract::{Path, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promise::{Say, say};
use serde::Deserialize;
use serde_json::json;

use crate::{page::incident::accept, reply::Visit};

/// One answer's worth; older ones lie in the ledger.
const INCIDENTS_MAX: usize = 200;

pub(crate) async fn list(visit: Visit) -> Response {
    match visit.room.desk.incidents.list(INCIDENTS_MAX).await {
        Ok(incidents) => {
            Json(json!({ "time_zone": visit.board.time_zone, "incidents": incidents }))
                .into_response()
        }
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    match visit.room.desk.incidents.get(&id).await {
        Ok(Some(incident)) => Json(incident).into_response(),
        Ok(None) => visit.missing(&say!(
            "there is no incident {id}",
            "インシデント {id} はありません"
        )),
        Err(refused) => visit.refused(&refused),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    by: String,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn acknowledge(
    Path(id): Path<String>,
    visit: Visit,
    answer: Result<Json<Answer>, JsonRejection>,
) -> Response {
    let Json(answer) = match answer {
        Ok(answer) => answer,
        Err(rejection) => {
            return visit.problem(rejection.status(), &Say::same(rejection.body_text()));
        }
    };
    match accept(&visit, &id, &visit.who.signs(&answer.by), &answer.reason).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
