//! Templates, lifecycle policies, pipelines: what shippers put before they ship. Templates say how indices that come
//! to be are mapped. Policies and pipelines are kept and shown, and nothing is done by them: retention is the spec's,
//! and a record is stored as it was sent. A shipper that names a pipeline is told so.

use axum::http::StatusCode;
use promise::signal::log_query::Glob;
use serde_json::{Map, Value, json};

use super::{
    Ask,
    catalog::{Catalog, key, kind},
    problem::{Answer, Problem},
};

pub(super) async fn endpoint(ask: &Ask, parts: &[&str]) -> Result<Answer, Problem> {
    let Some(kind) = kind::TEMPLATES.into_iter().find(|kind| *kind == parts[0]) else {
        return Err(Problem::no_handler(&ask.parts, ask.method.as_str()));
    };
    match (ask.method.as_str(), parts) {
        ("GET", ["_ilm", "status"]) => Ok(json!({ "operation_mode": "STOPPED" }).into()),
        ("POST" | "PUT", ["_index_template", "_simulate_index", name]) => {
            let catalog = Catalog::of(&ask.room).await?;
            Ok(json!({ "template": catalog.template_for(name).unwrap_or_else(|| json!({})), "overlapping": [] }).into())
        }
        ("POST", ["_ingest", "pipeline", .., "_simulate"]) => Err(Problem::illegal(
            "pipelines are kept and not run: records are stored as they were sent",
        )),
        (_, ["_data_stream", ..]) if ask.method != axum::http::Method::GET => {
            Err(Problem::illegal(
                "data streams are not supported: write to an index, which is a stream",
            ))
        }
        (_, ["_data_stream", ..]) => Ok(json!({ "data_streams": [] }).into()),
        ("PUT" | "POST", [_, .., name]) if parts.len() > 1 => put(ask, kind, name).await,
        ("DELETE", [_, .., name]) if parts.len() > 1 => delete(ask, kind, name).await,
        ("GET" | "HEAD", _) => show(ask, kind, parts).await,
        _ => Err(Problem::no_handler(&ask.parts, ask.method.as_str())),
    }
}

async fn put(ask: &Ask, kind: &str, name: &str) -> Result<Answer, Problem> {
    let body = ask.json()?;
    if !body.is_object() {
        return Err(Problem::parsing("request body is required"));
    }
    if matches!(kind, "_template" | "_index_template")
        && body.get("index_patterns").is_none()
        && body.get("template").is_none()
    {
        let reason = "Validation Failed: 1: index patterns are missing;";
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "action_request_validation_exception",
            reason,
        ));
    }
    let inner = body
        .get("template")
        .filter(|inner| inner.is_object())
        .unwrap_or(&body);
    search::Mapping::read(&inner["mappings"], &inner["settings"])?;
    Catalog::change(&ask.room, vec![(key(kind, name), Some(body))]).await?;
    Ok(json!({ "acknowledged": true }).into())
}

async fn delete(ask: &Ask, kind: &str, name: &str) -> Result<Answer, Problem> {
    if Catalog::of(&ask.room).await?.document(kind, name).is_none() {
        return Err(missing(kind, name));
    }
    Catalog::change(&ask.room, vec![(key(kind, name), None)]).await?;
    Ok(json!({ "acknowledged": true }).into())
}

fn missing(kind: &str, name: &str) -> Problem {
    let what = kind.trim_start_matches('_').replace('_', " ");
    Problem::new(
        StatusCode::NOT_FOUND,
        "resource_not_found_exception",
        format!("{what} matching [{name}] not found"),
    )
}

async fn show(ask: &Ask, kind: &str, parts: &[&str]) -> Result<Answer, Problem> {
    let name = match parts {
        [_] | ["_ilm", "policy"] | ["_ingest", "pipeline"] => "*",
        [.., name] => name,
        [] => "*",
    };
    let catalog = Catalog::of(&ask.room).await?;
    let globs: Vec<Glob> = name.split(',').map(Glob::parse).collect();
    let found: Vec<(&str, &Value)> = catalog
        .documents(kind)
        .filter(|(name, _)| globs.iter().any(|glob| glob.accepts(name)))
        .collect();
    if found.is_empty() && !name.contains('*') {
        if ask.method == axum::http::Method::HEAD {
            return Ok(Answer::Empty(StatusCode::NOT_FOUND));
        }
        return match kind {
            // The older endpoint answers with nothing.
            "_template" => Ok(Answer::Json(StatusCode::NOT_FOUND, json!({}))),
            _ => Err(missing(kind, name)),
        };
    }
    if ask.method == axum::http::Method::HEAD {
        return Ok(Answer::Empty(StatusCode::OK));
    }
    let listed = |list: &str, item: &str| {
        let items: Vec<Value> = found
            .iter()
            .map(|(name, body)| json!({ "name": name, item: body }))
            .collect();
        json!({ list: items })
    };
    Ok(match kind {
        "_index_template" => listed("index_templates", "index_template"),
        "_component_template" => listed("component_templates", "component_template"),
        "_ilm" => Value::Object(found.iter().map(|(name, body)| ((*name).to_owned(), json!({ "version": 1, "modified_date": "1970-01-01T00:00:00.000Z", "policy": body["policy"] }))).collect()),
        _ => Value::Object(found.iter().map(|(name, body)| ((*name).to_owned(), (*body).clone())).collect::<Map<_, _>>()),
    }
    .into())
}
