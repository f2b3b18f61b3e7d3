//! Checklists: what people look at again and again, each time with a signature.
//!
//! An item is *judged*, by a promise or a query with its value, or *attested* by a person with a note. A sheet is a
//! list on its day. It is signed once, whole: every item has an answer, and what is not good has a note. What was signed
//! rests in the ledger with every value and never changes. A sheet that nobody signed by its time is late, and says so.

pub(crate) mod keep;
mod sheet;

use std::time::Duration;

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use promise::{Say, State, Timestamp};
use serde::{Deserialize, Serialize};
use spec::section::{calendar::Weekday, checklist::Checklist, on_call::Day};

pub use keep::{Signing, Ticking};
pub use sheet::{Line, Sheet, Unready};

/// Longest note; more belongs into an incident.
pub const NOTE_MAX: usize = 2_000;

/// What a person said of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    pub who: String,
    pub at: Timestamp,
    pub is_good: bool,
    #[serde(default)]
    pub note: String,
}

/// What evidence says of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub state: State,
    /// The measured value and what is wanted, or why there is none.
    pub value: Say,
}

/// A name under a whole sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub who: String,
    pub at: Timestamp,
    pub is_late: bool,
    #[serde(default)]
    pub note: String,
}

/// What is kept of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// By the item's text: an item that moves keeps its answer, one that changes asks again.
    pub attested: std::collections::BTreeMap<String, Attested>,
    /// As it was when the sheet was signed.
    pub judged: std::collections::BTreeMap<String, Judged>,
    pub signed: Option<Signature>,
    /// Whether it was told that nobody signed in time.
    pub missed: bool,
}

/// The day whose sheet `date` belongs to; `None` where the list rests on that day or is not gone through again and again.
///
/// A weekly list has its sheet on Monday, a monthly one on the first; another rhythm counts from 1 January 1970.
#[must_use]
pub fn day_of(list: &Checklist, date: Date) -> Option<Day> {
    let days = i64::try_from(list.every?.0.as_secs() / 86_400).ok()?.max(1);
    let start = match days {
        1 => {
            let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
            let today = Weekday::ALL.get(weekday)?;
            return (list.days.is_empty() || list.days.contains(today)).then_some(Day(date));
        }
        7 => i64::from(date.weekday().to_monday_zero_offset()),
        28..=31 => i64::from(date.day()) - 1,
        _ => {
            let epoch = jiff::civil::date(1970, 1, 1);
            i64::from(date.since(epoch).ok()?.get_days()).rem_euclid(days)
        }
    };
    date.checked_sub(start.days()).ok().map(Day)
}

/// The last instant at which a sheet is signed in time: `by` on its day, or the end of its stretch.
#[must_use]
pub fn due(list: &Checklist, day: Day, zone: &TimeZone) -> Timestamp {
    let start = day.0.to_zoned(zone.clone());
    let start = start.map_or(Timestamp::EPOCH, |it| {
        Timestamp::from_millis(it.timestamp().as_millisecond())
    });
    match list.by {
        Some(by) => start + Duration::from_secs(u64::from(by.minutes()) * 60),
        None => start + list.every.map_or(Duration::ZERO, |every| every.0),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use promise::unit::Span;

    use super::*;

    fn list(days: u64) -> Checklist {
        Checklist {
            every: Some(Span::days(days)),
            ..Checklist::default()
        }
    }

    /// 22 November 2026 is a Sunday; its week began on the 16th.
    #[test]
    fn a_sheet_has_its_day() {
        let sunday = date(2026, 11, 22);
        assert_eq!(day_of(&list(1), sunday), Some(Day(sunday)));
        assert_eq!(day_of(&list(7), sunday), Some(Day(date(2026, 11, 16))));
        assert_eq!(day_of(&list(30), sunday), Some(Day(date(2026, 11, 1))));
        let weekdays = Checklist {
            days: Weekday::ALL[..5].to_vec(),
            ..list(1)
        };
        assert_eq!(day_of(&weekdays, sunday), None);
        assert_eq!(
            day_of(&weekdays, date(2026, 11, 23)),
            Some(Day(date(2026, 11, 23)))
        );
        assert_eq!(day_of(&Checklist::default(), sunday), None);
    }

    #[test]
    fn a_morning_list_is_due_in_the_morning_of_the_service() {
        let mut morning = list(1);
        let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
        let due_of = |list: &Checklist| due(list, Day(date(2026, 11, 23)), &zone).to_string();
        // Midnight in Tokyo is 15:00Z of the day before.
        assert_eq!(due_of(&morning), "2026-11-23T15:00:00.000Z");
        morning.by = promise::record::Scalar::parse("10:00").ok();
        assert_eq!(due_of(&morning), "2026-11-23T01:00:00.000Z");
    }
}
