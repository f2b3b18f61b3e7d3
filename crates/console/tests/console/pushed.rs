//! What senders of OTLP and of a Pushgateway's pushes are answered.

use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{ask, console, to};

const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

#[tokio::test]
async fn otlp_over_http_is_answered_in_the_form_in_which_it_came() {
    let router = console();
    for path in ["/v1/metrics", "/api/v1/otlp/v1/metrics"] {
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
