//! Sums that do not lose small numbers beside large ones (Neumaier 1974), as Prometheus adds.

/// A running sum and what rounding took from it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub sum: f64,
    pub lost: f64,
}

impl Sum {
    pub fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.lost += (self.sum - total) + value;
        } else {
            self.lost += (value - total) + self.sum;
        }
        self.sum = total;
    }

    pub fn total(self) -> f64 {
        if self.sum.is_infinite() {
            self.sum
        } else {
            self.sum + self.lost
        }
    }
}

pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    values.for_each(|value| sum.add(value));
    sum.total()
}

/// The mean; goes on incrementally where the plain sum would overflow.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    let mut count = 0.0;
    let mut incremental = false;
    for value in values {
        count += 1.0;
        if !incremental {
            let mut next = sum;
            next.add(value);
            if count == 1.0
                || !next.sum.is_infinite()
                || value.is_infinite()
                || sum.sum.is_infinite()
            {
                sum = next;
                continue;
            }
            incremental = true;
            sum = Sum {
                sum: sum.sum / (count - 1.0),
                lost: sum.lost / (count - 1.0),
            };
        }
        if sum.sum.is_infinite()
            && (value.is_infinite() || value.is_finite())
            && sum.sum.signum() == value.signum()
        {
            continue;
        }
        let share = value / count - (sum.sum + sum.lost) / count;
        sum.add(share);
    }
    match (incremental, sum.sum.is_infinite()) {
        (_, true) => sum.sum,
        (true, false) => sum.sum + sum.lost,
        (false, false) => sum.sum / count + sum.lost / count,
    }
}

/// Welford's variance with compensated sums.
pub(crate) fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut square, mut count) = (Sum::default(), Sum::default(), 0.0);
    for value in values {
        count += 1.0;
        let delta = value - (mean.sum + mean.lost);
        mean.add(delta / count);
        square.add(delta * (value - (mean.sum + mean.lost)));
    }
    (square.sum + square.lost) / count
}

/// The φ-quantile with linear interpolation between the two nearest ranks.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
pub(crate) fn quantile(q: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    // NaN is the smallest of all.
    values.sort_by(|a, b| match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(b),
        (a_nan, b_nan) => b_nan.cmp(&a_nan),
    });
    let last = values.len() - 1;
    let rank = q * last as f64;
    let lower = rank.floor();
    let weight = rank - lower;
    let lower = (lower as usize).min(last);
    let upper = (lower + 1).min(last);
    values[lower] * (1.0 - weight) + values[upper] * weight
}
