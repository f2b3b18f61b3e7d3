//! Secrets in a spec's text, so that no diagnostic shows one.
//!
//! A secret written where a reference belongs is a mistake, and printing the mistake with its line would
//! put the secret into terminals, CI logs and tickets. The search is over the text and not over what was
//! read from it: it must also work where the text is not even YAML. Covering too much costs a look into
//! the file; covering too little costs a new password.

use promise::document::Span;

use crate::{diagnostic::Diagnostic, texts::Texts};

/// Parts of names under which secrets stand.
const TELLTALES: [&str; 9] = [
    "password",
    "passwd",
    "passwrod",
    "secret",
    "token",
    "bearer",
    "credential",
    "apikey",
    "privatekey",
];

/// Names that are secrets only as a whole: `keyboard` is none.
const NAMES: [&str; 4] = ["key", "pass", "pwd", "authorization"];

/// Notes in each diagnostic which parts of its lines must be covered.
pub(crate) fn cover(texts: &Texts, diagnostics: &mut [Diagnostic]) {
    let plain: Vec<Span> = diagnostics
        .iter()
        .filter(|d| d.code == "plain-secret")
        .map(Diagnostic::span)
        .collect();
    for diagnostic in diagnostics {
        let lines = diagnostic.labels.iter().filter_map(|(span, _)| {
            let text = texts.at(span.start)?;
            Some((text.base, text.line(span.start)))
        });
        let mut shown: Vec<(usize, usize)> = lines.collect();
        shown.sort_unstable();
        shown.dedup();
        for (base, line) in shown {
            let Some(text) = texts.at(base) else { continue };
            let range = text.range(line);
            let written = text.get(&range).unwrap_or_default();
            diagnostic.masked.extend(secrets_in(written, range.start));
            diagnostic.masked.extend(
                plain
                    .iter()
                    .filter(|p| p.start < range.end && range.start < p.end)
                    .cloned(),
            );
        }
    }
}

/// Whether a line of prose or of a table may hold a secret in words that [`secrets_in`] does not find: it speaks of one, and
/// something in it looks like one. Such a line is named and not shown.
pub(crate) fn may_tell(line: &str) -> bool {
    const SPOKEN: [&str; 5] = ["パスワード", "暗証", "秘密鍵", "トークン", "シークレット"];
    const SHORTEST: usize = 6;
    let covered = secrets_in(line, 0);
    let rest = |(at, c)| {
        if covered.iter().any(|span| span.contains(&at)) {
            ' '
        } else {
            c
        }
    };
    let line: String = line.char_indices().map(rest).collect();
    let lower = line.to_lowercase();
    let speaks = TELLTALES
        .iter()
        .chain(&SPOKEN)
        .any(|word| lower.contains(word));
    let looks = |word: &str| {
        let has = |is: fn(char) -> bool| word.chars().any(is);
        let letters = has(|c| c.is_ascii_alphabetic());
        let digits = has(|c| c.is_ascii_digit());
        word.len() >= SHORTEST
            && word.is_ascii()
            && letters
            && (digits || has(|c| "!@#$%^&*".contains(c)))
    };
    speaks
        && line
            .split([
                ' ', '|', ',', '、', '。', '`', '"', '(', ')', '（', '）', '：',
            ])
            .any(looks)
}

/// Values after telltale names, and credentials within URLs.
pub(crate) fn secrets_in(line: &str, base: usize) -> Vec<Span> {
    let mut out = Vec::new();
    // `=` in the documents that a spec was imported from.
    for (colon, _) in line.match_indices([':', '=']) {
        let value = colon + 1 + (line[colon + 1..].len() - line[colon + 1..].trim_start().len());
        if is_telltale(name_before(&line[..colon])) {
            let end = value + line[value..].find([',', '}']).unwrap_or(line.len() - value);
            if !line[value..]
                .trim_start_matches(['"', '\''])
                .starts_with("${")
            {
                out.push(base + value..base + end);
            }
        }
    }
    // `user:password@host`, within a URL or not; a mail address has no colon before its `@`.
    for (at, _) in line.match_indices('@') {
        let word = line[..at]
            .rfind([' ', '\t', '"', '\'', '[', '{', ',', '('])
            .map_or(0, |before| before + 1);
        let from = line[word..at]
            .find("://")
            .map_or(word, |scheme| word + scheme + 3);
        if line[from..at].contains(':') || from > word {
            out.push(base + from..base + at);
        }
    }
    out
}

fn name_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let from = text
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    &text[from..]
}

fn is_telltale(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    NAMES.contains(&plain.as_str()) || TELLTALES.iter().any(|telltale| plain.contains(telltale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(line: &str) -> Vec<&str> {
        secrets_in(line, 0)
            .into_iter()
            .map(|span| &line[span])
            .collect()
    }

    #[test]
    fn values_under_telltale_names_are_covered() {
        assert_eq!(covered("  password: hunter2"), ["hunter2"]);
        assert_eq!(
            covered("  x: { kind: webhook, key: 'abc', url: u }"),
            ["'abc'"]
        );
        assert_eq!(covered("  API_KEY: \"k1\""), ["\"k1\""]);
    }

    #[test]
    fn a_line_that_may_hold_a_secret_in_other_words_is_told_from_one_that_speaks_of_secrets() {
        assert!(may_tell("| DB password | hunter2 |"));
        assert!(may_tell(
            "管理者は admin、初期パスワードは Passw0rd! とする"
        ));
        assert!(!may_tell("- パスワードは 8 文字以上、90 日ごとに変更する"));
        assert!(!may_tell(
            "Passwords have 12 characters and are never shared."
        ));
        assert!(!may_tell("| DB | db.r6g.4xlarge |"));
        assert!(!may_tell("DB の password: hunter2"), "that is covered");
    }

    #[test]
    fn references_and_innocent_names_are_not() {
        assert!(covered("  password: ${env:SMTP_PASSWORD}").is_empty());
        assert!(covered("  monkey: 3").is_empty());
        assert!(covered("  url: https://example.com/a").is_empty());
    }

    #[test]
    fn credentials_in_an_address_are_covered() {
        assert_eq!(covered("  url: https://ada:pw@example.com/"), ["ada:pw"]);
        assert_eq!(covered("  - https://sometoken@example.com/"), ["sometoken"]);
        assert_eq!(covered("  targets: [ada:pw@db:5432]"), ["ada:pw"]);
        assert!(covered("  to: [ada@example.com]").is_empty());
    }
}
