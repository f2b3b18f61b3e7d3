//! VictoriaMetrics knows remote write 1.0 and has no remote read.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Query};
use store::{
    Error, Labels, Metadata, MetricStore, Sample, Series,
    metrics::{Appended, RemoteMetrics, Status, contract},
};

use crate::engine::{Engine, Kind, client};

/// It rounds floats to some 15 digits, keeps a later value of an instant beside the first, turns native
/// histograms into classic ones, keeps no exemplars, and deletes only whole series.
const CAN: contract::Capabilities = contract::Capabilities {
    exact: false,
    negative_zero: false,
    counts: false,
    at_once: false,
    late: false,
    histograms: false,
    exemplars: false,
    delete: false,
    metadata: false,
};

/// What it takes is seen after a second; the suite looks earlier.
struct Flushed {
    store: RemoteMetrics,
    url: String,
}

#[async_trait]
impl MetricStore for Flushed {
    async fn append(&self, batch: Vec<Series>) -> Result<Appended, Error> {
        let appended = self.store.append(batch).await?;
        let flush = format!("{}/internal/force_flush", self.url);
        client().get(flush).send().await.unwrap();
        Ok(appended)
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        self.store.select(matchers, from, to).await
    }

    async fn label_values(&self, label: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        self.store.label_values(label, matchers).await
    }

    async fn label_names(&self, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        self.store.label_names(matchers).await
    }

    async fn series(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Labels>, Error> {
        self.store.series(matchers, from, to).await
    }

    async fn exemplars(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        self.store.exemplars(matchers, from, to).await
    }

    async fn delete(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Error> {
        self.store.delete(matchers, from, to).await
    }

    async fn describe(&self, metadata: Vec<Metadata>) -> Result<(), Error> {
        self.store.describe(metadata).await
    }

    async fn metadata(&self, metric: Option<&str>) -> Result<Vec<Metadata>, Error> {
        self.store.metadata(metric).await
    }

    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        self.store.query(query, at).await
    }

    async fn query_range(
        &self,
        query: &Query,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Answer, Error> {
        self.store.query_range(query, from, to, step).await
    }

    async fn retain(&self, keep: Duration, now: Timestamp) -> Result<u64, Error> {
        self.store.retain(keep, now).await
    }

    async fn status(&self) -> Result<Status, Error> {
        self.store.status().await
    }
}

fn flushed(engine: &Engine) -> Flushed {
    Flushed {
        store: engine.store(&engine.folder.path().join("queue")),
        url: engine.url.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_on_victoria_metrics() {
    let engines = Mutex::new(Vec::new());
    contract::contract_of(CAN, async || {
        let engine = Engine::start(Kind::Victoria).await;
        let store = flushed(&engine);
        engines.lock().unwrap().push(engine);
        Arc::new(store) as Arc<dyn MetricStore>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_stretch_is_refused_where_it_would_delete_everything() {
    let engine = Engine::start(Kind::Victoria).await;
    let store = flushed(&engine);
    let at = Timestamp::from_millis(1_767_571_200_000);
    let labels = Labels::new([("__name__", "x")]);
    let x = Series::new(labels, vec![Sample { at, value: 1.5 }]);
    store.append(vec![x.clone()]).await.unwrap();
    let named = [Matcher::equal("__name__", "x")];
    let deleted = store.delete(&named, at, at).await;
    assert!(matches!(deleted, Err(Error::Unsupported(_))), "{deleted:?}");
    assert_eq!(store.select(&named, at, at).await.unwrap(), [x]);
}
