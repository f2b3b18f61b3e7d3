//! `histogram_quantile` and `histogram_fraction`, of classic and of native histograms.

mod classic;
mod native;

use std::collections::HashMap;

use crate::{
    EvalError, Labels,
    notes::Note,
    run::{Merged, Row, Run, Steps, argument_start, is_absent},
    syntax::Expr,
};

pub(super) fn quantile(
    run: &Run<'_>,
    call: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let quantiles = run.scalar(&args[0], steps)?;
    let mut groups = Groups::of(run, call, &args[1], steps)?;
    for q in quantiles.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
        run.note(&Note::InvalidQuantile(*q), argument_start(call, &args[0]));
    }
    let mut out = Merged::new(run.is_late());
    let notes = |note: Note| run.note(&note, argument_start(call, &args[0]));
    groups.natives(run, &mut out, steps, |step, metric, histogram| {
        native::quantile(quantiles[step], histogram, metric, &notes)
    })?;
    groups.classics(run, &mut out, steps, |step, metric, buckets| {
        let (value, is_forced) = classic::quantile(quantiles[step], buckets);
        if is_forced {
            let note = Note::ForcedMonotonicity(metric.to_owned());
            run.note(&note, argument_start(call, &args[1]));
        }
        value
    })?;
    Ok(out.rows)
}

pub(super) fn fraction(
    run: &Run<'_>,
    call: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let (lower, upper) = (run.scalar(&args[0], steps)?, run.scalar(&args[1], steps)?);
    let mut groups = Groups::of(run, call, &args[2], steps)?;
    let mut out = Merged::new(run.is_late());
    let notes = |note: Note| run.note(&note, argument_start(call, &args[0]));
    groups.natives(run, &mut out, steps, |step, metric, histogram| {
        native::fraction((lower[step], upper[step]), histogram, metric, &notes)
    })?;
    groups.classics(run, &mut out, steps, |step, _, buckets| {
        classic::fraction((lower[step], upper[step]), buckets)
    })?;
    Ok(out.rows)
}

/// The buckets of one classic histogram: upper bounds and their rows.
struct Classic {
    labels: Labels,
    buckets: Vec<(f64, usize)>,
    /// Steps at which a native histogram of the same labels stands in the way.
    blocked: Vec<bool>,
}

/// A vector told apart into histograms of both kinds.
struct Groups {
    rows: Vec<Row>,
    classic: Vec<Classic>,
    natives: Vec<usize>,
}

impl Groups {
    fn of(run: &Run<'_>, call: &Expr, vector: &Expr, steps: Steps) -> Result<Self, EvalError> {
        let rows = run.rows(vector, steps)?;
        let start = argument_start(call, vector);
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let mut classic: Vec<Classic> = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            if row.floats.iter().all(|value| is_absent(*value)) {
                continue;
            }
            let label = row.labels.get("le");
            let Ok(bound) = label.parse::<f64>() else {
                let (metric, label) = (row.labels.metric().to_owned(), label.to_owned());
                run.note(&Note::BadBucketLabel { metric, label }, start);
                continue;
            };
            let labels = row.labels.filtered(|name| name != "le");
            let place_of = *places.entry(labels.clone()).or_insert_with(|| {
                classic.push(Classic {
                    labels,
                    buckets: Vec::new(),
                    blocked: Vec::new(),
                });
                classic.len() - 1
            });
            classic[place_of].buckets.push((bound, place));
        }
        let mut natives = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            if row.histograms.is_empty() {
                continue;
            }
            natives.push(place);
            let Some(group) = places.get(&row.labels) else {
                continue;
            };
            let group = &mut classic[*group];
            group.blocked.resize(steps.count, false);
            for step in 0..steps.count {
                let has_classic = group
                    .buckets
                    .iter()
                    .any(|(_, bucket)| !is_absent(rows[*bucket].floats[step]));
                if has_classic && row.histogram(step).is_some() {
                    let note = Note::MixedClassicNative(row.labels.metric().to_owned());
                    run.note(&note, start);
                    group.blocked[step] = true;
                }
            }
        }
        Ok(Self {
            rows,
            classic,
            natives,
        })
    }

    fn is_blocked(&self, row: &Row, step: usize) -> bool {
        self.classic
            .iter()
            .filter(|group| group.labels == row.labels)
            .any(|group| group.blocked.get(step).copied().unwrap_or(false))
    }

    fn natives(
        &mut self,
        run: &Run<'_>,
        out: &mut Merged,
        steps: Steps,
        value: impl Fn(usize, &str, &crate::Histogram) -> f64,
    ) -> Result<(), EvalError> {
        for place in &self.natives {
            let row = &self.rows[*place];
            run.hold(steps.count)?;
            let mut made = Row::labelled(row.labels.clone(), steps.count);
            made.drop_name = true;
            // Where names go at once, notes no longer know them.
            let metric = if run.is_late() {
                row.labels.metric()
            } else {
                ""
            };
            for step in 0..steps.count {
                if let Some(histogram) = row.histogram(step).filter(|_| !self.is_blocked(row, step))
                {
                    made.floats[step] = value(step, metric, histogram);
                }
            }
            out.push(made)?;
        }
        Ok(())
    }

    fn classics(
        &mut self,
        run: &Run<'_>,
        out: &mut Merged,
        steps: Steps,
        value: impl Fn(usize, &str, Vec<classic::Bucket>) -> f64,
    ) -> Result<(), EvalError> {
        for group in &self.classic {
            run.hold(steps.count)?;
            let mut made = Row::labelled(group.labels.clone(), steps.count);
            made.drop_name = true;
            let mut metric = group.labels.metric();
            for step in 0..steps.count {
                if group.blocked.get(step).copied().unwrap_or(false) {
                    continue;
                }
                let present = group.buckets.iter().filter_map(|(upper, place)| {
                    let count = self.rows[*place].floats[step];
                    (!is_absent(count)).then_some(classic::Bucket {
                        upper: *upper,
                        count,
                    })
                });
                let buckets: Vec<classic::Bucket> = present.collect();
                if buckets.is_empty() {
                    continue;
                }
                made.floats[step] = value(step, metric, buckets);
                if !run.is_late() {
                    metric = "";
                }
            }
            out.push(made)?;
        }
        Ok(())
    }
}
