//! Conditions on labels, as Alertmanager writes them: `team="payments"`, `job=~"api-.*"`, `env!=test`.
//!
//! A label that is not there counts as empty; a pattern must match the whole value. Source: Prometheus, "Alerting
//! configuration", matchers. Names and values may be quoted, and then hold anything.

use std::fmt;

use promise::{
    Say,
    record::Scalar,
    say, scalar_as_text,
    signal::{Match, Matcher as Test, anchored},
};

/// The longest text that is read as matchers: far beyond what a person writes.
pub const TEXT_MAX: usize = 16 << 10;

/// One condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    test: Test,
    /// The value or pattern as it was written, without quotes.
    value: String,
}

impl Matcher {
    /// A condition from its parts, as the API gives them.
    pub fn new(name: &str, value: &str, is_regex: bool, is_equal: bool) -> Result<Self, Say> {
        if name.is_empty() {
            return Err(say!("a matcher needs a label", "ラベル名がありません"));
        }
        let pattern = || {
            anchored(&format!("(?:{value})")).map_err(|_| {
                say!(
                    "`{value}` is not a regular expression",
                    "`{value}` は正規表現ではありません"
                )
            })
        };
        let test = match (is_regex, is_equal) {
            (false, true) => Match::Equal(value.to_owned()),
            (false, false) => Match::NotEqual(value.to_owned()),
            (true, true) => Match::Like(pattern()?),
            (true, false) => Match::NotLike(pattern()?),
        };
        Ok(Self {
            test: Test {
                name: name.to_owned(),
                test,
            },
            value: value.to_owned(),
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.test.name
    }

    /// Without quotes.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    #[must_use]
    pub fn is_regex(&self) -> bool {
        matches!(self.test.test, Match::Like(_) | Match::NotLike(_))
    }

    /// Whether it asks for the value, and not for any other.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        matches!(self.test.test, Match::Equal(_) | Match::Like(_))
    }

    /// `value` is empty where there is no such label.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        self.test.accepts(value)
    }

    /// Several, separated by commas, in braces or not.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, Say> {
        if text.len() > TEXT_MAX {
            return Err(say!(
                "more than {TEXT_MAX} bytes are no matchers",
                "{TEXT_MAX} バイトを超える条件は読みません"
            ));
        }
        let inner = text.trim();
        let inner = inner
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .unwrap_or(inner);
        let mut reader = Reader { rest: inner };
        let mut all = Vec::new();
        while !reader.is_done() {
            all.push(reader.matcher().ok_or_else(|| wrong(text))??);
            if !reader.is_done() && !reader.eat(",") {
                return Err(wrong(text));
            }
        }
        Ok(all)
    }
}

fn wrong(text: &str) -> Say {
    say!(
        "`{text}` is not a matcher",
        "`{text}` はラベルの条件ではありません"
    )
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.value == other.value
            && self.is_regex() == other.is_regex()
            && self.is_equal() == other.is_equal()
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.is_regex(), self.is_equal()) {
            (false, true) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (true, false) => "!~",
        };
        let is_plain = |c: char| c.is_alphanumeric() || "_:.-/".contains(c);
        if self.name().chars().all(is_plain) {
            f.write_str(self.name())?;
        } else {
            quoted(self.name(), f)?;
        }
        f.write_str(sign)?;
        quoted(&self.value, f)
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    write!(f, "\"{text}\"")
}

impl Scalar for Matcher {
    const NAME: &'static str = "matcher";
    const NAME_JA: &'static str = "ラベルの条件";
    const EXAMPLE: &'static str = "team=\"payments\"";

    fn parse(text: &str) -> Result<Self, Say> {
        match Self::parse_all(text)?.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err(wrong(text)),
        }
    }
}
scalar_as_text!(Matcher);

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn is_done(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(token) else {
            return false;
        };
        self.rest = rest;
        true
    }

    /// `None` where the form is wrong.
    fn matcher(&mut self) -> Option<Result<Matcher, Say>> {
        let name = self.word(|c| "=!~{},\"'".contains(c) || c.is_whitespace())?;
        let signs = [
            ("=~", true, true),
            ("!~", true, false),
            ("!=", false, false),
            ("=", false, true),
        ];
        let (_, is_regex, is_equal) = signs.into_iter().find(|(sign, ..)| self.eat(sign))?;
        let value = self.word(|c| "{},\"".contains(c)).unwrap_or_default();
        Some(Matcher::new(&name, &value, is_regex, is_equal))
    }

    /// A quoted text, or all up to where `ends` says.
    fn word(&mut self, ends: impl Fn(char) -> bool) -> Option<String> {
        self.rest = self.rest.trim_start();
        if let Some(inner) = self.rest.strip_prefix('"') {
            let mut word = String::new();
            let mut chars = inner.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        self.rest = &inner[at + 1..];
                        return Some(word);
                    }
                    '\\' => match chars.next()?.1 {
                        'n' => word.push('\n'),
                        c @ ('"' | '\\') => word.push(c),
                        // A pattern's own escapes, which people seldom double.
                        c => word.extend(['\\', c]),
                    },
                    c => word.push(c),
                }
            }
            return None;
        }
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let word = self.rest[..end].trim_end().to_owned();
        self.rest = &self.rest[end..];
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// The forms of Alertmanager's documentation, and what each accepts and refuses.
    #[test]
    fn the_forms_of_alertmanager_are_read() {
        for (text, yes, no) in [
            ("foo = bar", "bar", "baz"),
            (r#"foo="bar""#, "bar", ""),
            ("foo!=bar", "", "bar"),
            ("foo=~bar|baz", "baz", "barbaz"),
            (r#""foo"=~"a.*""#, "abc", "xabc"),
            (r#"{foo!~"ba.+"}"#, "ba", "bar"),
            (r#"foo="""#, "", "x"),
            (r#"foo="a\"b,c""#, "a\"b,c", "a"),
            (r#"foo=~"a\.b""#, "a.b", "axb"),
        ] {
            let matcher = Matcher::parse(text).unwrap();
            assert_eq!(matcher.name(), "foo", "{text}");
            assert!(matcher.accepts(yes), "{text} takes {yes}");
            assert!(!matcher.accepts(no), "{text} refuses {no}");
        }
        for wrong in ["", "foo", "=bar", "foo=~(", "foo=\"", "a=b,c=d", "{a=b"] {
            assert!(Matcher::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Matcher::parse_all("{a=b, c!~d,}").unwrap().len(), 2);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(name in "[a-z][a-z \"=]{0,8}", value in "\\PC{0,12}", equal: bool) {
            let matcher = Matcher::new(&name, &value, false, equal).unwrap();
            prop_assert_eq!(Matcher::parse(&matcher.to_string()), Ok(matcher));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
            let _ = Matcher::parse_all(&text);
        }
    }
}
