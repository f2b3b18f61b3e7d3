//! The sink's HTTP door: every POST is taken; `GET /received` lists what came.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, Uri},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{MESSAGE_MAX, Message, Sink};

pub(super) async fn serve(sink: Arc<Sink>, listener: TcpListener, stop: CancellationToken) {
    let router = Router::new()
        .route("/received", get(received))
        .fallback(take)
        .layer(DefaultBodyLimit::max(MESSAGE_MAX))
        .with_state(sink);
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the sink's HTTP door closed");
    }
}

async fn received(State(sink): State<Arc<Sink>>) -> Json<Vec<Message>> {
    Json(sink.all())
}

async fn take(
    State(sink): State<Arc<Sink>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> &'static str {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    };
    sink.take(Message {
        at: sink.clock.now(),
        over: "http",
        to: uri.path().to_owned(),
        idempotency_key: header("idempotency-key"),
        signature: header("tegata-signature"),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    "ok"
}
