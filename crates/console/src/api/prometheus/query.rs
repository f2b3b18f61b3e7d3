//! `/api/v1/query` and `/api/v1/query_range`: what an expression comes to.

use std::{sync::Arc, time::Duration};

use ::promise::{Clock, Say, Timestamp, say};
use axum::response::Response;
use promql::{Answer, Query, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form, STEPS_MAX, bad},
    json, value,
};
use crate::reply::Visit;

/// Queries under way at a time: each may fill a core, and judging needs one.
pub(super) const QUERIES_MAX: usize = 4;
/// How long a query may take, its waiting included; Prometheus's default.
pub(super) const TIMEOUT_MAX: Duration = Duration::from_secs(120);

/// How long a person waits for a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// How many questions are answered at a time.
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(QUERIES_MAX)))
    }
}

impl Turns {
    async fn take(&self, timeout: Duration) -> Result<OwnedSemaphorePermit, Failure> {
        match tokio::time::timeout(timeout, self.0.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Failure::Timeout(
                "query timed out in query queue".to_owned(),
            )),
        }
    }
}

pub(crate) async fn instant(visit: Visit, form: Form) -> Response {
    answer::reply(at_one(&visit, form).await)
}

pub(crate) async fn range(visit: Visit, form: Form) -> Response {
    answer::reply(ranged(&visit, form).await)
}

async fn at_one(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let limit = asked.limit()?;
    let at = asked.time("time")?.unwrap_or(visit.now);
    let timeout = asked.timeout(TIMEOUT_MAX)?;
    let query = asked.query()?;
    let metrics = visit.room.desk.metrics.clone();
    let work = async move { metrics.query(&query, at).await };
    let done = computed(visit, timeout, work).await?;
    Ok(written(
        done,
        at.as_millis(),
        limit,
        asked.one("stats").is_some(),
    ))
}

async fn ranged(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let limit = asked.limit()?;
    let (from, to) = (asked.need_time("start")?, asked.need_time("end")?);
    if to < from {
        return Err(bad("end", &"end timestamp must not be before start time"));
    }
    let step = asked.step()?;
    // Seen before anything is fetched, so that a chart of years costs nothing.
    if to.since(from).as_millis() / step.as_millis().max(1) > STEPS_MAX {
        let why = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)";
        return Err(Failure::BadData(why.to_owned()));
    }
    let timeout = asked.timeout(TIMEOUT_MAX)?;
    let query = asked.query()?;
    let kind = query.gives();
    if !["scalar", "instant vector"].contains(&kind) {
        let why = format!(
            "invalid expression type \"{kind}\" for range query, must be Scalar or instant Vector"
        );
        return Err(bad("query", &why));
    }
    let metrics = visit.room.desk.metrics.clone();
    let work = async move { metrics.query_range(&query, from, to, step).await };
    let done = computed(visit, timeout, work).await?;
    Ok(written(
        done,
        to.as_millis(),
        limit,
        asked.one("stats").is_some(),
    ))
}

/// Why a page gets no answer to a query.
pub(crate) struct Refusal(Failure);

impl Refusal {
    pub fn say(&self) -> Say {
        match &self.0 {
            Failure::Timeout(_) => say!(
                "the query takes longer than {}; ask about less",
                "クエリが {} を超えました。対象を絞ってください",
                super::length(PAGE_TIMEOUT)
            ),
            Failure::BadData(why) | Failure::Execution(why) | Failure::Unavailable(why) => {
                Say::same(why.clone())
            }
            Failure::Internal(cause) => {
                tracing::error!(%cause, "a query could not be answered");
                say!(
                    "something went wrong inside; the log says what",
                    "内部で問題が起きました。詳細はログにあります"
                )
            }
        }
    }
}

/// The value at one instant, for a page.
pub(crate) async fn at(visit: &Visit, query: Query, at: Timestamp) -> Result<Answer, Refusal> {
    let metrics = visit.room.desk.metrics.clone();
    let work = async move { metrics.query(&query, at).await };
    let done = computed(visit, PAGE_TIMEOUT, work).await.map_err(Refusal)?;
    Ok(done.answer)
}

/// The values along a stretch of time, for a page.
pub(crate) async fn along(
    visit: &Visit,
    query: Query,
    from: Timestamp,
    to: Timestamp,
    step: Duration,
) -> Result<Answer, Refusal> {
    let metrics = visit.room.desk.metrics.clone();
    let work = async move { metrics.query_range(&query, from, to, step).await };
    let done = computed(visit, PAGE_TIMEOUT, work).await.map_err(Refusal)?;
    Ok(done.answer)
}

/// An answer, and what it took.
struct Done {
    answer: Answer,
    waited: Duration,
    took: Duration,
}

/// Arithmetic over millions of samples does not belong on the threads that answer everybody else. The turn ends with
/// the work, even when whoever asked has gone.
async fn computed(
    visit: &Visit,
    timeout: Duration,
    work: impl Future<Output = Result<Answer, store::Error>> + Send + 'static,
) -> Result<Done, Failure> {
    let clock: &dyn Clock = &*visit.room.desk.clock;
    let asked = clock.now();
    let turn = visit.room.turns.take(timeout).await?;
    let began = clock.now();
    let waited = began.since(asked);
    let runtime = tokio::runtime::Handle::current();
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        runtime.block_on(work)
    });
    let Ok(done) = tokio::time::timeout(timeout.saturating_sub(waited), work).await else {
        let why = "query timed out in expression evaluation";
        return Err(Failure::Timeout(why.to_owned()));
    };
    let answer = done.map_err(|error| Failure::Internal(error.to_string()))??;
    Ok(Done {
        answer,
        waited,
        took: clock.now().since(began),
    })
}

fn written(mut done: Done, at: i64, limit: usize, stats: bool) -> Found {
    let value = &mut done.answer.value;
    let cut = match value {
        Value::Vector(all) => shortened(all, limit),
        Value::Matrix(all) => shortened(all, limit),
        Value::Scalar(_) | Value::String(_) => false,
    };
    let mut data = String::with_capacity(value::size_hint(value));
    value::write(&mut data, value, at);
    if stats {
        data.push_str(",\"stats\":{\"timings\":{\"evalTotalTime\":");
        json::float(&mut data, done.took.as_secs_f64());
        data.push_str(",\"execQueueTime\":");
        json::float(&mut data, done.waited.as_secs_f64());
        data.push_str(",\"execTotalTime\":");
        json::float(&mut data, (done.waited + done.took).as_secs_f64());
        data.push_str("}}");
    }
    data.push('}');
    let found = Found {
        data,
        notes: done.answer.notes,
    };
    found.cut(cut)
}

fn shortened<T>(all: &mut Vec<T>, limit: usize) -> bool {
    let cut = all.len() > limit;
    all.truncate(limit);
    cut
}
