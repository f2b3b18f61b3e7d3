//! What senders of OTLP and of a Pushgateway's pushes are answered.

use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{ask, console, to};

const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

#[tokio::test]
async fn otlp_over_http_is_answered_in_the_form_in_which_it_came() {
    let router = console();
    let paths = [
        "/v1/metrics",
        "/api/v1/otlp/v1/metrics",
        "/v1/logs",
        "/v1/traces",
    ];
    for path in paths {
        for kind in ["application/x-protobuf", "application/json"] {
            let sent = to("POST", path).header("content-type", kind);
            let answer = ask(&router, sent, "hello").await;
            assert_eq!(
                (answer.status.as_u16(), answer.text().as_str()),
                (200, "hello")
            );
            assert_eq!(answer.header("content-type"), kind);
        }
    }
    let other = to("POST", "/v1/metrics").header("content-type", "text/plain");
    assert_eq!(ask(&router, other, "x").await.status, 415);
    let json = || to("POST", "/v1/metrics").header("content-type", "application/json");
    assert_eq!(ask(&router, json(), "x".repeat(65)).await.status, 413);
    assert_eq!(ask(&router, json(), "late").await.status, 503);
}

/// A frame is one byte for packed or not, four for the length, and the message; the status comes behind the
/// answer, or in the headers where there is none (gRPC over HTTP/2, "Responses").
#[tokio::test]
async fn grpc_says_its_status_behind_the_message() {
    let router = console();
    let frame = |message: &[u8]| {
        let mut frame = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
        frame.extend_from_slice(message);
        frame
    };
    let sent = to("POST", EXPORT).header("content-type", "application/grpc");
    let sent = sent.body(Body::from(frame(b"hello"))).unwrap();
    let answer = router.clone().oneshot(sent).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/grpc");
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), frame(b"hello"));
    for (body, status) in [
        (frame(b"late"), "14"),
        (frame(b"hello")[..7].to_vec(), "3"),
        (vec![1, 0, 0, 0, 0], "12"),
        (vec![0; 80], "8"),
    ] {
        let answer = ask(&router, to("POST", EXPORT), body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("grpc-status")),
            (200, status)
        );
    }
}

#[tokio::test]
async fn jobs_push_under_the_paths_of_a_pushgateway() {
    let router = console();
    let path = "/metrics/job/batch/instance/a%20b";
    for (method, status) in [("POST", 200), ("PUT", 200), ("DELETE", 202)] {
        assert_eq!(
            ask(&router, to(method, path), "a 1\n").await.status,
            status,
            "{method}"
        );
    }
    assert_eq!(
        ask(&router, to("POST", "/metrics/nothing"), "")
            .await
            .status,
        400
    );
    assert_eq!(ask(&router, to("GET", "/metrics"), "").await.status, 200);
}

#[tokio::test]
async fn the_clients_of_loki_say_how_a_push_is_packed() {
    let router = console();
    for (kind, packed, body, status) in [
        ("application/json", "", "None", 204),
        ("application/json; charset=utf-8", "gzip", "Gzip", 204),
        ("application/x-protobuf", "", "Snappy", 204),
        ("application/json", "zstd", "x", 415),
        ("text/plain", "", "x", 415),
    ] {
        let mut sent = to("POST", "/loki/api/v1/push").header("content-type", kind);
        if !packed.is_empty() {
            sent = sent.header("content-encoding", packed);
        }
        let answer = ask(&router, sent, body).await;
        assert_eq!(answer.status, status, "{kind} {packed}");
    }
    let sent = to("POST", "/loki/api/v1/push").header("content-type", "application/json");
    let late = ask(&router, sent, "late").await;
    assert_eq!(
        (late.status.as_u16(), late.header("retry-after")),
        (503, "5")
    );
}

#[tokio::test]
async fn an_event_without_a_signature_is_denied() {
    let router = console();
    let event = |name: &str| to("POST", &format!("/ingest/webhooks/{name}"));
    let signed = event("code").header("x-hub-signature-256", "good");
    assert_eq!(ask(&router, signed, "{}").await.status, 204);
    assert_eq!(ask(&router, event("code"), "{}").await.status, 401);
    assert_eq!(ask(&router, event("other"), "{}").await.status, 404);
}
