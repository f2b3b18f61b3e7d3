//! Logs in an engine elsewhere. None of them runs here, so our own Elasticsearch API stands in for it, over the embedded
//! store: what a query means is held against the embedded store itself. That our API answers as the real ones do is
//! shown by the public suites that its clients and Quickwit have for it.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use promise::{LogQuery, Timestamp, record::Scalar};
use serde_json::{Value, json};
use store::{
    LogStore, Record,
    logs::{Deletion, ElasticLogs, ElasticOptions, EmbeddedLogs, Export, Hold, Search, contract},
};
use tempfile::TempDir;

use crate::fixture;

/// Serves a router on the loopback for as long as the test runs.
async fn served(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn elasticsearch(folder: &Path) -> Router {
    console::router(fixture::documents::desk(folder))
}

fn open(folder: &Path, url: String) -> ElasticLogs {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = ElasticOptions {
        url,
        prefix: "tegata".to_owned(),
        credentials: Arc::new(|| {
            Ok(vec![(
                "authorization".to_owned(),
                "ApiKey dGVzdA==".to_owned(),
            )])
        }),
        timeout: Duration::from_secs(30),
        client: reqwest::Client::new(),
    };
    ElasticLogs::open(folder, options).unwrap()
}

struct Engine {
    logs: ElasticLogs,
    url: String,
    _folder: TempDir,
}

impl Engine {
    async fn elasticsearch() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = served(elasticsearch(&folder.path().join("theirs"))).await + "/elastic";
        Self {
            logs: open(&folder.path().join("ours"), url.clone()),
            url,
            _folder: folder,
        }
    }

    async fn quickwit() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let router = quickwit(elasticsearch(&folder.path().join("theirs")));
        let url = served(router).await + "/api/v1/_elastic";
        Self {
            logs: open(&folder.path().join("ours"), url.clone()),
            url,
            _folder: folder,
        }
    }
}

/// What Quickwit does otherwise: it has no ids and so takes a document twice, no templates, indices only by its own API,
/// and it sorts by at most two fields, which are no texts.
fn quickwit(elasticsearch: Router) -> Router {
    type Made = Arc<Mutex<BTreeSet<String>>>;
    let made = Made::default();
    async fn elastic(State(made): State<Made>, request: Request, next: Next) -> Response {
        let (mut head, body) = request.into_parts();
        let path = head
            .uri
            .path()
            .strip_prefix("/api/v1/_elastic")
            .unwrap()
            .to_owned();
        if path.is_empty() {
            return Json(json!({ "version": { "distribution": "quickwit", "number": "7.17" } }))
                .into_response();
        }
        if path.starts_with("/_index_template") {
            return (StatusCode::NOT_FOUND, "Route not found").into_response();
        }
        let asks_for_bytes = head
            .uri
            .query()
            .is_some_and(|query| query.contains("bytes="));
        assert!(
            !(asks_for_bytes && path.starts_with("/_cat")),
            "it refuses to"
        );
        let query = head
            .uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        head.uri = format!("/elastic{path}{query}").parse::<Uri>().unwrap();
        let mut body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        if path == "/_bulk" {
            assert!(body.len() < 10 << 20, "it takes 10 MB");
            let lines = body
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty());
            let mut out = Vec::new();
            for (at, line) in lines.enumerate() {
                let mut line: Value = serde_json::from_slice(line).unwrap();
                if at % 2 == 0 {
                    let index = line["create"]["_index"].as_str().unwrap().to_owned();
                    let made = made.lock().unwrap_or_else(PoisonError::into_inner);
                    assert!(made.contains(&index), "nobody made {index}");
                    line["create"].as_object_mut().unwrap().remove("_id");
                }
                out.extend(line.to_string().into_bytes());
                out.push(b'\n');
            }
            body = out;
        } else if path.ends_with("/_search") {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let sort = body["sort"].as_array().cloned().unwrap_or_default();
            let is_number = |sort: &Value| {
                sort.get("@timestamp")
                    .or(sort.get("tegata.order"))
                    .is_some()
            };
            assert!(sort.len() <= 2 && sort.iter().all(is_number), "{body}");
        }
        next.run(Request::from_parts(head, Body::from(body))).await
    }
    async fn create(State(made): State<Made>, Json(index): Json<Value>) -> Response {
        let name = index["index_id"].as_str().unwrap().to_owned();
        assert_eq!(index["doc_mapping"]["timestamp_field"], "@timestamp");
        match made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name)
        {
            true => Json(json!({})).into_response(),
            false => (StatusCode::BAD_REQUEST, "index `x` already exists").into_response(),
        }
    }
    let theirs = Router::new()
        .fallback_service(elasticsearch)
        .layer(middleware::from_fn_with_state(made.clone(), elastic));
    Router::new()
        .route("/api/v1/indexes", post(create).with_state(made))
        .fallback(any(async move |request: Request| {
            tower::ServiceExt::oneshot(theirs, request)
                .await
                .into_response()
        }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elasticsearch_keeps_the_contract() {
    let engines = Mutex::new(Vec::new());
    contract::contract(async || {
        let engine = Engine::elasticsearch().await;
        let logs: Arc<dyn LogStore> = Arc::new(engine.logs);
        engines.lock().unwrap().push(engine._folder);
        logs
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quickwit_keeps_the_contract() {
    let engines = Mutex::new(Vec::new());
    contract::contract(async || {
        let engine = Engine::quickwit().await;
        let logs: Arc<dyn LogStore> = Arc::new(engine.logs);
        engines.lock().unwrap().push(engine._folder);
        logs
    })
    .await;
}

fn record(id: u128, at: &str, stream: &str, fields: Value) -> Record {
    let Value::Object(fields) = fields else {
        panic!("a record has fields")
    };
    Record {
        id,
        at: at.parse().unwrap(),
        stream: stream.to_owned(),
        fields,
    }
}

fn of(text: &str) -> Search {
    Search {
        query: LogQuery::parse(text).unwrap(),
        from: Timestamp::from_millis(i64::MIN),
        to: Timestamp::from_millis(i64::MAX),
        newest_first: false,
        after: None,
        limit: Search::LIMIT_MAX,
    }
}

/// Payments as they come: with numbers, truths, lists, objects, Japanese and names that engines keep for themselves.
fn payments() -> Vec<Record> {
    let at = |n: usize| {
        format!(
            "2026-0{}-1{}T10:{:02}:0{}Z",
            1 + n % 3,
            n % 7,
            n % 60,
            n % 5
        )
    };
    let one = |n: usize| {
        let status = ["failed", "FAILED", "ok", "not failed yet", "済"][n % 5];
        let mut fields = json!({
            "status": status, "amount": n * 100, "rate": n as f64 / 8.0, "is_test": n.is_multiple_of(4),
            "card": { "brand": if n.is_multiple_of(2) { "visa" } else { "JCB" } },
            "tags": ["a", format!("b{}", n % 3)], "path": format!("/v1/payments/{n}"),
            "message": format!("決済 pay_{n} は失敗しました (code {})", 500 + n % 4),
        });
        match n % 11 {
            1 => fields["tegata"] = json!({ "id": "mine" }),
            2 => fields["@timestamp"] = json!("its own"),
            3 => fields["_id"] = json!(format!("p{n}")),
            // A field that changes its kind.
            4 => fields["card"] = json!("visa"),
            5 => fields["amount"] = json!("1200"),
            6 => fields["note"] = json!(null),
            _ => {}
        }
        record(
            1_000 + n as u128,
            &at(n),
            ["payment_log", "payment_audit", "Security/認証"][n % 3],
            fields,
        )
    };
    (0..120).map(one).collect()
}

const QUERIES: [&str; 30] = [
    "*",
    "status:failed",
    "status.keyword:failed",
    "status:fail*",
    "NOT status:failed",
    "stream:payment_* AND status:failed",
    "stream:payment_log",
    "stream:Security*",
    "NOT stream:payment_log",
    "stream:payment_log OR amount:1200",
    "amount:1200",
    "amount:[1000 TO 3000]",
    "amount > 5000",
    "rate:1.5",
    "is_test:true",
    "card.brand:visa",
    "card:visa",
    "tags:b1",
    "path:\\/v1\\/payments\\/1*",
    "path.keyword:\\/v1\\/payments\\/7",
    "失敗",
    "message:決済",
    "message:\"は失敗しました\"",
    "\"code 502\"",
    "_exists_:note",
    "_exists_:card.brand",
    "status:(failed OR 済) AND NOT tags:b2",
    "pay_7 OR pay_11",
    "status:\"-\"",
    "_id:p3",
];

/// Both engines find what the embedded store finds, in its order, and give back what they were given.
async fn agrees(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedLogs::open(folder.path()).unwrap();
    for records in payments().chunks(17) {
        embedded.append(records.to_vec()).await.unwrap();
        engine.logs.append(records.to_vec()).await.unwrap();
    }
    for text in QUERIES {
        let mut search = of(text);
        let expected = embedded.search(&search).await.unwrap();
        assert_eq!(
            engine.logs.search(&search).await.unwrap(),
            expected,
            "{text}"
        );
        let counted = engine
            .logs
            .count(&search.query, search.from, search.to)
            .await;
        assert_eq!(counted.unwrap(), expected.len() as u64, "{text}");
        (search.newest_first, search.limit) = (true, 7);
        let newest = embedded.search(&search).await.unwrap();
        assert_eq!(engine.logs.search(&search).await.unwrap(), newest, "{text}");
    }
    let streams = embedded.streams().await.unwrap();
    assert_eq!(engine.logs.streams().await.unwrap(), streams);
    assert_eq!(engine.logs.status().await.unwrap().records, 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elasticsearch_finds_what_the_embedded_store_finds() {
    agrees(Engine::elasticsearch().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quickwit_finds_what_the_embedded_store_finds() {
    agrees(Engine::quickwit().await).await;
}

#[tokio::test]
async fn whole_months_go_when_they_are_old_and_not_held() {
    let engine = Engine::elasticsearch().await;
    let all = ["2026-01-05", "2026-01-31", "2026-02-01", "2026-03-09"]
        .map(|day| format!("{day}T00:00:00Z"));
    for (n, at) in all.iter().enumerate() {
        for stream in ["payment", "payment-2026.01"] {
            let id = n as u128 * 2 + u128::from(stream == "payment");
            let one = record(id, at, stream, json!({ "n": n }));
            engine.logs.append(vec![one]).await.unwrap();
        }
    }
    let hold = Hold {
        name: "case 7".to_owned(),
        stream: "payment".to_owned(),
        from: all[2].parse().unwrap(),
        to: all[2].parse().unwrap(),
    };
    engine.logs.hold(hold).await.unwrap();
    let now = "2026-04-15T00:00:00Z".parse().unwrap();
    let days = |n: u64| Duration::from_secs(n * 86_400);
    let left = async |stream: &str| {
        let found = engine
            .logs
            .search(&of(&format!("stream:{stream}")))
            .await
            .unwrap();
        found
            .iter()
            .map(|record| record.fields["n"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    engine.logs.retain("payment", days(75), now).await.unwrap();
    assert_eq!(
        left("payment").await,
        [0, 1, 2, 3],
        "January ended 73 days before"
    );
    engine.logs.retain("payment", days(40), now).await.unwrap();
    assert_eq!(
        left("payment").await,
        [2, 3],
        "January went, February is held"
    );
    assert_eq!(
        left("payment-2026.01").await,
        [0, 1, 2, 3],
        "another stream"
    );
    assert!(engine.logs.release("case 7").await.unwrap());
    engine.logs.retain("payment", days(40), now).await.unwrap();
    assert_eq!(left("payment").await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_is_just_what_was_meant() {
    let engine = Engine::elasticsearch().await;
    engine.logs.append(payments()).await.unwrap();
    let hold = Hold {
        name: "case 7".to_owned(),
        stream: "payment_log".to_owned(),
        from: Timestamp::from_millis(i64::MIN),
        to: Timestamp::from_millis(i64::MAX),
    };
    engine.logs.hold(hold).await.unwrap();
    let failed = of("status:failed");
    let before = engine.logs.search(&failed).await.unwrap();
    let held = before
        .iter()
        .filter(|record| record.stream == "payment_log")
        .count();
    let deletion = Deletion {
        query: failed.query.clone(),
        from: failed.from,
        to: failed.to,
    };
    let deleted = engine.logs.delete(&deletion).await.unwrap();
    assert_eq!(deleted.held, held as u64);
    assert_eq!(deleted.records, (before.len() - held) as u64);
    let left = engine.logs.search(&of("*")).await.unwrap();
    assert_eq!(left.len(), 120 - (before.len() - held));
    let is_held = |record: &&Record| record.matches(&failed.query);
    assert!(
        left.iter()
            .filter(is_held)
            .all(|record| record.stream == "payment_log")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_for_the_cold_is_the_same_as_the_embedded_stores() {
    let engine = Engine::elasticsearch().await;
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedLogs::open(folder.path().join("embedded")).unwrap();
    engine.logs.append(payments()).await.unwrap();
    embedded.append(payments()).await.unwrap();
    let all = of("stream:payment_*");
    let mut files = Vec::new();
    for (name, logs) in [
        ("theirs", &engine.logs as &dyn LogStore),
        ("ours", &embedded),
    ] {
        let export = Export {
            query: all.query.clone(),
            from: all.from,
            to: all.to,
            file: folder.path().join(format!("{name}.parquet")),
        };
        let exported = logs.export(&export).await.unwrap();
        assert_eq!(exported.records, 80, "{name}");
        files.push(std::fs::read(&export.file).unwrap().len());
    }
    assert_eq!(files[0], files[1], "the same records and columns");
}

#[tokio::test]
async fn an_engine_that_is_away_is_no_empty_answer() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there any more.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let logs = open(folder.path(), url);
    let one = record(1, "2026-01-05T00:00:00Z", "s", json!({ "a": 1 }));
    for error in [
        logs.append(vec![one]).await.err(),
        logs.search(&of("*")).await.err(),
        logs.streams().await.err(),
    ] {
        assert!(error.unwrap().is_passing());
    }
}

#[tokio::test]
async fn half_an_answer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let answer = json!({ "timed_out": false, "_shards": { "total": 2, "failed": 1 }, "hits": { "hits": [] } });
    let router = Router::new().fallback(any(async move || Json(answer)));
    let logs = open(folder.path(), served(router).await);
    let why = logs.search(&of("*")).await.unwrap_err();
    assert!(why.to_string().contains("all of its shards"), "{why}");
}

/// Each of a bulk has its own fate, as the engines tell it.
#[tokio::test]
async fn what_an_engine_cannot_map_is_kept_without_being_mapped() {
    type Taken = Arc<Mutex<Vec<Value>>>;
    async fn bulk(State(taken): State<Taken>, body: String) -> Json<Value> {
        let lines: Vec<Value> = body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let mut items = Vec::new();
        for pair in lines.chunks(2) {
            let is_poison = pair[1]["tegata"]["words"]
                .as_array()
                .is_some_and(|words| words.contains(&json!("#true")));
            if is_poison {
                items.push(json!({ "create": { "status": 400, "error": { "reason": "poison" } } }));
                continue;
            }
            let refused = pair[1].get("card").is_some_and(|card| !card.is_object());
            items.push(match refused {
                true => json!({ "create": { "status": 400, "error": {
                    "type": "document_parsing_exception",
                    "reason": "object mapping for [card] tried to parse field [card] as object, but found a concrete value"
                } } }),
                false => {
                    taken.lock().unwrap().push(pair[1].clone());
                    json!({ "create": { "status": 201 } })
                }
            });
        }
        Json(json!({ "errors": true, "items": items }))
    }
    let folder = tempfile::tempdir().unwrap();
    let taken = Taken::default();
    let router = Router::new()
        .route("/_bulk", post(bulk).with_state(taken.clone()))
        .fallback(any(async || Json(json!({ "acknowledged": true }))));
    let logs = open(folder.path(), served(router).await);
    let at = "2026-01-05T00:00:00Z";
    let records = vec![
        record(1, at, "s", json!({ "card": { "brand": "visa" } })),
        record(2, at, "s", json!({ "card": "visa" })),
    ];
    let appended = logs.append(records).await.unwrap();
    assert_eq!((appended.stored, appended.known), (2, 0));
    let kept = taken;
    let taken = kept.lock().unwrap().clone();
    assert_eq!(taken[0]["card"]["brand"], "visa");
    assert_eq!(taken[1]["tegata"]["record"], json!({ "card": "visa" }));
    assert_eq!(taken[1]["tegata"]["words"], json!(["visa"]));

    // One that is refused whatever its form is an error, and all others are kept.
    let records = (3..6).map(|n| record(n, at, "s", json!({ "n": n, "poison": n == 3 })));
    let error = logs.append(records.collect()).await.unwrap_err();
    assert!(
        !error.is_passing() && error.to_string().contains("poison"),
        "{error}"
    );
    assert_eq!(kept.lock().unwrap().len(), 4);
}

/// What Kibana and others see.
#[tokio::test]
async fn fields_stand_where_others_look_for_them() {
    let engine = Engine::elasticsearch().await;
    let one = record(
        0xab,
        "2026-01-05T00:00:00.250Z",
        "payment_log",
        json!({ "status": "failed", "amount": 1200 }),
    );
    engine.logs.append(vec![one]).await.unwrap();
    let url = format!(
        "{}/tegata-payment_log-2026.01/_doc/{:032x}",
        engine.url, 0xab
    );
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["_source"],
        json!({
            "@timestamp": "2026-01-05T00:00:00.250Z", "status": "failed", "amount": 1200,
            "tegata": { "id": format!("{:032x}", 0xab), "order": 0, "stream": "payment_log", "words": ["#1200", "failed"] },
        })
    );
}
