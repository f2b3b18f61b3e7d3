//! Fields whose whole value is hidden because of their name, wherever they stand: in a record, or as `name=value` in
//! a message.

use std::ops::Range;

use super::{Kind, MARK};

/// Never of use in a log, always a danger there. Case, `_`, `-` and blanks do not matter.
const ALWAYS: [&str; 38] = [
    "authorization",
    "proxy_authorization",
    "cookie",
    "set_cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "client_secret",
    "signing_secret",
    "webhook_secret",
    "secret_key",
    "secret_access_key",
    "aws_secret_access_key",
    "api_key",
    "x_api_key",
    "api_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "session_token",
    "x_auth_token",
    "private_key",
    // PCI DSS 3.3: what proves that somebody holds the card must not be kept, not even unreadable.
    "cvc",
    "cvc2",
    "cvv",
    "cvv2",
    "cvn",
    "cav2",
    "card_security_code",
    "security_code",
    "pin_block",
    "track1",
    "track2",
    "track_data",
    "card_number",
    "pan",
];

/// No name is this long: such a key is data.
const NAME_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct Named {
    /// Plain, sorted.
    names: Vec<Box<[u8]>>,
    /// One bit for each length that a name has, as a text of 64 bytes or more has the last.
    lengths: u64,
}

impl Named {
    pub fn new<'n>(fields: impl IntoIterator<Item = &'n str>) -> Self {
        let all = ALWAYS.into_iter().chain(fields);
        let mut names: Vec<Box<[u8]>> = all
            .map(|name| plain(name).into_boxed_slice())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        let lengths = names.iter().fold(0, |bits, name| bits | bit(name.len()));
        Self { names, lengths }
    }

    /// One name alone.
    pub fn only(name: &str) -> Self {
        let name = plain(name).into_boxed_slice();
        Self {
            lengths: bit(name.len()),
            names: vec![name],
        }
    }

    pub fn holds(&self, name: &str) -> bool {
        name.len() <= NAME_MAX && {
            let plain = plain(name);
            self.lengths & bit(plain.len()) != 0 && self.knows(&plain)
        }
    }

    fn knows(&self, plain: &[u8]) -> bool {
        self.names
            .binary_search_by(|name| name[..].cmp(plain))
            .is_ok()
    }

    /// The values of `password=…`, `"password": "…"`, `password: …`.
    pub fn find(&self, text: &str, hits: &mut Vec<(Range<usize>, Kind)>) {
        let bytes = text.as_bytes();
        let mut past = 0;
        for sign in memchr::memchr2_iter(b'=', b':', bytes) {
            if sign < past || !self.is_named(text, sign) {
                continue;
            }
            if let Some(value) = value(text, sign + 1) {
                past = value.end;
                hits.push((value, Kind::Field));
            }
        }
    }

    /// Whether one of the names ends before the sign; a part of a longer one counts where a dash or dot is before it.
    fn is_named(&self, text: &str, sign: usize) -> bool {
        let bytes = text.as_bytes();
        let mut end = sign;
        while end > 0 && matches!(bytes[end - 1], b' ' | b'\t' | b'"' | b'\'' | b'\\') {
            end -= 1;
        }
        let start = end
            - bytes[..end]
                .iter()
                .rev()
                .take(NAME_MAX)
                .take_while(|byte| is_part(**byte))
                .count();
        // Of a name, plain, from its end: compared as it grows, so that most are told apart by their lengths.
        let mut plain = [0u8; 64];
        let mut length = 0;
        for place in (start..end).rev() {
            let byte = bytes[place];
            if !matches!(byte, b'_' | b'-') {
                length += 1;
                let Some(slot) = plain.len().checked_sub(length) else {
                    return false;
                };
                plain[slot] = byte.to_ascii_lowercase();
            }
            let is_begin = place == start || bytes[place - 1] == b'-';
            if is_begin
                && self.lengths & bit(length) != 0
                && self.knows(&plain[plain.len() - length..])
            {
                return true;
            }
        }
        false
    }
}

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || byte >= 0x80
}

/// What stands behind the sign: quoted, or up to what ends a word. `None` for nothing, and for what is hidden already.
fn value(text: &str, from: usize) -> Option<Range<usize>> {
    let behind = &text[from..];
    let start = from + (behind.len() - behind.trim_start().len());
    let rest = &text[start..];
    // A quote that is escaped itself stands in JSON within JSON.
    let escaped = rest.starts_with("\\\"");
    let rest = if escaped { &rest[1..] } else { rest };
    let first = rest.chars().next()?;
    let length = match first {
        '"' | '\'' => {
            let mut chars = rest.char_indices().skip(1);
            let mut end = rest.len();
            while let Some((place, c)) = chars.next() {
                match c {
                    '\\' if escaped && rest[place + 1..].starts_with('"') => {
                        end = place + 2;
                        break;
                    }
                    '\\' => drop(chars.next()),
                    c if c == first => {
                        end = place + 1;
                        break;
                    }
                    _ => {}
                }
            }
            end
        }
        _ => rest
            .find(|c: char| {
                c.is_whitespace()
                    || matches!(c, '"' | '\'' | ',' | ';' | '&' | '}' | ']' | ')' | '\\')
            })
            .unwrap_or(rest.len()),
    };
    let range = start..start + usize::from(escaped) + length;
    (length > 0 && !text[start..].starts_with(MARK)).then_some(range)
}

/// `Set-Cookie`, `set_cookie`, `setCookie` and `SET COOKIE` are one name.
fn plain(name: &str) -> Vec<u8> {
    let kept = name
        .trim()
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '));
    let plain: String = match name.is_ascii() {
        true => kept.map(|c| c.to_ascii_lowercase()).collect(),
        false => kept.flat_map(char::to_lowercase).collect(),
    };
    plain.into_bytes()
}
