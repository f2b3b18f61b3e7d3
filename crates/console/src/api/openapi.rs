//! `/openapi.json`: every address of the table, described as OpenAPI 3.1, with hand-written schemas.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{
    reply::Visit,
    route::{Answer, Route},
};

/// The shapes of bodies, by hand: they are what a client may rely on, not whatever a struct happens to be.
const SCHEMAS: &str = include_str!("schemas.json");

pub(crate) async fn show(visit: Visit) -> Response {
    Json(crate::openapi(&visit.room.desk.status.version().version)).into_response()
}

pub(crate) fn document(routes: &[Route], version: &str) -> Value {
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Tegata", "version": version },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn operation(route: &Route) -> Value {
    let kind = match route.answer {
        Answer::Page => "text/html",
        Answer::Json => "application/json",
        Answer::Text => "text/plain",
        Answer::Events => "text/event-stream",
        Answer::File => "*/*",
    };
    let content = match schema(route) {
        Some(name) => json!({ kind: { "schema": reference(name) } }),
        None => json!({ kind: {} }),
    };
    let mut operation = json!({
        "summary": route.about.en,
        "x-summary-ja": route.about.ja,
        "parameters": parameters(route),
        "responses": responses(route, &content),
    });
    if let Some(body) = body(route) {
        operation["requestBody"] = body;
    }
    operation
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn responses(route: &Route, content: &Value) -> Value {
    let problem = json!({ "application/problem+json": { "schema": reference("Problem") } });
    let error = if route.is_of_prometheus() {
        json!({ "application/json": { "schema": reference("Failed") } })
    } else if route.answer == Answer::Json {
        problem
    } else {
        json!({ "text/html": {} })
    };
    let good = match (route.method, route.answer, route.path) {
        (_, _, path) if path.contains("/admin/") => {
            json!({ "204": { "description": "done" } })
        }
        ("post", Answer::Page, _) => json!({ "303": { "description": "done; see the page" } }),
        ("post", _, path) if path.ends_with("/acknowledge") => {
            json!({ "204": { "description": "noted" } })
        }
        _ => json!({ "200": { "description": route.about.en, "content": content } }),
    };
    let mut all = good;
    all["default"] = json!({ "description": "refused, and why", "content": error });
    all
}

fn parameters(route: &Route) -> Value {
    let in_path = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let query: &[&str] = match (route.path, route.answer) {
        ("/api/v1/query", _) => &[
            "query",
            "time",
            "timeout",
            "limit",
            "lookback_delta",
            "stats",
        ],
        ("/api/v1/query_range", _) => &[
            "query",
            "start",
            "end",
            "step",
            "timeout",
            "limit",
            "lookback_delta",
            "stats",
        ],
        ("/api/v1/query_exemplars", _) => &["query", "start", "end"],
        ("/api/v1/format_query" | "/api/v1/parse_query", _) => &["query"],
        ("/api/v1/series" | "/api/v1/labels" | "/api/v1/label/{name}/values", _) => {
            &["match[]", "start", "end", "limit"]
        }
        ("/api/v1/metadata", _) => &["metric", "limit", "limit_per_metric"],
        ("/api/v1/targets", _) => &["state", "scrapePool"],
        ("/api/v1/targets/metadata", _) => &["match_target", "metric", "limit"],
        ("/api/v1/rules", _) => &[
            "type",
            "rule_name[]",
            "rule_group[]",
            "file[]",
            "match[]",
            "exclude_alerts",
            "group_limit",
            "group_next_token",
        ],
        ("/api/v1/status/tsdb", _) => &["limit"],
        ("/api/v1/admin/tsdb/delete_series", _) => &["match[]", "start", "end"],
        ("/federate", _) => &["match[]"],
        ("/api/v1/ledger/entries", _) => &["before", "kind", "limit"],
        ("/explore", _) => &["query", "range", "end", "step", "view", "lang"],
        ("/explore/promise", _) => &["query", "id", "bound", "value", "window", "lang"],
        ("/ledger", _) => &["before", "kind", "lang"],
        ("/" | "/fragments/board", _) => &["state", "lang"],
        ("/events", _) => &["after", "lang"],
        (_, Answer::Page) if route.method == "get" => &["lang"],
        _ => &[],
    };
    all.extend(
        query
            .iter()
            .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } })),
    );
    Value::Array(all)
}

fn schema(route: &Route) -> Option<&'static str> {
    Some(match route.path {
        "/api/v1/promises" => "Board",
        "/api/v1/promises/{id}" => "Promise",
        "/api/v1/incidents" => "Incidents",
        "/api/v1/incidents/{id}" => "Incident",
        "/api/v1/ledger/checkpoint" => "Checkpoint",
        "/api/v1/ledger/witnesses" => "Witnesses",
        "/api/v1/ledger/entries" => "Entries",
        "/api/v1/ledger/entries/{index}" => "Entry",
        "/api/v1/ledger/entries/{index}/inclusion" => "Inclusion",
        path if route.is_of_prometheus() && !path.contains("/admin/") => "Answered",
        "/ingest/logs/{stream}" => "Received",
        "/version" => "Version",
        _ => return None,
    })
}

fn body(route: &Route) -> Option<Value> {
    let content = match route.path {
        "/incidents/{id}/acknowledge" => {
            json!({ "application/x-www-form-urlencoded": { "schema": reference("Acknowledge") } })
        }
        "/api/v1/incidents/{id}/acknowledge" => {
            json!({ "application/json": { "schema": reference("Acknowledge") } })
        }
        "/ingest/logs/{stream}" => json!({
            "application/x-ndjson": { "schema": { "type": "string" } },
            "application/json": { "schema": { "type": "array", "items": { "type": "object" } } },
        }),
        _ => return None,
    };
    Some(json!({ "required": true, "content": content }))
}
