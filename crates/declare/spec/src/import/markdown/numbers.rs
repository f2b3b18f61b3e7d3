//! Numbers as people write them, in digits and in words, and what looks like one and is none.

use std::sync::LazyLock;

use regex::Regex;

use super::figures::{CURRENCIES, Kind, unit_of};

/// A number as it is written, before its unit is known.
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Without the signs between thousands.
    pub(super) plain: String,
    pub(super) value: f64,
}

/// The first number from `from` on: in digits, or in words before a unit of time.
pub(super) fn number_from(text: &str, from: usize) -> Option<Number> {
    let worded = words_for_numbers(text, from);
    let mut at = from;
    loop {
        let start = at
            + text[at..]
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(text.len() - at);
        if let Some(worded) = worded.as_ref().filter(|it| it.start < start) {
            let Number {
                start,
                end,
                ref plain,
                value,
            } = *worded;
            return Some(Number {
                start,
                end,
                plain: plain.clone(),
                value,
            });
        }
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
            .unwrap_or(rest.len());
        let written = rest[..length].trim_end_matches(['.', ',']);
        at = start + length.max(1);
        let before = text[..start].chars().next_back();
        let is_named = before.is_some_and(|c| {
            c.is_ascii_alphabetic()
                || c == '_'
                || c == '.'
                || (c == '-' && text[..start - 1].ends_with(|c: char| c.is_ascii_alphanumeric()))
        }) || ["xx", "XX"]
            .iter()
            .any(|class| rest[written.len()..].starts_with(class));
        let mut plain = written.replace(',', "");
        let mut end = start + written.len();
        // `61 000`: thousands with a space between, where money is spoken of.
        while CURRENCIES.iter().any(|code| text.contains(code)) && plain.len() <= 9 {
            let Some(group) = text[end..].strip_prefix([' ', '\u{a0}', '\u{202f}']) else {
                break;
            };
            let digits = group
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(group.len());
            if digits != 3 || plain.contains('.') {
                break;
            }
            plain.push_str(&group[..3]);
            end = text.len() - group.len() + 3;
        }
        let times = THOUSANDS
            .iter()
            .find(|(word, _)| text[end..].trim_start_matches(' ').starts_with(word));
        if let Some((word, times)) = times
            && let Ok(value) = plain.parse::<f64>()
        {
            plain = format!("{}", value * times);
            end = text.len() - text[end..].trim_start_matches(' ').len() + word.len();
        }
        match plain.parse::<f64>() {
            Ok(value) if !is_named && value.is_finite() => {
                return Some(Number {
                    start,
                    end,
                    plain,
                    value,
                });
            }
            _ => {}
        }
    }
}

/// What multiplies the number before it.
const THOUSANDS: [(&str, f64); 3] = [("千", 1e3), ("万", 1e4), ("億", 1e8)];

/// Numbers that people write out.
pub(super) const NUMBERS: [(&str, u32); 20] = [
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("twelve", 12),
    ("fifteen", 15),
    ("eighteen", 18),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("sixty", 60),
    ("ninety", 90),
];

/// What stands before `a minute` where that is a length of time.
const LENGTHS: [&str; 14] = [
    "within", "in", "under", "after", "for", "every", "than", "about", "of", "over", "least",
    "most", "to", "takes",
];

/// `thirty` of `thirty seconds`; elsewhere such words count nothing that a spec holds.
fn words_for_numbers(text: &str, from: usize) -> Option<Number> {
    let mut start = from;
    loop {
        let rest = &text[start..];
        let skipped = rest.find(|c: char| c.is_ascii_alphabetic())?;
        start += skipped;
        let rest = &text[start..];
        let length = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let begins = !text[..start].ends_with(|c: char| c.is_alphanumeric());
        let number = NUMBERS
            .iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name));
        if let Some((_, number)) = number.filter(|_| begins) {
            let unit = unit_of(rest[length..].trim_start_matches([' ', '-']));
            let is_long = |unit: &(&str, Kind, &str)| unit.1 == Kind::Time && unit.0.len() > 2;
            // `within a minute` is a length of time, and `two a minute` how often.
            let before = text[..start].trim_end();
            let is_length = |word: &&str| {
                before.len() >= word.len()
                    && before.is_char_boundary(before.len() - word.len())
                    && before[before.len() - word.len()..].eq_ignore_ascii_case(word)
            };
            let is_much = word.len() > 2 || LENGTHS.iter().any(is_length);
            if is_much && unit.is_some_and(is_long) {
                return Some(Number {
                    start,
                    end: start + length,
                    plain: number.to_string(),
                    value: f64::from(*number),
                });
            }
        }
        start += length;
    }
}

/// How long what begins at a number is, where it is no figure: a day, a time of day, a quantile.
pub(super) fn passed_over(text: &str, number: &Number) -> Option<usize> {
    let rest = &text[number.start..];
    let after = text[number.end..].trim_start_matches(' ');
    let gap = text.len() - number.end - after.len();
    // Digits of an address are no figure.
    let ends = |c: char| c.is_whitespace() || "<>()（）「」、。".contains(c);
    let word = text[..number.start].rsplit(ends).next();
    if word.is_some_and(|word| word.contains("://")) {
        return Some(rest.find(ends).unwrap_or(rest.len()));
    }
    // `3営業日`, `第6版`, `毎月1日`: nothing that a spec counts.
    let before = text[..number.start].trim_end();
    if let Some(word) = ["営業日", "business day", "working day"]
        .iter()
        .find(|word| after.starts_with(*word))
    {
        return Some(number.end - number.start + gap + word.len());
    }
    // `半年に1回`: how often it is, the words before say.
    let once = number.value.to_bits() == 1.0_f64.to_bits()
        && after.starts_with('回')
        && before.ends_with(['に', '日', '週', '月', '年', '期']);
    if once {
        return Some(number.end - number.start + gap + '回'.len_utf8());
    }
    // `1日の決済件数`, `1日 約4,000件`: so many a day, and not how long.
    let one = number.value.to_bits() == 1.0_f64.to_bits();
    if one && let Some(rest) = after.strip_prefix('日') {
        let counted = rest.trim_start_matches([' ', '約']);
        let things =
            counted.trim_start_matches(|c: char| c.is_ascii_digit() || ",.万千".contains(c));
        let is_count = things.len() < counted.len() && things.starts_with(['件', '人', '名', '通']);
        if is_count
            || ["の", "平均", "最大"]
                .iter()
                .any(|word| counted.starts_with(word))
        {
            return Some(number.end - number.start + gap + '日'.len_utf8());
        }
    }
    if before.ends_with('第') || (before.ends_with("毎月") && after.starts_with('日')) {
        return Some(
            number.end - number.start + gap + after.chars().next().map_or(0, char::len_utf8),
        );
    }
    let era = ["令和", "平成", "昭和"]
        .iter()
        .any(|era| text[..number.start].trim_end().ends_with(era));
    let quantile = QUANTILES
        .iter()
        .find(|word| after.to_ascii_lowercase().starts_with(*word));
    if let Some(word) = quantile {
        return Some(number.end - number.start + gap + word.len());
    }
    let around = [
        "1秒あたり",
        "1分あたり",
        "1日あたり",
        "24時間365日",
        "24時間無停止",
        "24時間体制",
        "24時間対応",
        "24時間稼働",
        "24/7",
        "24x7",
    ];
    let always = around
        .iter()
        .find(|word| rest.starts_with(*word))
        .map(|word| word.len());
    always
        .or_else(|| dated(rest, era))
        .or_else(|| of_the_day(rest))
}

/// What follows the number of a quantile.
pub(super) const QUANTILES: [&str; 9] = [
    "パーセンタイル",
    "%タイル",
    "% タイル",
    "パーセント点",
    "%ile",
    "% ile",
    "%tile",
    "th percentile",
    "percentile",
];

/// `8:30`, `8時30分`: a time of day, not a length of time.
fn of_the_day(text: &str) -> Option<usize> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let hour = digits(text);
    if hour == 0 || hour > 2 {
        return None;
    }
    if let Some(rest) = text[hour..].strip_prefix(':') {
        let minute = digits(rest);
        return (minute == 2).then_some(hour + 1 + minute);
    }
    let rest = text[hour..]
        .strip_prefix('時')
        .filter(|rest| !rest.starts_with('間'))?;
    let minute = digits(rest);
    let end = hour + '時'.len_utf8();
    let with_minute = minute > 0 && rest[minute..].starts_with('分');
    Some(if with_minute {
        end + minute + '分'.len_utf8()
    } else {
        end
    })
}

/// Days of the calendar, and years.
static DATES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const MONTHS: &str = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?";
    let day = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}";
    let worded = format!(r"(\d{{1,2}}\.?\s+)?{MONTHS}(\s+\d{{1,2}},?)?\s+\d{{4}}");
    Regex::new(&format!(r"(?i){day}|{worded}|\d{{1,2}}\s+{MONTHS}\b")).ok()
});

/// Whether a text says a number at all, though of no unit that is known: dates of the calendar say none.
pub(super) fn says_one(text: &str) -> bool {
    let text = match &*DATES {
        Some(dates) => dates.replace_all(text, ""),
        None => text.into(),
    };
    let mut rest = &*text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        match dated(&rest[at..], false) {
            Some(length) => rest = &rest[at + length..],
            None => return true,
        }
    }
    false
}

/// The length of a date that a text begins with: `2026年`, `2026年4月`, `4月1日`, and behind an era `7年4月`.
fn dated(text: &str, behind_an_era: bool) -> Option<usize> {
    let number = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .filter(|digits| *digits > 0)
    };
    let part = |at: usize, sign: char| {
        let digits = number(&text[at..])?;
        text[at + digits..]
            .starts_with(sign)
            .then_some((digits, at + digits + sign.len_utf8()))
    };
    let day = |at: usize| part(at, '日').map_or(at, |(_, end)| end);
    if let Some((digits, end)) = part(0, '年')
        && (digits == 4 || behind_an_era)
    {
        return Some(part(end, '月').map_or(end, |(_, end)| day(end)));
    }
    // A month by itself is a length as well: `4月` only with its day.
    let (_, month) = part(0, '月')?;
    (day(month) > month).then(|| day(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar_say_no_number() {
        for text in [
            "Created: 2026-01-12",
            "on 3 March 2026",
            "until Sept. 2026",
            "2026年4月",
            "March 3, 2026",
            "9 Nov",
        ] {
            assert!(!says_one(text), "{text}");
        }
        for text in ["may wait 3 s", "4 200 shops", "2026 requests"] {
            assert!(says_one(text), "{text}");
        }
    }
}
