//! Where a rule's series come from: a store, or memory in tests and replays.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Labels, Query, Series};
use store::{Error, MetricStore};

/// What rules ask. An engine with a query language of its own answers `query` by it.
pub trait Source: Sync {
    fn query(
        &self,
        query: &Query,
        at: Timestamp,
    ) -> impl Future<Output = Result<Answer, Error>> + Send;

    /// As [`MetricStore::select`].
    fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<Vec<Series>, Error>> + Send;
}

/// A store.
#[derive(Clone)]
pub struct Stored(pub Arc<dyn MetricStore>);

impl Source for Stored {
    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        self.0.query(query, at).await
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        self.0.select(matchers, from, to).await
    }
}

/// Series in memory, of which nothing after a certain instant is shown.
#[derive(Debug)]
pub struct Memory {
    series: BTreeMap<Labels, Series>,
    until: Timestamp,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            series: BTreeMap::new(),
            until: Timestamp::from_millis(i64::MAX),
        }
    }
}

impl Memory {
    /// Of two samples of one instant the first counts.
    pub fn append(&mut self, batch: Vec<Series>) {
        for new in batch {
            let known = self
                .series
                .entry(new.labels.clone())
                .or_insert_with(|| Series::new(new.labels, Vec::new()));
            for sample in new.samples {
                let place = known.samples.partition_point(|other| other.at < sample.at);
                if known
                    .samples
                    .get(place)
                    .is_none_or(|other| other.at != sample.at)
                {
                    known.samples.insert(place, sample);
                }
            }
            for sample in new.histograms {
                let place = known
                    .histograms
                    .partition_point(|other| other.at < sample.at);
                if known
                    .histograms
                    .get(place)
                    .is_none_or(|other| other.at != sample.at)
                {
                    known.histograms.insert(place, sample);
                }
            }
        }
    }

    /// Hides what lies after `until`.
    pub fn shows_until(&mut self, until: Timestamp) {
        self.until = until;
    }
}

/// The answer for a source that has no query language of its own.
pub(super) async fn answered(
    source: &impl Source,
    query: &Query,
    at: Timestamp,
) -> Result<Answer, Error> {
    let series = gather(source, query, at, at).await?;
    query
        .instant(at, &series)
        .map_err(|why| Error::Query(why.to_string()))
}

impl Source for Memory {
    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        answered(self, query, at).await
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        let fits = |labels: &Labels| matchers.iter().all(|m| m.accepts(labels.get(&m.name)));
        let found = self.series.values().filter(|series| fits(&series.labels));
        Ok(found
            .map(|series| cut(series, from, to.min(self.until)))
            .filter(|series| !series.is_empty())
            .collect())
    }
}

fn cut(series: &Series, from: Timestamp, to: Timestamp) -> Series {
    let samples = &series.samples;
    let first = samples.partition_point(|sample| sample.at < from);
    let last = samples.partition_point(|sample| sample.at <= to);
    let mut out = Series::new(
        series.labels.clone(),
        samples[first..last.max(first)].to_vec(),
    );
    let histograms = &series.histograms;
    let first = histograms.partition_point(|sample| sample.at < from);
    let last = histograms.partition_point(|sample| sample.at <= to);
    out.histograms = histograms[first..last.max(first)].to_vec();
    out
}

/// Every series that a query needs between two instants, each once.
pub(super) async fn gather(
    source: &impl Source,
    query: &Query,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Series>, Error> {
    let mut all = Vec::new();
    for selection in query.selections(from, to) {
        let found = source.select(&selection.matchers, selection.from, selection.to);
        all.extend(found.await?);
    }
    Ok(Series::merged(all))
}
