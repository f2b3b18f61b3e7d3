//! A Prometheus-compatible engine somewhere else: Prometheus, VictoriaMetrics, Mimir, Thanos.
//!
//! Samples go there by remote write, through a queue on our own disk: what `append` acknowledges is durable
//! here and is sent until the engine has it, over its outages and our restarts. Questions are answered there,
//! by its own query language. So promises are judged by what the engine holds, and while it is away they
//! cannot be: a question fails, and the promise is unproven.
//!
//! What an engine cannot do is said by [`Error::Unsupported`] and in `docs/reference/engines.md`.

mod answer;
mod api;
mod deliver;
mod described;
mod queue;
mod read;
mod selector;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Query};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Appended, Labels, Metadata, MetricStore, Series, Status};
use crate::{Error, remote::Credentials};
use api::Api;
use deliver::Outcome;
use described::Described;
use queue::Queue;

/// Where the engine is and how it is asked.
#[derive(Clone)]
pub struct RemoteOptions {
    /// Where samples are written to, such as `http://prometheus:9090/api/v1/write`.
    pub write: String,
    /// What stands before `/api/v1/query`, such as `http://prometheus:9090`.
    pub query: String,
    pub credentials: Credentials,
    /// Bytes that may wait on our disk while the engine is away; beyond it an append is refused.
    pub queue_max: u64,
    /// How long one request may take.
    pub timeout: Duration,
    /// Its authorities, proxies and redirects are the caller's to choose.
    pub client: reqwest::Client,
}

impl fmt::Debug for RemoteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteOptions")
            .field("queue_max", &self.queue_max)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How long an append waits for the engine after it is durable here: so long that a judge who asks next
/// finds what was appended, unless the engine is slow or away.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// An engine that is asked over the network.
pub struct RemoteMetrics {
    api: Api,
    queue: Arc<Queue>,
    described: Described,
    recovered: Vec<String>,
    /// Ends the sending; what waits is sent after the next opening.
    _sending: DropGuard,
}

impl RemoteMetrics {
    /// Must be called within a tokio runtime. Does not ask the engine: it may be away.
    pub fn open(folder: &Path, options: RemoteOptions) -> Result<Self, Error> {
        let (queue, recovered) = Queue::open(&folder.join("queue"), options.queue_max)?;
        let queue = Arc::new(queue);
        let described = Described::open(folder)?;
        let stop = CancellationToken::new();
        tokio::spawn(deliver::run(queue.clone(), options.clone(), stop.clone()));
        Ok(Self {
            api: Api::new(options),
            queue,
            described,
            recovered,
            _sending: stop.drop_guard(),
        })
    }
}

#[async_trait]
impl MetricStore for RemoteMetrics {
    async fn append(&self, batch: Vec<Series>) -> Result<Appended, Error> {
        let told = batch.iter().map(|series| series.len() as u64).sum();
        let about = self.described.of(&batch);
        let outcomes = self.queue.append(&batch, &about).await?;
        let mut sum = Outcome::default();
        let seen = async {
            for outcome in outcomes {
                // Not answered: the engine is away, and what is durable here will reach it later.
                let Ok(one) = outcome.await else { return };
                sum.refused += one.refused;
            }
        };
        let _ = tokio::time::timeout(SEEN_WITHIN, seen).await;
        let refused = sum.refused.min(told);
        Ok(Appended {
            stored: told - refused,
            out_of_order: refused,
            ..Appended::default()
        })
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        if from > to {
            return Ok(Vec::new());
        }
        let found = match read::read(&self.api, matchers, from, to).await? {
            Some(found) => found,
            None => self.api.samples(matchers, from, to).await?,
        };
        let mut found: Vec<Series> = found
            .into_iter()
            .filter(|series| !series.is_empty())
            .map(|series| Series {
                exemplars: Vec::new(),
                ..series
            })
            .collect();
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(found)
    }

    async fn label_values(&self, label: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        self.api.label_values(label, matchers).await
    }

    async fn label_names(&self, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        self.api.label_names(matchers).await
    }

    async fn series(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Labels>, Error> {
        self.api.series(matchers, from, to).await
    }

    async fn exemplars(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        self.api.exemplars(matchers, from, to).await
    }

    async fn delete(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Error> {
        self.api.delete(matchers, from, to).await
    }

    async fn describe(&self, metadata: Vec<Metadata>) -> Result<(), Error> {
        self.described.add(metadata).await
    }

    async fn metadata(&self, metric: Option<&str>) -> Result<Vec<Metadata>, Error> {
        // What we were told counts: the engine may hear of it only from its own scrapes.
        let theirs = self.api.metadata(metric).await?;
        Ok(self.described.with(metric, theirs))
    }

    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        self.api.query(query.as_str(), at).await
    }

    async fn query_range(
        &self,
        query: &Query,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Answer, Error> {
        self.api.query_range(query.as_str(), from, to, step).await
    }

    /// The engine keeps and drops samples by its own settings.
    async fn retain(&self, _: Duration, _: Timestamp) -> Result<u64, Error> {
        Ok(0)
    }

    async fn status(&self) -> Result<Status, Error> {
        Ok(Status {
            series: self.api.series_count().await.unwrap_or_default(),
            disk_bytes: self.queue.waiting().bytes,
            recovered: self.recovered.clone(),
            ..Status::default()
        })
    }
}
