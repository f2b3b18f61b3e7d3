//! How fast: differences between samples, extrapolated to the ends of the range as Prometheus does.

use std::sync::Arc;

use crate::{
    Histogram, HistogramSample, Number, Sample,
    notes::Note,
    run::{Said, Window, incompatible},
    series::Reset,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Rate,
    Increase,
    Delta,
}

impl Kind {
    pub fn is_counter(self) -> bool {
        self != Self::Delta
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// Whole seconds and the rest apart, as durations are kept in Prometheus.
fn range_seconds(millis: i64) -> f64 {
    (millis / 1000) as f64 + (millis % 1000) as f64 * 1e6 / 1e9
}

/// Where the samples of a window lie in it. Steps that meet a regular series see the same again and again.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Layout {
    before: i64,
    after: i64,
    sampled: i64,
    samples: usize,
    range: i64,
}

/// What extrapolation makes of a layout.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    sampled: f64,
    before: f64,
    after: f64,
    /// The factor where the counter's zero is further away than `before`.
    factor: f64,
    range: f64,
}

impl Layout {
    /// A range that begins or ends more than 1.1 mean intervals away from its samples is extended by half an
    /// interval only.
    fn reach(self, kind: Kind) -> Reach {
        let sampled = seconds(self.sampled);
        let mean = sampled / (self.samples - 1) as f64;
        let threshold = mean * 1.1;
        let end = |gap: i64| {
            let gap = seconds(gap);
            if gap >= threshold { mean / 2.0 } else { gap }
        };
        let mut reach = Reach {
            sampled,
            before: end(self.before),
            after: end(self.after),
            factor: 0.0,
            range: if kind == Kind::Rate {
                range_seconds(self.range)
            } else {
                1.0
            },
        };
        reach.factor = reach.factor(reach.before, kind);
        reach
    }
}

impl Reach {
    fn factor(self, before: f64, kind: Kind) -> f64 {
        let factor = (self.sampled + before + self.after) / self.sampled;
        if kind == Kind::Rate {
            factor / self.range
        } else {
            factor
        }
    }

    /// A counter is never extended below zero.
    #[inline]
    fn factor_of_counter(&self, first: f64, increase: f64, kind: Kind) -> f64 {
        if increase > 0.0 && first >= 0.0 {
            // Far from zero the exact division need not be done.
            if self.sampled * first > increase * self.before * 1.000_001 && increase.is_finite() {
                return self.factor;
            }
            let to_zero = self.sampled * (first / increase);
            if to_zero < self.before {
                return self.factor(to_zero, kind);
            }
        }
        self.factor
    }
}

/// Fills one column: the window slides over the samples, and only where a counter was reset within it are
/// its samples looked at again.
pub(crate) fn floats(
    kind: Kind,
    samples: &[Sample],
    bounds: impl Fn(usize) -> (i64, i64),
    out: &mut [f64],
) {
    let falls = |pair: &[Sample]| pair[1].value < pair[0].value;
    // Most counters are never reset: that is seen without a branch for each sample.
    let is_reset = kind.is_counter()
        && samples
            .windows(2)
            .fold(false, |any, pair| any | falls(pair));
    let resets: Vec<usize> = if is_reset {
        let pairs = samples.windows(2).enumerate();
        let resets = pairs.filter(|(_, pair)| falls(pair));
        resets.map(|(place, _)| place + 1).collect()
    } else {
        Vec::new()
    };
    let (mut first, mut until, mut next_reset) = (0, 0, 0);
    let mut known = Layout::default();
    let mut reach = Reach::default();
    for (step, value) in out.iter_mut().enumerate() {
        let (from, to) = bounds(step);
        while samples.get(until).is_some_and(|s| s.at.as_millis() <= to) {
            until += 1;
        }
        while first < until && samples[first].at.as_millis() <= from {
            first += 1;
        }
        let [oldest, .., newest] = &samples[first..until] else {
            continue;
        };
        let mut increase = newest.value - oldest.value;
        while resets.get(next_reset).is_some_and(|reset| *reset <= first) {
            next_reset += 1;
        }
        if next_reset < resets.len() {
            let within = resets[next_reset..]
                .iter()
                .take_while(|reset| **reset < until);
            increase = within.fold(increase, |sum, reset| sum + samples[reset - 1].value);
        }
        let (oldest_at, newest_at) = (oldest.at.as_millis(), newest.at.as_millis());
        let layout = Layout {
            before: oldest_at - from,
            after: to - newest_at,
            sampled: newest_at - oldest_at,
            samples: until - first,
            range: to - from,
        };
        if layout != known {
            known = layout;
            reach = layout.reach(kind);
        }
        let factor = if kind.is_counter() {
            reach.factor_of_counter(oldest.value, increase, kind)
        } else {
            reach.factor
        };
        *value = increase * factor;
    }
}

/// One window that may hold histograms.
pub(crate) fn window(kind: Kind, window: &Window<'_>, said: &mut Said<'_, '_>) -> Option<Number> {
    if !window.floats.is_empty() && !window.histograms.is_empty() {
        said.say(Note::MixedFloatsHistograms);
        return None;
    }
    let [first, .., last] = window.histograms else {
        let mut value = [crate::run::ABSENT];
        floats(
            kind,
            window.floats,
            |_| (window.from, window.to),
            &mut value,
        );
        return (!crate::run::is_absent(value[0])).then_some(Number::Float(value[0]));
    };
    let mut increase = histogram_increase(window.histograms, kind.is_counter(), said)?;
    let layout = Layout {
        before: first.at.as_millis() - window.from,
        after: window.to - last.at.as_millis(),
        sampled: last.at.as_millis() - first.at.as_millis(),
        samples: window.histograms.len(),
        range: window.to - window.from,
    };
    increase.scale(layout.reach(kind).factor);
    Some(Number::Histogram(Arc::new(increase)))
}

fn histogram_increase(
    samples: &[HistogramSample],
    is_counter: bool,
    said: &mut Said<'_, '_>,
) -> Option<Histogram> {
    let [first, second, ..] = samples else {
        return None;
    };
    let last = &samples.last()?.value;
    let is_gauge = |sample: &HistogramSample| sample.value.reset == Reset::Gauge;
    // Before a reset there is nothing to subtract, whatever its buckets were.
    let mut before = if is_counter && second.value.is_reset_since(&first.value) {
        Arc::new(Histogram {
            schema: second.value.schema,
            custom_bounds: second.value.custom_bounds.clone(),
            ..Histogram::default()
        })
    } else {
        first.value.clone()
    };
    let is_custom = before.has_custom_bounds();
    let is_other = |histogram: &Histogram| histogram.has_custom_bounds() != is_custom;
    let between = if is_counter { &samples[1..] } else { &[] };
    if is_other(last) || between.iter().any(|sample| is_other(&sample.value)) {
        said.say(Note::MixedSchemas);
        return None;
    }
    let schemas = between.iter().map(|sample| sample.value.schema);
    let schema = schemas.fold(before.schema.min(last.schema), i8::min);
    let mut increase = last.at_schema(schema);
    let mut done = increase.subtract(&before);
    for sample in between {
        if done.is_ok() && sample.value.is_reset_since(&before) {
            done = increase.add(&before);
        }
        before = sample.value.clone();
    }
    if let Err(why) = done {
        said.say(|metric| incompatible(why, &metric));
        return None;
    }
    if is_counter && samples.iter().any(is_gauge) {
        said.say(Note::NotCounter);
    }
    let are_gauges = is_gauge(first) && last.reset == Reset::Gauge;
    if !is_counter && !are_gauges {
        said.say(Note::NotGauge);
    }
    increase.reset = Reset::Gauge;
    Some(increase.compacted())
}

/// `irate` and `idelta`: the last two samples.
pub(super) fn last_two(
    window: &Window<'_>,
    is_rate: bool,
    said: &mut Said<'_, '_>,
) -> Option<Number> {
    let (older, newer) = newest_two(window)?;
    let interval = newer.0 - older.0;
    if interval == 0 {
        return None;
    }
    let interval = seconds(interval);
    match (&older.1, &newer.1) {
        (Number::Float(before), Number::Float(now)) => {
            let rise = if is_rate && now < before {
                *now
            } else {
                now - before
            };
            Some(Number::Float(if is_rate { rise / interval } else { rise }))
        }
        (Number::Histogram(before), Number::Histogram(now)) => {
            let gauges = [before, now].map(|histogram| histogram.reset == Reset::Gauge);
            if is_rate && gauges != [false, false] {
                said.say(Note::NotCounter);
            }
            if !is_rate && gauges != [true, true] {
                said.say(Note::NotGauge);
            }
            let mut rise = Histogram::clone(now);
            let is_continued = !is_rate || !now.is_reset_since(before);
            if let Some(why) = is_continued.then(|| rise.subtract(before).err()).flatten() {
                said.say(|metric| incompatible(why, &metric));
                return None;
            }
            rise.reset = Reset::Gauge;
            rise.compact();
            if is_rate {
                rise.divide(interval);
            }
            Some(Number::Histogram(Arc::new(rise)))
        }
        _ => {
            said.say(Note::MixedFloatsHistograms);
            None
        }
    }
}

type Dated = (i64, Number);

fn newest_two(window: &Window<'_>) -> Option<(Dated, Dated)> {
    let floats = window.floats.iter().rev().take(2);
    let floats = floats.map(|sample| (sample.at.as_millis(), Number::Float(sample.value)));
    let histograms = window.histograms.iter().rev().take(2);
    let histograms = histograms.map(|s| (s.at.as_millis(), Number::Histogram(s.value.clone())));
    let mut newest: Vec<Dated> = floats.chain(histograms).collect();
    newest.sort_by_key(|(at, _)| *at);
    let newer = newest.pop()?;
    Some((newest.pop()?, newer))
}
