//! Whatever is appended, in whatever batches and over whatever seals and openings, a model that keeps it
//! all in a map gives the same answers.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use promise::{
    Timestamp,
    signal::{Match, Matcher, anchored},
};
use proptest::prelude::*;
use store::{
    Labels, MetricStore, Sample, Series,
    metrics::{EmbeddedMetrics, Options, STALE},
};

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(usize, i64, f64)>),
    Reopen,
}

/// How late a sample may come, in milliseconds.
const WINDOW: i64 = 100;

fn labels(i: usize) -> Labels {
    let job = ["a", "b", ""][i % 3];
    Labels::new([("__name__", "x"), ("job", job), ("i", &i.to_string())])
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-5000i32..5000).prop_map(|n| f64::from(n) / 100.0),
        Just(STALE),
        Just(f64::NAN),
        Just(f64::INFINITY),
    ];
    let sample = (0usize..6, 0i64..400, value);
    prop_oneof![
        12 => prop::collection::vec(sample, 1..20).prop_map(Step::Append),
        1 => Just(Step::Reopen),
    ]
}

fn matchers() -> Vec<Vec<Matcher>> {
    let test = |name: &str, test| {
        vec![Matcher {
            name: name.to_owned(),
            test,
        }]
    };
    vec![
        vec![],
        test("job", Match::Equal(String::new())),
        test("job", Match::NotEqual("a".to_owned())),
        test("job", Match::Like(anchored("a|").unwrap())),
        test("i", Match::NotLike(anchored("[0-2]").unwrap())),
        test("missing", Match::Like(anchored(".+").unwrap())),
    ]
}

type Model = BTreeMap<Labels, BTreeMap<i64, u64>>;

fn expected(
    model: &Model,
    matchers: &[Matcher],
    from: i64,
    to: i64,
) -> Vec<(Labels, Vec<(i64, u64)>)> {
    let accepted = model
        .iter()
        .filter(|(labels, _)| matchers.iter().all(|m| m.accepts(labels.get(&m.name))));
    let ranged = accepted.map(|(labels, samples)| {
        (
            labels.clone(),
            samples
                .range(from..=to)
                .map(|(at, bits)| (*at, *bits))
                .collect::<Vec<_>>(),
        )
    });
    ranged.filter(|(_, samples)| !samples.is_empty()).collect()
}

fn found(series: Vec<Series>) -> Vec<(Labels, Vec<(i64, u64)>)> {
    let bits = |s: &Sample| (s.at.as_millis(), s.value.to_bits());
    series
        .into_iter()
        .map(|s| (s.labels, s.samples.iter().map(bits).collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_metric_store_answers_as_a_map_would(steps in prop::collection::vec(step(), 1..25), from in 0i64..400, to in 0i64..400) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let options = Options { seal_samples: 25, seal_samples_min: 5, seal_span: Duration::from_millis(300), late_window: Duration::from_millis(100), ..Options::default() };
        runtime.block_on(async {
            let mut store = EmbeddedMetrics::open_with(dir.path(), options.clone()).unwrap();
            let mut model = Model::new();
            for step in steps {
                let Step::Append(samples) = step else {
                    drop(store);
                    store = EmbeddedMetrics::open_with(dir.path(), options.clone()).unwrap();
                    continue;
                };
                let (mut stored, mut too_old) = (0, 0);
                let mut batch = Vec::new();
                for (i, at, value) in samples {
                    let held = model.entry(labels(i)).or_default();
                    if held.last_key_value().is_some_and(|(newest, _)| at < *newest - WINDOW) {
                        too_old += 1;
                    } else if let Entry::Vacant(free) = held.entry(at) {
                        free.insert(value.to_bits());
                        stored += 1;
                    }
                    let sample = Sample { at: Timestamp::from_millis(at), value };
                    batch.push(Series { labels: labels(i), samples: vec![sample], ..Series::default() });
                }
                let n = batch.len() as u64;
                let appended = store.append(batch).await.unwrap();
                assert_eq!((appended.stored, appended.too_old), (stored, too_old));
                assert_eq!(appended.known + appended.out_of_order, n - stored - too_old);
            }
            for matchers in matchers() {
                for (from, to) in [(from, to), (i64::MIN, i64::MAX)] {
                    let (f, t) = (Timestamp::from_millis(from), Timestamp::from_millis(to));
                    let answer = found(store.select(&matchers, f, t).await.unwrap());
                    let wanted = if from <= to { expected(&model, &matchers, from, to) } else { Vec::new() };
                    assert_eq!(answer, wanted);
                }
            }
        });
    }
}
