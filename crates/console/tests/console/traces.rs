//! Traces over a real store: Jaeger's API as Grafana's data source asks it, and the page of one trace.

use serde_json::{Value, json};

use crate::{ask, fixture, get, to};

const TRACE: &str = "5b8efff798038103d269b633813fc60c";

/// A payment of 100 ms in the shop: 10 ms after its start it asks the provider, for 80 ms, who fails; and a log line of it.
async fn paid() -> (axum::Router, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let router = console::router(fixture::documents::desk(folder.path()));
    let start = u64::try_from(fixture::now().as_millis()).unwrap() - 60_000;
    let span = |id: &str,
                parent: Option<&str>,
                service: &str,
                name: &str,
                from: u64,
                took: u64,
                status: &str| {
        json!({
            "@timestamp": promise::Timestamp::from_millis(i64::try_from(start + from).unwrap()).to_string(),
            "trace_id": TRACE, "span_id": id, "parent_span_id": parent, "service": service, "name": name, "kind": "server",
            "start_unix_nano": (start + from) * 1_000_000, "duration_ns": took * 1_000_000, "status": status,
            "attributes": { "http.status_code": 502, "retried": false }, "resource": { "host.name": "kisaragi" },
            "events": [{ "name": "timeout", "unix_nano": (start + from + 5) * 1_000_000, "attributes": { "n": 1 } }],
        })
    };
    let records = [
        span(
            "00000000000000a1",
            None,
            "shop",
            "POST /payments",
            0,
            100,
            "unset",
        ),
        span(
            "00000000000000a2",
            Some("00000000000000a1"),
            "provider",
            "authorize card",
            10,
            80,
            "error",
        ),
        json!({ "trace_id": TRACE, "message": "the provider timed out" }),
    ];
    let line =
        |record: &Value| format!("{}\n{record}\n", json!({ "index": { "_index": "spans" } }));
    let lines: String = records.iter().map(line).collect();
    let sent = to("POST", "/elastic/_bulk").header("content-type", "application/json");
    assert_eq!(ask(&router, sent, lines).await.status, 200);
    (router, folder)
}

async fn json_of(router: &axum::Router, path: &str) -> Value {
    serde_json::from_slice(&get(router, path).await.body).unwrap()
}

#[tokio::test]
async fn jaegers_clients_find_services_operations_and_traces() {
    let (router, _folder) = paid().await;
    assert_eq!(
        json_of(&router, "/api/services").await["data"],
        json!(["provider", "shop"])
    );
    let operations = json_of(&router, "/api/operations?service=provider").await;
    assert_eq!(
        operations["data"],
        json!([{ "name": "authorize card", "spanKind": "" }])
    );
    assert_eq!(
        json_of(&router, "/api/services/shop/operations").await["data"],
        json!(["POST /payments"])
    );

    let found = json_of(&router, &format!("/api/traces/{TRACE}")).await;
    let trace = &found["data"][0];
    assert_eq!(
        (&trace["traceID"], trace["spans"].as_array().unwrap().len()),
        (&json!(TRACE), 2)
    );
    let child = &trace["spans"][1];
    assert_eq!(child["operationName"], "authorize card");
    assert_eq!(child["duration"], 80_000, "in microseconds");
    assert_eq!(
        child["references"][0],
        json!({ "refType": "CHILD_OF", "traceID": TRACE, "spanID": "00000000000000a1" })
    );
    let tag = |key: &str| {
        child["tags"]
            .as_array()
            .unwrap()
            .iter()
            .find(|tag| tag["key"] == key)
            .cloned()
            .unwrap()
    };
    assert_eq!(
        tag("http.status_code"),
        json!({ "key": "http.status_code", "type": "int64", "value": 502 })
    );
    assert_eq!(
        tag("error"),
        json!({ "key": "error", "type": "bool", "value": true })
    );
    assert_eq!(child["logs"][0]["fields"][0]["value"], "timeout");
    let process = child["processID"].as_str().unwrap();
    assert_eq!(trace["processes"][process]["serviceName"], "provider");
    let missing = get(&router, "/api/traces/ffffffffffffffffffffffffffffffff").await;
    assert_eq!(missing.status, 404);

    for (query, count) in [
        ("service=shop", 1),
        (
            "service=shop&operation=POST+/payments&minDuration=99ms&maxDuration=101ms",
            1,
        ),
        ("service=shop&minDuration=101ms", 0),
        (
            "service=provider&tags=%7B%22error%22:%22true%22,%22http.status_code%22:%22502%22%7D",
            1,
        ),
        ("service=shop&tags=%7B%22error%22:%22true%22%7D", 0),
        ("service=sho", 0),
    ] {
        let found = json_of(&router, &format!("/api/traces?{query}")).await;
        assert_eq!(
            found["data"].as_array().unwrap().len(),
            count,
            "{query}: {found}"
        );
    }
    assert_eq!(
        get(&router, "/api/traces?service=shop&tags=%7B")
            .await
            .status,
        400
    );
    let edges = json_of(&router, "/api/dependencies?lookback=3600000").await;
    assert_eq!(
        edges["data"],
        json!([{ "parent": "shop", "child": "provider", "callCount": 1 }])
    );
}

#[tokio::test]
async fn a_trace_says_what_it_waited_for_and_leads_to_its_logs_and_metrics() {
    let (router, _folder) = paid().await;
    let list = get(&router, "/traces?lang=en&range=5m").await.text();
    assert!(
        list.contains(&format!("/traces/{TRACE}")) && list.contains("100.0 ms"),
        "{list}"
    );
    let page = get(&router, &format!("/traces/{TRACE}?lang=en"))
        .await
        .text();
    // 80 of 100 ms went into the provider, 10 before and 10 after it into the shop.
    assert!(page.contains("80 % <code>provider</code>"), "{page}");
    assert!(page.contains("20 % <code>shop</code>"), "{page}");
    assert!(
        page.contains(&format!("/logs?query=trace_id:{TRACE}"))
            && page.contains("traces_spanmetrics_calls_total")
    );
    let logs = get(&router, "/logs?query=message:timed&range=5m&lang=en")
        .await
        .text();
    assert!(
        logs.contains(&format!("href=\"/traces/{TRACE}\"")),
        "{logs}"
    );
    assert_eq!(get(&router, "/traces/nothing").await.status, 404);
}
