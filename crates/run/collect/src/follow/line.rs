//! One line becomes one record: parsed, stamped, redacted.

use std::time::Duration;

use promise::Timestamp;
use serde_json::{Map, Value};
use spec::section::source::Logs;
use store::Record;

use crate::{receive::Refusal, redact::Redactor, scrape::FUTURE_MAX};

/// The line is not kept.
pub(crate) struct Refused(pub Refusal);

/// What is worth counting about a record that was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    pub is_plain: bool,
    pub is_untimed: bool,
    pub is_future: bool,
}

/// Where a line comes from.
pub(crate) struct Origin<'l> {
    /// Where it stood, for its id.
    pub place: String,
    pub logs: &'l Logs,
    /// When it was read.
    pub at: Timestamp,
    pub redactor: &'l Redactor,
}

/// A record from a line that must be a JSON object.
pub(crate) fn structured(line: &[u8], from: &Origin<'_>) -> Result<Record, Refused> {
    let fields = match serde_json::from_str(checked(line, from.logs)?) {
        Ok(Value::Object(fields)) => fields,
        _ => return Err(Refused(Refusal::NotAnObject)),
    };
    Ok(record(line, fields, &from.logs.time_field, from).0)
}

/// A record from any line; one that is no JSON object is kept as its message.
pub(crate) fn any(line: &[u8], from: &Origin<'_>) -> Result<(Record, Notes), Refused> {
    let text = checked(line, from.logs)?;
    let (fields, is_plain) = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => (fields, false),
        _ => (
            Map::from_iter([("message".to_owned(), Value::String(text.to_owned()))]),
            true,
        ),
    };
    let (record, notes) = record(line, fields, &from.logs.time_field, from);
    Ok((record, Notes { is_plain, ..notes }))
}

fn checked<'l>(line: &'l [u8], logs: &Logs) -> Result<&'l str, Refused> {
    if line.len() as u64 > logs.line_max.0 {
        return Err(Refused(Refusal::TooLong));
    }
    std::str::from_utf8(line).map_err(|_| Refused(Refusal::NotUtf8))
}

/// The record of a line that was read: `time_field` names the field that holds its time.
pub(crate) fn record(
    line: &[u8],
    mut fields: Map<String, Value>,
    time_field: &str,
    from: &Origin<'_>,
) -> (Record, Notes) {
    // What shippers call it, where the spec's own name for it is not there.
    let named = fields.get(time_field).or_else(|| fields.get("@timestamp"));
    let own = named.and_then(time);
    let (stamped, notes) = stamp(own, from.at);
    from.redactor.record(&mut fields);
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(from.place.as_bytes());
    hash.update(&[0]);
    hash.update(line);
    (
        Record {
            id: hash.digest128(),
            at: stamped,
            stream: from.logs.stream.clone(),
            fields,
        },
        notes,
    )
}

/// When a record counts that says `own` and arrives at `at`.
pub(crate) fn stamp(own: Option<Timestamp>, at: Timestamp) -> (Timestamp, Notes) {
    let is_future = own.is_some_and(|own| own > at + FUTURE_MAX);
    let notes = Notes {
        is_plain: false,
        is_untimed: own.is_none(),
        is_future,
    };
    // What the record says of its time stays in it, so nothing is lost by clamping.
    (own.filter(|_| !is_future).unwrap_or(at), notes)
}

/// RFC 3339, or Unix time; its unit is told by its size, which is plain for the years 1973 to 5138.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) => number,
            Err(_) => return text.trim().parse().ok(),
        },
        _ => return None,
    };
    let size = number.abs();
    let millis = if size < 1e11 {
        number * 1e3
    } else if size < 1e14 {
        number
    } else if size < 1e17 {
        number / 1e3
    } else if size < 1e20 {
        number / 1e6
    } else {
        return None;
    };
    #[allow(clippy::cast_possible_truncation)]
    Some(Timestamp::from_millis(millis.round() as i64))
}

/// A source is silent when nothing came for this long; `None` never is.
pub(crate) fn is_silent(last: Timestamp, now: Timestamp, limit: Option<Duration>) -> bool {
    limit.is_some_and(|limit| now.since(last) > limit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_every_usual_form() {
        // 2026-11-22T00:00:00Z is 1 795 305 600 s: 20 779 days after 1970-01-01, times 86 400.
        let expected = Some(Timestamp::from_millis(20_779 * 86_400 * 1000));
        for value in [
            json!("2026-11-22T00:00:00Z"),
            json!("2026-11-22T09:00:00+09:00"),
            json!(1_795_305_600),
            json!(1_795_305_600.0),
            json!("1795305600"),
            json!(1_795_305_600_000_i64),
            json!(1_795_305_600_000_000_i64),
            json!(1_795_305_600_000_000_000_i64),
        ] {
            assert_eq!(time(&value), expected, "{value}");
        }
        assert_eq!(time(&json!("yesterday")), None);
        assert_eq!(time(&json!(null)), None);
    }
}
