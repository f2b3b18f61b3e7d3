//! Queries of an indicator, as series that can be counted exactly.

use promise::{Selector, record::Scalar, signal::Match};

/// The series of a query that counts one counter: itself, its sum, or the sum of its rate or increase. Anything else
/// is more than a counter, and a ratio of it would not be exact.
pub(crate) fn series(query: &str) -> Option<Selector> {
    let mut text = query.trim();
    if let Some(inner) = call(text, "sum") {
        text = inner;
    }
    if let Some(inner) = ["rate", "increase"]
        .iter()
        .find_map(|name| call(text, name))
    {
        let (head, range) = inner.rsplit_once('[')?;
        range.trim_end().strip_suffix(']')?;
        text = head;
    }
    let selector = Selector::parse(text.trim()).ok()?;
    selector.metric()?;
    Some(selector)
}

/// What stands in the parentheses of a call that is the whole text.
fn call<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let inner = text
        .strip_prefix(name)?
        .trim_start()
        .strip_prefix('(')?
        .strip_suffix(')')?;
    let mut depth = 0;
    let closes_early = inner.chars().any(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth < 0
    });
    (!closes_early).then_some(inner.trim())
}

/// The histogram and the bound in its unit, where `good` counts its events up to a bound and `total` all of them.
pub(super) fn histogram(good: &Selector, total: &Selector) -> Option<(Selector, f64)> {
    let base = good.metric()?.strip_suffix("_bucket")?;
    let all = total.metric()?;
    let is_all = all == format!("{base}_count")
        || (all == format!("{base}_bucket") && bound(total) == Some("+Inf"));
    let le: f64 = bound(good)?.parse().ok()?;
    let (good, total) = (rest(good, base)?, rest(total, base)?);
    (is_all && good == total && le.is_finite()).then_some((good, le))
}

fn bound(selector: &Selector) -> Option<&str> {
    selector
        .matchers()
        .iter()
        .find_map(|matcher| match &matcher.test {
            Match::Equal(value) if matcher.name == "le" => Some(value.as_str()),
            _ => None,
        })
}

/// The histogram that a selector of its buckets or count belongs to.
fn rest(selector: &Selector, base: &str) -> Option<Selector> {
    let text = selector.as_str();
    let labels = text
        .split_once('{')
        .map_or("", |(_, labels)| labels.trim_end().trim_end_matches('}'));
    let is_other = |label: &&str| {
        label
            .split('=')
            .next()
            .is_some_and(|name| !["le", ""].contains(&name.trim()))
    };
    let labels = conditions(labels)
        .into_iter()
        .filter(is_other)
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(",");
    let text = if labels.is_empty() {
        base.to_owned()
    } else {
        format!("{base}{{{labels}}}")
    };
    Selector::parse(&text).ok()
}

/// The conditions between the braces; a comma in quotes parts none.
fn conditions(labels: &str) -> Vec<&str> {
    let (mut found, mut begin, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in labels.char_indices() {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        if c == ',' && !quoted {
            found.push(&labels[begin..at]);
            begin = at + 1;
        }
    }
    found.push(&labels[begin..]);
    found
}

/// The series that count a histogram's events up to a bound, and all of them.
pub(super) fn buckets(histogram: &Selector, bound: f64) -> Option<(String, String)> {
    let metric = histogram.metric()?;
    let base = metric.strip_suffix("_bucket").unwrap_or(metric);
    let labels = histogram
        .as_str()
        .split_once('{')
        .map(|(_, labels)| labels.trim_end().trim_end_matches('}').trim());
    let labels = labels.unwrap_or_default().trim_end_matches(',');
    let comma = if labels.is_empty() { "" } else { "," };
    let total = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    Some((
        format!("{base}_bucket{{{labels}{comma}le=\"{bound}\"}}"),
        format!("{base}_count{total}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_counts_one_counter_is_its_series() {
        for query in [
            r#"a_total{code=~"2.."}"#,
            r#"sum(a_total{code=~"2.."})"#,
            r#"sum(rate(a_total{code=~"2.."}[5m]))"#,
            r#" sum( increase(a_total{code=~"2.."}[1h]) ) "#,
        ] {
            assert_eq!(
                series(query).map(|it| it.to_string()).as_deref(),
                Some(r#"a_total{code=~"2.."}"#),
                "{query}"
            );
        }
        for query in [
            "sum(a) - sum(b)",
            "sum by (job) (a)",
            "avg(a)",
            "a / b",
            "sum(a) + (b)",
            "",
            "1",
        ] {
            assert_eq!(series(query), None, "{query}");
        }
    }

    #[test]
    fn a_bucket_over_the_count_is_a_latency() {
        let parse = |text| Selector::parse(text).ok();
        let (good, total) = (
            r#"d_seconds_bucket{job="a",le="0.5"}"#,
            r#"d_seconds_count{job="a"}"#,
        );
        let found = parse(good)
            .zip(parse(total))
            .and_then(|(good, total)| histogram(&good, &total));
        assert_eq!(found, parse(r#"d_seconds{job="a"}"#).map(|it| (it, 0.5)));
        let written = parse(r#"d_seconds{job="a"}"#).and_then(|it| buckets(&it, 0.5));
        assert_eq!(written, Some((good.to_owned(), total.to_owned())));
        let other = parse(good).zip(parse(r#"d_seconds_count{job="b"}"#));
        assert_eq!(
            other.and_then(|(good, total)| histogram(&good, &total)),
            None
        );
    }
}
