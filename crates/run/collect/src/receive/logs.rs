//! Logs that services post, as NDJSON or as a JSON array: the first character tells which, for a record
//! is never an array.
//!
//! A post is answered once its records are durable. The same body posted again makes the same record
//! ids, so a sender that did not hear the answer may simply send again.

use std::sync::Arc;

use promise::{Clock, Say, say, signal::log_query::Glob};
use serde::Serialize;
use serde_json::Value;
use spec::section::source::Logs;
use store::{Lines, Record};
use tokio::sync::mpsc;

use super::hand_over;
use crate::{
    follow::line::{self, Refused},
    redact::Redactor,
    start::Shared,
};

/// A body of this size holds minutes of a busy service's logs; several may be in memory at once.
pub const POST_MAX: usize = 16 << 20;
/// Bounds the memory for records and refusals of one post.
const RECORDS_MAX: usize = 50_000;
/// Elasticsearch's bound for the name of an index.
const STREAM_MAX: usize = 255;

/// Why a post was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no log source takes posts for the stream `{0}`")]
    NoStream(String),
    #[error("the body is over its limit: {limit} {unit}")]
    TooLarge { limit: usize, unit: &'static str },
    #[error("the body is not a JSON array: {0}")]
    NotJson(String),
    /// Sending again may help.
    #[error("the records could not be stored: {0}")]
    NotStored(String),
    /// The service is stopping; sending again will help.
    #[error("collecting has ended")]
    Closed,
}

/// Why one line of a post was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    NotUtf8,
    NotAnObject,
    TooLong,
    TooManyFields,
    /// It is not what its protocol says.
    Malformed,
    /// Who sent it did not prove it.
    Unsigned,
}

impl Refusal {
    /// As the metric's label `why` says it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotAnObject => "not_an_object",
            Self::TooLong => "too_long",
            Self::TooManyFields => "too_many_fields",
            Self::Malformed => "malformed",
            Self::Unsigned => "unsigned",
        }
    }

    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::NotUtf8 => say!("not UTF-8", "UTF-8 ではありません"),
            Self::NotAnObject => say!("not a JSON object", "JSON のオブジェクトではありません"),
            Self::TooLong => say!("longer than line_max", "line_max より長い行です"),
            Self::TooManyFields => say!("more fields than are taken", "項目が多すぎます"),
            Self::Unsigned => say!("without a valid signature", "有効な署名がありません"),
            Self::Malformed => say!(
                "not as its protocol says",
                "プロトコルの形式に合っていません"
            ),
        }
    }
}

/// What became of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Received {
    pub accepted: usize,
    /// Lines, or places in the array, from 1.
    pub refused: Vec<(usize, Refusal)>,
}

pub(crate) struct Receiver {
    pub(super) source: String,
    pub(super) logs: Logs,
    pub(super) redactor: Arc<Redactor>,
    pub(super) clock: Arc<dyn Clock>,
    /// Weak: once collecting has ended, a handle that someone still holds keeps the pipeline from nothing.
    pub(super) lines: mpsc::WeakSender<Lines>,
}

impl Receiver {
    pub fn new(source: &str, logs: Logs, shared: &Shared) -> Self {
        Self {
            source: source.to_owned(),
            logs,
            redactor: shared.redactor.clone(),
            clock: shared.clock.clone(),
            lines: shared.out.lines.downgrade(),
        }
    }

    /// Whether records may be posted to this stream: a source's stream may be a pattern, `app-*`.
    pub fn takes(&self, stream: &str) -> bool {
        Glob::parse(&self.logs.stream).accepts(stream)
    }

    /// The same for who names the stream in an address: where the source has a pattern, it must be a name for an index too.
    pub fn takes_posts(&self, stream: &str) -> bool {
        let is_name = stream.len() <= STREAM_MAX
            && stream.starts_with(|c: char| c.is_ascii_alphanumeric())
            && stream
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        self.logs.stream == stream || (is_name && self.takes(stream))
    }

    pub async fn receive(&self, stream: &str, body: &[u8]) -> Result<Received, Error> {
        if body.len() > POST_MAX {
            return Err(Error::TooLarge {
                limit: POST_MAX,
                unit: "bytes",
            });
        }
        let array: Vec<String>;
        let lines: Vec<&[u8]> = if body.trim_ascii_start().starts_with(b"[") {
            let items: Vec<Value> =
                serde_json::from_slice(body).map_err(|error| Error::NotJson(error.to_string()))?;
            array = items.iter().map(Value::to_string).collect();
            array.iter().map(String::as_bytes).collect()
        } else {
            body.split(|byte| *byte == b'\n')
                .map(<[u8]>::trim_ascii)
                .collect()
        };
        if lines.iter().filter(|line| !line.is_empty()).count() > RECORDS_MAX {
            return Err(Error::TooLarge {
                limit: RECORDS_MAX,
                unit: "records",
            });
        }
        let post = xxhash_rust::xxh3::xxh3_128(body);
        let at = self.clock.now();
        let mut received = Received::default();
        let mut records = Vec::new();
        for (index, text) in lines
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            let from = line::Origin {
                place: format!("{}\u{0}{stream}\u{0}{post:x}\u{0}{index}", self.source),
                logs: &self.logs,
                at,
                redactor: &self.redactor,
            };
            match line::structured(text, &from) {
                Ok(record) => records.push(Record {
                    stream: stream.to_owned(),
                    ..record
                }),
                Err(Refused(why)) => received.refused.push((index + 1, why)),
            }
        }
        received.accepted = records.len();
        hand_over(&self.source, &self.lines, at, records).await?;
        Ok(received)
    }
}
