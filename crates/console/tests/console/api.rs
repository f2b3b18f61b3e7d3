//! What programs get.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Answer, ask, console, get, to};

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|e| panic!("{e}: {}", answer.text()))
}

#[tokio::test]
async fn every_address_that_is_described_answers() {
    let router = console();
    let document = json_of(&get(&router, "/openapi.json").await);
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 25, "{}", paths.len());
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(!operation["x-summary-ja"].as_str().unwrap().is_empty());
            let filled = path
                .replace("/promises/{id}", "/promises/payment-success")
                .replace("/silence/{id}", "/silence/s-1")
                .replace("{id}", "INC-7")
                .replace("{token}", "GOOD")
                .replace("{list}", "daily")
                .replace("{index}", "48200")
                .replace("{name}", "provider")
                .replace("{to}", "stop")
                .replace("{stream}", "payment_app")
                .replace("{file}", "nope.css");
            if path == "/events" {
                continue; // Never ends; `live` reads it.
            }
            let request =
                to(&method.to_uppercase(), &filled).header("content-type", "application/json");
            let status = ask(&router, request, "").await.status.as_u16();
            // An empty body is refused, and neither the asset nor the trace exists; but each address is known and none fails.
            assert!(status < 500 && status != 405, "{method} {path}: {status}");
            let is_missing = path.contains("{file}") || path.ends_with("/traces/{id}");
            assert!(status != 404 || is_missing, "{method} {path}");
        }
    }
    for reference in document.to_string().split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            !document["components"]["schemas"][name].is_null(),
            "{name} has no schema"
        );
    }
}

#[tokio::test]
async fn the_board_is_worst_first_with_reasons_in_both_languages() {
    let board = json_of(&get(&console(), "/api/v1/promises").await);
    assert_eq!(board["worst"], "broken");
    assert_eq!(board["promises"].as_array().unwrap().len(), 30);
    let first = &board["promises"][0];
    assert_eq!(first["promise"]["id"], "payment-success");
    assert_eq!(first["verdict"]["state"], "broken");
    assert!(first["reason"]["ja"].as_str().unwrap().contains("観測"));
    assert_eq!(first["days"].as_array().unwrap().len(), 90);
}

#[tokio::test]
async fn one_promise_comes_with_its_evidence() {
    let one = json_of(&get(&console(), "/api/v1/promises/payment-success").await);
    assert_eq!(one["evidence"]["facts"].as_array().unwrap().len(), 10);
    assert_eq!(one["history"][0]["to"], "broken");
    assert_eq!(one["signals"][0]["series_total"], 2);
    assert_eq!(one["signals"][0]["queries"][0], "sum(payments_total)");
    assert_eq!(one["signals"][1]["similar"][0], "payments_total");
    let failing = &one["sources"][0]["failing"];
    assert_eq!(failing["en"], "no answer: connection refused");
    assert_eq!(failing["ja"], "応答なし: connection refused");
    let missing = get(&console(), "/api/v1/promises/nope").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), "application/problem+json");
    assert!(!json_of(&missing)["title_ja"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn an_incident_is_acknowledged_once() {
    let router = console();
    let post = |body: Value| {
        let request = to("POST", "/api/v1/incidents/INC-7/acknowledge")
            .header("content-type", "application/json");
        let router = router.clone();
        async move {
            ask(&router, request, body.to_string())
                .await
                .status
                .as_u16()
        }
    };
    assert_eq!(post(json!({ "by": "" })).await, 400);
    assert_eq!(post(json!({ "who": "Sato" })).await, 422);
    assert_eq!(post(json!({ "by": "Sato", "reason": "on it" })).await, 204);
    assert_eq!(post(json!({ "by": "Suzuki" })).await, 409);
}

/// Of 3 hours at most: one saw it 20 minutes ago, one 200, one remembers another history, one never saw it.
#[tokio::test]
async fn the_ledger_says_who_outside_saw_it_and_who_is_missing() {
    let router = console();
    let said = json_of(&get(&router, "/api/v1/ledger/witnesses").await);
    assert_eq!(said["witnesses"][1]["name"], "court");
    let html = get(&router, "/ledger?lang=en").await.text();
    let table = html.split("Seen from outside").nth(2).unwrap();
    let rows: Vec<&str> = table.split("<tr>").skip(2).take(4).collect();
    for (row, state) in rows.iter().zip(["kept", "broken", "broken", "unproven"]) {
        assert!(row.contains(state), "{state}: {row}");
    }
    assert!(rows[2].contains("another history"));
}

#[tokio::test]
async fn ledger_entries_page_backwards() {
    let router = console();
    let first = json_of(&get(&router, "/api/v1/ledger/entries?limit=2").await);
    assert_eq!(first["entries"][1]["index"], 48_229);
    let next = json_of(&get(&router, "/api/v1/ledger/entries?limit=2&before=48229").await);
    assert_eq!(next["entries"][0]["index"], 48_228);
    assert_eq!(
        get(&router, "/api/v1/ledger/entries?before=x").await.status,
        400
    );
    let proof = json_of(&get(&router, "/api/v1/ledger/entries/48200/inclusion").await);
    assert_eq!(
        (&proof["size"], proof["hashes"].as_array().unwrap().len()),
        (&json!(48_231), 16)
    );
    assert_eq!(
        get(&router, "/api/v1/ledger/entries/99999999").await.status,
        404
    );
}

#[tokio::test]
async fn logs_are_taken_up_to_a_bound_and_only_for_streams_that_are_declared() {
    let router = console();
    let answer = ask(&router, to("POST", "/ingest/logs/payment_app"), "{}\n{}\n").await;
    assert_eq!(json_of(&answer)["stored"], 2);
    // More than the form's bound, which does not hold here.
    assert_eq!(
        ask(
            &router,
            to("POST", "/ingest/logs/payment_app"),
            vec![b'x'; 100_000]
        )
        .await
        .status,
        200
    );
    assert_eq!(
        ask(
            &router,
            to("POST", "/ingest/logs/payment_app"),
            vec![b'x'; (1 << 20) + 1]
        )
        .await
        .status,
        413
    );
    assert_eq!(
        ask(&router, to("POST", "/ingest/logs/nope"), "{}")
            .await
            .status,
        404
    );
    let packed = |name| to("POST", "/ingest/logs/payment_app").header("content-encoding", name);
    let gzip = |plain: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(plain).unwrap();
        gzip.finish().unwrap()
    };
    let two = ask(&router, packed("gzip"), gzip(b"{}\n{}\n")).await;
    assert_eq!(json_of(&two)["stored"], 2);
    let bomb = ask(&router, packed("gzip"), gzip(&[b'x'; (1 << 20) + 1])).await;
    assert_eq!(bomb.status, 413);
    assert_eq!(ask(&router, packed("gzip"), "{}").await.status, 400);
    assert_eq!(ask(&router, packed("br"), "{}").await.status, 415);
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let router = console();
    for path in [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/version",
        "/api/v1/promises",
    ] {
        let head = ask(&router, to("HEAD", path), "").await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
    }
    assert_eq!(
        get(&router, "/metrics").await.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(ask(&router, to("DELETE", "/"), "").await.status, 405);
}

#[tokio::test]
async fn answers_are_compressed_when_the_client_can_read_it() {
    let answer = ask(
        &console(),
        to("GET", "/").header("accept-encoding", "gzip"),
        "",
    )
    .await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.body.len() < 12 << 10, "{}", answer.body.len());
}
