//! Hostile texts: an answer or an error, never a panic, never without end.

use promise::Timestamp;
use promql::{EvalError, Query, Series};
use proptest::prelude::*;

#[test]
fn depth_and_length_are_bounded() {
    assert!(Query::parse(&"(".repeat(100_000)).is_err());
    assert!(Query::parse(&format!("{}1{}", "(".repeat(500), ")".repeat(500))).is_err());
    assert!(Query::parse(&vec!["1"; 1_500].join("+")).is_err());
    assert!(Query::parse(&format!("up{{a=\"{}\"}}", "x".repeat(100_000))).is_err());
}

#[test]
fn a_subquery_without_end_is_refused() {
    let query = Query::parse("sum_over_time(vector(1)[100y:1ms])").unwrap();
    let answer = query.instant(
        Timestamp::from_millis(1_700_000_000_000),
        &Vec::<Series>::new(),
    );
    assert!(
        matches!(answer, Err(EvalError::TooManySamples { .. })),
        "{answer:?}"
    );
}

#[test]
fn mistakes_say_what_is_wrong() {
    for text in ["", "rate(x)", "sum(", "x{", "1 + ", "foo(x)", "x[5m]+1"] {
        let why = Query::parse(text).unwrap_err();
        assert!(!why.message.is_empty(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-z0-9(){}\\[\\]\"=~!<>+*/%^@:., -]{0,60}") {
        if let Ok(query) = Query::parse(&text) {
            let at = Timestamp::from_millis(1_000);
            let _ = query.selections(at, at);
            let _ = query.instant(at, &Vec::<Series>::new());
        }
    }
}
