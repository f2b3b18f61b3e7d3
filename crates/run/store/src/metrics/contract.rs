//! What every metric store must do, whatever engine lies beneath. Panics where one does not.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod kinds;
mod rounds;

use std::{sync::Arc, time::Duration};

use promise::{
    Timestamp,
    signal::{Match, Matcher},
};

use super::{Appended, Labels, MetricStore, STALE, Sample, Series};

/// 2026-01-05T00:00:00Z, a Monday, in milliseconds.
const START: i64 = 1_767_571_200_000;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(START + secs * 1000)
}

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    Series {
        labels: Labels::new(labels.iter().copied()),
        samples: samples
            .iter()
            .map(|(secs, value)| Sample {
                at: at(*secs),
                value: *value,
            })
            .collect(),
        ..Series::default()
    }
}

fn named(name: &str) -> Vec<Matcher> {
    vec![Matcher::equal("__name__", name)]
}

fn like(label: &str, pattern: &str) -> Matcher {
    let pattern = promise::signal::anchored(pattern).unwrap();
    Matcher {
        name: label.to_owned(),
        test: Match::Like(pattern),
    }
}

/// Times in seconds after the start, and the values' bits, since NaN is not equal to itself.
fn bits(series: &Series) -> Vec<(i64, u64)> {
    series
        .samples
        .iter()
        .map(|s| ((s.at.as_millis() - START) / 1000, s.value.to_bits()))
        .collect()
}

/// What an engine can do beyond what all must. What it cannot, the suite leaves out because this says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Every bit of a float is kept, staleness markers among them, and the first value of an instant.
    pub exact: bool,
    /// The sign of zero among them.
    pub negative_zero: bool,
    /// An append tells what became of each sample.
    pub counts: bool,
    /// What was appended is seen as soon as that is answered.
    pub at_once: bool,
    /// Samples that come some minutes late are stored.
    pub late: bool,
    pub histograms: bool,
    pub exemplars: bool,
    pub delete: bool,
    pub metadata: bool,
}

impl Capabilities {
    pub const ALL: Self = Self {
        exact: true,
        negative_zero: true,
        counts: true,
        at_once: true,
        late: true,
        histograms: true,
        exemplars: true,
        delete: true,
        metadata: true,
    };
}

/// Runs the suite of an engine that can do everything; `make` gives an empty store each time.
pub async fn contract(make: impl AsyncFn() -> Arc<dyn MetricStore>) {
    contract_of(Capabilities::ALL, make).await;
}

/// Runs the suite.
pub async fn contract_of(can: Capabilities, make: impl AsyncFn() -> Arc<dyn MetricStore>) {
    answers_nothing_while_empty(&*make().await).await;
    if can.exact {
        keeps_every_bit(can, &*make().await).await;
        the_first_value_of_an_instant_stands(can, &*make().await).await;
    }
    bounds_are_inclusive(&*make().await).await;
    matches_as_promql_does(&*make().await).await;
    lists_label_values(&*make().await).await;
    keeps_what_is_young(&*make().await).await;
    serves_many_at_once(can, make().await).await;
    rounds::a_round_is_appended_as_its_series_would_be(can, &*make().await).await;
    kinds::kinds(can, &make).await;
}

async fn answers_nothing_while_empty(store: &dyn MetricStore) {
    assert!(
        store
            .select(&named("up"), at(0), at(100))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.label_values("job", &[]).await.unwrap().is_empty());
    assert_eq!(store.append(vec![]).await.unwrap(), Appended::default());
    assert_eq!(
        store
            .append(vec![series(&[("__name__", "up")], &[])])
            .await
            .unwrap(),
        Appended::default()
    );
    assert!(
        store
            .select(&named("up"), at(0), at(100))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn keeps_every_bit(can: Capabilities, store: &dyn MetricStore) {
    let odd = [
        1.5,
        if can.negative_zero { -0.0 } else { 0.0 },
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        STALE,
        0.1 + 0.2,
        f64::MAX,
        5e-324,
    ];
    let samples: Vec<(i64, f64)> = (0..).zip(odd).collect();
    let written = series(&[("__name__", "odd")], &samples);
    let appended = store.append(vec![written.clone()]).await.unwrap();
    assert_eq!(
        appended,
        Appended {
            stored: 9,
            out_of_order: 0,
            ..Appended::default()
        }
    );
    let read = store.select(&named("odd"), at(0), at(100)).await.unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].labels, written.labels);
    assert_eq!(bits(&read[0]), bits(&written));
}

async fn bounds_are_inclusive(store: &dyn MetricStore) {
    store
        .append(vec![series(
            &[("__name__", "x")],
            &[(10, 1.0), (20, 2.0), (30, 3.0)],
        )])
        .await
        .unwrap();
    let times = async |from, to| -> Vec<i64> {
        let found = store.select(&named("x"), at(from), at(to)).await.unwrap();
        found.iter().flat_map(bits).map(|(secs, _)| secs).collect()
    };
    assert_eq!(times(10, 30).await, [10, 20, 30]);
    assert_eq!(times(11, 29).await, [20]);
    assert_eq!(times(20, 20).await, [20]);
    assert!(
        times(31, 99).await.is_empty(),
        "a series without a sample there is left out"
    );
    assert!(times(30, 10).await.is_empty());
}

async fn the_first_value_of_an_instant_stands(can: Capabilities, store: &dyn MetricStore) {
    let x = |samples: &[(i64, f64)]| vec![series(&[("__name__", "x")], samples)];
    store.append(x(&[(10, 1.0), (20, 2.0)])).await.unwrap();
    let again = store
        .append(x(&[(10, 1.0), (20, 9.0), (30, 3.0)]))
        .await
        .unwrap();
    let (stored, known, out_of_order) = (1, 1, 1);
    let expected = Appended {
        stored,
        known,
        out_of_order,
        ..Appended::default()
    };
    assert!(again == expected || !can.counts, "{again:?}");
    let twice = [x(&[(40, 4.0)]), x(&[(40, 4.0), (50, 5.0)])].concat();
    let (stored, known) = (2, 1);
    let expected = Appended {
        stored,
        known,
        ..Appended::default()
    };
    let again = store.append(twice).await.unwrap();
    assert!(again == expected || !can.counts, "{again:?}");
    let read = store.select(&named("x"), at(0), at(100)).await.unwrap();
    let expected =
        [(10, 1.0f64), (20, 2.0), (30, 3.0), (40, 4.0), (50, 5.0)].map(|(t, v)| (t, v.to_bits()));
    assert_eq!(bits(&read[0]), expected);
    // Another series may be older: order is a matter of each series.
    let older = store
        .append(vec![series(&[("__name__", "y")], &[(5, 1.0)])])
        .await
        .unwrap();
    assert_eq!(older.stored, 1);
}

async fn matches_as_promql_does(store: &dyn MetricStore) {
    let all = [
        ("a", "1", ""),
        ("a", "2", "eu"),
        ("b", "10", "jp"),
        ("b", "2", ""),
    ];
    let batch = all.map(|(job, instance, zone)| {
        series(
            &[
                ("__name__", "up"),
                ("job", job),
                ("instance", instance),
                ("zone", zone),
            ],
            &[(1, 1.0)],
        )
    });
    store.append(batch.to_vec()).await.unwrap();
    let found = async |matchers: &[Matcher]| -> Vec<String> {
        let found = store.select(matchers, at(0), at(9)).await.unwrap();
        found
            .iter()
            .map(|s| format!("{}{}", s.labels.get("job"), s.labels.get("instance")))
            .collect()
    };
    let not = |label: &str, value: &str| Matcher {
        name: label.to_owned(),
        test: Match::NotEqual(value.to_owned()),
    };
    // In the order of labels: by instance, then job, as the names sort.
    assert_eq!(
        found(&named("up")).await,
        ["a1", "b10", "a2", "b2"],
        "by their labels"
    );
    assert_eq!(
        found(&[named("up"), vec![Matcher::equal("zone", "")]].concat()).await,
        ["a1", "b2"]
    );
    assert_eq!(
        found(&[named("up"), vec![not("zone", "jp")]].concat()).await,
        ["a1", "a2", "b2"]
    );
    assert_eq!(
        found(&[named("up"), vec![not("zone", "")]].concat()).await,
        ["b10", "a2"]
    );
    assert_eq!(
        found(&[named("up"), vec![like("instance", "1.*")]].concat()).await,
        ["a1", "b10"]
    );
    assert_eq!(
        found(&[named("up"), vec![like("zone", "jp|")]].concat()).await,
        ["a1", "b10", "b2"]
    );
    assert_eq!(
        found(&[like("job", "b"), Matcher::equal("instance", "2")]).await,
        ["b2"]
    );
    assert!(
        found(&[named("up"), vec![Matcher::equal("nowhere", "x")]].concat())
            .await
            .is_empty()
    );
}

async fn lists_label_values(store: &dyn MetricStore) {
    let one = |name, job| series(&[("__name__", name), ("job", job)], &[(1, 1.0)]);
    store
        .append(vec![
            one("up", "b"),
            one("up", "a"),
            one("down", "c"),
            one("bare", ""),
        ])
        .await
        .unwrap();
    assert_eq!(
        store.label_values("job", &[]).await.unwrap(),
        ["a", "b", "c"]
    );
    assert_eq!(
        store.label_values("job", &named("up")).await.unwrap(),
        ["a", "b"]
    );
    assert_eq!(
        store.label_values("__name__", &[]).await.unwrap(),
        ["bare", "down", "up"]
    );
    assert!(store.label_values("nowhere", &[]).await.unwrap().is_empty());
}

async fn keeps_what_is_young(store: &dyn MetricStore) {
    store
        .append(vec![series(&[("__name__", "x")], &[(0, 1.0), (3600, 2.0)])])
        .await
        .unwrap();
    store
        .retain(Duration::from_secs(7200), at(7200))
        .await
        .unwrap();
    let read = store.select(&named("x"), at(0), at(9999)).await.unwrap();
    assert_eq!(
        read[0].samples.len(),
        2,
        "nothing is older than what is to be kept"
    );
}

async fn serves_many_at_once(can: Capabilities, store: Arc<dyn MetricStore>) {
    let tasks: Vec<_> = (0..32u32)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..20u32 {
                    let name = task.to_string();
                    let labels = [("__name__", "many"), ("task", name.as_str())];
                    let sample = (i64::from(round), f64::from(task * 100 + round));
                    store
                        .append(vec![series(&labels, &[sample])])
                        .await
                        .unwrap();
                    let seen = store
                        .select(&[Matcher::equal("task", &*name)], at(0), at(99))
                        .await
                        .unwrap();
                    let seen = seen.first().map_or(0, |series| series.samples.len());
                    let is_there = seen == round as usize + 1;
                    assert!(
                        is_there || !can.at_once,
                        "an append is seen once it returns: {seen} after {round}"
                    );
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut tries = if can.at_once { 1 } else { 100 };
    let mut all = 0;
    while tries > 0 && all != 640 {
        let read = store.select(&named("many"), at(0), at(99)).await.unwrap();
        all = read.iter().map(|series| series.samples.len()).sum();
        tries -= 1;
        if all != 640 && tries > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert_eq!(all, 640);
}
