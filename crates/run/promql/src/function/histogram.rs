//! What can be read off one native histogram.

use super::Change;
use crate::{
    Histogram,
    run::{ABSENT, Row},
    sum,
};

/// Of each histogram a float; floats are left out.
pub(super) fn each<'c>(work: fn(&Histogram) -> f64) -> Change<'c> {
    Box::new(move |row: &mut Row| {
        let histograms = std::mem::take(&mut row.histograms);
        row.floats.fill(ABSENT);
        for (value, histogram) in row.floats.iter_mut().zip(&histograms) {
            if let Some(histogram) = histogram {
                *value = work(histogram);
            }
        }
        Ok(())
    })
}

pub(super) fn avg(histogram: &Histogram) -> f64 {
    histogram.sum / histogram.count
}

/// Observations are taken to stand in the middle of their bucket: the geometric one where buckets grow
/// exponentially, the arithmetic one where bounds are listed, zero around zero.
pub(super) fn variance(histogram: &Histogram) -> f64 {
    let mean = avg(histogram);
    let (mut square, mut lost) = (0.0, 0.0);
    for bucket in histogram
        .buckets()
        .into_iter()
        .filter(|bucket| bucket.count != 0.0)
    {
        let middle = if histogram.has_custom_bounds() {
            (bucket.upper + bucket.lower) / 2.0
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else {
            let middle = (bucket.upper * bucket.lower).sqrt();
            if bucket.upper < 0.0 { -middle } else { middle }
        };
        let delta = middle - mean;
        (square, lost) = sum::add(bucket.count * delta * delta, square, lost);
    }
    (square + lost) / histogram.count
}
