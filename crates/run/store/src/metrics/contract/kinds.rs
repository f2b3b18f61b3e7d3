//! What not every engine has: late samples, histograms, exemplars, deletions, metadata; and look-ups and queries,
//! which all have.

use std::sync::Arc;

use promise::{Timestamp, signal::Matcher};
use promql::{Query, Value};

use super::{Appended, Capabilities, at, bits, like, named, series};
use crate::{
    Exemplar, Histogram, HistogramSample, Labels, Metadata, MetricStore, Series,
    metrics::{Buckets, Reset, STALE, Span},
};

pub(super) async fn kinds(can: Capabilities, make: &impl AsyncFn() -> Arc<dyn MetricStore>) {
    looks_up_series_and_names(&*make().await).await;
    answers_queries(&*make().await).await;
    if can.late {
        late_samples_find_their_place(&*make().await).await;
    }
    if can.histograms {
        keeps_histograms(&*make().await).await;
    }
    if can.exemplars {
        keeps_exemplars(&*make().await).await;
    }
    if can.delete {
        deletes_what_is_named_and_nothing_else(&*make().await).await;
    }
    if can.metadata {
        remembers_what_metrics_are(&*make().await).await;
    }
}

async fn looks_up_series_and_names(store: &dyn MetricStore) {
    let batch = vec![
        series(&[("__name__", "up"), ("job", "a")], &[(10, 1.0)]),
        series(
            &[("__name__", "up"), ("job", "b"), ("zone", "eu")],
            &[(500, 1.0)],
        ),
        series(&[("__name__", "down"), ("job", "a")], &[(10, 1.0)]),
    ];
    store.append(batch.clone()).await.unwrap();
    let found = store.series(&named("up"), at(0), at(100)).await.unwrap();
    assert_eq!(
        found,
        [batch[0].labels.clone()],
        "the other has no sample there"
    );
    let found = store
        .series(&[like("job", "a|b")], at(0), at(900))
        .await
        .unwrap();
    let sorted = [&batch[2], &batch[0], &batch[1]].map(|series| series.labels.clone());
    assert_eq!(found, sorted);
    assert!(
        store
            .series(&named("none"), at(0), at(900))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store.label_names(&named("up")).await.unwrap(),
        ["__name__", "job", "zone"]
    );
    assert_eq!(
        store.label_names(&named("down")).await.unwrap(),
        ["__name__", "job"]
    );
    assert!(store.label_names(&named("none")).await.unwrap().is_empty());
}

async fn answers_queries(store: &dyn MetricStore) {
    let rising = |job, by: f64| {
        let samples: Vec<(i64, f64)> = (0..=40)
            .map(|i| (i * 15, by * f64::from(i32::try_from(i).unwrap())))
            .collect();
        series(&[("__name__", "hits_total"), ("job", job)], &samples)
    };
    store
        .append(vec![rising("a", 15.0), rising("b", 30.0)])
        .await
        .unwrap();
    // 1 and 2 a second, as each rises by 15 and 30 every 15 s.
    let query = Query::parse("sum(rate(hits_total[5m]))").unwrap();
    let answer = store.query(&query, at(600)).await.unwrap().value;
    let Value::Vector(found) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(found.len(), 1);
    assert!((found[0].value.float().unwrap() - 3.0).abs() < 1e-9);
    let step = std::time::Duration::from_secs(60);
    let query = Query::parse("hits_total{job=\"b\"}").unwrap();
    let answer = store
        .query_range(&query, at(60), at(180), step)
        .await
        .unwrap()
        .value;
    let Value::Matrix(found) = answer else {
        panic!("{answer:?}")
    };
    let expected = [(60, 120.0f64), (120, 240.0), (180, 360.0)].map(|(t, v)| (t, v.to_bits()));
    assert_eq!(bits(&found[0]), expected);
}

async fn late_samples_find_their_place(store: &dyn MetricStore) {
    let x = |samples: &[(i64, f64)]| vec![series(&[("__name__", "x")], samples)];
    store
        .append(x(&[(10, 1.0), (100, 10.0), (200, 20.0)]))
        .await
        .unwrap();
    let late = store
        .append(x(&[(50, 5.0), (150, 15.0), (50, 5.0)]))
        .await
        .unwrap();
    let (stored, known) = (2, 1);
    assert_eq!(
        late,
        Appended {
            stored,
            known,
            ..Appended::default()
        }
    );
    let again = store
        .append(x(&[(50, 5.5), (210, 21.0), (150, 15.0)]))
        .await
        .unwrap();
    let (stored, known, out_of_order) = (1, 1, 1);
    assert_eq!(
        again,
        Appended {
            stored,
            known,
            out_of_order,
            ..Appended::default()
        }
    );
    let read = store.select(&named("x"), at(0), at(999)).await.unwrap();
    let expected = [
        (10, 1.0f64),
        (50, 5.0),
        (100, 10.0),
        (150, 15.0),
        (200, 20.0),
        (210, 21.0),
    ];
    assert_eq!(bits(&read[0]), expected.map(|(t, v)| (t, v.to_bits())));
    // A day before the newest is later than any engine allows by default.
    let old = store.append(x(&[(-86_400, 0.0)])).await.unwrap();
    assert_eq!((old.stored, old.too_old), (0, 1));
}

fn histogram(n: f64) -> Histogram {
    Histogram {
        schema: 2,
        reset: Reset::No,
        count: n * 3.0 + 1.0,
        sum: n * 0.37,
        zero_threshold: 1e-3,
        zero_count: 1.0,
        positive: Buckets {
            spans: vec![Span { offset: -2, len: 1 }, Span { offset: 3, len: 1 }],
            counts: vec![n, n * 2.0],
        },
        ..Histogram::default()
    }
}

async fn keeps_histograms(store: &dyn MetricStore) {
    let mut values: Vec<Histogram> = (0..100).map(|i| histogram(f64::from(i))).collect();
    values[40] = Histogram::stale();
    values[50].positive.spans[1].offset = 7;
    values[60].custom_bounds = vec![0.1, 2.5];
    let written = Series {
        labels: Labels::new([("__name__", "took_seconds"), ("job", "a")]),
        histograms: (0..)
            .zip(values)
            .map(|(i, value)| HistogramSample {
                at: at(i * 15),
                value: value.into(),
            })
            .collect(),
        ..Series::default()
    };
    for part in written.histograms.chunks(30) {
        let part = Series {
            histograms: part.to_vec(),
            labels: written.labels.clone(),
            ..Series::default()
        };
        let n = part.len() as u64;
        assert_eq!(store.append(vec![part.clone()]).await.unwrap().stored, n);
        assert_eq!(
            store.append(vec![part]).await.unwrap().known,
            n,
            "sent again"
        );
    }
    let read = store
        .select(&named("took_seconds"), at(0), at(9999))
        .await
        .unwrap();
    // Debug shows each float so that it reads back, and a marker's NaN is looked at by itself.
    assert_eq!(format!("{read:?}"), format!("{:?}", [&written]));
    assert_eq!(read[0].histograms[40].value.sum.to_bits(), STALE.to_bits());
    let some = store
        .select(&named("took_seconds"), at(31), at(60))
        .await
        .unwrap();
    assert_eq!(some[0].histograms, written.histograms[3..=4]);
    let mut unsound = written.clone();
    unsound.histograms = vec![HistogramSample {
        at: at(9999),
        value: Arc::new(histogram(1.0)),
    }];
    Arc::make_mut(&mut unsound.histograms[0].value)
        .positive
        .counts
        .pop();
    assert_eq!(store.append(vec![unsound]).await.unwrap().malformed, 1);
}

async fn keeps_exemplars(store: &dyn MetricStore) {
    let exemplar = |secs, trace: &str| Exemplar {
        labels: Labels::new([("trace_id", trace)]),
        at: at(secs),
        value: 0.5,
    };
    let with = |job, exemplars: Vec<Exemplar>| Series {
        exemplars,
        ..series(&[("__name__", "hits_total"), ("job", job)], &[])
    };
    let mut first = with("a", vec![exemplar(10, "x"), exemplar(20, "y")]);
    first.samples = series(&[], &[(10, 1.0)]).samples;
    store
        .append(vec![first, with("b", vec![exemplar(15, "z")])])
        .await
        .unwrap();
    // Sent again, or older than the newest of its series: it stays as it is.
    store
        .append(vec![with("a", vec![exemplar(20, "y"), exemplar(5, "w")])])
        .await
        .unwrap();
    let found = store
        .exemplars(&named("hits_total"), at(0), at(99))
        .await
        .unwrap();
    let traces = |found: &[Series]| -> Vec<String> {
        let all = found
            .iter()
            .flat_map(|series| series.exemplars.iter().map(move |e| (series, e)));
        all.map(|(series, e)| format!("{}{}", series.labels.get("job"), e.labels.get("trace_id")))
            .collect()
    };
    assert_eq!(traces(&found), ["ax", "ay", "bz"]);
    assert!(found.iter().all(Series::is_empty), "without samples");
    let found = store
        .exemplars(&[Matcher::equal("job", "a")], at(11), at(20))
        .await
        .unwrap();
    assert_eq!(traces(&found), ["ay"]);
}

async fn deletes_what_is_named_and_nothing_else(store: &dyn MetricStore) {
    let up = |job: &str, from: i64| {
        let samples: Vec<(i64, f64)> = (from..from + 10).map(|i| (i * 10, 1.0)).collect();
        series(&[("__name__", "up"), ("job", job)], &samples)
    };
    store.append(vec![up("a", 0), up("b", 0)]).await.unwrap();
    let times = async |job: &str| -> Vec<i64> {
        let found = store
            .select(&[Matcher::equal("job", job)], at(0), at(999))
            .await
            .unwrap();
        found.iter().flat_map(bits).map(|(secs, _)| secs).collect()
    };
    store
        .delete(&[Matcher::equal("job", "a")], at(20), at(50))
        .await
        .unwrap();
    assert_eq!(
        times("a").await,
        [0, 10, 60, 70, 80, 90],
        "both ends are gone"
    );
    assert_eq!(times("b").await.len(), 10);
    store.append(vec![up("a", 10)]).await.unwrap();
    assert_eq!(times("a").await.len(), 16, "what comes after is there");
    let all = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    store
        .delete(&[Matcher::equal("job", "a")], all.0, all.1)
        .await
        .unwrap();
    store.delete(&named("none"), all.0, all.1).await.unwrap();
    assert!(times("a").await.is_empty());
    assert_eq!(times("b").await.len(), 10);
}

async fn remembers_what_metrics_are(store: &dyn MetricStore) {
    let of = |metric: &str, kind: &str, help: &str| Metadata {
        metric: metric.to_owned(),
        kind: kind.to_owned(),
        help: help.to_owned(),
        unit: String::new(),
    };
    assert!(store.metadata(None).await.unwrap().is_empty());
    let (up, hits) = (
        of("up", "gauge", "元気か"),
        of("hits_total", "counter", "hits"),
    );
    store
        .describe(vec![up.clone(), of("hits_total", "unknown", "")])
        .await
        .unwrap();
    store.describe(vec![hits.clone()]).await.unwrap();
    assert_eq!(store.metadata(None).await.unwrap(), [hits.clone(), up]);
    assert_eq!(store.metadata(Some("hits_total")).await.unwrap(), [hits]);
    assert!(store.metadata(Some("none")).await.unwrap().is_empty());
}
