//! A row: a record as it lies in the log, in memory and in blocks, its fields still JSON.

use std::sync::Arc;

use promise::Timestamp;

use crate::{
    Error, Record,
    wire::{Reader, put_signed, put_varint},
};

/// One record; what a request body may carry at most is far below.
const ROW_MAX: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub id: u128,
    pub at: i64,
    /// A JSON object.
    pub fields: Arc<[u8]>,
}

impl Row {
    pub fn of(record: &Record) -> Result<Self, Error> {
        let fields = serde_json::to_vec(&record.fields).map_err(|e| Error::Query(e.to_string()))?;
        if fields.len() > ROW_MAX {
            return Err(Error::over("the size of one log record", ROW_MAX));
        }
        Ok(Self {
            id: record.id,
            at: record.at.as_millis(),
            fields: fields.into(),
        })
    }

    /// `None` where the fields are no JSON object, which they always were when they came.
    pub fn record(&self, stream: &str) -> Option<Record> {
        let fields = serde_json::from_slice(&self.fields).ok()?;
        Some(Record {
            id: self.id,
            at: Timestamp::from_millis(self.at),
            stream: stream.to_owned(),
            fields,
        })
    }

    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.to_le_bytes());
        put_signed(out, self.at);
        put_varint(out, self.fields.len() as u64);
        out.extend_from_slice(&self.fields);
    }

    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let id = u128::from_le_bytes(reader.array()?);
        let at = reader.signed()?;
        let len = reader.len()?;
        Some(Self {
            id,
            at,
            fields: reader.take(len)?.into(),
        })
    }

    /// About how much memory it takes.
    pub fn weight(&self) -> usize {
        self.fields.len() + size_of::<Self>() + 16
    }
}
