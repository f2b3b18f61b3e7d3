//! The clock and the calendar, in UTC.

use super::Args;
use crate::{
    EvalError, Labels,
    run::{Held, Item},
};

pub(super) const NAMES: &[&str] = &[
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "minute",
    "month",
    "pi",
    "time",
    "timestamp",
    "year",
];

#[allow(clippy::cast_precision_loss)]
pub(super) fn call(name: &str, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    let now = args.at as f64 / 1000.0;
    match name {
        "pi" => return Ok(Held::Scalar(std::f64::consts::PI)),
        "time" => return Ok(Held::Scalar(now)),
        _ => {}
    }
    let mut samples = if args.nodes.is_empty() {
        vec![Item {
            labels: Labels::default(),
            at: args.at,
            value: now,
        }]
    } else {
        args.vector(0)?
    };
    for sample in &mut samples {
        sample.value = if name == "timestamp" {
            sample.at as f64 / 1000.0
        } else {
            part(name, sample.value)
        };
        sample.labels = sample.labels.without_name();
        sample.at = args.at;
    }
    Ok(Held::Vector(samples))
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn part(name: &str, seconds: f64) -> f64 {
    // 3e11 s is year 11,000: beyond it there is no calendar to speak of.
    if !seconds.is_finite() || seconds.abs() > 3e11 {
        return f64::NAN;
    }
    let seconds = seconds as i64;
    let days = seconds.div_euclid(86_400);
    let (year, month, day) = civil(days);
    let value = match name {
        "minute" => seconds.rem_euclid(3_600) / 60,
        "hour" => seconds.rem_euclid(86_400) / 3_600,
        // 1970-01-01 was a Thursday.
        "day_of_week" => (days + 4).rem_euclid(7),
        "day_of_month" => day,
        "day_of_year" => days - days_before(year, 1) + 1,
        "days_in_month" => {
            let (next_year, next) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            days_before(next_year, next) - days_before(year, month)
        }
        "month" => month,
        _ => year,
    };
    value as f64
}

/// Days from 1970-01-01 to the first of a month, in the Gregorian calendar. The year begins in March, so
/// that the leap day is its last.
fn days_before(year: i64, month: i64) -> i64 {
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 306 + 5) / 10 - 719_468
}

/// Year, month and day of a day count: the year by its mean length, mended where that is one off.
fn civil(days: i64) -> (i64, i64, i64) {
    let mut year = (days * 400).div_euclid(146_097) + 1970;
    while days_before(year, 1) > days {
        year -= 1;
    }
    while days_before(year + 1, 1) <= days {
        year += 1;
    }
    let month = (2..=12)
        .take_while(|month| days_before(year, *month) <= days)
        .last()
        .unwrap_or(1);
    (year, month, days - days_before(year, month) + 1)
}
