//! The clock and the calendar, in UTC.

use crate::{
    EvalError,
    run::{Merged, Row, Run, Steps, is_absent},
    syntax::{Expr, Kind},
};

/// A second of the Gregorian calendar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Civil {
    days: i64,
    second_of_day: i64,
    year: i64,
    month: i64,
    day: i64,
}

pub(super) fn time(_: &Run<'_>, _: &[Expr], steps: Steps) -> Result<Vec<f64>, EvalError> {
    Ok(steps.all().map(|at| at as f64 / 1000.0).collect())
}

/// When a sample was taken; of what is computed, the step.
pub(super) fn timestamp(
    run: &Run<'_>,
    _: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let mut merged = Merged::new(run.is_late());
    let of = args[0].bare();
    if let Kind::Vector(selector) = &of.kind {
        for mut row in run.newest_at(selector, steps)? {
            row.drop_name = true;
            merged.push(row)?;
        }
        return Ok(merged.rows);
    }
    for mut row in run.rows(of, steps)? {
        for (step, at) in steps.all().enumerate() {
            if row.has(step) {
                row.floats[step] = at as f64 / 1000.0;
            }
        }
        row.histograms.clear();
        row.drop_name = true;
        merged.push(row)?;
    }
    Ok(merged.rows)
}

/// What `work` gives at a number of seconds since 1970.
pub(super) fn part(work: fn(Civil) -> i64, seconds: f64) -> f64 {
    work(civil(whole(seconds))) as f64
}

/// The same at each step.
pub(crate) fn at_steps(work: fn(Civil) -> i64, steps: Steps) -> Row {
    let mut row = Row::blank(steps.count);
    for (value, at) in row.floats.iter_mut().zip(steps.all()) {
        *value = work(civil(at / 1000)) as f64;
    }
    debug_assert!(row.floats.iter().all(|value| !is_absent(*value)));
    row
}

/// Seconds as a 64-bit integer; what does not fit is the smallest, as on the machines that Prometheus runs on.
fn whole(seconds: f64) -> i64 {
    const END: f64 = (1u64 << 63) as f64;
    if (-END..END).contains(&seconds) {
        seconds as i64
    } else {
        i64::MIN
    }
}

/// Year, month and day: the year by its mean length, mended where that is one off.
fn civil(seconds: i64) -> Civil {
    // Go counts from a year so long ago that the smallest integer wraps around to the far future.
    let seconds = i128::from(seconds);
    let seconds = if seconds < -9_223_371_966_579_724_800 {
        seconds + (1 << 64)
    } else {
        seconds
    };
    let days = i64::try_from(seconds.div_euclid(86_400)).unwrap_or(0);
    let second_of_day = i64::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
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
    Civil {
        days,
        second_of_day,
        year,
        month,
        day: days - days_before(year, month) + 1,
    }
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

pub(super) fn minute(civil: Civil) -> i64 {
    civil.second_of_day % 3_600 / 60
}

pub(super) fn hour(civil: Civil) -> i64 {
    civil.second_of_day / 3_600
}

pub(super) fn day_of_week(civil: Civil) -> i64 {
    // 1970-01-01 was a Thursday.
    (civil.days + 4).rem_euclid(7)
}

pub(super) fn day_of_month(civil: Civil) -> i64 {
    civil.day
}

pub(super) fn day_of_year(civil: Civil) -> i64 {
    civil.days - days_before(civil.year, 1) + 1
}

pub(super) fn days_in_month(civil: Civil) -> i64 {
    let (next_year, next) = if civil.month == 12 {
        (civil.year + 1, 1)
    } else {
        (civil.year, civil.month + 1)
    };
    days_before(next_year, next) - days_before(civil.year, civil.month)
}

pub(super) fn month(civil: Civil) -> i64 {
    civil.month
}

pub(super) fn year(civil: Civil) -> i64 {
    civil.year
}
