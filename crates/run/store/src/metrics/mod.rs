//! `MetricStore`: samples by series.

#[doc(hidden)]
pub mod contract;
mod embedded;
mod labels;

pub use embedded::{EmbeddedMetrics, Options};
pub use labels::Labels;

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Timestamp, signal::Matcher};

use crate::Error;

/// One value at one instant. A NaN with the bits of [`STALE`] ends a series until its next sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub at: Timestamp,
    pub value: f64,
}

/// Prometheus's staleness marker.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

#[must_use]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// A series and some of its samples, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: Labels,
    pub samples: Vec<Sample>,
}

/// What became of an append.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    pub stored: u64,
    /// Not newer than what the series already holds; refused and counted, never stored twice.
    pub out_of_order: u64,
}

/// The port. Every call is bounded; none holds a lock over I/O of another.
#[async_trait]
pub trait MetricStore: Send + Sync {
    /// Stores samples. Once it returns, they survive `kill -9` and are seen by `select`.
    async fn append(&self, batch: Vec<Series>) -> Result<Appended, Error>;

    /// Series that all `matchers` accept, with their samples in `[from, to]`. Series without a sample there
    /// are left out. In the order of their labels. Staleness markers are included.
    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error>;

    /// The values of one label among the series that all `matchers` accept, sorted.
    async fn label_values(&self, label: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error>;

    /// Drops whole blocks of samples older than `keep`, seen from `now`. Returns the bytes freed.
    async fn retain(&self, keep: Duration, now: Timestamp) -> Result<u64, Error>;

    /// What the store holds, for `/metrics` and `doctor`.
    async fn status(&self) -> Result<Status, Error>;
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    pub series: u64,
    pub samples: u64,
    pub disk_bytes: u64,
    /// What opening found and mended, such as a torn tail; empty when nothing was wrong.
    pub recovered: Vec<String>,
}

/// The store that `backend` names, kept in `folder`.
pub fn open(backend: &str, folder: &Path) -> Result<Arc<dyn MetricStore>, Error> {
    match backend {
        "embedded" => Ok(Arc::new(EmbeddedMetrics::open(folder)?)),
        _ => Err(Error::NoSuchBackend {
            port: "metric",
            name: backend.to_owned(),
        }),
    }
}
