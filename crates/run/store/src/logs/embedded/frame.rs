//! A frame of the write-ahead log: the records of one append.
//!
//! ```text
//! names: each once | records: name of the stream | id (16) | time | fields
//! fields: how many | name, value …          value: tag | what it holds
//! ```
//!
//! Names stand for themselves once a frame and are numbers from then on, which makes the log half as long as
//! the JSON that came.

use std::sync::Arc;

use promise::Timestamp;
use serde_json::{Map, Number, Value};

use super::memory::Row;
use crate::{
    Error, Record,
    hash::QuickMap,
    wire::{Reader, put_signed, put_text, put_varint},
};

/// One record; what a request body may carry at most is far below.
pub(super) const RECORD_MAX: usize = 1 << 20;
/// JSON that was parsed is at most 128 levels deep.
const DEPTH_MAX: usize = 130;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const UNSIGNED: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const LIST: u8 = 7;
const OBJECT: u8 = 8;

/// A frame being written.
#[derive(Default)]
pub(super) struct Frame<'r> {
    names: QuickMap<&'r str, u64>,
    name_bytes: Vec<u8>,
    records: Vec<u8>,
    count: u64,
}

impl<'r> Frame<'r> {
    pub fn add(&mut self, record: &'r Record) -> Result<(), Error> {
        let before = self.records.len();
        let stream = self.name(&record.stream);
        put_varint(&mut self.records, stream);
        self.records.extend_from_slice(&record.id.to_le_bytes());
        put_signed(&mut self.records, record.at.as_millis());
        self.fields(&record.fields);
        if self.records.len() - before > RECORD_MAX {
            self.records.truncate(before);
            return Err(Error::over("the size of one log record", RECORD_MAX));
        }
        self.count += 1;
        Ok(())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.name_bytes.len() + self.records.len() + 16);
        put_varint(&mut out, self.names.len() as u64);
        out.extend_from_slice(&self.name_bytes);
        put_varint(&mut out, self.count);
        out.extend_from_slice(&self.records);
        out
    }

    fn name(&mut self, name: &'r str) -> u64 {
        let next = self.names.len() as u64;
        let bytes = &mut self.name_bytes;
        *self.names.entry(name).or_insert_with(|| {
            put_text(bytes, name);
            next
        })
    }

    fn fields(&mut self, fields: &'r Map<String, Value>) {
        put_varint(&mut self.records, fields.len() as u64);
        for (name, value) in fields {
            let name = self.name(name);
            put_varint(&mut self.records, name);
            self.value(value);
        }
    }

    fn value(&mut self, value: &'r Value) {
        let out = &mut self.records;
        match value {
            Value::Null => out.push(NULL),
            Value::Bool(truth) => out.push(if *truth { TRUE } else { FALSE }),
            Value::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => {
                    out.push(INTEGER);
                    put_signed(out, n);
                }
                (None, Some(n)) => {
                    out.push(UNSIGNED);
                    put_varint(out, n);
                }
                (None, None) => {
                    out.push(FLOAT);
                    out.extend_from_slice(&n.as_f64().unwrap_or_default().to_le_bytes());
                }
            },
            Value::String(text) => {
                out.push(TEXT);
                put_text(out, text);
            }
            Value::Array(items) => {
                out.push(LIST);
                put_varint(out, items.len() as u64);
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(fields) => {
                out.push(OBJECT);
                self.fields(fields);
            }
        }
    }
}

/// The records of a frame; `None` where it is not what [`Frame`] writes.
pub(super) fn read(payload: &[u8]) -> Option<Vec<Row>> {
    let mut reader = Reader::new(payload);
    let mut names: Vec<Arc<str>> = Vec::new();
    for _ in 0..reader.varint()? {
        names.push(reader.text()?.into());
    }
    let mut rows = Vec::new();
    for _ in 0..reader.varint()? {
        let stream = names.get(reader.len()?)?.clone();
        rows.push(Row {
            stream,
            id: u128::from_le_bytes(reader.array()?),
            at: Timestamp::from_millis(reader.signed()?),
            fields: fields(&mut reader, &names, 0)?,
        });
    }
    Some(rows)
}

fn fields(reader: &mut Reader<'_>, names: &[Arc<str>], depth: usize) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    for _ in 0..reader.varint()? {
        let name = names.get(reader.len()?)?.to_string();
        fields.insert(name, value(reader, names, depth + 1)?);
    }
    Some(fields)
}

fn value(reader: &mut Reader<'_>, names: &[Arc<str>], depth: usize) -> Option<Value> {
    (depth < DEPTH_MAX).then_some(())?;
    Some(match reader.byte()? {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INTEGER => Value::from(reader.signed()?),
        UNSIGNED => Value::from(reader.varint()?),
        FLOAT => Value::Number(Number::from_f64(f64::from_le_bytes(reader.array()?))?),
        TEXT => Value::String(reader.text()?.to_owned()),
        LIST => {
            let mut items = Vec::new();
            for _ in 0..reader.varint()? {
                items.push(value(reader, names, depth + 1)?);
            }
            Value::Array(items)
        }
        OBJECT => Value::Object(fields(reader, names, depth)?),
        _ => return None,
    })
}
