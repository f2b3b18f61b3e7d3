//! Lengths of time: `1h30m`, plain seconds, and arithmetic over both.

use crate::number;

/// Milliseconds of each unit, the largest first; those of the second kind are written only when they fit evenly.
const UNITS: [(&str, i64, bool); 7] = [
    ("y", 365 * 86_400_000, true),
    ("w", 7 * 86_400_000, true),
    ("d", 86_400_000, false),
    ("h", 3_600_000, false),
    ("m", 60_000, false),
    ("s", 1_000, false),
    ("ms", 1, false),
];

/// Durations are kept in 64-bit nanoseconds where they come from; a longer one is refused.
const MILLIS_MAX: i64 = i64::MAX / 1_000_000;

/// `1h30m` in milliseconds: each unit at most once, the larger before the smaller.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut total, mut next) = (text, 0i64, 0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let place = UNITS.iter().position(|(name, ..)| *name == &rest[..unit])?;
        if place < next {
            return None;
        }
        next = place + 1;
        total = total.checked_add(count.checked_mul(UNITS[place].1)?)?;
        rest = &rest[unit..];
    }
    (next > 0 && total <= MILLIS_MAX).then_some(total)
}

pub(crate) fn show(millis: i64) -> String {
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut out = if millis < 0 { "-" } else { "" }.to_owned();
    let mut left = millis.unsigned_abs();
    for (name, size, only_even) in UNITS {
        let size = size.unsigned_abs();
        if only_even && !left.is_multiple_of(size) {
            continue;
        }
        if left >= size {
            out.push_str(&format!("{}{name}", left / size));
            left %= size;
        }
    }
    out
}

/// A range, step or offset: what it comes to, and how it was written if not as one number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Length {
    pub millis: i64,
    pub written: Option<String>,
}

impl Length {
    pub fn show(&self) -> String {
        self.written.clone().unwrap_or_else(|| show(self.millis))
    }
}

/// A part of the arithmetic while it is read; in seconds.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub seconds: f64,
    pub text: String,
    /// One number, with or without a sign.
    pub is_literal: bool,
}

impl Term {
    pub fn number(value: f64) -> Self {
        Self {
            seconds: value,
            text: number::plain(value),
            is_literal: true,
        }
    }

    pub fn duration(millis: i64) -> Self {
        Self {
            seconds: millis as f64 / 1000.0,
            text: show(millis),
            is_literal: true,
        }
    }

    pub fn negated(self) -> Self {
        let text = match self.text.strip_prefix('-') {
            Some(text) if self.is_literal => text.to_owned(),
            _ => format!("-{}", self.text),
        };
        Self {
            seconds: -self.seconds,
            text,
            ..self
        }
    }

    pub fn wrapped(self) -> Self {
        if self.is_literal {
            return self;
        }
        Self {
            text: format!("({})", self.text),
            ..self
        }
    }

    pub fn with(self, sign: &str, other: &Self) -> Result<Self, String> {
        let (a, b) = (self.seconds, other.seconds);
        let seconds = match sign {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" if b == 0.0 => return Err("division by zero".to_owned()),
            "/" => a / b,
            "%" if b == 0.0 => return Err("modulo by zero".to_owned()),
            "%" => a % b,
            _ => a.powf(b),
        };
        Ok(Self {
            seconds,
            text: format!("{} {sign} {}", self.text, other.text),
            is_literal: false,
        })
    }

    pub fn length(self) -> Result<Length, String> {
        // A literal is rounded to nanoseconds first; either way less than a millisecond is cut off.
        let millis = if self.is_literal {
            ((self.seconds * 1e9).round() / 1e6).trunc()
        } else {
            (self.seconds * 1000.0).trunc()
        };
        if !millis.is_finite() || millis.abs() > MILLIS_MAX as f64 {
            return Err("duration out of range".to_owned());
        }
        Ok(Length {
            millis: millis as i64,
            written: (!self.is_literal).then_some(self.text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, millis) in [
            ("1h30m", 5_400_000),
            ("1y2w3d", 365 * 86_400_000 + 17 * 86_400_000),
            ("150ms", 150),
            ("5m", 300_000),
        ] {
            assert_eq!(parse(text), Some(millis), "{text}");
        }
        for wrong in ["", "5", "m", "5m1h", "5mm", "1.5h", "99999999999y"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        // A week is written only where nothing is left over.
        assert_eq!(show(14 * 86_400_000), "2w");
        assert_eq!(show(8 * 86_400_000), "8d");
        assert_eq!(show(5_400_000), "1h30m");
        assert_eq!(show(-1_500), "-1s500ms");
    }
}
