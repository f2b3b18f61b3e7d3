//! Sums that do not lose small numbers beside large ones (Neumaier 1974), as Prometheus adds.

/// Adds `value` to a sum and to what rounding took from it.
#[inline]
pub(crate) fn add(value: f64, sum: f64, lost: f64) -> (f64, f64) {
    let total = sum + value;
    // Chosen, not branched on, so that columns are added several at a time.
    let (large, small) = if sum.abs() >= value.abs() {
        (sum, value)
    } else {
        (value, sum)
    };
    let rest = lost + ((large - total) + small);
    (total, if total.is_infinite() { 0.0 } else { rest })
}

pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, lost) = values.fold((0.0, 0.0), |(sum, lost), value| add(value, sum, lost));
    if sum.is_infinite() { sum } else { sum + lost }
}

/// A mean under way: a sum as long as it does not overflow, then an incremental mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    count: f64,
    sum: f64,
    lost: f64,
    is_incremental: bool,
}

impl Mean {
    pub fn of(first: f64) -> Self {
        Self {
            count: 1.0,
            sum: first,
            lost: 0.0,
            is_incremental: false,
        }
    }

    pub fn push(&mut self, value: f64) {
        self.count += 1.0;
        if !self.is_incremental {
            let (sum, lost) = add(value, self.sum, self.lost);
            if !sum.is_infinite() {
                (self.sum, self.lost) = (sum, lost);
                return;
            }
            self.is_incremental = true;
            self.sum /= self.count - 1.0;
            self.lost /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        (self.sum, self.lost) = add(value / self.count, share * self.sum, share * self.lost);
    }

    pub fn value(self) -> f64 {
        if self.is_incremental {
            self.sum + self.lost
        } else {
            self.sum / self.count + self.lost / self.count
        }
    }
}

/// Welford's variance with compensated sums.
pub(crate) fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut mean_lost, mut square, mut square_lost) = (0.0, 0.0, 0.0, 0.0);
    let mut count = 0.0;
    for value in values {
        count += 1.0;
        let delta = value - (mean + mean_lost);
        (mean, mean_lost) = add(delta / count, mean, mean_lost);
        (square, square_lost) = add(delta * (value - (mean + mean_lost)), square, square_lost);
    }
    (square + square_lost) / count
}

/// The φ-quantile with linear interpolation between the two nearest ranks. NaN is the smallest of all.
pub(crate) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal),
        (a_nan, b_nan) => b_nan.cmp(&a_nan),
    });
    let last = values.len() - 1;
    let rank = q * last as f64;
    let weight = rank - rank.floor();
    let lower = (rank.floor() as usize).min(last);
    let upper = (lower + 1).min(last);
    values[lower] * (1.0 - weight) + values[upper] * weight
}
