//! What a sender of samples is answered: by the specifications of remote write 1.0 and 2.0.

use store::remote_write::pack;

use super::{ask, console, to};

const SECOND: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

fn write(kind: &str, encoding: &str) -> axum::http::request::Builder {
    to("POST", "/api/v1/write")
        .header("content-type", kind)
        .header("content-encoding", encoding)
}

#[tokio::test]
async fn what_was_written_is_counted_for_senders_of_the_second_version() {
    let router = console();
    let answer = ask(&router, write(SECOND, "snappy"), pack(b"1234")).await;
    assert_eq!(answer.status, 204);
    let counted = [
        ("x-prometheus-remote-write-samples-written", "4"),
        ("x-prometheus-remote-write-histograms-written", "0"),
        ("x-prometheus-remote-write-exemplars-written", "0"),
    ];
    for (name, count) in counted {
        assert_eq!(answer.header(name), count, "{name}");
    }
    let first = ask(
        &router,
        write("application/x-protobuf", "snappy"),
        pack(b"12"),
    );
    let first = first.await;
    assert_eq!(first.status, 204);
    assert_eq!(first.header(counted[0].0), "");
}

#[tokio::test]
async fn what_must_not_come_again_is_refused_with_its_reason() {
    let router = console();
    let part = ask(&router, write(SECOND, "snappy"), pack(b"123")).await;
    assert_eq!(part.status, 400);
    assert_eq!(part.text(), "the last is too old");
    assert_eq!(
        part.header("x-prometheus-remote-write-samples-written"),
        "3"
    );
    let torn = ask(&router, write(SECOND, "snappy"), vec![0x05, 0x01]).await;
    assert_eq!(torn.status, 400);
    assert_eq!(
        torn.header("x-prometheus-remote-write-samples-written"),
        "0"
    );
    for (kind, encoding) in [
        ("application/json", "snappy"),
        (SECOND, "gzip"),
        ("application/x-protobuf;proto=other", "snappy"),
    ] {
        let answer = ask(&router, write(kind, encoding), pack(b"12")).await;
        assert_eq!(answer.status, 415, "{kind} {encoding}");
    }
    let large = ask(&router, write(SECOND, "snappy"), vec![0; 65]).await;
    assert_eq!(large.status, 413);
}
