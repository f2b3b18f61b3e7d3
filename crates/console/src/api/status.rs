//! What machines ask about Tegata itself.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::reply::Visit;

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(visit: Visit) -> Response {
    match visit.room.desk.status.not_ready() {
        None => "ok\n".into_response(),
        Some(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{}\n{}\n", why.en, why.ja),
        )
            .into_response(),
    }
}

pub(crate) async fn metrics(visit: Visit) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind)],
        visit.room.desk.status.metrics(),
    )
        .into_response()
}

pub(crate) async fn version(visit: Visit) -> Response {
    Json(visit.room.desk.status.version()).into_response()
}
