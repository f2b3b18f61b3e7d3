//! Lines of several series over one stretch of time, with marks of what else happened.
//!
//! The drawing stretches to any width, so it holds no text: axes and names stand beside it as text that keeps its
//! size. It is one image with a label in words; the figures stand in a table.

use std::{fmt::Write as _, time::Duration};

use jiff::tz::TimeZone;
use maud::{Markup, html};
use promise::{Lang, Timestamp};
use store::Sample;

use crate::show::time;

/// The plane in which lines are drawn. Whole numbers are fine enough: a step is a third of a pixel on a wide screen.
const WIDTH: i64 = 3_600;
const HEIGHT: i64 = 1_000;
/// A stroke and a dash pattern for each; further series begin again.
pub(crate) const STYLES: usize = 8;
/// Lines across, at most; more than six are hard to follow with the eye.
const ACROSS_MAX: f64 = 5.0;
/// Words below the time axis: as many as fit a phone.
const TICKS: u32 = 4;
/// A gap of more than so many steps lifts the pen.
const GAP_STEPS: f64 = 1.5;

/// Below this, sizes have no round steps that floats can hold.
const TINY: f64 = 1e-290;

/// What is drawn.
pub(crate) struct Plot<'a> {
    pub from: Timestamp,
    pub to: Timestamp,
    pub step: Duration,
    /// The samples of each series, in order of time.
    pub lines: Vec<&'a [Sample]>,
    pub bands: Vec<Band>,
    /// What the values are held against, each a line across.
    pub targets: Vec<f64>,
}

/// Something that lasted, or happened at one instant where both ends are the same.
pub(crate) struct Band {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Gives the colour.
    pub class: &'static str,
}

impl Plot<'_> {
    pub(crate) fn show(&self, label: &str, zone: &TimeZone, lang: Lang) -> Markup {
        let seen = self.lines.iter().copied().flatten();
        let axis = Axis::over(
            seen.map(|sample| sample.value)
                .chain(self.targets.iter().copied()),
        );
        let at = |part: u32| self.from + self.span().mul_f64(f64::from(part) / f64::from(TICKS));
        html! {
            div.plot {
                ol.across aria-hidden="true" {
                    @for value in axis.ticks().rev() { li { (number(value)) } }
                }
                div.plane {
                    svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
                        @for value in axis.ticks() { path.grid d=(format!("M0 {}h{WIDTH}", axis.y(value))) {} }
                        @for band in &self.bands {
                            path class={ "band " (band.class) } d=(self.band(band)) {}
                            path class={ "edge " (band.class) } d=(self.edges(band)) {}
                        }
                        @for value in &self.targets { path.target d=(format!("M0 {}h{WIDTH}", axis.y(*value))) {} }
                        @for (i, line) in self.lines.iter().enumerate() {
                            path class={ "series s" (i % STYLES) } d=(self.line(line, &axis)) {}
                        }
                    }
                }
                ol.below aria-hidden="true" {
                    @for part in 0..=TICKS { li { (time::tick(at(part), self.span(), zone, lang)) } }
                }
            }
        }
    }

    fn span(&self) -> Duration {
        self.to.since(self.from).max(Duration::from_millis(1))
    }

    #[allow(clippy::cast_possible_truncation)]
    fn x(&self, at: Timestamp) -> i64 {
        let part = at.since(self.from).as_secs_f64() / self.span().as_secs_f64();
        (part.min(1.0) * WIDTH as f64).round() as i64
    }

    /// Each point by how far it lies from the one before, which is shorter than where it lies.
    fn line(&self, samples: &[Sample], axis: &Axis) -> String {
        let gap = self.step.mul_f64(GAP_STEPS);
        let mut out = String::new();
        let mut pen: Option<(Timestamp, i64, i64)> = None;
        for sample in samples {
            if !sample.value.is_finite() {
                pen = None;
                continue;
            }
            let (x, y) = (self.x(sample.at), axis.y(sample.value));
            // Writing into a String cannot fail.
            let _ = match pen {
                Some((at, px, py)) if sample.at.since(at) <= gap => {
                    write!(out, "l{} {}", x - px, y - py)
                }
                // A dot, should no other follow.
                _ => write!(out, "M{x} {y}h0"),
            };
            pen = Some((sample.at, x, y));
        }
        out
    }

    fn band(&self, band: &Band) -> String {
        let (from, to) = (self.x(band.from), self.x(band.to));
        format!("M{from} 0h{}v{HEIGHT}h-{}z", to - from, to - from)
    }

    /// Where it begins and ends, as far as that lies within the chart.
    fn edges(&self, band: &Band) -> String {
        let mut out = String::new();
        for at in [band.from, band.to] {
            if at >= self.from && at <= self.to {
                let _ = write!(out, "M{} 0v{HEIGHT}", self.x(at));
            }
        }
        out
    }
}

/// From a round number below all values to one above them, in equal round steps.
#[derive(Debug, PartialEq)]
struct Axis {
    low: f64,
    step: f64,
    steps: u32,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        Self::between(low, high)
    }

    fn between(low: f64, high: f64) -> Self {
        // Halves, for the span of the largest floats is none.
        let half = high / 2.0 - low / 2.0;
        let (low, high) = match (low, high) {
            _ if !low.is_finite() => (0.0, 1.0),
            // A straight line lies in the middle of its own size; far from zero, floats lie far apart.
            (one, _) if half <= (one.abs() * 1e-9).max(TINY) => {
                let room = if one.abs() < TINY {
                    1.0
                } else {
                    one.abs() / 2.0
                };
                (
                    (one - room).max(f64::MIN / 4.0),
                    (one + room).min(f64::MAX / 4.0),
                )
            }
            // A quantity that comes near to zero is seen best from there.
            (low, high) if low > 0.0 && low < high / 3.0 => (0.0, high),
            both => both,
        };
        let (low, high) = (low.max(f64::MIN / 4.0), high.min(f64::MAX / 4.0));
        let step = round_up((high - low) / ACROSS_MAX);
        let first = (low / step).floor();
        let steps = ((high / step).ceil() - first).clamp(1.0, 2.0 * ACROSS_MAX);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self {
            low: first * step,
            step,
            steps: steps as u32,
        }
    }

    fn ticks(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        // Multiplied and not added up, so that 0.1 three times is 0.3; what is next to nothing is nothing.
        (0..=self.steps).map(|i| {
            let value = self.low + self.step * f64::from(i);
            if value.abs() < self.step * 1e-6 {
                0.0
            } else {
                value
            }
        })
    }

    #[allow(clippy::cast_possible_truncation)]
    fn y(&self, value: f64) -> i64 {
        let part = (value - self.low) / (self.step * f64::from(self.steps));
        ((1.0 - part.clamp(0.0, 1.0)) * HEIGHT as f64).round() as i64
    }
}

/// The next of 1, 2, 2.5 and 5 times a power of ten.
fn round_up(size: f64) -> f64 {
    let power = 10f64.powf(size.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|one| one * power)
        .find(|one| *one >= size * (1.0 - 1e-9))
        .unwrap_or(size)
}

/// A figure as short as a glance needs: four digits, and thousands as k, M, G, T.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+∞"
        } else {
            "−∞"
        }
        .to_owned();
    }
    if size >= 1e15 || (size < 1e-4 && size > 0.0) {
        return signed(value, &format!("{size:.2e}"));
    }
    let (unit, scaled) = [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e4)]
        .into_iter()
        .find(|(_, from)| size >= *from)
        .map_or(("", size), |(unit, from)| {
            (unit, size / if unit == "k" { 1e3 } else { from })
        });
    let decimals = match scaled {
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 1.0 || s == 0.0 => 3,
        _ => 5,
    };
    signed(
        value,
        &format!("{}{unit}", promise::unit::trim_zeros(scaled, decimals)),
    )
}

fn signed(value: f64, size: &str) -> String {
    if value < 0.0 {
        format!("−{size}")
    } else {
        size.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_round_and_holds_every_value() {
        let of = |low, high| {
            let axis = Axis::between(low, high);
            (
                axis.low,
                axis.low + axis.step * f64::from(axis.steps),
                axis.step,
            )
        };
        assert_eq!(of(0.0, 97.0), (0.0, 100.0, 20.0));
        // Near to zero it begins there; far from it, it does not.
        assert_eq!(of(10.0, 97.0), (0.0, 100.0, 20.0));
        assert_eq!(of(90.0, 97.0), (90.0, 98.0, 2.0));
        assert_eq!(of(5.0, 5.0), (2.0, 8.0, 1.0));
        for (low, high) in [
            (f64::INFINITY, f64::NEG_INFINITY),
            (f64::MIN, f64::MAX),
            (f64::MAX, f64::MAX),
            (5e-324, 1e-323),
            (-1e-9, 1e300),
        ] {
            let axis = Axis::between(low, high);
            assert!(axis.ticks().all(f64::is_finite), "{low} {high}: {axis:?}");
            assert!(
                (0..=HEIGHT).contains(&axis.y(low)),
                "{low} {high}: {axis:?}"
            );
        }
    }

    #[test]
    fn a_gap_lifts_the_pen_and_one_sample_is_a_dot() {
        let at = |secs: i64, value| Sample {
            at: Timestamp::from_millis(secs * 1_000),
            value,
        };
        let samples = [
            at(0, 0.0),
            at(10, 1.0),
            at(30, 1.0),
            at(40, f64::NAN),
            at(50, 0.0),
        ];
        let plot = Plot {
            from: Timestamp::EPOCH,
            to: Timestamp::from_millis(100_000),
            step: Duration::from_secs(10),
            lines: vec![&samples],
            bands: Vec::new(),
            targets: vec![2.0],
        };
        // 36 a second across; 0 lies at the bottom and 1 at the top.
        let axis = Axis::over(samples.iter().map(|sample| sample.value));
        assert_eq!(
            plot.line(&samples, &axis),
            "M0 1000h0l360 -1000M1080 0h0M1800 1000h0"
        );
        // A target beyond all that was seen is on the chart: at the top of an axis that ends at it.
        let drawn = plot.show("x", &TimeZone::UTC, Lang::En).into_string();
        assert!(
            drawn.contains("<path class=\"target\" d=\"M0 0h3600\">"),
            "{drawn}"
        );
    }

    #[test]
    fn figures_are_short() {
        let all = [
            0.0,
            1.0,
            -0.25,
            1_234.5,
            12_345.0,
            5e9,
            1.25e-7,
            0.000_5,
            f64::NAN,
        ];
        let shown = [
            "0", "1", "−0.25", "1234.5", "12.35k", "5G", "1.25e-7", "0.0005", "NaN",
        ];
        assert_eq!(all.map(number), shown);
    }
}
