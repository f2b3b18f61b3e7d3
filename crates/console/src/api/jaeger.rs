//! Jaeger's query API, as its own page and Grafana's data source ask it: services, operations, traces, dependencies.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promise::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    api::clear,
    reply::Visit,
    trace::{self, Asked, Span, Trace},
};

/// How far back services and operations are looked for: who has not called in three days is not chosen from a list.
const NAMES_BACK: Duration = Duration::from_secs(3 * 86_400);
/// How far back traces are where nothing is said.
const BACK: Duration = Duration::from_secs(3_600);
const LIMIT: usize = 20;
/// Traces from which dependencies are told.
const SAMPLED_MAX: usize = 500;

fn listed(data: Vec<Value>) -> Response {
    let total = data.len();
    Json(json!({ "data": data, "total": total, "limit": 0, "offset": 0, "errors": null }))
        .into_response()
}

/// Traces, in which personal tags are covered unless it was said why they are looked at.
async fn told(visit: &Visit, mut traces: Vec<Value>) -> Response {
    let pairs = visit.query.iter();
    let what = || {
        let asked: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{} {}", visit.path, asked.join(" "))
    };
    match clear::mask(&visit.room.desk, &visit.who, visit.clear.as_ref(), what).await {
        Ok(mask) => {
            traces.iter_mut().for_each(|trace| mask.veil(trace));
            listed(traces)
        }
        Err(refused) => wrong(StatusCode::FORBIDDEN, &refused.to_string()),
    }
}

fn wrong(status: StatusCode, why: &str) -> Response {
    let body = json!({ "data": null, "total": 0, "limit": 0, "offset": 0, "errors": [{ "code": status.as_u16(), "msg": why }] });
    (status, Json(body)).into_response()
}

fn failed(error: &store::Error) -> Response {
    tracing::error!(%error, "traces could not be read");
    match error {
        store::Error::Query(why) => wrong(StatusCode::BAD_REQUEST, why),
        _ => wrong(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the spans could not be read",
        ),
    }
}

async fn names(visit: &Visit, field: &str, service: Option<&str>) -> Result<Vec<String>, Response> {
    let times = (visit.now - NAMES_BACK, visit.now);
    let names = trace::names(&*visit.room.desk.logs, field, service, times).await;
    names.map_err(|error| failed(&error))
}

pub(crate) async fn services(visit: Visit) -> Response {
    match names(&visit, "service", None).await {
        Ok(names) => listed(names.into_iter().map(Value::from).collect()),
        Err(refused) => refused,
    }
}

pub(crate) async fn operations_of(Path(service): Path<String>, visit: Visit) -> Response {
    match names(&visit, "name", Some(&service)).await {
        Ok(names) => listed(names.into_iter().map(Value::from).collect()),
        Err(refused) => refused,
    }
}

pub(crate) async fn operations(visit: Visit) -> Response {
    let Some(service) = visit.param("service") else {
        return wrong(StatusCode::BAD_REQUEST, "parameter 'service' is required");
    };
    match names(&visit, "name", Some(service)).await {
        Ok(names) => {
            let shown = |name: String| json!({ "name": name, "spanKind": "" });
            listed(names.into_iter().map(shown).collect())
        }
        Err(refused) => refused,
    }
}

pub(crate) async fn one(Path(id): Path<String>, visit: Visit) -> Response {
    match trace::by_id(&*visit.room.desk.logs, &id).await {
        Ok(Some(trace)) => told(&visit, vec![shown(&trace)]).await,
        Ok(None) => wrong(StatusCode::NOT_FOUND, "trace not found"),
        Err(error) => failed(&error),
    }
}

pub(crate) async fn search(visit: Visit) -> Response {
    // Several ids may be asked for at once.
    let ids: Vec<String> = visit
        .query
        .iter()
        .filter(|(name, _)| name == "traceID")
        .map(|(_, id)| id.clone())
        .collect();
    if !ids.is_empty() {
        let mut found = Vec::new();
        for id in ids {
            match trace::by_id(&*visit.room.desk.logs, &id).await {
                Ok(trace) => found.extend(trace.as_ref().map(shown)),
                Err(error) => return failed(&error),
            }
        }
        return told(&visit, found).await;
    }
    let asked = match asked(&visit) {
        Ok(asked) => asked,
        Err(why) => return wrong(StatusCode::BAD_REQUEST, &why),
    };
    match trace::search(&*visit.room.desk.logs, &asked).await {
        Ok(traces) => told(&visit, traces.iter().map(shown).collect()).await,
        Err(error) => failed(&error),
    }
}

fn asked(visit: &Visit) -> Result<Asked, String> {
    let micros = |name: &str| match visit.param(name) {
        None => Ok(None),
        Some(text) => match text.parse::<i64>() {
            Ok(micros) => Ok(Some(Timestamp::from_millis(micros.div_euclid(1_000)))),
            Err(_) => Err(format!("cannot parse '{name}': {text}")),
        },
    };
    let long = |name: &str| match visit.param(name) {
        None => Ok(None),
        Some(text) => duration(text)
            .map(Some)
            .ok_or_else(|| format!("cannot parse '{name}': {text} is no duration such as 1.2ms")),
    };
    let mut tags = Vec::new();
    for (_, value) in visit
        .query
        .iter()
        .filter(|(name, value)| name == "tags" && !value.is_empty())
    {
        let object: Map<String, Value> = serde_json::from_str(value)
            .map_err(|_| "malformed 'tags' parameter, expecting JSON map".to_owned())?;
        tags.extend(object.into_iter().map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        }));
    }
    for (_, value) in visit.query.iter().filter(|(name, _)| name == "tag") {
        let (name, value) = value
            .split_once(':')
            .ok_or("malformed 'tag' parameter, expecting key:value")?;
        tags.push((name.to_owned(), value.to_owned()));
    }
    let to = micros("end")?.unwrap_or(visit.now);
    let operation = visit.param("operation").filter(|name| *name != "all");
    Ok(Asked {
        service: visit.param("service").map(str::to_owned),
        operation: operation.map(str::to_owned),
        tags,
        least: long("minDuration")?,
        most: long("maxDuration")?,
        from: micros("start")?.unwrap_or(to - BACK),
        to,
        limit: visit
            .param("limit")
            .and_then(|n| n.parse().ok())
            .unwrap_or(LIMIT),
    })
}

/// A duration as Go writes one, in microseconds: `1.2ms`, `100us`, `3s`.
pub(crate) fn duration(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().ok()?;
    let micros = match unit {
        "ns" => number / 1e3,
        "us" | "µs" | "μs" => number,
        "ms" => number * 1e3,
        "s" => number * 1e6,
        "m" => number * 6e7,
        "h" => number * 3.6e9,
        _ => return None,
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (micros.is_finite() && micros >= 0.0).then_some(micros as u64)
}

pub(crate) async fn dependencies(visit: Visit) -> Response {
    let millis = |name: &str| visit.param(name).and_then(|text| text.parse::<u64>().ok());
    let to = millis("endTs").and_then(|ms| i64::try_from(ms).ok());
    let to = to.map_or(visit.now, Timestamp::from_millis);
    let asked = Asked {
        service: None,
        operation: None,
        tags: Vec::new(),
        least: None,
        most: None,
        from: to - millis("lookback").map_or(BACK, Duration::from_millis),
        to,
        limit: SAMPLED_MAX,
    };
    let traces = match trace::search(&*visit.room.desk.logs, &asked).await {
        Ok(traces) => traces,
        Err(error) => return failed(&error),
    };
    let mut calls: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for trace in &traces {
        for placed in &trace.spans {
            let parent = placed.parent.and_then(|parent| trace.spans.get(parent));
            if let Some(parent) = parent.filter(|p| p.span.service != placed.span.service) {
                *calls
                    .entry((&parent.span.service, &placed.span.service))
                    .or_default() += 1;
            }
        }
    }
    let shown =
        |((parent, child), count)| json!({ "parent": parent, "child": child, "callCount": count });
    listed(calls.into_iter().map(shown).collect())
}

/// A trace as Jaeger tells it.
fn shown(trace: &Trace) -> Value {
    let mut processes: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut spans = Vec::new();
    for placed in &trace.spans {
        let span = &placed.span;
        let resource = span.fields.get("resource").cloned().unwrap_or(Value::Null);
        let next = format!("p{}", processes.len() + 1);
        let process = processes
            .entry((span.service.clone(), resource.to_string()))
            .or_insert(next)
            .clone();
        let references: Vec<Value> = span
            .parent
            .iter()
            .map(|parent| json!({ "refType": "CHILD_OF", "traceID": span.trace_id, "spanID": parent }))
            .chain(links(span))
            .collect();
        spans.push(json!({
            "traceID": span.trace_id, "spanID": span.span_id, "operationName": span.name, "references": references,
            "flags": 1, "startTime": span.start, "duration": span.took, "tags": tags(span), "logs": logs(span),
            "processID": process, "warnings": null,
        }));
    }
    let processes: Map<String, Value> = processes
        .into_iter()
        .map(|((service, resource), id)| {
            let resource: Value = serde_json::from_str(&resource).unwrap_or(Value::Null);
            (
                id,
                json!({ "serviceName": service, "tags": pairs(resource.as_object()) }),
            )
        })
        .collect();
    json!({ "traceID": trace.id, "spans": spans, "processes": processes, "warnings": null })
}

fn links(span: &Span) -> impl Iterator<Item = Value> + '_ {
    let links = span.fields.get("links").and_then(Value::as_array);
    links.into_iter().flatten().map(|link| {
        json!({ "refType": "FOLLOWS_FROM", "traceID": link["trace_id"], "spanID": link["span_id"] })
    })
}

fn tags(span: &Span) -> Vec<Value> {
    let mut tags = pairs(span.fields.get("attributes").and_then(Value::as_object));
    if span.kind != "unspecified" {
        tags.push(json!({ "key": "span.kind", "type": "string", "value": span.kind }));
    }
    if span.is_error {
        tags.push(json!({ "key": "error", "type": "bool", "value": true }));
    }
    for (field, key) in [
        ("status", "otel.status_code"),
        ("status_message", "otel.status_description"),
        ("scope", "otel.scope.name"),
    ] {
        if let Some(text) = span
            .fields
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| *text != "unset")
        {
            let text = if field == "status" {
                text.to_uppercase()
            } else {
                text.to_owned()
            };
            tags.push(json!({ "key": key, "type": "string", "value": text }));
        }
    }
    tags
}

fn logs(span: &Span) -> Vec<Value> {
    let events = span.fields.get("events").and_then(Value::as_array);
    let one = |event: &Value| {
        let mut fields = vec![json!({ "key": "event", "type": "string", "value": event["name"] })];
        fields.extend(pairs(event["attributes"].as_object()));
        let at = event["unix_nano"].as_u64().unwrap_or_default() / 1_000;
        json!({ "timestamp": at, "fields": fields })
    };
    events.into_iter().flatten().map(one).collect()
}

fn pairs(object: Option<&Map<String, Value>>) -> Vec<Value> {
    let kind = |value: &Value| match value {
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        _ => "string",
    };
    let object = object.into_iter().flatten();
    object
        .map(|(key, value)| {
            let plain = match value {
                Value::Array(_) | Value::Object(_) => Value::from(value.to_string()),
                value => value.clone(),
            };
            json!({ "key": key, "type": kind(value), "value": plain })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, micros) in [
            ("100us", 100),
            ("1.2ms", 1_200),
            ("3s", 3_000_000),
            ("1m", 60_000_000),
            ("500ns", 0),
        ] {
            assert_eq!(duration(text), Some(micros), "{text}");
        }
        for bad in ["", "5", "ms", "1 s", "-1s", "1e400s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
