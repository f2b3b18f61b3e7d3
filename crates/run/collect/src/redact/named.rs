//! Fields whose whole value is hidden because of their name, wherever they stand: in a record, or as `name=value` in
//! a message.

use std::{cmp::Ordering, ops::Range};

use super::MARK;

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
    /// Plain, in [`order`].
    names: Vec<Box<[u8]>>,
    /// One bit for each length that a name has, as a text of 64 bytes or more has the last.
    lengths: u64,
    /// With which two and three bytes names end: most words before a sign end otherwise.
    pairs: Ends<2>,
    triples: Ends<3>,
}

/// One bit for each so many bytes at the end of names, of each byte its lower five bits: case does not matter.
#[derive(Debug)]
struct Ends<const BYTES: usize>(Vec<u64>);

impl<const BYTES: usize> Ends<BYTES> {
    fn of(names: &[Box<[u8]>]) -> Self {
        let mut bits = vec![0; 1 << (5 * BYTES) >> 6];
        for last in names.iter().filter_map(|name| name.last_chunk()) {
            let place = Self::place(last);
            bits[place / 64] |= 1 << (place % 64);
        }
        Self(bits)
    }

    #[inline]
    fn place(last: &[u8; BYTES]) -> usize {
        let parts = last.iter().map(|byte| usize::from(byte & 31));
        parts.fold(0, |place, part| place << 5 | part)
    }

    #[inline]
    fn holds(&self, last: &[u8; BYTES]) -> bool {
        let place = Self::place(last);
        self.0[place / 64] >> (place % 64) & 1 == 1
    }
}

impl Named {
    pub fn new<'n>(fields: impl IntoIterator<Item = &'n str>) -> Self {
        let all = ALWAYS.into_iter().chain(fields);
        let mut names: Vec<Box<[u8]>> = all
            .map(|name| plain(name).into_boxed_slice())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable_by(|one, other| order(one, other));
        names.dedup();
        Self::of(names)
    }

    /// One name alone.
    pub fn only(name: &str) -> Self {
        Self::of(vec![plain(name).into_boxed_slice()])
    }

    fn of(names: Vec<Box<[u8]>>) -> Self {
        let lengths = names.iter().fold(0, |bits, name| bits | bit(name.len()));
        Self {
            lengths,
            pairs: Ends::of(&names),
            triples: Ends::of(&names),
            names,
        }
    }

    pub fn holds(&self, name: &str) -> bool {
        // Case is a matter of more than one byte where a name is not ASCII.
        let may_be = !name.is_ascii() || self.may_end(name.trim().as_bytes());
        may_be && name.len() <= NAME_MAX && {
            let plain = plain(name);
            self.lengths & bit(plain.len()) != 0 && self.knows(&plain)
        }
    }

    fn knows(&self, plain: &[u8]) -> bool {
        let found = self.names.binary_search_by(|name| order(name, plain));
        found.is_ok()
    }

    /// The value of `password=…`, `"password": "…"`, `password: …`, of which `sign` is the `=` or `:`.
    #[inline]
    pub fn value_behind(&self, text: &str, sign: usize) -> Option<Range<usize>> {
        self.is_named(text, sign).then(|| value(text, sign + 1))?
    }

    /// Whether a name may end where these bytes do.
    #[inline]
    fn may_end(&self, bytes: &[u8]) -> bool {
        match bytes {
            [.., one, other] if is_letter(*one) && is_letter(*other) => {
                self.pairs.holds(&[*one, *other])
                    && match bytes.last_chunk() {
                        Some(last) if is_letter(last[0]) => self.triples.holds(last),
                        // One that is not longer, or has a dash there.
                        _ => true,
                    }
            }
            // One letter, or one behind a dash.
            _ => true,
        }
    }

    /// Whether one of the names ends before the sign; a part of a longer one counts where a dash or dot is before it.
    #[inline]
    fn is_named(&self, text: &str, sign: usize) -> bool {
        let bytes = text.as_bytes();
        let mut end = sign;
        while let Some(b' ' | b'\t' | b'"' | b'\'' | b'\\') = bytes[..end].last() {
            end -= 1;
        }
        self.may_end(&bytes[..end]) && self.ends(text, end)
    }

    /// Whether one of the names does end there.
    fn ends(&self, text: &str, end: usize) -> bool {
        let bytes = text.as_bytes();
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

/// By length first: most names differ from most words in it.
fn order(one: &[u8], other: &[u8]) -> Ordering {
    let by_length = one.len().cmp(&other.len());
    by_length.then_with(|| one.cmp(other))
}

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

fn is_part(byte: u8) -> bool {
    is_letter(byte) || matches!(byte, b'_' | b'-')
}

#[inline]
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
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
