//! Public holidays of Japan, by the law and not by a list, so that next year needs no release.
//!
//! Source: 国民の祝日に関する法律 (昭和 23 年法律第 178 号), articles 2 and 3, as in force since 2022; the equinoxes
//! by the mean-motion formula for 1980 to 2099, which has met every announcement of the National Astronomical
//! Observatory so far. Before 2022 the days of the games moved some of these, and nobody plans shifts there.

use jiff::civil::{Date, Weekday};
use spec::section::on_call::Country;

pub fn is_one(country: Country, date: Date) -> bool {
    match country {
        Country::None => false,
        Country::Japan => in_japan(date),
    }
}

fn in_japan(date: Date) -> bool {
    is_named(date) || is_substitute(date) || is_between(date)
}

/// Article 2.
fn is_named(date: Date) -> bool {
    let (month, day) = (date.month(), date.day());
    let is_monday = |nth: i8| date.weekday() == Weekday::Monday && (day - 1) / 7 + 1 == nth;
    match month {
        1 => day == 1 || is_monday(2),
        2 => day == 11 || day == 23,
        3 => day == equinox(date.year(), 20.8431),
        4 => day == 29,
        5 => (3..=5).contains(&day),
        7 => is_monday(3),
        8 => day == 11,
        9 => is_monday(3) || day == equinox(date.year(), 23.2488),
        10 => is_monday(2),
        11 => day == 3 || day == 23,
        _ => false,
    }
}

/// The day of the equinox in its month, from where it stood in 1980 and the length of the tropical year.
fn equinox(year: i16, in_1980: f64) -> i8 {
    let years = f64::from(year - 1980);
    let day = in_1980 + 0.242_194 * years - (years / 4.0).floor();
    #[allow(clippy::cast_possible_truncation)] // a day of the month
    let day = day.floor() as i8;
    day
}

/// Article 3, paragraph 2: a holiday on a Sunday moves to the next day that is none.
fn is_substitute(date: Date) -> bool {
    let mut before = date.yesterday();
    while let Ok(day) = before {
        if !is_named(day) {
            return false;
        }
        if day.weekday() == Weekday::Sunday {
            return !is_named(date);
        }
        before = day.yesterday();
    }
    false
}

/// Article 3, paragraph 3: a day between two holidays is one.
fn is_between(date: Date) -> bool {
    let holiday = |day: Result<Date, jiff::Error>| day.is_ok_and(is_named);
    !is_named(date) && holiday(date.yesterday()) && holiday(date.tomorrow())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn of(year: i16) -> Vec<String> {
        let first = date(year, 1, 1);
        let days = first
            .series(jiff::ToSpan::days(1))
            .take_while(|day| day.year() == year);
        days.filter(|day| in_japan(*day))
            .map(|day| day.strftime("%m-%d").to_string())
            .collect()
    }

    /// As the Cabinet Office announced them.
    #[test]
    fn the_years_are_as_announced() {
        assert_eq!(
            of(2024).join(" "),
            "01-01 01-08 02-11 02-12 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-15 08-11 08-12 \
             09-16 09-22 09-23 10-14 11-03 11-04 11-23"
        );
        assert_eq!(
            of(2025).join(" "),
            "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 \
             09-15 09-23 10-13 11-03 11-23 11-24"
        );
        // 22 September lies between the day for the aged and the equinox.
        assert_eq!(
            of(2026).join(" "),
            "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 \
             09-21 09-22 09-23 10-12 11-03 11-23"
        );
        assert_eq!(
            of(2027).join(" "),
            "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 \
             09-20 09-23 10-11 11-03 11-23"
        );
    }

    #[test]
    fn a_country_without_calendar_has_no_holidays() {
        assert!(!is_one(Country::None, date(2026, 1, 1)));
        assert!(is_one(Country::Japan, date(2026, 1, 1)));
    }
}
