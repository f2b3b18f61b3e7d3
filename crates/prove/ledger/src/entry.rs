//! One entry: what happened, about what, when. Stored as one line of JSON with sorted keys.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::Error,
    limit::{BODY_DEPTH, ENTRY_BYTES, INDEX_BYTES},
    personal::{self, Opening},
};

/// An entry that has no place yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// When it happened, RFC 3339.
    pub at: String,
    /// What it is: `transition`, `page`, `spec`, …
    pub kind: String,
    /// What it is about: a promise, an incident, a source.
    pub about: String,
    /// What of it is about a person is marked by [`personal`](crate::personal), and can be erased later.
    pub body: Value,
}

/// An entry at its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub index: u64,
    pub at: String,
    pub kind: String,
    pub about: String,
    pub body: Value,
}

impl NewEntry {
    /// The line without its beginning, which holds the index; and what lies beside it.
    pub(crate) fn rest_of_line(&self) -> Result<Rest, Error> {
        if depth_over(&self.body, BODY_DEPTH) {
            return Err(Error::TooDeep {
                kind: self.kind.clone(),
                limit: BODY_DEPTH,
            });
        }
        let mut line = String::with_capacity(256);
        let mut openings = Vec::new();
        for (name, text) in [("about", &self.about), ("at", &self.at)] {
            write_text(&mut line, name);
            line.push(':');
            write_text(&mut line, text);
            line.push(',');
        }
        line.push_str("\"body\":");
        write_canonical(&mut line, &self.body, &mut openings);
        line.push_str(",\"kind\":");
        write_text(&mut line, &self.kind);
        line.push('}');
        let bytes = line.len() + INDEX_BYTES;
        if bytes > ENTRY_BYTES {
            return Err(Error::TooLarge {
                kind: self.kind.clone(),
                bytes,
                limit: ENTRY_BYTES,
            });
        }
        Ok(Rest { line, openings })
    }
}

/// An entry that only lacks its index.
pub(crate) struct Rest {
    pub line: String,
    pub openings: Vec<Opening>,
}

/// The whole line. The index stands first: it is what a person looks for.
pub(crate) fn line(index: u64, rest: &str) -> Box<[u8]> {
    format!("{{\"index\":{index},{rest}").into_bytes().into()
}

/// Reads a stored line.
pub(crate) fn parse(bytes: &[u8]) -> Result<Entry, serde_json::Error> {
    serde_json::from_slice(bytes)
}

fn depth_over(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(items) => left == 0 || items.iter().any(|item| depth_over(item, left - 1)),
        Value::Object(map) => left == 0 || map.values().any(|item| depth_over(item, left - 1)),
        _ => false,
    }
}

/// The same value always gives the same bytes: keys are sorted, whatever order the map keeps them in.
fn write_canonical(line: &mut String, value: &Value, openings: &mut Vec<Opening>) {
    match value {
        Value::Array(items) => {
            line.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    line.push(',');
                }
                write_canonical(line, item, openings);
            }
            line.push(']');
        }
        Value::Object(map) => {
            if let Some(commitment) = personal::commit(map, openings) {
                line.push_str(&format!("{{\"{}\":\"{commitment}\"}}", personal::COMMITTED));
                return;
            }
            let is_alike = personal::looks_committed(map);
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(name, _)| name.as_str());
            line.push('{');
            for (i, (name, item)) in pairs.into_iter().enumerate() {
                if i > 0 {
                    line.push(',');
                }
                // Somebody else's field of that name must not be taken for one of ours.
                if is_alike {
                    write_text(line, &format!("_{name}"));
                } else {
                    write_text(line, name);
                }
                line.push(':');
                write_canonical(line, item, openings);
            }
            line.push('}');
        }
        Value::String(text) => write_text(line, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => line.push_str(&value.to_string()),
    }
}

/// As serde_json writes it; most texts hold nothing that JSON escapes, and are copied as they are.
fn write_text(line: &mut String, text: &str) {
    let is_plain = text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if is_plain {
        line.push('"');
        line.push_str(text);
        line.push('"');
    } else {
        line.push_str(&Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn entry(body: Value) -> NewEntry {
        NewEntry {
            at: "2026-11-22T00:00:00Z".into(),
            kind: "note".into(),
            about: "支払い".into(),
            body,
        }
    }

    #[test]
    fn keys_are_sorted_at_every_depth_and_the_line_is_one_line() {
        let rest = entry(json!({"b": [{"z": 1, "a": "x\ny"}], "a": null}))
            .rest_of_line()
            .unwrap()
            .line;
        let line = String::from_utf8(line(7, &rest).into()).unwrap();
        assert_eq!(
            line,
            r#"{"index":7,"about":"支払い","at":"2026-11-22T00:00:00Z","body":{"a":null,"b":[{"a":"x\ny","z":1}]},"kind":"note"}"#
        );
        assert_eq!(
            parse(line.as_bytes()).unwrap().body,
            json!({"a": null, "b": [{"a": "x\ny", "z": 1}]})
        );
    }

    #[test]
    fn a_text_is_written_as_serde_json_writes_it() {
        for code in (0..0x300).chain([0x7f, 0x2028, 0x1_f600]) {
            let Some(c) = char::from_u32(code) else {
                continue;
            };
            let text = format!("a{c}b");
            let mut line = String::new();
            write_text(&mut line, &text);
            assert_eq!(line, serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn an_entry_of_just_the_limit_is_taken_and_one_byte_more_is_refused_whole() {
        let empty = entry(json!("")).rest_of_line().unwrap().line.len() + INDEX_BYTES;
        let fits = entry(json!("x".repeat(ENTRY_BYTES - empty)));
        assert!(line(u64::MAX, &fits.rest_of_line().unwrap().line).len() <= ENTRY_BYTES);
        let over = entry(json!("x".repeat(ENTRY_BYTES - empty + 1)));
        assert!(matches!(
            over.rest_of_line(),
            Err(Error::TooLarge { bytes: 65_536, .. })
        ));
    }

    #[test]
    fn a_body_too_deep_to_be_read_again_is_refused() {
        let deep = (0..=BODY_DEPTH).fold(json!(1), |inner, _| json!([inner]));
        assert!(matches!(
            entry(deep).rest_of_line(),
            Err(Error::TooDeep { .. })
        ));
    }
}
