//! `POST /api/v1/write`: samples by remote write, 1.0 and 2.0, as Prometheus, vmagent and SDKs send them.
//!
//! What is refused here by a 4xx would be refused again, so its sender drops it; a 5xx makes it send the same again.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use promise::say;
use store::remote_write::{Encoding, Message, Written};

use crate::reply::Visit;

pub(crate) async fn receive(visit: Visit, headers: HeaderMap, body: Body) -> Response {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // Senders older than the specification name neither, and mean these.
    let message = text(header::CONTENT_TYPE).map_or(Some(Message::V1), Message::of_content_type);
    let encoding = text(header::CONTENT_ENCODING).map_or(Some(Encoding::Snappy), Encoding::of);
    let (Some(message), Some(encoding)) = (message, encoding) else {
        let why = say!(
            "remote write is taken as prometheus.WriteRequest or io.prometheus.write.v2.Request, packed by snappy or zstd",
            "remote write は prometheus.WriteRequest か io.prometheus.write.v2.Request を snappy か zstd で圧縮した形式だけを受け取ります"
        );
        return visit.problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why);
    };
    let ingest = &visit.room.desk.ingest;
    let limit = ingest.write_max();
    let bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    let (mut response, written) = match ingest.write(message, encoding, &bytes).await {
        Ok(taken) => match taken.refused {
            None => (StatusCode::NO_CONTENT.into_response(), taken.written),
            Some(why) => (
                (StatusCode::BAD_REQUEST, why).into_response(),
                taken.written,
            ),
        },
        Err(refused) => (visit.refused(&refused), Written::default()),
    };
    if message == Message::V2 {
        for (name, count) in Written::HEADERS.into_iter().zip(written.values()) {
            let name = HeaderName::from_static(name);
            response
                .headers_mut()
                .insert(name, HeaderValue::from(count));
        }
    }
    response
}
