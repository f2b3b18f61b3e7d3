//! What is sent by OTLP and by jobs that end: read, translated, answered once durable.

use collect::{OtlpForm, OtlpSignal, Packing, Push};
use serde_json::json;
use store::{
    Round,
    metrics::{Appended, is_stale},
};

use crate::house::{House, value, whole};
use spec::section::source::Sources;

/// The rounds of one request, answered as durable.
async fn next(house: &mut House) -> Round {
    let mut round = house.rounds.recv().await.unwrap();
    if let Some(ack) = round.ack.take() {
        let _ = ack.try_send(Ok(Appended::default()));
    }
    whole(round)
}

fn send(
    handle: &collect::Handle,
    body: Vec<u8>,
) -> tokio::task::JoinHandle<Result<collect::OtlpTaken, collect::OtlpError>> {
    let handle = handle.clone();
    tokio::spawn(async move {
        let (signal, form) = (OtlpSignal::Metrics, OtlpForm::Json);
        handle.otlp(signal, form, Packing::None, &body).await
    })
}

fn message(temporality: u64, count: u64, nanos: &str) -> Vec<u8> {
    json!({"resourceMetrics": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "shop"}},
            {"key": "service.namespace", "value": {"stringValue": "pay"}},
            {"key": "service.instance.id", "value": {"stringValue": "i-1"}},
            {"key": "host.name", "value": {"stringValue": "h1"}},
            {"key": "process.pid", "value": {"intValue": "42"}}
        ]},
        "scopeMetrics": [{"metrics": [
            {"name": "http.requests", "unit": "1", "description": "Requests to a@b.example",
             "sum": {"aggregationTemporality": temporality, "isMonotonic": true, "dataPoints": [{
                "attributes": [{"key": "http.code", "value": {"intValue": 200}},
                    {"key": "card", "value": {"stringValue": "4242424242424242"}}],
                "timeUnixNano": nanos, "asInt": count.to_string(),
                "exemplars": [{"timeUnixNano": nanos, "asDouble": 3.5, "traceId": "5B8E", "spanId": "EEE1"}]}]}},
            {"name": "took", "unit": "ms", "histogram": {"aggregationTemporality": temporality, "dataPoints": [{
                "timeUnixNano": nanos, "count": "10", "sum": 99.5,
                "bucketCounts": ["1", "2", "3", "4"], "explicitBounds": [0.5, 5, 1_000_000]}]}},
            {"name": "size", "unit": "By", "exponentialHistogram": {"aggregationTemporality": temporality,
                "dataPoints": [{"timeUnixNano": nanos, "count": "4", "sum": 30, "scale": 0, "zeroCount": "1",
                    "positive": {"offset": 0, "bucketCounts": ["1", "2"]}}]}},
            {"name": "load", "unit": "1", "gauge": {"dataPoints": [{"timeUnixNano": nanos, "asDouble": 0.25}]}}
        ]}]
    }]})
    .to_string()
    .into_bytes()
}

/// Each figure is the message's; buckets add up: 1, 1 + 2, 1 + 2 + 3.
#[tokio::test]
async fn otlp_becomes_the_series_of_prometheus() {
    let mut house = House::start(&Sources::default());
    let handle = house.handle.clone();
    let body = message(2, 12, "1700000000000000000");
    let sent = send(&handle, body);
    let round = next(&mut house).await;
    let taken = sent.await.unwrap().unwrap();
    assert_eq!(
        (
            taken.rejected,
            &*taken.body(OtlpSignal::Metrics, OtlpForm::Json)
        ),
        (0, &b"{}"[..])
    );
    assert_eq!(round.source, "pay/shop/i-1");
    assert!(round.is_partial);
    let own = "instance=\"i-1\", job=\"pay/shop\"";
    for (series, expected) in [
        (
            format!("http_requests_total{{card=\"[redacted:pan]\", http_code=\"200\", {own}}}"),
            12.0,
        ),
        (
            format!("took_milliseconds_bucket{{{own}, le=\"0.5\"}}"),
            1.0,
        ),
        (format!("took_milliseconds_bucket{{{own}, le=\"5\"}}"), 3.0),
        (
            format!("took_milliseconds_bucket{{{own}, le=\"1000000\"}}"),
            6.0,
        ),
        (
            format!("took_milliseconds_bucket{{{own}, le=\"+Inf\"}}"),
            10.0,
        ),
        (format!("took_milliseconds_count{{{own}}}"), 10.0),
        (format!("took_milliseconds_sum{{{own}}}"), 99.5),
        (format!("load_ratio{{{own}}}"), 0.25),
        (
            format!("target_info{{host_name=\"h1\", {own}, process_pid=\"42\"}}"),
            1.0,
        ),
    ] {
        let found = round
            .series
            .iter()
            .find(|one| one.labels.to_string() == series);
        let found = found
            .and_then(|one| one.samples.first())
            .map(|sample| sample.value);
        assert_eq!(found, Some(expected), "{series} in {:#?}", round.series);
    }
    let native = round
        .series
        .iter()
        .find(|one| one.labels.metric() == "size_bytes")
        .unwrap();
    let native = &native.histograms[0].value;
    assert_eq!(
        (native.schema, native.count, native.zero_count),
        (0, 4.0, 1.0)
    );
    // (1, 2] is OpenTelemetry's bucket 0 and Prometheus's bucket 1.
    assert_eq!(
        native.positive.iter().collect::<Vec<_>>(),
        [(1, 1.0), (2, 2.0)]
    );
    let marks: Vec<String> = round
        .series
        .iter()
        .flat_map(|one| one.exemplars.iter().map(|mark| mark.labels.to_string()))
        .collect();
    assert_eq!(marks, ["{span_id=\"eee1\", trace_id=\"5b8e\"}"]);
    let about = round
        .metadata
        .iter()
        .find(|one| one.metric == "http_requests_total")
        .unwrap();
    assert_eq!(about.kind, "counter");
    assert!(!about.help.contains("a@b.example"), "{}", about.help);
}

#[tokio::test]
async fn differences_add_up_and_one_that_comes_twice_counts_once() {
    let mut house = House::start(&Sources::default());
    let mut totals = Vec::new();
    for (count, nanos, rejected) in [
        (12, "1700000000000000000", false),
        (5, "1700000010000000000", false),
        (5, "1700000010000000000", true),
    ] {
        let handle = house.handle.clone();
        let body = message(1, count, nanos);
        let sent = send(&handle, body);
        let round = next(&mut house).await;
        assert_eq!(sent.await.unwrap().unwrap().rejected > 0, rejected);
        let sum = round
            .series
            .iter()
            .find(|one| one.labels.metric() == "http_requests_total");
        totals.extend(sum.map(|one| one.samples[0].value));
        let native = round
            .series
            .iter()
            .find(|one| one.labels.metric() == "size_bytes");
        totals.extend(native.map(|one| one.histograms[0].value.count));
    }
    assert_eq!(totals, [12.0, 4.0, 17.0, 8.0]);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_refused_for_good() {
    let house = House::start(&Sources::default());
    for signal in [OtlpSignal::Metrics, OtlpSignal::Logs] {
        for (form, packing, body) in [
            (OtlpForm::Json, Packing::None, &b"{"[..]),
            (OtlpForm::Protobuf, Packing::None, b"\x0a\x05x"),
            (OtlpForm::Protobuf, Packing::Gzip, b"no gzip"),
        ] {
            let sent = house.handle.otlp(signal, form, packing, body);
            let refused = sent.await.unwrap_err();
            assert!(!refused.is_passing(), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_push_replaces_what_its_group_said() {
    let mut house = House::start(&Sources::default());
    let mut rounds = Vec::new();
    for (push, body) in [
        (
            Push::Merge,
            "# TYPE done counter\ndone 1\nsize{part=\"a\"} 2\nsize{part=\"b\"} 3\n",
        ),
        (Push::Merge, "size{part=\"a\"} 4\n"),
        (Push::Replace, "size{part=\"a\"} 5\n"),
        (Push::End, ""),
    ] {
        let handle = house.handle.clone();
        let sent = tokio::spawn(async move {
            handle
                .push("job/batch/instance/i", push, "text/plain", body.as_bytes())
                .await
        });
        rounds.push(next(&mut house).await);
        sent.await.unwrap().unwrap();
    }
    let own = "instance=\"i\", job=\"batch\"";
    let [done, a, b] = [
        format!("done{{{own}}}"),
        format!("size{{{own}, part=\"a\"}}"),
        format!("size{{{own}, part=\"b\"}}"),
    ];
    let ended = |round: &Round, series: &str| value(round, series).map(is_stale);
    assert_eq!(rounds[0].source, "batch/i");
    assert_eq!(value(&rounds[0], &done), Some(1.0));
    assert!(value(&rounds[0], &format!("push_time_seconds{{{own}}}")).is_some_and(|at| at > 1.7e9));
    // A merge leaves other names alone.
    assert_eq!(
        (value(&rounds[1], &a), ended(&rounds[1], &b)),
        (Some(4.0), Some(true))
    );
    assert_eq!(ended(&rounds[1], &done), None);
    assert_eq!(
        (value(&rounds[2], &a), ended(&rounds[2], &done)),
        (Some(5.0), Some(true))
    );
    assert_eq!(ended(&rounds[3], &a), Some(true));
    let wrong = house
        .handle
        .push("job/x", Push::Merge, "", b"a 1 1000\n")
        .await;
    assert!(!wrong.unwrap_err().is_passing());
}
