//! Series and their values as text.

use std::sync::Arc;

use crate::{
    Histogram, Labels, Number, ParseError, STALE, number,
    series::{Buckets, CUSTOM_BOUNDS, Reset, Span},
    syntax,
};

/// What stands at one instant, if anything.
pub type Value = Option<Number>;

/// Values of one item: more than a year of seconds is a mistake.
const REPEATED_MAX: usize = 32_000_000;

/// `name{label="value"} values`.
pub fn series(line: &str) -> Result<(Labels, Vec<Value>), ParseError> {
    let (labels, rest) = syntax::series(line)?;
    Ok((labels, values(rest)?))
}

/// `1 2+3x4 _ stale {{schema:0 …}}`.
pub fn values(text: &str) -> Result<Vec<Value>, ParseError> {
    let mut all = Vec::new();
    for item in items(text) {
        all.extend(
            one(item)
                .ok_or_else(|| ParseError::new(format!("`{item}` is no value of a series")))?,
        );
    }
    Ok(all)
}

/// Split at white space, but not within a histogram.
fn items(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut start, mut depth) = (None, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && depth == 0 {
            items.extend(start.take().and_then(|start: usize| text.get(start..at)));
        } else {
            start.get_or_insert(at);
        }
    }
    items.extend(start.and_then(|start| text.get(start..)));
    items
}

fn one(item: &str) -> Option<Vec<Value>> {
    if item == "stale" {
        return Some(vec![Some(Number::Float(STALE))]);
    }
    if let Some(rest) = item.strip_prefix('_') {
        let times = if rest.is_empty() { 1 } else { times(rest)? };
        return Some(vec![None; times]);
    }
    if item.starts_with("{{") {
        return histograms(item);
    }
    let (item, times) = match item.rsplit_once('x') {
        // `0x1F` is no repetition: what stands before is no number then.
        Some((first, count)) if !first.is_empty() => (first, Some(times(&format!("x{count}"))?)),
        _ => (item, None),
    };
    let Some(times) = times else {
        return Some(vec![Some(Number::Float(float(item)?))]);
    };
    let cut = item
        .char_indices()
        .skip(1)
        .filter(|(at, c)| matches!(c, '+' | '-') && !item[..*at].ends_with(['e', 'E', '+', '-']))
        .map(|(at, _)| at)
        .last();
    let (first, step) = match cut {
        Some(cut) => (float(&item[..cut])?, float(&item[cut..])?),
        None => (float(item)?, 0.0),
    };
    let mut value = first;
    Some(
        (0..=times)
            .map(|_| {
                let now = value;
                if cut.is_some() {
                    value += step;
                }
                Some(Number::Float(now))
            })
            .collect(),
    )
}

fn float(text: &str) -> Option<f64> {
    number::parse(text)
}

fn times(text: &str) -> Option<usize> {
    let times: usize = text.strip_prefix('x')?.parse().ok()?;
    (times <= REPEATED_MAX).then_some(times)
}

/// `{{…}}`, `{{…}}x3`, `{{…}}+{{…}}x3`.
fn histograms(item: &str) -> Option<Vec<Value>> {
    let end = item.find("}}")? + 2;
    let first = histogram(&item[..end])?;
    let held = |histogram: Histogram| Some(Number::Histogram(Arc::new(histogram)));
    let rest = &item[end..];
    if rest.is_empty() {
        return Some(vec![held(first)]);
    }
    if rest.starts_with('x') {
        return Some(vec![held(first); times(rest)? + 1]);
    }
    let is_plus = rest.starts_with('+');
    let step_end = rest.find("}}")? + 2;
    let step = histogram(rest.get(1..step_end)?)?;
    let mut now = first;
    let mut all = vec![held(now.clone())];
    for _ in 0..times(&rest[step_end..])? {
        if now.schema > step.schema {
            return None;
        }
        let done = if is_plus {
            now.add(&step)
        } else {
            now.subtract(&step)
        };
        done.ok()?;
        all.push(held(now.clone()));
    }
    Some(all)
}

/// `{{schema:1 sum:3 count:22 buckets:[5 10 7]}}`.
#[must_use]
pub fn histogram(text: &str) -> Option<Histogram> {
    let inner = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let mut out = Histogram::default();
    let (mut offset, mut negative_offset) = (0, 0);
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':')?;
        let (value, left) = if let Some(list) = after.strip_prefix('[') {
            list.split_once(']')?
        } else {
            after.split_at(after.find(' ').unwrap_or(after.len()))
        };
        rest = left.trim();
        let list = || {
            value
                .split_whitespace()
                .map(float)
                .collect::<Option<Vec<f64>>>()
        };
        match key.trim() {
            "schema" => out.schema = value.parse().ok()?,
            "sum" => out.sum = float(value)?,
            "count" => out.count = float(value)?,
            "z_bucket" => out.zero_count = float(value)?,
            "z_bucket_w" => out.zero_threshold = float(value)?,
            "custom_values" => out.custom_bounds = list()?,
            "buckets" => out.positive.counts = list()?,
            "n_buckets" => out.negative.counts = list()?,
            "offset" => offset = value.parse().ok()?,
            "n_offset" => negative_offset = value.parse().ok()?,
            "counter_reset_hint" => {
                out.reset = match value {
                    "unknown" => Reset::Unknown,
                    "reset" => Reset::Yes,
                    "not_reset" => Reset::No,
                    "gauge" => Reset::Gauge,
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    span(&mut out.positive, offset);
    span(&mut out.negative, negative_offset);
    let is_known = out.schema == CUSTOM_BOUNDS || (-4..=8).contains(&out.schema);
    is_known.then_some(out)
}

fn span(buckets: &mut Buckets, offset: i32) {
    if let Ok(len @ 1..) = u32::try_from(buckets.counts.len()) {
        buckets.spans = vec![Span { offset, len }];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_expanded() {
        let floats = |text: &str| -> Vec<Option<f64>> {
            let values = values(text).expect("values");
            values
                .iter()
                .map(|value| value.as_ref().and_then(Number::float))
                .collect()
        };
        assert_eq!(
            floats("1+2x3"),
            [Some(1.0), Some(3.0), Some(5.0), Some(7.0)]
        );
        assert_eq!(
            floats("-2-4x1 _ 7x1"),
            [Some(-2.0), Some(-6.0), None, Some(7.0), Some(7.0)]
        );
        assert_eq!(
            floats("_x2 1e3 Inf"),
            [None, None, Some(1000.0), Some(f64::INFINITY)]
        );
        for wrong in [
            "x",
            "1+x",
            "{{schema:99}}",
            "{{nothing:1}}",
            "1x99999999999",
        ] {
            assert!(values(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn histograms_grow_by_their_step() {
        let values = values("{{count:1 sum:2 buckets:[1]}}+{{count:2 sum:1 buckets:[2]}}x2")
            .expect("histograms");
        let Some(Some(Number::Histogram(last))) = values.last() else {
            panic!("a histogram is wanted");
        };
        // 1 + 2 + 2, 2 + 1 + 1.
        assert_eq!(
            (last.count, last.sum, last.positive.counts.as_slice()),
            (5.0, 4.0, &[5.0][..])
        );
    }
}
