//! The query API: what a client of Prometheus asks, and the shapes that it gets.

use axum::{Router, http::StatusCode};
use promise::Timestamp;
use serde_json::{Value, json};
use store::{Labels, Sample, Series};

use super::{ask, fixture, get, to};

/// 2026-11-22T01:47:00Z, in seconds.
const START: i64 = 1_795_312_020;

/// A console over a real store: `jobs_total` grows by 30 a sample, every 15 s for a minute, and `level` is no number.
async fn house() -> (Router, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = store::metrics::open("embedded", dir.path()).unwrap();
    let at = |i: i64| Timestamp::from_millis((START + i * 15) * 1_000);
    let jobs = (0..=4u8).map(|i| Sample {
        at: at(i64::from(i)),
        value: f64::from(i) * 30.0,
    });
    let jobs = Series {
        labels: Labels::new([("__name__", "jobs_total"), ("job", "shop")]),
        samples: jobs.collect(),
        ..Series::default()
    };
    let level = Series {
        labels: Labels::new([("__name__", "level"), ("job", "vault")]),
        samples: vec![Sample {
            at: at(4),
            value: f64::NAN,
        }],
        ..Series::default()
    };
    store.append(vec![jobs, level]).await.unwrap();
    let (mut desk, _) = fixture::desk(fixture::board(1));
    desk.metrics = store;
    (console::router(desk), dir)
}

async fn answer(router: &Router, path: &str) -> (StatusCode, Value) {
    let answer = get(router, path).await;
    assert_eq!(answer.header("content-type"), "application/json", "{path}");
    (answer.status, serde_json::from_str(&answer.text()).unwrap())
}

#[tokio::test]
async fn an_instant_query_answers_as_prometheus_does() {
    let (router, _dir) = house().await;
    let at = START + 60;
    for (query, kind, result) in [
        (
            "jobs_total",
            "vector",
            json!([{ "metric": { "__name__": "jobs_total", "job": "shop" }, "value": [at, "120"] }]),
        ),
        // 30 in each 15 s is 2 a second, and the samples reach both ends of the minute but the first, which a
        // left-open range leaves out; extrapolation makes up for it.
        (
            "rate(jobs_total[1m])",
            "vector",
            // 90 in 45 s, stretched to 60 s and divided by them in the order in which Prometheus does so.
            json!([{ "metric": { "job": "shop" }, "value": [at, "1.9999999999999998"] }]),
        ),
        (
            "level",
            "vector",
            json!([{ "metric": { "__name__": "level", "job": "vault" }, "value": [at, "NaN"] }]),
        ),
        ("-1%2F0", "scalar", json!([at, "-Inf"])),
        ("%22text%22", "string", json!([at, "text"])),
        ("no_such_metric", "vector", json!([])),
        (
            "jobs_total[20s]",
            "matrix",
            json!([{ "metric": { "__name__": "jobs_total", "job": "shop" },
                "values": [[START + 45, "90"], [START + 60, "120"]] }]),
        ),
    ] {
        let (status, body) =
            answer(&router, &format!("/api/v1/query?query={query}&time={at}")).await;
        assert_eq!(status, 200, "{query}: {body}");
        let data = json!({ "resultType": kind, "result": result });
        assert_eq!(
            body,
            json!({ "status": "success", "data": data }),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_form_asks_the_same_as_an_address() {
    let (router, _dir) = house().await;
    let request =
        to("POST", "/api/v1/query").header("content-type", "application/x-www-form-urlencoded");
    let form = format!("query=jobs_total+%2B+1&time={}", START + 60);
    let answer = ask(&router, request, form).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains(r#""121""#), "{}", answer.text());
}

#[tokio::test]
async fn a_range_has_a_value_at_each_step() {
    let (router, _dir) = house().await;
    let path = format!(
        "/api/v1/query_range?query=jobs_total&start={START}&end={}&step=30s",
        START + 60
    );
    let (_, body) = answer(&router, &path).await;
    assert_eq!(body["data"]["resultType"], "matrix");
    let values = json!([[START, "0"], [START + 30, "60"], [START + 60, "120"]]);
    assert_eq!(body["data"]["result"][0]["values"], values);
}

#[tokio::test]
async fn names_series_and_values_can_be_listed() {
    let (router, _dir) = house().await;
    let end = START + 60;
    let (_, body) = answer(&router, &format!("/api/v1/labels?end={end}")).await;
    assert_eq!(body["data"], json!(["__name__", "job"]));
    let (_, body) = answer(&router, "/api/v1/label/__name__/values").await;
    assert_eq!(body["data"], json!(["jobs_total", "level"]));
    let path = format!("/api/v1/series?match[]=%7Bjob=~%22s.*%22%7D&end={end}");
    let (_, body) = answer(&router, &path).await;
    assert_eq!(
        body["data"],
        json!([{ "__name__": "jobs_total", "job": "shop" }])
    );
    let path = format!("/api/v1/labels?end={end}&limit=1");
    assert_eq!(answer(&router, &path).await.1["data"], json!(["__name__"]));
}

#[tokio::test]
async fn a_wrong_question_is_bad_data_and_says_which_part() {
    let (router, _dir) = house().await;
    for (path, part) in [
        ("/api/v1/query", "query"),
        ("/api/v1/query?query=rate(x)", "query"),
        ("/api/v1/query?query=x%7B", "query"),
        ("/api/v1/query?query=1&time=soon", "time"),
        ("/api/v1/query_range?query=1&start=5&end=1&step=1", "end"),
        ("/api/v1/query_range?query=1&start=0&end=2&step=0", "step"),
        // 1e9 steps: refused before anything is read.
        (
            "/api/v1/query_range?query=1&start=0&end=1e9&step=1",
            "11,000",
        ),
        ("/api/v1/series", "match[]"),
        ("/api/v1/series?match[]=1%2B1", "match[]"),
        ("/api/v1/labels?limit=many", "limit"),
    ] {
        let (status, body) = answer(&router, path).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(body["status"], "error", "{path}");
        assert_eq!(body["errorType"], "bad_data", "{path}");
        assert!(
            body["error"].as_str().unwrap().contains(part),
            "{path}: {body}"
        );
    }
}

#[tokio::test]
async fn a_query_without_an_answer_over_these_series_is_an_execution_error() {
    let (router, _dir) = house().await;
    // Two series on the right answer to the empty set of labels.
    let query = "jobs_total%2Bon()%7Bjob=~%22.%2B%22%7D";
    let path = format!("/api/v1/query?time={}&query={query}", START + 60);
    let (status, body) = answer(&router, &path).await;
    assert_eq!(
        (status.as_u16(), &body["errorType"]),
        (422, &json!("execution")),
        "{body}"
    );
}
