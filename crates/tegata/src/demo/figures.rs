//! The numbers that a simulated program exposes: counters, histograms and gauges in the Prometheus text format.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

/// Upper bounds of the duration histograms, in seconds.
const BOUNDS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0];

#[derive(Default)]
struct Histogram {
    /// Not cumulative; the last one is beyond every bound.
    counts: [u64; BOUNDS.len() + 1],
    sum: f64,
}

#[derive(Default)]
struct Inner {
    counters: BTreeMap<&'static str, BTreeMap<String, u64>>,
    histograms: BTreeMap<&'static str, Histogram>,
    gauges: BTreeMap<&'static str, f64>,
}

/// All figures of one program.
#[derive(Default)]
pub(super) struct Figures(Mutex<Inner>);

impl Figures {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Counting never panics half-way, so a poisoned lock still holds good figures.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `labels` as they stand between the braces: `status="failed",method="card"`.
    pub(super) fn count(&self, name: &'static str, labels: &str) {
        self.add(name, labels, 1);
    }

    /// Makes a counter visible at zero before its first event, as well-behaved programs do.
    pub(super) fn declare(&self, name: &'static str, labels: &str) {
        self.add(name, labels, 0);
    }

    fn add(&self, name: &'static str, labels: &str, n: u64) {
        *self
            .inner()
            .counters
            .entry(name)
            .or_default()
            .entry(labels.to_owned())
            .or_default() += n;
    }

    pub(super) fn observe(&self, name: &'static str, seconds: f64) {
        let mut inner = self.inner();
        let histogram = inner.histograms.entry(name).or_default();
        let bucket = BOUNDS
            .iter()
            .position(|bound| seconds <= *bound)
            .unwrap_or(BOUNDS.len());
        histogram.counts[bucket] += 1;
        histogram.sum += seconds;
    }

    pub(super) fn set(&self, name: &'static str, value: f64) {
        self.inner().gauges.insert(name, value);
    }

    pub(super) fn shift(&self, name: &'static str, by: f64) {
        *self.inner().gauges.entry(name).or_default() += by;
    }

    /// The text format 0.0.4.
    pub(super) fn render(&self) -> String {
        let inner = self.inner();
        let mut out = String::new();
        for (name, series) in &inner.counters {
            let _ = writeln!(out, "# TYPE {name} counter");
            for (labels, value) in series {
                let _ = writeln!(out, "{name}{{{labels}}} {value}");
            }
        }
        for (name, histogram) in &inner.histograms {
            let _ = writeln!(out, "# TYPE {name} histogram");
            let mut total = 0;
            for (i, count) in histogram.counts.iter().enumerate() {
                total += count;
                match BOUNDS.get(i) {
                    Some(bound) => _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {total}"),
                    None => _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {total}"),
                }
            }
            let _ = writeln!(out, "{name}_sum {}\n{name}_count {total}", histogram.sum);
        }
        for (name, value) in &inner.gauges {
            let _ = writeln!(out, "# TYPE {name} gauge\n{name} {value}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_end_in_infinity() {
        let figures = Figures::default();
        figures.observe("d_seconds", 0.07);
        figures.observe("d_seconds", 2.5);
        figures.observe("d_seconds", 99.0);
        let text = figures.render();
        for line in [
            "d_seconds_bucket{le=\"0.05\"} 0",
            "d_seconds_bucket{le=\"0.1\"} 1",
            "d_seconds_bucket{le=\"3\"} 2",
            "d_seconds_bucket{le=\"10\"} 2",
            "d_seconds_bucket{le=\"+Inf\"} 3",
            "d_seconds_count 3",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn a_declared_counter_is_visible_at_zero() {
        let figures = Figures::default();
        figures.declare("payments_total", "status=\"failed\"");
        assert!(
            figures
                .render()
                .contains("payments_total{status=\"failed\"} 0\n")
        );
    }
}
