//! Mail addresses, and user names and passwords in URLs, which stand before the same sign.

use std::ops::Range;

use super::Kind;

/// What the `@` at `sign` is in, looked for from `past` on.
pub(super) fn around(text: &str, past: usize, sign: usize) -> Option<(Range<usize>, Kind)> {
    login(text, past, sign).or_else(|| address(text.as_bytes(), past, sign))
}

/// `https://user:password@host`: what stands between `://` and `@`.
fn login(text: &str, past: usize, sign: usize) -> Option<(Range<usize>, Kind)> {
    /// A longer login is none.
    const LOGIN_MAX: usize = 256;
    let from = super::boundary(text, past.max(sign.saturating_sub(LOGIN_MAX)));
    let start = from + text[from..sign].rfind("://")? + 3;
    let is_login = sign > start && !text[start..sign].contains(['/', ' ', '?', '#', '"']);
    is_login.then_some((start..sign, Kind::Password))
}

fn address(bytes: &[u8], past: usize, sign: usize) -> Option<(Range<usize>, Kind)> {
    let local = bytes[past..sign]
        .iter()
        .rev()
        .take_while(|b| is_local(**b))
        .count();
    let domain = bytes[sign + 1..]
        .iter()
        .take_while(|b| is_domain(**b))
        .count();
    let mut to = sign + 1 + domain;
    // A full stop or dash at the end belongs to the sentence.
    while to > sign + 1 && matches!(bytes[to - 1], b'.' | b'-') {
        to -= 1;
    }
    let host = &bytes[sign + 1..to];
    let top = host
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    let has_top = top >= 2 && host.len() > top && host[host.len() - top - 1] == b'.';
    (local > 0 && has_top).then_some((sign - local..to, Kind::Mail))
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-'
}
