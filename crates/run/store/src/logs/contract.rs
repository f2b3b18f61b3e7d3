//! What every log store must do, whatever engine lies beneath. Panics where one does not.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::{sync::Arc, time::Duration};

use promise::{LogQuery, Timestamp, record::Scalar};
use serde_json::json;

use super::{Appended, LogStore, Record, Scan, Search};

/// 2026-01-05T00:00:00Z, a Monday, in milliseconds.
const START: i64 = 1_767_571_200_000;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(START + secs * 1000)
}

fn record(id: u128, secs: i64, stream: &str, status: &str) -> Record {
    let fields = json!({ "status": status, "amount": 1200 + secs, "card": { "brand": "visa" }, "メモ": "手形" });
    Record {
        id,
        at: at(secs),
        stream: stream.to_owned(),
        fields: fields.as_object().unwrap().clone(),
    }
}

fn query(text: &str) -> LogQuery {
    LogQuery::parse(text).unwrap()
}

fn search(text: &str, from: i64, to: i64) -> Search {
    Search {
        query: query(text),
        from: at(from),
        to: at(to),
        newest_first: false,
        after: None,
        limit: Search::LIMIT_MAX,
    }
}

async fn ids(store: &dyn LogStore, search: &Search) -> Vec<u128> {
    store
        .search(search)
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.id)
        .collect()
}

/// Runs the suite; `make` gives an empty store each time.
pub async fn contract(make: impl AsyncFn() -> Arc<dyn LogStore>) {
    answers_nothing_while_empty(&*make().await).await;
    gives_back_what_it_got(&*make().await).await;
    finds_by_field_and_time(&*make().await).await;
    orders_and_limits(&*make().await).await;
    goes_on_where_an_answer_ended(&*make().await).await;
    gives_columns(&*make().await).await;
    stores_a_record_once(&*make().await).await;
    keeps_what_is_young(&*make().await).await;
    serves_many_at_once(make().await).await;
}

async fn answers_nothing_while_empty(store: &dyn LogStore) {
    assert!(
        store
            .search(&search("status:failed", 0, 100))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store
            .count(&query("status:failed"), at(0), at(100))
            .await
            .unwrap(),
        0
    );
    assert!(store.streams().await.unwrap().is_empty());
    assert_eq!(store.append(vec![]).await.unwrap(), Appended::default());
    assert_eq!(
        store.retain("none", Duration::ZERO, at(0)).await.unwrap(),
        0
    );
}

async fn gives_back_what_it_got(store: &dyn LogStore) {
    let written = record(u128::MAX, 1, "payment_log", "ok");
    store.append(vec![written.clone()]).await.unwrap();
    assert_eq!(
        store.search(&search("status:ok", 0, 9)).await.unwrap(),
        [written]
    );
    assert_eq!(store.streams().await.unwrap(), ["payment_log"]);
}

async fn finds_by_field_and_time(store: &dyn LogStore) {
    let all = [
        record(1, 10, "payment_log", "ok"),
        record(2, 20, "payment_log", "failed"),
        record(3, 30, "audit", "failed"),
        record(4, 40, "payment_log", "failed"),
    ];
    store.append(all.to_vec()).await.unwrap();
    assert_eq!(ids(store, &search("status:failed", 0, 99)).await, [2, 3, 4]);
    assert_eq!(
        ids(store, &search("stream:payment_* AND status:failed", 0, 99)).await,
        [2, 4]
    );
    assert_eq!(
        ids(store, &search("card.brand:visa", 10, 30)).await,
        [2, 3],
        "the start is outside, the end inside"
    );
    assert_eq!(
        store
            .count(&query("stream:payment_log"), at(0), at(99))
            .await
            .unwrap(),
        3
    );
    assert_eq!(
        store
            .count(&query("stream:payment_log"), at(10), at(20))
            .await
            .unwrap(),
        1
    );
    assert_eq!(store.streams().await.unwrap(), ["audit", "payment_log"]);
}

async fn orders_and_limits(store: &dyn LogStore) {
    let all =
        [(9, 30), (2, 10), (7, 20), (1, 20), (5, 40)].map(|(id, secs)| record(id, secs, "s", "ok"));
    for record in all {
        store.append(vec![record]).await.unwrap();
    }
    let any = search("status:ok", 0, 99);
    assert_eq!(ids(store, &any).await, [2, 1, 7, 9, 5], "by time, then id");
    assert_eq!(
        ids(
            store,
            &Search {
                limit: 3,
                ..any.clone()
            }
        )
        .await,
        [2, 1, 7]
    );
    assert_eq!(
        ids(
            store,
            &Search {
                newest_first: true,
                ..any.clone()
            }
        )
        .await,
        [5, 9, 7, 1, 2]
    );
    assert_eq!(
        ids(
            store,
            &Search {
                newest_first: true,
                after: None,
                limit: 2,
                ..any.clone()
            }
        )
        .await,
        [5, 9]
    );
    assert!(ids(store, &Search { limit: 0, ..any }).await.is_empty());
}

async fn goes_on_where_an_answer_ended(store: &dyn LogStore) {
    let all = (0..10).map(|n| record(n, 5 + i64::from(n > 4), "s", "ok"));
    store.append(all.collect()).await.unwrap();
    for newest_first in [false, true] {
        let mut page = search("status:ok", 0, 9);
        (page.limit, page.newest_first) = (3, newest_first);
        let mut seen = Vec::new();
        loop {
            let found = store.search(&page).await.unwrap();
            let Some(last) = found.last() else { break };
            page.after = Some((last.at, last.id));
            seen.extend(found.iter().map(|r| r.id));
        }
        if newest_first {
            seen.reverse();
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }
}

async fn gives_columns(store: &dyn LogStore) {
    let all = (0..6).map(|n| {
        let mut one = record(
            n,
            5,
            if n < 2 { "a" } else { "b" },
            if n == 3 { "ok" } else { "failed" },
        );
        if n == 4 {
            one.fields.remove("card");
        }
        one
    });
    store.append(all.collect()).await.unwrap();
    let scan = Scan {
        query: query("status:failed"),
        from: at(0),
        to: at(9),
        columns: ["amount", "card.brand", "nothing", "メモ"]
            .map(str::to_owned)
            .to_vec(),
    };
    let mut batches = store.scan(&scan).await.unwrap();
    let mut rows = Vec::new();
    while let Some(batch) = batches.next().await {
        let batch = batch.unwrap();
        for row in 0..batch.len() {
            assert_eq!(batch.at[row], at(5));
            let cell = |column: usize| batch.columns[column].get(row).unwrap_or_default();
            rows.push((batch.stream.to_string(), cell(0), cell(1), cell(2), cell(3)));
        }
    }
    rows.sort_by_key(|row| (row.0.clone(), row.2.is_null()));
    let row = |stream: &str, brand| {
        (
            stream.to_owned(),
            json!(1205),
            brand,
            json!(null),
            json!("手形"),
        )
    };
    let visa = || json!("visa");
    assert_eq!(
        rows,
        [
            row("a", visa()),
            row("a", visa()),
            row("b", visa()),
            row("b", visa()),
            row("b", json!(null))
        ]
    );
}

async fn stores_a_record_once(store: &dyn LogStore) {
    let batch = vec![
        record(1, 1, "s", "ok"),
        record(2, 2, "s", "ok"),
        record(1, 1, "s", "ok"),
    ];
    assert_eq!(
        store.append(batch).await.unwrap(),
        Appended {
            stored: 2,
            known: 1
        }
    );
    let again = vec![record(2, 2, "s", "ok"), record(3, 3, "s", "ok")];
    assert_eq!(
        store.append(again).await.unwrap(),
        Appended {
            stored: 1,
            known: 1
        }
    );
    assert_eq!(ids(store, &search("status:ok", 0, 9)).await, [1, 2, 3]);
}

async fn keeps_what_is_young(store: &dyn LogStore) {
    store
        .append(vec![record(1, 0, "s", "ok"), record(2, 3600, "s", "ok")])
        .await
        .unwrap();
    store
        .retain("s", Duration::from_secs(7200), at(7200))
        .await
        .unwrap();
    assert_eq!(
        ids(store, &search("status:ok", -1, 9999)).await,
        [1, 2],
        "nothing is older than what is to be kept"
    );
}

async fn serves_many_at_once(store: Arc<dyn LogStore>) {
    let tasks: Vec<_> = (0..16u128)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..20 {
                    let stream = format!("s{task}");
                    let appended = store
                        .append(vec![record(task * 100 + round, 5, &stream, "ok")])
                        .await
                        .unwrap();
                    assert_eq!(appended.stored, 1);
                    let seen = store
                        .count(&query(&format!("stream:{stream}")), at(0), at(9))
                        .await
                        .unwrap();
                    assert_eq!(
                        u128::from(seen),
                        round + 1,
                        "an append is seen once it returns"
                    );
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        store
            .count(&query("status:ok"), at(0), at(9))
            .await
            .unwrap(),
        320
    );
}
