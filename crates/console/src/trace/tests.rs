//! Trees and critical paths, worked out by hand.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn span(id: &str, parent: &str, start: u64, took: u64) -> Span {
    Span {
        trace_id: "t".into(),
        span_id: id.into(),
        parent: Some(parent.to_owned()).filter(|parent| !parent.is_empty()),
        service: "shop".into(),
        name: id.into(),
        kind: "internal".into(),
        start,
        took,
        is_error: false,
        fields: Map::new(),
    }
}

fn path(spans: Vec<Span>) -> Vec<(String, u64, u64)> {
    let trace = Trace::of("t", spans).unwrap();
    let name = |section: &Section| trace.spans[section.span].span.name.clone();
    trace
        .critical_path()
        .iter()
        .map(|section| (name(section), section.from, section.to))
        .collect()
}

fn is(found: &[(String, u64, u64)], expected: &[(&str, u64, u64)]) {
    let found: Vec<(&str, u64, u64)> = found.iter().map(|(n, a, b)| (n.as_str(), *a, *b)).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_the_root_waited_for_is_the_path() {
    // The payment takes 100; fraud scoring 10..40 and the stock 10..60 run beside each other, then the provider 65..95.
    let spans = vec![
        span("pay", "", 0, 100),
        span("fraud", "pay", 10, 30),
        span("stock", "pay", 10, 50),
        span("provider", "pay", 65, 30),
        span("query", "stock", 20, 35),
    ];
    is(
        &path(spans),
        &[
            ("pay", 0, 10),
            ("stock", 10, 20),
            ("query", 20, 55),
            ("stock", 55, 60),
            ("pay", 60, 65),
            ("provider", 65, 95),
            ("pay", 95, 100),
        ],
    );
}

#[test]
fn a_child_that_outlives_its_parent_counts_as_far_as_the_parent_lasts() {
    let spans = vec![span("pay", "", 0, 50), span("mail", "pay", 40, 100)];
    is(&path(spans), &[("pay", 0, 40), ("mail", 40, 50)]);
}

#[test]
fn spans_without_a_parent_and_those_in_a_ring_are_all_there_once() {
    let spans = vec![
        span("a", "b", 5, 1),
        span("b", "a", 6, 1),
        span("lost", "nobody", 0, 1),
        span("lost", "nobody", 0, 1),
        span("own", "own", 9, 1),
    ];
    let trace = Trace::of("t", spans).unwrap();
    let names: Vec<(&str, usize)> = trace
        .spans
        .iter()
        .map(|placed| (placed.span.name.as_str(), placed.depth))
        .collect();
    assert_eq!(names, [("lost", 0), ("own", 0), ("a", 0), ("b", 1)]);
    assert_eq!((trace.start(), trace.end()), (0, 10));
    assert!(Trace::of("t", Vec::new()).is_none());
}

#[test]
fn a_record_is_a_span_where_it_says_how_long_it_took() {
    let record = |fields: Value| Record {
        id: 1,
        at: Timestamp::from_millis(1_700_000_000_000),
        stream: "spans".into(),
        fields: fields.as_object().unwrap().clone(),
    };
    let found = Span::of(&record(json!({
        "trace_id": "5b8efff798038103d269b633813fc60c", "span_id": "eee19b7ec3c1b174", "service": "pay", "name": "charge",
        "start_unix_nano": 1_700_000_000_123_456_789_u64, "duration_ns": 2_500_000, "status": "error",
    })))
    .unwrap();
    assert_eq!(
        (found.start, found.took, found.end()),
        (1_700_000_000_123_456, 2_500, 1_700_000_000_125_956)
    );
    assert!(found.is_error && found.parent.is_none());
    assert!(
        Span::of(&record(
            json!({ "trace_id": "5b", "message": "a log line of the trace" })
        ))
        .is_none()
    );
}
