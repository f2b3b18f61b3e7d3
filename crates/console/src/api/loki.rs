//! `POST /loki/api/v1/push`: lines from Promtail, Grafana Alloy and other clients of Loki.
//!
//! They repeat what is answered by 429 or 5xx and drop what is answered otherwise. How lines are asked for is in `read`.

mod count;
mod logql;
pub(crate) mod read;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use promise::say;

use crate::{door::Packing, reply::Visit};

pub(crate) async fn push(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json");
    // Protocol buffers always stand in a Snappy block, and no header says so.
    let packing = match (is_json, text(header::CONTENT_ENCODING)) {
        (false, None | Some("" | "snappy")) => Some(Packing::Snappy),
        (true, None | Some("" | "identity")) => Some(Packing::None),
        (true, Some("gzip")) => Some(Packing::Gzip),
        _ => None,
    };
    let is_known = is_json || kind.eq_ignore_ascii_case("application/x-protobuf");
    let (Some(packing), true) = (packing, is_known) else {
        let why = say!(
            "pushes are taken as application/json, plain or packed by gzip, or as application/x-protobuf, packed by snappy",
            "application/json(無圧縮か gzip)か、snappy で圧縮した application/x-protobuf で受け取ります"
        );
        return visit.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why);
    };
    let pushed = &visit.room.desk.pushed;
    let limit = pushed.body_max();
    let bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    match pushed.loki(is_json, packing, &bytes).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
