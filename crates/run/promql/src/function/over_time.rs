//! `…_over_time`: the samples of one series over a range, folded.

use super::Args;
use crate::{
    EvalError,
    run::{Held, Item},
    sum,
};

pub(super) const NAMES: &[&str] = &[
    "avg_over_time",
    "count_over_time",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "present_over_time",
    "quantile_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "sum_over_time",
];

#[allow(clippy::cast_precision_loss)]
pub(super) fn call(name: &str, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    match name {
        // The only one that hands on a sample as it is, and so keeps its name.
        "last_over_time" => {
            let windows = args.windows(0)?;
            let rows = windows.rows.into_iter().filter_map(|row| {
                let (_, value) = *row.points.last()?;
                Some(Item {
                    labels: row.labels,
                    at: args.at,
                    value,
                })
            });
            Ok(Held::Vector(rows.collect()))
        }
        "quantile_over_time" => {
            let q = args.scalar(0)?;
            args.each_window(1, |points, _| {
                Some(sum::quantile(
                    q,
                    points.iter().map(|(_, value)| *value).collect(),
                ))
            })
        }
        _ => args.each_window(0, |points, _| {
            let values = points.iter().map(|(_, value)| *value);
            Some(match name {
                "avg_over_time" => sum::mean(values),
                "count_over_time" => points.len() as f64,
                "max_over_time" => {
                    values.fold(f64::NAN, |a, b| if a.is_nan() || b > a { b } else { a })
                }
                "min_over_time" => {
                    values.fold(f64::NAN, |a, b| if a.is_nan() || b < a { b } else { a })
                }
                "present_over_time" => 1.0,
                "stddev_over_time" => sum::variance(values).sqrt(),
                "stdvar_over_time" => sum::variance(values),
                _ => sum::sum(values),
            })
        }),
    }
}
