//! Chosen columns of the records that a query means: what counts, histograms and groups are made from.
//!
//! A store that keeps columns gives them as they lie, so that a group by a field of few values is a walk
//! over small numbers, and nothing makes records that nobody reads.

use std::sync::Arc;

use promise::{LogQuery, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Record, each_value};
use crate::Error;

/// Which columns of which records.
#[derive(Debug, Clone)]
pub struct Scan {
    pub query: LogQuery,
    /// Exclusive.
    pub from: Timestamp,
    pub to: Timestamp,
    /// Names as a query has them. Where a record has several values under a name they are given as a list; an
    /// object or `null` is none.
    pub columns: Vec<String>,
}

/// Records of one stream, column by column. Their order is the store's own.
#[derive(Debug, Clone)]
pub struct Batch {
    pub stream: Arc<str>,
    pub at: Vec<Timestamp>,
    /// As many, and in the same order, as were asked for.
    pub columns: Vec<Cells>,
}

/// One column of a batch: a cell for each record.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// No record has the field.
    Absent,
    /// Few values: each record has the place of its own in `values`, or [`Cells::NONE`].
    Dictionary {
        values: Vec<Value>,
        codes: Vec<u32>,
    },
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Values(Vec<Option<Value>>),
}

impl Cells {
    /// The code of a record that does not have the field.
    pub const NONE: u32 = u32::MAX;

    /// A record's value, by its place in the batch.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Dictionary { values, codes } => values.get(*codes.get(row)? as usize).cloned(),
            Self::Integers(all) => all.get(row)?.map(Value::from),
            Self::Floats(all) => all.get(row)?.map(Value::from),
            Self::Values(all) => all.get(row)?.clone(),
        }
    }
}

impl Batch {
    /// A batch of records that are of one stream.
    #[must_use]
    pub fn of(stream: &str, records: &[Record], columns: &[String]) -> Self {
        let cells = |name: &String| {
            let values: Vec<_> = records.iter().map(|r| value(r, name)).collect();
            if values.iter().all(Option::is_none) {
                Cells::Absent
            } else {
                Cells::Values(values)
            }
        };
        Self {
            stream: stream.into(),
            at: records.iter().map(|record| record.at).collect(),
            columns: columns.iter().map(cells).collect(),
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
}

/// All values under a name: one as it is, several as a list.
pub(crate) fn value(record: &Record, name: &str) -> Option<Value> {
    match name {
        "stream" | "_index" => return Some(Value::from(record.stream.as_str())),
        "@timestamp" => return Some(Value::from(record.at.as_millis())),
        "_id" => return Some(Value::from(format!("{:032x}", record.id))),
        _ => {}
    }
    let mut all = Vec::new();
    each_value(&record.fields, name, &mut |value| {
        if !matches!(value, Value::Null | Value::Object(_)) {
            all.push(value.clone());
        }
        false
    });
    match all.len() {
        0 | 1 => all.pop(),
        _ => Some(Value::Array(all)),
    }
}

/// Batches that wait for whoever reads them: a store is never further ahead than this.
const WAITING_MAX: usize = 4;

/// What a scan gives, batch by batch. Dropping it ends the scan.
#[derive(Debug)]
pub struct Batches(mpsc::Receiver<Result<Batch, Error>>);

impl Batches {
    /// The next batch; `None` after the last one. After an error there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Batch, Error>> {
        self.0.recv().await
    }

    /// All that are `ready`.
    #[must_use]
    pub fn ready(batches: Vec<Batch>) -> Self {
        let (sender, receiver) = mpsc::channel(batches.len().max(1));
        for batch in batches {
            // There is room for each.
            let _ = sender.try_send(Ok(batch));
        }
        Self(receiver)
    }

    /// Those that a task will send.
    pub(super) fn channel() -> (mpsc::Sender<Result<Batch, Error>>, Self) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (sender, Self(receiver))
    }

    /// Those that `work` tells, where it may block. It should end once nobody listens, which the answer to
    /// a batch says.
    pub(super) fn told_by(
        work: impl FnOnce(&mut dyn FnMut(Batch) -> bool) -> Result<(), Error> + Send + 'static,
    ) -> Self {
        let (sender, batches) = Self::channel();
        tokio::task::spawn_blocking(move || {
            let mut tell = |batch| sender.blocking_send(Ok(batch)).is_ok();
            if let Err(error) = work(&mut tell) {
                // Whoever no longer listens needs no answer.
                let _ = sender.blocking_send(Err(error));
            }
        });
        batches
    }
}
