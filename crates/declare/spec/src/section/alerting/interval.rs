//! `alerting.intervals`: recurring stretches of time, such as office hours, in which a route is mute or active.
//!
//! As in Alertmanager: an interval holds while any of its stretches does, and a stretch while every kind of condition
//! that it names does.

use std::fmt;

use promise::{Say, record, record::Scalar, say, scalar_as_text};

use crate::section::calendar::{TimeOfDay, Weekday};

record! {
    /// A recurring stretch of time.
    /// ja: 繰り返しの時間帯。
    pub struct Interval {
        /// It holds while any of these does.
        /// ja: いずれかに当てはまる間です。
        any: Vec<Stretch>,
        /// IANA name; without one, the service's.
        /// ja: IANA の時間帯名。なければサービスのもの。
        time_zone: Option<String>,
    }
}

record! {
    /// Conditions that hold together; one that is left out always holds.
    /// ja: すべて満たす間の条件。書かない条件は常に満たします。
    pub struct Stretch {
        /// Times of the day, the end not included.
        /// ja: 時刻の範囲(終わりは含みません)。
        times: Vec<Hours> = Vec::new(),
        /// Days of the week.
        /// ja: 曜日の範囲。
        weekdays: Vec<Weekdays> = Vec::new(),
        /// Days of the month; -1 is the last.
        /// ja: 日の範囲。-1 は月末の日です。
        days_of_month: Vec<Numbers> = Vec::new(),
        /// Months, 1 to 12.
        /// ja: 月の範囲(1〜12)。
        months: Vec<Numbers> = Vec::new(),
        /// Years.
        /// ja: 年の範囲。
        years: Vec<Numbers> = Vec::new(),
    }
}

/// `09:00-17:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    pub from: TimeOfDay,
    pub to: TimeOfDay,
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl Scalar for Hours {
    const NAME: &'static str = "range of times";
    const NAME_JA: &'static str = "時刻の範囲";
    const EXAMPLE: &'static str = "09:00-17:00";

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not a range of times within one day",
                "`{text}` は一日の中の時刻の範囲ではありません"
            )
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (TimeOfDay::parse(from.trim())?, TimeOfDay::parse(to.trim())?);
        (from < to).then_some(Self { from, to }).ok_or_else(wrong)
    }
}
scalar_as_text!(Hours);

/// `mon-fri`, or one day. Sunday is the first day of Alertmanager's week and the last of ours: a range may pass it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays {
    pub from: Weekday,
    pub to: Weekday,
}

impl Weekdays {
    #[must_use]
    pub fn holds(&self, day: Weekday) -> bool {
        if self.from <= self.to {
            (self.from..=self.to).contains(&day)
        } else {
            day >= self.from || day <= self.to
        }
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            return self.from.fmt(f);
        }
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl Scalar for Weekdays {
    const NAME: &'static str = "range of weekdays";
    const NAME_JA: &'static str = "曜日の範囲";
    const EXAMPLE: &'static str = "mon-fri";

    fn parse(text: &str) -> Result<Self, Say> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Ok(Self {
            from: Weekday::parse(from.trim())?,
            to: Weekday::parse(to.trim())?,
        })
    }
}
scalar_as_text!(Weekdays);

/// `1:5`, `-3:-1`, or one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    pub from: i32,
    pub to: i32,
}

impl Numbers {
    #[must_use]
    pub fn holds(&self, number: i32) -> bool {
        (self.from..=self.to).contains(&number)
    }

    /// Days of the month, where negative ones count from its end: in a month of 30 days, -1 is 30.
    #[must_use]
    pub fn holds_day(&self, day: i32, days_in_month: i32) -> bool {
        let place = |day: i32| {
            if day < 0 {
                days_in_month + day + 1
            } else {
                day
            }
        };
        (place(self.from).max(1)..=place(self.to)).contains(&day)
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            return write!(f, "{}", self.from);
        }
        write!(f, "{}:{}", self.from, self.to)
    }
}

impl Scalar for Numbers {
    const NAME: &'static str = "range of numbers";
    const NAME_JA: &'static str = "数の範囲";
    const EXAMPLE: &'static str = "1:5";

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not a range of numbers",
                "`{text}` は数の範囲ではありません"
            )
        };
        let (from, to) = text.split_once(':').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse::<i32>().map_err(|_| wrong());
        let (from, to) = (number(from)?, number(to)?);
        // Of days, a range may begin at the front and end at the back: `20:-1`.
        let is_backward = from > to && (from < 0) == (to < 0);
        (!is_backward)
            .then_some(Self { from, to })
            .ok_or_else(wrong)
    }
}
scalar_as_text!(Numbers);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_from_the_end_of_a_month_follow_its_length() {
        let last_three = Numbers::parse("-3:-1").unwrap();
        // February 2026 has 28 days: 26, 27, 28.
        let held: Vec<i32> = (1..=28)
            .filter(|day| last_three.holds_day(*day, 28))
            .collect();
        assert_eq!(held, [26, 27, 28]);
        assert!(Numbers::parse("20:-1").unwrap().holds_day(31, 31));
        assert!(Numbers::parse("5:1").is_err());
    }

    #[test]
    fn a_week_may_be_passed_at_its_end() {
        let weekend = Weekdays::parse("sat-mon").unwrap();
        let held: Vec<Weekday> = Weekday::ALL
            .into_iter()
            .filter(|day| weekend.holds(*day))
            .collect();
        assert_eq!(held, [Weekday::Mon, Weekday::Sat, Weekday::Sun]);
    }

    #[test]
    fn hours_stay_within_a_day() {
        assert!(Hours::parse("22:00-06:00").is_err());
        assert_eq!(
            Hours::parse("09:00-24:00").unwrap().to_string(),
            "09:00-24:00"
        );
    }
}
