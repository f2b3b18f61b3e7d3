//! Metrics that an OpenTelemetry SDK or collector sends: OTLP over HTTP (protocol buffers or JSON) and gRPC.
//!
//! They become the series that Prometheus 3.5 would make of them, and from there go the way of remote write:
//! redacted, sorted by source, answered once durable. Beyond Prometheus, differences are added up to totals.

mod attributes;
mod delta;
mod exponential;
mod model;
mod name;
mod translate;
mod wire;

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use promise::Say;
use store::{
    protobuf::Writer,
    remote_write::{Encoding, Message, pack},
};

use super::{Taken, WRITE_MAX, WriteError, Writes};
use delta::Totals;
use translate::{Translated, translate};

/// Bytes of a message once it is unpacked; a collector sends some thousand points at once, of some hundred
/// bytes each.
pub const OTLP_MAX: usize = 16 << 20;
/// What a message may become: labels are written out that it says once for many points.
const SERIES_BYTES_MAX: usize = WRITE_MAX;

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
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl OtlpError {
    /// Whether sending the same again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Write(error) if error.is_passing())
    }
}

/// What became of a message: all of it is durable but what was rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtlpTaken {
    pub rejected: u64,
    pub why: Option<String>,
}

impl OtlpTaken {
    /// `ExportMetricsServiceResponse`, in the form in which the message came.
    #[must_use]
    pub fn body(&self, form: OtlpForm) -> Vec<u8> {
        let why = self.why.as_deref().unwrap_or_default();
        let is_whole = self.rejected == 0 && why.is_empty();
        match form {
            OtlpForm::Json if is_whole => b"{}".to_vec(),
            OtlpForm::Json => serde_json::json!({
                "partialSuccess": {
                    "rejectedDataPoints": self.rejected.to_string(),
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
}

impl Otlp {
    pub fn new(writes: Arc<Writes>) -> Self {
        Self {
            writes,
            totals: Mutex::default(),
        }
    }

    pub async fn receive(
        self: Arc<Self>,
        form: OtlpForm,
        is_gzipped: bool,
        body: &[u8],
    ) -> Result<OtlpTaken, OtlpError> {
        if body.len() > OTLP_MAX {
            return Err(OtlpError::TooLarge);
        }
        let (body, door) = (body.to_vec(), self.clone());
        // Reading a large message takes tens of milliseconds.
        let work = move || door.read(form, is_gzipped, &body);
        let (message, rejected, why) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| WriteError::Closed)??;
        let mut taken = OtlpTaken {
            rejected,
            why: why.map(|why| why.en),
        };
        let writes = self.writes.clone();
        let Taken { refused, .. } = writes
            .receive(Message::V2, Encoding::Snappy, &message)
            .await?;
        taken.why = taken.why.or(refused);
        Ok(taken)
    }

    fn read(
        &self,
        form: OtlpForm,
        is_gzipped: bool,
        body: &[u8],
    ) -> Result<(Vec<u8>, u64, Option<Say>), OtlpError> {
        let unpacked;
        let body = match is_gzipped {
            true => {
                unpacked = gunzip(body)?;
                &unpacked[..]
            }
            false => body,
        };
        let unreadable = |why: String| OtlpError::Unreadable(why);
        let request = match form {
            OtlpForm::Protobuf => wire::request(body).map_err(|why| unreadable(why.to_string()))?,
            OtlpForm::Json => {
                serde_json::from_slice(body).map_err(|why| unreadable(why.to_string()))?
            }
        };
        // What is counted is sound after every point, even where a thread ended half-way.
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let Translated {
            series,
            metadata,
            rejected,
            why,
        } = translate(&request, &mut totals);
        drop(totals);
        let message = pack(&Message::V2.write(&series, &metadata));
        if message.len() > SERIES_BYTES_MAX {
            return Err(OtlpError::TooLarge);
        }
        Ok((message, rejected, why))
    }
}

/// A bomb is noticed at the limit, not after.
fn gunzip(body: &[u8]) -> Result<Vec<u8>, OtlpError> {
    let mut unpacked = Vec::new();
    let limit = OTLP_MAX as u64 + 1;
    flate2::read::MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut unpacked)
        .map_err(|error| OtlpError::Unreadable(error.to_string()))?;
    if unpacked.len() > OTLP_MAX {
        return Err(OtlpError::TooLarge);
    }
    Ok(unpacked)
}
