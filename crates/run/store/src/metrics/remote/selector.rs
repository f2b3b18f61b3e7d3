//! Matchers as text, the way a query names series.

use promise::signal::{Match, Matcher};

/// `{__name__="up",job=~"a|b"}`. An engine refuses a selector that every series without labels would fit, so
/// such a one also asks for a name.
pub(super) fn text(matchers: &[Matcher]) -> String {
    let mut parts: Vec<String> = matchers.iter().map(part).collect();
    if matchers.iter().all(|matcher| matcher.accepts("")) {
        parts.push("__name__!=\"\"".to_owned());
    }
    format!("{{{}}}", parts.join(","))
}

fn part(matcher: &Matcher) -> String {
    let (sign, value) = parts(&matcher.test);
    let name = &matcher.name;
    let value = quoted(value);
    if is_plain(name) {
        format!("{name}{sign}{value}")
    } else {
        format!("{}{sign}{value}", quoted(name))
    }
}

/// The operator and its right side.
pub(super) fn parts(test: &Match) -> (&'static str, &str) {
    match test {
        Match::Equal(value) => ("=", value),
        Match::NotEqual(value) => ("!=", value),
        Match::Like(pattern) => ("=~", inner(pattern.as_str())),
        Match::NotLike(pattern) => ("!~", inner(pattern.as_str())),
    }
}

/// The pattern without the anchors that [`promise::signal::anchored`] put around it.
fn inner(pattern: &str) -> &str {
    pattern
        .strip_prefix("^(?s:")
        .and_then(|rest| rest.strip_suffix(")$"))
        .unwrap_or(pattern)
}

/// Go, in which all these engines are written, reads JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name that needs no quotes.
pub(super) fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use promise::signal::anchored;

    use super::*;

    #[test]
    fn a_selector_reads_back_as_its_matchers() {
        let like = |name: &str, pattern: &str| Matcher {
            name: name.to_owned(),
            test: Match::Like(anchored(pattern).unwrap()),
        };
        let up = Matcher::equal("__name__", "up");
        let odd = Matcher::equal("the.label", "a \"b\"\n\\");
        assert_eq!(
            text(&[up, odd, like("job", "a|b.*")]),
            r#"{__name__="up","the.label"="a \"b\"\n\\",job=~"a|b.*"}"#
        );
        assert_eq!(text(&[]), r#"{__name__!=""}"#);
        assert_eq!(
            text(&[like("zone", "jp|")]),
            r#"{zone=~"jp|",__name__!=""}"#
        );
    }
}
