//! Hours of a day or week, as designs and providers write them: `03:00-04:00 UTC`, `sun:04:00-sun:05:00`.

use promise::unit::Span;

const MINUTES: u32 = 24 * 60;
const DAYS: [(&str, char); 7] = [
    ("mon", '月'),
    ("tue", '火'),
    ("wed", '水'),
    ("thu", '木'),
    ("fri", '金'),
    ("sat", '土'),
    ("sun", '日'),
];

/// From one minute of the day to another, which may be on the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hours {
    /// Monday is 0; `None` is every day.
    day: Option<u32>,
    from: u32,
    /// How many minutes it lasts, at most a day.
    lasts: u32,
    /// In which zone, when that is said.
    zone: Option<String>,
}

impl Hours {
    /// `None` for what is no hours, such as `at night`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (from, rest) = text.split_once(['-', '\u{2013}', '~', '\u{301c}'])?;
        let (day, from) = moment(from.trim())?;
        let (to, zone) = match rest.trim().split_once(' ') {
            Some((to, zone)) => (to, Some(zone.trim_matches(['(', ')', ' ']).to_owned())),
            None => (rest.trim(), None),
        };
        let (until_day, to) = moment(to)?;
        let days = match (day, until_day) {
            (Some(from), Some(to)) => (to + 7 - from) % 7,
            _ => u32::from(to <= from),
        };
        let lasts = (days * MINUTES + to)
            .checked_sub(from)
            .filter(|lasts| *lasts > 0)?;
        Some(Self {
            day,
            from,
            lasts: lasts.min(MINUTES),
            zone: zone.map(|zone| {
                if zone == "gmt" {
                    "utc".to_owned()
                } else {
                    zone
                }
            }),
        })
    }

    pub(super) fn length(&self) -> Span {
        Span::secs(u64::from(self.lasts) * 60)
    }

    /// Whether some minute lies in both. Zones that differ are not compared: what one does not say, nobody knows.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let is_comparable = match (&self.zone, &other.zone) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        is_comparable
            && self.starts().any(|a| {
                other.starts().any(|b| {
                    let week = 7 * MINUTES;
                    let gap = (b + week - a) % week;
                    gap < self.lasts || (week - gap) % week < other.lasts
                })
            })
    }

    /// The minutes of a week at which it starts.
    fn starts(&self) -> impl Iterator<Item = u32> + '_ {
        (0..7)
            .filter(|day| self.day.is_none_or(|own| own == *day))
            .map(|day| day * MINUTES + self.from)
    }
}

/// `03:00`, `sun:03:00`, `sunday 03:00`, with the minute of the day.
fn moment(text: &str) -> Option<(Option<u32>, u32)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (day, time) = text.split_at(digits);
    let day = day.trim_matches([':', ' ', ',']);
    let day = if day.is_empty() {
        None
    } else {
        let at = DAYS
            .iter()
            .position(|(name, sign)| day.starts_with(name) || day.starts_with(*sign))?;
        Some(u32::try_from(at).ok()?)
    };
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour <= 24 && minute < 60 && hour * 60 + minute <= MINUTES)
        .then_some((day, hour * 60 + minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(a: &str, b: &str) -> Option<bool> {
        Some(Hours::read(a)?.meets(&Hours::read(b)?))
    }

    #[test]
    fn hours_meet_where_they_share_a_minute() {
        for (a, b, wanted) in [
            ("03:00-04:00", "03:59-05:00", Some(true)),
            ("03:00-04:00", "04:00-05:00", Some(false)),
            ("23:30-00:30", "00:00-01:00", Some(true)),
            ("03:00-04:00 UTC", "sun:03:30-sun:04:30", Some(true)),
            ("mon:03:00-mon:04:00", "sun:03:30-sun:04:30", Some(false)),
            ("sun:23:30-mon:00:30", "mon:00:00-mon:01:00", Some(true)),
            ("03:00-04:00 UTC", "03:00-04:00 JST", Some(false)),
            ("03:00-04:00 UTC", "03:00-04:00 (GMT)", Some(true)),
            (
                "日曜 19:00-20:00 JST",
                "sun:19:30-sun:20:30 JST",
                Some(true),
            ),
            ("at night", "03:00-04:00", None),
            ("25:00-26:00", "03:00-04:00", None),
        ] {
            assert_eq!(meets(a, b), wanted, "{a} and {b}");
        }
    }
}
