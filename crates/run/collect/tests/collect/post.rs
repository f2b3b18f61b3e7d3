//! Lines that are posted: answered once they are durable, refused when they cannot be taken.

use std::time::Duration;

use collect::{Error, Refusal};
use promise::{Clock as _, unit::Bytes};
use spec::section::source::{LogFormat, Logs, Sources};

use crate::house::{House, WallClock};

fn posted() -> Sources {
    let logs = Logs {
        stream: "pay".to_owned(),
        files: Vec::new(),
        format: LogFormat::Json,
        post: true,
        time_field: "time".to_owned(),
        silent_for_max: None,
        line_max: Bytes(100),
    };
    Sources {
        logs: [("p".to_owned(), logs)].into(),
        ..Sources::default()
    }
}

#[tokio::test]
async fn a_post_is_answered_once_it_is_durable_and_may_be_sent_again() {
    let mut house = House::start(&posted());
    let handle = house.handle.clone();
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(100));
    let body = format!(
        "{{\"n\":1,\"card\":\"4242424242424242\"}}\n\nnot json\n[1]\n{long}\n{{\"n\":2}}\n"
    );
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (handle, body) = (handle.clone(), body.clone());
        let post = tokio::spawn(async move { handle.receive("pay", body.as_bytes()).await });
        let lines = loop {
            let lines = house.lines().await;
            if !lines.records.is_empty() {
                break lines;
            }
        };
        assert_eq!(lines.records[0].fields["card"], "[redacted:pan]");
        ids.push(
            lines
                .records
                .iter()
                .map(|record| record.id)
                .collect::<Vec<_>>(),
        );
        let received = post.await.unwrap().unwrap();
        assert_eq!(received.accepted, 2);
        let refused = [
            (3, Refusal::NotAnObject),
            (4, Refusal::NotAnObject),
            (5, Refusal::TooLong),
        ];
        assert_eq!(received.refused, refused);
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn an_array_is_taken_too_and_what_cannot_be_taken_is_told() {
    let mut house = House::start(&posted());
    let handle = house.handle.clone();
    let post = tokio::spawn(async move { handle.receive("pay", b" [{\"n\":1},{\"n\":2}]").await });
    while house.lines().await.records.is_empty() {}
    assert_eq!(post.await.unwrap().unwrap().accepted, 2);
    assert!(matches!(
        house.handle.receive("other", b"{}").await,
        Err(Error::NoStream(_))
    ));
    assert!(matches!(
        house.handle.receive("pay", b"[1").await,
        Err(Error::NotJson(_))
    ));
    let large = vec![b'x'; collect::POST_MAX + 1];
    assert!(matches!(
        house.handle.receive("pay", &large).await,
        Err(Error::TooLarge { .. })
    ));
    let handle = house.handle.clone();
    house.end().await;
    assert!(matches!(
        handle.receive("pay", b"{}").await,
        Err(Error::Closed)
    ));
}

#[tokio::test]
async fn a_record_has_its_own_time_under_either_name() {
    let mut house = House::start(&posted());
    let at = WallClock.now() - Duration::from_secs(60);
    for field in ["time", "@timestamp"] {
        let body = serde_json::json!({ field: at.to_string(), "n": 1 }).to_string();
        let handle = house.handle.clone();
        let post = tokio::spawn(async move { handle.receive("pay", body.as_bytes()).await });
        let records = loop {
            let records = house.lines().await.records;
            if !records.is_empty() {
                break records;
            }
        };
        assert_eq!(post.await.unwrap().unwrap().accepted, 1);
        assert_eq!(records[0].at, at, "{field}");
    }
    house.end().await;
}

#[tokio::test]
async fn a_source_with_a_pattern_takes_posts_for_each_stream_of_it() {
    let mut sources = posted();
    for logs in sources.logs.values_mut() {
        logs.stream = "pay_*".to_owned();
    }
    let mut house = House::start(&sources);
    let mut ids = Vec::new();
    for stream in ["pay_app", "pay_batch"] {
        let handle = house.handle.clone();
        let post = tokio::spawn(async move { handle.receive(stream, b"{\"n\":1}").await });
        let lines = loop {
            let lines = house.lines().await;
            if !lines.records.is_empty() {
                break lines;
            }
        };
        assert_eq!(lines.records[0].stream, stream);
        ids.push(lines.records[0].id);
        assert_eq!(post.await.unwrap().unwrap().accepted, 1);
    }
    assert_ne!(ids[0], ids[1]);
    for other in ["other", "pay_../x", "pay_ a", "pay_*x"] {
        assert!(matches!(
            house.handle.receive(other, b"{}").await,
            Err(Error::NoStream(_))
        ));
    }
}
