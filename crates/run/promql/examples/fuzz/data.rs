//! Random series: counters with resets, gauges, gaps, markers of staleness, NaN and infinities, histograms of both
//! kinds, info metrics.

use std::sync::Arc;

use promise::Timestamp;
use promql::{
    Histogram, HistogramSample, Labels, STALE, Sample, Series,
    series::{Buckets, CUSTOM_BOUNDS, Reset, Span},
};

/// The samples lie in these two hours: what one head block of Prometheus takes.
pub const START_SECS: i64 = 1_700_000_000;
pub const END_SECS: i64 = START_SECS + 5_400;

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// In percent.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn float(&mut self) -> f64 {
        self.below(1_000_000) as f64 / 1_000.0
    }
}

pub fn series(dice: &mut Dice) -> Vec<Series> {
    let mut all = Vec::new();
    for instance in ["a:1", "b:1", "c10:1", "c9:1"] {
        for job in ["api", "db"] {
            if dice.chance(15) {
                continue;
            }
            for code in ["200", "500"] {
                let labels = labels("requests_total", instance, job, &[("code", code)]);
                all.push(floats(dice, labels, counter));
            }
            let one = labels("memory_bytes", instance, job, &[("zone", "x")]);
            all.push(floats(dice, one, gauge));
            let other = labels("limit_bytes", instance, job, &[]);
            all.push(floats(dice, other, level));
            if dice.chance(50) {
                let odd = labels("odd", instance, job, &[]);
                all.push(floats(dice, odd, anything));
            }
            for bound in ["0.1", "0.5", "1", "2.5", "+Inf"] {
                let labels = labels("latency_seconds_bucket", instance, job, &[("le", bound)]);
                let weight = bound.parse::<f64>().unwrap_or(9.0).min(9.0);
                all.push(floats(dice, labels, move |dice, before| {
                    counter(dice, before) + (weight * dice.below(3) as f64).floor()
                }));
            }
            let native = labels("native_seconds", instance, job, &[]);
            all.push(histograms(dice, native, Kind::Exponential));
            if dice.chance(60) {
                let custom = labels("custom_seconds", instance, job, &[]);
                all.push(histograms(dice, custom, Kind::Custom));
            }
            if dice.chance(30) {
                let mixed = labels("mixed", instance, job, &[]);
                all.push(mix(dice, mixed));
            }
            let version = *dice.pick(&["v1", "v2"]);
            let info = labels("target_info", instance, job, &[("version", version)]);
            all.push(floats(dice, info, |_, _| 1.0));
            let build = labels("build_info", instance, job, &[("branch", "main")]);
            all.push(floats(dice, build, |_, _| 1.0));
        }
    }
    all.retain(|series| !series.is_empty());
    Series::merged(all)
}

fn labels(name: &str, instance: &str, job: &str, more: &[(&str, &str)]) -> Labels {
    let pairs = [("__name__", name), ("instance", instance), ("job", job)];
    Labels::new(pairs.iter().chain(more).copied())
}

fn counter(dice: &mut Dice, before: f64) -> f64 {
    if dice.chance(2) {
        dice.below(5) as f64
    } else {
        before + dice.below(20) as f64
    }
}

fn gauge(dice: &mut Dice, before: f64) -> f64 {
    if dice.chance(30) {
        before
    } else {
        dice.float() - 300.0
    }
}

fn level(dice: &mut Dice, before: f64) -> f64 {
    if before == 0.0 || dice.chance(3) {
        100.0 + dice.below(5) as f64 * 50.0
    } else {
        before
    }
}

fn anything(dice: &mut Dice, _: f64) -> f64 {
    *dice.pick(&[
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        1.0,
        -1.0,
        1e100,
        -1e100,
        1e-300,
        f64::MAX,
        0.1,
        1e9,
    ])
}

/// The instants of a series: every 15 s or 30 s, some missing, long gaps now and then.
fn instants(dice: &mut Dice) -> Vec<i64> {
    let interval = *dice.pick(&[15_000, 15_000, 30_000]);
    let shift = if dice.chance(50) {
        0
    } else {
        dice.below(15_000) as i64
    };
    let mut at = START_SECS * 1_000 + shift;
    let mut all = Vec::new();
    while at < END_SECS * 1_000 {
        if !dice.chance(3) {
            all.push(at);
        }
        at += interval;
        if dice.chance(1) {
            at += dice.below(900_000) as i64;
        }
    }
    all
}

fn floats(dice: &mut Dice, labels: Labels, next: impl Fn(&mut Dice, f64) -> f64) -> Series {
    let mut value = 0.0;
    let mut samples = Vec::new();
    for at in instants(dice) {
        let is_stale = dice.chance(1);
        if !is_stale {
            value = next(dice, value);
        }
        samples.push(Sample {
            at: Timestamp::from_millis(at),
            value: if is_stale { STALE } else { value },
        });
    }
    Series::new(labels, samples)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exponential,
    Custom,
}

fn histograms(dice: &mut Dice, labels: Labels, kind: Kind) -> Series {
    let is_gauge = dice.chance(25);
    let mut now = empty(dice, kind);
    let mut series = Series::new(labels, Vec::new());
    for at in instants(dice) {
        if dice.chance(2) {
            now = empty(dice, kind);
        }
        observe(dice, &mut now);
        let mut value = now.clone();
        value.reset = if is_gauge {
            Reset::Gauge
        } else {
            Reset::Unknown
        };
        if dice.chance(1) {
            value = Histogram::stale();
        }
        series.histograms.push(HistogramSample {
            at: Timestamp::from_millis(at),
            value: Arc::new(value),
        });
    }
    stored(&mut series.histograms);
    series
}

/// A series that was of floats and became one of histograms.
fn mix(dice: &mut Dice, labels: Labels) -> Series {
    let mut series = histograms(dice, labels, Kind::Exponential);
    let half = series.histograms.len() / 2;
    for sample in series.histograms.drain(..half) {
        series.samples.push(Sample {
            at: sample.at,
            value: dice.float(),
        });
    }
    stored(&mut series.histograms);
    series
}

/// With all the buckets that it will ever have: a chunk of Prometheus that learns of a new bucket writes it,
/// empty, into the samples before, too, and quantiles around zero then come out differently.
fn empty(dice: &mut Dice, kind: Kind) -> Histogram {
    let mut out = Histogram::default();
    if kind == Kind::Custom {
        out.schema = CUSTOM_BOUNDS;
        out.custom_bounds = dice
            .pick(&[
                vec![0.1, 0.5, 1.0],
                vec![0.5, 1.0, 5.0, 10.0],
                vec![0.1, 0.5, 1.0],
            ])
            .clone();
        out.positive = zeros(out.custom_bounds.len() + 1);
        return out;
    }
    out.positive = zeros(INDICES);
    out.negative = zeros(INDICES);
    out.schema = *dice.pick(&[0, 0, 1, 2, -1, 3]);
    out.zero_threshold = *dice.pick(&[0.001, 0.001, 0.0, 0.25]);
    out
}

const INDICES: usize = 12;

fn zeros(len: usize) -> Buckets {
    Buckets {
        spans: vec![Span {
            offset: 0,
            len: u32::try_from(len).unwrap_or(0),
        }],
        counts: vec![0.0; len],
    }
}

/// A few observations more. Counts are halves now and then: such histograms are of floats.
fn observe(dice: &mut Dice, histogram: &mut Histogram) {
    for _ in 0..dice.below(6) {
        let size = (1 + dice.below(6)) as f64;
        let is_custom = histogram.schema == CUSTOM_BOUNDS;
        let index = if is_custom {
            dice.below(histogram.custom_bounds.len() + 1) as i32
        } else {
            // Beyond a zero bucket of 0.25 at every schema.
            dice.below(INDICES) as i32
        };
        histogram.count += size;
        histogram.sum += size * dice.float() / 100.0;
        if !is_custom && dice.chance(15) {
            histogram.zero_count += size;
        } else if !is_custom && dice.chance(15) {
            add(&mut histogram.negative, index, size);
        } else {
            add(&mut histogram.positive, index, size);
        }
    }
}

fn add(buckets: &mut Buckets, index: i32, size: f64) {
    let place = usize::try_from(index).unwrap_or(0);
    if let Some(count) = buckets.counts.get_mut(place) {
        *count += size;
    }
}

/// What a store says of resets: it compares each histogram with the one before.
fn stored(samples: &mut [HistogramSample]) {
    let mut before: Option<Arc<Histogram>> = None;
    for sample in samples {
        let value = &sample.value;
        let reset = match &before {
            _ if value.reset == Reset::Gauge => Reset::Gauge,
            None => Reset::Unknown,
            Some(before)
                if before.is_stale()
                    || before.schema != value.schema
                    || before.zero_threshold != value.zero_threshold =>
            {
                Reset::Unknown
            }
            Some(before) if value.is_reset_since(before) => Reset::Yes,
            Some(_) => Reset::No,
        };
        before = Some(value.clone());
        let reset = if value.is_stale() {
            Reset::Unknown
        } else {
            reset
        };
        Arc::make_mut(&mut sample.value).reset = reset;
    }
}
