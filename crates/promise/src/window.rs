//! The stretch of time over which a promise is kept: the last 30 days, or this calendar month.

use std::{fmt, time::Duration};

use jiff::{RoundMode, ToSpan, Unit, ZonedRound, civil::Weekday, tz::TimeZone};

use crate::{Say, Timestamp, record::Scalar, scalar_as_text, unit::Span};

/// `30d` (rolling) or `calendar month` (from its first midnight in the service's time zone).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    Rolling(Duration),
    Calendar(Period),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Year,
}

/// A window laid upon an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub from: Timestamp,
    /// Where the window ends: now for a rolling one, the period's end (exclusive) for a calendar one.
    pub until: Timestamp,
}

impl Stretch {
    #[must_use]
    pub fn length(self) -> Duration {
        self.until.since(self.from)
    }
}

const PERIODS: [(&str, Period); 5] = [
    ("calendar day", Period::Day),
    ("calendar week", Period::Week),
    ("calendar month", Period::Month),
    ("calendar quarter", Period::Quarter),
    ("calendar year", Period::Year),
];

impl Window {
    /// The window as seen at `now`.
    #[must_use]
    pub fn at(self, now: Timestamp, zone: &TimeZone) -> Stretch {
        match self {
            Self::Rolling(length) => Stretch {
                from: now - length,
                until: now,
            },
            Self::Calendar(period) => {
                let (from, until) = period.around(now, zone);
                Stretch { from, until }
            }
        }
    }

    /// The longest that the window can be; what retention must cover.
    #[must_use]
    pub fn longest(self) -> Duration {
        let days = match self {
            Self::Rolling(length) => return length,
            // A day with a change of daylight saving time has 25 hours.
            Self::Calendar(Period::Day) => return Duration::from_secs(25 * 3600),
            Self::Calendar(Period::Week) => 7,
            Self::Calendar(Period::Month) => 31,
            Self::Calendar(Period::Quarter) => 92,
            Self::Calendar(Period::Year) => 366,
        };
        Duration::from_secs(days * 86_400 + 3_600)
    }
}

impl Period {
    fn around(self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let day = now
            .to_zoned(zone)
            .round(ZonedRound::new().smallest(Unit::Day).mode(RoundMode::Floor));
        let Ok(day) = day else { return (now, now) };
        let months_back = |n: i8| i64::from((day.month() - 1) % n);
        let (start, length) = match self {
            Self::Day => (Ok(day), 1.day()),
            Self::Week => {
                let back = i64::from(day.weekday().since(Weekday::Monday));
                (day.checked_sub(back.days()), 1.week())
            }
            Self::Month => (day.first_of_month(), 1.month()),
            Self::Quarter => (
                day.first_of_month()
                    .and_then(|first| first.checked_sub(months_back(3).months())),
                3.months(),
            ),
            Self::Year => (day.first_of_year(), 1.year()),
        };
        let bounds = start.and_then(|start| Ok((start.clone(), start.checked_add(length)?)));
        bounds.map_or((now, now), |(start, end)| {
            (
                Timestamp::from_millis(start.timestamp().as_millisecond()),
                Timestamp::from_millis(end.timestamp().as_millisecond()),
            )
        })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling(length) => Span(*length).fmt(f),
            Self::Calendar(period) => {
                let name = PERIODS
                    .iter()
                    .find(|(_, p)| p == period)
                    .map_or("", |(name, _)| name);
                f.write_str(name)
            }
        }
    }
}

impl Scalar for Window {
    const NAME: &'static str = "window";
    const NAME_JA: &'static str = "期間";
    const EXAMPLE: &'static str = "30d";
    const PATTERN: Option<&'static str> = Some(
        r"^\s*(calendar (day|week|month|quarter|year)|(\d+(\.\d+)?\s*(y|w|d|h|m|s|ms)\s*)+)\s*$",
    );

    fn parse(text: &str) -> Result<Self, Say> {
        let text = text.trim();
        if let Some((_, period)) = PERIODS.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Calendar(*period));
        }
        match Span::parse(text) {
            Ok(Span(Duration::ZERO)) => {
                Err(say!("a window cannot be empty", "期間は 0 にできません"))
            }
            Ok(Span(length)) => Ok(Self::Rolling(length)),
            Err(why) if text.starts_with("calendar") => Err(Say::new(
                format!("`{text}` is no calendar period"),
                format!("`{text}` という暦の期間はありません({})", why.ja),
            )),
            Err(why) => Err(why),
        }
    }

    /// `30 days`, or a calendar's period by its name alone: `month`.
    fn meant(text: &str) -> Option<String> {
        let text = text.trim();
        let calendar = format!("calendar {text}");
        let is_period = PERIODS.iter().any(|(name, _)| *name == calendar);
        is_period.then_some(calendar).or_else(|| Span::meant(text))
    }
}
scalar_as_text!(Window);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bounds(window: &str, now: &str, zone: &str) -> (String, String) {
        let zone = TimeZone::get(zone).unwrap();
        let stretch = Window::parse(window)
            .unwrap()
            .at(now.parse().unwrap(), &zone);
        (stretch.from.to_string(), stretch.until.to_string())
    }

    fn both(from: &str, until: &str) -> (String, String) {
        (format!("{from}:00.000Z"), format!("{until}:00.000Z"))
    }

    /// Tokyo is UTC+9 all year. 2026-11-25 is a Wednesday. New York has 25 hours on 2026-11-01 and 23 on 2026-03-08.
    #[test]
    fn calendar_windows_begin_at_the_zones_midnight() {
        let now = "2026-11-25T03:00:00Z";
        assert_eq!(
            bounds("calendar day", now, "Asia/Tokyo"),
            both("2026-11-24T15:00", "2026-11-25T15:00")
        );
        assert_eq!(
            bounds("calendar week", now, "Asia/Tokyo"),
            both("2026-11-22T15:00", "2026-11-29T15:00")
        );
        assert_eq!(
            bounds("calendar month", now, "Asia/Tokyo"),
            both("2026-10-31T15:00", "2026-11-30T15:00")
        );
        assert_eq!(
            bounds("calendar quarter", now, "Asia/Tokyo"),
            both("2026-09-30T15:00", "2026-12-31T15:00")
        );
        assert_eq!(
            bounds("calendar year", now, "UTC"),
            both("2026-01-01T00:00", "2027-01-01T00:00")
        );
        let autumn = bounds("calendar day", "2026-11-01T12:00:00Z", "America/New_York");
        assert_eq!(autumn, both("2026-11-01T04:00", "2026-11-02T05:00"));
        let spring = bounds("calendar day", "2026-03-08T12:00:00Z", "America/New_York");
        assert_eq!(spring, both("2026-03-08T05:00", "2026-03-09T04:00"));
        assert_eq!(
            bounds("30d", now, "UTC"),
            both("2026-10-26T03:00", "2026-11-25T03:00")
        );
    }

    #[test]
    fn windows_read_back_as_they_were_written() {
        for text in ["30d", "5m", "calendar month", "calendar quarter"] {
            assert_eq!(Window::parse(text).unwrap().to_string(), text);
        }
        assert!(
            ["0s", "calendar", "calendar fortnight", "month"]
                .into_iter()
                .all(|text| Window::parse(text).is_err())
        );
    }
}
