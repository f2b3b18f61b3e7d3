//! What is bounded and by how much: `< 500ms`, `>= 99.5 %`, `100/s`, `2500 USD`.
//!
//! A document mixes units freely; a bound knows its own, so that `5 %` is never compared with 5 events. What
//! a bare number means is for its reader to say.

use std::fmt;

use crate::{
    Say,
    record::Scalar,
    scalar_as_text,
    unit::{Bytes, Percent, Span, trim_zeros},
};

/// An amount of money: `2500 USD`, `300000 JPY`. Held in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub hundredths: i64,
    pub currency: Currency,
}

impl Money {
    /// The sum of amounts in one currency; `None` of none, and where their currencies differ.
    pub fn sum<'m>(mut amounts: impl Iterator<Item = &'m Self>) -> Option<Self> {
        let first = *amounts.next()?;
        amounts.try_fold(first, |sum, it| {
            let hundredths = sum.hundredths.saturating_add(it.hundredths);
            (it.currency == sum.currency).then_some(Self { hundredths, ..sum })
        })
    }
}

/// An ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

impl Currency {
    fn of(text: &str) -> Option<Self> {
        let code: [u8; 3] = match text {
            "$" => *b"USD",
            "¥" | "￥" | "円" => *b"JPY",
            "€" => *b"EUR",
            "£" => *b"GBP",
            code => code.as_bytes().try_into().ok()?,
        };
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }
}

impl Money {
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Far below 2^53 hundredths.
    pub fn amount(self) -> f64 {
        self.hundredths as f64 / 100.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", trim_zeros(self.amount(), 2), self.currency)
    }
}

/// More than any budget, and far from overflow.
const AMOUNT_MAX: f64 = 1e15;

impl Scalar for Money {
    const NAME: &'static str = "amount of money";
    const NAME_JA: &'static str = "金額";
    const EXAMPLE: &'static str = "2500 USD";

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not an amount of money",
                "`{text}` は金額ではありません"
            )
        };
        let trimmed = text.trim();
        let is_digit = |c: char| c.is_ascii_digit();
        let from = trimmed.find(is_digit).ok_or_else(wrong)?;
        let until = trimmed.rfind(is_digit).ok_or_else(wrong)? + 1;
        let (before, after) = (trimmed[..from].trim(), trimmed[until..].trim());
        let code = match (before, after) {
            ("", code) | (code, "") => code,
            _ => return Err(wrong()),
        };
        let currency = Currency::of(code).ok_or_else(wrong)?;
        let number: f64 = trimmed[from..until]
            .replace([',', '_'], "")
            .parse()
            .map_err(|_| wrong())?;
        if number > AMOUNT_MAX {
            return Err(wrong());
        }
        #[allow(clippy::cast_possible_truncation)]
        Ok(Self {
            hundredths: (number * 100.0).round() as i64,
            currency,
        })
    }
}
scalar_as_text!(Money);

/// So many in a second: `100/s`, `6000/min`. Held per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// Units of time that a rate may be written in, the shortest first.
const PER: [(&str, f64); 10] = [
    ("s", 1.0),
    ("sec", 1.0),
    ("second", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("minute", 60.0),
    ("h", 3_600.0),
    ("hour", 3_600.0),
    ("d", 86_400.0),
    ("day", 86_400.0),
];

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0.0 || self.0 >= 1.0 {
            write!(f, "{}/s", trim_zeros(self.0, 2))
        } else {
            write!(f, "{}/h", trim_zeros(self.0 * 3_600.0, 6))
        }
    }
}

impl Scalar for Rate {
    const NAME: &'static str = "rate";
    const NAME_JA: &'static str = "頻度";
    const EXAMPLE: &'static str = "100/s";

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || {
            say!(
                "`{text}` is not a rate such as `100/s`",
                "`{text}` は `100/s` のような頻度ではありません"
            )
        };
        let (number, per) = text.split_once('/').ok_or_else(wrong)?;
        // What is counted may be named: `100 req/s`.
        let digits = number
            .trim()
            .trim_end_matches(|c: char| c.is_alphabetic() || c == ' ');
        let number = f64::parse(&digits.replace([',', '_'], ""))?;
        let (_, secs) = PER
            .iter()
            .find(|(name, _)| *name == per.trim())
            .ok_or_else(wrong)?;
        if !(0.0..=AMOUNT_MAX).contains(&number) {
            return Err(wrong());
        }
        Ok(Self(number / secs))
    }
}
scalar_as_text!(Rate);

/// A figure with its unit, of whatever kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    Share(Percent),
    Time(Span),
    Size(Bytes),
    Rate(Rate),
    Money(Money),
    Number(f64),
}

impl Quantity {
    /// As one number in the unit of its kind: a fraction of 1, seconds, bytes, per second, money, or itself.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn number(self) -> f64 {
        match self {
            Self::Share(share) => share.0,
            Self::Time(span) => span.0.as_secs_f64(),
            Self::Size(bytes) => bytes.0 as f64,
            Self::Rate(rate) => rate.0,
            Self::Money(money) => money.amount(),
            Self::Number(number) => number,
        }
    }

    /// Whether the two can be compared.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Money(a), Self::Money(b)) => a.currency == b.currency,
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(it) => it.fmt(f),
            Self::Time(it) => it.fmt(f),
            Self::Size(it) => it.fmt(f),
            Self::Rate(it) => it.fmt(f),
            Self::Money(it) => it.fmt(f),
            Self::Number(it) => f.write_str(&trim_zeros(*it, 6)),
        }
    }
}

impl Scalar for Quantity {
    const NAME: &'static str = "figure";
    const NAME_JA: &'static str = "数値";
    const EXAMPLE: &'static str = "500ms";

    fn parse(text: &str) -> Result<Self, Say> {
        let text = text.trim();
        let number = f64::parse(text).map(Self::Number);
        number
            .or_else(|_| Percent::parse(text).map(Self::Share))
            .or_else(|_| Span::parse(text).map(Self::Time))
            .or_else(|_| Rate::parse(text).map(Self::Rate))
            .or_else(|_| Bytes::parse(text).map(Self::Size))
            .or_else(|_| Money::parse(text).map(Self::Money))
            .map_err(|_| say!("`{text}` is not a figure", "`{text}` は数値ではありません"))
    }
}
scalar_as_text!(Quantity);

/// How a value may lie to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Below,
    AtMost,
    Above,
    AtLeast,
}

const SIGNS: [(&str, Sign); 6] = [
    ("<=", Sign::AtMost),
    (">=", Sign::AtLeast),
    ("≤", Sign::AtMost),
    ("≥", Sign::AtLeast),
    ("<", Sign::Below),
    (">", Sign::Above),
];

/// A bound with its unit: `< 500ms`, `>= 99.5 %`. Without a sign it is an upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    pub sign: Sign,
    pub value: Quantity,
}

impl Bound {
    /// Whether large values are the bad ones.
    #[must_use]
    pub fn is_upper(self) -> bool {
        matches!(self.sign, Sign::Below | Sign::AtMost)
    }

    /// The sign and the rest of a text that begins with one.
    #[must_use]
    pub fn split(text: &str) -> Option<(Sign, &str)> {
        SIGNS
            .iter()
            .find_map(|(written, sign)| Some((*sign, text.strip_prefix(written)?.trim_start())))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = SIGNS.iter().find(|(_, sign)| *sign == self.sign);
        write!(f, "{} {}", sign.map_or("<=", |(text, _)| text), self.value)
    }
}

impl Scalar for Bound {
    const NAME: &'static str = "bound";
    const NAME_JA: &'static str = "範囲";
    const EXAMPLE: &'static str = ">= 99.5 %";

    fn parse(text: &str) -> Result<Self, Say> {
        let (sign, value) = Self::split(text.trim()).unwrap_or((Sign::AtMost, text.trim()));
        let value = Quantity::parse(value)?;
        Ok(Self { sign, value })
    }
}
scalar_as_text!(Bound);

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T: Scalar + fmt::Display>(text: &str) -> Option<String> {
        T::parse(text).ok().map(|it| it.to_string())
    }

    #[test]
    fn money_is_written_before_or_after_its_currency() {
        for (text, wanted) in [
            ("$2,500", "2500 USD"),
            ("2500 USD", "2500 USD"),
            ("¥300,000", "300000 JPY"),
            ("19.99 EUR", "19.99 EUR"),
        ] {
            assert_eq!(shown::<Money>(text).as_deref(), Some(wanted), "{text}");
        }
        for wrong in ["2500", "USD", "-5 USD", "5 usd", "1 US", "$ 1 USD", "円"] {
            assert_eq!(shown::<Money>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rates_are_per_second_whatever_they_are_written_in() {
        // 6,000 a minute are 100 a second; 36 an hour are one in 100 s.
        for (text, wanted) in [("100 req/s", 100.0), ("6000/min", 100.0), ("36/h", 0.01)] {
            assert_eq!(Rate::parse(text), Ok(Rate(wanted)), "{text}");
            let again = shown::<Rate>(text).map(|text| Rate::parse(&text));
            assert_eq!(again, Some(Ok(Rate(wanted))), "{text}");
        }
        assert!(
            ["100", "-1/s", "x/s", "1/fortnight"]
                .iter()
                .all(|it| Rate::parse(it).is_err())
        );
    }

    #[test]
    fn a_bound_knows_its_unit() {
        for (text, wanted) in [
            ("< 500ms", "< 500ms"),
            (">=99.5%", ">= 99.5 %"),
            ("70 %", "<= 70 %"),
            ("≥ 100 req/s", ">= 100/s"),
            ("> 5", "> 5"),
            ("<= 4 GiB", "<= 4 GiB"),
        ] {
            assert_eq!(shown::<Bound>(text).as_deref(), Some(wanted), "{text}");
        }
        assert!(Bound::parse("< fast").is_err());
        let share = Quantity::Share(Percent(0.05));
        assert!(
            !share.is_like(Quantity::Number(5.0)) && share.is_like(Quantity::Share(Percent(1.0)))
        );
    }
}
