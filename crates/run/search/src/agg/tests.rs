//! Aggregations against sums worked out by hand.

#![allow(clippy::unwrap_used)]
use promise::{
    Timestamp,
    signal::{FieldValue, Fields},
};
use serde_json::{Map, Value, json};

use super::{Aggregations, Collector, Columns};
use crate::{Mapping, Reader, Row};

/// A flat record.
struct Doc(Map<String, Value>);

impl Fields for Doc {
    fn any_value(&self, field: &str, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        let Some(value) = self.0.get(field) else {
            return false;
        };
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        items.iter().any(|item| match item {
            Value::String(text) => test(FieldValue::Text(text)),
            Value::Number(n) => test(FieldValue::Number(n.as_f64().unwrap())),
            Value::Bool(truth) => test(FieldValue::Bool(*truth)),
            _ => false,
        })
    }

    fn any_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0
            .values()
            .any(|value| value.as_str().is_some_and(&mut *test))
    }

    fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }
}

impl Row for Doc {
    fn index(&self) -> &str {
        "i"
    }

    fn id(&self) -> String {
        "1".to_owned()
    }

    fn source(&self) -> &Map<String, Value> {
        &self.0
    }
}

const NOW: Timestamp = Timestamp::from_millis(1_795_342_830_500);

fn ask(aggs: Value, docs: &[Value]) -> Value {
    let mapping = Mapping::default();
    let read = Aggregations::read(&aggs, &mut Reader::new(&mapping, NOW)).unwrap();
    let mut collector = Collector::new(&read);
    for doc in docs {
        collector
            .add(&Doc(doc.as_object().unwrap().clone()), NOW)
            .unwrap();
    }
    let answer = collector.finish().unwrap();
    // Field by field it is the same, where fields are enough.
    if read.fields().is_some() {
        let mut collector = Collector::new(&read);
        // In two batches, whose codes differ.
        for docs in docs.chunks(docs.len().div_ceil(2).max(1)) {
            collector.add_columns(&Flat::of(docs)).unwrap();
        }
        assert_eq!(collector.finish().unwrap(), answer);
    }
    answer
}

/// The same records, as a store of columns gives them; of `status` the few values.
struct Flat {
    docs: Vec<Doc>,
    at: Vec<Timestamp>,
    statuses: Vec<Value>,
    codes: Vec<u32>,
}

impl Flat {
    fn of(docs: &[Value]) -> Self {
        let docs: Vec<Doc> = docs
            .iter()
            .map(|doc| Doc(doc.as_object().unwrap().clone()))
            .collect();
        let mut statuses: Vec<Value> = Vec::new();
        let codes = docs.iter().map(|doc| match doc.0.get("status") {
            None => u32::MAX,
            Some(status) => {
                let known = statuses.iter().position(|known| known == status);
                let code = known.unwrap_or_else(|| {
                    statuses.push(status.clone());
                    statuses.len() - 1
                });
                u32::try_from(code).unwrap()
            }
        });
        Self {
            codes: codes.collect(),
            at: vec![NOW; docs.len()],
            statuses,
            docs,
        }
    }
}

impl Columns for Flat {
    fn index(&self) -> &str {
        "i"
    }

    fn at(&self) -> &[Timestamp] {
        &self.at
    }

    fn each(&self, field: &str, row: usize, give: &mut dyn FnMut(FieldValue<'_>)) {
        self.docs[row].any_value(field, &mut |value| {
            give(value);
            false
        });
    }

    fn codes(&self, field: &str) -> Option<(&[Value], &[u32])> {
        (field == "status").then_some((&self.statuses, &self.codes))
    }
}

#[test]
fn time_is_counted_in_runs_as_it_is_one_by_one() {
    let mapping = Mapping::default();
    let aggs = json!({
        "minutes": { "date_histogram": { "field": "@timestamp", "fixed_interval": "1m", "min_doc_count": 1 } },
        "days": { "date_histogram": { "field": "@timestamp", "calendar_interval": "day", "time_zone": "Asia/Tokyo" } },
    });
    let read = Aggregations::read(&aggs, &mut Reader::new(&mapping, NOW)).unwrap();
    let mut collector = Collector::new(&read);
    // 59.999 s and 60 s are in two minutes; the third is a day later, the last back in the first minute.
    let at = [59_999, 60_000, 60_000 + 86_400_000, 1].map(Timestamp::from_millis);
    let mut flat = Flat::of(&vec![json!({}); at.len()]);
    flat.at = at.to_vec();
    collector.add_columns(&flat).unwrap();
    let answer = collector.finish().unwrap();
    let counts = |name: &str| -> Vec<(i64, u64)> {
        let buckets = answer[name]["buckets"].as_array().unwrap();
        buckets
            .iter()
            .map(|b| (b["key"].as_i64().unwrap(), b["doc_count"].as_u64().unwrap()))
            .collect()
    };
    assert_eq!(counts("minutes"), [(0, 2), (60_000, 1), (86_460_000, 1)]);
    // A day of Tokyo begins at 15:00 UTC: nine hours before midnight.
    assert_eq!(counts("days"), [(-32_400_000, 3), (54_000_000, 1)]);
}

fn payments() -> Vec<Value> {
    vec![
        json!({ "status": "ok", "ms": 10, "time": "2026-03-28T23:30:00Z" }),
        json!({ "status": "failed", "ms": 30, "time": "2026-03-29T00:30:00Z" }),
        json!({ "status": "ok", "ms": 20, "time": "2026-03-29T22:30:00Z" }),
        json!({ "status": "ok", "ms": 40, "time": "2026-03-30T12:00:00Z", "tags": ["a", "b", "a"] }),
    ]
}

#[test]
fn terms_are_counted_and_what_is_left_out_is_told() {
    let answer = ask(
        json!({ "s": { "terms": { "field": "status.keyword", "size": 1 }, "aggs": { "slow": { "max": { "field": "ms" } } } } }),
        &payments(),
    );
    assert_eq!(
        answer["s"]["buckets"],
        json!([{ "key": "ok", "doc_count": 3, "slow": { "value": 40.0 } }])
    );
    assert_eq!(answer["s"]["sum_other_doc_count"], 1);
    let by_figure = json!({ "s": { "terms": { "field": "status", "order": { "a": "desc" } }, "aggs": { "a": { "avg": { "field": "ms" } } } } });
    // 30 of the failed is above (10 + 20 + 40) / 3.
    assert_eq!(
        ask(by_figure, &payments())["s"]["buckets"][0]["key"],
        "failed"
    );
    let tags = ask(
        json!({ "t": { "terms": { "field": "tags" } } }),
        &payments(),
    );
    assert_eq!(
        tags["t"]["buckets"],
        json!([{ "key": "a", "doc_count": 1 }, { "key": "b", "doc_count": 1 }])
    );
}

/// Berlin's clocks went forward in the night to 2026-03-29: that day began at 23:00 UTC and had 23 hours.
#[test]
fn a_calendar_day_has_as_many_hours_as_its_zone_gives_it() {
    let aggs = json!({ "d": { "date_histogram": { "field": "time", "calendar_interval": "day", "time_zone": "Europe/Berlin" } } });
    let answer = ask(aggs, &payments());
    let days: Vec<(&str, u64)> = answer["d"]["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| {
            (
                bucket["key_as_string"].as_str().unwrap(),
                bucket["doc_count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        days,
        [
            ("2026-03-29T00:00:00.000+01:00", 2),
            ("2026-03-30T00:00:00.000+02:00", 2)
        ]
    );
    let empty = json!({ "d": { "date_histogram": { "field": "time", "fixed_interval": "12h" } } });
    let counts: Vec<u64> = ask(empty, &payments())["d"]["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["doc_count"].as_u64().unwrap())
        .collect();
    assert_eq!(
        counts,
        [1, 1, 1, 0, 1],
        "a stretch without records is told as empty"
    );
}

/// 10, 20, 30, 40: the mean is 25, the squared distances 225 + 25 + 25 + 225 = 500, a quarter of which is 125.
#[test]
fn figures_are_right() {
    let aggs = json!({
        "e": { "extended_stats": { "field": "ms" } },
        "p": { "percentiles": { "field": "ms", "percents": [50, 100] } },
        "r": { "percentile_ranks": { "field": "ms", "values": [20] } },
        "c": { "cardinality": { "field": "status.keyword" } },
        "m": { "missing": { "field": "tags" } },
        "h": { "histogram": { "field": "ms", "interval": 25 } },
        "g": { "range": { "field": "ms", "ranges": [{ "to": 20 }, { "from": 20 }] } },
        "f": { "filters": { "filters": { "failed": { "term": { "status": "failed" } } }, "other_bucket": true } },
    });
    let answer = ask(aggs, &payments());
    assert_eq!(answer["e"]["variance"], 125.0);
    assert_eq!(answer["e"]["sum_of_squares"], 3000.0);
    assert_eq!(
        answer["p"]["values"],
        json!({ "50.0": 25.0, "100.0": 40.0 })
    );
    assert_eq!(answer["r"]["values"]["20.0"], 50.0);
    assert_eq!(answer["c"]["value"], 2);
    assert_eq!(answer["m"]["doc_count"], 3);
    assert_eq!(
        answer["h"]["buckets"],
        json!([{ "key": 0.0, "doc_count": 2 }, { "key": 25.0, "doc_count": 2 }])
    );
    assert_eq!(
        answer["g"]["buckets"][0],
        json!({ "key": "*-20.0", "to": 20.0, "doc_count": 1 })
    );
    assert_eq!(
        answer["f"]["buckets"],
        json!({ "failed": { "doc_count": 1 }, "_other_": { "doc_count": 3 } })
    );
}

#[test]
fn a_composite_is_paged() {
    let page = |after: Value| {
        let mut composite =
            json!({ "size": 1, "sources": [{ "s": { "terms": { "field": "status" } } }] });
        if !after.is_null() {
            composite["after"] = after;
        }
        ask(json!({ "c": { "composite": composite } }), &payments())["c"].clone()
    };
    let first = page(Value::Null);
    assert_eq!(
        first["buckets"],
        json!([{ "key": { "s": "failed" }, "doc_count": 1 }])
    );
    let second = page(first["after_key"].clone());
    assert_eq!(second["buckets"][0]["doc_count"], 3);
    assert!(
        page(second["after_key"].clone())["buckets"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_million_buckets_are_refused() {
    let mapping = Mapping::default();
    let mut reader = Reader::new(&mapping, NOW);
    let aggs = json!({ "t": { "terms": { "field": "n" } } });
    let read = Aggregations::read(&aggs, &mut reader).unwrap();
    let mut collector = Collector::new(&read);
    let refused = (0..1_000_000).find_map(|n| {
        collector
            .add(&Doc(json!({ "n": n }).as_object().unwrap().clone()), NOW)
            .err()
    });
    assert_eq!(refused.unwrap().code(), "too_many_buckets_exception");
    for bad in [
        json!({ "x": { "moving_fn": {} } }),
        json!({ "x": { "terms": {} } }),
        json!({ "x": 1 }),
        json!([]),
    ] {
        assert!(Aggregations::read(&bad, &mut reader).is_err(), "{bad}");
    }
}
