//! `MetricStore`: samples by series.

mod bucket;
#[doc(hidden)]
pub mod contract;
mod embedded;
mod remote;

pub use bucket::{Bucket, Bucketed, bucketed, widened};
pub use embedded::{EmbeddedMetrics, Options};
pub use promql::series::{Buckets, CUSTOM_BOUNDS, Reset, Span};
pub use promql::{Exemplar, Histogram, HistogramSample, Labels, STALE, Sample, Series, is_stale};
pub use remote::{RemoteMetrics, RemoteOptions};

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Query, Selection};

use crate::{Error, Floats};

/// Samples that are appended together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub floats: Vec<Floats>,
    pub series: Vec<Series>,
}

impl From<Vec<Series>> for Batch {
    fn from(series: Vec<Series>) -> Self {
        Self {
            floats: Vec::new(),
            series,
        }
    }
}

/// What became of an append.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// Also those that came late, within the window that the engine allows.
    pub stored: u64,
    /// Already there with the same value, as when a batch is sent again.
    pub known: u64,
    /// Refused, because another value stands at that time; the first stays.
    pub out_of_order: u64,
    /// Refused, because they came later than the engine allows.
    pub too_old: u64,
    /// Refused, because of series that are too many.
    pub over_limit: u64,
    /// Refused, because they are no histograms.
    pub malformed: u64,
    /// Why series were too many.
    pub flood: Option<Flood>,
}

impl Appended {
    /// Samples that are not in the store although they were told.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.out_of_order + self.too_old + self.over_limit + self.malformed
    }
}

/// A source that has more series than it may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flood {
    /// The value of `job`.
    pub source: String,
    pub limit: u64,
    /// The label of its series that has the most values, and how many.
    pub label: String,
    pub values: u64,
}

/// The port. Every call is bounded; none holds a lock over I/O of another.
#[async_trait]
pub trait MetricStore: Send + Sync {
    /// Stores samples. Once it returns, they survive `kill -9` and are seen by `select`.
    async fn append(&self, batch: Vec<Series>) -> Result<Appended, Error>;

    /// The same of samples as rounds hold them.
    async fn append_batch(&self, batch: Batch) -> Result<Appended, Error> {
        let floats = batch.floats.iter().flat_map(Floats::series);
        self.append(floats.chain(batch.series).collect()).await
    }

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

    /// The names of labels among the series that all `matchers` accept, sorted.
    async fn label_names(&self, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let all = (
            Timestamp::from_millis(i64::MIN),
            Timestamp::from_millis(i64::MAX),
        );
        let series = self.series(matchers, all.0, all.1).await?;
        let names: BTreeSet<&str> = series
            .iter()
            .flat_map(Labels::iter)
            .map(|(name, _)| name)
            .collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    /// The labels of the series that all `matchers` accept and that hold samples in `[from, to]`, sorted. An
    /// engine may answer from its index, and then names also one that only has samples before and after.
    async fn series(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Labels>, Error> {
        let found = self.select(matchers, from, to).await?;
        Ok(found.into_iter().map(|series| series.labels).collect())
    }

    /// The exemplars in `[from, to]` of the series that all `matchers` accept, without samples.
    async fn exemplars(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error>;

    /// Deletes the samples in `[from, to]` of the series that all `matchers` accept. Durable once it returns.
    async fn delete(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Error>;

    /// Remembers what metrics are; of one that is told twice the last counts.
    async fn describe(&self, metadata: Vec<Metadata>) -> Result<(), Error>;

    /// What is known of one metric, or of all, in the order of names.
    async fn metadata(&self, metric: Option<&str>) -> Result<Vec<Metadata>, Error>;

    /// What the series that all `matchers` accept did in each stretch of `width` that touches `[from, to]`, in the
    /// order of labels. An engine that keeps buckets longer than samples reaches further back than `select`, where
    /// `width` is a multiple of 5 minutes or of an hour.
    async fn buckets(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
        width: Duration,
    ) -> Result<Vec<Bucketed>, Error> {
        let (from, to) = bucket::whole(from, to, width);
        Ok(bucket::of_series(
            self.select(matchers, from, to).await?,
            width,
        ))
    }

    /// The answer at one instant. An engine that has a query language of its own answers by it.
    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        let series = gather(self, query.selections(at, at)).await?;
        query
            .instant(at, &series)
            .map_err(|why| Error::Query(why.to_string()))
    }

    /// The answers at `from`, `from + step`, … up to `to`.
    async fn query_range(
        &self,
        query: &Query,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Answer, Error> {
        let series = gather(self, query.selections(from, to)).await?;
        query
            .range(from, to, step, &series)
            .map_err(|why| Error::Query(why.to_string()))
    }

    /// Drops whole blocks of samples older than `keep`, seen from `now`. Returns the bytes freed.
    async fn retain(&self, keep: Duration, now: Timestamp) -> Result<u64, Error>;

    /// Before an orderly end: what has been gathered in memory is put where the next opening finds it without reading
    /// it. Nothing depends on it, for all of it is durable.
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What the store holds, for `/metrics` and `doctor`.
    async fn status(&self) -> Result<Status, Error>;
}

/// What a metric is, as its exporter says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The name of the family: of a histogram without `_bucket`.
    pub metric: String,
    /// `counter`, `gauge`, `histogram`, `gaugehistogram`, `summary`, `info`, `stateset` or `unknown`.
    pub kind: String,
    pub help: String,
    pub unit: String,
}

/// Every series that the selections name, each once.
async fn gather(
    store: &(impl MetricStore + ?Sized),
    selections: Vec<Selection>,
) -> Result<Vec<Series>, Error> {
    let mut all = Vec::new();
    for selection in selections {
        let found = store.select(&selection.matchers, selection.from, selection.to);
        all.extend(found.await?);
    }
    Ok(Series::merged(all))
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    pub series: u64,
    pub samples: u64,
    pub disk_bytes: u64,
    /// What opening found and mended, such as a torn tail; empty when nothing was wrong.
    pub recovered: Vec<String>,
    /// Sources whose new series are refused.
    pub floods: Vec<Flood>,
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
