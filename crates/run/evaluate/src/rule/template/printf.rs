//! `printf` and Go's way to write floats.

use super::value::Value;

/// From so many digits before the point `%v` writes an exponent.
const SHORTEST_DIGITS: i32 = 6;
/// Wider than anything a person pads to; stops `%999999999d`.
const WIDTH_MAX: usize = 1_000;

/// `%v`: the fewest digits that read back the same, with an exponent below 1e-4 and from 1e6 (Prometheus's users know `1.5e+06`).
pub(super) fn shortest(value: f64) -> String {
    general(value, None)
}

/// `%.<digits>g`, without trailing zeros; `None` is `%g`, as many digits as it takes.
pub(super) fn general(value: f64, digits: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let digits = digits.map(|digits| digits.max(1));
    let written = match digits {
        Some(digits) => format!("{value:.*e}", digits - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let mut figures: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    while figures.len() > 1 && figures.ends_with('0') {
        figures.pop();
    }
    let limit = digits.map_or(SHORTEST_DIGITS, |digits| {
        i32::try_from(digits).unwrap_or(i32::MAX)
    });
    if exponent < -4 || exponent >= limit {
        let (first, rest) = figures.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}e{}", two_digits(exponent));
    }
    let Ok(whole) = usize::try_from(exponent) else {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{figures}");
    };
    if figures.len() <= whole + 1 {
        let zeros = "0".repeat(whole + 1 - figures.len());
        return format!("{sign}{figures}{zeros}");
    }
    let (before, after) = figures.split_at(whole + 1);
    format!("{sign}{before}.{after}")
}

/// `%.<digits>e`
fn exponential(value: f64, digits: usize) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let written = format!("{value:.digits$e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    format!("{mantissa}e{}", two_digits(exponent.parse().unwrap_or(0)))
}

fn special(value: f64) -> Option<String> {
    let text = match value {
        _ if value.is_nan() => "NaN",
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        _ => return None,
    };
    Some(text.to_owned())
}

fn two_digits(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{:02}", exponent.unsigned_abs())
}

#[derive(Default)]
struct Flags {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Go's `Sprintf`.
pub(super) fn sprintf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args_left = args.iter();
    let mut letters = format.chars().peekable();
    while let Some(c) = letters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = Flags::default();
        while let Some(flag) = letters.peek() {
            match flag {
                '-' => flags.left = true,
                '+' => flags.plus = true,
                ' ' => flags.space = true,
                '0' => flags.zero = true,
                '#' => flags.sharp = true,
                _ => break,
            }
            letters.next();
        }
        flags.width = figure(&mut letters, &mut args_left);
        if letters.next_if_eq(&'.').is_some() {
            flags.precision = Some(figure(&mut letters, &mut args_left).unwrap_or(0));
        }
        match letters.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match args_left.next() {
                None => out.push_str(&format!("%!{verb}(MISSING)")),
                Some(arg) => out.push_str(&one(verb, &flags, arg)),
            },
        }
    }
    let extra: Vec<String> = args_left
        .map(|arg| format!("{}={}", arg.kind(), arg.show()))
        .collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// A width or precision: digits, or `*` for the next argument.
fn figure<'a>(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    args: &mut impl Iterator<Item = &'a Value>,
) -> Option<usize> {
    if letters.next_if_eq(&'*').is_some() {
        return match args.next() {
            Some(Value::Int(value)) => usize::try_from(*value).ok().map(|n| n.min(WIDTH_MAX)),
            _ => None,
        };
    }
    let mut found = None;
    while let Some(digit) = letters.peek().and_then(|c| c.to_digit(10)) {
        found = Some((found.unwrap_or(0) * 10 + digit as usize).min(WIDTH_MAX));
        letters.next();
    }
    found
}

fn one(verb: char, flags: &Flags, arg: &Value) -> String {
    let text = match (verb, arg) {
        ('v', Value::Float(value)) => general(*value, flags.precision),
        ('v', Value::Nil) => "<nil>".to_owned(),
        ('v', other) => other.show(),
        ('T', other) => other.kind().to_owned(),
        ('t', Value::Bool(value)) => value.to_string(),
        ('d', Value::Int(value) | Value::Duration(value)) => value.to_string(),
        ('x', Value::Int(value)) => format!("{value:x}"),
        ('X', Value::Int(value)) => format!("{value:X}"),
        ('o', Value::Int(value)) => format!("{value:o}"),
        ('b', Value::Int(value)) => format!("{value:b}"),
        ('c', Value::Int(value)) => u32::try_from(*value)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER)
            .to_string(),
        ('f' | 'F', Value::Float(value)) => {
            special(*value).unwrap_or_else(|| format!("{value:.*}", flags.precision.unwrap_or(6)))
        }
        ('e', Value::Float(value)) => exponential(*value, flags.precision.unwrap_or(6)),
        ('E', Value::Float(value)) => {
            exponential(*value, flags.precision.unwrap_or(6)).to_uppercase()
        }
        ('g', Value::Float(value)) => general(*value, flags.precision),
        ('G', Value::Float(value)) => general(*value, flags.precision).to_uppercase(),
        ('s', Value::Text(text)) => cut(text, flags.precision),
        ('s', Value::Duration(_) | Value::Time(_) | Value::Labels(_) | Value::List(_)) => {
            cut(&arg.show(), flags.precision)
        }
        ('q', Value::Text(text)) => format!("{text:?}"),
        ('x', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        (_, Value::Nil) => format!("%!{verb}(<nil>)"),
        (_, other) => return format!("%!{verb}({}={})", other.kind(), other.show()),
    };
    let is_number = matches!(arg, Value::Int(_) | Value::Float(_)) && verb != 'c';
    let text = match text.strip_prefix('+') {
        // Of the infinities only the sign that was asked for is written, except by `%v`.
        Some(rest) if is_number && !flags.plus && matches!(verb, 'f' | 'F') => format!("+{rest}"),
        _ if is_number && flags.plus && !text.starts_with(['-', '+']) => format!("+{text}"),
        _ if is_number && flags.space && !text.starts_with(['-', '+']) => format!(" {text}"),
        _ => text,
    };
    pad(text, flags, is_number)
}

fn cut(text: &str, precision: Option<usize>) -> String {
    match precision {
        Some(letters) => text.chars().take(letters).collect(),
        None => text.to_owned(),
    }
}

fn pad(text: String, flags: &Flags, is_number: bool) -> String {
    let len = text.chars().count();
    let Some(missing) = flags.width.and_then(|width| width.checked_sub(len)) else {
        return text;
    };
    if flags.left {
        return text + &" ".repeat(missing);
    }
    let has_digits = text.contains(|c: char| c.is_ascii_digit());
    if flags.zero && is_number && has_digits {
        let sign = usize::from(text.starts_with(['-', '+', ' ']));
        let (sign, digits) = text.split_at(sign);
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    let fill = if flags.zero && !is_number { "0" } else { " " };
    fill.repeat(missing) + &text
}
