//! Texts that are numbers in disguise.

use std::fmt::Write as _;

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum Form {
    /// As `itoa` writes it: no sign before a positive one, no zeros before digits.
    Integer,
    /// So many digits, zeros in front.
    Digits(u8),
    /// Four numbers with dots between them.
    Address,
    /// RFC 3339 in UTC with so many digits of a second's fraction; the number counts such fractions since 1970.
    Time { digits: u8, ends: End, between: u8 },
}

/// How a time ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super) enum End {
    Z,
    Zero,
    Nothing,
}

/// 18 digits always fit an `i64`.
const DIGITS_MAX: usize = 18;
/// Nanoseconds since 1970 fit until 2262.
const FRACTION_MAX: usize = 9;

impl Form {
    /// The form that a text seems to have.
    pub fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let first = *bytes.first()?;
        if first == b'-' || first.is_ascii_digit() {
            for form in [
                Some(Self::Integer),
                digits(bytes),
                Some(Self::Address),
                time(bytes),
            ]
            .into_iter()
            .flatten()
            {
                if form.parse(text).is_some() {
                    return Some(form);
                }
            }
        }
        None
    }

    /// The number of a text that is written exactly so.
    pub fn parse(self, text: &str) -> Option<i64> {
        let bytes = text.as_bytes();
        match self {
            Self::Integer => {
                let (is_negative, digits) = match bytes.split_first()? {
                    (b'-', rest) => (true, rest),
                    _ => (false, bytes),
                };
                if digits.len() > DIGITS_MAX
                    || digits.first() == Some(&b'0') && (digits.len() > 1 || is_negative)
                {
                    return None;
                }
                let n = number(digits)?;
                Some(if is_negative { -n } else { n })
            }
            Self::Digits(count) => {
                (bytes.len() == usize::from(count) && bytes.len() <= DIGITS_MAX).then_some(())?;
                number(bytes)
            }
            Self::Address => {
                let mut parts = text.split('.');
                let mut all = 0;
                for _ in 0..4 {
                    let part = parts.next()?;
                    (part.len() <= 3).then_some(())?;
                    let n = Self::Integer.parse(part).filter(|n| (0..256).contains(n))?;
                    all = all << 8 | n;
                }
                parts.next().is_none().then_some(all)
            }
            Self::Time {
                digits,
                ends,
                between,
            } => parse_time(bytes, usize::from(digits), ends, between),
        }
    }

    pub fn put(self, number: i64, out: &mut String) {
        // Writing to a string does not fail.
        let _ = match self {
            Self::Integer => write!(out, "{number}"),
            Self::Digits(count) => write!(out, "{number:0count$}", count = usize::from(count)),
            Self::Address => {
                let [.., a, b, c, d] = number.to_be_bytes();
                write!(out, "{a}.{b}.{c}.{d}")
            }
            Self::Time {
                digits,
                ends,
                between,
            } => {
                let scale = 10i64.pow(u32::from(digits));
                let (secs, fraction) = (number.div_euclid(scale), number.rem_euclid(scale));
                let (year, month, day) = civil(secs.div_euclid(86_400));
                let second = secs.rem_euclid(86_400);
                let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
                let between = char::from(between);
                let _ = write!(
                    out,
                    "{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}"
                );
                if digits > 0 {
                    let _ = write!(out, ".{fraction:0width$}", width = usize::from(digits));
                }
                out.write_str(match ends {
                    End::Z => "Z",
                    End::Zero => "+00:00",
                    End::Nothing => "",
                })
            }
        };
    }

    pub fn code(self) -> [u8; 4] {
        match self {
            Self::Integer => [0, 0, 0, 0],
            Self::Digits(count) => [1, count, 0, 0],
            Self::Address => [2, 0, 0, 0],
            Self::Time {
                digits,
                ends,
                between,
            } => [3, digits, ends as u8, between],
        }
    }

    pub fn from_code(code: [u8; 4]) -> Option<Self> {
        Some(match code {
            [0, ..] => Self::Integer,
            [1, count, ..] if usize::from(count) <= DIGITS_MAX => Self::Digits(count),
            [2, ..] => Self::Address,
            [3, digits, ends, between @ (b'T' | b' ')] if usize::from(digits) <= FRACTION_MAX => {
                Self::Time {
                    digits,
                    ends: match ends {
                        0 => End::Z,
                        1 => End::Zero,
                        _ => End::Nothing,
                    },
                    between,
                }
            }
            _ => return None,
        })
    }
}

fn digits(bytes: &[u8]) -> Option<Form> {
    let count = u8::try_from(bytes.len()).ok()?;
    (bytes.len() <= DIGITS_MAX).then_some(Form::Digits(count))
}

fn time(bytes: &[u8]) -> Option<Form> {
    let between = *bytes.get(10)?;
    let rest = bytes.get(19..)?;
    let (fraction, end) = match rest.split_first() {
        Some((b'.', rest)) => {
            let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            (count, rest.get(count..)?)
        }
        _ => (0, rest),
    };
    let ends = match end {
        b"Z" => End::Z,
        b"+00:00" => End::Zero,
        b"" => End::Nothing,
        _ => return None,
    };
    let is_form = fraction <= FRACTION_MAX && matches!(between, b'T' | b' ');
    is_form.then_some(Form::Time {
        digits: u8::try_from(fraction).ok()?,
        ends,
        between,
    })
}

fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    digits.iter().try_fold(0, |n, digit| {
        digit
            .is_ascii_digit()
            .then(|| n * 10 + i64::from(digit - b'0'))
    })
}

fn parse_time(bytes: &[u8], digits: usize, ends: End, between: u8) -> Option<i64> {
    let end = match ends {
        End::Z => 1,
        End::Zero => 6,
        End::Nothing => 0,
    };
    let fraction = if digits > 0 { digits + 1 } else { 0 };
    (bytes.len() == 19 + fraction + end && bytes[10] == between).then_some(())?;
    let is_plain = bytes[4] == b'-' && bytes[7] == b'-' && bytes[13] == b':' && bytes[16] == b':';
    is_plain.then_some(())?;
    let field = |from: usize, to: usize| number(bytes.get(from..to)?);
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    let days = days(year, month, day);
    // A day that the calendar does not have, or a leap second, would come back as another.
    let is_real = civil(days) == (year, month, day) && hour < 24 && minute < 60 && second < 60;
    is_real.then_some(())?;
    let secs = days * 86_400 + hour * 3600 + minute * 60 + second;
    let part = if digits > 0 {
        (bytes[19] == b'.').then_some(())?;
        field(20, 20 + digits)?
    } else {
        0
    };
    let tail = &bytes[19 + fraction..];
    (tail
        == match ends {
            End::Z => b"Z".as_slice(),
            End::Zero => b"+00:00",
            End::Nothing => b"",
        })
    .then_some(())?;
    secs.checked_mul(10i64.pow(u32::try_from(digits).ok()?))?
        .checked_add(part)
}

/// Days since 1970 of a date of the Gregorian calendar, whose year begins in March so that a leap day ends it.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_text_in_a_form_is_the_number_that_it_says() {
        // 1767571200 is 2026-01-05T00:00:00Z by `date -d`; 10.1.2.3 is 10 * 2^24 + 1 * 2^16 + 2 * 2^8 + 3.
        for (text, number) in [
            ("0", 0),
            ("-12", -12),
            ("0007", 7),
            ("10.1.2.3", 167_838_211),
            ("2026-01-05T00:00:00Z", 1_767_571_200),
            ("2026-01-05 00:00:00.250", 1_767_571_200_250),
            ("2024-02-29T23:59:59.000001+00:00", 1_709_251_199_000_001),
        ] {
            let form = Form::of(text).unwrap();
            assert_eq!(form.parse(text), Some(number), "{text}");
            let mut back = String::new();
            form.put(number, &mut back);
            assert_eq!(back, text);
            assert_eq!(Form::from_code(form.code()), Some(form));
        }
        for text in [
            "",
            "-",
            "-0",
            "1.0",
            "1e3",
            "+5",
            "256.1.1.1",
            "1.2.3",
            "01.2.3.4",
            "2026-02-29T00:00:00Z",
            "2026-01-05T24:00:00Z",
            "２",
        ] {
            assert_eq!(Form::of(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_has_a_form_comes_back_as_it_was(text in "-?[0-9]{1,20}|[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9]{4}-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|\\+00:00)?") {
            if let Some(form) = Form::of(&text) {
                let mut back = String::new();
                form.put(form.parse(&text).unwrap(), &mut back);
                proptest::prop_assert_eq!(back, text);
            }
        }
    }
}
