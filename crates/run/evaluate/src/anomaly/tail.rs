//! How far is too far: a bound that values exceed as seldom as asked for, learned from their own tail.
//!
//! SPOT (Siffer, Fouque, Termier, Largouët, "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017): beyond a
//! high quantile the excesses of nearly any distribution follow a generalised Pareto one, so the bound for any small risk
//! follows from the few that were seen. Its two parameters are taken from the excesses' mean and variance (Hosking and
//! Wallis, "Parameter and quantile estimation for the generalized Pareto distribution", Technometrics 29, 1987).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Values after which the tail is trusted.
const CALIBRATED: u64 = 200;
/// The quantile beyond which values are the tail.
const TAIL: f64 = 0.95;
/// The newest values, of which the quantile is taken.
const VALUES_MAX: usize = 400;
/// The newest excesses.
const PEAKS_MAX: usize = 200;
/// Fewer do not make a tail.
const PEAKS_LEAST: usize = 10;

/// The tail of a stream of values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    seen: u64,
    values: VecDeque<f32>,
    peaks: VecDeque<f32>,
    /// Where the tail begins.
    from: Option<f32>,
}

impl Tail {
    /// The bound that a value exceeds with probability `risk`; `None` until enough was seen.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn bound(&self, risk: f64) -> Option<f64> {
        let from = f64::from(self.from?);
        let n = self.peaks.len() as f64;
        if self.seen < CALIBRATED || self.peaks.len() < PEAKS_LEAST {
            return None;
        }
        let mean = self.peaks.iter().map(|peak| f64::from(*peak)).sum::<f64>() / n;
        let square = |peak: &f32| (f64::from(*peak) - mean).powi(2);
        let variance = self.peaks.iter().map(square).sum::<f64>() / n;
        // The share of values that are in the tail is what was asked of it.
        let ratio = risk / (1.0 - TAIL);
        let (shape, scale) = if variance > 0.0 {
            let strength = mean * mean / variance;
            (0.5 * (1.0 - strength), 0.5 * mean * (1.0 + strength))
        } else {
            (0.0, mean)
        };
        let excess = if shape.abs() < 1e-3 {
            -scale * ratio.ln()
        } else {
            scale / shape * (ratio.powf(-shape) - 1.0)
        };
        Some(from + excess.max(0.0))
    }

    #[allow(clippy::cast_possible_truncation)]
    pub fn learn(&mut self, value: f64) {
        let value = value as f32;
        self.seen = self.seen.saturating_add(1);
        if let Some(from) = self.from.filter(|from| value > *from) {
            push(&mut self.peaks, value - from, PEAKS_MAX);
        }
        push(&mut self.values, value, VALUES_MAX);
        // The beginning is found anew now and then: the values may have moved.
        if self.seen.is_multiple_of(CALIBRATED) {
            self.begin();
        }
    }

    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    fn begin(&mut self) {
        let mut sorted: Vec<f32> = self.values.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let place = (TAIL * sorted.len() as f64) as usize;
        let Some(from) = sorted
            .get(place.min(sorted.len().saturating_sub(1)))
            .copied()
        else {
            return;
        };
        self.from = Some(from);
        self.peaks = sorted[place..]
            .iter()
            .map(|value| value - from)
            .filter(|peak| *peak > 0.0)
            .collect();
    }
}

fn push(values: &mut VecDeque<f32>, value: f32, most: usize) {
    values.push_back(value);
    while values.len() > most {
        values.pop_front();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Even steps through (0, 1), the same in every run, in an order that is not sorted.
    fn spread(n: u32) -> impl Iterator<Item = f64> {
        // 0.618… is the fraction of the golden ratio: its multiples fall evenly into the unit.
        (1..=n).map(|i| (f64::from(i) * 0.618_033_988_749_895).fract())
    }

    #[test]
    fn of_an_exponential_the_bound_is_the_quantile() {
        let mut tail = Tail::default();
        for u in spread(4_000) {
            tail.learn(-(1.0 - u).ln());
        }
        // P(X > x) = e^-x, so that one in a thousand is above ln 1000 = 6.91, and one in ten thousand above 9.21.
        let (thousandth, rarer) = (tail.bound(1e-3).unwrap(), tail.bound(1e-4).unwrap());
        assert!((5.9..7.9).contains(&thousandth), "{thousandth}");
        assert!((7.4..11.0).contains(&rarer), "{rarer}");
    }

    #[test]
    fn nothing_is_bounded_by_a_few_values_and_values_that_never_vary_have_no_tail() {
        let mut tail = Tail::default();
        for u in spread(150) {
            tail.learn(u);
        }
        assert_eq!(tail.bound(1e-3), None);
        let mut flat = Tail::default();
        (0..1_000).for_each(|_| flat.learn(2.0));
        assert_eq!(flat.bound(1e-3), None);
    }
}
