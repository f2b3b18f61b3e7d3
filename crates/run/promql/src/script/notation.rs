//! Series and their values as text.

use std::sync::Arc;

use crate::{
    Histogram, Labels, Number, ParseError, STALE, number,
    series::{Buckets, CUSTOM_BOUNDS, Reset, Span},
    syntax,
};

/// What stands at one instant, if anything.
pub type Value = Option<Number>;

/// Buckets of one histogram; Prometheus's own have at most some hundred.
const BUCKETS_MAX: usize = 10_000;

/// `name{label="value"} values`, at most `most` of them.
pub fn series(line: &str, most: usize) -> Result<(Labels, Vec<Value>), ParseError> {
    let (labels, rest) = syntax::series(line)?;
    Ok((labels, values(rest, most)?))
}

/// `1 2+3x4 _ stale {{schema:0 …}}`, at most `most` of them.
pub fn values(text: &str, most: usize) -> Result<Vec<Value>, ParseError> {
    let mut all = Vec::new();
    let too_many = || ParseError::new(format!("more than {most} values"));
    for item in items(text) {
        let left = most.checked_sub(all.len()).ok_or_else(too_many)?;
        let (item, times) = repeated(item);
        let more = match times {
            Some(times) if times > left => return Err(too_many()),
            times => one(item, times),
        };
        all.extend(
            more.ok_or_else(|| ParseError::new(format!("`{item}` is no value of a series")))?,
        );
    }
    if all.len() > most {
        return Err(too_many());
    }
    Ok(all)
}

/// An item without its `x3`, and how often it stands more than once. What is no count stays, and is no value.
fn repeated(item: &str) -> (&str, Option<usize>) {
    let behind = item.rfind("}}").map_or(0, |at| at + 2);
    let parts = item[behind..].rsplit_once('x');
    let counted = parts.filter(|(_, count)| !count.starts_with('+'));
    match counted.and_then(|(first, count)| Some((first.len(), count.parse().ok()?))) {
        Some((first, times)) if behind + first > 0 => (&item[..behind + first], Some(times)),
        _ => (item, None),
    }
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

fn one(item: &str, times: Option<usize>) -> Option<Vec<Value>> {
    match item {
        "_" => return Some(vec![None; times.unwrap_or(1)]),
        // As in promtool, what is a word is not repeated.
        "stale" => return times.is_none().then(|| vec![Some(Number::Float(STALE))]),
        _ if item.starts_with("{{") => return histograms(item, times),
        _ => {}
    }
    // `0x1f` is a zero that is repeated wrongly.
    if item.contains('x') {
        return None;
    }
    let Some(times) = times else {
        return Some(vec![Some(Number::Float(number::parse(item)?))]);
    };
    if item.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let cut = item
        .char_indices()
        .skip(1)
        .filter(|(at, c)| matches!(c, '+' | '-') && !item[..*at].ends_with(['e', 'E', '+', '-']))
        .map(|(at, _)| at)
        .last();
    let (first, step) = match cut {
        Some(cut) => (number::parse(&item[..cut])?, number::parse(&item[cut..])?),
        None => (number::parse(item)?, 0.0),
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

/// `{{…}}`, `{{…}}x3`, `{{…}}+{{…}}x3`.
fn histograms(item: &str, times: Option<usize>) -> Option<Vec<Value>> {
    let end = item.find("}}")? + 2;
    let first = histogram(&item[..end])?;
    let held = |histogram: Histogram| Some(Number::Histogram(Arc::new(histogram)));
    let rest = &item[end..];
    if rest.is_empty() {
        return Some(vec![held(first); times.unwrap_or(0) + 1]);
    }
    let is_plus = rest.starts_with('+');
    let step = histogram(rest.strip_prefix(['+', '-'])?)?;
    let mut now = first;
    let mut all = vec![held(now.clone())];
    for _ in 0..times? {
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
            let floats = value.split_whitespace().map(number::parse);
            floats
                .take(BUCKETS_MAX + 1)
                .collect::<Option<Vec<f64>>>()
                .filter(|floats| floats.len() <= BUCKETS_MAX)
        };
        match key.trim() {
            "schema" => out.schema = value.parse().ok()?,
            "sum" => out.sum = number::parse(value)?,
            "count" => out.count = number::parse(value)?,
            "z_bucket" => out.zero_count = number::parse(value)?,
            "z_bucket_w" => out.zero_threshold = number::parse(value)?,
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
    let has_own_bounds = out.schema == CUSTOM_BOUNDS || out.custom_bounds.is_empty();
    (is_known && has_own_bounds).then_some(out)
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
            let values = values(text, 100).expect("values");
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
            // What promtool 3.5.3 refuses too.
            "1 stalex3 2",
            "NaNx2",
            "0x1f",
            "1+-2x2",
            "{{count:3 sum:4 custom_values:[1 2] buckets:[1 1 1]}}",
            "{{schema:1 count:1}}+{{schema:0 count:1}}x2",
        ] {
            assert!(values(wrong, 100).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_more_values_are_made_than_are_allowed() {
        assert_eq!(values("1x3 _x2 5", 7).expect("4 + 2 + 1").len(), 7);
        for text in ["1x3 _x2 5 6", "1x7", "_x8", "1x3 2x3", "{{count:1}}x7"] {
            let why = values(text, 7).expect_err(text).to_string();
            assert!(why.contains("more than 7 values"), "{text}: {why}");
        }
    }

    #[test]
    fn histograms_grow_by_their_step() {
        let text = "{{count:1 sum:2 buckets:[1]}}+{{count:2 sum:1 buckets:[2]}}x2";
        let values = values(text, 3).expect("histograms");
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
