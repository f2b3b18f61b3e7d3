//! `POST /ingest/logs/{stream}`: log records from a shipper; `POST /ingest/webhooks/{name}`: events of other services.

use axum::{
    Json,
    body::Body,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use promise::say;

use super::packed::gunzip;
use crate::{door::Refused, reply::Visit};

pub(crate) async fn logs(
    Path(stream): Path<String>,
    visit: Visit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let ingest = &visit.room.desk.ingest;
    let limit = ingest.body_max();
    let mut bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    let packing = headers.get(header::CONTENT_ENCODING);
    match packing.map(|packing| packing.to_str().unwrap_or("?")) {
        None | Some("" | "identity") => {}
        Some("gzip") => match gunzip(&bytes, limit) {
            Ok(Some(plain)) => bytes = plain.into(),
            Ok(None) => {
                let what = "the body";
                return visit.refused(&Refused::TooLarge { what, limit });
            }
            Err(error) => {
                let why = say!(
                    "the body is not gzip: {error}",
                    "本文が gzip ではありません: {error}"
                );
                return visit.problem(StatusCode::BAD_REQUEST, &why);
            }
        },
        Some(_) => {
            let why = say!(
                "records are taken plain or packed by gzip",
                "ログは無圧縮か gzip で受け取ります"
            );
            return visit.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why);
        }
    }
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
