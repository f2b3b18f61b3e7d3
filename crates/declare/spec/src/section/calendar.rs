//! Days of the week and times of the day, as shifts and quiet hours are written.

use std::fmt;

use promise::{Say, record::Scalar, say, scalar_as_text};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ONE_OF[*self as usize])
    }
}

impl Scalar for Weekday {
    const NAME: &'static str = "day of the week";
    const NAME_JA: &'static str = "曜日";
    const EXAMPLE: &'static str = "mon";
    const ONE_OF: &'static [&'static str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    fn parse(text: &str) -> Result<Self, Say> {
        let place = Self::ONE_OF.iter().position(|name| *name == text);
        place
            .and_then(|place| Self::ALL.get(place).copied())
            .ok_or_else(|| {
                say!(
                    "`{text}` is not a day of the week",
                    "`{text}` という曜日はありません"
                )
            })
    }
}
scalar_as_text!(Weekday);

/// A time of the day in minutes from midnight; `24:00` is the day's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    pub const MIDNIGHT: Self = Self(0);
    pub const END: Self = Self(24 * 60);

    /// Minutes from midnight, 0 to 1,440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Scalar for TimeOfDay {
    const NAME: &'static str = "time of the day";
    const NAME_JA: &'static str = "時刻";
    const EXAMPLE: &'static str = "09:00";
    const PATTERN: Option<&'static str> = Some(r"^([01]?\d|2[0-3]):[0-5]\d$|^24:00$");

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not a time of the day",
                "`{text}` は時刻ではありません"
            )
        };
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let digits = |part: &str| {
            let all =
                (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = (
            digits(hour).ok_or_else(wrong)?,
            digits(minute).ok_or_else(wrong)?,
        );
        let total = hour * 60 + minute;
        (minute < 60 && total <= Self::END.0)
            .then_some(Self(total))
            .ok_or_else(wrong)
    }
}
scalar_as_text!(TimeOfDay);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_is_written() {
        for (text, minutes) in [
            ("00:00", 0),
            ("9:05", 545),
            ("23:59", 1_439),
            ("24:00", 1_440),
        ] {
            assert_eq!(
                TimeOfDay::parse(text).map(TimeOfDay::minutes).ok(),
                Some(minutes),
                "{text}"
            );
        }
        assert_eq!(
            TimeOfDay::parse("9:05")
                .map(|time| time.to_string())
                .ok()
                .as_deref(),
            Some("09:05")
        );
        for wrong in ["", "9", "24:01", "12:60", "-1:00", "+1:00", "1:2:3", "九時"] {
            assert!(TimeOfDay::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_day_has_one_name() {
        for day in Weekday::ALL {
            assert_eq!(Weekday::parse(&day.to_string()).ok(), Some(day));
        }
    }
}
