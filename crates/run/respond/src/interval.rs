//! Intervals: whether a recurring stretch of time holds now, and so whether a route may tell. Pure.

use jiff::{Zoned, tz::TimeZone};
use promise::Timestamp;
use spec::section::{
    alerting::interval::{Interval, Stretch},
    calendar::Weekday,
    route::Route,
};

use crate::Config;

/// Whether the interval holds at `now`; times are those of its own zone, or of the service's.
#[must_use]
pub fn holds(interval: &Interval, now: Timestamp, time_zone: &str) -> bool {
    let zone = interval.time_zone.as_deref().unwrap_or(time_zone);
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let local = now.to_zoned(&zone);
    interval
        .any
        .iter()
        .any(|stretch| is_within(stretch, &local))
}

fn is_within(stretch: &Stretch, local: &Zoned) -> bool {
    fn any<T>(list: &[T], holds: impl Fn(&T) -> bool) -> bool {
        list.is_empty() || list.iter().any(holds)
    }
    let minute =
        u16::try_from(local.hour()).unwrap_or(0) * 60 + u16::try_from(local.minute()).unwrap_or(0);
    let place = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
    let weekday = Weekday::ALL[place];
    let (day, last) = (i32::from(local.day()), i32::from(local.days_in_month()));
    any(&stretch.times, |it| {
        (it.from.minutes()..it.to.minutes()).contains(&minute)
    }) && any(&stretch.weekdays, |it| it.holds(weekday))
        && any(&stretch.days_of_month, |it| it.holds_day(day, last))
        && any(&stretch.months, |it| it.holds(i32::from(local.month())))
        && any(&stretch.years, |it| it.holds(i32::from(local.year())))
}

/// The interval for which the route tells nobody at `now`, if there is one. A name that is not declared mutes nothing:
/// the spec's rules refuse it, and a page too many is better than one too few.
#[must_use]
pub fn mutes<'r>(config: &Config, route: &'r Route, now: Timestamp) -> Option<&'r str> {
    let holds = |name: &String| {
        let interval = config.alerting.intervals.get(name)?;
        Some(holds(interval, now, &config.time_zone))
    };
    let muted = route.mute.iter().find(|name| holds(name) == Some(true));
    if let Some(name) = muted {
        return Some(name);
    }
    let known: Vec<bool> = route.active.iter().filter_map(holds).collect();
    let is_outside = !known.is_empty() && !known.contains(&true);
    route
        .active
        .first()
        .filter(|_| is_outside)
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::record::Scalar;
    use spec::section::alerting::interval::{Hours, Numbers, Weekdays};

    use super::*;

    fn office_hours() -> Interval {
        Interval {
            any: vec![Stretch {
                times: vec![Hours::parse("09:00-17:00").unwrap()],
                weekdays: vec![Weekdays::parse("mon-fri").unwrap()],
                days_of_month: vec![],
                months: vec![],
                years: vec![],
            }],
            time_zone: None,
        }
    }

    #[test]
    fn office_hours_are_those_of_the_zone() {
        // Monday 2026-11-23, 09:00 in Tokyo is 00:00Z; the end is not included.
        for (at, expected) in [
            ("2026-11-22T23:59:59Z", false),
            ("2026-11-23T00:00:00Z", true),
            ("2026-11-23T07:59:59Z", true),
            ("2026-11-23T08:00:00Z", false),
            // A Saturday.
            ("2026-11-28T03:00:00Z", false),
        ] {
            assert_eq!(
                holds(&office_hours(), at.parse().unwrap(), "Asia/Tokyo"),
                expected,
                "{at}"
            );
        }
    }

    #[test]
    fn the_clock_that_is_set_forward_is_followed() {
        // Berlin, 2026-03-29: 02:00 becomes 03:00. 09:00 there is 07:00Z that Monday, and 08:00Z the Friday before.
        let berlin = |at: &str| holds(&office_hours(), at.parse().unwrap(), "Europe/Berlin");
        assert!(!berlin("2026-03-27T07:30:00Z") && berlin("2026-03-27T08:00:00Z"));
        assert!(!berlin("2026-03-30T06:59:00Z") && berlin("2026-03-30T07:00:00Z"));
    }

    #[test]
    fn the_end_of_a_month_counts_from_its_end() {
        let mut interval = office_hours();
        interval.any[0] = Stretch {
            times: vec![],
            weekdays: vec![],
            days_of_month: vec![Numbers::parse("-1").unwrap()],
            months: vec![Numbers::parse("2").unwrap()],
            years: vec![],
        };
        assert!(holds(
            &interval,
            "2028-02-29T12:00:00Z".parse().unwrap(),
            "UTC"
        ));
        assert!(!holds(
            &interval,
            "2028-02-28T12:00:00Z".parse().unwrap(),
            "UTC"
        ));
        assert!(!holds(
            &interval,
            "2028-03-31T12:00:00Z".parse().unwrap(),
            "UTC"
        ));
    }
}
