//! What an OpenTelemetry SDK or collector sends: OTLP over HTTP (protocol buffers or JSON) and gRPC.
//!
//! Metrics become the series that Prometheus 3.5 would make of them, and from there go the way of remote write:
//! redacted, sorted by source, answered once durable. Beyond Prometheus, differences are added up to totals. Log
//! records and spans become records of the streams that the spec names.
//!
//! Source: the OpenTelemetry protocol 1.x and its .proto files.

mod attributes;
mod delta;
mod exponential;
mod logs;
mod model;
mod name;
mod spans;
mod translate;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use promise::Timestamp;
use serde::de::DeserializeOwned;
use store::protobuf::{Reader, Writer};

use super::{
    Taken, WriteError, Writes,
    intake::{Draft, Intake, IntakeError},
    packed::{PackedError, Packing, unpack},
};
use delta::Totals;
use translate::{Translated, translate};
use wire::Message;

/// Bytes of a message once it is unpacked; a collector sends some thousand points at once, of some hundred
/// bytes each.
pub const OTLP_MAX: usize = 16 << 20;

/// What a message tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpSignal {
    Metrics,
    Logs,
    Traces,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpForm {
    Protobuf,
    Json,
}

impl OtlpForm {
    /// By `Content-Type`. `None`: one that OTLP does not know.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// Sending the same again never helps.
    #[error("the message cannot be read: {0}")]
    Unreadable(String),
    #[error("the message is larger than {OTLP_MAX} bytes")]
    TooLarge,
    #[error("the spec does not say that OTLP {0} are taken (`sources.receive.otlp`)")]
    NotDeclared(&'static str),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl OtlpError {
    /// Whether sending the same again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Write(error) => error.is_passing(),
            Self::Intake(_) => true,
            Self::Unreadable(_) | Self::TooLarge | Self::NotDeclared(_) => false,
        }
    }
}

impl From<PackedError> for OtlpError {
    fn from(error: PackedError) -> Self {
        match error {
            PackedError::TooLarge => Self::TooLarge,
            PackedError::Broken(why) => Self::Unreadable(why),
        }
    }
}

/// What became of a message: all of it is durable but what was rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtlpTaken {
    pub rejected: u64,
    pub why: Option<String>,
}

impl OtlpTaken {
    /// `Export…ServiceResponse`, in the form in which the message came.
    #[must_use]
    pub fn body(&self, signal: OtlpSignal, form: OtlpForm) -> Vec<u8> {
        let rejected = match signal {
            OtlpSignal::Metrics => "rejectedDataPoints",
            OtlpSignal::Logs => "rejectedLogRecords",
            OtlpSignal::Traces => "rejectedSpans",
        };
        let why = self.why.as_deref().unwrap_or_default();
        let is_whole = self.rejected == 0 && why.is_empty();
        match form {
            OtlpForm::Json if is_whole => b"{}".to_vec(),
            OtlpForm::Json => serde_json::json!({
                "partialSuccess": {
                    rejected: self.rejected.to_string(),
                    "errorMessage": why,
                }
            })
            .to_string()
            .into_bytes(),
            OtlpForm::Protobuf => {
                let mut response = Writer::default();
                if !is_whole {
                    response.message(1, |partial| {
                        partial.uint(1, self.rejected).text(2, why);
                    });
                }
                response.into_bytes()
            }
        }
    }
}

/// The door for all senders.
pub(crate) struct Otlp {
    writes: Arc<Writes>,
    totals: Mutex<Totals>,
    /// Only where the spec declares them.
    logs: Option<Arc<Intake>>,
    traces: Option<Arc<Intake>>,
}

impl Otlp {
    pub fn new(
        writes: Arc<Writes>,
        logs: Option<Arc<Intake>>,
        traces: Option<Arc<Intake>>,
    ) -> Self {
        Self {
            writes,
            totals: Mutex::default(),
            logs,
            traces,
        }
    }

    pub async fn receive(
        self: Arc<Self>,
        signal: OtlpSignal,
        form: OtlpForm,
        packing: Packing,
        body: &[u8],
    ) -> Result<OtlpTaken, OtlpError> {
        if body.len() > OTLP_MAX {
            return Err(OtlpError::TooLarge);
        }
        match signal {
            OtlpSignal::Metrics => self.metrics(form, packing, body).await,
            OtlpSignal::Logs => {
                let intake = self.logs.as_ref().ok_or(OtlpError::NotDeclared("logs"))?;
                let door = intake.clone();
                let read = move |body: &[u8]| {
                    let request = read(form, body)?;
                    Ok(logs::drafts(request, body, &door))
                };
                records(intake, packing, body, read).await
            }
            OtlpSignal::Traces => {
                let intake = self.traces.as_ref();
                let intake = intake.ok_or(OtlpError::NotDeclared("traces"))?;
                let door = intake.clone();
                let read = move |body: &[u8]| Ok(spans::drafts(read(form, body)?, &door));
                records(intake, packing, body, read).await
            }
        }
    }

    async fn metrics(
        self: Arc<Self>,
        form: OtlpForm,
        packing: Packing,
        body: &[u8],
    ) -> Result<OtlpTaken, OtlpError> {
        let door = self.clone();
        let made = apart(packing, body, move |body| door.translate(form, body)).await?;
        let Taken { refused, .. } = self
            .writes
            .receive_series(made.series, made.metadata, made.bytes)
            .await?;
        Ok(OtlpTaken {
            rejected: made.rejected,
            why: made.why.map(|why| why.en).or(refused),
        })
    }

    fn translate(&self, form: OtlpForm, body: &[u8]) -> Result<Translated, OtlpError> {
        let request = read(form, body)?;
        // What is counted is sound after every point, even where a thread ended half-way.
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let made = translate(&request, &mut totals);
        if made.bytes > translate::BYTES_MAX {
            return Err(OtlpError::TooLarge);
        }
        Ok(made)
    }
}

/// Unpacks and reads on another thread, for a large message takes tens of milliseconds.
async fn apart<T: Send + 'static>(
    packing: Packing,
    body: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, OtlpError> + Send + 'static,
) -> Result<T, OtlpError> {
    let body = body.to_vec();
    let work = move || read(&unpack(packing, &body, OTLP_MAX)?);
    let read = tokio::task::spawn_blocking(work).await;
    read.map_err(|_| WriteError::Closed)?
}

fn read<M: Message + DeserializeOwned>(form: OtlpForm, body: &[u8]) -> Result<M, OtlpError> {
    match form {
        OtlpForm::Protobuf => {
            M::read(Reader::new(body)).map_err(|why| OtlpError::Unreadable(why.to_string()))
        }
        OtlpForm::Json => {
            serde_json::from_slice(body).map_err(|why| OtlpError::Unreadable(why.to_string()))
        }
    }
}

/// Reads drafts and stores them.
async fn records(
    intake: &Arc<Intake>,
    packing: Packing,
    body: &[u8],
    read: impl FnOnce(&[u8]) -> Result<(Vec<Draft>, u64), OtlpError> + Send + 'static,
) -> Result<OtlpTaken, OtlpError> {
    let read = move |body: &[u8]| Ok((read(body)?, body.len()));
    let ((drafts, rejected), bytes) = apart(packing, body, read).await?;
    let stored = intake.store(drafts, bytes).await?;
    let rejected = rejected + stored.refused.len() as u64;
    let first = stored.refused.first().map(|(_, why)| why.say().en);
    let why = match (rejected, first) {
        (0, _) => None,
        (_, Some(why)) => Some(why),
        (_, None) => Some("too many at once, or without valid ids".to_owned()),
    };
    Ok(OtlpTaken { rejected, why })
}

fn millis(nanos: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX))
}
