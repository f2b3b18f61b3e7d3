//! A record as a document, and back.
//!
//! ```json
//! { "@timestamp": "2026-01-05T00:00:01.000Z", "status": "failed", "amount": 1200,
//!   "tegata": { "id": "0…01", "order": 0, "stream": "payment_log", "words": ["failed", "#1200"] } }
//! ```
//!
//! Where the record cannot be mapped (its fields are called as ours are, or an engine refuses them beside those of other
//! records: a text here and an object there, too many of them) it stands whole under `tegata.record`, which engines keep
//! without looking into it. It is found all the same, by its time, its stream and its words.

use std::collections::BTreeSet;

use promise::signal::log_query::{fold, words};
use serde_json::{Map, Value, json};

use crate::{Error, logs::Record};

pub(super) const TIME: &str = "@timestamp";
pub(super) const ID: &str = "tegata.id";
pub(super) const ORDER: &str = "tegata.order";
pub(super) const STREAM: &str = "tegata.stream";
pub(super) const WORDS: &str = "tegata.words";
const OURS: &str = "tegata";
/// The id that its sender gave a record, where it gave one.
const SENT_AS: &str = "_id";

/// A word is known by so many of its letters; engines take terms of 32,766 bytes.
const WORD_MAX: usize = 256;

/// Whether a record's fields stand where others look for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Mapped,
    Unmapped,
}

/// A document that is ready to be sent.
pub(super) struct Document {
    pub form: Form,
    action: Vec<u8>,
    source: Vec<u8>,
    index: String,
    record: Record,
}

impl Document {
    pub fn of(record: Record, index: String) -> Result<Self, Error> {
        let is_ours = |name: &str| record.fields.contains_key(name);
        let form = match [TIME, OURS].into_iter().any(is_ours) {
            true => Form::Unmapped,
            false => Form::Mapped,
        };
        Self::in_form(record, index, form)
    }

    fn in_form(record: Record, index: String, form: Form) -> Result<Self, Error> {
        let action = json!({ "create": { "_index": index, "_id": id(record.id) } });
        let mut ours = json!({
            "id": id(record.id),
            "order": order(record.id),
            "stream": record.stream,
            "words": words_of(&record.fields),
        });
        let mut source = Map::from_iter([(TIME.to_owned(), Value::from(record.at.to_string()))]);
        match form {
            Form::Mapped => {
                source.extend(record.fields.clone());
                // Engines have a field of this name themselves.
                if let Some(sent) = source.shift_remove(SENT_AS) {
                    ours["sent_as"] = sent;
                }
            }
            Form::Unmapped => ours["record"] = Value::Object(record.fields.clone()),
        }
        source.insert(OURS.to_owned(), ours);
        let written = |value: &Value| {
            serde_json::to_vec(value).map_err(|why| Error::Refused(why.to_string()))
        };
        Ok(Self {
            form,
            action: written(&action)?,
            source: written(&Value::Object(source))?,
            index,
            record,
        })
    }

    /// The same record, kept without being mapped.
    pub fn unmapped(&self) -> Result<Self, Error> {
        Self::in_form(self.record.clone(), self.index.clone(), Form::Unmapped)
    }

    pub fn bytes(&self) -> usize {
        self.action.len() + self.source.len() + 2
    }

    /// Two lines of a bulk.
    pub fn write(&self, out: &mut Vec<u8>) {
        for line in [&self.action, &self.source] {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
}

/// The record that a document is; `None` where it is none of ours.
pub(super) fn read(source: Value) -> Option<Record> {
    let Value::Object(mut fields) = source else {
        return None;
    };
    let at = fields.shift_remove(TIME)?.as_str()?.parse().ok()?;
    let mut ours = fields.shift_remove(OURS)?;
    let id = u128::from_str_radix(ours["id"].as_str()?, 16).ok()?;
    let stream = ours["stream"].as_str()?.to_owned();
    if let Value::Object(record) = ours["record"].take() {
        fields = record;
    } else if let sent @ (Value::String(_) | Value::Number(_)) = ours["sent_as"].take() {
        fields.insert(SENT_AS.to_owned(), sent);
    }
    Some(Record {
        id,
        at,
        stream,
        fields,
    })
}

/// Means these records of a stream and no others.
pub(super) fn just(stream: &str, records: &[Record]) -> Value {
    let ids: Vec<Value> = records.iter().map(|record| id(record.id).into()).collect();
    let times = records.iter().map(|record| record.at);
    let (first, last) = (times.clone().min(), times.max());
    json!({ "bool": { "filter": [
        { "term": { STREAM: stream } },
        { "terms": { ID: ids } },
        { "range": { TIME: { "gte": first, "lte": last } } },
    ] } })
}

pub(super) fn id(id: u128) -> String {
    format!("{id:032x}")
}

/// The first digits of an id, as a number: Quickwit sorts by numbers only. Records of one instant that share these are
/// put in order where they are read.
pub(super) fn order(id: u128) -> i64 {
    // So that every reader of JSON holds it exactly.
    i64::try_from(id >> 76).unwrap_or(i64::MAX)
}

/// What of a record the engine finds it by: the words of its texts, and its numbers and truths.
fn words_of(fields: &Map<String, Value>) -> BTreeSet<String> {
    fn walk(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::Null => {}
            Value::String(text) => out.extend(words(&fold(text)).map(word)),
            Value::Number(number) => out.extend(number.as_f64().map(self::number)),
            Value::Bool(truth) => {
                out.insert(self::truth(*truth));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
            Value::Object(fields) => fields.values().for_each(|field| walk(field, out)),
        }
    }
    let mut out = BTreeSet::new();
    fields.values().for_each(|value| walk(value, &mut out));
    out
}

/// A word as it is entered.
pub(super) fn word(word: &str) -> String {
    word.chars().take(WORD_MAX).collect()
}

/// A number as it is entered: no word begins with `#`.
pub(super) fn number(number: f64) -> String {
    // -0 is 0.
    format!("#{}", number + 0.0)
}

pub(super) fn truth(truth: bool) -> String {
    format!("#{truth}")
}
