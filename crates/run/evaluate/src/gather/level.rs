//! Level: the value of a PromQL expression, evaluated over the store once a round is complete.

use std::{collections::BTreeSet, time::Duration};

use promise::{Seen, Timestamp, signal::Matcher};
use promql::{Answer, Query, Series, Value};
use store::{Labels, MetricStore};

use crate::{source::WAIT_MAX, timeline::Timeline};

/// Series shown to a person as those that a query reads.
const SHOWN_MAX: usize = 100;
/// A query that no round touches (`absent(…)`, `time()`) is evaluated this often.
const EVERY: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(crate) struct Level {
    pub text: String,
    query: Result<Query, String>,
    /// The round whose values it has not looked at yet.
    pending: Option<Timestamp>,
    /// The first of the rounds that it has not looked at.
    waiting: Option<Timestamp>,
    /// When it last had a value without a hole since.
    pub last: Option<Timestamp>,
    evaluated: Option<Timestamp>,
    /// Since when it has had none.
    pub absent: Option<Timestamp>,
    /// Why the newest evaluation failed.
    pub wrong: Option<String>,
    pub series: BTreeSet<Labels>,
}

impl Level {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            query: Query::parse(text).map_err(|why| why.to_string()),
            pending: None,
            waiting: None,
            last: None,
            evaluated: None,
            absent: None,
            wrong: None,
            series: BTreeSet::new(),
        }
    }

    pub fn selectors(&self) -> Vec<Vec<Matcher>> {
        self.query
            .iter()
            .flat_map(|query| query.selectors().map(<[Matcher]>::to_vec))
            .collect()
    }

    pub fn note(&mut self, labels: &Labels) {
        if self.series.len() < SHOWN_MAX && !self.series.contains(labels) {
            self.series.insert(labels.clone());
        }
    }

    pub fn due(&mut self, at: Timestamp) {
        self.pending = self.pending.max(Some(at));
        self.waiting.get_or_insert(at);
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.pending.is_some() || self.timer().is_none_or(|timer| timer <= now)
    }

    /// Whether a round has come that it has not looked at yet.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The instant that it would be evaluated for.
    pub fn instant(&self, now: Timestamp) -> Timestamp {
        self.pending.unwrap_or(now)
    }

    /// Whether what came first has waited for as long as anything waits: among many targets one is always late.
    pub fn has_waited(&self, now: Timestamp) -> bool {
        self.waiting.is_some_and(|since| now >= since + WAIT_MAX)
    }

    /// What was pending has been evaluated with the rest of history up to `at`.
    pub fn is_done(&mut self, at: Timestamp) {
        (self.pending, self.waiting) = (None, None);
        self.evaluated = Some(at);
    }

    pub fn timer(&self) -> Option<Timestamp> {
        self.evaluated.map(|at| at + EVERY)
    }

    pub fn interrupt(&mut self) {
        self.last = None;
    }

    /// Evaluates what is pending. An unreadable store leaves the level as it was, to be tried again.
    pub async fn evaluate(
        &mut self,
        timeline: &mut Timeline,
        metrics: &dyn MetricStore,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, Timestamp)>, store::Error> {
        let at = self.instant(now);
        self.is_done(now);
        let query = match &self.query {
            Ok(query) => query,
            Err(why) => {
                self.wrong = Some(why.clone());
                return Ok(None);
            }
        };
        // An engine with a language of its own answers by it, so nothing is fetched here.
        let answer = match metrics.query(query, at).await {
            Ok(answer) => Ok(answer),
            Err(store::Error::Query(why)) => Err(why),
            Err(why) => {
                self.due(at);
                return Err(why);
            }
        };
        Ok(self.take(timeline, at, answer, EVERY))
    }

    /// Evaluates history at `from + step`, …, `to`.
    pub async fn replay(
        &mut self,
        timeline: &mut Timeline,
        metrics: &dyn MetricStore,
        (from, to): (Timestamp, Timestamp),
        step: Duration,
    ) -> Result<Vec<(Timestamp, Timestamp)>, store::Error> {
        let Ok(query) = self.query.clone() else {
            return Ok(Vec::new());
        };
        let series = fetch(&query, metrics, from, to).await?;
        let mut gaps = Vec::new();
        let mut at = from + step;
        // A chunk holds an hour at steps of 15 s or more: 240 rounds.
        while at <= to && !series.is_empty() {
            let answer = query.instant(at, &series).map_err(|why| why.to_string());
            gaps.extend(self.take(timeline, at, answer, step));
            at = at + step;
        }
        Ok(gaps)
    }

    /// Answers with the stretch without a value that has just ended.
    fn take(
        &mut self,
        timeline: &mut Timeline,
        at: Timestamp,
        answer: Result<Answer, String>,
        reach: Duration,
    ) -> Option<(Timestamp, Timestamp)> {
        self.wrong = answer.as_ref().err().cloned();
        let values: Vec<f64> = match answer.map(|answer| answer.value) {
            Ok(Value::Scalar(value)) => vec![value],
            // A native histogram has no level.
            Ok(Value::Vector(samples)) => samples
                .into_iter()
                .filter_map(|sample| sample.value.float())
                .collect(),
            Ok(Value::Matrix(_) | Value::String(_)) | Err(_) => Vec::new(),
        };
        // A NaN among several is as unknown as one alone: it must not hide behind its neighbours.
        if values.is_empty() || values.iter().any(|value| value.is_nan()) {
            self.absent.get_or_insert(self.last.unwrap_or(at));
            self.last = None;
            return None;
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Of several values the highest is shown; `low` and `high` hold the whole span.
        let from = self.last.unwrap_or(at - reach);
        timeline.add(
            from.min(at),
            at,
            Seen::Level {
                last: high,
                low,
                high,
            },
        );
        self.last = Some(at);
        self.absent
            .take()
            .filter(|since| *since < at)
            .map(|since| (since, at))
    }
}

async fn fetch(
    query: &Query,
    metrics: &dyn MetricStore,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Series>, store::Error> {
    let mut found = Vec::new();
    for selection in query.selections(from, to) {
        let series = metrics
            .select(&selection.matchers, selection.from, selection.to)
            .await?;
        found.extend(series);
    }
    Ok(Series::merged(found))
}
