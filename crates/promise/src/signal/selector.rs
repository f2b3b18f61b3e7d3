//! Which series: `payments_total{status=~"ok|captured"}`, as in PromQL.

use std::{fmt, sync::Arc};

use regex::Regex;

use crate::{Say, record::Scalar, scalar_as_text};

/// A metric name and label matchers. Cheap to clone.
#[derive(Clone)]
pub struct Selector {
    text: Arc<str>,
    matchers: Arc<[Matcher]>,
}

/// One condition on a label; the metric name is the label `__name__`.
#[derive(Debug, Clone)]
pub struct Matcher {
    pub name: String,
    pub test: Match,
}

#[derive(Debug, Clone)]
pub enum Match {
    Equal(String),
    NotEqual(String),
    /// Anchored at both ends, as in PromQL.
    Like(Regex),
    NotLike(Regex),
}

impl Matcher {
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            test: Match::Equal(value.into()),
        }
    }

    /// `value` is empty where the series has no such label.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match &self.test {
            Match::Equal(wanted) => wanted == value,
            Match::NotEqual(unwanted) => unwanted != value,
            Match::Like(pattern) => pattern.is_match(value),
            Match::NotLike(pattern) => !pattern.is_match(value),
        }
    }
}

/// Anchors a PromQL label pattern; `.` matches line ends too, as in Prometheus.
pub fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    // 1 MiB of automaton is far beyond any honest label pattern and stops hostile ones.
    regex::RegexBuilder::new(&format!("^(?s:{pattern})$"))
        .size_limit(1 << 20)
        .build()
}

impl Selector {
    #[must_use]
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// The metric name, where the selector fixes it.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.matchers.iter().find_map(|m| match &m.test {
            Match::Equal(value) if m.name == "__name__" => Some(value.as_str()),
            _ => None,
        })
    }

    /// The series of this histogram's buckets: `latency_seconds{job="a"}` as `latency_seconds_bucket{job="a"}`.
    #[must_use]
    pub fn buckets(&self) -> Self {
        let Some(metric) = self.metric().filter(|metric| !metric.ends_with("_bucket")) else {
            return self.clone();
        };
        let rest = self.text.strip_prefix(metric);
        let text = rest.map_or_else(
            || self.text.to_string(),
            |rest| format!("{metric}_bucket{rest}"),
        );
        let matchers = self.matchers.iter().map(|matcher| match &matcher.test {
            Match::Equal(name) if matcher.name == "__name__" => {
                Matcher::equal("__name__", format!("{name}_bucket"))
            }
            _ => matcher.clone(),
        });
        Self {
            text: text.into(),
            matchers: matchers.collect(),
        }
    }

    /// `label` answers with a label's value, or `""`.
    pub fn accepts<'a>(&self, label: impl Fn(&str) -> &'a str) -> bool {
        self.matchers.iter().all(|m| m.accepts(label(&m.name)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Scalar for Selector {
    const NAME: &'static str = "series selector";
    const NAME_JA: &'static str = "系列の指定";
    const EXAMPLE: &'static str = "payments_total{status=\"ok\"}";

    fn parse(text: &str) -> Result<Self, Say> {
        let text = text.trim();
        let mut parser = Parser { text, at: 0 };
        let matchers = parser.selector().map_err(|(en, ja)| {
            let column = text
                .get(..parser.at)
                .map_or(0, |before| before.chars().count())
                + 1;
            Say::new(
                format!("`{text}` is not a series selector: {en} at character {column}"),
                format!("`{text}` は系列の指定ではありません: {column} 文字目 {ja}"),
            )
        })?;
        Ok(Self {
            text: text.into(),
            matchers: matchers.into(),
        })
    }
}
scalar_as_text!(Selector);

type Wrong = (String, String);

fn wrong<T>(en: &str, ja: &str) -> Result<T, Wrong> {
    Err((en.to_owned(), ja.to_owned()))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn name(&mut self, colons: bool) -> String {
        self.skip_space();
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
        let end = self.rest().find(|c| !ok(c)).unwrap_or(self.rest().len());
        let name = self.rest()[..end].to_owned();
        self.at += end;
        name
    }

    fn selector(&mut self) -> Result<Vec<Matcher>, Wrong> {
        let mut matchers = Vec::new();
        let metric = self.name(true);
        if metric.starts_with(|c: char| c.is_ascii_digit()) {
            return wrong(
                "a metric name starts with a letter",
                "メトリクス名は英字で始まります",
            );
        }
        if !metric.is_empty() {
            matchers.push(Matcher::equal("__name__", metric));
        }
        if self.eat("{") {
            while !self.eat("}") {
                matchers.push(self.matcher()?);
                if !self.eat(",") && !self.rest().trim_start().starts_with('}') {
                    return wrong("expected `,` or `}`", "`,` か `}` が必要です");
                }
            }
        }
        self.skip_space();
        if !self.rest().is_empty() {
            return wrong("unexpected text", "余分な文字があります");
        }
        if matchers.iter().all(|m| m.accepts("")) {
            return wrong(
                "it would select every series",
                "すべての系列を選んでしまいます",
            );
        }
        Ok(matchers)
    }

    fn matcher(&mut self) -> Result<Matcher, Wrong> {
        self.skip_space();
        let name = self.name(false);
        if name.is_empty() {
            return wrong("expected a label name", "ラベル名が必要です");
        }
        let operator = ["=~", "!~", "!=", "="].into_iter().find(|op| self.eat(op));
        let Some(operator) = operator else {
            return wrong(
                "expected one of = != =~ !~",
                "= != =~ !~ のいずれかが必要です",
            );
        };
        let value = self.quoted()?;
        let pattern = || anchored(&value).map_err(|error| (error.to_string(), error.to_string()));
        let test = match operator {
            "=" => Match::Equal(value),
            "!=" => Match::NotEqual(value),
            "=~" => Match::Like(pattern()?),
            _ => Match::NotLike(pattern()?),
        };
        Ok(Matcher { name, test })
    }

    fn quoted(&mut self) -> Result<String, Wrong> {
        self.skip_space();
        let mut chars = self.rest().char_indices();
        let Some((_, quote @ ('"' | '\''))) = chars.next() else {
            return wrong("expected a quoted value", "引用符で囲んだ値が必要です");
        };
        let mut value = String::new();
        while let Some((i, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, c @ ('\\' | '"' | '\''))) => value.push(c),
                    Some((_, c)) => value.extend(['\\', c]),
                    None => break,
                },
                c if c == quote => {
                    self.at += i + 1;
                    return Ok(value);
                }
                c => value.push(c),
            }
        }
        wrong("the value is not closed", "値が閉じていません")
    }
}
