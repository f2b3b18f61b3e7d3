//! Prometheus takes remote write 2.0 and offers remote read: samples come back bit by bit.

use std::sync::{Arc, Mutex};

use promise::{Timestamp, signal::Matcher};
use store::{
    Error, Exemplar, Histogram, HistogramSample, Labels, MetricStore, Sample, Series,
    metrics::{Buckets, CUSTOM_BOUNDS, Span, contract},
};

use crate::engine::{Engine, Kind};

/// Its remote read loses the sign of zero, it refuses samples without saying which, and it keeps exemplars only of
/// series that have samples. What the suites of histograms, exemplars and late samples see is tested below.
const CAN: contract::Capabilities = contract::Capabilities {
    exact: true,
    negative_zero: false,
    counts: false,
    at_once: true,
    late: false,
    histograms: false,
    exemplars: false,
    delete: true,
    metadata: true,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_on_prometheus() {
    let engines = Mutex::new(Vec::new());
    contract::contract_of(CAN, async || {
        let engine = Engine::start(Kind::Prometheus).await;
        let store = engine.store(&engine.folder.path().join("queue"));
        engines.lock().unwrap().push(engine);
        Arc::new(store) as Arc<dyn MetricStore>
    })
    .await;
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_767_571_200_000 + secs * 1000)
}

fn samples(all: &[(i64, f64)]) -> Vec<Sample> {
    all.iter()
        .map(|(secs, value)| Sample {
            at: at(*secs),
            value: *value,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn native_histograms_come_back_as_they_were() {
    let engine = Engine::start(Kind::Prometheus).await;
    let store = engine.store(&engine.folder.path().join("queue"));
    let exponential = Histogram {
        schema: 2,
        count: 10.0,
        sum: 0.37,
        zero_threshold: 1e-3,
        zero_count: 1.0,
        positive: Buckets {
            spans: vec![Span { offset: -2, len: 1 }, Span { offset: 3, len: 1 }],
            counts: vec![3.0, 6.0],
        },
        ..Histogram::default()
    };
    let bounded = Histogram {
        schema: CUSTOM_BOUNDS,
        count: 6.0,
        sum: 1.5,
        positive: Buckets {
            spans: vec![Span { offset: 0, len: 3 }],
            counts: vec![1.0, 2.0, 3.0],
        },
        custom_bounds: vec![0.1, 2.5],
        ..Histogram::default()
    };
    let of = |name: &str, value: Histogram| Series {
        labels: Labels::new([("__name__", name)]),
        histograms: vec![HistogramSample {
            at: at(10),
            value: value.into(),
        }],
        ..Series::default()
    };
    let sent = [of("exponential", exponential), of("bounded", bounded)];
    let appended = store.append(sent.to_vec()).await.unwrap();
    assert_eq!((appended.stored, appended.refused()), (2, 0));
    let exponential = &sent[0];
    let name = Matcher::equal("__name__", "exponential");
    let mut found = store.select(&[name], at(0), at(99)).await.unwrap();
    // Whether a counter was reset is Prometheus's own to find out.
    let value = Arc::make_mut(&mut found[0].histograms[0].value);
    value.reset = exponential.histograms[0].value.reset;
    assert_eq!(found, std::slice::from_ref(exponential));
    // Its remote read leaves out the bounds of the other, without which it means nothing; its own language knows
    // them: half of 6 observations lie at most at 2.5.
    let name = Matcher::equal("__name__", "bounded");
    assert!(
        store
            .select(&[name], at(0), at(99))
            .await
            .unwrap()
            .is_empty()
    );
    let below = promql::Query::parse("histogram_fraction(-Inf, 2.5, bounded)").unwrap();
    let promql::Value::Vector(below) = store.query(&below, at(10)).await.unwrap().value else {
        panic!("a vector was asked for")
    };
    assert_eq!(below[0].value.float(), Some(0.5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_is_stored_and_what_comes_too_late_is_counted() {
    let engine = Engine::start(Kind::Prometheus).await;
    let store = engine.store(&engine.folder.path().join("queue"));
    let labels = Labels::new([("__name__", "x")]);
    let x = |all: &[(i64, f64)]| vec![Series::new(labels.clone(), samples(all))];
    store.append(x(&[(3600, 1.0)])).await.unwrap();
    // The window is half an hour.
    let late = store.append(x(&[(2000, 0.5)])).await.unwrap();
    assert_eq!((late.stored, late.refused()), (1, 0));
    let other = Series::new(Labels::new([("__name__", "y")]), samples(&[(3600, 2.0)]));
    let mixed = [x(&[(0, 0.1)]), vec![other]].concat();
    let mixed = store.append(mixed).await.unwrap();
    assert_eq!((mixed.stored, mixed.refused()), (1, 1));
    let found = store
        .select(&[Matcher::equal("__name__", "x")], at(0), at(9999))
        .await
        .unwrap();
    assert_eq!(found[0].samples, samples(&[(2000, 0.5), (3600, 1.0)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn exemplars_arrive_and_a_wrong_query_says_so() {
    let engine = Engine::start(Kind::Prometheus).await;
    let store = engine.store(&engine.folder.path().join("queue"));
    let mark = Exemplar {
        labels: Labels::new([("trace_id", "7")]),
        at: at(10),
        value: 0.25,
    };
    let mut series = Series::new(
        Labels::new([("__name__", "hits_total"), ("the.dot", "値")]),
        samples(&[(10, 1.0)]),
    );
    series.exemplars.push(mark.clone());
    store.append(vec![series]).await.unwrap();
    let named = [Matcher::equal("__name__", "hits_total")];
    let found = store.exemplars(&named, at(0), at(99)).await.unwrap();
    assert_eq!(found[0].exemplars, [mark]);
    assert_eq!(store.label_values("the.dot", &named).await.unwrap(), ["値"]);
    let many = promql::Query::parse("hits_total * on() group_left() vector(1)").unwrap();
    assert!(store.query(&many, at(10)).await.is_ok());
    let clash = promql::Query::parse("label_replace(hits_total, \"\", \"$1\", \"a\", \"b\")");
    if let Ok(clash) = clash {
        assert!(matches!(
            store.query(&clash, at(10)).await,
            Err(Error::Query(_))
        ));
    }
}
