//! The door: parse a text, say what it needs, answer at an instant or over a range.

use std::{collections::BTreeMap, time::Duration};

use promise::{Timestamp, signal::Matcher};

use crate::{
    Answer, Element, EvalError, Labels, Notes, Number, Options, ParseError, Sample, Series,
    SeriesSource, Value,
    plan::Plan,
    run::{Held, Run},
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
    options: Options,
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
            options: Options::default(),
        })
    }

    /// The same query under other options.
    #[must_use]
    pub fn with(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The query as Prometheus would write it, over several lines where it is long.
    #[must_use]
    pub fn format(&self) -> String {
        promql_parser::parser::parse(&self.text)
            .map_or_else(|_| self.text.clone(), |tree| tree.prettify())
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
    ) -> Result<Answer, EvalError> {
        let at = at.as_millis();
        let value = match Run::new(&self.plan, data, at, at).value(at)? {
            Held::Scalar(value) => Value::Scalar(value),
            Held::String(text) => Value::String(text),
            Held::Vector(items) => Value::Vector(
                items
                    .into_iter()
                    .map(|item| Element {
                        labels: item.labels,
                        value: Number::Float(item.value),
                    })
                    .collect(),
            ),
            Held::Matrix(rows) => Value::Matrix(rows),
        };
        Ok(Answer {
            value,
            notes: Notes::default(),
        })
    }

    /// The answer at `from`, `from + step`, … up to `to`: always a matrix, in the order of labels.
    pub fn range(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
        data: &(impl SeriesSource + ?Sized),
    ) -> Result<Answer, EvalError> {
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
                Held::Scalar(value) => rows.entry(Labels::default()).or_default().push((at, value)),
                Held::Vector(samples) => {
                    for sample in samples {
                        rows.entry(sample.labels)
                            .or_default()
                            .push((at, sample.value));
                    }
                }
                Held::String(_) | Held::Matrix(_) => {
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
        let value = Value::Matrix(
            rows.into_iter()
                .map(|(labels, points)| {
                    let samples = points.into_iter().map(|(at, value)| Sample {
                        at: Timestamp::from_millis(at),
                        value,
                    });
                    Series::new(labels, samples.collect())
                })
                .collect(),
        );
        Ok(Answer {
            value,
            notes: Notes::default(),
        })
    }
}
