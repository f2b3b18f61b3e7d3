//! The short notation of series: `up{job="a"}` and `0+10x5 _ stale {{schema:0 count:3}}`.
//!
//! Values are read as promql's own scripts read them ([`promql::script`]); a rule test adds when they were seen.
//!
//! Source: Prometheus's documentation of unit tests for rules, and what promtool 3.5.3 says of `tests/rules`.

use std::{sync::Arc, time::Duration};

use promise::{Timestamp, signal::Match};
use promql::{Histogram, HistogramSample, Labels, Number, Query, Sample, Series, script};

/// Values of one series: a year at ten seconds has 3,153,600.
const VALUES_MAX: usize = 4_000_000;

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
    for value in script::values(values, VALUES_MAX).map_err(|why| why.to_string())? {
        match value {
            Some(Number::Float(value)) => out.samples.push(Sample { at, value }),
            Some(Number::Histogram(value)) => out.histograms.push(HistogramSample { at, value }),
            None => {}
        }
        at = at + step;
    }
    Ok(out)
}

/// `{{schema:1 sum:10 count:6 buckets:[1 2 3] offset:-1}}`
pub(super) fn histogram(text: &str) -> Result<Arc<Histogram>, String> {
    script::histogram(text.trim())
        .map(Arc::new)
        .ok_or_else(|| format!("`{text}` is no histogram"))
}
