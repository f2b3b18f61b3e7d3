//! What is answered: Prometheus's envelopes, and floats as it prints them.

use ::promise::Timestamp;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

/// Why there is no answer, in Prometheus's words.
#[derive(Debug)]
pub(super) enum Failure {
    /// The question is wrong.
    BadData(String),
    /// The question is right but has no answer over these series.
    Execution(String),
    Timeout(String),
    Internal(String),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

pub(super) fn reply(answer: Result<Value, Failure>) -> Response {
    let failure = match answer {
        Ok(data) => return Json(json!({ "status": "success", "data": data })).into_response(),
        Err(failure) => failure,
    };
    let (status, kind, why) = match failure {
        Failure::BadData(why) => (StatusCode::BAD_REQUEST, "bad_data", why),
        Failure::Execution(why) => (StatusCode::UNPROCESSABLE_ENTITY, "execution", why),
        Failure::Timeout(why) => (StatusCode::SERVICE_UNAVAILABLE, "timeout", why),
        Failure::Internal(cause) => {
            // The cause may name files of this machine, so it stays in the log.
            tracing::error!(%cause, "a query could not be answered");
            let why = "something went wrong inside; the log says what".to_owned();
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", why)
        }
    };
    let body = json!({ "status": "error", "errorType": kind, "error": why });
    (status, Json(body)).into_response()
}

/// The `data` of an answer; `at` is the instant of a scalar or text, which carry none.
pub(super) fn value(value: &promql::Value, at: Timestamp) -> Value {
    use promql::Value as Kind;
    let (kind, result) = match value {
        Kind::Scalar(n) => ("scalar", point(at.as_millis(), &plain(*n))),
        Kind::String(text) => ("string", point(at.as_millis(), text)),
        Kind::Vector(samples) => {
            let shown = samples.iter().filter_map(|sample| {
                let value = sample.value.float()?;
                Some(json!({ "metric": metric(&sample.labels), "value": point(at.as_millis(), &float(value)) }))
            });
            ("vector", shown.collect())
        }
        Kind::Matrix(all) => {
            let shown = all.iter().map(|series| {
                let points = series
                    .samples
                    .iter()
                    .map(|s| point(s.at.as_millis(), &float(s.value)));
                json!({ "metric": metric(&series.labels), "values": points.collect::<Vec<_>>() })
            });
            ("matrix", shown.collect())
        }
    };
    json!({ "resultType": kind, "result": result })
}

fn metric(labels: &promql::Labels) -> Value {
    let pairs = labels
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// Seconds as a number, the value as text, for JSON has no NaN.
#[allow(clippy::cast_precision_loss)]
fn point(millis: i64, text: &str) -> Value {
    match millis % 1_000 {
        0 => json!([millis / 1_000, text]),
        _ => json!([millis as f64 / 1_000.0, text]),
    }
}

/// The shortest text that reads back as the same float, without an exponent: how Prometheus writes a scalar.
fn plain(n: f64) -> String {
    if n.is_infinite() {
        return if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    n.to_string()
}

/// The same with an exponent where the number is very small or large: how Prometheus writes a sample.
fn float(n: f64) -> String {
    if n == 0.0 || !n.is_finite() || (1e-6..1e21).contains(&n.abs()) {
        return plain(n);
    }
    // Rust writes `1e-7` where Go writes `1e-07`.
    let text = format!("{n:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_a_real_prometheus_writes_them() {
        // Prometheus 2.42 answered so when asked for `vector(…)` of each.
        for (n, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (16_777_216_000.0, "16777216000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e-7, "1.25e-07"),
            (0.000_001, "0.000001"),
            (1e100, "1e+100"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(float(n), text);
        }
        // And so when asked for the literal alone, which is a scalar.
        assert_eq!(plain(1.25e-7), "0.000000125");
        assert_eq!(plain(1e21), "1000000000000000000000");
        assert_eq!(plain(f64::INFINITY), "+Inf");
    }
}
