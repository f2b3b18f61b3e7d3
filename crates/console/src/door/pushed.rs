//! What others send by their own protocols: OTLP, what jobs push as they end, Loki's pushes, signed events.

use async_trait::async_trait;

use super::Refused;

/// What a message of OTLP tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpSignal {
    Metrics,
    Logs,
    Traces,
}

/// How a message of OTLP is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpForm {
    Protobuf,
    Json,
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Snappy,
}

/// What a push does to the group of its path, as with a Pushgateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// `POST`: metrics of the same names are replaced.
    Merge,
    /// `PUT`: all are.
    Replace,
    /// `DELETE`: all end.
    End,
}

/// Answers with the value of a header, by its name in lower case.
pub type Header<'h> = &'h (dyn Fn(&str) -> Option<String> + Sync);

/// Where such things go. What is taken was redacted and survives `kill -9`.
#[async_trait]
pub trait Pushed: Send + Sync {
    /// The largest body of any kind that is taken, before and after unpacking.
    fn body_max(&self) -> usize;

    /// Answers with an `Export…ServiceResponse` of the same form, which tells what was rejected.
    async fn otlp(
        &self,
        signal: OtlpSignal,
        form: OtlpForm,
        packing: Packing,
        body: &[u8],
    ) -> Result<Vec<u8>, Refused>;

    /// `path` follows `/metrics/`: `job/NAME{/LABEL/VALUE}`.
    async fn push(
        &self,
        path: &str,
        push: Push,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), Refused>;

    /// A push of Loki's clients. What could not be taken of one that was taken else is told as [`Refused::Invalid`].
    async fn loki(&self, is_json: bool, packing: Packing, body: &[u8]) -> Result<(), Refused>;

    /// An event for the webhook `name`.
    async fn webhook(&self, name: &str, header: Header<'_>, body: &[u8]) -> Result<(), Refused>;
}
