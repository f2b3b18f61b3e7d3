//! Metrics that come by other ways than remote write: OTLP, and what jobs push as they end.

use async_trait::async_trait;

use super::Refused;

/// How a message of OTLP is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpForm {
    Protobuf,
    Json,
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

/// Where such metrics go. What is taken was redacted and survives `kill -9`.
#[async_trait]
pub trait Pushed: Send + Sync {
    /// The largest body of either kind that is taken, before and after unpacking.
    fn body_max(&self) -> usize;

    /// Answers with an `ExportMetricsServiceResponse` of the same form, which tells what was rejected.
    async fn otlp(&self, form: OtlpForm, is_gzipped: bool, body: &[u8])
    -> Result<Vec<u8>, Refused>;

    /// `path` follows `/metrics/`: `job/NAME{/LABEL/VALUE}`.
    async fn push(
        &self,
        path: &str,
        push: Push,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), Refused>;
}
