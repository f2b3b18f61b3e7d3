//! Which log records: `stream:payment_* AND status:failed AND NOT processing_time:<5000`.
//!
//! The language is the part of Lucene's that people type: `field:value` with `*` and `?`, quoted text, bare
//! words, `field:>5000`, `field:[a TO b]`, `_exists_:field`, `AND`, `OR`, `NOT` and parentheses. Two terms side
//! by side mean `AND`. There is no scoring, no fuzziness and no regular expression.
//!
//! * `field:value` compares the whole value, and letter case counts. Numbers compare as numbers.
//! * A bare word or quoted text is looked for in every text of the record, and letter case does not count.
//!   ASCII words match as whole words; in Japanese, where nothing stands between words, any part matches.

mod parse;
mod pattern;

use std::{fmt, sync::Arc};

use crate::{Say, record::Scalar, scalar_as_text};
use pattern::{Pattern, Words};

/// A condition over a log record's fields. Cheap to clone.
#[derive(Clone)]
pub struct LogQuery {
    text: Arc<str>,
    root: Arc<Expr>,
}

/// A field's value as a query sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'r> {
    Text(&'r str),
    Number(f64),
    Bool(bool),
}

/// Applies a test to each text of a record and says whether one passed.
pub type AnyText<'f> = dyn Fn(&dyn Fn(&str) -> bool) -> bool + 'f;

#[derive(Debug)]
enum Expr {
    /// `*`: every record.
    All,
    Every(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Words(Words),
    Exists(String),
    Field(String, Test),
}

#[derive(Debug)]
enum Test {
    Like(Pattern),
    /// Between two ends, of which at least one is there.
    Range {
        low: Option<End>,
        high: Option<End>,
    },
}

#[derive(Debug)]
struct End {
    text: String,
    number: Option<f64>,
    inclusive: bool,
}

impl LogQuery {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a record is meant.
    ///
    /// `field` answers with a field's value by name. `any_text` applies a test to each text of the record
    /// (every field that holds text, nested ones too) and says whether one passed.
    pub fn accepts<'r>(
        &self,
        field: &dyn Fn(&str) -> Option<FieldValue<'r>>,
        any_text: &AnyText<'_>,
    ) -> bool {
        self.root.accepts(field, any_text)
    }

    /// Whether any record of this stream can be accepted; `false` only where none can.
    #[must_use]
    pub fn streams_maybe(&self, stream: &str) -> bool {
        self.root.over_stream(stream) != Some(false)
    }

    /// Words that every accepted record holds in one of its texts: runs of ASCII letters, digits and `_`,
    /// in lower case. A store whose index lacks one of them need not look further.
    #[must_use]
    pub fn required_words(&self) -> Vec<String> {
        let mut words = self.root.required_words();
        words.sort();
        words.dedup();
        words
    }

    /// Fields with the one value that every accepted record has there, as it is written in the query.
    #[must_use]
    pub fn required_values(&self) -> Vec<(&str, &str)> {
        let mut values = Vec::new();
        self.root.required_values(&mut values);
        values
    }
}

impl Expr {
    fn accepts<'r>(
        &self,
        field: &dyn Fn(&str) -> Option<FieldValue<'r>>,
        any_text: &AnyText<'_>,
    ) -> bool {
        match self {
            Self::All => true,
            Self::Every(parts) => parts.iter().all(|part| part.accepts(field, any_text)),
            Self::Any(parts) => parts.iter().any(|part| part.accepts(field, any_text)),
            Self::Not(part) => !part.accepts(field, any_text),
            Self::Words(words) => any_text(&|text| words.are_in(text)),
            Self::Exists(name) => field(name).is_some(),
            Self::Field(name, test) => field(name).is_some_and(|value| test.accepts(&value)),
        }
    }

    /// What is known when only the stream is: `None` where it depends on the record.
    fn over_stream(&self, stream: &str) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Every(parts) => {
                let known: Vec<_> = parts.iter().map(|part| part.over_stream(stream)).collect();
                if known.contains(&Some(false)) {
                    return Some(false);
                }
                known.iter().all(|k| *k == Some(true)).then_some(true)
            }
            Self::Any(parts) => {
                let known: Vec<_> = parts.iter().map(|part| part.over_stream(stream)).collect();
                if known.contains(&Some(true)) {
                    return Some(true);
                }
                known.iter().all(|k| *k == Some(false)).then_some(false)
            }
            Self::Not(part) => part.over_stream(stream).map(|known| !known),
            Self::Exists(name) if name == "stream" => Some(true),
            Self::Field(name, test) if name == "stream" => {
                Some(test.accepts(&FieldValue::Text(stream)))
            }
            Self::Words(_) | Self::Exists(_) | Self::Field(..) => None,
        }
    }

    fn required_words(&self) -> Vec<String> {
        match self {
            Self::Every(parts) => parts.iter().flat_map(Self::required_words).collect(),
            Self::Any(parts) => {
                let mut each = parts.iter().map(Self::required_words);
                let first = each.next().unwrap_or_default();
                each.fold(first, |common, words| {
                    common.into_iter().filter(|w| words.contains(w)).collect()
                })
            }
            Self::Words(words) => words.ascii_words(),
            // A number's or truth's text is not a text of the record, and the stream stands beside it.
            Self::Field(name, Test::Like(pattern))
                if name != "stream" && !pattern.may_be_no_text() =>
            {
                pattern
                    .literal()
                    .map(pattern::ascii_words)
                    .unwrap_or_default()
            }
            Self::All | Self::Not(_) | Self::Exists(_) | Self::Field(..) => Vec::new(),
        }
    }

    fn required_values<'q>(&'q self, out: &mut Vec<(&'q str, &'q str)>) {
        match self {
            Self::Every(parts) => parts.iter().for_each(|part| part.required_values(out)),
            Self::Field(name, Test::Like(pattern)) => {
                out.extend(pattern.literal().map(|value| (name.as_str(), value)));
            }
            _ => {}
        }
    }
}

impl Test {
    fn accepts(&self, value: &FieldValue<'_>) -> bool {
        match self {
            Self::Like(pattern) => pattern.accepts(value),
            Self::Range { low, high } => {
                low.as_ref().is_none_or(|end| end.admits(value, true))
                    && high.as_ref().is_none_or(|end| end.admits(value, false))
            }
        }
    }
}

impl End {
    /// Whether `value` lies on the inner side. Two numbers compare as numbers, even where the record holds
    /// one as text; two texts in the order of their letters; anything else not at all.
    fn admits(&self, value: &FieldValue<'_>, is_low: bool) -> bool {
        let order = match (value, self.number) {
            (FieldValue::Number(n), Some(end)) => n.partial_cmp(&end),
            (FieldValue::Text(text), Some(end)) => text
                .trim()
                .parse::<f64>()
                .ok()
                .and_then(|n| n.partial_cmp(&end)),
            (FieldValue::Text(text), None) => Some((*text).cmp(self.text.as_str())),
            _ => None,
        };
        order.is_some_and(|order| {
            (self.inclusive && order.is_eq()) || if is_low { order.is_gt() } else { order.is_lt() }
        })
    }
}

impl fmt::Display for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for LogQuery {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Scalar for LogQuery {
    const NAME: &'static str = "log query";
    const NAME_JA: &'static str = "ログの条件";
    const EXAMPLE: &'static str = "stream:payment_* AND status:failed";

    fn parse(text: &str) -> Result<Self, Say> {
        let text = text.trim();
        let root = parse::parse(text)?;
        Ok(Self {
            text: text.into(),
            root: Arc::new(root),
        })
    }
}
scalar_as_text!(LogQuery);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn query(text: &str) -> LogQuery {
        LogQuery::parse(text).unwrap()
    }

    const RECORD: &[(&str, FieldValue<'static>)] = &[
        ("stream", FieldValue::Text("payment_app")),
        ("status", FieldValue::Text("failed")),
        ("processing_time", FieldValue::Number(5200.0)),
        ("retried", FieldValue::Bool(true)),
        ("code", FieldValue::Text("500")),
        (
            "message",
            FieldValue::Text("Card declined by issuer: 与信に失敗しました"),
        ),
        ("http.path", FieldValue::Text("/v1/charges")),
    ];

    fn matches(text: &str) -> bool {
        query(text).accepts(
            &|name| {
                RECORD
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| value.clone())
            },
            &|test| {
                RECORD
                    .iter()
                    .any(|(_, value)| matches!(value, FieldValue::Text(text) if test(text)))
            },
        )
    }

    #[test]
    fn accepts_what_lucene_users_expect() {
        for text in [
            "*",
            "status:failed",
            "stream:payment_*",
            "status:fail?d",
            "status:failed retried:true",
            "processing_time:>5000",
            "processing_time:>=5200",
            "processing_time:[5000 TO 5200]",
            "processing_time:{5000 TO *}",
            "processing_time:5200",
            "code:>=500",
            "code:500",
            "_exists_:retried",
            "retried:*",
            "NOT status:ok",
            "-status:ok",
            "status:ok OR status:failed",
            "status:(ok OR failed)",
            "declined",
            "card",
            "\"declined by\"",
            "失敗",
            "decl*",
            "http.path:\"/v1/charges\"",
            "http.path:\\/v1\\/charges",
            "stream:payment_* AND status:failed AND NOT processing_time:<5000",
            // NOT binds tighter than AND, AND tighter than OR.
            "status:ok AND status:ok OR status:failed",
            "NOT status:ok AND declined",
        ] {
            assert!(matches(text), "{text}");
        }
        for text in [
            "status:fail",
            "status:Failed",
            "processing_time:<5200",
            "processing_time:{5200 TO *}",
            "decline",
            "lined",
            "_exists_:nothing",
            "NOT *",
            "status:failed AND status:ok",
            "retried:false",
            "message:>5",
            "\"by declined\"",
            "status:ok AND (status:ok OR status:failed)",
            "code:50",
            "retried:>0",
        ] {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn an_error_points_at_the_character() {
        let at = |text: &str| {
            let why = LogQuery::parse(text).unwrap_err();
            let place = why
                .en
                .rsplit("character ")
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap();
            assert!(why.ja.contains(&format!("{place} 文字目")), "{}", why.ja);
            place
        };
        assert_eq!(at("決済 AND"), 7);
        assert_eq!(at("(a OR b"), 8);
        assert_eq!(at("a) b"), 2);
        assert_eq!(at("状態:"), 4);
        assert_eq!(at("a:[1 2]"), 6);
        assert_eq!(at("a:\"open"), 3);
        assert_eq!(at(""), 1);
        assert_eq!(at(&"(".repeat(100)), 33);
    }

    #[test]
    fn a_store_may_skip_what_cannot_match() {
        let q = query("stream:payment_* AND NOT stream:payment_test AND failed");
        assert!(
            q.streams_maybe("payment_app")
                && !q.streams_maybe("payment_test")
                && !q.streams_maybe("web")
        );
        assert!(query("stream:web OR failed").streams_maybe("payment_app"));
        assert!(!query("stream:web OR stream:db").streams_maybe("payment_app"));

        let words = |text| query(text).required_words();
        assert_eq!(
            words("Card \"declined by\" status:failed x:1 stream:web"),
            ["by", "card", "declined", "failed"]
        );
        assert_eq!(words("(a AND b) OR (b AND c)"), ["b"]);
        assert_eq!(words("NOT a fail* 失敗 flag:true"), Vec::<String>::new());
        assert_eq!(
            query("a:x AND (b:y OR b:z) AND c:w*").required_values(),
            [("a", "x")]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-c甲:\\\\(){}\\[\\]\"*?<>=!\\- ANDORTO]{0,40}") {
            let _ = LogQuery::parse(&text);
        }

        /// What a store may skip is really not accepted.
        #[test]
        fn skipping_never_loses_a_record(text in "(NOT )?(a|b|status:a|stream:x)( (AND|OR) (NOT )?(a|b|status:b|stream:y)){0,3}",
                                         said in "[ab]( [ab])?", status in "[ab]", stream in "[xy]") {
            let q = query(&text);
            let accepted = q.accepts(
                &|name| match name {
                    "stream" => Some(FieldValue::Text(&stream)),
                    "status" => Some(FieldValue::Text(&status)),
                    _ => None,
                },
                &|test| test(&said) || test(&status),
            );
            if accepted {
                proptest::prop_assert!(q.streams_maybe(&stream));
                for word in q.required_words() {
                    proptest::prop_assert!(said.contains(&word) || status == word);
                }
            }
        }
    }
}
