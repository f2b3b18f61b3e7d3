//! Figures as people write them, in English and Japanese, in the notation of a spec.

use promise::{record::Scalar as _, unit::Span};

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
    ("件毎秒", Kind::Rate, "/s"),
    ("回/秒", Kind::Rate, "/s"),
    ("要求/秒", Kind::Rate, "/s"),
    ("要求/分", Kind::Rate, "/min"),
    ("リクエスト/秒", Kind::Rate, "/s"),
    ("リクエスト/分", Kind::Rate, "/min"),
    ("回/分", Kind::Rate, "/min"),
    ("/秒", Kind::Rate, "/s"),
    ("件/時", Kind::Rate, "/h"),
    ("件/日", Kind::Rate, "/d"),
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
    ("円", Kind::Money, " JPY"),
    ("JPY", Kind::Money, " JPY"),
    ("US dollars", Kind::Money, " USD"),
    ("dollars", Kind::Money, " USD"),
    ("euros", Kind::Money, " EUR"),
    ("pounds", Kind::Money, " GBP"),
    ("yen", Kind::Money, " JPY"),
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

/// Parts of an hour, as people say them.
const PARTS: [(&str, &str); 3] = [
    ("a quarter of an hour", "15m"),
    ("quarter of an hour", "15m"),
    ("half an hour", "30m"),
];

/// Every figure of a text, in order. Digits that belong to a name (`p99`, `t3`, `AES-256`), to a quantile
/// (`99 パーセンタイル`), to a day or to a time of day are none.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let mut out: Vec<Figure> = Vec::new();
    let mut at = 0;
    let lower = text.to_ascii_lowercase();
    for (words, time) in PARTS {
        for (start, _) in lower.match_indices(words) {
            let end = start + words.len();
            if !out.iter().any(|it| it.start <= start && end <= it.end) {
                let (kind, text) = (Kind::Time, time.to_owned());
                out.push(Figure {
                    start,
                    end,
                    kind,
                    text,
                });
            }
        }
    }
    let parts = out.len();
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
        // In `7 EUR 14,200` the currency is the first one's.
        let past = out[parts..].last().map_or(0, |last| last.end);
        let figure = Figure {
            start: figure.start.max(past),
            ..figure
        };
        if out[..parts]
            .iter()
            .any(|it| it.start <= figure.start && figure.start < it.end)
        {
            continue;
        }
        match out.get_mut(parts..).and_then(<[Figure]>::last_mut) {
            Some(last) if continues(text, last, &figure) => {
                last.text.push_str(&figure.text);
                last.end = figure.end;
            }
            _ => out.push(figure),
        }
    }
    out.sort_by_key(|it| it.start);
    let all = out.clone();
    let mut before = std::iter::once(None).chain(all.iter().map(Some));
    out.retain(|it| {
        !before
            .next()
            .flatten()
            .is_some_and(|before| is_again(text, before, it))
    });
    out
}

/// `4 hours (240 minutes)`: the same time in another unit.
fn is_again(text: &str, before: &Figure, figure: &Figure) -> bool {
    let between = text.get(before.end..figure.start).unwrap_or_default();
    let span = |it: &Figure| Span::parse(&it.text).ok();
    figure.kind == Kind::Time
        && matches!(between.trim(), "(" | "（")
        && span(before).is_some_and(|it| Some(it) == span(figure))
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
    if let Some(figure) = rate_in_words(text, number, trimmed) {
        return Some(figure);
    }
    // `700 auth/s`: so many of whatever it is.
    let word = trimmed.len()
        - trimmed
            .trim_start_matches(|c: char| c.is_ascii_alphabetic())
            .len();
    let per = ["/second", "/sec", "/s"]
        .into_iter()
        .find(|per| trimmed[word..].starts_with(per));
    if let Some(per) = per.filter(|per| {
        let rest = &trimmed[word + per.len()..];
        word > 1 && !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    }) && unit_of(trimmed).is_none_or(|(_, kind, _)| *kind == Kind::Rate)
    {
        return Some(Figure {
            start,
            end: end + spaces + word + per.len(),
            kind: Kind::Rate,
            text: format!("{plain}/s"),
        });
    }
    let unit =
        unit_of(trimmed).filter(|(_, kind, _)| *kind == Kind::Time || !after.starts_with('-'));
    // More than the whole is how much of something else it is: `150 % of the usual load`.
    if unit.is_some_and(|(_, kind, _)| *kind == Kind::Share) && value > 100.0 {
        return None;
    }
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

/// `900 per second`, `70 authorisations a second`, `毎秒 40 件`, `1 秒あたり 40 件`: so many in a time.
fn rate_in_words(text: &str, number: &Number, after: &str) -> Option<Figure> {
    const BEFORE: [(&str, &str); 5] = [
        ("毎秒", "/s"),
        ("毎分", "/min"),
        ("1秒あたり", "/s"),
        ("1分あたり", "/min"),
        ("1日あたり", "/d"),
    ];
    const BEHIND: [(&str, &str); 10] = [
        ("per second", "/s"),
        ("a second", "/s"),
        ("every second", "/s"),
        ("each second", "/s"),
        ("per minute", "/min"),
        ("a minute", "/min"),
        ("per hour", "/h"),
        ("an hour", "/h"),
        ("per day", "/d"),
        ("a day", "/d"),
    ];
    // `40 件`, `900 requests`: what is counted is one word, or two.
    const COUNTED_MAX: usize = 2;
    let before = text[..number.start].trim_end_matches([' ', '約']);
    let is_size = || unit_of(after).is_some();
    let said = BEFORE.iter().find(|(word, _)| before.ends_with(word));
    let said =
        said.or((before.ends_with("1日") && after.starts_with('件')).then_some(&("1日", "/d")));
    if let Some((word, per)) = said.filter(|_| !is_size()) {
        return Some(Figure {
            start: before.len() - word.len(),
            end: number.end,
            kind: Kind::Rate,
            text: format!("{}{per}", number.plain),
        });
    }
    if is_size() {
        return None;
    }
    let mut rest = after;
    for _ in 0..=COUNTED_MAX {
        if let Some((word, per)) = BEHIND.iter().find(|(word, _)| starts_with_word(rest, word)) {
            return Some(Figure {
                start: number.start,
                end: text.len() - rest.len() + word.len(),
                kind: Kind::Rate,
                text: format!("{}{per}", number.plain),
            });
        }
        let length = rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '-'))?;
        rest = rest[length..].strip_prefix(' ').filter(|_| length > 0)?;
    }
    None
}

fn starts_with_word(text: &str, word: &str) -> bool {
    let rest = text.strip_prefix(word);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
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

/// Whether a figure is the far end of a span of values: `1〜4000 秒`, `30-60 minutes`.
pub(super) fn ends_a_span(text: &str, figure: &Figure) -> bool {
    const TO: [char; 6] = ['〜', '～', '~', '–', '—', '-'];
    let before = text[..figure.start].trim_end();
    let from = before.strip_suffix(TO).map(str::trim_end);
    from.is_some_and(|from| from.ends_with(|c: char| c.is_ascii_digit()))
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
            ("at 150 % of the usual load, 200%", vec![]),
            ("2026年4月1日から、12月1日まで、5年間", vec!["1825d"]),
            (
                "毎秒40件、1秒あたり25回、1日あたり約5,200件",
                vec!["40/s", "25/s", "5200/d"],
            ),
            (
                "220 authorisations a second, 900 per second, 6,000 a minute",
                vec!["220/s", "900/s", "6000/min"],
            ),
            ("150 MB a second", vec!["150 MB"]),
            (
                "1,200 for a quarter of an hour, half an hour",
                vec!["1200", "15m", "30m"],
            ),
            ("3営業日以内、第3日曜日、毎月1日、24時間365日", vec![]),
            ("42万人、1.5億円", vec!["420000", "150000000 JPY"]),
        ] {
            let found: Vec<String> = figures(text).into_iter().map(|it| it.text).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
