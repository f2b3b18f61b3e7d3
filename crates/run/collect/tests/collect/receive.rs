//! Records that are sent to us: each protocol's message becomes the same records, redacted, once.

use collect::{
    Handle, LokiError, OtlpError, OtlpForm, OtlpSignal, OtlpTaken, Packing, WebhookError,
};
use promise::unit::{Bytes, Span};
use serde_json::{Value, json};
use spec::section::{
    receive::{GithubHook, Loki, Otlp, Receive, StripeHook, Syslog, Webhook},
    receiver::Secret,
    source::Sources,
};
use store::{Record, protobuf::Writer};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpStream, UdpSocket},
};

use crate::house::{House, value};

fn sources(receive: Receive) -> Sources {
    Sources {
        receive,
        ..Sources::default()
    }
}

fn otlp() -> Sources {
    sources(Receive {
        otlp: Some(Otlp {
            logs: "app".to_owned(),
            traces: "spans".to_owned(),
        }),
        ..Receive::default()
    })
}

/// The next records, answered as durable; beats bring none.
async fn records(house: &mut House) -> Vec<Record> {
    loop {
        let lines = house.lines().await;
        if !lines.records.is_empty() {
            return lines.records.to_vec();
        }
    }
}

fn shown(record: &Record) -> Value {
    Value::Object(record.fields.clone())
}

async fn send(
    house: &mut House,
    signal: OtlpSignal,
    form: OtlpForm,
    body: Vec<u8>,
) -> (Vec<Record>, Result<OtlpTaken, OtlpError>) {
    let handle: Handle = house.handle.clone();
    let sent = tokio::spawn(async move { handle.otlp(signal, form, Packing::None, &body).await });
    let records = records(house).await;
    (records, sent.await.unwrap())
}

fn attribute(out: &mut Writer, field: u32, name: &str, text: &str) {
    out.message(field, |pair| {
        pair.text(1, name).message(2, |value| {
            value.text(1, text);
        });
    });
}

/// The record of the example in JSON below, as protocol buffers: `logs/v1/logs.proto`.
fn log_message() -> Vec<u8> {
    let mut request = Writer::default();
    request.message(1, |resource_logs| {
        resource_logs.message(1, |resource| attribute(resource, 1, "service.name", "shop"));
        resource_logs.message(2, |scope_logs| {
            scope_logs.message(2, |record| {
                record.fixed64(1, 1_700_000_000_123_000_000).uint(2, 17);
                record.message(5, |body| {
                    body.text(1, "card 4242 4242 4242 4242");
                });
                attribute(record, 6, "status", "failed");
                attribute(record, 6, "message", "its own");
                record.bytes(9, &[0xab; 16]).bytes(10, &[0xcd; 8]);
            });
        });
    });
    request.into_bytes()
}

#[tokio::test]
async fn otlp_logs_are_the_same_records_in_both_forms() {
    let mut house = House::start(&otlp());
    let body = json!({"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeLogs": [{"logRecords": [{
            "timeUnixNano": "1700000000123000000", "severityNumber": 17,
            "body": {"stringValue": "card 4242 4242 4242 4242"},
            "attributes": [
                {"key": "status", "value": {"stringValue": "failed"}},
                {"key": "message", "value": {"stringValue": "its own"}}],
            "traceId": "AB".repeat(16), "spanId": "cd".repeat(8)}]}]}]});
    let body = body.to_string().replace(&"AB".repeat(16), &"ab".repeat(16));
    let (text, _) = send(
        &mut house,
        OtlpSignal::Logs,
        OtlpForm::Json,
        body.into_bytes(),
    )
    .await;
    let (binary, taken) = send(
        &mut house,
        OtlpSignal::Logs,
        OtlpForm::Protobuf,
        log_message(),
    )
    .await;
    assert_eq!(taken.unwrap(), OtlpTaken::default());
    // Severity number 17 is the first of ERROR's four.
    let expected = json!({
        "severity": "ERROR", "severity_number": 17, "service": "shop",
        "resource": {"service.name": "shop"}, "message": "card [redacted:pan]", "_redacted": ["pan"],
        "status": "failed", "attributes.message": "its own",
        "trace_id": "ab".repeat(16), "span_id": "cd".repeat(8),
    });
    for records in [&text, &binary] {
        assert_eq!(shown(&records[0]), expected);
        assert_eq!(records[0].at.as_millis(), 1_700_000_000_123);
        assert_eq!(records[0].stream, "app");
    }
    let (again, _) = send(
        &mut house,
        OtlpSignal::Logs,
        OtlpForm::Protobuf,
        log_message(),
    )
    .await;
    assert_eq!(
        again[0].id, binary[0].id,
        "sent again it is the same record"
    );
}

#[tokio::test]
async fn a_span_is_a_record_and_one_without_an_id_is_rejected() {
    let mut house = House::start(&otlp());
    let span = |trace: &str| {
        json!({"traceId": trace, "spanId": "0123456789abcdef", "parentSpanId": "1111111111111111",
        "name": "charge", "kind": 3, "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000000250000000", "status": {"code": 2, "message": "declined"},
        "attributes": [{"key": "password", "value": {"stringValue": "x"}},
            {"key": "tries", "value": {"intValue": "2"}}],
        "events": [{"timeUnixNano": "1700000000100000000", "name": "retry",
            "attributes": [{"key": "n", "value": {"intValue": 1}}]}]})
    };
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeSpans": [{"spans": [span(&"ab".repeat(16)), span(""), span(&"0".repeat(32))]}]}]});
    let body = body.to_string().into_bytes();
    let (records, taken) = send(&mut house, OtlpSignal::Traces, OtlpForm::Json, body).await;
    assert_eq!(taken.unwrap().rejected, 2);
    assert_eq!((records.len(), &*records[0].stream), (1, "spans"));
    // 1700000000.25 s - 1700000000 s = 250 000 000 ns.
    assert_eq!(
        shown(&records[0]),
        json!({
            "trace_id": "ab".repeat(16), "span_id": "0123456789abcdef", "parent_span_id": "1111111111111111",
            "service": "shop", "name": "charge", "kind": "client",
            "start_unix_nano": 1_700_000_000_000_000_000_u64, "duration_ns": 250_000_000,
            "status": "error", "status_message": "declined",
            "attributes": {"password": "[redacted:field]", "tries": 2},
            "resource": {"service.name": "shop"},
            "events": [{"name": "retry", "unix_nano": 1_700_000_000_100_000_000_u64, "attributes": {"n": 1}}],
        })
    );
}

#[tokio::test]
async fn what_is_not_declared_is_not_taken_and_nothing_waits_for_ever() {
    let house = House::start(&Sources::default());
    let sent = house
        .handle
        .otlp(OtlpSignal::Logs, OtlpForm::Json, Packing::None, b"{}");
    assert!(matches!(sent.await, Err(OtlpError::NotDeclared(_))));
    let sent = house.handle.loki(true, Packing::None, b"{}").await;
    assert!(matches!(sent, Err(LokiError::NotDeclared)));
    let sent = house.handle.webhook("x", &|_| None, b"{}").await;
    assert!(matches!(sent, Err(WebhookError::NotDeclared(_))));
    // The pipeline does not answer: time passes by itself where all wait.
    tokio::time::pause();
    let house = House::start(&otlp());
    let (form, body) = (OtlpForm::Protobuf, log_message());
    let sent = house
        .handle
        .otlp(OtlpSignal::Logs, form, Packing::None, &body);
    let refused = sent.await.unwrap_err();
    assert!(refused.is_passing(), "{refused}");
}

fn loki() -> Sources {
    sources(Receive {
        loki: Some(Loki {
            stream: "app".to_owned(),
        }),
        ..Receive::default()
    })
}

/// `push.proto`: streams 1 { labels 1, entries 2 { timestamp 1 { seconds 1, nanos 2 }, line 2, metadata 3 } }.
fn loki_message(lines: &[&str]) -> Vec<u8> {
    let mut push = Writer::default();
    push.message(1, |stream| {
        stream.text(1, r#"{job="varlogs", host="a\"b"}"#);
        for line in lines {
            stream.message(2, |entry| {
                entry.message(1, |at| {
                    at.uint(1, 1_700_000_000).uint(2, 500_000_000);
                });
                entry.text(2, line).message(3, |pair| {
                    pair.text(1, "traceID").text(2, "abc");
                });
            });
        }
    });
    store::remote_write::pack(&push.into_bytes())
}

#[tokio::test]
async fn lokis_pushes_are_the_same_records_in_both_forms() {
    let mut house = House::start(&loki());
    let lines = [
        "plain taro@example.com",
        r#"{"status":"failed","host":"own"}"#,
    ];
    let json = json!({"streams": [{
        "stream": {"job": "varlogs", "host": "a\"b"},
        "values": [
            ["1700000000500000000", lines[0], {"traceID": "abc"}],
            ["1700000000500000000", lines[1], {"traceID": "abc"}]]}]});
    for (is_json, packing, body) in [
        (true, Packing::None, json.to_string().into_bytes()),
        (false, Packing::Snappy, loki_message(&lines)),
    ] {
        let handle = house.handle.clone();
        let sent = tokio::spawn(async move { handle.loki(is_json, packing, &body).await });
        let records = records(&mut house).await;
        assert_eq!(sent.await.unwrap().unwrap().refused, None);
        assert_eq!(
            records.iter().map(shown).collect::<Vec<_>>(),
            [
                json!({"message": "plain [redacted:mail]", "traceID": "abc", "job": "varlogs", "host": "a\"b", "_redacted": ["mail"]}),
                json!({"status": "failed", "host": "own", "traceID": "abc", "job": "varlogs"}),
            ]
        );
        assert_eq!(records[0].at.as_millis(), 1_700_000_000_500);
    }
}

#[tokio::test]
async fn one_line_that_is_too_long_costs_no_other() {
    let mut house = House::start(&loki());
    let long = "x".repeat(300 << 10);
    let body = loki_message(&["first", &long, "last"]);
    let handle = house.handle.clone();
    let sent = tokio::spawn(async move { handle.loki(false, Packing::Snappy, &body).await });
    let records = records(&mut house).await;
    assert_eq!(records.len(), 2);
    let refused = sent.await.unwrap().unwrap().refused;
    assert_eq!(refused, Some((1, collect::Refusal::TooLong)));
    let many: serde_json::Map<String, Value> =
        (0..1_001).map(|n| (format!("f{n}"), n.into())).collect();
    let body = loki_message(&[&Value::Object(many).to_string()]);
    let refused = house.handle.loki(false, Packing::Snappy, &body).await;
    let refused = refused.unwrap().refused;
    assert_eq!(refused, Some((1, collect::Refusal::TooManyFields)));
}

fn hooks() -> Sources {
    let secret = Secret::Env("HOOK".to_owned());
    let hooks = [
        (
            "pay".to_owned(),
            Webhook::StripeHook(StripeHook {
                stream: "payment_events".to_owned(),
                secret: secret.clone(),
                tolerance: Span::secs(300),
            }),
        ),
        (
            "code".to_owned(),
            Webhook::GithubHook(GithubHook {
                stream: "deploys".to_owned(),
                secret,
            }),
        ),
    ];
    sources(Receive {
        webhooks: hooks.into(),
        ..Receive::default()
    })
}

/// HMAC-SHA256 by OpenSSL, under the secret that the house answers with.
fn signed(payload: &[u8]) -> String {
    use std::{io::Write as _, process::Stdio};
    let mut openssl = std::process::Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", "s3cret"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    openssl.stdin.take().unwrap().write_all(payload).unwrap();
    let said = openssl.wait_with_output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    said.trim().rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn signed_events_are_taken_and_old_or_forged_ones_are_not() {
    let mut house = House::start(&hooks());
    let now = promise::Clock::now(&crate::house::WallClock).as_millis() / 1_000;
    let body = format!(
        r#"{{"id":"evt_1","type":"charge.failed","created":{now},"data":{{"card":{{"number":"4242424242424242"}}}}}}"#
    );
    let stripe = |at: i64, body: &str| {
        let signature = signed(format!("{at}.{body}").as_bytes());
        format!("t={at},v1={},v1={signature},v0=x", "0".repeat(64))
    };
    let post = |house: &House, name: &'static str, said: String, body: String| {
        let handle = house.handle.clone();
        tokio::spawn(async move {
            let header = |wanted: &str| match (name, wanted) {
                ("pay", "stripe-signature") | ("code", "x-hub-signature-256") => Some(said.clone()),
                ("code", "x-github-event") => Some("deployment".to_owned()),
                _ => None,
            };
            handle.webhook(name, &header, body.as_bytes()).await
        })
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let sent = post(&house, "pay", stripe(now, &body), body.clone());
        let records = records(&mut house).await;
        sent.await.unwrap().unwrap();
        assert_eq!(records[0].fields["type"], "charge.failed");
        assert!(!shown(&records[0]).to_string().contains("4242424242424242"));
        assert_eq!(records[0].at.as_millis(), now * 1_000);
        ids.push(records[0].id);
    }
    assert_eq!(ids[0], ids[1], "a redelivery is the same record");
    for (said, sent) in [
        (stripe(now - 301, &body), body.clone()),
        (stripe(now + 120, &body), body.clone()),
        (stripe(now, &body), body.replace("failed", "ok")),
        (stripe(now, &body).replace("v1=", "v0="), body.clone()),
        (String::new(), body.clone()),
    ] {
        let refused = post(&house, "pay", said.clone(), sent).await.unwrap();
        assert!(matches!(refused, Err(WebhookError::Unsigned)), "{said}");
    }
    let body = r#"{"action":"created","ref":"main"}"#.to_owned();
    let said = format!("sha256={}", signed(body.as_bytes()));
    let sent = post(&house, "code", said, body);
    let records = records(&mut house).await;
    sent.await.unwrap().unwrap();
    assert_eq!(
        (&*records[0].stream, &records[0].fields["event"]),
        ("deploys", &json!("deployment"))
    );
}

/// A port that was free a moment ago.
fn free() -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

async fn connect(address: &str) -> TcpStream {
    loop {
        if let Ok(stream) = TcpStream::connect(address).await {
            return stream;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn syslog_comes_by_datagrams_and_connections() {
    let (udp, tcp) = (free(), free());
    let edge = Syslog {
        stream: "network".to_owned(),
        udp: Some(udp.clone()),
        tcp: Some(tcp.clone()),
        tls: None,
        line_max: Bytes(100),
    };
    let mut house = House::start(&sources(Receive {
        syslog: [("edge".to_owned(), edge)].into(),
        ..Receive::default()
    }));
    let mut stream = connect(&tcp).await;
    let long = "x".repeat(200);
    let text = format!(
        "<34>1 - host app - - - one\n14 <13>nginx: two<13>{long}\n<13>Oct 11 22:14:15 web nginx: three"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut found = Vec::new();
    while found.len() < 3 {
        found.extend(records(&mut house).await);
    }
    let messages: Vec<&Value> = found.iter().map(|one| &one.fields["message"]).collect();
    assert_eq!(messages, ["one", "two", "three"]);
    assert!(
        found
            .iter()
            .all(|one| one.fields["peer"] == "127.0.0.1" && one.stream == "network")
    );
    assert_ne!(found[0].id, found[1].id);

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let card = b"<13>1 2026-11-22T00:00:00Z host app - - - card 4242424242424242";
    socket.send_to(card, &udp).await.unwrap();
    let datagram = records(&mut house).await;
    assert_eq!(datagram[0].fields["message"], "card [redacted:pan]");
    let counted = |round: &store::Round, metric: &str| {
        value(
            round,
            &format!(
                "{metric}{{instance=\"syslog/edge\", job=\"logs\", source=\"syslog/edge\", stream=\"network\"}}"
            ),
        )
    };
    loop {
        let round = house.round("logs/syslog/edge").await;
        if counted(&round, "tegata_log_lines_total") == Some(4.0) {
            let long = round
                .series
                .iter()
                .find(|one| one.labels.get("why") == "too_long");
            assert_eq!(long.unwrap().samples[0].value, 1.0);
            break;
        }
    }
    house.end().await;
}
