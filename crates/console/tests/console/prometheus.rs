//! Rules, targets and the rest of Prometheus's API over made-up rooms. The shapes are those that Prometheus 3.5.3
//! answered with, given a file of rules with the same content.

use axum::Router;
use serde_json::{Value, json};

use super::{ask, console, fixture, get, to};

async fn data(router: &Router, path: &str) -> Value {
    let answer = get(router, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["status"], "success", "{path}");
    body["data"].clone()
}

async fn failure(router: &Router, path: &str) -> (u16, Value) {
    let answer = get(router, path).await;
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["status"], "error", "{path}");
    (answer.status.as_u16(), body["error"].clone())
}

#[tokio::test]
async fn rules_are_told_with_their_alerts() {
    let groups = data(&console(), "/api/v1/rules").await["groups"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 2);
    let evaluated = "2026-11-22T01:47:05.000Z";
    assert_eq!(
        groups[0],
        json!({
            "name": "shop", "file": "rules/shop.yaml", "interval": 15.0, "limit": 0,
            "evaluationTime": 0.0015, "lastEvaluation": evaluated,
            "rules": [
                {
                    "name": "job:up:sum", "query": "sum by (job) (up)", "labels": { "severity": "page" },
                    "health": "ok", "evaluationTime": 0.0015, "lastEvaluation": evaluated, "type": "recording",
                },
                {
                    "state": "firing", "name": "Failing", "query": "up < 1", "duration": 60.0, "keepFiringFor": 0.0,
                    "labels": { "severity": "page" },
                    "annotations": { "summary": "{{ $labels.job }} fails" },
                    "alerts": [{
                        "labels": { "alertname": "Failing", "job": "shop", "severity": "page" },
                        "annotations": { "summary": "shop fails" },
                        "state": "firing", "activeAt": "2026-11-22T01:45:35.000Z", "value": "2.5e-01",
                    }],
                    "health": "ok", "evaluationTime": 0.0015, "lastEvaluation": evaluated, "type": "alerting",
                },
            ],
        })
    );
    assert_eq!(groups[1]["rules"][0]["health"], "err");
    assert_eq!(groups[1]["rules"][0]["lastError"], "too many samples");
    assert_eq!(groups[1]["rules"][0]["state"], "inactive");
}

#[tokio::test]
async fn rules_are_chosen_by_type_name_group_file_and_labels() {
    let router = console();
    for (query, names) in [
        ("type=record", vec!["job:up:sum"]),
        ("type=alert", vec!["Failing", "Sealed"]),
        (
            "rule_name[]=Sealed&rule_name[]=job:up:sum",
            vec!["job:up:sum", "Sealed"],
        ),
        ("rule_group[]=vault", vec!["Sealed"]),
        ("file[]=other.yaml", vec![]),
        (
            "match[]=%7Bseverity=%22page%22%7D&type=record",
            vec!["job:up:sum"],
        ),
        ("match[]=%7Bseverity=%22mail%22%7D", vec![]),
    ] {
        let found = data(&router, &format!("/api/v1/rules?{query}")).await;
        let rules = found["groups"].as_array().unwrap().iter();
        let found: Vec<Value> = rules
            .flat_map(|group| group["rules"].as_array().unwrap())
            .map(|rule| rule["name"].clone())
            .collect();
        assert_eq!(found, names, "{query}");
    }
    let found = data(
        &router,
        "/api/v1/rules?exclude_alerts=true&rule_name[]=Failing",
    )
    .await;
    assert_eq!(found["groups"][0]["rules"][0]["alerts"], Value::Null);
}

#[tokio::test]
async fn groups_are_handed_out_a_page_at_a_time() {
    let router = console();
    let first = data(&router, "/api/v1/rules?group_limit=1").await;
    assert_eq!(first["groups"][0]["name"], "shop");
    let token = first["groupNextToken"].as_str().unwrap();
    let path = format!("/api/v1/rules?group_limit=1&group_next_token={token}");
    let second = data(&router, &path).await;
    assert_eq!(second["groups"][0]["name"], "vault");
    assert_eq!(second["groupNextToken"], Value::Null);
    let (status, why) = failure(&router, "/api/v1/rules?group_limit=1&group_next_token=abc").await;
    assert_eq!(status, 400);
    assert_eq!(
        why,
        "invalid parameter \"group_next_token\": invalid group_next_token 'abc'. were rule groups changed?"
    );
}

#[tokio::test]
async fn alerts_are_those_of_all_rules() {
    let alerts = data(&console(), "/api/v1/alerts").await["alerts"].clone();
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_eq!(alerts[0]["labels"]["alertname"], "Failing");
}

#[tokio::test]
async fn targets_are_told_by_their_state() {
    let router = console();
    let all = data(&router, "/api/v1/targets").await;
    assert_eq!(
        all["activeTargets"][0],
        json!({
            "discoveredLabels": { "__address__": "127.0.0.1:9101", "job": "shop" },
            "labels": { "instance": "127.0.0.1:9101", "job": "shop" },
            "scrapePool": "shop", "scrapeUrl": "http://127.0.0.1:9101/metrics",
            "globalUrl": "http://127.0.0.1:9101/metrics", "lastError": "",
            "lastScrape": "2026-11-22T01:47:05.000Z", "lastScrapeDuration": 0.012, "health": "up",
            "scrapeInterval": "15s", "scrapeTimeout": "10s",
        })
    );
    assert_eq!(all["activeTargets"][1]["lastError"], "connection refused");
    assert_eq!(all["droppedTargetCounts"], json!({ "shop": 0 }));
    let dropped = data(&router, "/api/v1/targets?state=dropped").await;
    assert_eq!(dropped["activeTargets"], json!([]));
    let other = data(&router, "/api/v1/targets?scrapePool=vault").await;
    assert_eq!(other["activeTargets"], json!([]));
    assert_eq!(
        data(&router, "/api/v1/scrape_pools").await,
        json!({ "scrapePools": ["shop"] })
    );
    let yaml = data(&router, "/api/v1/status/config").await["yaml"].clone();
    assert!(
        yaml.as_str()
            .unwrap()
            .contains("    - \"127.0.0.1:9102\"\n"),
        "{yaml}"
    );
}

#[tokio::test]
async fn samples_are_deleted_only_where_the_spec_allows_it() {
    let (mut desk, _) = fixture::desk(fixture::board(1));
    let path = "/api/v1/admin/tsdb/delete_series?match[]=payments_total";
    let open = console::router(desk.clone());
    assert_eq!(ask(&open, to("POST", path), "").await.status, 204);
    assert_eq!(ask(&open, to("PUT", path), "").await.status, 204);
    let bare = "/api/v1/admin/tsdb/delete_series";
    assert_eq!(ask(&open, to("POST", bare), "").await.status, 400);
    desk.deletes = false;
    let shut = console::router(desk);
    let answer = ask(&shut, to("POST", path), "").await;
    assert!(
        answer.text().contains("admin APIs disabled"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_federation_is_told_the_newest_samples() {
    let answer = get(&console(), "/federate?match[]=payments_total").await;
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    );
    let text = answer.text();
    assert!(
        text.starts_with("# TYPE payments_total untyped\n"),
        "{text}"
    );
    assert!(
        text.contains("payments_total{status=\"ok\",instance=\"\"} "),
        "{text}"
    );
    assert_eq!(text.matches("# TYPE").count(), 1);
}

#[tokio::test]
async fn the_versions_of_the_api_and_of_the_program_are_told() {
    let build = data(&console(), "/api/v1/status/buildinfo").await;
    assert_eq!(build["version"], "3.5.3");
    assert_eq!(build["application"], "tegata");
    let runtime = data(&console(), "/api/v1/status/runtimeinfo").await;
    // 400 days are no whole number of weeks or years.
    assert_eq!(runtime["storageRetention"], "400d");
}
