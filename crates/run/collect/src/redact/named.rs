//! Fields whose whole value is hidden because of their name, wherever they stand.

use regex::Regex;

pub(super) const MARK: &str = "[redacted:field]";

/// Never of use in a log, always a danger there.
const ALWAYS: [&str; 22] = [
    "authorization",
    "proxy_authorization",
    "cookie",
    "set_cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "x_api_key",
    "access_token",
    "refresh_token",
    "id_token",
    "private_key",
    "cvc",
    "cvv",
    "cvv2",
    "card_number",
    "cardnumber",
    "pan",
];

#[derive(Debug)]
pub(super) struct Named {
    names: Vec<String>,
    in_text: Regex,
}

impl Named {
    pub fn new(fields: &[String]) -> Self {
        let mut names: Vec<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
        names.extend(
            fields
                .iter()
                .filter(|name| !name.trim().is_empty())
                .map(|name| plain(name)),
        );
        names.sort_unstable();
        names.dedup();
        // Longest first: `cvv2` before `cvv`.
        let mut longest: Vec<&String> = names.iter().collect();
        longest.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let any: Vec<String> = longest
            .iter()
            .map(|name| regex::escape(name).replace('_', "[_-]?"))
            .collect();
        // `password=…`, `"password": "…"`, `password: …` inside of a message.
        let pattern = format!(
            r#"(?i)(?P<name>\b(?:{})["']?\s*[:=]\s*)(?:\[redacted:[a-z]+\]|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',;&}}\])]+)"#,
            any.join("|")
        );
        // The names are escaped, so the pattern fails only by size: then the fixed names remain.
        let in_text = Regex::new(&pattern).unwrap_or_else(|_| Self::new(&[]).in_text);
        Self { names, in_text }
    }

    pub fn holds(&self, name: &str) -> bool {
        // No name is this long: such a key is data.
        name.len() <= 256 && self.names.binary_search(&plain(name)).is_ok()
    }

    pub fn hide(&self, text: &str) -> Option<String> {
        // A pair needs its sign; most label values and words have none.
        memchr::memchr2(b'=', b':', text.as_bytes())?;
        if !self.in_text.is_match(text) {
            return None;
        }
        let replaced = self
            .in_text
            .replace_all(text, |found: &regex::Captures<'_>| {
                format!("{}{MARK}", &found["name"])
            });
        Some(replaced.into_owned())
    }
}

/// `Set-Cookie`, `set_cookie` and `SET_COOKIE` are one name.
fn plain(name: &str) -> String {
    name.trim().replace('-', "_").to_lowercase()
}
