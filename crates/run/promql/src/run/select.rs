//! Samples of stored series: the newest at each step, or all within a range that slides over the steps.

use std::{borrow::Cow, sync::Arc};

use promise::Timestamp;

use super::{ABSENT, Row, Run, Sink, Steps};
use crate::{
    EvalError, Histogram, HistogramSample, Labels, Sample, Samples, SeriesRef,
    series::{Reset, is_stale},
    syntax::{Expr, Kind, Selector, When},
};

/// A stored series as a selector sees it.
pub(super) struct Fetched<'r> {
    pub labels: Labels,
    pub samples: Samples<'r>,
    pub histograms: Cow<'r, [HistogramSample]>,
}

impl<'r> Fetched<'r> {
    /// Where only counts and sums are wanted, histograms are seen without buckets.
    pub fn of(series: SeriesRef<'r>, without_buckets: bool) -> Self {
        let histograms = if without_buckets && !series.histograms.is_empty() {
            Cow::Owned(plain(series.histograms))
        } else {
            Cow::Borrowed(series.histograms)
        };
        Self {
            labels: series.labels,
            samples: series.samples,
            histograms,
        }
    }
}

/// Count and sum alone, with what the buckets told of resets.
fn plain(samples: &[HistogramSample]) -> Vec<HistogramSample> {
    let mut before: Option<&Histogram> = None;
    let mut all = Vec::with_capacity(samples.len());
    for sample in samples {
        let value = &sample.value;
        let reset = match (value.reset, before) {
            _ if value.is_stale() => Reset::Unknown,
            (Reset::Unknown, Some(before)) if value.is_reset_since(before) => Reset::Yes,
            (Reset::Unknown, Some(_)) => Reset::No,
            (known, _) => known,
        };
        if !value.is_stale() {
            before = Some(value);
        }
        all.push(HistogramSample {
            at: sample.at,
            value: Arc::new(Histogram {
                reset,
                count: value.count,
                sum: value.sum,
                ..Histogram::default()
            }),
        });
    }
    all
}

/// The first selector of a query, where a function that needs no buckets stands above it, but not at the very top:
/// which layouts fit each other then does not matter, as in Prometheus.
pub(super) fn without_buckets(root: &Expr) -> Option<usize> {
    let mut path = Vec::new();
    let first = first_selector(root, &mut path)?;
    let names = path
        .iter()
        .skip(1)
        .rev()
        .filter_map(|expr: &&Expr| match &expr.kind {
            Kind::Call { function, .. } => Some(function.name),
            _ => None,
        });
    let mut deciding = names.filter(|name| {
        matches!(
            *name,
            "histogram_count"
                | "histogram_sum"
                | "histogram_avg"
                | "histogram_quantile"
                | "histogram_fraction"
        )
    });
    let decides = deciding.next()?;
    (!matches!(decides, "histogram_quantile" | "histogram_fraction")).then_some(first)
}

fn first_selector<'e>(expr: &'e Expr, path: &mut Vec<&'e Expr>) -> Option<usize> {
    if let Kind::Vector(selector) | Kind::Matrix { selector, .. } = &expr.kind {
        return Some(selector.id);
    }
    path.push(expr);
    let mut children = expr.children();
    if let Kind::Aggregate(fold) = &expr.kind {
        // What is aggregated comes before the parameter.
        children = std::iter::once(&fold.of).chain(&fold.param).collect();
    }
    for child in children {
        if let Some(found) = first_selector(child, path) {
            return Some(found);
        }
    }
    path.pop();
    None
}

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
            let samples = series.samples.get();
            let found = if series.histograms.is_empty() {
                newest_floats(&samples, steps, shift, back, &mut row.floats)
            } else {
                newest((&samples, &series.histograms), steps, shift, back, &mut row)
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
            let samples = series.samples.get();
            for (step, at) in steps.all().enumerate() {
                let seen = selector.when.instant(at, self.span);
                if let Some(at) = newest_instant(&samples, &series.histograms, seen, back) {
                    row.floats[step] = at as f64 / 1000.0;
                }
            }
            if !row.is_empty() {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// When the newest sample of a series was taken, seen from each step.
    pub fn newest_of(&self, series: &SeriesRef<'_>, steps: Steps) -> Vec<Option<i64>> {
        let back = i64::try_from(self.options.look_back.as_millis()).unwrap_or(i64::MAX);
        let samples = series.samples.get();
        let newest = |at| newest_instant(&samples, series.histograms, at, back);
        steps.all().map(newest).collect()
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
                    histograms: fresh_histograms(&series.histograms),
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

fn fresh(samples: Samples<'_>) -> Cow<'_, [Sample]> {
    let samples = samples.get();
    // Hardly ever is one stale, so all are looked at without a branch for each.
    let stale = |found, sample: &Sample| found | is_stale(sample.value);
    if samples.iter().fold(false, stale) {
        let kept = samples.iter().filter(|sample| !is_stale(sample.value));
        return Cow::Owned(kept.copied().collect());
    }
    samples
}

fn fresh_histograms(samples: &[HistogramSample]) -> Cow<'_, [HistogramSample]> {
    if samples.iter().any(|sample| sample.value.is_stale()) {
        let kept = samples.iter().filter(|sample| !sample.value.is_stale());
        return Cow::Owned(kept.cloned().collect());
    }
    Cow::Borrowed(samples)
}

/// Before the first sample of a series.
const NEVER: Sample = Sample {
    at: Timestamp::from_millis(i64::MIN),
    value: ABSENT,
};

/// Fills `out`; answers whether anything was found. `shift` is what `offset` and `@` move.
fn newest_floats(samples: &[Sample], steps: Steps, shift: i64, back: i64, out: &mut [f64]) -> bool {
    let next = samples.partition_point(|s| s.at.as_millis() <= steps.start.saturating_sub(shift));
    let mut found = false;
    let mut seen = steps.start.saturating_sub(shift);
    let mut last = next.checked_sub(1).map_or(&NEVER, |last| &samples[last]);
    let mut rest = samples[next..].iter();
    let mut coming = rest.next();
    for value in out.iter_mut() {
        while let Some(sample) = coming.filter(|sample| sample.at.as_millis() <= seen) {
            last = sample;
            coming = rest.next();
        }
        // A marker of staleness is what stands for nothing in a column anyway.
        let is_fresh = last.at.as_millis() > seen.saturating_sub(back);
        *value = if is_fresh { last.value } else { ABSENT };
        found |= !is_stale(*value);
        seen = seen.saturating_add(steps.step);
    }
    found
}

/// The same where histograms stand among the floats.
fn newest(
    (samples, histograms): (&[Sample], &[HistogramSample]),
    steps: Steps,
    shift: i64,
    back: i64,
    row: &mut Row,
) -> bool {
    row.floats.fill(ABSENT);
    row.histograms.resize(steps.count, None);
    let mut found = false;
    for (step, at) in steps.all().enumerate() {
        let seen = at.saturating_sub(shift);
        let float = last_float(samples, seen, back);
        let histogram = last_histogram(histograms, seen, back);
        match (float, histogram) {
            (float, Some(histogram)) if float.is_none_or(|float| histogram.at >= float.at) => {
                let is_live = !histogram.value.is_stale();
                row.histograms[step] = is_live.then(|| histogram.value.clone());
                found |= is_live;
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

fn newest_instant(
    samples: &[Sample],
    histograms: &[HistogramSample],
    seen: i64,
    back: i64,
) -> Option<i64> {
    let float = last_float(samples, seen, back);
    let histogram = last_histogram(histograms, seen, back);
    match (float, histogram) {
        (float, Some(histogram)) if float.is_none_or(|float| histogram.at >= float.at) => {
            (!histogram.value.is_stale()).then(|| histogram.at.as_millis())
        }
        (Some(float), _) => (!is_stale(float.value)).then(|| float.at.as_millis()),
        _ => None,
    }
}
