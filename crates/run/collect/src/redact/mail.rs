//! Mail addresses, and user names and passwords in URLs, which stand before the same sign.

const MARK: &str = "[redacted:mail]";
const PASSWORD: &str = "[redacted:password]";

pub(super) fn hide(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out: Option<String> = None;
    let mut copied = 0;
    for sign in memchr::memchr_iter(b'@', bytes) {
        if sign < copied {
            continue;
        }
        let Some((from, to, mark)) =
            login(text, copied, sign).or_else(|| address(bytes, copied, sign))
        else {
            continue;
        };
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..from]);
        out.push_str(mark);
        copied = to;
    }
    let mut out = out?;
    out.push_str(&text[copied..]);
    Some(out)
}

/// `https://user:password@host`: what stands between `://` and `@`.
fn login(text: &str, copied: usize, sign: usize) -> Option<(usize, usize, &'static str)> {
    let before = &text[copied..sign];
    let start = copied + before.rfind("://")? + 3;
    let is_login = sign > start && !text[start..sign].contains(['/', ' ', '?', '#', '"']);
    is_login.then_some((start, sign, PASSWORD))
}

fn address(bytes: &[u8], copied: usize, sign: usize) -> Option<(usize, usize, &'static str)> {
    let local = bytes[copied..sign]
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
    (local > 0 && has_top).then_some((sign - local, to, MARK))
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-'
}
