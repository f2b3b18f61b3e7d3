//! `POST /ingest/logs/{stream}`: log records from a shipper; `POST /ingest/webhooks/{name}`: events of other services.

use axum::{
    Json,
    body::Body,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use crate::reply::Visit;

pub(crate) async fn logs(Path(stream): Path<String>, visit: Visit, body: Body) -> Response {
    let ingest = &visit.room.desk.ingest;
    let limit = ingest.body_max();
    let bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    match ingest.receive(&stream, &bytes).await {
        Ok(received) => Json(received).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn webhook(
    Path(name): Path<String>,
    visit: Visit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let pushed = &visit.room.desk.pushed;
    let limit = pushed.body_max();
    let bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    match pushed.webhook(&name, &header, &bytes).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
