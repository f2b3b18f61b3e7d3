//! Our indices: one for each stream and month, so that what is older than it is kept goes as a whole.

use promise::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::document;

/// A stream's part of a name may be so long; an engine takes 255 bytes in all.
const STREAM_MAX: usize = 150;
/// Fields that an index has at most; a record that would bring more is kept without being mapped.
const FIELDS_MAX: usize = 2_000;
/// Templates of the engines themselves have 100 to 200.
const PRIORITY: u32 = 500;

/// An index as `_cat/indices` tells it.
#[derive(Debug)]
pub(super) struct Index {
    pub name: String,
    pub records: u64,
    pub bytes: u64,
}

impl Index {
    pub fn read(row: &Value) -> Option<Self> {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        Some(Self {
            name: row["index"].as_str()?.to_owned(),
            records: text("docs.count").parse().unwrap_or(0),
            bytes: bytes(text("store.size")),
        })
    }
}

/// `1024`, or `1.5kb` where an engine does not know that bytes were asked for.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn bytes(text: &str) -> u64 {
    let unit = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(unit.unwrap_or(text.len()));
    let factor = match unit {
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        _ => 1.0,
    };
    (number.parse::<f64>().unwrap_or(0.0) * factor) as u64
}

/// The index of a stream's records of a month (in UTC).
pub(super) fn name(prefix: &str, stream: &str, at: Timestamp) -> String {
    let text = at.to_string();
    // Before the year 0 the engines have no months that we could write.
    let month = text.get(..7).filter(|month| is_month(month));
    let month = month.unwrap_or("0000-01").replace('-', ".");
    format!("{prefix}-{}-{month}", plain(stream))
}

/// The first and the last instant of an index, where it is one of this stream.
pub(super) fn span(prefix: &str, stream: &str, index: &str) -> Option<(Timestamp, Timestamp)> {
    let month = index
        .strip_prefix(prefix)?
        .strip_prefix('-')?
        .strip_prefix(plain(stream).as_str())?
        .strip_prefix('-')?
        .replace('.', "-");
    if !is_month(&month) {
        return None;
    }
    let (year, number): (i32, u32) = (month[..4].parse().ok()?, month[5..].parse().ok()?);
    let next = match number {
        12 => format!("{:04}-01", year + 1),
        _ => format!("{year:04}-{:02}", number + 1),
    };
    let first = |month: &str| format!("{month}-01T00:00:00Z").parse::<Timestamp>();
    let last = match first(&next) {
        Ok(next) => Timestamp::from_millis(next.as_millis() - 1),
        // December of the last year there is.
        Err(_) => Timestamp::from_millis(i64::MAX),
    };
    Some((first(&month).ok()?, last))
}

fn is_month(text: &str) -> bool {
    let is_digit = |(at, byte): (usize, u8)| match at {
        4 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 7 && text.bytes().enumerate().all(is_digit)
}

/// A stream's name as an index may have it. Two streams never share one: what had to be changed has a hash behind it.
fn plain(stream: &str) -> String {
    let may_stand =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if stream.len() <= STREAM_MAX && !stream.is_empty() && stream.chars().all(may_stand) {
        return stream.to_owned();
    }
    let letters = stream.chars().map(|c| c.to_ascii_lowercase());
    let letters = letters.map(|c| if may_stand(c) { c } else { '_' });
    let start: String = letters.take(STREAM_MAX / 2).collect();
    let hash = Sha256::digest(stream.as_bytes());
    let hash: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{start}-{hash}")
}

/// What `_index_template` is told of all of our indices.
pub(super) fn template(prefix: &str) -> Value {
    let text = json!({ "type": "text", "fields": { "keyword": { "type": "keyword", "ignore_above": 1024 } } });
    json!({
        "index_patterns": [format!("{prefix}-*")],
        "priority": PRIORITY,
        "template": {
            "settings": { "index": { "mapping": { "ignore_malformed": true, "total_fields": { "limit": FIELDS_MAX } } } },
            "mappings": {
                "date_detection": false,
                "numeric_detection": false,
                "_source": { "excludes": [document::WORDS] },
                "dynamic_templates": [{ "texts": { "match_mapping_type": "string", "mapping": text } }],
                "properties": {
                    "@timestamp": { "type": "date" },
                    "tegata": { "properties": {
                        "id": { "type": "keyword" },
                        "order": { "type": "long" },
                        "stream": { "type": "keyword" },
                        "sent_as": { "type": "keyword" },
                        "words": { "type": "keyword", "doc_values": false },
                        "record": { "type": "object", "enabled": false },
                    } },
                },
            },
        },
    })
}

/// An index of Quickwit as its own API wants it.
pub(super) fn quickwit(name: &str) -> Value {
    let keyword =
        |name: &str| json!({ "name": name, "type": "text", "tokenizer": "raw", "fast": true });
    json!({
        "version": "0.8",
        "index_id": name,
        "doc_mapping": {
            "mode": "dynamic",
            "timestamp_field": "@timestamp",
            "field_mappings": [
                { "name": "@timestamp", "type": "datetime", "input_formats": ["rfc3339"], "fast": true, "fast_precision": "milliseconds" },
                { "name": "tegata", "type": "object", "field_mappings": [
                    keyword("id"),
                    { "name": "order", "type": "i64", "fast": true },
                    keyword("stream"),
                    keyword("sent_as"),
                    { "name": "words", "type": "array<text>", "tokenizer": "raw", "stored": false },
                    { "name": "record", "type": "json", "indexed": false },
                ] },
            ],
        },
    })
}
