//! Whether two answers are the same.
//!
//! Series, instants, kinds of samples, counts of buckets and all notes with their places must be the same, and so
//! must floats be to the last bit. Only what comes out of a mathematical library (`exp`, `ln`, `sin`, `^` and what
//! is built on them: quantiles within exponential buckets, bounds' geometric means) may differ by 1e-11 of its
//! size, because Go and the C library round these differently in the last place. Where such a number is then
//! compared, cut or subtracted (`==`, `floor`, `changes`, …) one last place may become a whole step: such
//! differences are counted by themselves.

use std::{collections::BTreeMap, fmt};

use promql::{Answer, Histogram, Labels, Number, Value};
use serde_json::Value as Json;

use crate::peer::Theirs;

const TOLERANCE: f64 = 1e-11;

/// What mathematical libraries compute, and folds that depend on the order of series, which in Prometheus is the
/// random one of a map.
const ROUNDED: &[&str] = &[
    "exp(",
    "ln(",
    "log2(",
    "log10(",
    "sin(",
    "cos(",
    "tan(",
    "asin(",
    "acos(",
    "atan(",
    "sinh(",
    "cosh(",
    "tanh(",
    "asinh(",
    "acosh(",
    "atanh(",
    "^",
    "atan2",
    // Sorting leaves 0 and -0 in either order.
    "quantile",
    "histogram_fraction(",
    "pi(",
    "histogram_std",
    "stddev",
    "stdvar",
    "deg(",
    "rad(",
];
/// What turns a last place into a step.
const STEPS: &[&str] = &[
    "==",
    "!=",
    "<",
    ">",
    "floor(",
    "ceil(",
    "round(",
    "sgn(",
    "changes(",
    "resets(",
    "count_values",
    "topk",
    "bottomk",
    "%",
    "rate(",
    "increase(",
    "minute",
    "hour",
    "day",
    "month",
    "year",
    "sqrt(",
    "ln(",
    "log",
    "acos",
    "asin",
    "atanh",
    "acosh",
    "stddev",
    "stdvar",
    "deriv",
    "sin(",
    "cos(",
    "tan(",
    "predict",
    "-",
    "ts_of",
];

#[derive(Debug)]
pub struct Difference {
    why: String,
    /// The query computes with numbers that libraries round differently, and then makes steps of them.
    pub is_rounding: bool,
}

impl Difference {
    pub fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_rounding: false,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

type Points = BTreeMap<i64, Point>;

#[derive(Debug, Clone, PartialEq)]
enum Point {
    Float(f64),
    /// Count, sum, and lower, upper, count of each bucket that holds anything.
    Histogram(f64, f64, Vec<[f64; 3]>),
}

pub fn compare(
    query: &str,
    ours: &Result<Answer, String>,
    theirs: &Theirs,
) -> Result<(), Difference> {
    let has = |words: &[&str]| words.iter().any(|word| query.contains(word));
    // Over several steps series pass through a map of Prometheus, so that sums add in a random order.
    let is_summed =
        has(&["sum", "avg"]) && !matches!(theirs, Theirs::Data { kind, .. } if kind == "vector");
    let is_rounded = has(ROUNDED) || is_summed;
    let tolerance = if is_rounded { TOLERANCE } else { 0.0 };
    answers(tolerance, ours, theirs).map_err(|why| Difference {
        why,
        is_rounding: is_rounded && has(STEPS),
    })
}

fn answers(tolerance: f64, ours: &Result<Answer, String>, theirs: &Theirs) -> Result<(), String> {
    let (ours, kind, result, warnings, infos) = match (ours, theirs) {
        (Err(_), Theirs::Error(_)) => return Ok(()),
        (Err(why), Theirs::Data { .. }) => return Err(format!("only we fail: {why}")),
        (Ok(_), Theirs::Error(why)) => return Err(format!("only they fail: {why}")),
        (
            Ok(ours),
            Theirs::Data {
                kind,
                result,
                warnings,
                infos,
            },
        ) => (ours, kind, result, warnings, infos),
    };
    series(
        tolerance,
        &our_points(&ours.value),
        &their_points(kind, result),
    )?;
    for (name, ours, theirs) in [
        ("warnings", &ours.notes.warnings, warnings),
        ("infos", &ours.notes.infos, infos),
    ] {
        // More than ten are cut off in what Prometheus shows.
        if theirs.len() > 10 {
            continue;
        }
        let sorted = |all: &[String]| {
            let mut all = all.to_vec();
            all.sort();
            all
        };
        if sorted(ours) != sorted(theirs) {
            return Err(format!(
                "{name}\n    ours:   {ours:?}\n    theirs: {theirs:?}"
            ));
        }
    }
    Ok(())
}

fn series(
    tolerance: f64,
    ours: &BTreeMap<Labels, Points>,
    theirs: &BTreeMap<Labels, Points>,
) -> Result<(), String> {
    for labels in ours.keys().chain(theirs.keys()) {
        let (Some(ours), Some(theirs)) = (ours.get(labels), theirs.get(labels)) else {
            let who = if ours.contains_key(labels) {
                "we"
            } else {
                "they"
            };
            return Err(format!("only {who} have {labels}"));
        };
        for at in ours.keys().chain(theirs.keys()) {
            let (ours, theirs) = (ours.get(at), theirs.get(at));
            let same = match (ours, theirs) {
                (Some(ours), Some(theirs)) => same(tolerance, ours, theirs),
                _ => false,
            };
            if !same {
                return Err(format!(
                    "{labels} at {at}\n    ours:   {ours:?}\n    theirs: {theirs:?}"
                ));
            }
        }
    }
    Ok(())
}

fn near(tolerance: f64, a: f64, b: f64) -> bool {
    if a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) {
        return true;
    }
    tolerance > 0.0 && (a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs()))
}

fn same(tolerance: f64, a: &Point, b: &Point) -> bool {
    match (a, b) {
        (Point::Float(a), Point::Float(b)) => near(tolerance, *a, *b),
        (Point::Histogram(count, sum, buckets), Point::Histogram(count_b, sum_b, buckets_b)) => {
            near(tolerance, *count, *count_b)
                && near(tolerance, *sum, *sum_b)
                && buckets.len() == buckets_b.len()
                && buckets.iter().zip(buckets_b).all(|(a, b)| {
                    // Where a bucket lies around zero its bound is written as 0 or -0.
                    a.iter()
                        .zip(b)
                        .all(|(a, b)| a == b || near(tolerance, *a, *b))
                })
        }
        _ => false,
    }
}

fn our_points(value: &Value) -> BTreeMap<Labels, Points> {
    let point = |number: &Number| match number {
        Number::Float(value) => Point::Float(*value),
        Number::Histogram(histogram) => of_histogram(histogram),
    };
    let single = |point: Point| BTreeMap::from([(0, point)]);
    match value {
        Value::Scalar(value) => BTreeMap::from([(Labels::default(), single(Point::Float(*value)))]),
        Value::String(_) => BTreeMap::new(),
        Value::Vector(all) => all
            .iter()
            .map(|element| (element.labels.clone(), single(point(&element.value))))
            .collect(),
        Value::Matrix(all) => all
            .iter()
            .map(|series| {
                let floats = series
                    .samples
                    .iter()
                    .map(|sample| (sample.at.as_millis(), Point::Float(sample.value)));
                let histograms = series
                    .histograms
                    .iter()
                    .map(|sample| (sample.at.as_millis(), of_histogram(&sample.value)));
                (series.labels.clone(), floats.chain(histograms).collect())
            })
            .collect(),
    }
}

fn of_histogram(histogram: &Histogram) -> Point {
    let buckets = histogram
        .buckets()
        .into_iter()
        .filter(|bucket| bucket.count != 0.0);
    let buckets = buckets
        .map(|bucket| [bucket.lower, bucket.upper, bucket.count])
        .collect();
    Point::Histogram(histogram.count, histogram.sum, buckets)
}

fn their_points(kind: &str, result: &Json) -> BTreeMap<Labels, Points> {
    if kind == "scalar" {
        return BTreeMap::from([(
            Labels::default(),
            BTreeMap::from([(0, float_of(&result[1]))]),
        )]);
    }
    let rows = result.as_array().into_iter().flatten();
    rows.map(|row| {
        let labels = row["metric"].as_object().into_iter().flatten();
        let labels =
            Labels::new(labels.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or(""))));
        let mut points = Points::new();
        if kind == "vector" {
            if let Some(value) = row.get("value") {
                points.insert(0, float_of(&value[1]));
            }
            if let Some(value) = row.get("histogram") {
                points.insert(0, histogram_of(&value[1]));
            }
        }
        for value in row
            .get("values")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            points.insert(millis(&value[0]), float_of(&value[1]));
        }
        for value in row
            .get("histograms")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            points.insert(millis(&value[0]), histogram_of(&value[1]));
        }
        (labels, points)
    })
    .collect()
}

fn millis(json: &Json) -> i64 {
    (json.as_f64().unwrap_or(0.0) * 1_000.0).round() as i64
}

fn number_of(json: &Json) -> f64 {
    json.as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::NAN)
}

fn float_of(json: &Json) -> Point {
    Point::Float(number_of(json))
}

fn histogram_of(json: &Json) -> Point {
    let buckets = json["buckets"].as_array().into_iter().flatten();
    let buckets = buckets.map(|bucket| {
        [
            number_of(&bucket[1]),
            number_of(&bucket[2]),
            number_of(&bucket[3]),
        ]
    });
    Point::Histogram(
        number_of(&json["count"]),
        number_of(&json["sum"]),
        buckets.collect(),
    )
}
