//! `LogStore`: JSON records by stream and time.

use std::time::Duration;

use async_trait::async_trait;
use promise::{LogQuery, Timestamp, signal::FieldValue};
use serde_json::{Map, Value};

use crate::Error;

/// One log record, already redacted.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Decides whether a record is the same one posted again: the sender's id, or a hash of where it stood.
    pub id: u128,
    pub at: Timestamp,
    pub stream: String,
    pub fields: Map<String, Value>,
}

impl Record {
    /// A field as a query sees it. `stream` is a field too; `a.b` reaches into objects.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldValue<'_>> {
        if name == "stream" {
            return Some(FieldValue::Text(&self.stream));
        }
        let mut value = self.fields.get(name);
        if value.is_none() && name.contains('.') {
            let mut parts = name.split('.');
            value = parts.next().and_then(|first| self.fields.get(first));
            for part in parts {
                value = value.and_then(|v| v.get(part));
            }
        }
        match value? {
            Value::String(text) => Some(FieldValue::Text(text)),
            Value::Number(number) => number.as_f64().map(FieldValue::Number),
            Value::Bool(truth) => Some(FieldValue::Bool(*truth)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Which records to find.
#[derive(Debug, Clone)]
pub struct Search {
    pub query: LogQuery,
    /// Exclusive, as the evidence's interval is.
    pub from: Timestamp,
    pub to: Timestamp,
    pub newest_first: bool,
    /// At most [`Search::LIMIT_MAX`].
    pub limit: usize,
}

impl Search {
    pub const LIMIT_MAX: usize = 10_000;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    pub stored: u64,
    /// Records whose id was already there.
    pub known: u64,
}

/// The port.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Stores records. Once it returns, they survive `kill -9` and are found by `search`.
    async fn append(&self, records: Vec<Record>) -> Result<Appended, Error>;

    /// Records in `(from, to]` that the query accepts, in order of time, then id.
    async fn search(&self, search: &Search) -> Result<Vec<Record>, Error>;

    /// How many records `search` would find without its limit.
    async fn count(&self, query: &LogQuery, from: Timestamp, to: Timestamp) -> Result<u64, Error>;

    /// Drops whole parts of `stream` older than `keep`, seen from `now`. Returns the bytes freed.
    async fn retain(&self, stream: &str, keep: Duration, now: Timestamp) -> Result<u64, Error>;

    /// Streams that hold records, sorted.
    async fn streams(&self) -> Result<Vec<String>, Error>;

    async fn status(&self) -> Result<Status, Error>;
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    pub records: u64,
    pub disk_bytes: u64,
    pub recovered: Vec<String>,
}
