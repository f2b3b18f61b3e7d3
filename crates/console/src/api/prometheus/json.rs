//! JSON written by hand into one buffer.
//!
//! A chart of ten thousand series is millions of numbers; a tree of values would cost more than to compute them.
//! Floats come out as Prometheus prints them, which is as Go does.

use std::fmt::Write as _;

use promql::Labels;

/// `"text"`, escaped.
pub(super) fn text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(escaped);
        if escaped.is_empty() {
            // Writing into a String cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// `[item,item]`
pub(super) fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

/// `["text","text"]`
pub(super) fn texts(out: &mut String, all: impl IntoIterator<Item = impl AsRef<str>>) {
    list(out, all, |out, one| text(out, one.as_ref()));
}

/// `{"name":"value"}`
pub(super) fn pairs<'p>(out: &mut String, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) {
    out.push('{');
    for (i, (name, value)) in pairs.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        text(out, name);
        out.push(':');
        text(out, value);
    }
    out.push('}');
}

pub(super) fn labels(out: &mut String, labels: &Labels) {
    pairs(out, labels);
}

/// Milliseconds as seconds, with a fraction of three digits where there is one.
pub(super) fn seconds(out: &mut String, millis: i64) {
    if millis < 0 {
        out.push('-');
    }
    let millis = millis.unsigned_abs();
    out.push_str(itoa::Buffer::new().format(millis / 1_000));
    if !millis.is_multiple_of(1_000) {
        let _ = write!(out, ".{:03}", millis % 1_000);
    }
}

/// Whole numbers below this are exact, and written fastest as such.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A sample: the shortest text that reads back as the same float, with an exponent where it is very small or large.
pub(super) fn float(out: &mut String, n: f64) {
    let size = n.abs();
    if size < EXACT_MAX && n.fract() == 0.0 && (n != 0.0 || n.is_sign_positive()) {
        #[allow(clippy::cast_possible_truncation)]
        out.push_str(itoa::Buffer::new().format(n as i64));
    } else if size > 0.0 && n.is_finite() {
        let digits = Digits::of(n);
        if (1e-6..1e21).contains(&size) {
            digits.decimal(out);
        } else {
            digits.scientific(out);
        }
    } else {
        special(out, n);
    }
}

/// A scalar: never an exponent.
pub(super) fn plain(out: &mut String, n: f64) {
    if n == 0.0 || !n.is_finite() {
        return special(out, n);
    }
    Digits::of(n).decimal(out);
}

/// The value of an alert: always an exponent.
pub(super) fn exponent(out: &mut String, n: f64) {
    if !n.is_finite() {
        return special(out, n);
    }
    Digits::of(n).scientific(out);
}

/// A sample of the text format: an exponent as soon as it is shorter to read, from 1e+06 on.
pub(super) fn general(out: &mut String, n: f64) {
    if n == 0.0 {
        // Of either sign.
        return out.push('0');
    }
    if !n.is_finite() {
        return special(out, n);
    }
    let digits = Digits::of(n);
    if (-4..6).contains(&(digits.point - 1)) {
        digits.decimal(out);
    } else {
        digits.scientific(out);
    }
}

fn special(out: &mut String, n: f64) {
    out.push_str(if n.is_nan() {
        "NaN"
    } else if n == 0.0 {
        if n.is_sign_negative() { "-0" } else { "0" }
    } else if n > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    });
}

/// The shortest digits that name a float: `0.DIGITS` times ten to the power of `point`.
struct Digits {
    negative: bool,
    /// At most 17 are needed; the first is not zero, except for zero itself.
    digits: [u8; Self::MAX],
    len: usize,
    point: i32,
}

impl Digits {
    /// More than 17 are never needed; the text between them has zeros at either end.
    const MAX: usize = 40;

    fn of(n: f64) -> Self {
        let mut this = Self {
            negative: n.is_sign_negative(),
            digits: [b'0'; Self::MAX],
            len: 0,
            point: 0,
        };
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(n.abs());
        let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
        let mut seen_point = false;
        for byte in mantissa.bytes() {
            match byte {
                b'.' => seen_point = true,
                b'0' if this.len == 0 => this.point -= i32::from(seen_point),
                _ if this.len < Self::MAX => {
                    this.digits[this.len] = byte;
                    this.len += 1;
                    this.point += i32::from(!seen_point);
                }
                _ => {}
            }
        }
        while this.len > 1 && this.digits[this.len - 1] == b'0' {
            this.len -= 1;
        }
        if this.len == 0 {
            (this.len, this.point) = (1, 1);
        } else {
            this.point += power.parse::<i32>().unwrap_or(0);
        }
        this
    }

    fn text(&self, range: std::ops::Range<usize>) -> &str {
        std::str::from_utf8(self.digits.get(range).unwrap_or_default()).unwrap_or_default()
    }

    fn sign(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
    }

    fn decimal(&self, out: &mut String) {
        self.sign(out);
        let zeros = |out: &mut String, n: usize| out.extend(std::iter::repeat_n('0', n));
        match usize::try_from(self.point) {
            Ok(point) if point >= self.len => {
                out.push_str(self.text(0..self.len));
                zeros(out, point - self.len);
            }
            Ok(point) if point > 0 => {
                out.push_str(self.text(0..point));
                out.push('.');
                out.push_str(self.text(point..self.len));
            }
            _ => {
                out.push_str("0.");
                zeros(out, usize::try_from(-self.point).unwrap_or(0));
                out.push_str(self.text(0..self.len));
            }
        }
    }

    /// `1.25e-07`: at least two digits of exponent, as Go writes it.
    fn scientific(&self, out: &mut String) {
        self.sign(out);
        out.push_str(self.text(0..1));
        if self.len > 1 {
            out.push('.');
            out.push_str(self.text(1..self.len));
        }
        let power = self.point - 1;
        let sign = if power < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", power.unsigned_abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&mut String, f64), n: f64) -> String {
        let mut out = String::new();
        write(&mut out, n);
        out
    }

    #[test]
    fn floats_are_written_as_a_real_prometheus_writes_them() {
        // Prometheus 3.5.3 answered so when asked for `vector(…)` of each.
        for (n, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-42.0, "-42"),
            (0.1 + 0.2, "0.30000000000000004"),
            (16_777_216_000.0, "16777216000"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e-7, "1.25e-07"),
            (0.000_001, "0.000001"),
            (0.001_25, "0.00125"),
            (123_456.789, "123456.789"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(written(float, n), text);
        }
        // And so when asked for the literal alone, which is a scalar.
        assert_eq!(written(plain, 1.25e-7), "0.000000125");
        assert_eq!(written(plain, 1e21), "1000000000000000000000");
        assert_eq!(written(plain, f64::INFINITY), "+Inf");
        assert_eq!(written(plain, -0.0), "-0");
        // The value of an alert in `/api/v1/alerts`.
        assert_eq!(
            written(exponent, 17.317_135_409_997_825),
            "1.7317135409997825e+01"
        );
        assert_eq!(written(exponent, 0.0), "0e+00");
        assert_eq!(written(exponent, -1.0), "-1e+00");
        // Lines of `/federate`.
        assert_eq!(written(general, 2_400.0), "2400");
        assert_eq!(written(general, 1_234_567.0), "1.234567e+06");
        assert_eq!(written(general, 1.25e-7), "1.25e-07");
        assert_eq!(written(general, -0.0), "0");
    }

    #[test]
    fn instants_keep_their_milliseconds() {
        let of = |millis| {
            let mut out = String::new();
            seconds(&mut out, millis);
            out
        };
        assert_eq!(of(1_435_781_430_781), "1435781430.781");
        assert_eq!(of(1_435_781_430_000), "1435781430");
        assert_eq!(of(200), "0.200");
        assert_eq!(of(-1), "-0.001");
        assert_eq!(of(i64::MIN), "-9223372036854775.808");
    }

    #[test]
    fn any_text_reads_back() {
        let odd = "a\"b\\c\n\r\t\u{1}\u{7f}東京\u{2028}";
        let mut out = String::new();
        text(&mut out, odd);
        assert_eq!(
            serde_json::from_str::<String>(&out).ok().as_deref(),
            Some(odd)
        );
    }
}
