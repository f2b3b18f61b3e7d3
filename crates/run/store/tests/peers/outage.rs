//! Nothing that was acknowledged is lost: not while the engine is away, nor over our restarts.

use std::time::{Duration, Instant};

use promise::{Timestamp, signal::Matcher};
use store::{Error, Labels, MetricStore, Sample, Series, metrics::RemoteMetrics};

use crate::engine::{Engine, Kind};

const PATIENCE: Duration = Duration::from_secs(60);

fn sample(n: i64) -> Sample {
    Sample {
        at: Timestamp::from_millis(1_767_571_200_000 + n * 1000),
        #[allow(clippy::cast_precision_loss)]
        value: n as f64,
    }
}

fn one(n: i64) -> Vec<Series> {
    let labels = Labels::new([("__name__", "kept_total")]);
    vec![Series::new(labels, vec![sample(n)])]
}

async fn until_all_are_there(store: &RemoteMetrics, count: i64) {
    let until = Instant::now() + PATIENCE;
    loop {
        let named = [Matcher::equal("__name__", "kept_total")];
        let found = store.select(&named, sample(0).at, sample(count).at).await;
        let there = found
            .as_ref()
            .map_or(0, |found| found.iter().map(Series::len).sum());
        if there == usize::try_from(count).unwrap() {
            let expected: Vec<Sample> = (0..count).map(sample).collect();
            assert_eq!(found.unwrap()[0].samples, expected);
            return;
        }
        assert!(Instant::now() < until, "{there} of {count} are there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_was_away_gets_everything_in_order() {
    for kind in [Kind::Prometheus, Kind::Victoria] {
        let mut engine = Engine::start(kind).await;
        let folder = engine.folder.path().join("queue");
        {
            let store = engine.store(&folder);
            for n in 0..20 {
                store.append(one(n)).await.unwrap();
            }
            engine.end();
            for n in 20..60 {
                assert_eq!(store.append(one(n)).await.unwrap().stored, 1);
            }
            let named = [Matcher::equal("__name__", "kept_total")];
            let asked = store.select(&named, sample(0).at, sample(99).at).await;
            assert!(matches!(asked, Err(Error::Remote(_))), "{asked:?}");
        }
        // We end while it is still away, and begin again before it is back.
        let store = engine.store(&folder);
        for n in 60..80 {
            store.append(one(n)).await.unwrap();
        }
        engine.again().await;
        until_all_are_there(&store, 80).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_says_so() {
    let mut engine = Engine::start(Kind::Prometheus).await;
    engine.end();
    let folder = engine.folder.path().join("queue");
    let store = RemoteMetrics::open(&folder, engine.options(400)).unwrap();
    let mut taken = 0;
    let refused = loop {
        match store.append(one(taken)).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(refused.is_passing());
    assert!(refused.to_string().contains("queue_max"), "{refused}");
    assert!((1..20).contains(&taken), "{taken}");
    engine.again().await;
    until_all_are_there(&store, taken).await;
    store.append(one(taken)).await.unwrap();
}
