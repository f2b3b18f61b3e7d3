//! Intervals of histograms: of numbers, of fixed stretches of time, and of the calendar.

use jiff::Unit;
use promise::Timestamp;

use crate::{
    date::{Zone, floor, span},
    error::{Error, illegal},
};

#[derive(Debug, Clone)]
pub(super) enum Interval {
    Number {
        width: f64,
        offset: f64,
    },
    /// In milliseconds, counted from midnight of 1970 in the zone.
    Fixed {
        width: i64,
        offset: i64,
        zone: Zone,
    },
    Calendar {
        unit: Unit,
        months: i64,
        offset: i64,
        zone: Zone,
    },
}

impl Interval {
    /// `30s`, `5m`, `12h`, `1d`, `100ms`.
    pub fn fixed(text: &str, offset: i64, zone: Zone) -> Result<Self, Error> {
        match duration(text).filter(|width| *width > 0) {
            Some(width) => Ok(Self::Fixed {
                width,
                offset,
                zone,
            }),
            None => illegal(format!(
                "failed to parse setting [date_histogram.fixedInterval] with value [{text}] as a time value"
            )),
        }
    }

    /// `minute`, `1m`, `1d`, `month`, `1q`, `1y`.
    pub fn calendar(text: &str, offset: i64, zone: Zone) -> Result<Self, Error> {
        let (unit, months) = match text {
            "second" | "1s" => (Unit::Second, 0),
            "minute" | "1m" => (Unit::Minute, 0),
            "hour" | "1h" => (Unit::Hour, 0),
            "day" | "1d" => (Unit::Day, 0),
            "week" | "1w" => (Unit::Week, 0),
            "month" | "1M" => (Unit::Month, 1),
            "quarter" | "1q" => (Unit::Month, 3),
            "year" | "1y" => (Unit::Year, 0),
            _ => {
                return illegal(format!(
                    "The supplied interval [{text}] could not be parsed as a calendar interval."
                ));
            }
        };
        Ok(Self::Calendar {
            unit,
            months,
            offset,
            zone,
        })
    }

    /// Where the bucket of a value begins.
    pub fn floor(&self, value: f64) -> Option<f64> {
        match self {
            Self::Number { width, offset } => {
                Some(((value - offset) / width).floor() * width + offset)
            }
            Self::Fixed {
                width,
                offset,
                zone,
            } => {
                let at = whole(value);
                let shift = shift(at, zone);
                let begin = (at + shift - offset).div_euclid(*width) * width + offset - shift;
                Some(float(begin))
            }
            Self::Calendar {
                unit,
                months,
                offset,
                zone,
            } => {
                let zoned = Timestamp::from_millis(whole(value) - offset).to_zoned(&zone.0);
                let mut begin = floor(&zoned, *unit)?;
                if *months == 3 {
                    let back = i64::from((begin.month() - 1) % 3);
                    begin = begin.checked_sub(span(Unit::Month, back)?).ok()?;
                }
                Some(float(begin.timestamp().as_millisecond() + offset))
            }
        }
    }

    /// Where the bucket after this one begins.
    pub fn next(&self, begin: f64) -> Option<f64> {
        match self {
            Self::Number { width, .. } => Some(begin + width),
            Self::Fixed { width, .. } => self
                .floor(begin + float(*width))
                .filter(|next| *next > begin)
                .or(Some(begin + float(*width))),
            Self::Calendar {
                unit,
                months,
                offset,
                zone,
            } => {
                let zoned = Timestamp::from_millis(whole(begin) - offset).to_zoned(&zone.0);
                let next = zoned.checked_add(span(*unit, (*months).max(1))?).ok()?;
                Some(float(next.timestamp().as_millisecond() + offset))
            }
        }
    }

    pub fn zone(&self) -> Option<&Zone> {
        match self {
            Self::Number { .. } => None,
            Self::Fixed { zone, .. } | Self::Calendar { zone, .. } => Some(zone),
        }
    }
}

fn shift(at: i64, zone: &Zone) -> i64 {
    i64::from(
        Timestamp::from_millis(at)
            .to_zoned(&zone.0)
            .offset()
            .seconds(),
    ) * 1000
}

/// Milliseconds, with a sign.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let each = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number
        .parse::<i64>()
        .ok()?
        .checked_mul(each)?
        .checked_mul(sign)
}

#[allow(clippy::cast_precision_loss)]
fn float(n: i64) -> f64 {
    n as f64
}

#[allow(clippy::cast_possible_truncation)]
fn whole(n: f64) -> i64 {
    n as i64
}
