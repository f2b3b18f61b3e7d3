//! Counters of targets that answer, vanish, flap, restart and lie.

use promise::{Cause, Gap, State};

use crate::house::{House, down, events, ratio, refused, scrape};

fn gap(source: &str, from: i64, to: i64, cause: Cause) -> Gap {
    Gap {
        source: source.to_owned(),
        from: crate::house::at(from),
        to: crate::house::at(to),
        cause,
    }
}

#[tokio::test]
async fn steady_traffic_is_counted_from_the_second_round_on() {
    let mut house = House::of(vec![ratio("5m")]);
    for i in 0..=20 {
        house
            .round(scrape(
                "a",
                i * 15,
                &[("ok", 1000.0 + i as f64 * 9.0), ("failed", i as f64)],
            ))
            .await;
    }
    // 20 intervals of 9 good and 1 failed; what the counter stood at before is not known to be ours.
    assert_eq!(events(&house.evidence(300)), (180.0, 200.0));
    assert!(house.evidence(300).gaps.is_empty());
}

#[tokio::test]
async fn a_status_that_appears_later_counts_from_zero() {
    let mut house = House::of(vec![ratio("5m")]);
    house.round(scrape("a", 0, &[("ok", 10.0)])).await;
    house
        .round(scrape("a", 15, &[("ok", 12.0), ("failed", 3.0)]))
        .await;
    assert_eq!(events(&house.evidence(15)), (2.0, 5.0));
}

#[tokio::test]
async fn a_vanished_target_leaves_the_promise_unproven_and_says_why() {
    let mut house = House::of(vec![ratio("5m")]);
    for i in 0..=20 {
        house
            .round(scrape("a", i * 15, &[("ok", i as f64 * 10.0)]))
            .await;
        house.judge(i * 15).await;
    }
    for i in 21..=40 {
        house.round(down("a", i * 15)).await;
        house.judge(i * 15).await;
    }
    let evidence = house.evidence(600);
    assert_eq!(evidence.gaps, [gap("shop/a", 300, 600, refused())]);
    assert_eq!(house.verdict(600).await, State::Unproven);
}

#[tokio::test]
async fn a_flapping_target_whose_counter_goes_on_loses_nothing() {
    let mut house = House::of(vec![ratio("10m")]);
    for i in 0..=40 {
        if i % 3 == 1 {
            house.round(down("a", i * 15)).await;
        } else {
            house
                .round(scrape("a", i * 15, &[("ok", i as f64 * 10.0)]))
                .await;
        }
    }
    // Round 40 failed (40 % 3 = 1); the newest good one is 39: 390 events, and only the last hole is open.
    assert_eq!(events(&house.evidence(600)), (390.0, 390.0));
    assert_eq!(
        house.evidence(600).gaps,
        [gap("shop/a", 585, 600, refused())]
    );
}

#[tokio::test]
async fn a_restart_behind_a_hole_is_a_gap() {
    let mut house = House::of(vec![ratio("10m")]);
    house.round(scrape("a", 0, &[("ok", 100.0)])).await;
    house.round(scrape("a", 15, &[("ok", 110.0)])).await;
    house.round(down("a", 30)).await;
    house.round(scrape("a", 45, &[("ok", 4.0)])).await;
    // 10 before, 4 since its restart; what it counted after 15 and before it died is lost.
    assert_eq!(events(&house.evidence(45)), (14.0, 14.0));
    assert_eq!(house.evidence(45).gaps, [gap("shop/a", 15, 45, refused())]);
}

#[tokio::test]
async fn a_restart_between_two_rounds_counts_what_came_after() {
    let mut house = House::of(vec![ratio("10m")]);
    house.round(scrape("a", 0, &[("ok", 100.0)])).await;
    house.round(scrape("a", 15, &[("ok", 7.0)])).await;
    assert_eq!(events(&house.evidence(15)), (7.0, 7.0));
    let explained = house.evaluator.explain("payments").unwrap();
    assert_eq!(
        explained.heard[0].resets, 2,
        "the one series feeds both the total and the good"
    );
}

#[tokio::test]
async fn a_target_that_answers_without_the_counter_is_absent() {
    let mut house = House::of(vec![ratio("10m")]);
    house.round(scrape("a", 0, &[("ok", 100.0)])).await;
    house.round(scrape("a", 15, &[("ok", 110.0)])).await;
    house.round(scrape("a", 30, &[])).await;
    house.round(scrape("a", 45, &[])).await;
    assert_eq!(
        house.evidence(45).gaps,
        [gap("shop/a", 15, 45, Cause::Absent)]
    );
}

#[tokio::test]
async fn a_collector_that_falls_silent_is_noticed_without_a_round() {
    let mut house = House::of(vec![ratio("10m")]);
    house.round(scrape("a", 0, &[("ok", 100.0)])).await;
    house.round(scrape("a", 15, &[("ok", 110.0)])).await;
    house.judge(15).await;
    // Owed at 30; 15 s and 5 s of grace later it is late.
    assert!(house.evidence(50).gaps.is_empty());
    assert_eq!(house.evidence(51).gaps.len(), 1);
    assert!(house.evaluator.next_due().unwrap() <= crate::house::at(50));
    assert_eq!(house.judge(51).await.len(), 1);
}

#[tokio::test]
async fn samples_from_the_future_are_ignored() {
    let mut house = House::of(vec![ratio("10m")]);
    house.round(scrape("a", 0, &[("ok", 100.0)])).await;
    let mut round = scrape("a", 900, &[("ok", 999.0)]);
    round.at = crate::house::at(15);
    round.next = crate::house::at(30);
    house.evaluator.observe(&round);
    assert_eq!(events(&house.evidence(15)), (0.0, 0.0));
    house.round(scrape("a", 30, &[("ok", 120.0)])).await;
    assert_eq!(events(&house.evidence(30)), (20.0, 20.0));
}

#[tokio::test]
async fn nothing_ever_heard_is_unproven_and_similar_names_are_offered() {
    let mut house = House::of(vec![ratio("5m")]);
    let mut round = scrape("a", 0, &[]);
    round.series.push(crate::house::one(
        &[("__name__", "shop_pay_count"), ("job", "shop")],
        0,
        1.0,
    ));
    house.round(round).await;
    assert_eq!(house.verdict(600).await, State::Unproven);
    let explained = house.evaluator.explain("payments").unwrap();
    assert_eq!(explained.heard[0].similar, ["shop_pay_count"]);
    assert!(explained.sources.is_empty());
}

#[tokio::test]
async fn a_jump_of_the_clock_is_written_down() {
    let mut house = House::of(vec![ratio("10m")]);
    house.round(scrape("a", 100, &[("ok", 100.0)])).await;
    house.round(scrape("a", 115, &[("ok", 110.0)])).await;
    house
        .evaluator
        .clock_jumped(crate::house::at(120), crate::house::at(60));
    house.round(scrape("a", 75, &[("ok", 115.0)])).await;
    let evidence = house.evidence(120);
    assert!(
        evidence
            .gaps
            .contains(&gap("clock", 60, 120, Cause::ClockJump)),
        "{:?}",
        evidence.gaps
    );
    assert_eq!(events(&evidence), (15.0, 15.0));
}

#[tokio::test]
async fn the_first_verdict_has_nothing_before_it_and_the_next_ones_do() {
    let mut house = House::of(vec![ratio("5m")]);
    assert_eq!(house.judge(0).await[0].before, None);
    for i in 0..=20 {
        house
            .round(scrape("a", i * 15, &[("ok", i as f64 * 100.0)]))
            .await;
    }
    let judged = house.judge(300).await;
    assert_eq!(
        (judged[0].before, judged[0].verdict.state),
        (Some(State::Unproven), State::Kept)
    );
    assert!(
        house.judge(300).await.is_empty(),
        "nothing new, nothing judged"
    );
}
