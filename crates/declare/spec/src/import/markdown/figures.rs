//! Figures as people write them, in English and Japanese, in the notation of a spec.

use super::numbers::{Number, number_from, passed_over};

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

pub(super) fn unit_of(text: &str) -> Option<&'static (&'static str, Kind, &'static str)> {
    UNITS.iter().find(|(unit, ..)| {
        text.strip_prefix(unit).is_some_and(|rest| {
            let is_word = unit.ends_with(|c: char| c.is_ascii_alphabetic());
            !(is_word && rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    })
}

/// Codes of money, which may stand before the amount too.
pub(super) const CURRENCIES: [&str; 8] = ["USD", "EUR", "JPY", "GBP", "NOK", "SEK", "DKK", "CHF"];

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
}
