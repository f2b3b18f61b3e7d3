//! What is sent to us instead of being asked for: one file a protocol.
//!
//! Whatever arrives is redacted here, answered only once it is durable, and refused with a reason when it is
//! not. A sender that did not hear the answer may send the same again.

pub(crate) mod alb;
pub(crate) mod cloudtrail;
mod documents;
mod intake;
mod logs;
mod loki;
mod otlp;
mod packed;
mod push;
mod remote_write;
mod start;
mod syslog;
pub(crate) mod vpc_flow;
mod webhook;

pub use documents::Document;
pub use intake::IntakeError;
pub(crate) use logs::Receiver;
pub use logs::{Error, POST_MAX, Received, Refusal};
pub use loki::{LOKI_MAX, LokiError, LokiTaken};
pub(crate) use otlp::Otlp;
pub use otlp::{OTLP_MAX, OtlpError, OtlpForm, OtlpSignal, OtlpTaken};
pub use packed::Packing;
pub(crate) use push::Pushes;
pub use push::{PUSH_MAX, Push, PushError};
pub(crate) use remote_write::Writes;
pub use remote_write::{Taken, WRITE_MAX, WriteError};
pub(crate) use start::Doors;
pub use webhook::{WEBHOOK_MAX, WebhookError};

use promise::Timestamp;
use serde_json::{Map, Value};
use store::{Lines, Record};
use tokio::sync::mpsc;

/// Sends records down the pipeline, and returns once they are durable.
async fn hand_over(
    source: &str,
    pipeline: &mpsc::WeakSender<Lines>,
    at: Timestamp,
    records: Vec<Record>,
) -> Result<(), Error> {
    if records.is_empty() {
        return Ok(());
    }
    let (ack, mut answer) = mpsc::channel(1);
    let lines = Lines {
        source: source.to_owned(),
        at,
        records: records.into(),
        resume: Vec::new(),
        failed: None,
        ack: Some(ack),
    };
    // Held no longer than it takes: the pipeline ends when nobody holds it.
    let sender = pipeline.upgrade().ok_or(Error::Closed)?;
    sender.send(lines).await.map_err(|_| Error::Closed)?;
    drop(sender);
    let told = answer.recv().await.ok_or(Error::Closed)?;
    told.map_err(Error::NotStored)
}

/// A line that is a JSON object is its fields; any other is its `message`.
fn message(line: String) -> Map<String, Value> {
    if line.trim_start().starts_with('{')
        && let Ok(Value::Object(fields)) = serde_json::from_str(&line)
    {
        return fields;
    }
    Map::from_iter([("message".to_owned(), Value::String(line))])
}
