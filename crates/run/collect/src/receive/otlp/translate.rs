//! A message becomes series, the way Prometheus 3.5's OTLP door makes them by default.

use promise::{Say, Timestamp, say};
use store::{
    Exemplar, Histogram, HistogramSample, Labels, Metadata, Sample, Series, metrics::STALE,
};

use super::{
    attributes::{Identity, plain},
    delta::Totals,
    exponential::native,
    millis,
    model::{
        self, Common, DELTA, Data, Explicit, KeyValue, Metric, Number, Points, Request, Summary,
    },
    name::{self, Kind},
};

/// As Prometheus bounds an exemplar's labels, in characters.
const EXEMPLAR_MAX: usize = 128;
/// What a message may become in memory: labels are written out that it says once for many points.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// What a series takes beside its labels and buckets.
const SERIES_BYTES: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Translated {
    pub series: Vec<Series>,
    pub metadata: Vec<Metadata>,
    /// What the series take in memory, more or less; what comes after [`BYTES_MAX`] is left out.
    pub bytes: usize,
    /// Points that were left out, and why the first of them.
    pub rejected: u64,
    pub why: Option<Say>,
}

/// `totals` remembers what deltas have added up to.
pub(super) fn translate(request: &Request, totals: &mut Totals) -> Translated {
    let mut work = Work {
        out: Translated::default(),
        totals,
    };
    for resource in &request.resource_metrics {
        let identity = Identity::of(&resource.resource.attributes);
        let begin = work.out.series.len();
        for metric in resource
            .scope_metrics
            .iter()
            .flat_map(|scope| &scope.metrics)
        {
            work.metric(&identity, metric);
        }
        let told = &work.out.series[begin..];
        let newest = told.iter().filter_map(instant).max();
        if let (Some(labels), Some(at)) = (identity.info, newest) {
            work.float(labels, at, 1.0, Vec::new());
        }
    }
    work.out
}

fn instant(series: &Series) -> Option<Timestamp> {
    let floats = series.samples.iter().map(|sample| sample.at);
    floats
        .chain(series.histograms.iter().map(|sample| sample.at))
        .max()
}

struct Work<'t> {
    out: Translated,
    totals: &'t mut Totals,
}

impl Work<'_> {
    fn metric(&mut self, identity: &Identity, metric: &Metric) {
        let Some(data) = &metric.data else { return };
        let (kind, type_name) = match data {
            Data::Gauge(_) => (Kind::Gauge, "gauge"),
            Data::Sum(sum) if sum.is_monotonic => (Kind::Counter, "counter"),
            Data::Sum(_) => (Kind::Other, "gauge"),
            Data::Histogram(_) | Data::ExponentialHistogram(_) => (Kind::Other, "histogram"),
            Data::Summary(_) => (Kind::Other, "summary"),
        };
        let name = name::metric(&metric.name, &metric.unit, kind);
        if name.is_empty() {
            return self.reject(
                1,
                say!("a metric has no name", "名前のないメトリクスがあります"),
            );
        }
        self.out.metadata.push(Metadata {
            metric: name.clone(),
            kind: type_name.to_owned(),
            help: metric.description.clone(),
            unit: metric.unit.clone(),
        });
        let of = Of {
            identity,
            name: &name,
            is_delta: false,
        };
        match data {
            Data::Gauge(gauge) => self.numbers(&of, gauge),
            Data::Sum(sum) => self.numbers(&of.delta(sum), sum),
            Data::Histogram(points) => {
                let of = of.delta(points);
                points
                    .data_points
                    .iter()
                    .for_each(|point| self.explicit(&of, point));
            }
            Data::ExponentialHistogram(points) => {
                let of = of.delta(points);
                points
                    .data_points
                    .iter()
                    .for_each(|point| self.exponential(&of, point));
            }
            Data::Summary(points) => {
                points
                    .data_points
                    .iter()
                    .for_each(|point| self.summary(&of, point));
            }
        }
    }

    fn numbers(&mut self, of: &Of<'_>, points: &Points<Number>) {
        for point in &points.data_points {
            let value = match (point.as_double, point.as_int) {
                (Some(value), _) => value,
                #[allow(clippy::cast_precision_loss)]
                (None, Some(value)) => value as f64,
                (None, None) if point.common.is_stale() => 0.0,
                (None, None) => {
                    self.reject(1, say!("a point has no value", "値のない点があります"));
                    continue;
                }
            };
            let labels = of.labels("", &point.common.attributes, None);
            let exemplars = exemplars(&point.common);
            self.point(of, &point.common, labels, value, exemplars);
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn explicit(&mut self, of: &Of<'_>, point: &Explicit) {
        let common = &point.common;
        let (bounds, counts) = (&point.explicit_bounds, &point.bucket_counts);
        if counts.len() != bounds.len() + 1 && !(counts.is_empty() && bounds.is_empty()) {
            let why = say!(
                "a histogram's buckets do not fit its bounds",
                "ヒストグラムのバケットと境界の数が合いません"
            );
            return self.reject(1, why);
        }
        if let Some(sum) = point.sum {
            let labels = of.labels("_sum", &common.attributes, None);
            self.point(of, common, labels, sum, Vec::new());
        }
        let count = of.labels("_count", &common.attributes, None);
        self.point(of, common, count, point.count as f64, Vec::new());
        let mut exemplars = exemplars(common);
        let mut below = 0u64;
        for (bound, count) in bounds.iter().zip(counts) {
            below = below.saturating_add(*count);
            let labels = of.labels("_bucket", &common.attributes, Some(("le", *bound)));
            let (inside, rest) = exemplars.into_iter().partition(|one| one.value <= *bound);
            exemplars = rest;
            self.point(of, common, labels, below as f64, inside);
        }
        let labels = of.labels("_bucket", &common.attributes, Some(("le", f64::INFINITY)));
        self.point(of, common, labels, point.count as f64, exemplars);
    }

    fn exponential(&mut self, of: &Of<'_>, point: &model::Exponential) {
        let common = &point.common;
        let labels = of.labels("", &common.attributes, None);
        let at = millis(common.time_unix_nano);
        let value = if common.is_stale() {
            Histogram::stale()
        } else {
            match native(point) {
                Err(why) => return self.reject(1, why),
                Ok(delta) if of.is_delta => match self.totals.histogram(&labels, at, delta) {
                    Some(total) => total,
                    None => return self.reject(1, full()),
                },
                Ok(total) => total,
            }
        };
        self.put(Series {
            labels,
            histograms: vec![HistogramSample {
                at,
                value: value.into(),
            }],
            exemplars: exemplars(common),
            ..Series::default()
        });
    }

    #[allow(clippy::cast_precision_loss)]
    fn summary(&mut self, of: &Of<'_>, point: &Summary) {
        let common = &point.common;
        let plain = [("_sum", point.sum), ("_count", point.count as f64)];
        for (suffix, value) in plain {
            let labels = of.labels(suffix, &common.attributes, None);
            self.point(of, common, labels, value, Vec::new());
        }
        for one in &point.quantile_values {
            let bound = Some(("quantile", one.quantile));
            let labels = of.labels("", &common.attributes, bound);
            self.point(of, common, labels, one.value, Vec::new());
        }
    }

    fn point(
        &mut self,
        of: &Of<'_>,
        common: &Common,
        labels: Labels,
        value: f64,
        exemplars: Vec<Exemplar>,
    ) {
        let at = millis(common.time_unix_nano);
        let value = if common.is_stale() {
            STALE
        } else if of.is_delta {
            match self.totals.float(&labels, at, value) {
                Some(total) => total,
                None => return self.reject(1, full()),
            }
        } else if value.is_nan() {
            // One NaN for all, so that no sender can forge the marker that ends a series.
            f64::NAN
        } else {
            value
        };
        self.float(labels, at, value, exemplars);
    }

    fn float(&mut self, labels: Labels, at: Timestamp, value: f64, exemplars: Vec<Exemplar>) {
        self.put(Series {
            labels,
            samples: vec![Sample { at, value }],
            exemplars,
            ..Series::default()
        });
    }

    fn put(&mut self, series: Series) {
        let buckets = series.histograms.iter();
        let buckets: usize = buckets
            .map(|one| one.value.positive.counts.len() + one.value.negative.counts.len())
            .sum();
        let own = series.labels.encoded().len() + buckets * size_of::<f64>();
        self.out.bytes += own + SERIES_BYTES;
        if self.out.bytes <= BYTES_MAX {
            self.out.series.push(series);
        }
    }

    fn reject(&mut self, points: u64, why: Say) {
        self.out.rejected += points;
        self.out.why.get_or_insert(why);
    }
}

/// Whose points are being read.
struct Of<'m> {
    identity: &'m Identity,
    name: &'m str,
    is_delta: bool,
}

impl<'m> Of<'m> {
    fn delta<P>(&self, points: &Points<P>) -> Self {
        Self {
            identity: self.identity,
            name: self.name,
            is_delta: points.aggregation_temporality == DELTA,
        }
    }

    fn labels(&self, suffix: &str, attributes: &[KeyValue], bound: Option<(&str, f64)>) -> Labels {
        let labels = self
            .identity
            .labels(&format!("{}{suffix}", self.name), attributes);
        match bound {
            Some((name, bound)) => labels.with(name, &plain_number(bound)),
            None => labels,
        }
    }
}

/// As Go's `%f` with the fewest digits.
fn plain_number(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else {
        value.to_string()
    }
}

fn full() -> Say {
    say!(
        "a delta was counted before, or too many series of deltas are counted",
        "差分はすでに数えたものか、差分で送られる系列が多すぎます"
    )
}

fn exemplars(common: &Common) -> Vec<Exemplar> {
    common.exemplars.iter().filter_map(exemplar).collect()
}

fn exemplar(one: &model::Exemplar) -> Option<Exemplar> {
    #[allow(clippy::cast_precision_loss)]
    let value = one.as_double.or(one.as_int.map(|value| value as f64))?;
    let ids: Vec<(String, String)> = [("trace_id", &one.trace_id), ("span_id", &one.span_id)]
        .into_iter()
        .filter(|(_, id)| !id.is_empty())
        .map(|(name, id)| (name.to_owned(), id.to_lowercase()))
        .collect();
    let mut all = ids.clone();
    all.extend(plain(&one.filtered_attributes));
    let chars: usize = all
        .iter()
        .map(|(n, v)| n.chars().count() + v.chars().count())
        .sum();
    Some(Exemplar {
        // The trace matters more than what else was said of it.
        labels: Labels::new(if chars <= EXEMPLAR_MAX { all } else { ids }),
        at: millis(one.time_unix_nano),
        value,
    })
}
