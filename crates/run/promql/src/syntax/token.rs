//! A text as tokens with their places. Keywords are told from names by whoever reads them: most may name a
//! metric or a label.

use super::text;
use crate::ParseError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword; with colons only outside braces.
    Word(String),
    Number(f64),
    /// Milliseconds.
    Duration(i64),
    Text(String),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub token: Token,
    pub start: usize,
}

/// The longest first, so that `<=` is not read as `<`.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "=~", "!~", "(", ")", "{", "}", "[", "]", ",", "=", "<", ">", "+", "-",
    "*", "/", "%", "^", "@", ":",
];

pub(super) fn tokens(query: &str) -> Result<Vec<Placed>, ParseError> {
    let mut all = Vec::new();
    let (mut at, mut in_braces, mut in_brackets) = (0, false, false);
    loop {
        at = skip_blank(query, at);
        let rest = &query[at..];
        let Some(first) = rest.chars().next() else {
            all.push(Placed {
                token: Token::End,
                start: at,
            });
            return Ok(all);
        };
        let (token, len) = if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            number_or_duration(rest).ok_or_else(|| {
                ParseError::at(
                    at,
                    format!("bad number or duration syntax: {:?}", word(rest, true)),
                )
            })?
        } else if matches!(first, '"' | '\'' | '`') {
            let (text, len) = text::unquote(rest).map_err(|why| ParseError::at(at, why))?;
            (Token::Text(text), len)
        } else if first.is_ascii_alphabetic()
            || first == '_'
            || (first == ':' && !in_braces && !in_brackets)
        {
            let name = word(rest, !in_braces && !in_brackets);
            let is_number = !in_braces && matches!(&*name.to_ascii_lowercase(), "inf" | "nan");
            let token = match crate::number::parse(name).filter(|_| is_number) {
                Some(value) => Token::Number(value),
                None => Token::Word(name.to_owned()),
            };
            (token, name.len())
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            match *sign {
                "{" => in_braces = true,
                "}" => in_braces = false,
                "[" => in_brackets = true,
                "]" => in_brackets = false,
                _ => {}
            }
            (Token::Sign(sign), sign.len())
        } else {
            return Err(ParseError::at(
                at,
                format!("unexpected character: {first:?}"),
            ));
        };
        all.push(Placed { token, start: at });
        at += len;
    }
}

/// Past white space and comments.
fn skip_blank(query: &str, mut at: usize) -> usize {
    loop {
        let rest = &query[at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with('#') {
            return at;
        }
        at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
    }
}

fn word(rest: &str, with_colons: bool) -> &str {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || (c == ':' && with_colons));
    &rest[..rest.find(ends).unwrap_or(rest.len())]
}

fn number_or_duration(rest: &str) -> Option<(Token, usize)> {
    let bytes = rest.as_bytes();
    let is_hex = rest.len() > 2 && rest.as_bytes()[0] == b'0' && matches!(bytes[1], b'x' | b'X');
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let is_exponent_sign = matches!(byte, b'+' | b'-')
            && end > 0
            && matches!(bytes[end - 1], b'e' | b'E' if !is_hex)
            && bytes[..end - 1]
                .iter()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'));
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || is_exponent_sign) {
            break;
        }
        end += 1;
    }
    let text = &rest[..end];
    if let Some(value) = crate::number::parse(text) {
        return Some((Token::Number(value), end));
    }
    let millis = super::duration::parse(text)?;
    Some((Token::Duration(millis), end))
}
