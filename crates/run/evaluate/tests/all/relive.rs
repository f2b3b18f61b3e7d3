//! Time that is lived through again gives the verdicts that it gave, however far apart they are asked for.

use std::{collections::HashMap, sync::Arc, time::Duration};

use evaluate::{Evaluator, Judged, Owed, Stores};
use promise::{Evidence, Promise, State, Timestamp, Verdict};
use store::{Round, Series, logs::EmbeddedLogs, metrics::EmbeddedMetrics};

use crate::house::{House, at, down, events, one, owed, promise, ratio, record, scrape};

/// The verdicts of `promises` at these seconds, from what is stored alone.
async fn relived(
    stores: &Stores,
    promises: Vec<Arc<Promise>>,
    instants: &[i64],
) -> Vec<(String, Verdict)> {
    let mut evaluator = Evaluator::new(promises, owed(), HashMap::new(), at(0));
    let instants: Vec<Timestamp> = instants.iter().map(|secs| at(*secs)).collect();
    let mut told = Vec::new();
    let mut take = |judged: Judged| told.push((judged.promise.id.clone(), judged.verdict));
    evaluator
        .relive(stores, at(0), &instants, &mut take)
        .await
        .unwrap();
    told
}

fn log_count() -> Arc<Promise> {
    let fields = [
        ("kind", "log_count"),
        ("logs", "stream:app AND level:error"),
        ("at_most", "3"),
        ("window", "5m"),
    ];
    promise("errors", &fields)
}

fn level(hold: &str) -> Arc<Promise> {
    let fields = [
        ("kind", "threshold"),
        ("query", "max(queue)"),
        ("at_most", "100"),
        ("for", hold),
    ];
    promise("queue", &fields)
}

fn round(i: i64) -> Round {
    let n = i as f64;
    // A third fails from 40 to 60, the target is gone from 80 to 84.
    let failed = (n - 40.0).clamp(0.0, 20.0) * 10.0;
    let mut round = match i {
        80..84 => down("a", i * 15),
        _ => scrape("a", i * 15, &[("ok", n * 20.0), ("failed", failed)]),
    };
    let queue = if (96..=104).contains(&i) { 300.0 } else { 7.0 };
    let labels = [("__name__", "queue"), ("job", "shop"), ("instance", "a")];
    round.series.push(one(&labels, i * 15, queue));
    round
}

#[tokio::test]
async fn what_was_said_then_is_said_again() {
    let promises = vec![ratio("10m"), log_count(), level("1m")];
    let mut house = House::of(promises.clone());
    let (mut lived, mut asked) = (Vec::new(), Vec::new());
    for i in 0..=160 {
        house.round(round(i)).await;
        // Five errors at once, and later one now and then.
        let errors = match i {
            50 => 0..5,
            120 | 140 => 0..1,
            _ => 0..0,
        };
        let id = |n: u128| u128::try_from(i).unwrap() * 100 + n;
        let records = errors.map(|n| record(id(n), i * 15, &[("level", "error")]));
        house.lines(i * 15, records.collect()).await;
        let judged = house.judge(i * 15).await;
        if i > 0 && i % 20 == 0 {
            asked.push(i * 15);
            lived.push(judged);
        }
    }
    let told = relived(&house.stores, promises, &asked).await;
    for (secs, judged) in asked.iter().zip(lived) {
        for live in judged {
            let mut of = told
                .iter()
                .filter(|(id, verdict)| *id == live.promise.id && verdict.at <= at(*secs));
            let (_, again) = of.next_back().unwrap();
            let (id, state) = (&live.promise.id, live.verdict.state);
            assert_eq!(
                again.state,
                state,
                "{id} at {secs}: {}",
                again.reason.say().en
            );
            assert_eq!(again.measured, live.verdict.measured, "{id} at {secs}");
        }
    }
    let states = |wanted: &str| -> Vec<State> {
        let of = told.iter().filter(|(id, _)| id == wanted);
        of.map(|(_, verdict)| verdict.state).collect()
    };
    assert!(states("payments").contains(&State::Broken));
    assert!(states("errors").contains(&State::Broken));
}

/// The queue is long for two minutes before one instant and for half of one before the other, ten minutes apart.
#[tokio::test]
async fn a_level_is_relived_as_finely_as_it_was_lived() {
    let promises = vec![level("1m")];
    let mut house = House::of(promises.clone());
    for i in 0..=160 {
        house.round(round(i)).await;
    }
    // Long from 1,440 to 1,560 s.
    for (instant, state) in [
        (1_470, State::AtRisk),
        (1_545, State::Broken),
        (1_800, State::Kept),
    ] {
        let told = relived(&house.stores, promises.clone(), &[600, instant]).await;
        let (_, verdict) = told.last().unwrap();
        let found = (verdict.at, verdict.state);
        assert_eq!(found, (at(instant), state), "{}", verdict.reason.say().en);
    }
}

/// 30 days of rounds each 5 min, of which one in a hundred brings ten failures, two restarts and an hour of silence.
fn month() -> (Vec<Round>, f64, f64) {
    let (mut rounds, mut ok, mut failed) = (Vec::new(), 0.0, 0.0);
    let (mut good, mut total) = (0.0, 0.0);
    for i in 0..=8_640 {
        if i == 3_000 || i == 7_001 {
            (ok, failed) = (0.0, 0.0);
        }
        let bad = if i % 100 == 0 { 10.0 } else { 0.0 };
        ok += 90.0;
        failed += bad;
        if (5_000..5_012).contains(&i) {
            continue;
        }
        if i > 0 {
            (good, total) = match i {
                // What the hour brought is seen when it is over; a restart begins at zero.
                5_012 => (good + 13.0 * 90.0, total + 13.0 * 90.0 + 10.0),
                _ => (good + 90.0, total + 90.0 + bad),
            };
        }
        let mut round = scrape("a", i * 300, &[("ok", ok), ("failed", failed)]);
        round.next = at((i + 1) * 300);
        rounds.push(round);
    }
    (rounds, good, total)
}

#[tokio::test]
async fn a_month_without_a_snapshot_is_what_living_through_it_gave() {
    let folder = tempfile::tempdir().unwrap();
    let stores = Stores {
        metrics: Arc::new(EmbeddedMetrics::open(folder.path().join("metrics")).unwrap()),
        logs: Arc::new(EmbeddedLogs::open(folder.path().join("logs")).unwrap()),
    };
    let source = Owed {
        source: "shop/a".to_owned(),
        interval: Duration::from_secs(300),
        stream: None,
    };
    let evaluator = |now| {
        Evaluator::new(
            vec![ratio("30d")],
            vec![source.clone()],
            HashMap::new(),
            now,
        )
    };
    let (rounds, good, total) = month();
    let now = at(8_640 * 300);
    let mut live = evaluator(at(0));
    for some in rounds.chunks(1_000) {
        let series: Vec<Series> = some.iter().flat_map(|round| round.series.clone()).collect();
        stores.metrics.append(series).await.unwrap();
        some.iter().for_each(|round| live.observe(round));
    }
    let mut warm = evaluator(now);
    warm.warm(&stores, now).await.unwrap();
    let of = |evaluator: &Evaluator| -> Evidence { evaluator.evidence("payments", now).unwrap() };
    let (live, warm) = (of(&live), of(&warm));
    assert_eq!(warm, live);
    // By hand: `month` sums what it writes.
    assert_eq!(events(&warm), (good, total));
}
