//! A restart gives the evidence and the verdict that never having stopped would give.

use promise::Cause;

use crate::house::{House, down, events, ratio, scrape};

#[tokio::test]
async fn history_gives_what_living_through_it_gave() {
    let mut house = House::of(vec![ratio("30m")]);
    for i in 0..=120 {
        let n = i as f64;
        house
            .round(scrape("a", i * 15, &[("ok", n * 9.0), ("failed", n)]))
            .await;
        match i {
            // b dies at 40, is back at 45 without its counts, and dies for good at 110.
            40..45 | 110.. => house.round(down("b", i * 15 + 5)).await,
            45.. => {
                house
                    .round(scrape(
                        "b",
                        i * 15 + 5,
                        &[("ok", (n - 44.0) * 5.0), ("failed", 0.0)],
                    ))
                    .await
            }
            _ => {
                house
                    .round(scrape(
                        "b",
                        i * 15 + 5,
                        &[("ok", 50.0 + n * 5.0), ("failed", 0.0)],
                    ))
                    .await
            }
        }
        house.judge(i * 15 + 5).await;
    }
    let now = 120 * 15 + 6;
    let live = house.evidence(now);
    let verdict = house.verdict(now).await;
    house.restart(now).await;
    let mut warm = house.evidence(now);
    // Only the words of the cause differ: the store knows that the target was down, not why.
    assert_eq!(warm.gaps.len(), live.gaps.len());
    for (warm, live) in warm.gaps.iter_mut().zip(&live.gaps) {
        assert!(matches!(warm.cause, Cause::Failed { .. }));
        warm.cause = live.cause.clone();
    }
    assert_eq!(warm, live);
    assert_eq!(house.verdict(now).await, verdict);
}

#[tokio::test]
async fn time_in_which_nothing_ran_is_no_gap_where_the_counters_went_on() {
    let mut house = House::of(vec![ratio("30m")]);
    for i in 0..=20 {
        house
            .round(scrape("a", i * 15, &[("ok", i as f64 * 10.0)]))
            .await;
    }
    house.restart(900).await;
    house.round(scrape("a", 900, &[("ok", 600.0)])).await;
    let evidence = house.evidence(900);
    assert_eq!(events(&evidence), (600.0, 600.0));
    assert!(evidence.gaps.is_empty(), "{:?}", evidence.gaps);
}

#[tokio::test]
async fn time_in_which_nothing_ran_is_a_gap_where_they_did_not() {
    let mut house = House::of(vec![ratio("30m")]);
    for i in 0..=20 {
        house
            .round(scrape("a", i * 15, &[("ok", i as f64 * 10.0)]))
            .await;
    }
    house.restart(900).await;
    house.round(scrape("a", 900, &[("ok", 3.0)])).await;
    let evidence = house.evidence(900);
    assert_eq!(events(&evidence), (203.0, 203.0));
    assert_eq!(evidence.gaps.len(), 1);
    assert_eq!(evidence.gaps[0].cause, Cause::NotRunning);
}
