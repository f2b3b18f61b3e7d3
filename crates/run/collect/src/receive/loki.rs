//! Loki's push API, as Promtail, Grafana Alloy and Fluent Bit speak it: JSON, or protocol buffers in a Snappy block.
//!
//! A line that is a JSON object becomes the fields of its record, any other its `message`; the labels of its stream
//! and what is told beside it stand among them, where the line says nothing else under their names.
//!
//! Source: Loki's HTTP API (`POST /loki/api/v1/push`) and its `push.proto`.

use std::sync::Arc;

use promise::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::protobuf::{self, Field, Reader};

use super::{
    Refusal,
    intake::{Draft, Intake, IntakeError, RECORDS_MAX},
    packed::{PackedError, Packing, unpack},
};
use crate::parse;

/// Bytes of a push once it is unpacked; Promtail sends 1 MiB at once.
pub const LOKI_MAX: usize = 16 << 20;
/// A longer line is refused; Loki's own limit is the same by default.
const LINE_MAX: usize = 256 << 10;

/// Why a push was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LokiError {
    #[error("the push cannot be read: {0}")]
    Unreadable(String),
    #[error("the push is larger than {LOKI_MAX} bytes")]
    TooLarge,
    #[error("the spec does not say that Loki's pushes are taken (`sources.receive.loki`)")]
    NotDeclared,
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl From<PackedError> for LokiError {
    fn from(error: PackedError) -> Self {
        match error {
            PackedError::TooLarge => Self::TooLarge,
            PackedError::Broken(why) => Self::Unreadable(why),
        }
    }
}

impl From<protobuf::Error> for LokiError {
    fn from(error: protobuf::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What became of a push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LokiTaken {
    /// Why the first of the lines that were refused was; all others are durable.
    pub refused: Option<(usize, Refusal)>,
}

/// Takes a push; protocol buffers unless `is_json`.
pub(crate) async fn receive(
    intake: &Arc<Intake>,
    is_json: bool,
    packing: Packing,
    body: &[u8],
) -> Result<LokiTaken, LokiError> {
    let (door, body) = (intake.clone(), body.to_vec());
    let work = move || -> Result<_, LokiError> {
        let body = unpack(packing, &body, LOKI_MAX)?;
        let push = match is_json {
            true => serde_json::from_slice(&body)
                .map_err(|why| LokiError::Unreadable(why.to_string()))?,
            false => Push::read(Reader::new(&body))?,
        };
        Ok((drafts(push, &body, &door)?, body.len()))
    };
    let work = tokio::task::spawn_blocking(work).await;
    let ((drafts, mut refused), bytes) = work.map_err(|_| IntakeError::Closed)??;
    let stored = intake.store(drafts, bytes).await?;
    refused.extend(stored.refused);
    let first = refused.first().map(|(_, why)| *why);
    Ok(LokiTaken {
        refused: first.map(|why| (refused.len(), why)),
    })
}

#[derive(Debug, Default, Deserialize)]
struct Push {
    #[serde(default)]
    streams: Vec<Stream>,
}

#[derive(Debug, Default, Deserialize)]
struct Stream {
    #[serde(rename = "stream", default)]
    labels: Map<String, Value>,
    /// As text, where they come so.
    #[serde(skip)]
    label_text: String,
    #[serde(default)]
    values: Vec<Entry>,
}

/// Nanoseconds, the line, and what is told beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Written")]
struct Entry {
    nanos: Option<i64>,
    line: String,
    beside: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Beside(String, String, Map<String, Value>),
    Plain(String, String),
}

impl From<Written> for Entry {
    fn from(written: Written) -> Self {
        let (nanos, line, beside) = match written {
            Written::Beside(nanos, line, beside) => (nanos, line, beside),
            Written::Plain(nanos, line) => (nanos, line, Map::new()),
        };
        Self {
            nanos: nanos.parse().ok(),
            line,
            beside,
        }
    }
}

impl Push {
    fn read(message: Reader<'_>) -> Result<Self, protobuf::Error> {
        let mut push = Self::default();
        for field in message {
            let field = field?;
            if field.number == 1 {
                push.streams.push(Stream::read(field.message()?)?);
            }
        }
        Ok(push)
    }
}

impl Stream {
    fn read(message: Reader<'_>) -> Result<Self, protobuf::Error> {
        let mut stream = Self::default();
        for field in message {
            let field = field?;
            match field.number {
                1 => stream.label_text = field.text()?.to_owned(),
                2 => stream.values.push(Entry::read(field.message()?)?),
                _ => {}
            }
        }
        Ok(stream)
    }
}

impl Entry {
    fn read(message: Reader<'_>) -> Result<Self, protobuf::Error> {
        let mut entry = Self::default();
        for field in message {
            let field = field?;
            match field.number {
                1 => entry.nanos = Some(nanos(field.message()?)?),
                2 => entry.line = field.text()?.to_owned(),
                3 => pair(&field, &mut entry.beside)?,
                _ => {}
            }
        }
        Ok(entry)
    }
}

/// `google.protobuf.Timestamp`.
fn nanos(message: Reader<'_>) -> Result<i64, protobuf::Error> {
    let (mut seconds, mut nanos) = (0i64, 0i64);
    for field in message {
        let field = field?;
        match field.number {
            1 => seconds = field.int()?,
            2 => nanos = field.int()?,
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

fn pair(field: &Field<'_>, into: &mut Map<String, Value>) -> Result<(), protobuf::Error> {
    let (mut name, mut value) = ("", "");
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => name = field.text()?,
            2 => value = field.text()?,
            _ => {}
        }
    }
    into.insert(name.to_owned(), value.into());
    Ok(())
}

type Refused = Vec<(usize, Refusal)>;

fn drafts(push: Push, body: &[u8], intake: &Intake) -> Result<(Vec<Draft>, Refused), LokiError> {
    let digest = xxhash_rust::xxh3::xxh3_128(body).to_le_bytes();
    let (mut drafts, mut refused) = (Vec::new(), Vec::new());
    let mut place = 0;
    for mut stream in push.streams {
        if !stream.label_text.is_empty() {
            let labels = parse::label_set(&stream.label_text)
                .map_err(|why| LokiError::Unreadable(why.say().en))?;
            let labels = labels.into_iter();
            stream.labels = labels.map(|(name, value)| (name, value.into())).collect();
        }
        for entry in stream.values {
            if place >= RECORDS_MAX {
                return Err(LokiError::TooLarge);
            }
            match entry.line.len() > LINE_MAX {
                true => {
                    intake.refuse(Refusal::TooLong);
                    refused.push((place, Refusal::TooLong));
                }
                false => drafts.push(Draft {
                    id: intake.id(&digest, place as u64),
                    at: entry
                        .nanos
                        .map(|nanos| Timestamp::from_millis(nanos / 1_000_000)),
                    fields: fields(entry, &stream.labels),
                }),
            }
            place += 1;
        }
    }
    Ok((drafts, refused))
}

fn fields(entry: Entry, labels: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = super::message(entry.line);
    let told = entry.beside.into_iter();
    for (name, value) in told.chain(labels.clone()) {
        fields.entry(name).or_insert(value);
    }
    fields
}
