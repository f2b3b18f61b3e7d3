//! The short notation of series: `up{job="a"}` and `0+10x5 _ stale {{schema:0 count:3}}`.
//!
//! Source: Prometheus's documentation of unit tests for rules.

use std::{sync::Arc, time::Duration};

use promise::{Timestamp, signal::Match};
use promql::{
    Histogram, HistogramSample, Labels, Query, STALE, Sample, Series,
    series::{Buckets, CUSTOM_BOUNDS, Reset, Span},
};

/// Values of one series: two months at ten seconds.
const VALUES_MAX: usize = 1_000_000;
/// Buckets of one histogram; Prometheus's own have at most some hundred.
const BUCKETS_MAX: usize = 10_000;

/// Labels as in a query, but only with `=`.
pub(super) fn labels(text: &str) -> Result<Labels, String> {
    let text = text.trim();
    if text.is_empty() || text == "{}" {
        return Ok(Labels::default());
    }
    let query = Query::parse(text).map_err(|why| why.to_string())?;
    let mut selectors = query.selectors();
    let (Some(matchers), None) = (selectors.next(), selectors.next()) else {
        return Err(format!("`{text}` is not one series"));
    };
    let pairs = matchers.iter().map(|matcher| match &matcher.test {
        Match::Equal(value) => Ok((matcher.name.clone(), value.clone())),
        _ => Err(format!("`{}` needs one value", matcher.name)),
    });
    Ok(Labels::new(pairs.collect::<Result<Vec<_>, _>>()?))
}

/// A series from `start`, `step` apart.
pub(super) fn series(
    name: &str,
    values: &str,
    start: Timestamp,
    step: Duration,
) -> Result<Series, String> {
    let mut out = Series::new(labels(name)?, Vec::new());
    let mut at = start;
    let mut count = 0usize;
    for item in items(values)? {
        for value in expand(&item)? {
            match value {
                Some(One::Float(value)) => out.samples.push(Sample { at, value }),
                Some(One::Histogram(value)) => out.histograms.push(HistogramSample {
                    at,
                    value: Arc::new(value),
                }),
                None => {}
            }
            at = at + step;
            count += 1;
            if count > VALUES_MAX {
                return Err(format!("more than {VALUES_MAX} values"));
            }
        }
    }
    Ok(out)
}

enum One {
    Float(f64),
    Histogram(Histogram),
}

/// Splits at white space, but not within a histogram.
fn items(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut item = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("{{") {
            let end = rest.find("}}").ok_or("a histogram is not closed")? + 2;
            item.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if !c.is_whitespace() {
            item.push(c);
        } else if !item.is_empty() {
            out.push(std::mem::take(&mut item));
        }
    }
    if !item.is_empty() {
        out.push(item);
    }
    Ok(out)
}

/// The values of one item; `None` is a hole.
fn expand(item: &str) -> Result<Vec<Option<One>>, String> {
    let (body, times) = repeated(item)?;
    if body == "_" {
        return Ok((0..times.unwrap_or(1)).map(|_| None).collect());
    }
    let times = times.unwrap_or(0);
    if body == "stale" {
        return Ok((0..=times).map(|_| Some(One::Float(STALE))).collect());
    }
    if body.starts_with("{{") {
        let end = body.find("}}").map_or(body.len(), |at| at + 2);
        let (first, rest) = body.split_at(end);
        let first = Arc::unwrap_or_clone(histogram(first)?);
        let (sign, by) = match rest.chars().next() {
            None => {
                return Ok((0..=times)
                    .map(|_| Some(One::Histogram(first.clone())))
                    .collect());
            }
            Some('+') => (1.0, histogram(&rest[1..])?),
            Some('-') => (-1.0, histogram(&rest[1..])?),
            Some(_) => return Err(format!("`{rest}` does not belong behind a histogram")),
        };
        let mut values = Vec::new();
        for turn in 0..=times {
            #[allow(clippy::cast_precision_loss)]
            values.push(Some(One::Histogram(grown(
                &first,
                &by,
                sign * turn as f64,
            )?)));
        }
        return Ok(values);
    }
    // `a+b` and `a-b`: the sign that parts them is neither the first letter nor part of an exponent.
    let parts = body
        .char_indices()
        .skip(1)
        .find(|(at, c)| matches!(c, '+' | '-') && !matches!(body.as_bytes()[at - 1], b'e' | b'E'));
    let (first, by) = match parts {
        Some((at, _)) => (float(&body[..at])?, float(&body[at..])?),
        None => (float(body)?, 0.0),
    };
    let mut value = first;
    let mut values = Vec::with_capacity(times.min(VALUES_MAX) + 1);
    for _ in 0..=times {
        values.push(Some(One::Float(value)));
        value += by;
    }
    Ok(values)
}

fn repeated(item: &str) -> Result<(&str, Option<usize>), String> {
    let behind = item.rfind("}}").map_or(0, |at| at + 2);
    let Some(at) = item[behind..].rfind('x').map(|at| behind + at) else {
        return Ok((item, None));
    };
    // `0x1f` is a number.
    let Ok(times) = item[at + 1..].parse::<usize>() else {
        return Ok((item, None));
    };
    if times > VALUES_MAX {
        return Err(format!("more than {VALUES_MAX} values"));
    }
    Ok((&item[..at], Some(times)))
}

fn float(text: &str) -> Result<f64, String> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    let value = match plain.to_ascii_lowercase().as_str() {
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        "nan" => Some(f64::NAN),
        other => match other.strip_prefix("0x") {
            #[allow(clippy::cast_precision_loss)]
            Some(hex) => i64::from_str_radix(hex, 16).ok().map(|value| value as f64),
            None => other.parse().ok(),
        },
    };
    value.ok_or_else(|| format!("`{text}` is no value"))
}

/// `{{schema:1 sum:10 count:6 buckets:[1 2 3] offset:-1}}`
pub(super) fn histogram(text: &str) -> Result<Arc<Histogram>, String> {
    let inner = text
        .trim()
        .strip_prefix("{{")
        .and_then(|text| text.strip_suffix("}}"))
        .ok_or_else(|| format!("`{text}` is no histogram"))?;
    let mut out = Histogram::default();
    let (mut offset, mut n_offset) = (0, 0);
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once(':')
            .ok_or_else(|| format!("`{rest}` has no value"))?;
        let after = after.trim_start();
        let (value, list, behind) = match after.strip_prefix('[') {
            Some(list) => {
                let (list, behind) = list
                    .split_once(']')
                    .ok_or("a list of buckets is not closed")?;
                let floats: Result<Vec<f64>, String> = list.split_whitespace().map(float).collect();
                ("", floats?, behind)
            }
            None => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (&after[..end], Vec::new(), &after[end..])
            }
        };
        if list.len() > BUCKETS_MAX {
            return Err(format!("more than {BUCKETS_MAX} buckets"));
        }
        let whole = || {
            value
                .parse::<i32>()
                .map_err(|_| format!("`{value}` is no whole number"))
        };
        match name.trim() {
            "schema" => {
                out.schema =
                    i8::try_from(whole()?).map_err(|_| format!("`{value}` is no schema"))?;
            }
            "count" => out.count = float(value)?,
            "sum" => out.sum = float(value)?,
            "z_bucket" => out.zero_count = float(value)?,
            "z_bucket_w" => out.zero_threshold = float(value)?,
            "buckets" => out.positive.counts = list,
            "n_buckets" => out.negative.counts = list,
            "offset" => offset = whole()?,
            "n_offset" => n_offset = whole()?,
            "custom_values" => {
                out.custom_bounds = list;
                out.schema = CUSTOM_BOUNDS;
            }
            "counter_reset_hint" => {
                out.reset = match value {
                    "unknown" => Reset::Unknown,
                    "reset" => Reset::Yes,
                    "not_reset" => Reset::No,
                    "gauge" => Reset::Gauge,
                    other => return Err(format!("`{other}` is no hint of a reset")),
                };
            }
            other => return Err(format!("a histogram has no `{other}`")),
        }
        rest = behind.trim_start();
    }
    out.positive.spans = spans(offset, &out.positive);
    out.negative.spans = spans(n_offset, &out.negative);
    Ok(Arc::new(out))
}

fn spans(offset: i32, buckets: &Buckets) -> Vec<Span> {
    match u32::try_from(buckets.counts.len()) {
        Ok(len) if len > 0 => vec![Span { offset, len }],
        _ => Vec::new(),
    }
}

/// `first + by * times`, for two of the same schema.
fn grown(first: &Histogram, by: &Histogram, times: f64) -> Result<Histogram, String> {
    if first.schema != by.schema || first.custom_bounds != by.custom_bounds {
        return Err("only histograms of one schema can be added here".to_owned());
    }
    let mut out = first.clone();
    out.count += by.count * times;
    out.sum += by.sum * times;
    out.zero_count += by.zero_count * times;
    out.positive = joined(&first.positive, &by.positive, times);
    out.negative = joined(&first.negative, &by.negative, times);
    Ok(out)
}

fn joined(first: &Buckets, by: &Buckets, times: f64) -> Buckets {
    let mut all: std::collections::BTreeMap<i32, f64> = first.iter().collect();
    for (index, count) in by.iter() {
        *all.entry(index).or_default() += count * times;
    }
    let (Some(low), Some(high)) = (all.keys().next().copied(), all.keys().last().copied()) else {
        return Buckets::default();
    };
    let counts: Vec<f64> = (low..=high)
        .map(|index| all.get(&index).copied().unwrap_or(0.0))
        .collect();
    let mut out = Buckets {
        spans: Vec::new(),
        counts,
    };
    out.spans = spans(low, &out);
    out
}
