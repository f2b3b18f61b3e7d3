//! Tokens and keys, by the marks that their issuers gave them so that they can be found.

use aho_corasick::AhoCorasick;
use regex::Regex;

const MARK: &str = "[redacted:token]";

/// Parts that are in every token below; without one of them no pattern is tried.
const SIGNS: [&str; 19] = [
    "eyJ",
    "bearer",
    "authorization",
    "basic ",
    "sk_",
    "rk_",
    "pk_",
    "whsec_",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "xox",
    "glpat-",
    "AIza",
    "PRIVATE KEY",
    "npm_",
];

const PATTERN: &str = concat!(
    r"(?:",
    // JSON Web Token (RFC 7519): two or three parts, the first begins with `{"`.
    r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*",
    // A header's value (RFC 7235), with or without its scheme.
    r#"|(?i:authorization)["']?\s*[:=]\s*["']?(?i:(?:bearer|basic|digest|token)\s+)?[^\s"',;]+"#,
    r"|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}",
    r"|(?i:basic)\s+[A-Za-z0-9+/]{12,}={0,2}",
    // Payment providers: secret, restricted and publishable keys, webhook secrets.
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}",
    r"|whsec_[A-Za-z0-9+/=]{8,}",
    // Clouds and code hosts.
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"|gh[pos]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}",
    r"|xox[abeprs]-[A-Za-z0-9-]{8,}|AIza[A-Za-z0-9_-]{30,}",
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    r")",
);

#[derive(Debug)]
pub(super) struct Tokens {
    signs: AhoCorasick,
    pattern: Regex,
}

impl Tokens {
    pub fn new() -> Self {
        let signs = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(SIGNS);
        Self {
            signs: signs.expect("a few constant words"),
            pattern: Regex::new(PATTERN).expect("a constant pattern"),
        }
    }

    pub fn hide(&self, text: &str) -> Option<String> {
        if !self.signs.is_match(text) || !self.pattern.is_match(text) {
            return None;
        }
        Some(self.pattern.replace_all(text, MARK).into_owned())
    }
}
