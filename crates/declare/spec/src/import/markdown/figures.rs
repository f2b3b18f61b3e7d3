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
    ("GBP", Kind::Money, " GBP"),
    ("NOK", Kind::Money, " NOK"),
    ("SEK", Kind::Money, " SEK"),
    ("DKK", Kind::Money, " DKK"),
    ("CHF", Kind::Money, " CHF"),
    ("h", Kind::Time, "h"),
    ("m", Kind::Time, "m"),
    ("s", Kind::Time, "s"),
    ("d", Kind::Time, "d"),
];

/// More figures than a line of a document holds.
const FIGURES_MAX: usize = 64;

/// Every figure of a text, in order. Digits that belong to a name (`p99`, `t3`, `AES-256`), to a quantile
/// (`99 パーセンタイル`), to a day or to a time of day are none.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let mut out: Vec<Figure> = Vec::new();
    let mut at = 0;
    while out.len() < FIGURES_MAX {
        let Some(number) = number_from(text, at) else {
            break;
        };
        at = number.end;
        if let Some(length) = passed_over(text, &number) {
            at = number.start + length;
            continue;
        }
        let Some(figure) = figure_of(text, &number) else {
            continue;
        };
        at = at.max(figure.end);
        match out.last_mut() {
            Some(last) if continues(text, last, &figure) => {
                last.text.push_str(&figure.text);
                last.end = figure.end;
            }
            _ => out.push(figure),
        }
    }
    out
}

/// A number as it is written, before its unit is known.
struct Number {
    start: usize,
    end: usize,
    /// Without the signs between thousands.
    plain: String,
    value: f64,
}

/// The first number from `from` on: in digits, or in words before a unit of time.
fn number_from(text: &str, from: usize) -> Option<Number> {
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
        });
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

/// Numbers that people write out.
const NUMBERS: [(&str, u32); 20] = [
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
            if unit.is_some_and(is_long) {
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
fn passed_over(text: &str, number: &Number) -> Option<usize> {
    let rest = &text[number.start..];
    let after = text[number.end..].trim_start_matches(' ');
    let gap = text.len() - number.end - after.len();
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

fn unit_of(text: &str) -> Option<&'static (&'static str, Kind, &'static str)> {
    UNITS.iter().find(|(unit, ..)| {
        text.strip_prefix(unit).is_some_and(|rest| {
            let is_word = unit.ends_with(|c: char| c.is_ascii_alphabetic());
            !(is_word && rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    })
}

/// Codes of money, which may stand before the amount too.
const CURRENCIES: [&str; 8] = ["USD", "EUR", "JPY", "GBP", "NOK", "SEK", "DKK", "CHF"];

fn figure_of(text: &str, number: &Number) -> Option<Figure> {
    let Number {
        start,
        end,
        ref plain,
        value,
    } = *number;
    let before = text[..start].chars().next_back();
    if let Some(sign) = before.filter(|c| ['$', '¥', '￥', '€', '£'].contains(c)) {
        let code = match sign {
            '$' => "USD",
            '€' => "EUR",
            '£' => "GBP",
            _ => "JPY",
        };
        return Some(Figure {
            start: start - sign.len_utf8(),
            end,
            kind: Kind::Money,
            text: format!("{plain} {code}"),
        });
    }
    let bare = text[..start].trim_end();
    if let Some(code) = CURRENCIES.iter().find(|code| bare.ends_with(*code)) {
        return Some(Figure {
            start: bare.len() - code.len(),
            end,
            kind: Kind::Money,
            text: format!("{plain} {code}"),
        });
    }
    let after = &text[end..];
    let trimmed = after.trim_start_matches([' ', '\u{3000}', '-']);
    let spaces = after.len() - trimmed.len();
    let unit =
        unit_of(trimmed).filter(|(_, kind, _)| *kind == Kind::Time || !after.starts_with('-'));
    Some(match unit {
        Some((unit, kind, sign)) => Figure {
            start,
            end: end + spaces + unit.len(),
            kind: *kind,
            text: spelled(plain, value, sign),
        },
        None => Figure {
            start,
            end,
            kind: Kind::Count,
            text: plain.clone(),
        },
    })
}

/// `1 時間` and `30 分` are one length of time.
fn continues(text: &str, last: &Figure, next: &Figure) -> bool {
    const ORDER: [&str; 4] = ["d", "h", "m", "s"];
    let unit = |figure: &Figure| {
        let unit = figure
            .text
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        ORDER.iter().position(|it| *it == unit)
    };
    last.kind == Kind::Time
        && next.kind == Kind::Time
        && text[last.end..next.start].trim().is_empty()
        && matches!((unit(last), unit(next)), (Some(a), Some(b)) if a < b)
}

/// Whether a text names an amount of money.
pub(super) fn is_money(text: &str) -> bool {
    figures(text).iter().any(|it| it.kind == Kind::Money)
}

/// Whether a text says a number at all, though of no unit that is known: dates of the calendar say none.
pub(super) fn says_one(text: &str) -> bool {
    let mut rest = text;
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
    ("no more than", "<="),
    ("not more than", "<="),
    ("no less than", ">="),
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
    figures(text).iter().find_map(|figure| signed(text, figure))
}

/// The condition that a figure of a text is, by the sign or word beside it.
pub(super) fn signed(text: &str, figure: &Figure) -> Option<Condition> {
    let (before, after) = (
        text[..figure.start].trim_end(),
        text[figure.end..].trim_start(),
    );
    let lower = before.to_ascii_lowercase();
    // `5x over 1 hour`: over which time, and no bound.
    let is_window = figure.kind == Kind::Time && lower.ends_with("over");
    let (about, sign) = match BEFORE
        .iter()
        .find(|(word, _)| lower.ends_with(word) && !is_window)
    {
        Some((word, sign)) => (&before[..before.len() - word.len()], *sign),
        None => (
            before,
            AFTER.iter().find(|(word, _)| after.starts_with(word))?.1,
        ),
    };
    let about = about
        .trim_end_matches(['が', 'は', 'を', ':', '：', ' ', '(', '（', '、'])
        .trim();
    Some(Condition {
        about: about.to_owned(),
        sign,
        figure: figure.clone(),
    })
}

/// The time within which a share of all is done, and its quantile: `3 秒以内の応答が 95 % 以上`, `95 % in < 5 min`.
pub(super) fn share_within(text: &str) -> Option<(Figure, String)> {
    const WITHIN: [&str; 6] = ["以内", "within", "in <", "in under", "less than", "未満"];
    /// Of fewer than this nobody promises how fast they are.
    const SHARE_MIN: f64 = 50.0;
    let all = figures(text);
    let time = all.iter().find(|it| it.kind == Kind::Time)?;
    let share = all.iter().find(|it| it.kind == Kind::Share)?;
    let number = share.text.trim_end_matches([' ', '%']);
    let is_quantile = number
        .parse::<f64>()
        .is_ok_and(|it| (SHARE_MIN..100.0).contains(&it));
    let lower = text.to_lowercase();
    let around = lower.get(time.start.saturating_sub(12)..)?;
    (is_quantile && all.len() == 2 && WITHIN.iter().any(|word| around.contains(word)))
        .then(|| (time.clone(), format!("p{number}")))
}

/// How a figure without a sign binds: most shares are of what succeeds, and of all else less is better.
pub(super) fn direction(text: &str, figure: &Figure) -> &'static str {
    /// A share from here on is one that succeeds, unless its name says what fails.
    const MOSTLY: f64 = 50.0;
    const WASTE: [&str; 12] = [
        "error",
        "エラー",
        "失敗",
        "fail",
        "miss",
        "ミス",
        "使用率",
        "usage",
        "utili",
        "cpu",
        "loss",
        "損失",
    ];
    let lower = text.to_lowercase();
    let share = figure.text.trim_end_matches([' ', '%']).parse::<f64>();
    let is_most = figure.kind == Kind::Share && share.is_ok_and(|share| share >= MOSTLY);
    let is_flow = figure.kind == Kind::Rate;
    if (is_most || is_flow) && !WASTE.iter().any(|word| lower.contains(word)) {
        ">="
    } else {
        "<="
    }
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
