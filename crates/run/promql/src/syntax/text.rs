//! Quoted texts, with the escapes of Go.

use std::iter::Peekable;

/// The text at the beginning, and how many bytes it takes with its quotes.
pub(super) fn unquote(rest: &str) -> Result<(String, usize), String> {
    let mut chars = rest.char_indices().peekable();
    let Some((_, quote)) = chars.next() else {
        return Err("unterminated quoted string".to_owned());
    };
    // Escapes may spell bytes one by one, so the text is gathered as bytes.
    let mut out = Vec::new();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => {
                return Ok((decoded(&out), at + c.len_utf8()));
            }
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => escape(&mut chars, quote, &mut out)?,
            _ => push(&mut out, c),
        }
    }
    Err(if quote == '`' {
        "unterminated raw string".to_owned()
    } else {
        "unterminated quoted string".to_owned()
    })
}

/// Where bytes that are no text stand: the last private characters, of which no text makes use.
const BYTES: u32 = 0x10_FF00;

/// Whether a text was spelled with bytes that are none.
pub(crate) fn has_bytes(text: &str) -> bool {
    text.chars().any(|c| c as u32 >= BYTES)
}

fn decoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let marks = chunk.invalid().iter();
        text.extend(marks.filter_map(|byte| char::from_u32(BYTES + u32::from(*byte))));
    }
    text
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape(
    chars: &mut Peekable<impl Iterator<Item = (usize, char)>>,
    quote: char,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let Some((_, c)) = chars.next() else {
        return Err("escape sequence not terminated".to_owned());
    };
    let plain = match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        _ if c == quote => c as u8,
        '0'..='7' => {
            let first = c.to_digit(8).unwrap_or(0);
            let code = first * 64 + digits(chars, 2, 8)?;
            out.push(u8::try_from(code).map_err(|_| invalid())?);
            return Ok(());
        }
        'x' => {
            let code = digits(chars, 2, 16)?;
            out.push(u8::try_from(code).map_err(|_| invalid())?);
            return Ok(());
        }
        'u' | 'U' => {
            let code = digits(chars, if c == 'u' { 4 } else { 8 }, 16)?;
            push(out, char::from_u32(code).ok_or_else(invalid)?);
            return Ok(());
        }
        _ => return Err(format!("unknown escape sequence {c:?}")),
    };
    out.push(plain);
    Ok(())
}

fn invalid() -> String {
    "escape sequence is an invalid Unicode code point".to_owned()
}

fn digits(
    chars: &mut Peekable<impl Iterator<Item = (usize, char)>>,
    count: usize,
    radix: u32,
) -> Result<u32, String> {
    let mut code = 0u32;
    for _ in 0..count {
        let (_, c) = chars
            .next()
            .ok_or_else(|| "escape sequence not terminated".to_owned())?;
        let digit = c
            .to_digit(radix)
            .ok_or_else(|| format!("illegal character {c:?} in escape sequence"))?;
        code = code
            .checked_mul(radix)
            .and_then(|code| code.checked_add(digit))
            .ok_or_else(invalid)?;
    }
    Ok(code)
}

/// In double quotes, as Go's `%q`.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c if c as u32 >= BYTES => out.push_str(&format!("\\x{:02x}", c as u32 - BYTES)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_go() {
        let read = |text: &str| unquote(text).map(|(text, _)| text);
        assert_eq!(
            read(r#""a\tb\"c\x41\u00e9\101" rest"#).expect("a text"),
            "a\tb\"cAéA"
        );
        assert_eq!(read(r"`a\tb`").expect("a text"), r"a\tb");
        assert_eq!(read(r"'it\'s'").expect("a text"), "it's");
        for wrong in [r#""a"#, r#""\q""#, r#""\x4""#, r#""\ud800""#, "\"a\nb\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
