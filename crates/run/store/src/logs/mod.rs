//! `LogStore`: JSON records by stream and time.

#[doc(hidden)]
pub mod contract;
mod elastic;
mod embedded;
mod hold;
mod keep;
mod parquet;
mod scan;

pub use elastic::{ElasticLogs, ElasticOptions};
pub use embedded::{EmbeddedLogs, Options};
pub use keep::{Deleted, Deletion, Departed, Export, Exported, Hold, Seal, Sealed, Why, holds};
pub(crate) use scan::value;
pub use scan::{Batch, Batches, Cells, Scan};

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{
    LogQuery, Timestamp,
    signal::{FieldValue, Fields},
};
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
    /// Whether `query` means this record.
    #[must_use]
    pub fn matches(&self, query: &LogQuery) -> bool {
        query.accepts(self)
    }

    /// A field's first value, as a query sees it. `stream` and `@timestamp` are fields too; `a.b` reaches into objects.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldValue<'_>> {
        match name {
            "stream" | "_index" => return Some(FieldValue::Text(&self.stream)),
            "@timestamp" => return Some(FieldValue::Time(self.at)),
            _ => {}
        }
        let mut first = None;
        each_value(&self.fields, name, &mut |value| {
            first = plain(value);
            first.is_some()
        });
        first
    }
}

impl Fields for Record {
    fn any_value(&self, field: &str, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        match field {
            "stream" | "_index" => test(FieldValue::Text(&self.stream)),
            "@timestamp" => test(FieldValue::Time(self.at)),
            // Its sender's own id too, where it gave one.
            "_id" => {
                test(FieldValue::Text(&format!("{:032x}", self.id)))
                    || each_value(&self.fields, field, &mut |value| {
                        plain(value).is_some_and(&mut *test)
                    })
            }
            _ => each_value(&self.fields, field, &mut |value| {
                plain(value).is_some_and(&mut *test)
            }),
        }
    }

    fn any_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.fields.values().any(|value| any_text(value, test))
    }

    fn has(&self, field: &str) -> bool {
        matches!(field, "stream" | "_index" | "@timestamp" | "_id")
            || each_value(&self.fields, field, &mut |value| {
                // An object that holds nothing is nothing, as in Elasticsearch.
                !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty())
            })
    }
}

/// A single value as a query sees it.
#[must_use]
pub fn plain(value: &Value) -> Option<FieldValue<'_>> {
    match value {
        Value::String(text) => Some(FieldValue::Text(text)),
        Value::Number(number) => number.as_f64().map(FieldValue::Number),
        Value::Bool(truth) => Some(FieldValue::Bool(*truth)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Gives what stands under `name` to `test` until it says yes: each item of a list, and of the objects in a list what
/// they hold under the rest of the name. A name with dots may be one key, or keys within each other.
pub(crate) fn each_value<'v>(
    fields: &'v Map<String, Value>,
    name: &str,
    test: &mut dyn FnMut(&'v Value) -> bool,
) -> bool {
    if let Some(value) = get(fields, name)
        && each_item(value, test)
    {
        return true;
    }
    let bytes = name.bytes().enumerate();
    let mut dots = bytes.filter_map(|(at, byte)| (byte == b'.').then_some(at));
    dots.any(|dot| match get(fields, &name[..dot]) {
        Some(value) => each_item(value, &mut |item| {
            item.as_object()
                .is_some_and(|inner| each_value(inner, &name[dot + 1..], test))
        }),
        None => false,
    })
}

/// Names of so many fields are compared one by one sooner than one of them is hashed.
const FEW: usize = 24;

fn get<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if fields.len() > FEW {
        return fields.get(name);
    }
    let mut pairs = fields.iter();
    pairs.find_map(|(other, value)| (other == name).then_some(value))
}

fn each_item<'v>(value: &'v Value, test: &mut dyn FnMut(&'v Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| each_item(item, test)),
        value => test(value),
    }
}

/// Whether a text in `value`, however deep, passes. JSON that was parsed is at most 128 levels deep.
pub(crate) fn any_text(value: &Value, test: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::String(text) => test(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, test)),
        Value::Object(fields) => fields.values().any(|field| any_text(field, test)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
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
    /// Only what comes after this place in the order asked for, to go on where an answer ended.
    pub after: Option<(Timestamp, u128)>,
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

    /// The same for records that others look at too.
    async fn append_shared(&self, records: Arc<[Record]>) -> Result<Appended, Error> {
        self.append(records.to_vec()).await
    }

    /// Records in `(from, to]` that the query accepts, in order of time, then id; in the opposite order
    /// where the newest come first.
    async fn search(&self, search: &Search) -> Result<Vec<Record>, Error>;

    /// How many records `search` would find without its limit.
    async fn count(&self, query: &LogQuery, from: Timestamp, to: Timestamp) -> Result<u64, Error>;

    /// Chosen columns of the records that `search` would find, without limit and in no particular order.
    async fn scan(&self, scan: &Scan) -> Result<Batches, Error>;

    /// Drops whole parts of `stream` older than `keep`, seen from `now`. Returns the bytes freed.
    async fn retain(&self, stream: &str, keep: Duration, now: Timestamp) -> Result<u64, Error>;

    /// Deletes by query. Once it returns, nothing that was deleted is found, also after `kill -9`; from the disk it
    /// goes with the next merge. What is held stays.
    async fn delete(&self, _: &Deletion) -> Result<Deleted, Error> {
        Err(Error::Unsupported("deleting log records"))
    }

    /// Adds a legal hold, or changes the one of its name.
    async fn hold(&self, _: Hold) -> Result<(), Error> {
        Err(Error::Unsupported("legal holds"))
    }

    /// Ends a hold. Whether there was one.
    async fn release(&self, _: &str) -> Result<bool, Error> {
        Err(Error::Unsupported("legal holds"))
    }

    async fn holds(&self) -> Result<Vec<Hold>, Error> {
        Err(Error::Unsupported("legal holds"))
    }

    /// Closes what is still open, and tells by what each part is known, and why those that were told before are gone:
    /// a ledger that holds these sums makes every record's change noticeable.
    async fn seal(&self) -> Result<Sealed, Error> {
        Err(Error::Unsupported("seals"))
    }

    /// Copies records to a Parquet file for the cold; they stay here too, until retention drops them. A file of
    /// this name is replaced once the new one is whole.
    async fn export(&self, _: &Export) -> Result<Exported, Error> {
        Err(Error::Unsupported("exporting log records"))
    }

    /// Reads everything and sets aside what is not what was written. What was found wrong since it was opened.
    async fn verify(&self) -> Result<Vec<String>, Error> {
        Err(Error::Unsupported("verifying"))
    }

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

/// The store that `backend` names, kept in `folder`.
pub fn open(backend: &str, folder: &Path) -> Result<Arc<dyn LogStore>, Error> {
    match backend {
        "embedded" => Ok(Arc::new(EmbeddedLogs::open(folder)?)),
        _ => Err(Error::NoSuchBackend {
            port: "log",
            name: backend.to_owned(),
        }),
    }
}
