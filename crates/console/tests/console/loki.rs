//! Loki's query API over a real store, as Grafana's data source asks it.

use serde_json::{Value, json};

use crate::{ask, fixture, get, to};

/// Seconds before the fixture's now.
fn ago(secs: i64) -> promise::Timestamp {
    promise::Timestamp::from_millis(fixture::now().as_millis() - secs * 1_000)
}

fn nanos(at: promise::Timestamp) -> String {
    format!("{}000000", at.as_millis())
}

/// Five lines of two programs in the last minutes.
async fn told() -> (axum::Router, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let router = console::router(fixture::documents::desk(folder.path()));
    let records = [
        json!({ "@timestamp": ago(300).to_string(), "app": "shop", "message": "started [v1.2*]" }),
        json!({ "@timestamp": ago(240).to_string(), "app": "shop", "status": "failed", "ms": 700, "email": "taro@example.jp" }),
        json!({ "@timestamp": ago(180).to_string(), "app": "shop", "status": "failed", "ms": 40 }),
        json!({ "@timestamp": ago(170).to_string(), "app": "shop", "status": "paid", "ms": 900 }),
        json!({ "@timestamp": ago(60).to_string(), "app": "bank", "message": "Timeout of the network" }),
    ];
    let line = |record: &Value| {
        format!(
            "{}\n{record}\n",
            json!({ "index": { "_index": "payments" } })
        )
    };
    let lines: String = records.iter().map(line).collect();
    let sent = to("POST", "/elastic/_bulk").header("content-type", "application/json");
    assert_eq!(ask(&router, sent, lines).await.status, 200);
    (router, folder)
}

/// `%XX` for all that an address does not take as it is.
fn packed(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

async fn asked(router: &axum::Router, path: &str, params: &[(&str, &str)]) -> (u16, Value) {
    let params = params
        .iter()
        .map(|(name, value)| format!("{}={}", packed(name), packed(value)));
    let params: Vec<_> = params.collect();
    let answer = get(router, &format!("/loki/api/v1/{path}?{}", params.join("&"))).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let status = answer.status.as_u16();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

async fn lines(router: &axum::Router, query: &str) -> Vec<String> {
    let (status, told) = asked(
        router,
        "query_range",
        &[("query", query), ("direction", "forward")],
    )
    .await;
    assert_eq!(status, 200, "{query}: {told}");
    let streams = told["data"]["result"].as_array().unwrap();
    let mut lines: Vec<_> = streams
        .iter()
        .flat_map(|stream| stream["values"].as_array().unwrap())
        .map(|pair| {
            (
                pair[0].as_str().unwrap().to_owned(),
                pair[1].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[tokio::test]
async fn lines_are_found_as_loki_finds_them() {
    let (router, _folder) = told().await;
    let count = async |query| lines(&router, query).await.len();
    for (query, expected) in [
        (r#"{app="shop"}"#, 4),
        (r#"{stream="payments"}"#, 5),
        // A pattern covers the whole label, and what is not there is empty.
        (r#"{app=~"sh"}"#, 0),
        (r#"{app=~"sh.+|bank"}"#, 5),
        (r#"{app!="shop"}"#, 1),
        (r#"{app!~"b.*", status=""}"#, 1),
        (r#"{app=~".+", status!=""}"#, 3),
        // Letter case counts; what stands in quotes stands for itself.
        (r#"{app="bank"} |= "timeout""#, 0),
        (r#"{app="bank"} |= "Timeout of the net""#, 1),
        (r#"{app="bank"} |~ "(?i)timeout.*work$""#, 1),
        (r#"{app="shop"} |= "[v1.2*]""#, 1),
        (r#"{app="shop"} |= "v1*2""#, 0),
        (r#"{stream="payments"} |= "started" or "Timeout""#, 2),
        (r#"{stream="payments"} != "started" !~ "net.ork""#, 3),
        (r#"{app="shop"} | json | status="failed" | ms > 500"#, 1),
        (
            r#"{app="shop"} | json | (status="paid" or ms <= 40) and ms != 900"#,
            1,
        ),
        (r#"{app="shop"} | logfmt | __error__="" | ms >= 700"#, 2),
        (r#"{app="shop"} | status=~`f.*`"#, 2),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn lines_come_in_streams_by_their_labels_newest_first_and_masked() {
    let (router, _folder) = told().await;
    let (_, told) = asked(
        &router,
        "query_range",
        &[("query", r#"{app=~".+"}"#), ("limit", "4")],
    )
    .await;
    assert_eq!(told["data"]["resultType"], "streams");
    let result = told["data"]["result"].as_array().unwrap();
    assert_eq!(
        result[0]["stream"],
        json!({ "stream": "payments", "app": "bank" })
    );
    // A plain line is what it was; any other is JSON, and personal fields are covered.
    assert_eq!(
        result[0]["values"],
        json!([[nanos(ago(60)), "Timeout of the network"]])
    );
    let shop = result[1]["values"].as_array().unwrap();
    let times: Vec<_> = shop.iter().map(|pair| pair[0].clone()).collect();
    assert_eq!(times, [170, 180, 240].map(|secs| json!(nanos(ago(secs)))));
    let oldest: Value = serde_json::from_str(shop[2][1].as_str().unwrap()).unwrap();
    assert_eq!(oldest["ms"], 700);
    assert_ne!(oldest["email"], "taro@example.jp");

    // The beginning counts in, the end does not.
    let stretch = async |start: String, end: String| {
        let params = [
            ("query", r#"{app="bank"}"#),
            ("start", &*start),
            ("end", &*end),
        ];
        asked(&router, "query_range", &params).await.1["data"]["result"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(stretch(nanos(ago(60)), nanos(ago(50))).await, 1);
    assert_eq!(stretch(nanos(ago(70)), nanos(ago(60))).await, 0);
    assert_eq!(stretch(ago(61).to_string(), ago(59).to_string()).await, 1);
}

#[tokio::test]
async fn lines_are_counted_over_time() {
    let (router, _folder) = told().await;
    let (start, end) = (nanos(ago(240)), nanos(ago(0)));
    let over = async |query: &str| {
        let params = [
            ("query", query),
            ("start", &*start),
            ("end", &*end),
            ("step", "1m"),
        ];
        asked(&router, "query_range", &params).await.1["data"]["result"].clone()
    };
    #[allow(clippy::cast_precision_loss)]
    let at = |secs| ago(secs).as_millis() as f64 / 1_000.0;
    // At 240 s ago one line, at 180 one, at 120 the one of 170 s ago; instants without one are left out.
    assert_eq!(
        over(r#"sum(count_over_time({app="shop"}[1m]))"#).await,
        json!([{ "metric": {}, "values": [[at(240), "1"], [at(180), "1"], [at(120), "1"]] }])
    );
    // In two minutes the lines of 300 and 240, of 240 and 180, of 180 and 170, of 170 s ago.
    assert_eq!(
        over(r#"sum by (app) (count_over_time({app="shop"} | drop __error__ [2m]))"#).await,
        json!([{ "metric": { "app": "shop" },
            "values": [[at(240), "2"], [at(180), "2"], [at(120), "2"], [at(60), "1"]] }])
    );
    assert_eq!(
        over(r#"sum(rate({app="bank"}[2m])) by (app)"#).await[0]["values"],
        json!([
            [at(60), (1.0 / 120.0_f64).to_string()],
            [at(0), (1.0 / 120.0_f64).to_string()]
        ])
    );
    // What was at 240 s ago is told at 180 s ago.
    assert_eq!(
        over(r#"sum(count_over_time({app="shop"}[1m] offset 1m))"#).await[0]["values"],
        json!([
            [at(240), "1"],
            [at(180), "1"],
            [at(120), "1"],
            [at(60), "1"]
        ])
    );
    // At 120 s ago only the shop has lines; at 60 both have one, and the bank comes first by its name; at 0 only the bank.
    let one = over(r#"topk(1, sum by (app) (count_over_time({app=~".+"}[2m])))"#).await;
    assert_eq!(
        one,
        json!([
            { "metric": { "app": "bank" }, "values": [[at(60), "1"], [at(0), "1"]] },
            { "metric": { "app": "shop" }, "values": [[at(240), "2"], [at(180), "2"], [at(120), "2"]] },
        ])
    );
    for (query, app) in [("topk", "shop"), ("bottomk", "bank")] {
        let query = format!(r#"{query}(1, sum by (app) (count_over_time({{app=~".+"}}[1h])))"#);
        let (_, told) = asked(&router, "query", &[("query", &query)]).await;
        assert_eq!(
            told["data"]["result"][0]["metric"],
            json!({ "app": app }),
            "{told}"
        );
        assert_eq!(told["data"]["result"].as_array().map(Vec::len), Some(1));
    }
    let (_, told) = asked(
        &router,
        "query",
        &[("query", r#"count_over_time({app=~".+"}[1h])"#)],
    )
    .await;
    assert_eq!(told["data"]["resultType"], "vector");
    assert_eq!(
        told["data"]["result"],
        json!([
            { "metric": { "app": "bank", "stream": "payments" }, "value": [at(0), "1"] },
            { "metric": { "app": "shop", "stream": "payments" }, "value": [at(0), "4"] },
        ])
    );
    // How Grafana finds out whether somebody is there.
    let (_, told) = asked(
        &router,
        "query",
        &[("query", "vector(1)+vector(1)"), ("time", "4000000000")],
    )
    .await;
    assert_eq!(
        told["data"]["result"],
        json!([{ "metric": {}, "value": [4e9, "2"] }])
    );
}

#[tokio::test]
async fn labels_their_values_and_series_are_listed() {
    let (router, _folder) = told().await;
    let data = async |path: &str, params: &[(&str, &str)]| {
        asked(&router, path, params).await.1["data"].clone()
    };
    assert_eq!(data("labels", &[]).await, json!(["app", "stream"]));
    assert_eq!(data("label/app/values", &[]).await, json!(["bank", "shop"]));
    assert_eq!(
        data("label/status/values", &[("query", r#"{app="shop"}"#)]).await,
        json!(["failed", "paid"])
    );
    // Nobody learns by a list what is covered in the lines.
    assert_eq!(data("label/email/values", &[]).await, json!([]));
    assert_eq!(
        data("series", &[("match[]", r#"{app="bank"}"#)]).await,
        json!([{ "app": "bank", "stream": "payments" }])
    );
}

#[tokio::test]
async fn how_much_would_be_read_is_told_before() {
    let (router, _folder) = told().await;
    let (status, told) = asked(&router, "index/stats", &[("query", r#"{app="bank"}"#)]).await;
    assert_eq!(status, 200);
    let (_, all) = asked(&router, "query_range", &[("query", r#"{app="bank"}"#)]).await;
    let streams = all["data"]["result"].as_array().unwrap();
    let lines: Vec<&str> = streams
        .iter()
        .flat_map(|stream| stream["values"].as_array().unwrap())
        .map(|pair| pair[1].as_str().unwrap())
        .collect();
    assert_eq!(told["streams"], streams.len());
    assert_eq!(told["entries"], lines.len());
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    // The mean is rounded down.
    let told = told["bytes"].as_u64().unwrap() as usize;
    assert!(
        told <= bytes && bytes - told < lines.len(),
        "{told} of {bytes}"
    );
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_in_words() {
    let (router, _folder) = told().await;
    for (params, status, words) in [
        (vec![("query", "{app=")], 400, "parse error"),
        (
            vec![("query", r#"{app="a"} | line_format "x""#)],
            400,
            "line_format",
        ),
        (
            vec![("query", r#"{app="a"}"#), ("limit", "9999")],
            400,
            "max_entries_limit",
        ),
        (
            vec![("query", r#"{app="a"}"#), ("start", "never")],
            400,
            "start",
        ),
        (
            vec![
                ("query", r#"rate({app="a"}[1m])"#),
                ("start", "1"),
                ("step", "1"),
            ],
            400,
            "11,000",
        ),
        (
            vec![("query", r#"rate({app="a"}[1m])"#), ("step", "0")],
            400,
            "step",
        ),
        (
            vec![("query", r#"sum by (email) (rate({app="a"}[1m]))"#)],
            403,
            "email",
        ),
    ] {
        let (told, why) = asked(&router, "query_range", &params).await;
        assert_eq!(told, status, "{params:?}: {why}");
        assert!(why.as_str().unwrap().contains(words), "{params:?}: {why}");
    }
}
