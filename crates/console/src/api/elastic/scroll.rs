//! Scrolls and points in time. Both are all in their ids: which indices, up to when, and where the last page ended.
//! Nothing is held for them here, so nothing runs out, and closing one is a courtesy.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use promise::Timestamp;
use search::Key;
use serde_json::{Value, json};

use super::{
    Ask,
    expression::resolve,
    problem::{Answer, Problem},
    search::Found,
};

/// An id holds the request; a longer one would not come back in an address.
const ID_BYTES_MAX: usize = 256 << 10;

fn packed(value: &Value) -> Result<String, Problem> {
    let text = value.to_string();
    if text.len() > ID_BYTES_MAX {
        return Err(Problem::illegal(format!(
            "a request of more than {ID_BYTES_MAX} bytes cannot be scrolled"
        )));
    }
    Ok(BASE64_URL_SAFE_NO_PAD.encode(text))
}

fn unpacked(id: &str) -> Result<Value, Problem> {
    let read = BASE64_URL_SAFE_NO_PAD
        .decode(id)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| Problem::illegal("Cannot parse scroll id or point in time"))
}

fn streams(value: &Value) -> Vec<String> {
    value["s"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// `POST index/_pit`: what has come until now.
pub(super) async fn open(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let streams = resolve(ask, index).await?;
    let id = packed(&json!({ "s": streams, "t": ask.room.desk.clock.now().as_millis() }))?;
    Ok(
        json!({ "id": id, "_shards": { "total": 1, "successful": 1, "skipped": 0, "failed": 0 } })
            .into(),
    )
}

pub(super) fn opened(id: &str) -> Result<(Vec<String>, Option<Timestamp>), Problem> {
    let value = unpacked(id)?;
    Ok((
        streams(&value),
        value["t"].as_i64().map(Timestamp::from_millis),
    ))
}

pub(super) fn end() -> Answer {
    json!({ "succeeded": true, "num_freed": 0 }).into()
}

/// The id with which the next page is asked for.
pub(super) fn id(streams: &[String], body: &Value, found: &Found) -> Result<String, Problem> {
    let mut body = body.clone();
    if let Some(body) = body.as_object_mut() {
        // Sums are told once, and pages follow each other.
        for name in ["aggs", "aggregations", "from", "pit"] {
            body.shift_remove(name);
        }
    }
    packed(&json!({ "s": streams, "b": body, "l": last(found) }))
}

fn last(found: &Found) -> Value {
    found.last.as_ref().map_or(Value::Null, |(keys, at, id)| {
        let keys: Vec<Value> = keys.iter().map(key_to_json).collect();
        json!({ "k": keys, "a": at.as_millis(), "i": format!("{id:032x}") })
    })
}

/// With its kind: a text that looks like a number stays a text.
fn key_to_json(key: &Key) -> Value {
    match key {
        Key::Missing => Value::Null,
        Key::Number(n) => json!(n.to_bits()),
        Key::Text(text) => json!(text),
    }
}

fn key_of(value: &Value) -> Key {
    match value {
        Value::String(text) => Key::Text(text.clone()),
        value => value
            .as_u64()
            .map_or(Key::Missing, |bits| Key::Number(f64::from_bits(bits))),
    }
}

pub(super) async fn next(ask: &Ask) -> Result<Answer, Problem> {
    let body = ask.json()?;
    let in_path = ask.parts.get(2).map(String::as_str);
    let Some(given) = body["scroll_id"]
        .as_str()
        .or_else(|| ask.param("scroll_id"))
        .or(in_path)
    else {
        return Err(Problem::illegal("scrollId is missing"));
    };
    let value = unpacked(given)?;
    let place = &value["l"];
    let after = place["a"].as_i64().map(|at| {
        let keys = place["k"]
            .as_array()
            .into_iter()
            .flatten()
            .map(key_of)
            .collect();
        let id = place["i"]
            .as_str()
            .and_then(|id| u128::from_str_radix(id, 16).ok())
            .unwrap_or(0);
        (keys, Timestamp::from_millis(at), id)
    });
    let until = value["t"].as_i64().map(Timestamp::from_millis);
    let was_empty = after.is_none();
    let mut found = Found::search(ask, &streams(&value), &value["b"], until, after).await?;
    if was_empty {
        found.json["hits"]["hits"] = json!([]);
    }
    let mut next = value.clone();
    if found.last.is_some() {
        next["l"] = last(&found);
    }
    found.json["_scroll_id"] = packed(&next)?.into();
    Ok(found.json.into())
}
