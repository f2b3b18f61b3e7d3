//! Values of queries as JSON.

use promql::{Element, Histogram, Number, Series, Value};

use super::json;

/// `{"resultType":…,"result":…}`; `at` is the instant of what carries none.
pub(super) fn write(out: &mut String, value: &Value, at: i64) {
    let kind = match value {
        Value::Scalar(_) => "scalar",
        Value::String(_) => "string",
        Value::Vector(_) => "vector",
        Value::Matrix(_) => "matrix",
    };
    out.push_str("{\"resultType\":\"");
    out.push_str(kind);
    out.push_str("\",\"result\":");
    match value {
        Value::Scalar(n) => {
            open(out, at);
            out.push('"');
            json::plain(out, *n);
            out.push_str("\"]");
        }
        Value::String(text) => {
            open(out, at);
            json::text(out, text);
            out.push(']');
        }
        Value::Vector(elements) => json::list(out, elements, |out, one| element(out, one, at)),
        Value::Matrix(all) => json::list(out, all, series),
    }
}

/// How much of an answer is written, about: so that the buffer seldom grows.
pub(super) fn size_hint(value: &Value) -> usize {
    /// `[1795312025,"0.123456789"],` and the labels of a usual series.
    const POINT: usize = 28;
    const LABELS: usize = 200;
    match value {
        Value::Scalar(_) | Value::String(_) => 256,
        Value::Vector(elements) => elements.len() * (POINT + LABELS) + 64,
        Value::Matrix(all) => {
            let points: usize = all.iter().map(Series::len).sum();
            points * POINT + all.len() * LABELS + 64
        }
    }
}

/// `[1795312025,`
fn open(out: &mut String, at: i64) {
    out.push('[');
    json::seconds(out, at);
    out.push(',');
}

fn element(out: &mut String, element: &Element, at: i64) {
    out.push_str("{\"metric\":");
    json::labels(out, &element.labels);
    match &element.value {
        Number::Float(n) => {
            out.push_str(",\"value\":");
            point(out, at, *n);
        }
        Number::Histogram(value) => {
            out.push_str(",\"histogram\":");
            counted(out, at, value);
        }
    }
    out.push('}');
}

fn series(out: &mut String, series: &Series) {
    out.push_str("{\"metric\":");
    json::labels(out, &series.labels);
    if !series.samples.is_empty() {
        out.push_str(",\"values\":");
        json::list(out, &series.samples, |out, sample| {
            point(out, sample.at.as_millis(), sample.value);
        });
    }
    if !series.histograms.is_empty() {
        out.push_str(",\"histograms\":");
        json::list(out, &series.histograms, |out, sample| {
            counted(out, sample.at.as_millis(), &sample.value);
        });
    }
    out.push('}');
}

/// The value as text, for JSON has no NaN.
fn point(out: &mut String, at: i64, n: f64) {
    open(out, at);
    quoted(out, n);
    out.push(']');
}

fn quoted(out: &mut String, n: f64) {
    out.push('"');
    json::float(out, n);
    out.push('"');
}

fn counted(out: &mut String, at: i64, histogram: &Histogram) {
    open(out, at);
    out.push_str("{\"count\":");
    quoted(out, histogram.count);
    out.push_str(",\"sum\":");
    quoted(out, histogram.sum);
    let mut first = true;
    let filled = histogram.buckets().into_iter();
    for bucket in filled.filter(|bucket| bucket.count != 0.0) {
        out.push_str(if first { ",\"buckets\":[[" } else { ",[" });
        first = false;
        out.push(ends(bucket.includes_lower, bucket.includes_upper));
        for n in [bucket.lower, bucket.upper, bucket.count] {
            out.push(',');
            quoted(out, n);
        }
        out.push(']');
    }
    out.push_str(if first { "}]" } else { "]}]" });
}

/// Which ends belong to a bucket: 0 the upper, 1 the lower, 2 neither, 3 both.
fn ends(lower: bool, upper: bool) -> char {
    match (lower, upper) {
        (false, true) => '0',
        (true, false) => '1',
        (false, false) => '2',
        (true, true) => '3',
    }
}
