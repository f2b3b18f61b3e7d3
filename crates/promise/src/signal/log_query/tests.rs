//! Queries as people write them, and what they mean.

#![allow(clippy::unwrap_used)]
use super::{
    lucene::{Operator, Syntax},
    *,
};

fn query(text: &str) -> LogQuery {
    LogQuery::parse(text).unwrap()
}

/// Names and values; a name that stands twice is a list.
struct Plain<'r>(&'r [(&'r str, FieldValue<'r>)]);

impl Fields for Plain<'_> {
    fn any_value(&self, field: &str, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        self.0
            .iter()
            .any(|(name, value)| *name == field && test(value.clone()))
    }

    fn any_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0
            .iter()
            .any(|(_, value)| matches!(value, FieldValue::Text(text) if test(text)))
    }

    fn has(&self, field: &str) -> bool {
        self.any_value(field, &mut |_| true)
    }
}

const RECORD: Plain<'static> = Plain(&[
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
    ("tag", FieldValue::Text("urgent")),
    ("tag", FieldValue::Text("night shift")),
]);

fn matches(text: &str) -> bool {
    query(text).accepts(&RECORD)
}

#[test]
fn accepts_what_lucene_users_expect() {
    for text in [
        "*",
        "*:*",
        "status:failed",
        "status:Failed",
        "stream:payment_*",
        "status:fail?d",
        "status:failed retried:true",
        "processing_time:>5000",
        "processing_time > 5000",
        "processing_time >= 5200 AND processing_time < 5201",
        "processing_time:>=5200",
        "processing_time:[5000 TO 5200]",
        "processing_time:{5000 TO *}",
        "processing_time:[* TO 5200]",
        "processing_time:5200",
        "code:>=500",
        "code:500",
        "_exists_:retried",
        "retried:*",
        "NOT status:ok",
        "-status:ok",
        "!status:ok",
        "status:ok OR status:failed",
        "status:ok || status:failed",
        "status:failed && retried:true",
        "status:(ok OR failed)",
        "status:(+failed -ok)",
        "declined",
        "card",
        "\"declined by\"",
        "\"card issuer\"~2",
        "失敗",
        "message:失敗",
        "decl*",
        "decline~1",
        "message:/decl.*/",
        "http.path:/\\/v1\\/.*/",
        "http.path:\"/v1/charges\"",
        "http.path:\\/v1\\/charges",
        "http.path:\\/v1\\/*",
        "status.keyword:failed",
        "tag:urgent AND tag:night",
        "status:failed^3 AND (declined)^0.5",
        "status:f\\u0061iled",
        "stream:payment_* AND status:failed AND NOT processing_time:<5000",
        "status:ok OR (status:failed AND declined)",
        "NOT status:ok AND declined",
    ] {
        assert!(matches(text), "{text}");
    }
    for text in [
        "status:fail",
        "status.keyword:Failed",
        "stream:payment",
        "processing_time:<5200",
        "processing_time < 5200",
        "processing_time:{5200 TO *}",
        "decline",
        "lined",
        "_exists_:nothing",
        "NOT *",
        "status:failed AND status:ok",
        "retried:false",
        "message:>5",
        "\"by declined\"",
        "\"card issuer\"~1",
        "\"urgent night\"",
        "status:ok AND (status:ok OR status:failed)",
        "code:50",
        "retried:>0",
        "message:/decl/",
        "message:失望",
    ] {
        assert!(!matches(text), "{text}");
    }
}

/// Lucene's reading, as its own parser prints it: `a AND b OR c` is `+a +b c`, with AND by default `+a b c`.
#[test]
fn classic_precedence_is_lucenes_and_a_spec_refuses_it() {
    let classic = |text: &str, operator| {
        let query = LogQuery::read(text, Syntax::classic(operator), &Schemaless).unwrap();
        query.accepts(&Plain(&[("m", FieldValue::Text("c"))]))
    };
    assert!(!classic("a AND b OR c", Operator::Or));
    assert!(classic("a OR b AND NOT c OR c", Operator::Or) == classic("a +b -c c", Operator::Or));
    assert!(classic("a b c", Operator::Or) && !classic("a b c", Operator::And));
    for text in [
        "a AND b OR c",
        "a OR b c",
        "NOT a OR b",
        "a OR +b",
        "(a AND b OR c)",
    ] {
        assert!(
            LogQuery::parse(text)
                .unwrap_err()
                .en
                .contains("parentheses"),
            "{text}"
        );
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
    assert_eq!(at("b a:/(/"), 5);
    assert_eq!(at("a OR b AND c"), 8);
    assert_eq!(at("a\\"), 2);
    assert_eq!(at("a \\u12"), 5);
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
        query("a.keyword:x AND (b:y OR b:z) AND c:w* AND stream:s").required_values(),
        [("a", "x"), ("stream", "s")]
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-c甲:\\\\(){}\\[\\]\"*?<>=!+~^/u0-9.\\- &|ANDORTO]{0,40}") {
        let _ = LogQuery::parse(&text);
        let _ = LogQuery::read(&text, Syntax::classic(Operator::Or), &Schemaless);
    }

    /// What a store may skip is really not accepted.
    #[test]
    fn skipping_never_loses_a_record(text in "(NOT )?(a|b|status:a|stream:x)( (AND|OR) (NOT )?(a|b|status:b|stream:y)){0,3}",
                                     said in "[ab]( [ab])?", status in "[ab]", stream in "[xy]") {
        let q = LogQuery::read(&text, Syntax::classic(Operator::And), &Schemaless).unwrap();
        let values = [("stream", FieldValue::Text(&stream)), ("status", FieldValue::Text(&status)), ("said", FieldValue::Text(&said))];
        if q.accepts(&Plain(&values)) {
            proptest::prop_assert!(q.streams_maybe(&stream));
            for word in q.required_words() {
                proptest::prop_assert!(said.contains(&word) || status == word || stream == word);
            }
        }
    }
}
