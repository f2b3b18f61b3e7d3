//! Sending what waits, one request after the other, so that the engine sees samples in our order.
//!
//! The second version of remote write is tried first. An engine that does not know it says so (415), or takes
//! the body for an empty message of the first and counts nothing as written: either way it gets the first
//! version from then on. Only what speaks of the samples themselves ends the trying; everything else, a wrong
//! token or address among it, is tried until somebody has mended it.

use std::{sync::Arc, time::Duration};

use promql::Series;
use reqwest::{Response, StatusCode, header};
use tokio_util::sync::CancellationToken;

use super::{
    RemoteOptions,
    queue::{Frame, Queue, Reading},
};
use crate::{
    Error, remote,
    remote_write::{self, Message, Written, pack, unpack_snappy},
};

/// How long to wait after a first failure, and at most: an engine that comes back is found within this time.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// The mark is made durable after so many requests: at most these are sent again after a crash.
const SAVE_EVERY: u32 = 100;

/// What the engine made of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Samples that it refused for good.
    pub refused: u64,
}

pub(super) async fn run(queue: Arc<Queue>, options: RemoteOptions, stop: CancellationToken) {
    let mut reading = queue.reading();
    let mut sender = Sender {
        options,
        message: Message::V2,
    };
    let mut unsaved = 0;
    while !stop.is_cancelled() {
        let frame = match reading.peek() {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                if unsaved > 0 && save(&reading) {
                    unsaved = 0;
                }
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = queue.news() => continue,
                }
            }
            Err(error) => {
                tracing::error!(%error, "the queue of samples cannot be read");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(RETRY_MAX) => continue,
                }
            }
        };
        let sent = stop
            .run_until_cancelled(sender.deliver(&frame, &queue))
            .await;
        let Some(outcome) = sent else { break };
        reading.advance(&frame);
        queue.answered(&frame, outcome);
        unsaved += 1;
        if unsaved >= SAVE_EVERY && save(&reading) {
            unsaved = 0;
        }
    }
    save(&reading);
}

fn save(reading: &Reading) -> bool {
    match reading.save() {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "how far samples were sent could not be noted");
            false
        }
    }
}

struct Sender {
    options: RemoteOptions,
    message: Message,
}

/// Why a request was not written whole.
enum Trouble {
    /// The message is not known there.
    Version,
    /// Some of the samples are refused for good; so many were written.
    Refused { written: Option<u64>, why: String },
    /// Trying again may help.
    Passing {
        why: String,
        after: Option<Duration>,
    },
}

/// How a request is to be sent instead.
enum Again {
    /// In the other version.
    Other,
    /// In parts.
    Smaller,
}

fn lost(samples: u64, why: &str) -> u64 {
    if samples > 0 {
        tracing::warn!(samples, why, "the metric engine refused samples");
    }
    samples
}

impl Sender {
    /// Tries until the engine has taken or refused it.
    async fn deliver(&mut self, frame: &Frame, queue: &Queue) -> Outcome {
        if self.message == Message::V2 {
            match self.insist(&frame.body, frame.told, queue).await {
                Ok(outcome) => return outcome,
                Err(Again::Other) => {
                    tracing::info!("the metric engine speaks remote write 1.0");
                    self.message = Message::V1;
                }
                Err(Again::Smaller) => {}
            }
        }
        let series = match series_of(frame) {
            Ok(series) => series,
            Err(error) => {
                tracing::error!(%error, "samples that waited are damaged and are left out");
                return Outcome::default();
            }
        };
        // Parts that are still to be sent, the last one first.
        let mut parts = vec![series];
        let mut sum = Outcome::default();
        while let Some(part) = parts.pop() {
            let body = pack(&self.message.write(&part, &[]));
            let told = part.iter().map(|one| one.len() as u64).sum();
            match self.insist(&body, told, queue).await {
                Ok(outcome) => sum.refused += outcome.refused,
                // The first version refuses a whole request for one sample: the bad one is looked for.
                Err(Again::Smaller) if part.len() > 1 => {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.push(right.to_vec());
                    parts.push(left.to_vec());
                }
                Err(Again::Other) => {
                    self.message = Message::V1;
                    parts.push(part);
                }
                Err(Again::Smaller) => {
                    sum.refused += lost(told, "it is refused whatever is beside it");
                }
            }
        }
        sum
    }

    /// Tries one body until there is an answer to it.
    async fn insist(&self, body: &[u8], told: u64, queue: &Queue) -> Result<Outcome, Again> {
        let mut wait = RETRY_MIN;
        loop {
            match self.post(body.to_vec(), told).await {
                Ok(()) => return Ok(Outcome::default()),
                Err(Trouble::Version) => return Err(Again::Other),
                Err(Trouble::Refused { written: None, why }) => {
                    tracing::debug!(why, "a request was refused whole");
                    return Err(Again::Smaller);
                }
                Err(Trouble::Refused {
                    written: Some(written),
                    why,
                }) => {
                    let refused = lost(told.saturating_sub(written), &why);
                    return Ok(Outcome { refused });
                }
                Err(Trouble::Passing { why, after }) => {
                    tracing::warn!(why, "the metric engine does not take samples; they wait");
                    queue.let_go();
                    tokio::time::sleep(after.unwrap_or(wait).min(RETRY_MAX)).await;
                    wait = (wait * 2).min(RETRY_MAX);
                }
            }
        }
    }

    async fn post(&self, body: Vec<u8>, told: u64) -> Result<(), Trouble> {
        let request = self
            .options
            .client
            .post(&self.options.write)
            .header(header::CONTENT_TYPE, self.message.content_type())
            .header(header::CONTENT_ENCODING, "snappy")
            .header("X-Prometheus-Remote-Write-Version", self.message.version())
            .body(body);
        let request = remote::authorized(request, &self.options.credentials, self.options.timeout)
            .map_err(|e| passing(&e))?;
        let response = request
            .send()
            .await
            .map_err(|e| passing(&remote::unreachable(&e)))?;
        let written = written(&response);
        let status = response.status();
        match (self.message, status) {
            (Message::V2, StatusCode::UNSUPPORTED_MEDIA_TYPE) => Err(Trouble::Version),
            (Message::V2, StatusCode::BAD_REQUEST) if written.is_none() => Err(Trouble::Version),
            (Message::V2, _) if status.is_success() => match written {
                Some(all) if all >= told => Ok(()),
                Some(all) => Err(Trouble::Refused {
                    written: Some(all),
                    why: "it counts less than it was sent".to_owned(),
                }),
                // It took the body for an empty message of the first version.
                None => Err(Trouble::Version),
            },
            (Message::V1, _) if status.is_success() => Ok(()),
            (
                _,
                StatusCode::BAD_REQUEST
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ) => Err(Trouble::Refused {
                written: written.filter(|_| status == StatusCode::BAD_REQUEST),
                why: remote::said(response).await,
            }),
            _ => Err(Trouble::Passing {
                after: retry_after(&response),
                why: format!("{status}: {}", remote::said(response).await),
            }),
        }
    }
}

fn passing(error: &Error) -> Trouble {
    Trouble::Passing {
        why: error.to_string(),
        after: None,
    }
}

fn series_of(frame: &Frame) -> Result<Vec<Series>, Error> {
    let wrong = |why: remote_write::Error| Error::Remote(why.to_string());
    let bytes = unpack_snappy(&frame.body, remote_write::UNPACKED_MAX * 2).map_err(wrong)?;
    remote_write::series(Message::V2, &bytes).map_err(wrong)
}

/// Floats and native histograms together, if the answer counts them.
fn written(response: &Response) -> Option<u64> {
    let [samples, histograms, _] = Written::HEADERS;
    let count =
        |name: &str| -> Option<u64> { response.headers().get(name)?.to_str().ok()?.parse().ok() };
    let floats = count(samples)?;
    Some(floats + count(histograms).unwrap_or_default())
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let secs: u64 = value.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(secs))
}
