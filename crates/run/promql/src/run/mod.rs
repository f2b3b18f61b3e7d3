//! A plan at one instant: each node becomes a value. A range query is this, step by step.

mod aggregate;
mod binary;

use std::{borrow::Cow, cell::Cell, collections::HashSet};

use promise::Timestamp;

use crate::{
    EvalError, Labels, Sample, Series, SeriesSource,
    function::{self, Args},
    plan::{Node, Plan},
    query::LOOK_BACK,
    series::is_stale,
    value::Point,
};

/// Samples that one query may touch. Prometheus's default bound on samples in memory; here it bounds
/// work as well, because a sample counts each time it is looked at.
const SAMPLES_MAX: u64 = 50_000_000;

/// The samples of one series over `(from, to]`, staleness markers left out.
pub(crate) struct Window<'r> {
    pub labels: Labels,
    pub points: Cow<'r, [Point]>,
}

/// A range vector and the range that it covers.
pub(crate) struct Windows<'r> {
    pub rows: Vec<Window<'r>>,
    pub from: i64,
    pub to: i64,
}

/// One run of a plan over fetched series.
pub(crate) struct Run<'r> {
    plan: &'r Plan,
    series: Vec<Vec<(Labels, Vec<Point>)>>,
    start: i64,
    end: i64,
    touched: Cell<u64>,
}

impl<'r> Run<'r> {
    pub fn new(
        plan: &'r Plan,
        data: &'r (impl SeriesSource + ?Sized),
        start: i64,
        end: i64,
    ) -> Self {
        let series = plan
            .selectors
            .iter()
            .map(|selector| {
                let found = data.series(&selector.matchers).into_iter();
                found
                    .map(|series| {
                        let points = series.samples.iter();
                        let points = points.map(|s| (s.at.as_millis(), s.value)).collect();
                        (series.labels, points)
                    })
                    .collect()
            })
            .collect();
        Self {
            plan,
            series,
            start,
            end,
            touched: Cell::new(0),
        }
    }

    /// The whole query at `at`.
    pub fn value(&self, at: i64) -> Result<Held, EvalError> {
        match &self.plan.root {
            root @ (Node::Matrix { .. } | Node::Subquery { .. }) => {
                let windows = self.windows(root, at)?;
                let rows = windows.rows.into_iter();
                Ok(Held::Matrix(
                    rows.map(|row| {
                        let samples = row.points.iter().map(|(at, value)| Sample {
                            at: Timestamp::from_millis(*at),
                            value: *value,
                        });
                        Series::new(row.labels, samples.collect())
                    })
                    .collect(),
                ))
            }
            root => self.node(root, at),
        }
    }

    fn touch(&self, samples: usize) -> Result<(), EvalError> {
        let touched = self
            .touched
            .get()
            .saturating_add(u64::try_from(samples).unwrap_or(u64::MAX));
        self.touched.set(touched);
        if touched > SAMPLES_MAX {
            Err(EvalError::TooManySamples { limit: SAMPLES_MAX })
        } else {
            Ok(())
        }
    }

    fn node(&self, node: &Node, at: i64) -> Result<Held, EvalError> {
        match node {
            Node::Number(value) => Ok(Held::Scalar(*value)),
            Node::Text(text) => Ok(Held::String(text.clone())),
            Node::Vector(selector) => self.instant(*selector, at).map(Held::Vector),
            Node::Matrix { .. } | Node::Subquery { .. } => Err(EvalError::WrongType {
                function: "this expression",
                wanted: "instant vector",
            }),
            Node::Negate(of) => match self.node(of, at)? {
                Held::Scalar(value) => Ok(Held::Scalar(-value)),
                other => {
                    let mut samples = vector(other, "-")?;
                    for sample in &mut samples {
                        sample.value = -sample.value;
                        sample.labels = sample.labels.without_name();
                    }
                    distinct(samples, "-").map(Held::Vector)
                }
            },
            Node::Binary(binary) => {
                let left = self.node(&binary.left, at)?;
                let right = self.node(&binary.right, at)?;
                binary::apply(binary, left, right, at)
            }
            Node::Aggregate(fold) => {
                let samples = vector(self.node(&fold.of, at)?, "aggregation")?;
                let param = fold
                    .param
                    .as_ref()
                    .map(|param| self.node(param, at))
                    .transpose()?;
                aggregate::apply(fold, samples, param.as_ref(), at).map(Held::Vector)
            }
            Node::Call { function, args } => {
                let value = function::call(
                    *function,
                    &Args {
                        run: self,
                        nodes: args,
                        at,
                    },
                )?;
                match value {
                    Held::Vector(samples) => distinct(samples, function.name()).map(Held::Vector),
                    other => Ok(other),
                }
            }
        }
    }

    /// The matchers of a node that is a plain selector, for `absent`.
    pub fn matchers(&self, node: &Node) -> &[promise::signal::Matcher] {
        match node {
            Node::Vector(selector) | Node::Matrix { selector, .. } => {
                &self.plan.selectors[*selector].matchers
            }
            _ => &[],
        }
    }

    pub fn evaluate(&self, node: &Node, at: i64) -> Result<Held, EvalError> {
        self.node(node, at)
    }

    /// The newest sample of each series in `(at - look-back, at]`, unless the series ended.
    pub fn instant(&self, selector: usize, at: i64) -> Result<Vec<Item>, EvalError> {
        let seen = self.plan.selectors[selector]
            .when
            .instant(at, self.start, self.end);
        let oldest = seen.saturating_sub(i64::try_from(LOOK_BACK.as_millis()).unwrap_or(i64::MAX));
        let mut found = Vec::new();
        for (labels, points) in &self.series[selector] {
            let until = points.partition_point(|(when, _)| *when <= seen);
            let Some((when, value)) = until.checked_sub(1).and_then(|last| points.get(last)) else {
                continue;
            };
            if *when > oldest && !is_stale(*value) {
                found.push(Item {
                    labels: labels.clone(),
                    at: *when,
                    value: *value,
                });
            }
        }
        self.touch(self.series[selector].len())?;
        Ok(found)
    }

    /// A range vector.
    pub fn windows(&self, node: &Node, at: i64) -> Result<Windows<'_>, EvalError> {
        match node {
            Node::Matrix { selector, range } => {
                let to = self.plan.selectors[*selector]
                    .when
                    .instant(at, self.start, self.end);
                let from = to.saturating_sub(*range);
                let mut rows = Vec::new();
                for (labels, points) in &self.series[*selector] {
                    let first = points.partition_point(|(when, _)| *when <= from);
                    let until = points.partition_point(|(when, _)| *when <= to);
                    let points = &points[first..until];
                    self.touch(points.len())?;
                    let points = if points.iter().any(|(_, value)| is_stale(*value)) {
                        Cow::Owned(
                            points
                                .iter()
                                .copied()
                                .filter(|(_, value)| !is_stale(*value))
                                .collect(),
                        )
                    } else {
                        Cow::Borrowed(points)
                    };
                    if !points.is_empty() {
                        rows.push(Window {
                            labels: labels.clone(),
                            points,
                        });
                    }
                }
                Ok(Windows { rows, from, to })
            }
            Node::Subquery {
                of,
                range,
                step,
                when,
            } => {
                let to = when.instant(at, self.start, self.end);
                let from = to.saturating_sub(*range);
                // Steps stand at multiples of the step, so that two runs look at the same instants.
                let mut next = (from.div_euclid(*step) + 1).saturating_mul(*step);
                // Counted before the first step, so that a range without end is refused at once.
                self.touch(
                    usize::try_from(to.saturating_sub(next).max(0) / step).unwrap_or(usize::MAX),
                )?;
                let mut rows: Vec<Window<'_>> = Vec::new();
                let mut places = std::collections::HashMap::new();
                while next <= to {
                    let samples = match self.node(of, next)? {
                        Held::Scalar(value) => vec![Item {
                            labels: Labels::default(),
                            at: next,
                            value,
                        }],
                        other => vector(other, "subquery")?,
                    };
                    self.touch(samples.len())?;
                    for sample in samples {
                        let place = *places.entry(sample.labels.clone()).or_insert_with(|| {
                            rows.push(Window {
                                labels: sample.labels,
                                points: Cow::Owned(Vec::new()),
                            });
                            rows.len() - 1
                        });
                        rows[place].points.to_mut().push((next, sample.value));
                    }
                    next = next.saturating_add(*step);
                    if next == i64::MAX {
                        break;
                    }
                }
                rows.sort_by(|a, b| a.labels.cmp(&b.labels));
                Ok(Windows { rows, from, to })
            }
            _ => Err(EvalError::WrongType {
                function: "this function",
                wanted: "range vector",
            }),
        }
    }
}

pub(crate) fn vector(value: Held, function: &'static str) -> Result<Vec<Item>, EvalError> {
    match value {
        Held::Vector(samples) => Ok(samples),
        _ => Err(EvalError::WrongType {
            function,
            wanted: "instant vector",
        }),
    }
}

/// Refuses two samples with the same labels: which of them was meant could not be told.
pub(crate) fn distinct(samples: Vec<Item>, by: &'static str) -> Result<Vec<Item>, EvalError> {
    let mut seen = HashSet::with_capacity(samples.len());
    match samples.iter().find(|sample| !seen.insert(&sample.labels)) {
        Some(twice) => Err(EvalError::SameLabels {
            labels: twice.labels.to_string(),
            by,
        }),
        None => Ok(samples),
    }
}

/// One sample of a vector while it is computed.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub labels: Labels,
    pub at: i64,
    pub value: f64,
}

/// A value while it is computed.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    Scalar(f64),
    String(String),
    Vector(Vec<Item>),
    Matrix(Vec<Series>),
}
