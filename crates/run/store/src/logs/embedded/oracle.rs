//! The engine against `Record::matches`: over random records and queries, both must find the same.
#![cfg(test)]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use promise::{LogQuery, Timestamp, record::Scalar};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{EmbeddedLogs, Options};
use crate::logs::{Batch, LogStore, Record, Scan, Search};

/// Values as logs have them: few different ones, ids, times, messages over other fields, and oddities.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("failed".to_owned()),
        Just("ok".to_owned()),
        Just("Ｆａｉｌｅｄ".to_owned()),
        Just("与信に失敗しました".to_owned()),
        "[0-9]{1,4}",
        "0[0-9]{3}",
        "[0-9a-f]{8}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
        "10\\.0\\.[0-9]\\.[0-9]{1,2}",
        "2026-01-05T0[0-9]:00:0[0-9]\\.[0-9]{3}Z",
        "pay_[0-9]{3}",
        "Payment pay_[0-9]{2} of [0-9]{3} JPY (failed|captured) after [0-9]ms\\.",
        "決済[0-9]{2}番が失敗 \\(code=[0-9]\\)",
        "[a-cA-C甲乙é_\\-. 0-9\u{3099}\0]{0,12}",
    ];
    let leaf = prop_oneof![
        6 => text.prop_map(Value::from),
        2 => (-3i64..6000).prop_map(Value::from),
        1 => prop_oneof![Just(json!(u64::MAX)), Just(json!(i64::MIN)), Just(json!(1.0)), Just(json!(-0.0)), Just(json!(12.5)), Just(json!(1e300)), Just(json!(0.1))],
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[ab]|a\\.b|status", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![
        4 => Just("status".to_owned()),
        4 => Just("message".to_owned()),
        2 => Just("id".to_owned()),
        1 => Just("stream".to_owned()),
        2 => "[ab]|a\\.b|b\\.a",
    ];
    prop::collection::vec((name, value()), 0..6).prop_map(|fields| fields.into_iter().collect())
}

/// Rows repeat, so that dictionaries and templates form.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let few = prop::collection::vec(fields(), 1..8);
    (
        few,
        prop::collection::vec(
            (0usize..8, 0i64..40, 0u8..2, prop::option::of(fields())),
            1..80,
        ),
    )
        .prop_map(|(few, rows)| {
            let rows = rows.into_iter().enumerate();
            rows.map(|(id, (which, at, stream, own))| {
                let mut fields = own.unwrap_or_else(|| few[which % few.len()].clone());
                if which % 3 == 0 {
                    // A message over what another field says.
                    let said = fields
                        .get("id")
                        .and_then(Value::as_str)
                        .unwrap_or("none")
                        .to_owned();
                    fields.insert(
                        "message".into(),
                        format!("Payment {said} took {id} ms on host-1").into(),
                    );
                }
                Record {
                    id: (id as u128) << 70 | 7,
                    at: Timestamp::from_millis(86_399_980 + at),
                    stream: format!("s{stream}"),
                    fields,
                }
            })
            .collect()
        })
}

fn query() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("failed"),
        Just("ok"),
        Just("失敗"),
        Just("\"与信 に\""),
        Just("payment"),
        Just("10"),
        Just("ms"),
        Just("\"took 3 ms\""),
        Just("\"pay_11 of\""),
        Just("a"),
        Just("code"),
        Just("host"),
        Just("none"),
        Just("pay*"),
        Just("*ail*"),
        Just("CAPT*ed"),
        Just("?ai*d"),
        Just("*1*"),
        Just("a*0*"),
        Just("*失*"),
        Just("f?iled"),
        Just("/[0-9]+/"),
        Just("*"),
        Just("\"payment failed\"~4"),
        Just("番"),
        Just("00"),
        Just("4567"),
        Just("1"),
        Just("true"),
        Just("é"),
        Just("z"),
    ];
    let name = prop_oneof![
        Just("status"),
        Just("message"),
        Just("id"),
        Just("a"),
        Just("a.b"),
        Just("b.a"),
        Just("stream"),
        Just("a.status"),
        Just("nothing"),
        Just("status.keyword")
    ];
    let term = prop_oneof![
        3 => word.clone().prop_map(str::to_owned),
        4 => (name.clone(), word).prop_map(|(name, word)| format!("{name}:{word}")),
        1 => (name.clone(), -2i32..3000).prop_map(|(name, n)| format!("{name}:>{n}")),
        1 => (name.clone(), 0i32..50, 0i32..5000).prop_map(|(name, a, b)| format!("{name}:[{a} TO {b}]")),
        1 => name.clone().prop_map(|name| format!("{name}:[a TO g]")),
        1 => name.prop_map(|name| format!("_exists_:{name}")),
        1 => Just("stream:s0".to_owned()),
        1 => Just("id:\"10.0.1.1\"".to_owned()),
    ];
    let term = (any::<bool>(), term)
        .prop_map(|(not, term)| if not { format!("(NOT {term})") } else { term });
    prop::collection::vec(term, 1..4).prop_flat_map(|terms| {
        prop_oneof![Just(" AND "), Just(" OR ")].prop_map(move |join| terms.join(join))
    })
}

fn text(record: &Record) -> String {
    format!(
        "{} {:?} {} {}",
        record.id,
        record.at,
        record.stream,
        serde_json::to_string(&record.fields).unwrap()
    )
}

/// Cells as values, for whichever form the store gave them in.
fn told(batches: &[Batch]) -> Vec<(Timestamp, String, Option<Value>)> {
    let rows = batches.iter().flat_map(|batch| {
        (0..batch.len()).map(move |row| {
            (
                batch.at[row],
                batch.stream.to_string(),
                batch.columns[0].get(row),
            )
        })
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(at, stream, value)| {
        (*at, stream.clone(), value.as_ref().map(Value::to_string))
    });
    rows
}

async fn check(records: Vec<Record>, queries: Vec<String>, seal_bytes: usize, from: i64, to: i64) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        seal_bytes,
        ..Options::default()
    };
    let store = Arc::new(EmbeddedLogs::open_with(dir.path(), options).unwrap());
    for some in records.chunks(11) {
        store.append(some.to_vec()).await.unwrap();
    }
    let (from, to) = (
        Timestamp::from_millis(86_399_979 + from),
        Timestamp::from_millis(86_399_979 + to),
    );
    for text_of in queries {
        let Ok(query) = LogQuery::parse(&text_of) else {
            continue;
        };
        let mut right: Vec<&Record> = records
            .iter()
            .filter(|r| r.at > from && r.at <= to && r.matches(&query))
            .collect();
        right.sort_by_key(|record| (record.at, record.id));
        for newest_first in [false, true] {
            let search = Search {
                query: query.clone(),
                from,
                to,
                newest_first,
                after: None,
                limit: 7,
            };
            let found: Vec<String> = store
                .search(&search)
                .await
                .unwrap()
                .iter()
                .map(text)
                .collect();
            let right: Vec<String> = if newest_first {
                right.iter().rev().take(7).map(|r| text(r)).collect()
            } else {
                right.iter().take(7).map(|r| text(r)).collect()
            };
            assert_eq!(found, right, "{text_of}");
        }
        assert_eq!(
            store.count(&query, from, to).await.unwrap(),
            right.len() as u64,
            "{text_of}"
        );
        for column in ["status", "message", "a.b", "stream"] {
            let scan = Scan {
                query: query.clone(),
                from,
                to,
                columns: vec![column.to_owned()],
            };
            let mut batches = store.scan(&scan).await.unwrap();
            let mut found = Vec::new();
            while let Some(batch) = batches.next().await {
                found.push(batch.unwrap());
            }
            let all: Vec<Batch> = right
                .iter()
                .map(|r| Batch::of(&r.stream, &[(*r).clone()], &scan.columns))
                .collect();
            assert_eq!(told(&found), told(&all), "{text_of}: {column}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_a_look_at_every_record_finds(
        records in records(),
        queries in prop::collection::vec(query(), 12),
        seal_bytes in prop_oneof![Just(1usize), Just(3_000), Just(64 << 20)],
        from in 0i64..20,
        to in 15i64..60,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(records, queries, seal_bytes, from, to));
    }
}

/// Found by chance by the property above.
#[test]
fn a_list_of_empty_lists_and_objects_is_no_value() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fields = serde_json::json!({ "message": [[], {}], "status": ["0592"] });
    let record = Record {
        id: 1,
        at: Timestamp::from_millis(86_400_000),
        stream: "s1".into(),
        fields: fields.as_object().unwrap().clone(),
    };
    let queries = [
        "NOT _exists_:message",
        "_exists_:message",
        "_exists_:status",
    ];
    for seal_bytes in [1, 64 << 20] {
        let queries = queries.map(str::to_owned).to_vec();
        runtime.block_on(check(vec![record.clone()], queries, seal_bytes, 0, 60));
    }
}
