//! Elasticsearch's API over real stores, as its clients use it. The public suites and clients of others are run by
//! hand against the example `elastic`; docs/guide tells which, and how many of their steps pass.

use std::io::Write as _;

use axum::{Router, body::Body, http::StatusCode};
use serde_json::{Value, json};

use crate::{Answer, ask, fixture, to};

struct Cluster {
    router: Router,
    _folder: tempfile::TempDir,
}

impl Cluster {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            router: console::router(fixture::documents::desk(folder.path())),
            _folder: folder,
        }
    }

    async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        ask(
            &self.router,
            to(method, path).header("content-type", "application/json"),
            body,
        )
        .await
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self.send(method, path, body).await;
        assert_eq!(
            answer.header("x-elastic-product"),
            "Elasticsearch",
            "{path}"
        );
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    async fn payments(&self) {
        let mut lines = String::new();
        for i in 0..30 {
            let status = if i % 3 == 0 { "failed" } else { "ok" };
            let index = json!({ "index": { "_index": "payments", "_id": format!("p{i}") } });
            let payment = json!({ "@timestamp": format!("2026-01-05T10:{i:02}:00Z"), "status": status, "ms": i * 10, "message": format!("Card {status} by issuer") });
            lines.push_str(&format!("{index}\n{payment}\n"));
        }
        let answer = self.send("POST", "/elastic/_bulk", lines).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["errors"], false, "{body}");
        assert_eq!(body["items"].as_array().unwrap().len(), 30);
    }
}

fn total(answer: &Value) -> u64 {
    answer["hits"]["total"]["value"]
        .as_u64()
        .unwrap_or_else(|| panic!("{answer}"))
}

/// Thirty records of which three each are of one instant: pages from the newest on must neither lose nor repeat any.
#[tokio::test]
async fn the_newest_come_first_and_pages_of_them_follow_each_other() {
    let cluster = Cluster::new();
    let line = |i: usize| {
        let record = json!({ "@timestamp": format!("2026-01-05T10:{:02}:00Z", i / 3), "n": i });
        format!("{}\n{record}\n", json!({ "index": { "_index": "app" } }))
    };
    let lines: String = (0..30).map(line).collect();
    cluster.send("POST", "/elastic/_bulk", lines).await;
    let numbers = |answer: &Value| -> Vec<u64> {
        let hits = answer["hits"]["hits"].as_array().unwrap();
        hits.iter()
            .map(|hit| hit["_source"]["n"].as_u64().unwrap())
            .collect()
    };
    let body = json!({ "size": 4, "sort": [{ "@timestamp": "desc" }], "aggs": { "ns": { "sum": { "field": "n" } } } });
    let mut answer = cluster
        .json("POST", "/elastic/app/_search?scroll=1m", body)
        .await;
    // Of 27, 28, 29, which are of one instant, the first that came is the first; then one of 24 to 26.
    assert_eq!(numbers(&answer), [27, 28, 29, 24]);
    assert_eq!(
        (total(&answer), &answer["aggregations"]["ns"]["value"]),
        (30, &json!(435.0))
    );
    let mut all = numbers(&answer);
    while let Some(id) = answer["_scroll_id"].as_str().map(str::to_owned) {
        answer = cluster
            .json(
                "POST",
                "/elastic/_search/scroll",
                json!({ "scroll_id": id }),
            )
            .await;
        let page = numbers(&answer);
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let expected: Vec<u64> = (0..10)
        .rev()
        .flat_map(|m| [m * 3, m * 3 + 1, m * 3 + 2])
        .collect();
    assert_eq!(all, expected);
    let body = json!({ "size": 2, "sort": [{ "@timestamp": "desc" }], "post_filter": { "term": { "n": 6 } } });
    let filtered = cluster.json("POST", "/elastic/app/_search", body).await;
    assert_eq!((numbers(&filtered), total(&filtered)), (vec![6], 1));
    let body = json!({ "size": 0, "query": { "range": { "n": { "gte": 20 } } } });
    assert_eq!(
        total(&cluster.json("POST", "/elastic/app/_search", body).await),
        10
    );
}

/// 30 payments, every third of which failed: 10.
#[tokio::test]
async fn what_is_written_is_found_by_every_kind_of_query() {
    let cluster = Cluster::new();
    cluster.payments().await;
    for (query, count) in [
        (json!({ "match_all": {} }), 30),
        (json!({ "match": { "status": "failed" } }), 10),
        (json!({ "term": { "status.keyword": "failed" } }), 10),
        (json!({ "term": { "status.keyword": "Failed" } }), 0),
        (
            json!({ "term": { "status.keyword": { "value": "Failed", "case_insensitive": true } } }),
            10,
        ),
        (json!({ "match_phrase": { "message": "failed by" } }), 10),
        (
            json!({ "match_phrase_prefix": { "message": "card fai" } }),
            10,
        ),
        (json!({ "range": { "ms": { "gte": 100, "lt": 200 } } }), 10),
        (
            json!({ "range": { "@timestamp": { "gte": "2026-01-05T10:20:00Z" } } }),
            10,
        ),
        (
            json!({ "range": { "@timestamp": { "gte": "2026-01-05||/d", "lte": "2026-01-05T10:09:59.999Z" } } }),
            10,
        ),
        (
            json!({ "query_string": { "query": "status:failed AND ms:>=150" } }),
            5,
        ),
        (
            json!({ "simple_query_string": { "query": "+failed -ok", "fields": ["status"] } }),
            10,
        ),
        (json!({ "ids": { "values": ["p1", "p2", "none"] } }), 2),
        (json!({ "prefix": { "status": "fai" } }), 10),
        (json!({ "wildcard": { "status": "f*d" } }), 10),
        (json!({ "regexp": { "status": "fail(ed|ing)" } }), 10),
        (json!({ "exists": { "field": "nothing" } }), 0),
        (
            json!({ "bool": { "must_not": { "term": { "status": "ok" } }, "filter": [{ "range": { "ms": { "gt": 0 } } }] } }),
            9,
        ),
    ] {
        let found = cluster
            .json(
                "POST",
                "/elastic/payments/_search",
                json!({ "query": query, "size": 0 }),
            )
            .await;
        assert_eq!(total(&found), count, "{query}");
        let counted = cluster
            .json("GET", "/elastic/payments/_count", json!({ "query": query }))
            .await;
        assert_eq!(counted["count"], count, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_by_scroll_search_after_and_a_point_in_time() {
    let cluster = Cluster::new();
    cluster.payments().await;
    let by_ms = json!({ "size": 12, "sort": [{ "ms": "desc" }], "_source": ["ms"] });
    let mut page = cluster
        .json("POST", "/elastic/payments/_search?scroll=1m", by_ms.clone())
        .await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.extend(
            page["hits"]["hits"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hit| hit["_source"]["ms"].as_u64().unwrap()),
        );
        page = cluster
            .json(
                "POST",
                "/elastic/_search/scroll",
                json!({ "scroll_id": page["_scroll_id"] }),
            )
            .await;
    }
    assert_eq!(seen, (0..30).rev().map(|i| i * 10).collect::<Vec<_>>());
    let pit = cluster
        .json("POST", "/elastic/payments/_pit?keep_alive=1m", Value::Null)
        .await;
    let mut body = by_ms;
    body["pit"] = json!({ "id": pit["id"] });
    body["search_after"] = json!([50]);
    let after = cluster.json("POST", "/elastic/_search", body).await;
    assert_eq!(
        after["hits"]["hits"].as_array().unwrap().len(),
        5,
        "{after}"
    );
    assert_eq!(after["hits"]["hits"][0]["sort"], json!([40]));
}

#[tokio::test]
async fn one_bad_item_does_not_fail_the_others() {
    let cluster = Cluster::new();
    let mapping = json!({ "mappings": { "properties": { "n": { "type": "long" } } } });
    assert_eq!(
        cluster.json("PUT", "/elastic/numbers", mapping).await["acknowledged"],
        true
    );
    let lines = concat!(
        "{\"index\":{\"_index\":\"numbers\"}}\n{\"n\":1}\n",
        "{\"index\":{\"_index\":\"numbers\"}}\n{\"n\":\"one\"}\n",
        "{\"index\":{\"_index\":\"undeclared\"}}\n{\"n\":1}\n",
        "{\"delete\":{\"_index\":\"numbers\",\"_id\":\"1\"}}\n",
        "{\"create\":{\"_index\":\"numbers\"}}\n{not json\n",
    );
    let body: Value =
        serde_json::from_slice(&cluster.send("POST", "/_bulk", lines).await.body).unwrap();
    let statuses: Vec<u64> = body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            item.as_object().unwrap().values().next().unwrap()["status"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert_eq!(statuses, [201, 400, 404, 400, 400], "{body}");
    assert_eq!(
        body["items"][1]["index"]["error"]["type"],
        "document_parsing_exception"
    );
    assert!(
        body["items"][2]["index"]["error"]["reason"]
            .as_str()
            .unwrap()
            .contains("post: true"),
        "it says what to do"
    );
    assert_eq!(
        total(
            &cluster
                .json("GET", "/elastic/numbers/_search", Value::Null)
                .await
        ),
        1
    );
}

#[tokio::test]
async fn hostile_bodies_meet_a_bound() {
    let cluster = Cluster::new();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "64 MiB in less than one");
    let request = to("POST", "/elastic/_bulk").header("content-encoding", "gzip");
    assert_eq!(
        ask(&cluster.router, request, bomb).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let mut deep = json!({ "match_all": {} });
    for _ in 0..100 {
        deep = json!({ "bool": { "must": [deep] } });
    }
    for bad in [
        json!({ "query": deep }),
        json!({ "query": { "regexp": { "a": "(a{999}){999}" } } }),
        json!({ "query": { "nested": { "path": "a" } } }),
        json!({ "query": {} }),
        json!({ "size": 100_000 }),
        json!({ "from": -1 }),
        json!({ "surprise": 1 }),
        json!({ "query": { "query_string": { "query": "a AND" } } }),
    ] {
        let answer = cluster
            .send("POST", "/elastic/_search", bad.to_string())
            .await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{bad}: {}",
            answer.text()
        );
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(
            body["error"]["reason"].is_string() && body["error"]["root_cause"].is_array(),
            "{body}"
        );
    }
    let half = "{\"index\":{\"_index\":\"a\"}}\n";
    assert_eq!(
        cluster.send("POST", "/elastic/_bulk", half).await.status,
        StatusCode::BAD_REQUEST
    );
}

/// `Anna Z` lies between `h` and `z` by none of its letters: a normalizer lowers the whole, and parts no words.
#[tokio::test]
async fn a_keyword_with_a_normalizer_is_compared_as_a_whole_in_small_letters() {
    let cluster = Cluster::new();
    let index = json!({
        "settings": { "analysis": { "normalizer": { "small": { "type": "custom", "filter": ["lowercase"] } } } },
        "mappings": { "properties": { "login": { "type": "keyword", "normalizer": "small" } } },
    });
    cluster.json("PUT", "/elastic/people", index).await;
    for login in ["Anna Z", "Mori", "kato", "Zoe"] {
        let path = "/elastic/people/_doc?refresh=true";
        cluster.json("POST", path, json!({ "login": login })).await;
    }
    for (query, wanted) in [
        (
            json!({ "range": { "login": { "gte": "H", "lte": "Z" } } }),
            2,
        ),
        (
            json!({ "range": { "login": { "gte": "anna", "lt": "anna zz" } } }),
            1,
        ),
        (json!({ "term": { "login": "MORI" } }), 1),
    ] {
        let found = cluster
            .json("POST", "/elastic/people/_count", json!({ "query": query }))
            .await;
        assert_eq!(found["count"], wanted, "{query}");
    }
}

/// What Filebeat, Fluent Bit, Logstash and Curator ask before they send or clean.
#[tokio::test]
async fn what_shippers_probe_at_start_is_there() {
    let cluster = Cluster::new();
    cluster.payments().await;
    assert!(
        cluster.json("GET", "/elastic/", Value::Null).await["version"]["number"]
            .as_str()
            .unwrap()
            .starts_with("8.")
    );
    let template = json!({ "index_patterns": ["web-*"], "template": { "mappings": { "properties": { "code": { "type": "keyword" } } }, "aliases": { "web": {} } } });
    assert_eq!(
        cluster
            .json("PUT", "/elastic/_index_template/web", template)
            .await["acknowledged"],
        true
    );
    assert_eq!(
        cluster.json("PUT", "/elastic/web-1", Value::Null).await["index"],
        "web-1"
    );
    assert_eq!(
        cluster
            .json("GET", "/elastic/web-1/_mapping", Value::Null)
            .await["web-1"]["mappings"]["properties"]["code"]["type"],
        "keyword"
    );
    assert_eq!(
        cluster
            .json("GET", "/elastic/_validate/query?q=status:", Value::Null)
            .await["valid"],
        false
    );
    // Nobody mapped these: Grafana's lists of fields are made of what dynamic mapping would have added.
    let grown = cluster
        .json("GET", "/elastic/payments/_mapping", Value::Null)
        .await["payments"]["mappings"]["properties"]
        .clone();
    assert_eq!(
        [&grown["ms"], &grown["@timestamp"]],
        [&json!({ "type": "long" }), &json!({ "type": "date" })]
    );
    assert_eq!(
        [
            &grown["status"]["type"],
            &grown["status"]["fields"]["keyword"]["type"]
        ],
        ["text", "keyword"]
    );
    assert_eq!(grown["_id"], Value::Null);
    // The first record has a text, a later one an object.
    let lines = "{\"index\":{\"_index\":\"payments\"}}\n{\"status\":{\"now\":\"odd\"}}\n";
    cluster.send("POST", "/elastic/_bulk", lines).await;
    let again = cluster
        .json("GET", "/elastic/payments/_mapping", Value::Null)
        .await["payments"]["mappings"]["properties"]
        .clone();
    assert_eq!(again["status"], grown["status"]);
    assert_eq!(
        cluster
            .json("GET", "/elastic/_resolve/index/pay*", Value::Null)
            .await["indices"][0]["name"],
        "payments"
    );
    assert_eq!(
        cluster
            .send("HEAD", "/elastic/payments", Body::empty())
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        cluster
            .send("HEAD", "/elastic/nothing", Body::empty())
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let cat = cluster
        .json("GET", "/_cat/indices/payments?format=json", Value::Null)
        .await;
    assert_eq!(cat[0]["docs.count"], "31");
    let caps = cluster
        .json(
            "GET",
            "/elastic/payments/_field_caps?fields=status*",
            Value::Null,
        )
        .await;
    assert_eq!(
        caps["fields"]["status.keyword"]["keyword"]["aggregatable"],
        true
    );
    for path in [
        "/_license",
        "/_xpack",
        "/_nodes/_local",
        "/_cluster/health",
        "/_cluster/settings",
        "/_ilm/policy",
        "/payments/_settings",
        "/_stats",
    ] {
        let answer = cluster
            .send("GET", &format!("/elastic{path}"), Body::empty())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    }
    assert_eq!(
        cluster
            .send("GET", "/elastic/_ilm/policy/none", Body::empty())
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let grafana = json!({ "size": 0, "query": { "bool": { "filter": [{ "range": { "@timestamp": { "gte": 1_767_607_200_000_i64, "lte": 1_767_609_000_000_i64, "format": "epoch_millis" } } }] } },
        "aggs": { "2": { "date_histogram": { "field": "@timestamp", "fixed_interval": "10m", "min_doc_count": 0 }, "aggs": { "1": { "percentiles": { "field": "ms", "percents": [50] } } } } } });
    let search = format!("{}\n{}\n", json!({ "index": "payments" }), grafana);
    let answer: Value =
        serde_json::from_slice(&cluster.send("POST", "/elastic/_msearch", search).await.body)
            .unwrap();
    let buckets = answer["responses"][0]["aggregations"]["2"]["buckets"]
        .as_array()
        .unwrap();
    let counts: Vec<u64> = buckets
        .iter()
        .map(|bucket| bucket["doc_count"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [10, 10, 10], "{answer}");
}

/// The first words in the order of letters, as a term dictionary has them.
#[tokio::test]
async fn a_beginning_stands_for_so_many_words() {
    let cluster = Cluster::new();
    let mut lines = String::new();
    for message in [
        "will fix it",
        "will fixate",
        "will fixed",
        "a fixture",
        "will fixing",
    ] {
        lines.push_str(&format!(
            "{}\n{}\n",
            json!({ "index": { "_index": "commits" } }),
            json!({ "message": message })
        ));
    }
    cluster.send("POST", "/elastic/_bulk", lines).await;
    for (query, most, count) in [
        ("fix", 1, 1),
        ("will fix", 2, 2),
        ("will fix", 5, 4),
        ("none", 9, 0),
    ] {
        let phrase = json!({ "match_phrase_prefix": { "message": { "query": query, "max_expansions": most } } });
        let body = json!({ "query": { "bool": { "must": [phrase] } } });
        let found = cluster
            .json("POST", "/elastic/commits/_search", body.clone())
            .await;
        assert_eq!(found["hits"]["total"]["value"], count, "{query}, {most}");
        let counted = cluster.json("POST", "/elastic/commits/_count", body).await;
        assert_eq!(counted["count"], count, "{query}, {most}");
    }
}

#[tokio::test]
async fn a_query_deletes_only_what_it_says() {
    let cluster = Cluster::new();
    cluster.payments().await;
    let path = "/elastic/payments/_delete_by_query";
    let nothing = cluster.send("POST", path, "{}").await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(nothing.text().contains("query is missing"));
    let failed = json!({ "query": { "term": { "status": "failed" } } });
    let deleted = cluster.json("POST", path, failed).await;
    assert_eq!(
        (&deleted["deleted"], &deleted["failures"]),
        (&json!(10), &json!([]))
    );
    let left = cluster
        .json("GET", "/elastic/payments/_count", Value::Null)
        .await;
    assert_eq!(left["count"], 20);
}

#[tokio::test]
async fn a_text_of_digits_is_a_text_to_go_on_after() {
    let cluster = Cluster::new();
    let mut lines = String::new();
    for id in ["007", "07", "7", "70"] {
        lines.push_str(&format!(
            "{}\n{}\n",
            json!({ "index": { "_index": "ids" } }),
            json!({ "key": id })
        ));
    }
    cluster.send("POST", "/elastic/_bulk", lines).await;
    let body = json!({ "sort": [{ "key.keyword": "asc" }], "search_after": ["07"] });
    let found = cluster.json("POST", "/elastic/ids/_search", body).await;
    let keys: Vec<_> = found["hits"]["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["_source"]["key"].clone())
        .collect();
    assert_eq!(keys, ["7", "70"]);
}
