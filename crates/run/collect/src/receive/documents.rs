//! Documents: records that a client of Elasticsearch's API writes, one by one, each with an id of its own or without.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Map, Value};
use store::Record;

use super::{Error, Receiver, Refusal, hand_over};
use crate::follow::line;

/// As many as a bulk may hold.
const DOCUMENTS_MAX: usize = 100_000;

/// A document without an id gets one that grows, so that those of one instant keep the order in which they came.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// By which it is known when it is written again. It is kept as the field `_id`.
    pub id: Option<String>,
    pub fields: Map<String, Value>,
}

impl Receiver {
    /// Redacts, and returns once what was taken is durable: the id of each, or why it was refused.
    pub async fn documents(
        &self,
        stream: &str,
        documents: Vec<Document>,
    ) -> Result<Vec<Result<String, Refusal>>, Error> {
        if documents.len() > DOCUMENTS_MAX {
            return Err(Error::TooLarge {
                limit: DOCUMENTS_MAX,
                unit: "documents",
            });
        }
        let at = self.clock.now();
        let mut fates = Vec::with_capacity(documents.len());
        let mut records = Vec::new();
        for Document { id, mut fields } in documents {
            if json_bytes(&fields) > self.logs.line_max.0 {
                fates.push(Err(Refusal::TooLong));
                continue;
            }
            let named = fields
                .get(&self.logs.time_field)
                .or_else(|| fields.get("@timestamp"));
            let (stamped, _) = line::stamp(named.and_then(line::time), at);
            self.redactor.record(&mut fields);
            let key = match &id {
                Some(id) => xxhash_rust::xxh3::xxh3_128(format!("{stream}\u{0}{id}").as_bytes()),
                None => {
                    (u128::from(at.as_millis().unsigned_abs()) << 64)
                        | u128::from(NEXT.fetch_add(1, Ordering::Relaxed))
                }
            };
            let shown = id.clone().unwrap_or_else(|| format!("{key:032x}"));
            fields.extend(id.map(|id| ("_id".to_owned(), Value::String(id))));
            records.push(Record {
                id: key,
                at: stamped,
                stream: stream.to_owned(),
                fields,
            });
            fates.push(Ok(shown));
        }
        hand_over(&self.source, &self.lines, at, records).await?;
        Ok(fates)
    }
}

/// How long these fields are as JSON.
fn json_bytes(fields: &Map<String, Value>) -> u64 {
    struct Counted(u64);

    impl io::Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, fields).map_or(u64::MAX, |()| counted.0)
}
