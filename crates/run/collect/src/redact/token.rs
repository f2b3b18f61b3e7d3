//! Tokens and keys, by the marks that their issuers gave them so that they can be found.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::Kind;

/// Parts that are in every token below, in each case in which they are written; without one of them no pattern is
/// tried. Exact case lets them be searched for many bytes at once.
const SIGNS: [&str; 24] = [
    "eyJ",
    "earer ",
    "EARER ",
    "uthorization",
    "UTHORIZATION",
    "asic ",
    "ASIC ",
    "k_live_",
    "k_test_",
    "whsec_",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "xoxb-",
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
    r"|gh[porsu]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}",
    r"|xox[abeprs]-[A-Za-z0-9-]{8,}|AIza[A-Za-z0-9_-]{30,}",
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    r")",
);

/// The shortest that the pattern knows: `xoxb-` and eight letters.
const TOKEN_MIN: usize = 13;

#[derive(Debug)]
pub(super) struct Tokens {
    signs: AhoCorasick,
    pattern: Regex,
}

impl Tokens {
    pub fn new() -> Self {
        Self {
            signs: AhoCorasick::builder()
                // Any would do; of this kind they are searched for many bytes at once.
                .match_kind(MatchKind::LeftmostFirst)
                .build(SIGNS)
                .expect("a few constant words"),
            pattern: Regex::new(PATTERN).expect("a constant pattern"),
        }
    }

    pub fn find(&self, text: &str, hits: &mut Vec<(Range<usize>, Kind)>) {
        if text.len() < TOKEN_MIN || !self.signs.is_match(text) {
            return;
        }
        let found = self.pattern.find_iter(text);
        hits.extend(found.map(|token| (token.range(), Kind::Token)));
    }
}
