//! OTLP: `POST /v1/metrics`, `/v1/logs` and `/v1/traces` over HTTP, and gRPC's `Export` of each on the same port.
//!
//! A sender repeats what is answered by 503 (gRPC: UNAVAILABLE) and drops what is answered otherwise.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use promise::say;

use crate::{
    door::{OtlpForm, OtlpSignal, Packing, Refused},
    reply::{Visit, explain},
};

pub(crate) async fn metrics(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    http(OtlpSignal::Metrics, visit, headers, body).await
}

pub(crate) async fn logs(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    http(OtlpSignal::Logs, visit, headers, body).await
}

pub(crate) async fn traces(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    http(OtlpSignal::Traces, visit, headers, body).await
}

pub(crate) async fn grpc_metrics(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    grpc(OtlpSignal::Metrics, visit, headers, body).await
}

pub(crate) async fn grpc_logs(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    grpc(OtlpSignal::Logs, visit, headers, body).await
}

pub(crate) async fn grpc_traces(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    grpc(OtlpSignal::Traces, visit, headers, body).await
}

async fn http(signal: OtlpSignal, visit: Visit, headers: HeaderMap, body: Body) -> Response {
    let kind = text(&headers, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let form = match kind {
        "application/x-protobuf" => OtlpForm::Protobuf,
        "application/json" => OtlpForm::Json,
        _ => {
            let why = say!(
                "OTLP is taken as application/x-protobuf or application/json",
                "OTLP は application/x-protobuf か application/json で受け取ります"
            );
            return visit.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why);
        }
    };
    let packing = match text(&headers, header::CONTENT_ENCODING) {
        None | Some("" | "identity") => Packing::None,
        Some("gzip") => Packing::Gzip,
        Some(_) => {
            let why = say!(
                "OTLP is taken plain or packed by gzip",
                "OTLP は無圧縮か gzip で受け取ります"
            );
            return visit.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why);
        }
    };
    let pushed = &visit.room.desk.pushed;
    let limit = pushed.body_max();
    let bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    match pushed.otlp(signal, form, packing, &bytes).await {
        Ok(answer) => {
            let kind = HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static(""));
            ([(header::CONTENT_TYPE, kind)], answer).into_response()
        }
        Err(refused) => visit.refused(&refused),
    }
}

/// Status codes of gRPC that are used here.
#[derive(Clone, Copy)]
enum Code {
    Ok = 0,
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}

/// Before each message: one byte for packed or not, and four for its length.
const PREFIX: usize = 5;

async fn grpc(signal: OtlpSignal, visit: Visit, headers: HeaderMap, body: Body) -> Response {
    let pushed = &visit.room.desk.pushed;
    let limit = pushed.body_max().saturating_add(PREFIX);
    let Ok(bytes) = to_bytes(body, limit).await else {
        return failed(Code::ResourceExhausted, "the message is too large");
    };
    let Some((is_packed, message)) = one_message(&bytes) else {
        return failed(Code::InvalidArgument, "the body is not one message");
    };
    let encoding = text(&headers, HeaderName::from_static("grpc-encoding"));
    if is_packed && encoding != Some("gzip") {
        return failed(
            Code::Unimplemented,
            "messages are taken plain or packed by gzip",
        );
    }
    let packing = if is_packed {
        Packing::Gzip
    } else {
        Packing::None
    };
    let taken = pushed.otlp(signal, OtlpForm::Protobuf, packing, message);
    match taken.await {
        Ok(answer) => answered(&answer),
        Err(refused) => {
            let code = match refused {
                Refused::TooLarge { .. } => Code::ResourceExhausted,
                Refused::Busy(_) => Code::Unavailable,
                Refused::Internal(_) => Code::Internal,
                Refused::Missing { .. } => Code::Unimplemented,
                _ => Code::InvalidArgument,
            };
            failed(code, &explain(&refused).1.en)
        }
    }
}

/// Whether it is packed, and the message. `Export` is sent one, and nothing behind it.
fn one_message(body: &[u8]) -> Option<(bool, &[u8])> {
    let ([flag, length @ ..], message) = body.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (*flag <= 1 && message.len() == length).then_some((*flag == 1, message))
}

fn answered(message: &[u8]) -> Response {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend(length.to_be_bytes());
    framed.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(Code::Ok as u16));
    let body = Full::new(Bytes::from(framed)).with_trailers(async { Some(Ok(trailers)) });
    (GRPC, Body::new(body)).into_response()
}

const GRPC: [(HeaderName, HeaderValue); 1] = [(
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/grpc"),
)];

/// Without a message the status stands in the headers.
fn failed(code: Code, why: &str) -> Response {
    let escaped: String = why
        .bytes()
        .map(|byte| match byte {
            b' '..=b'~' if byte != b'%' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let mut response = (GRPC, Body::empty()).into_response();
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(code as u16));
    if let Ok(message) = HeaderValue::from_str(&escaped) {
        headers.insert("grpc-message", message);
    }
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
