//! Whose data an incident concerns, and until when that must be reported. Pure.
//!
//! | report | days | source |
//! |---|---|---|
//! | preliminary, to the Commission | about three to five calendar days | APPI guidelines (general rules) 3-5-3-3 |
//! | final, to the Commission | 30 calendar days, 60 where it may have been done with wrongful intent | Enforcement Rules, article 8 (2) |
//! | to the persons concerned | promptly; no day is named, so the final report's | APPI article 26 (2), guidelines 3-5-4-2 |
//! | first, to the card brands | three days | Visa, "What To Do If Compromised" |
//!
//! APPI is Japan's Act on the Protection of Personal Information. Weekends and holidays count in all of these. Of the final
//! report the guidelines (3-5-3-4) say that the day of learning is the first of the 30 or 60, and that where the last one is a
//! Saturday, a Sunday, a holiday or one of 29 December to 3 January, on which the Commission is closed (Act on Holidays of
//! Administrative Organs, article 2), the next day on which it is open is the last. The preliminary report has no such
//! respite: it can be sent at any hour. Some of Visa's regions say working days; calendar days are never later.
//!
//! A day ends where the service is; that of the final report ends in Tokyo, where the Commission is.

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};
use spec::section::on_call::Country;

use crate::on_call::holiday;

/// Where the Commission is.
const COMMISSION_ZONE: &str = "Asia/Tokyo";
/// Days of the final report, the day of learning among them.
const FINAL_DAYS: i64 = 30;
const FINAL_DAYS_WRONGFUL: i64 = 60;
/// How long before its last day a final report should be under way.
const FINAL_AHEAD: i64 = 7;
/// Closed days in a row: at most the turn of the year with a weekend before and after it.
const CLOSED_MAX: usize = 14;

/// Data that the law or a contract protects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concern {
    pub personal: bool,
    pub card: bool,
    /// Whether somebody may have meant harm, such as an intruder.
    pub wrongful: bool,
    /// When it was learned of: the clocks run from here.
    pub known: Timestamp,
    /// Reports that were made, by their key.
    #[serde(default)]
    pub reported: Vec<Reported>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    pub key: String,
    pub at: Timestamp,
    pub who: String,
}

/// One report that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// `appi-preliminary`, stable.
    pub key: &'static str,
    pub what: Say,
    /// From when it should be under way.
    pub aim: Timestamp,
    /// The last instant at which it is in time.
    pub due: Timestamp,
    pub done: Option<Timestamp>,
    pub source: &'static str,
}

impl Clock {
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.done.unwrap_or(now) > self.due
    }
}

/// Every report that is owed, the next one first.
#[must_use]
pub fn clocks(concern: &Concern, time_zone: &str) -> Vec<Clock> {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let after = |days: i64| end_of_day(concern.known, days, &zone);
    let days = if concern.wrongful {
        FINAL_DAYS_WRONGFUL
    } else {
        FINAL_DAYS
    };
    let last = last_day(concern.known, days);
    let done = |key: &str| {
        let report = concern.reported.iter().find(|report| report.key == key);
        report.map(|report| report.at)
    };
    let clock = |key, what, aim, due, source| Clock {
        key,
        what,
        aim,
        due,
        done: done(key),
        source,
    };
    let mut all = Vec::new();
    if concern.card {
        all.push(clock(
            "card-acquirer",
            say!(
                "Tell the acquirer and the card brands",
                "加盟店契約会社とカードブランドへの連絡"
            ),
            concern.known,
            after(0),
            "Visa, What To Do If Compromised",
        ));
        all.push(clock(
            "card-initial",
            say!(
                "First report to the card brands",
                "カードブランドへの初回報告"
            ),
            after(0),
            after(3),
            "Visa, What To Do If Compromised",
        ));
    }
    if concern.personal {
        all.push(clock(
            "appi-preliminary",
            say!(
                "Preliminary report to the Personal Information Protection Commission",
                "個人情報保護委員会への速報"
            ),
            after(3),
            after(5),
            "APPI guidelines (general rules) 3-5-3-3",
        ));
        all.push(clock(
            "appi-final",
            say!(
                "Final report to the Personal Information Protection Commission",
                "個人情報保護委員会への確報"
            ),
            end_of_day(last, -FINAL_AHEAD, &commission()),
            last,
            "APPI Enforcement Rules, article 8 (2)",
        ));
        all.push(clock(
            "appi-persons",
            say!("Tell the persons concerned", "本人への通知"),
            after(3),
            last,
            "APPI article 26 (2)",
        ));
    }
    all.sort_by_key(|clock| (clock.done.is_some(), clock.due));
    all
}

/// The end of the last day of a final report: the day of learning is the first, and a closed day gives way to the next
/// open one.
fn last_day(known: Timestamp, days: i64) -> Timestamp {
    let zone = commission();
    let first = known.to_zoned(&zone).date();
    let counted = first.checked_add((days - 1).days()).unwrap_or(first);
    let ahead = counted.series(1.day()).take(CLOSED_MAX);
    let closed = ahead.take_while(|day| is_closed(*day)).count();
    let closed = i64::try_from(closed).unwrap_or_default();
    end_of_day(known, days - 1 + closed, &zone)
}

fn commission() -> TimeZone {
    TimeZone::get(COMMISSION_ZONE).unwrap_or(TimeZone::UTC)
}

/// Whether offices of the state are closed.
fn is_closed(day: Date) -> bool {
    let is_turn_of_year = matches!((day.month(), day.day()), (12, 29..=31) | (1, 1..=3));
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    is_turn_of_year || is_weekend || holiday::is_one(Country::Japan, day)
}

/// The last second of the day that comes `days` after the day of `at`.
fn end_of_day(at: Timestamp, days: i64, zone: &TimeZone) -> Timestamp {
    let date = at.to_zoned(zone).date();
    let next = date.checked_add((days + 1).days()).unwrap_or(date);
    next.to_zoned(zone.clone()).map_or(at, |midnight| {
        Timestamp::from_millis(midnight.timestamp().as_millisecond() - 1_000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or(Timestamp::EPOCH)
    }

    /// Learned of on 1 November at 23:30 in Tokyo, which is 14:30Z: day 0 is 1 November there. Day 3 ends on the 4th and day
    /// 5 on the 6th at 23:59:59 JST, 14:59:59Z. The 30th day from the 1st is 30 November, a Monday; the 60th is 30 December,
    /// on which the Commission is closed until Monday 4 January.
    #[test]
    fn the_clocks_of_the_act_run_by_the_calendar_in_tokyo() {
        let mut concern = Concern {
            personal: true,
            card: false,
            wrongful: false,
            known: at("2026-11-01T14:30:00Z"),
            reported: vec![],
        };
        let due = |concern: &Concern, key: &str| {
            let clocks = clocks(concern, "Asia/Tokyo");
            let clock = clocks.into_iter().find(|clock| clock.key == key);
            clock.map(|clock| (clock.aim, clock.due))
        };
        assert_eq!(
            due(&concern, "appi-preliminary"),
            Some((at("2026-11-04T14:59:59Z"), at("2026-11-06T14:59:59Z")))
        );
        assert_eq!(
            due(&concern, "appi-final").map(|(_, due)| due),
            Some(at("2026-11-30T14:59:59Z"))
        );
        concern.wrongful = true;
        assert_eq!(
            due(&concern, "appi-final").map(|(_, due)| due),
            Some(at("2027-01-04T14:59:59Z"))
        );
        assert_eq!(due(&concern, "card-initial"), None);
    }

    /// By the calendars of 2026 and 2027, counted by hand.
    #[test]
    fn a_final_report_whose_last_day_is_closed_is_due_on_the_next_open_day() {
        for (known, days, last) in [
            // Monday 5 January; the 30th day is Tuesday 3 February.
            ("2026-01-05", 30, "2026-02-03"),
            // The 30th day is Saturday 31 January: Monday 2 February.
            ("2026-01-02", 30, "2026-02-02"),
            // The 30th day is Sunday 3 May, and 4 to 6 May are holidays: Thursday the 7th.
            ("2026-04-04", 30, "2026-05-07"),
            // The 60th day is Saturday 19 September; the 21st to the 23rd are holidays: Thursday the 24th.
            ("2026-07-22", 60, "2026-09-24"),
            // The 30th day is Tuesday 29 December: the next open day is Monday 4 January.
            ("2026-11-30", 30, "2027-01-04"),
        ] {
            // Noon in Tokyo, and the last second of the day there.
            let known = at(&format!("{known}T03:00:00Z"));
            assert_eq!(last_day(known, days), at(&format!("{last}T14:59:59Z")));
        }
    }

    #[test]
    fn a_report_that_was_made_stops_its_clock() {
        let known = at("2026-11-01T00:00:00Z");
        let concern = Concern {
            personal: false,
            card: true,
            wrongful: false,
            known,
            reported: vec![Reported {
                key: "card-acquirer".into(),
                at: at("2026-11-01T01:00:00Z"),
                who: "Sato".into(),
            }],
        };
        let clocks = clocks(&concern, "UTC");
        assert_eq!(
            clocks[0].key, "card-initial",
            "what is still owed comes first"
        );
        let now = at("2026-12-01T00:00:00Z");
        assert_eq!(
            (clocks[0].is_late(now), clocks[1].is_late(now)),
            (true, false)
        );
    }
}
