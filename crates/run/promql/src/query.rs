//! The door: parse a text, say what it needs, answer at an instant or over a range.

use std::{collections::BTreeMap, time::Duration};

use promise::{Timestamp, signal::Matcher};

use crate::{
    EvalError, Labels, ParseError, Sample, Series, SeriesSource, Value, plan::Plan, run::Run,
};

/// How far back a sample still speaks for its series; Prometheus's default.
pub const LOOK_BACK: Duration = Duration::from_secs(300);

/// Steps of one range query. Prometheus refuses more than this, so that a chart cannot flatten a server.
const STEPS_MAX: usize = 11_000;

/// A parsed query. Cheap to keep, and the same for every run.
#[derive(Debug, Clone)]
pub struct Query {
    text: String,
    plan: Plan,
}

/// Series that a query needs, and from when to when (both ends included).
#[derive(Debug, Clone)]
pub struct Selection {
    pub matchers: Vec<Matcher>,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Query {
    /// Reads and type-checks a text of bounded length and depth.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self {
            text: text.trim().to_owned(),
            plan: Plan::of(text)?,
        })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What to fetch before evaluating anywhere between `from` and `to`.
    #[must_use]
    pub fn selections(&self, from: Timestamp, to: Timestamp) -> Vec<Selection> {
        self.plan
            .stretches(from.as_millis(), to.as_millis())
            .into_iter()
            .map(|(selector, from, to)| Selection {
                matchers: self.plan.selectors[selector].matchers.clone(),
                from: Timestamp::from_millis(from),
                to: Timestamp::from_millis(to),
            })
            .collect()
    }

    /// The matchers of each selector in the text, in its order.
    pub fn selectors(&self) -> impl Iterator<Item = &[Matcher]> {
        self.plan
            .selectors
            .iter()
            .map(|selector| selector.matchers.as_slice())
    }

    /// The answer at one instant.
    pub fn instant(
        &self,
        at: Timestamp,
        data: &(impl SeriesSource + ?Sized),
    ) -> Result<Value, EvalError> {
        let at = at.as_millis();
        Run::new(&self.plan, data, at, at).value(at)
    }

    /// The answer at `from`, `from + step`, … up to `to`: always a matrix, in the order of labels.
    pub fn range(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
        data: &(impl SeriesSource + ?Sized),
    ) -> Result<Value, EvalError> {
        let (from, to) = (from.as_millis(), to.as_millis());
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        if step <= 0 {
            return Err(EvalError::NoStep);
        }
        let steps = to.saturating_sub(from) / step;
        if usize::try_from(steps).is_ok_and(|steps| steps >= STEPS_MAX) {
            return Err(EvalError::TooManySteps { limit: STEPS_MAX });
        }
        let run = Run::new(&self.plan, data, from, to);
        let mut rows: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
        let mut at = from;
        while at <= to {
            match run.value(at)? {
                Value::Scalar(value) => {
                    rows.entry(Labels::default()).or_default().push((at, value))
                }
                Value::Vector(samples) => {
                    for sample in samples {
                        rows.entry(sample.labels)
                            .or_default()
                            .push((at, sample.value));
                    }
                }
                Value::String(_) | Value::Matrix(_) => {
                    return Err(EvalError::WrongType {
                        function: "range query",
                        wanted: "scalar or instant vector",
                    });
                }
            }
            let Some(next) = at.checked_add(step) else {
                break;
            };
            at = next;
        }
        Ok(Value::Matrix(
            rows.into_iter()
                .map(|(labels, points)| {
                    let samples = points.into_iter().map(|(at, value)| Sample {
                        at: Timestamp::from_millis(at),
                        value,
                    });
                    Series::new(labels, samples.collect())
                })
                .collect(),
        ))
    }
}
