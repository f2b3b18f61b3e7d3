//! Whose data an incident concerns, and until when that must be reported. Pure.
//!
//! Japan's Act on the Protection of Personal Information asks for a preliminary report to the Commission without delay, which
//! its guidelines (general rules, 3-5-3-3) put at about three to five days after learning of it, and a final one within
//! 30 days, or 60 where it may have been done with wrongful intent (Enforcement Rules, article 8). Card brands ask that the
//! acquirer is told at once, and for a first report within three days (Visa, "What To Do If Compromised").
//!
//! Days are counted by the calendar where the service is; a time limit ends with its last day. The day of learning is not
//! counted (Civil Code, article 140). Where the last day is a holiday the Act may give one more; that is not counted on here.

use jiff::{ToSpan as _, tz::TimeZone};
use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

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
        let days = if concern.wrongful { 60 } else { 30 };
        all.push(clock(
            "appi-final",
            say!(
                "Final report to the Personal Information Protection Commission",
                "個人情報保護委員会への確報"
            ),
            after(days - 7),
            after(days),
            "APPI Enforcement Rules, article 8",
        ));
        all.push(clock(
            "appi-persons",
            say!("Tell the persons concerned", "本人への通知"),
            after(3),
            after(days),
            "APPI article 26 (2)",
        ));
    }
    all.sort_by_key(|clock| (clock.done.is_some(), clock.due));
    all
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
    /// 5 on the 6th at 23:59:59 JST, 14:59:59Z. 30 days later is 1 December, 60 days later 31 December.
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
            Some(at("2026-12-01T14:59:59Z"))
        );
        concern.wrongful = true;
        assert_eq!(
            due(&concern, "appi-final").map(|(_, due)| due),
            Some(at("2026-12-31T14:59:59Z"))
        );
        assert_eq!(due(&concern, "card-initial"), None);
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
