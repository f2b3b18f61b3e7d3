//! Numbers as the field reads and writes them, which is how Go does.

/// The shortest text that reads back as the same float, never with an exponent.
pub(crate) fn plain(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// The same, with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return plain(value);
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return plain(value);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A number literal: decimal, hexadecimal (floats too), octal, binary, with `_` between digits; `Inf` and `NaN`
/// in any case.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.starts_with(['+', '-', '_']) || rest.ends_with('_') {
        return None;
    }
    let lower = rest.to_ascii_lowercase();
    if lower.contains('_') && !lower.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = lower.replace('_', "");
    let whole = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(|n| n as f64);
    let value = if let Some(hex) = digits.strip_prefix("0x") {
        whole(hex, 16).or_else(|| hexadecimal(hex))
    } else if let Some(octal) = digits.strip_prefix("0o") {
        whole(octal, 8)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        whole(binary, 2)
    } else if digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
    {
        whole(&digits, 8).or_else(|| digits.parse().ok())
    } else {
        digits.parse().ok()
    };
    value.map(|value: f64| sign * value)
}

/// `1.8p-3` after `0x`.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut value = 0.0;
    for digit in whole.chars().chain(part.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let shift = exponent.checked_sub(i32::try_from(part.len()).ok()?.checked_mul(4)?)?;
    (!mantissa.is_empty()).then(|| value * 2f64.powi(shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_prometheus_reads_them() {
        for (text, value) in [
            ("12.34", 12.34),
            ("1_000", 1000.0),
            ("0x1F", 31.0),
            ("0o17", 15.0),
            ("017", 15.0),
            ("0b11", 3.0),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+Inf", f64::INFINITY),
            ("0x1p-2", 0.25),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        assert!(parse("NaN").is_some_and(f64::is_nan));
        for wrong in ["", "x", "--1", "1__", "0xg"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn short_numbers_are_written_as_go_writes_them() {
        // Answers of Go's fmt with %g.
        for (value, text) in [
            (0.5, "0.5"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
