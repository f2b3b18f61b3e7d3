//! `/api/v1/format_query` and `/api/v1/parse_query`: an expression, written well or as a tree.

use axum::response::Response;
use serde_json::{Value, json};

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form, bad},
    json,
};
use crate::reply::Visit;

pub(crate) async fn format(visit: Visit, form: Form) -> Response {
    answer::reply(formatted(&visit, form))
}

pub(crate) async fn tree(visit: Visit, form: Form) -> Response {
    answer::reply(parsed(&visit, form))
}

fn formatted(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let query = Asked::read(visit, form)?.bare_query()?;
    let mut data = String::new();
    json::text(&mut data, &query.format());
    Ok(Found::data(data))
}

fn parsed(visit: &Visit, form: Form) -> Result<Found, Failure> {
    // The query has passed our own bounds on length and depth before the parser sees it again.
    let query = Asked::read(visit, form)?.bare_query()?;
    let tree = promql_parser::parser::parse(query.as_str()).map_err(|why| bad("query", &why))?;
    let mut tree =
        serde_json::to_value(&tree).map_err(|error| Failure::Internal(error.to_string()))?;
    complete(&mut tree);
    Found::small(&tree)
}

/// What the parser's tree leaves out and Prometheus's does not: the name as a matcher, and the matching of two
/// vectors that the text says nothing of.
fn complete(node: &mut Value) {
    for inner in ["expr", "param", "lhs", "rhs"] {
        if let Some(inner) = node.get_mut(inner).filter(|inner| inner.is_object()) {
            complete(inner);
        }
    }
    let arguments = node.get_mut("args").and_then(Value::as_array_mut);
    arguments.into_iter().flatten().for_each(complete);
    if let Some(function) = node.get_mut("func").and_then(Value::as_object_mut) {
        function.remove("experimental");
    }
    let name = node["name"].as_str().map(str::to_owned);
    if let (Some(name), Some(matchers)) =
        (name, node.get_mut("matchers").and_then(Value::as_array_mut))
    {
        matchers.push(json!({ "type": "=", "name": "__name__", "value": name }));
    }
    if node["type"] == "binaryExpr" && !are_vectors(node) {
        node["matching"] = Value::Null;
    } else if node["type"] == "binaryExpr" && node["matching"].is_null() {
        let is_set = ["and", "or", "unless"].iter().any(|set| node["op"] == *set);
        let card = if is_set { "many-to-many" } else { "one-to-one" };
        node["matching"] = json!({ "card": card, "labels": [], "on": false, "include": [] });
    }
}

fn are_vectors(binary: &Value) -> bool {
    is_vector(&binary["lhs"]) && is_vector(&binary["rhs"])
}

fn is_vector(node: &Value) -> bool {
    match node["type"].as_str().unwrap_or_default() {
        "vectorSelector" | "aggregation" => true,
        "call" => node["func"]["returnType"] == "vector",
        "parenExpr" | "unaryExpr" => is_vector(&node["expr"]),
        "binaryExpr" => is_vector(&node["lhs"]) || is_vector(&node["rhs"]),
        _ => false,
    }
}
