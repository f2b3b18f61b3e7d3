//! `/api/v1/query` and its kin: the query API of Prometheus over the metric store, so that Grafana and scripts
//! written for Prometheus read Tegata as they are.
//!
//! Errors here have Prometheus's shape, not RFC 9457's: its clients look for `errorType`. Native histograms,
//! exemplars and metadata are not spoken.

mod answer;
mod ask;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{Path, rejection::BytesRejection},
    response::Response,
};
use promql::{LOOK_BACK, Selection, Series};
use serde_json::{Map, Value, json};
use store::MetricStore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::reply::Visit;
use answer::Failure;
use ask::Asked;

/// Queries under way at a time: each may fill a core, and judging needs one.
const QUERIES_MAX: usize = 4;
/// How long a query waits for its turn before it is refused.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Samples of one query, at 16 bytes each: 64 MiB is what a question may cost.
const SAMPLES_MAX: usize = 4 << 20;
/// Names or series of one answer.
const LISTED_MAX: usize = 10_000;

/// How many questions are answered at a time.
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(QUERIES_MAX)))
    }
}

impl Turns {
    async fn take(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = tokio::time::timeout(WAIT_MAX, self.0.clone().acquire_owned()).await;
        match turn {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Failure::Timeout(
                "too many queries are under way".to_owned(),
            )),
        }
    }
}

type Form = Result<Bytes, BytesRejection>;

/// `/api/v1/query`: the value at one instant.
pub(crate) async fn query(visit: Visit, form: Form) -> Response {
    answer::reply(instant(&visit, form).await)
}

/// `/api/v1/query_range`: the values along a stretch of time.
pub(crate) async fn query_range(visit: Visit, form: Form) -> Response {
    answer::reply(range(&visit, form).await)
}

/// `/api/v1/series`: which series the selectors match.
pub(crate) async fn series(visit: Visit, form: Form) -> Response {
    answer::reply(matched(&visit, form).await)
}

/// `/api/v1/labels`: the names of labels.
pub(crate) async fn labels(visit: Visit, form: Form) -> Response {
    answer::reply(names(&visit, form).await)
}

/// `/api/v1/label/{name}/values`: the values of one label.
pub(crate) async fn values(Path(name): Path<String>, visit: Visit, form: Form) -> Response {
    answer::reply(values_of(&visit, &name, form).await)
}

async fn instant(visit: &Visit, form: Form) -> Result<Value, Failure> {
    let asked = Asked::read(visit, form)?;
    let query = asked.query()?;
    let at = asked.time("time")?.unwrap_or(visit.now);
    let turn = visit.room.turns.take().await?;
    let series = gather(&*visit.room.desk.metrics, query.selections(at, at)).await?;
    let found = computed(turn, move || query.instant(at, &series)).await?;
    Ok(answer::value(&found.value, at))
}

async fn range(visit: &Visit, form: Form) -> Result<Value, Failure> {
    let asked = Asked::read(visit, form)?;
    let query = asked.query()?;
    let (from, to) = (asked.need_time("start")?, asked.need_time("end")?);
    if to < from {
        return Err(Failure::BadData("`end` lies before `start`".to_owned()));
    }
    let step = asked.step()?;
    // Seen before anything is fetched, so that a chart of years costs nothing.
    let steps = to.since(from).as_millis() / step.as_millis().max(1);
    if steps >= u128::from(ask::STEPS_MAX) {
        return Err(Failure::BadData(format!(
            "more than {} steps; ask with a longer step",
            ask::STEPS_MAX
        )));
    }
    let turn = visit.room.turns.take().await?;
    let series = gather(&*visit.room.desk.metrics, query.selections(from, to)).await?;
    let found = computed(turn, move || query.range(from, to, step, &series)).await?;
    Ok(answer::value(&found.value, to))
}

/// Arithmetic over millions of samples does not belong on the threads that answer everybody else. The turn ends with
/// the work, even when whoever asked has gone.
async fn computed(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<promql::Answer, promql::EvalError> + Send + 'static,
) -> Result<promql::Answer, Failure> {
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await;
    let value = done.map_err(|error| Failure::Internal(error.to_string()))?;
    value.map_err(|why| Failure::Execution(why.to_string()))
}

/// Each series once, though several selectors may want different stretches of it.
async fn gather(
    metrics: &dyn MetricStore,
    selections: Vec<Selection>,
) -> Result<Vec<Series>, Failure> {
    let mut all = Vec::new();
    let mut left = SAMPLES_MAX;
    for selection in selections {
        let found = metrics
            .select(&selection.matchers, selection.from, selection.to)
            .await?;
        for series in &found {
            left = left.checked_sub(series.len()).ok_or_else(|| {
                Failure::Execution(format!("the query touches more than {SAMPLES_MAX} samples"))
            })?;
        }
        all.extend(found);
    }
    Ok(Series::merged(all))
}

/// The labels of series that have a sample within [`LOOK_BACK`] of `end`: one moment's series, not all that ever
/// were, so that a store of a year answers as fast as one of a day.
async fn alive(visit: &Visit, asked: &Asked) -> Result<BTreeSet<store::Labels>, Failure> {
    let to = asked.time("end")?.unwrap_or(visit.now);
    let mut selectors = asked.selectors()?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let mut found = BTreeSet::new();
    for matchers in selectors {
        let series = visit
            .room
            .desk
            .metrics
            .select(&matchers, to - LOOK_BACK, to)
            .await?;
        found.extend(series.into_iter().map(|series| series.labels));
    }
    Ok(found)
}

async fn matched(visit: &Visit, form: Form) -> Result<Value, Failure> {
    let asked = Asked::read(visit, form)?;
    if asked.selectors()?.is_empty() {
        return Err(Failure::BadData("no `match[]` was given".to_owned()));
    }
    let found = alive(visit, &asked).await?;
    let listed = found.iter().take(asked.limit(LISTED_MAX)?).map(|labels| {
        let pairs = labels
            .iter()
            .map(|(name, value)| (name.to_owned(), json!(value)));
        Value::Object(pairs.collect::<Map<_, _>>())
    });
    Ok(listed.collect())
}

async fn names(visit: &Visit, form: Form) -> Result<Value, Failure> {
    let asked = Asked::read(visit, form)?;
    let found = alive(visit, &asked).await?;
    let names: BTreeSet<&str> = found
        .iter()
        .flat_map(store::Labels::iter)
        .map(|(name, _)| name)
        .collect();
    Ok(names.into_iter().take(asked.limit(LISTED_MAX)?).collect())
}

async fn values_of(visit: &Visit, name: &str, form: Form) -> Result<Value, Failure> {
    let asked = Asked::read(visit, form)?;
    let metrics = &visit.room.desk.metrics;
    let mut selectors = asked.selectors()?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let mut values = BTreeSet::new();
    for matchers in selectors {
        values.extend(metrics.label_values(name, &matchers).await?);
    }
    Ok(values.into_iter().take(asked.limit(LISTED_MAX)?).collect())
}
