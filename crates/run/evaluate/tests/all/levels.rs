//! Levels: a query over the store, once a round is complete.

use promise::{Cause, Seen, State};

use crate::house::{House, down, one, promise, scrape};

fn queue() -> House {
    let fields = [
        ("kind", "threshold"),
        ("query", "max(queue)"),
        ("at_most", "100"),
    ];
    House::of(vec![promise("queue", &fields)])
}

fn round(secs: i64, value: f64) -> store::Round {
    let mut round = scrape("a", secs, &[]);
    round.series.push(one(
        &[("__name__", "queue"), ("job", "shop"), ("instance", "a")],
        secs,
        value,
    ));
    round
}

#[tokio::test]
async fn the_value_after_each_round_is_a_fact() {
    let mut house = queue();
    for (i, value) in [5.0, 9.0, 7.0].into_iter().enumerate() {
        let secs = i as i64 * 15 + 15;
        house.round(round(secs, value)).await;
        house.judge(secs).await;
    }
    let seen: Vec<Seen> = house
        .evidence(45)
        .facts
        .into_iter()
        .map(|fact| fact.seen)
        .collect();
    let level = |v| Seen::Level {
        last: v,
        low: v,
        high: v,
    };
    assert_eq!(seen, [level(5.0), level(9.0), level(7.0)]);
    assert_eq!(house.verdict(45).await, State::Kept);
}

#[tokio::test]
async fn a_level_that_ends_is_a_gap_from_its_last_value_on() {
    let mut house = queue();
    for secs in [15, 30] {
        house.round(round(secs, 5.0)).await;
        house.judge(secs).await;
    }
    let mut gone = down("a", 45);
    gone.series.push(one(
        &[("__name__", "queue"), ("job", "shop"), ("instance", "a")],
        45,
        store::metrics::STALE,
    ));
    house.round(gone).await;
    house.judge(45).await;
    let gaps = house.evidence(60).gaps;
    assert!(
        gaps.iter()
            .any(|gap| gap.cause == crate::house::refused() && gap.source == "shop/a"),
        "{gaps:?}"
    );
    assert!(
        gaps.iter()
            .any(|gap| gap.cause == Cause::Absent && gap.source == "max(queue)"),
        "{gaps:?}"
    );
}

fn stock(instance: &str, secs: i64, value: f64) -> store::Round {
    let mut round = scrape(instance, secs, &[]);
    round.series.push(one(
        &[
            ("__name__", "stock"),
            ("job", "shop"),
            ("instance", instance),
        ],
        secs,
        value,
    ));
    round
}

/// Goods move from one shop to the other: 60 + 40 is always 100, but 90 + 40 would be 130.
#[tokio::test]
async fn a_level_over_several_targets_never_sees_half_a_round() {
    let fields = [
        ("kind", "threshold"),
        ("query", "sum(stock)"),
        ("at_most", "110"),
    ];
    let mut house = House::of(vec![promise("stock", &fields)]);
    for (instance, value) in [("a", 60.0), ("b", 40.0)] {
        house.round(stock(instance, 15, value)).await;
    }
    assert_eq!(house.verdict(15).await, State::Kept);
    house.round(stock("a", 30, 90.0)).await;
    for secs in 30..34 {
        assert_eq!(
            house.verdict(secs).await,
            State::Kept,
            "b is late at {secs}"
        );
    }
    house.round(stock("b", 30, 10.0)).await;
    assert_eq!(house.verdict(34).await, State::Kept);
    // Nobody waits for longer than 5 s.
    house.round(stock("a", 45, 120.0)).await;
    assert_eq!(house.verdict(49).await, State::Kept);
    assert_eq!(house.verdict(50).await, State::Broken);
}
