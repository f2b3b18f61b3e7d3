//! What rules are written in, one file each.

pub mod elastalert;
pub mod one_line;
pub mod sigma;

use std::time::Duration;

use promise::document::{Node, Value};

use super::Scalar;

/// A scalar's text.
fn text(node: Option<&Node>) -> Option<&str> {
    match &node?.value {
        Value::Scalar(text) => Some(text),
        _ => None,
    }
}

fn number(node: Option<&Node>) -> Option<f64> {
    text(node)?.parse().ok().filter(|n: &f64| n.is_finite())
}

fn truth(node: Option<&Node>) -> bool {
    matches!(text(node), Some("true" | "True" | "yes"))
}

/// One text, or several.
fn texts(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| &node.value) {
        Some(Value::Scalar(one)) => vec![one.clone()],
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| text(Some(item)).map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

/// As YAML would type it.
fn scalar(text: &str) -> Scalar {
    match (text, promise::signal::log_query::number(text)) {
        ("true" | "True", _) => Scalar::Bool(true),
        ("false" | "False", _) => Scalar::Bool(false),
        (_, Some(n)) => Scalar::Number(n),
        _ => Scalar::Text(text.to_owned()),
    }
}

/// `{minutes: 5, seconds: 30}`.
fn stretch(node: Option<&Node>) -> Option<Duration> {
    let Value::Map(entries) = &node?.value else {
        return None;
    };
    let mut total = 0.0;
    for (key, value) in entries {
        let each = match key.name.as_str() {
            "milliseconds" => 0.001,
            "seconds" => 1.0,
            "minutes" => 60.0,
            "hours" => 3_600.0,
            "days" => 86_400.0,
            "weeks" => 604_800.0,
            _ => return None,
        };
        total += each * number(Some(value))?;
    }
    Duration::try_from_secs_f64(total).ok()
}

/// A node as JSON, for what is written in Elasticsearch's own language.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null | Value::Unreadable => serde_json::Value::Null,
        Value::Scalar(text) => match scalar(text) {
            Scalar::Bool(truth) => truth.into(),
            // Written as it stands, so that no digit is lost.
            Scalar::Number(_) | Scalar::Text(_) => text.clone().into(),
        },
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => serde_json::Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.name.clone(), json(value)))
                .collect(),
        ),
    }
}
