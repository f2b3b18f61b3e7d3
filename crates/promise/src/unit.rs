//! Values as people write them: `15s`, `30d`, `99.5 %`, `200 MB`.

use std::{fmt, str::FromStr, time::Duration};

use crate::{Say, record::Scalar};

/// Serialises a scalar as the text that a person would write, so that it reads back equal.
#[macro_export]
macro_rules! scalar_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                <$name as $crate::record::Scalar>::parse(&text)
                    .map_err(|why| serde::de::Error::custom(why.en))
            }
        }
    };
}

/// A length of time: `250ms`, `15s`, `5m`, `1h30m`, `30d`, `12w`, `1y` (365 days). Millisecond steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Span {
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self(Duration::from_secs(days * 86_400))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        // Years and weeks are accepted but days read better.
        for (unit, size) in &UNITS[2..] {
            if rest >= *size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Scalar for Span {
    const NAME: &'static str = "duration";
    const NAME_JA: &'static str = "時間の長さ";
    const EXAMPLE: &'static str = "5m";
    const PATTERN: Option<&'static str> = Some(r"^\s*(0|(\d+(\.\d+)?\s*(y|w|d|h|m|s|ms)\s*)+)\s*$");

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not a duration",
                "`{text}` は時間の長さではありません"
            )
        };
        let mut rest = text.trim();
        let mut total = 0f64;
        if rest.is_empty() {
            return Err(wrong());
        }
        if rest.parse::<f64>().is_ok_and(|n| n != 0.0) {
            return Err(say!("`{text}` has no unit", "`{text}` に単位がありません"));
        }
        if rest == "0" {
            return Ok(Self::default());
        }
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(wrong)?;
            let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = rest[digits..].trim_start();
            let letters = rest
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(rest.len());
            let unit = &rest[..letters];
            let (_, size) = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(wrong)?;
            #[allow(clippy::cast_precision_loss)]
            let size = *size as f64;
            total += number * size;
            rest = rest[letters..].trim_start();
        }
        // A hundred years: beyond any retention, and far from overflow.
        if total > 100.0 * 365.0 * 86_400_000.0 {
            return Err(say!(
                "`{text}` is longer than 100 years",
                "`{text}` は 100 年を超えています"
            ));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(Self(Duration::from_millis(total.round() as u64)))
    }

    /// `5 min`, `24 hours`, `30日`: the unit's other names. A number without a unit may mean any.
    fn meant(text: &str) -> Option<String> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let word = text[digits..].trim().to_lowercase();
        let (unit, _) = UNIT_WORDS
            .iter()
            .find(|(_, words)| words.contains(&word.as_str()))?;
        let meant = format!("{}{unit}", &text[..digits]);
        Self::parse(&meant).is_ok().then_some(meant)
    }
}
scalar_as_text!(Span);

/// Other words for the units of a duration. A month is none: its length differs.
const UNIT_WORDS: [(&str, &[&str]); 7] = [
    (
        "ms",
        &["msec", "msecs", "millisecond", "milliseconds", "ミリ秒"],
    ),
    ("s", &["sec", "secs", "second", "seconds", "秒"]),
    ("m", &["min", "mins", "minute", "minutes", "分"]),
    ("h", &["hr", "hrs", "hour", "hours", "時間"]),
    ("d", &["day", "days", "日"]),
    ("w", &["week", "weeks", "週間", "週"]),
    ("y", &["yr", "yrs", "year", "years", "年"]),
];

/// A share of a whole, written in percent. Held as a fraction of 1.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As fine as `parse` reads: a nearly whole share must not come back as 100 %.
        write!(f, "{} %", trim_zeros(self.0 * 100.0, 10))
    }
}

impl fmt::Debug for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Scalar for Percent {
    const NAME: &'static str = "percentage";
    const NAME_JA: &'static str = "百分率";
    const EXAMPLE: &'static str = "99.5 %";
    const PATTERN: Option<&'static str> = Some(r"^\s*\d+(\.\d+)?\s*[%％]\s*$");

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not a percentage",
                "`{text}` は百分率ではありません"
            )
        };
        let number = text.trim().strip_suffix(['%', '％']).ok_or_else(wrong)?;
        let percent = f64::from_str(number.trim()).map_err(|_| wrong())?;
        if !(0.0..=100.0).contains(&percent) {
            return Err(say!(
                "`{text}` is not between 0 % and 100 %",
                "`{text}` は 0 % から 100 % の間にありません"
            ));
        }
        // Rounded so that `99.5 %` is the double nearest to 0.995, whichever way it was reached.
        Ok(Self((percent * 1e10).round() / 1e12))
    }

    /// `99.5`, `99.5 percent`. A number up to 1 may be a share, so it is left to a person.
    fn meant(text: &str) -> Option<String> {
        let text = text.trim();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let word = text[end..].trim().to_lowercase();
        let is_percent = ["", "percent", "pct", "パーセント"].contains(&word.as_str());
        let number = f64::from_str(&text[..end]).ok()?;
        (is_percent && number > 1.0 && number <= 100.0).then(|| format!("{} %", &text[..end]))
    }
}
scalar_as_text!(Percent);

/// A count of bytes: `64 KiB`, `200 MB`, `1.5 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 420 GB are a whole number of KiB too, but nobody wrote them so.
        let whole = SIZES
            .iter()
            .filter(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size));
        let (unit, size) = whole
            .min_by_key(|(_, size)| self.0 / size)
            .unwrap_or(&("B", 1));
        write!(f, "{} {unit}", self.0 / size)
    }
}

impl Scalar for Bytes {
    const NAME: &'static str = "size";
    const NAME_JA: &'static str = "サイズ";
    const EXAMPLE: &'static str = "64 MiB";
    const PATTERN: Option<&'static str> = Some(r"^\s*\d+(\.\d+)?\s*([KMGT]i?B|kB|B)\s*$");

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || say!("`{text}` is not a size", "`{text}` はサイズではありません");
        let text = text.trim();
        let digits = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(wrong)?;
        let number = f64::from_str(&text[..digits]).map_err(|_| wrong())?;
        let unit = text[digits..].trim();
        let (_, size) = SIZES
            .iter()
            .find(|(name, _)| *name == unit || (*name == "kB" && unit == "KB"))
            .ok_or_else(wrong)?;
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        Ok(Self((number * *size as f64) as u64))
    }

    /// The right unit in other letters: `64 mib`, `64 MiBytes`. `Mb` may be bits, so it is left to a person.
    fn meant(text: &str) -> Option<String> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let word = text[digits..].trim().to_lowercase();
        let word = word.strip_suffix("ytes").unwrap_or(&word);
        let is_binary = |unit: &&(&str, u64)| unit.0.contains('i') && unit.0.to_lowercase() == word;
        let (unit, _) = SIZES.iter().find(is_binary)?;
        Some(format!("{} {unit}", &text[..digits]))
    }
}
scalar_as_text!(Bytes);

/// A number without a unit. `f64` is finite.
impl Scalar for f64 {
    const NAME: &'static str = "number";
    const NAME_JA: &'static str = "数";
    const EXAMPLE: &'static str = "80";
    const PATTERN: Option<&'static str> = Some(r"^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$");
    fn parse(text: &str) -> Result<Self, Say> {
        text.trim()
            .parse::<Self>()
            .ok()
            .filter(|n| n.is_finite())
            .ok_or_else(|| say!("`{text}` is not a number", "`{text}` は数ではありません"))
    }
}

impl Scalar for u64 {
    const NAME: &'static str = "whole number";
    const NAME_JA: &'static str = "整数";
    const EXAMPLE: &'static str = "10";
    const PATTERN: Option<&'static str> = Some(r"^\s*\d[\d_]*\s*$");
    fn parse(text: &str) -> Result<Self, Say> {
        text.trim().replace('_', "").parse().map_err(|_| {
            say!(
                "`{text}` is not a whole number",
                "`{text}` は整数ではありません"
            )
        })
    }
}

impl Scalar for bool {
    const NAME: &'static str = "true or false";
    const NAME_JA: &'static str = "true か false";
    const EXAMPLE: &'static str = "true";
    const ONE_OF: &'static [&'static str] = &["true", "false"];
    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(say!(
                "`{text}` is neither true nor false",
                "`{text}` は true でも false でもありません"
            )),
        }
    }
}

impl Scalar for String {
    const NAME: &'static str = "text";
    const NAME_JA: &'static str = "文字列";
    const EXAMPLE: &'static str = "payments";
    fn parse(text: &str) -> Result<Self, Say> {
        Ok(text.to_owned())
    }
}

/// `12.500` as `12.5`, `3.0` as `3`.
#[must_use]
pub fn trim_zeros(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    (if text == "-0" { "0" } else { text }).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_show_as_people_write_them() {
        for (text, secs, shown) in [
            ("15s", 15.0, "15s"),
            ("1h30m", 5_400.0, "1h30m"),
            ("1.5 h", 5_400.0, "1h30m"),
            ("30d", 2_592_000.0, "30d"),
            ("2w", 1_209_600.0, "14d"),
            ("1y", 31_536_000.0, "365d"),
            ("250ms", 0.25, "250ms"),
            ("0", 0.0, "0s"),
        ] {
            let span = Span::parse(text).unwrap_or_default();
            assert_eq!(
                (span.0.as_secs_f64(), span.to_string()),
                (secs, shown.to_owned()),
                "{text}"
            );
        }
        for wrong in [
            "",
            "5",
            "5 minutes",
            "m",
            "-5m",
            "1.2.3s",
            "NaN",
            "200y",
            "5m x",
            "inf s",
        ] {
            assert!(Span::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn percentages_keep_their_nines() {
        for (text, share, shown) in [
            ("99.5 %", 0.995, "99.5 %"),
            ("99.99999999%", 0.999_999_999_9, "99.99999999 %"),
            ("7 %", 0.07, "7 %"),
            ("0.1 %", 0.001, "0.1 %"),
            ("100%", 1.0, "100 %"),
        ] {
            assert_eq!(
                Percent::parse(text).map(|p| (p.0, p.to_string())),
                Ok((share, shown.to_owned()))
            );
        }
        for wrong in ["99.5", "101 %", "-1 %", "NaN %", "inf %", "%"] {
            assert!(Percent::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_read_and_show_as_people_write_them() {
        for (text, bytes, shown) in [
            ("64 KiB", 65_536, "64 KiB"),
            ("200 MB", 200_000_000, "200 MB"),
            ("1.5 GiB", 1_610_612_736, "1536 MiB"),
            ("0 B", 0, "0 B"),
        ] {
            assert_eq!(
                Bytes::parse(text).map(|b| (b.0, b.to_string())),
                Ok((bytes, shown.to_owned()))
            );
        }
        assert!(
            ["64", "KiB", "1.2.3 MB", "-1 B"]
                .into_iter()
                .all(|wrong| Bytes::parse(wrong).is_err())
        );
    }
}
