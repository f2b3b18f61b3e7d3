//! `suppressions`: findings that the owner of a spec bears for a while, why, and until when.

use std::fmt;

use promise::{Say, Timestamp, record, record::Scalar, say, scalar_as_text};

record! {
    /// A finding of `tegata check` that is borne for a while. Each is an entry of the ledger.
    /// ja: しばらくのあいだ受け入れる `tegata check` の指摘。台帳に記録されます。
    pub struct Suppression {
        /// The rule's code; `tegata check --rules` lists them.
        /// ja: 規則の名前。一覧は `tegata check --rules`。
        rule: String,
        /// Where it holds, such as `promises.paid`; everywhere by default.
        /// ja: 対象の場所(`promises.paid` など)。省略すると全体。
        at: Option<String>,
        /// Why it is borne; the auditor reads this.
        /// ja: 受け入れる理由。監査人が読みます。
        reason: String,
        /// The last day on which it holds, in UTC. After that it is an error itself.
        /// ja: 有効な最後の日(UTC)。過ぎると、それ自体が誤りになります。
        until: Day,
        /// Who agreed to it.
        /// ja: 同意した人。
        who: Option<String>,
    }
}

impl Suppression {
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.end() <= now
    }
}

/// A day of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub jiff::civil::Date);

impl Day {
    /// The midnight at its end.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let next = self.0.tomorrow().unwrap_or(jiff::civil::Date::MAX);
        let midnight = next.to_zoned(jiff::tz::TimeZone::UTC);
        midnight.map_or(Timestamp::from_millis(i64::MAX), |it| {
            Timestamp::from_millis(it.timestamp().as_millisecond())
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Scalar for Day {
    const NAME: &'static str = "day";
    const NAME_JA: &'static str = "日付";
    const EXAMPLE: &'static str = "2027-03-31";
    const PATTERN: Option<&'static str> = Some(r"^\s*\d{4}-\d{2}-\d{2}\s*$");

    fn parse(text: &str) -> Result<Self, Say> {
        let day = text.trim().parse::<jiff::civil::Date>();
        // Only the plain form: jiff reads `20270331` and times behind the day too.
        day.ok()
            .filter(|day| day.to_string() == text.trim())
            .map(Self)
            .ok_or_else(|| {
                say!(
                    "`{text}` is no day of the calendar",
                    "`{text}` は日付ではありません"
                )
            })
    }
}
scalar_as_text!(Day);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_its_midnight() {
        let day = Day::parse("2024-02-29").ok();
        // 2024-03-01T00:00:00Z is 1,709,251,200 s after the epoch.
        assert_eq!(
            day.map(Day::end),
            Some(Timestamp::from_millis(1_709_251_200_000))
        );
        for wrong in [
            "2023-02-29",
            "20240229",
            "2024-02-29T00:00:00Z",
            "tomorrow",
            "",
        ] {
            assert!(Day::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Day::parse("9999-12-31").is_ok_and(|day| day.end() > Timestamp::EPOCH));
    }
}
