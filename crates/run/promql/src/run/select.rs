//! Samples of stored series: the newest at each step, or all within a range that slides over the steps.

use std::{borrow::Cow, sync::Arc};

use super::{ABSENT, Row, Run, Sink, Steps};
use crate::{
    EvalError, HistogramSample, Labels, Sample, SeriesRef,
    series::{Reset, is_stale},
    syntax::{Expr, Kind, Selector, When},
};

/// The samples of one series that lie in `(from, to]`, without markers of staleness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'w> {
    pub floats: &'w [Sample],
    pub histograms: &'w [HistogramSample],
    pub from: i64,
    pub to: i64,
    /// The step that asks.
    pub at: i64,
}

/// One series of a range vector.
pub(crate) struct Ranged<'w> {
    pub labels: Labels,
    pub floats: Cow<'w, [Sample]>,
    pub histograms: Cow<'w, [HistogramSample]>,
}

/// A range vector: its series and where their windows lie.
pub(crate) struct Windows<'w> {
    pub range: i64,
    pub when: &'w When,
    pub span: (i64, i64),
    pub all: Box<dyn Iterator<Item = Ranged<'w>> + 'w>,
}

impl Windows<'_> {
    /// `(from, to]` at a step.
    pub fn bounds(&self, at: i64) -> (i64, i64) {
        let to = self.when.instant(at, self.span);
        (to.saturating_sub(self.range), to)
    }
}

impl<'r> Run<'r> {
    /// The newest sample of each series in `(step - look-back, step]`, unless the series ended.
    pub fn instants(
        &self,
        selector: &Selector,
        steps: Steps,
        sink: Sink<'_>,
    ) -> Result<(), EvalError> {
        let back = i64::try_from(self.options.look_back.as_millis()).unwrap_or(i64::MAX);
        let mut row = Row::blank(steps.count);
        let shift = steps
            .start
            .saturating_sub(selector.when.instant(steps.start, self.span));
        for series in self.series(selector) {
            self.look(steps.count as u64)?;
            if row.floats.len() != steps.count {
                row = Row::blank(steps.count);
            }
            row.drop_name = false;
            row.histograms.clear();
            let found = if series.histograms.is_empty() {
                newest_floats(series.samples, steps, shift, back, &mut row.floats)
            } else {
                newest(series, steps, shift, back, &mut row)
            };
            if found {
                row.labels = series.labels.clone();
                sink(&mut row)?;
            }
        }
        Ok(())
    }

    /// The instant of the newest sample at each step, in seconds: what `timestamp` gives.
    pub fn newest_at(&self, selector: &Selector, steps: Steps) -> Result<Vec<Row>, EvalError> {
        let back = i64::try_from(self.options.look_back.as_millis()).unwrap_or(i64::MAX);
        let mut rows = Vec::new();
        for series in self.series(selector) {
            self.hold(steps.count)?;
            let mut row = Row::labelled(series.labels.clone(), steps.count);
            for (step, at) in steps.all().enumerate() {
                let seen = selector.when.instant(at, self.span);
                if let Some(at) = newest_instant(series, seen, back) {
                    row.floats[step] = at as f64 / 1000.0;
                }
            }
            if !row.is_empty() {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// When the newest sample of a series was taken, seen from `at`.
    pub fn newest_of(&self, series: &SeriesRef<'_>, at: i64) -> Option<i64> {
        let back = i64::try_from(self.options.look_back.as_millis()).unwrap_or(i64::MAX);
        newest_instant(series, at, back)
    }

    /// A range vector, of stored series or of a subquery.
    pub fn windows<'w>(&'w self, expr: &'w Expr, steps: Steps) -> Result<Windows<'w>, EvalError> {
        let span = self.span;
        match &expr.bare().kind {
            Kind::Matrix { selector, range } => Ok(Windows {
                range: range.millis,
                when: &selector.when,
                span,
                all: Box::new(self.series(selector).iter().map(|series| Ranged {
                    labels: series.labels.clone(),
                    floats: fresh(series.samples),
                    histograms: fresh_histograms(series.histograms),
                })),
            }),
            Kind::Subquery {
                of,
                range,
                step,
                when,
            } => {
                let step = step.as_ref().map_or_else(
                    || i64::try_from(self.options.subquery_step.as_millis()).unwrap_or(i64::MAX),
                    |step| step.millis,
                );
                let inner = inner_steps(when, range.millis, step, steps, span);
                // Counted before the first step, so that a range without end is refused at once.
                self.look(inner.count as u64)?;
                self.hold(inner.count)?;
                let rows = if inner.count == 0 {
                    Vec::new()
                } else {
                    self.rows(of, inner)?
                };
                Ok(Windows {
                    range: range.millis,
                    when,
                    span,
                    all: Box::new(rows.into_iter().map(move |row| ranged(row, inner))),
                })
            }
            _ => Err(EvalError::BadArgument(
                "a range vector is wanted here".to_owned(),
            )),
        }
    }
}

/// The steps of a subquery stand at multiples of its step, so that two runs look at the same instants.
fn inner_steps(when: &When, range: i64, step: i64, outer: Steps, span: (i64, i64)) -> Steps {
    // A step of less than a millisecond would stand still.
    let step = step.max(1);
    let after = when.instant(outer.start, span).saturating_sub(range);
    let last = when.instant(outer.end(), span);
    let first = after
        .div_euclid(step)
        .saturating_add(1)
        .saturating_mul(step);
    let count = if last < first {
        0
    } else {
        last.saturating_sub(first) / step + 1
    };
    Steps {
        start: first,
        step,
        count: usize::try_from(count).unwrap_or(usize::MAX),
    }
}

fn ranged<'w>(row: Row, steps: Steps) -> Ranged<'w> {
    let mut histograms = row.histogram_samples(steps);
    for sample in &mut histograms {
        // Samples between were left out, so what was said of neighbours is no longer known.
        if matches!(sample.value.reset, Reset::Yes | Reset::No) {
            Arc::make_mut(&mut sample.value).reset = Reset::Unknown;
        }
    }
    Ranged {
        floats: Cow::Owned(row.samples(steps)),
        histograms: Cow::Owned(histograms),
        labels: row.labels,
    }
}

fn fresh(samples: &[Sample]) -> Cow<'_, [Sample]> {
    if samples.iter().any(|sample| is_stale(sample.value)) {
        let kept = samples.iter().filter(|sample| !is_stale(sample.value));
        return Cow::Owned(kept.copied().collect());
    }
    Cow::Borrowed(samples)
}

fn fresh_histograms(samples: &[HistogramSample]) -> Cow<'_, [HistogramSample]> {
    if samples.iter().any(|sample| sample.value.is_stale()) {
        let kept = samples.iter().filter(|sample| !sample.value.is_stale());
        return Cow::Owned(kept.cloned().collect());
    }
    Cow::Borrowed(samples)
}

/// Fills `out`; answers whether anything was found. `shift` is what `offset` and `@` move.
fn newest_floats(samples: &[Sample], steps: Steps, shift: i64, back: i64, out: &mut [f64]) -> bool {
    let mut next =
        samples.partition_point(|s| s.at.as_millis() <= steps.start.saturating_sub(shift));
    let mut found = false;
    for (value, at) in out.iter_mut().zip(steps.all()) {
        let seen = at.saturating_sub(shift);
        while samples.get(next).is_some_and(|s| s.at.as_millis() <= seen) {
            next += 1;
        }
        *value = match next.checked_sub(1).map(|last| samples[last]) {
            // A marker of staleness is what stands for nothing in a column anyway.
            Some(last) if last.at.as_millis() > seen.saturating_sub(back) => last.value,
            _ => ABSENT,
        };
        found |= !is_stale(*value);
    }
    found
}

/// The same where histograms stand among the floats.
fn newest(series: &SeriesRef<'_>, steps: Steps, shift: i64, back: i64, row: &mut Row) -> bool {
    row.floats.fill(ABSENT);
    row.histograms.resize(steps.count, None);
    let mut found = false;
    for (step, at) in steps.all().enumerate() {
        let seen = at.saturating_sub(shift);
        let float = last_float(series.samples, seen, back);
        let histogram = last_histogram(series.histograms, seen, back);
        match (float, histogram) {
            (float, Some(histogram)) if float.is_none_or(|float| histogram.at >= float.at) => {
                if !histogram.value.is_stale() {
                    row.histograms[step] = Some(histogram.value.clone());
                    found = true;
                }
            }
            (Some(float), _) => {
                row.floats[step] = float.value;
                found |= !is_stale(float.value);
            }
            _ => {}
        }
    }
    found
}

fn last_float(samples: &[Sample], seen: i64, back: i64) -> Option<&Sample> {
    let until = samples.partition_point(|sample| sample.at.as_millis() <= seen);
    let last = samples.get(until.checked_sub(1)?)?;
    (last.at.as_millis() > seen.saturating_sub(back)).then_some(last)
}

fn last_histogram(samples: &[HistogramSample], seen: i64, back: i64) -> Option<&HistogramSample> {
    let until = samples.partition_point(|sample| sample.at.as_millis() <= seen);
    let last = samples.get(until.checked_sub(1)?)?;
    (last.at.as_millis() > seen.saturating_sub(back)).then_some(last)
}

fn newest_instant(series: &SeriesRef<'_>, seen: i64, back: i64) -> Option<i64> {
    let float = last_float(series.samples, seen, back);
    let histogram = last_histogram(series.histograms, seen, back);
    match (float, histogram) {
        (float, Some(histogram)) if float.is_none_or(|float| histogram.at >= float.at) => {
            (!histogram.value.is_stale()).then(|| histogram.at.as_millis())
        }
        (Some(float), _) => (!is_stale(float.value)).then(|| float.at.as_millis()),
        _ => None,
    }
}
