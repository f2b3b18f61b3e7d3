//! Figures and conditions as people write them, in English and Japanese, in the notation of a spec.

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Time,
    Share,
    Money,
    Rate,
    Size,
    Count,
}

/// A figure within a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Byte offsets in the text, with its unit.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// As a spec writes it: `5m`, `99.5 %`, `100/s`, `500 GB`, `2500 USD`, or a bare number.
    pub(super) text: String,
}

/// Units, the longer before what they begin with.
const UNITS: &[(&str, Kind, &str)] = &[
    ("milliseconds", Kind::Time, "ms"),
    ("millisecond", Kind::Time, "ms"),
    ("ミリ秒", Kind::Time, "ms"),
    ("msec", Kind::Time, "ms"),
    ("ms", Kind::Time, "ms"),
    ("件/秒", Kind::Rate, "/s"),
    ("requests/sec", Kind::Rate, "/s"),
    ("requests per second", Kind::Rate, "/s"),
    ("requests/s", Kind::Rate, "/s"),
    ("req/sec", Kind::Rate, "/s"),
    ("req/s", Kind::Rate, "/s"),
    ("件/分", Kind::Rate, "/min"),
    ("req/min", Kind::Rate, "/min"),
    ("rps", Kind::Rate, "/s"),
    ("RPS", Kind::Rate, "/s"),
    ("tps", Kind::Rate, "/s"),
    ("TPS", Kind::Rate, "/s"),
    ("qps", Kind::Rate, "/s"),
    ("/sec", Kind::Rate, "/s"),
    ("/s", Kind::Rate, "/s"),
    ("seconds", Kind::Time, "s"),
    ("second", Kind::Time, "s"),
    ("secs", Kind::Time, "s"),
    ("sec", Kind::Time, "s"),
    ("秒", Kind::Time, "s"),
    ("minutes", Kind::Time, "m"),
    ("minute", Kind::Time, "m"),
    ("mins", Kind::Time, "m"),
    ("min", Kind::Time, "m"),
    ("分", Kind::Time, "m"),
    ("hours", Kind::Time, "h"),
    ("hour", Kind::Time, "h"),
    ("hrs", Kind::Time, "h"),
    ("時間", Kind::Time, "h"),
    ("months", Kind::Time, "months"),
    ("month", Kind::Time, "months"),
    ("か月", Kind::Time, "months"),
    ("ヶ月", Kind::Time, "months"),
    ("カ月", Kind::Time, "months"),
    ("years", Kind::Time, "y"),
    ("year", Kind::Time, "y"),
    ("年", Kind::Time, "y"),
    ("weeks", Kind::Time, "w"),
    ("week", Kind::Time, "w"),
    ("週間", Kind::Time, "w"),
    ("days", Kind::Time, "d"),
    ("day", Kind::Time, "d"),
    ("日", Kind::Time, "d"),
    ("percent", Kind::Share, " %"),
    ("パーセント", Kind::Share, " %"),
    ("％", Kind::Share, " %"),
    ("%", Kind::Share, " %"),
    ("TiB", Kind::Size, " TiB"),
    ("GiB", Kind::Size, " GiB"),
    ("MiB", Kind::Size, " MiB"),
    ("KiB", Kind::Size, " KiB"),
    ("TB", Kind::Size, " TB"),
    ("GB", Kind::Size, " GB"),
    ("MB", Kind::Size, " MB"),
    ("KB", Kind::Size, " KB"),
    ("万円", Kind::Money, "0000 JPY"),
    ("円", Kind::Money, " JPY"),
    ("JPY", Kind::Money, " JPY"),
    ("USD", Kind::Money, " USD"),
    ("ドル", Kind::Money, " USD"),
    ("EUR", Kind::Money, " EUR"),
    ("h", Kind::Time, "h"),
    ("m", Kind::Time, "m"),
    ("s", Kind::Time, "s"),
    ("d", Kind::Time, "d"),
];

/// More figures than a line of a document holds.
const FIGURES_MAX: usize = 64;

/// Every figure of a text, in order. Digits that belong to a name (`p99`, `t3`, `AES-256`) are none.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let mut out = Vec::new();
    let mut at = 0;
    while out.len() < FIGURES_MAX {
        let Some(found) = text[at..].find(|c: char| c.is_ascii_digit()) else {
            break;
        };
        let start = at + found;
        let rest = &text[start..];
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
        });
        let Ok(number) = written.replace(',', "").parse::<f64>() else {
            continue;
        };
        if is_named || !number.is_finite() {
            continue;
        }
        let after = &rest[written.len()..];
        // `2026年4月1日` is a day of the calendar, not a length of time.
        if let Some(length) = dated(rest) {
            at = start + length;
            continue;
        }
        let trimmed = after.trim_start_matches([' ', '\u{3000}']);
        let spaces = after.len() - trimmed.len();
        let plain = written.replace(',', "");
        if let Some(sign) = before.filter(|c| ['$', '¥', '￥', '€'].contains(c)) {
            let code = match sign {
                '$' => "USD",
                '€' => "EUR",
                _ => "JPY",
            };
            out.push(Figure {
                start: start - sign.len_utf8(),
                end: start + written.len(),
                kind: Kind::Money,
                text: format!("{plain} {code}"),
            });
            continue;
        }
        let unit = UNITS.iter().find(|(unit, ..)| {
            trimmed.strip_prefix(unit).is_some_and(|rest| {
                let is_word = unit.ends_with(|c: char| c.is_ascii_alphabetic());
                !(is_word && rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
        });
        let (kind, shown, length) = match unit {
            Some((unit, kind, sign)) => (
                *kind,
                spelled(&plain, number, sign),
                written.len() + spaces + unit.len(),
            ),
            None => (Kind::Count, plain, written.len()),
        };
        out.push(Figure {
            start,
            end: start + length,
            kind,
            text: shown,
        });
        at = at.max(start + length);
    }
    out
}

/// Whether a text says a number at all, though of no unit that is known: dates of the calendar say none.
pub(super) fn says_one(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        match dated(&rest[at..]) {
            Some(length) => rest = &rest[at + length..],
            None => return true,
        }
    }
    false
}

/// The length of a date that a text begins with: `2026年`, `2026年4月`, `4月1日`.
fn dated(text: &str) -> Option<usize> {
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
    if let Some((4, end)) = part(0, '年') {
        return Some(part(end, '月').map_or(end, |(_, end)| day(end)));
    }
    // A month by itself is a length as well: `4月` only with its day.
    let (_, month) = part(0, '月')?;
    (day(month) > month).then(|| day(month))
}

fn spelled(plain: &str, number: f64, sign: &str) -> String {
    match sign {
        // A twelfth of a year: twelve months are 365 days.
        "months" => format!("{}d", (number * 365.0 / 12.0).floor()),
        "y" => format!("{}d", (number * 365.0).round()),
        sign => format!("{plain}{sign}"),
    }
}

/// The one figure that a text consists of, with what may stand around it (`約 30 秒`, `5 minutes`).
pub(super) fn only(text: &str) -> Option<Figure> {
    let mut all = figures(text);
    (all.len() == 1).then(|| all.remove(0))
}

/// A condition: what it is about, how the value must lie (`> 5 %`), and how long.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub(super) about: String,
    pub(super) sign: &'static str,
    pub(super) figure: Figure,
}

impl Condition {
    pub(super) fn bound(&self) -> String {
        format!("{} {}", self.sign, self.figure.text)
    }
}

/// Signs before a figure.
const BEFORE: &[(&str, &str)] = &[
    (">=", ">="),
    ("<=", "<="),
    ("≥", ">="),
    ("≤", "<="),
    ("＞", ">"),
    ("＜", "<"),
    (">", ">"),
    ("<", "<"),
    ("more than", ">"),
    ("greater than", ">"),
    ("at least", ">="),
    ("at most", "<="),
    ("less than", "<"),
    ("exceeds", ">"),
    ("above", ">"),
    ("below", "<"),
    ("under", "<"),
    ("over", ">"),
    ("within", "<="),
    ("up to", "<="),
];

/// Words after a figure.
const AFTER: &[(&str, &str)] = &[
    ("以上", ">="),
    ("以下", "<="),
    ("以内", "<="),
    ("未満", "<"),
    ("超", ">"),
    ("を超え", ">"),
    ("を上回", ">"),
    ("を下回", "<"),
    ("or more", ">="),
    ("or less", "<="),
];

/// The condition that a text states; `None` where it states none.
pub(super) fn condition(text: &str) -> Option<Condition> {
    for figure in figures(text) {
        let (before, after) = (
            text[..figure.start].trim_end(),
            text[figure.end..].trim_start(),
        );
        let lower = before.to_ascii_lowercase();
        if let Some((word, sign)) = BEFORE.iter().find(|(word, _)| lower.ends_with(word)) {
            let about = before[..before.len() - word.len()]
                .trim_end_matches(['(', '（', ' ', ':', '：', '、'])
                .trim();
            return Some(Condition {
                about: about.to_owned(),
                sign,
                figure,
            });
        }
        if let Some((_, sign)) = AFTER.iter().find(|(word, _)| after.starts_with(word)) {
            let about = before
                .trim_end_matches(['が', 'は', 'を', ':', '：', ' ', '(', '（'])
                .trim();
            return Some(Condition {
                about: about.to_owned(),
                sign,
                figure,
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_with_their_units() {
        for (text, wanted) in [
            ("応答は 2.5 秒以内、再試行 4 回", vec!["2.5s", "4"]),
            (
                "recovers in 10 minutes, loses 45 seconds",
                vec!["10m", "45s"],
            ),
            ("$1,250 と 30万円", vec!["1250 USD", "300000 JPY"]),
            (
                "250 req/s, 99.95%, 750GB",
                vec!["250/s", "99.95 %", "750 GB"],
            ),
            ("kept 12 months / 6年", vec!["365d", "2190d"]),
            ("AES-256, p99, t3.large, TLSv1.3", vec![]),
            ("2026年4月1日から、12月1日まで、5年間", vec!["1825d"]),
        ] {
            let found: Vec<String> = figures(text).into_iter().map(|it| it.text).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn conditions_say_what_they_are_about() {
        for (text, about, bound) in [
            ("Acquirer errors > 4%", "Acquirer errors", "> 4 %"),
            ("Slow checkout (>1.5s)", "Slow checkout", "> 1.5s"),
            (
                "Main site unreachable > 3 min",
                "Main site unreachable",
                "> 3m",
            ),
            ("ディスク使用率が 85% を超えたら通知", "ディスク使用率", ""),
            ("応答時間 800ms 以内", "応答時間", "<= 800ms"),
            ("エラー率が 2% 以上", "エラー率", ">= 2 %"),
        ] {
            let found = condition(text);
            if bound.is_empty() {
                assert_eq!(found.map(|it| it.sign), Some(">"), "{text}");
            } else {
                assert_eq!(
                    found.map(|it| (it.about.clone(), it.bound())),
                    Some((about.to_owned(), bound.to_owned())),
                    "{text}"
                );
            }
        }
        assert_eq!(condition("a plain sentence about 3 zones"), None);
    }
}
