//! What the query API of Prometheus answers, as values. Source: its documentation, "HTTP API".

use std::{collections::BTreeMap, fmt};

use promise::Timestamp;
use promql::{Answer, Element, Exemplar, Labels, Notes, Number, Sample, Series, Value};
use serde::Deserialize;

use crate::Error;

/// Around every answer.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Envelope<T> {
    pub status: String,
    #[serde(default = "Option::default")]
    pub data: Option<T>,
    #[serde(default)]
    pub error: String,
    #[serde(default, rename = "errorType")]
    pub kind: String,
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default)]
    pub infos: Vec<String>,
}

/// `data` of a query.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    Vector(Vec<Row>),
    Matrix(Vec<Row>),
    Scalar(Point),
    String(Point),
}

/// One series of an answer.
#[derive(Deserialize)]
pub(super) struct Row {
    metric: Pairs,
    value: Option<Point>,
    #[serde(default)]
    values: Vec<Point>,
    /// A native histogram is written without its schema and spans, so it cannot be read back as it was.
    histogram: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    histograms: Vec<serde::de::IgnoredAny>,
}

pub(super) type Pairs = BTreeMap<String, String>;

/// Seconds, and a value as text.
#[derive(Deserialize)]
pub(super) struct Point(f64, String);

#[derive(Deserialize)]
pub(super) struct Marked {
    #[serde(rename = "seriesLabels")]
    labels: Pairs,
    exemplars: Vec<Mark>,
}

#[derive(Deserialize)]
struct Mark {
    labels: Pairs,
    value: String,
    timestamp: f64,
}

#[derive(Deserialize)]
pub(super) struct About {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub help: String,
    #[serde(default)]
    pub unit: String,
}

pub(super) fn wrong(why: impl fmt::Display) -> Error {
    Error::Remote(format!("its answer is not Prometheus's: {why}"))
}

impl Point {
    fn number(&self) -> Result<f64, Error> {
        self.1.parse().map_err(|_| wrong("a value is no number"))
    }

    fn sample(&self) -> Result<Sample, Error> {
        Ok(Sample {
            at: instant(self.0),
            value: self.number()?,
        })
    }
}

/// A time is a float of seconds; its milliseconds survive until the year 285,000.
#[allow(clippy::cast_possible_truncation)]
fn instant(secs: f64) -> Timestamp {
    Timestamp::from_millis((secs * 1_000.0).round() as i64)
}

impl Data {
    pub fn answer(self, warnings: Vec<String>, infos: Vec<String>) -> Result<Answer, Error> {
        let mut notes = Notes { warnings, infos };
        let value = match self {
            Self::Scalar(point) => Value::Scalar(point.number()?),
            Self::String(point) => Value::String(point.1),
            Self::Vector(rows) => {
                let mut all = Vec::with_capacity(rows.len());
                for row in rows {
                    if row.histogram.is_some() {
                        left_out(&mut notes);
                    }
                    if let Some(point) = &row.value {
                        all.push(Element {
                            value: Number::Float(point.number()?),
                            labels: Labels::new(&row.metric),
                        });
                    }
                }
                Value::Vector(all)
            }
            Self::Matrix(rows) => {
                if rows.iter().any(|row| !row.histograms.is_empty()) {
                    left_out(&mut notes);
                }
                Value::Matrix(series(rows)?)
            }
        };
        Ok(Answer { value, notes })
    }

    /// Of a matrix.
    pub fn series(self) -> Result<Vec<Series>, Error> {
        match self {
            Self::Matrix(rows) => series(rows),
            _ => Err(wrong("a matrix was asked for")),
        }
    }

    /// Of each element of a vector.
    pub fn labels(self) -> Result<Vec<Labels>, Error> {
        match self {
            Self::Vector(rows) => Ok(rows.iter().map(|row| Labels::new(&row.metric)).collect()),
            _ => Err(wrong("a vector was asked for")),
        }
    }
}

fn left_out(notes: &mut Notes) {
    let note = "native histograms of the engine's answer are left out";
    if !notes.warnings.iter().any(|known| known == note) {
        notes.warnings.push(note.to_owned());
    }
}

fn series(rows: Vec<Row>) -> Result<Vec<Series>, Error> {
    let mut all = rows
        .into_iter()
        .map(|row| {
            let samples: Result<Vec<Sample>, Error> =
                row.values.iter().map(Point::sample).collect();
            Ok(Series::new(Labels::new(&row.metric), samples?))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(all)
}

impl Marked {
    pub fn series(self) -> Result<Series, Error> {
        let marks = self.exemplars.into_iter().map(|mark| {
            Ok(Exemplar {
                labels: Labels::new(&mark.labels),
                at: instant(mark.timestamp),
                value: mark
                    .value
                    .parse()
                    .map_err(|_| wrong("a value is no number"))?,
            })
        });
        Ok(Series {
            labels: Labels::new(&self.labels),
            exemplars: marks.collect::<Result<_, Error>>()?,
            ..Series::default()
        })
    }
}
