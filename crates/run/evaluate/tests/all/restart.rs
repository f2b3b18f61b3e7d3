//! A restart gives the evidence and the verdict that never having stopped would give.

use evaluate::Unusable;
use promise::{Cause, State};

use crate::house::{House, at, down, events, promise, ratio, record, scrape};

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

/// Two targets, one of which restarts and vanishes; a snapshot at each minute in turn is taken up ten minutes later.
#[tokio::test]
async fn a_snapshot_and_what_came_after_it_give_what_living_through_it_gave() {
    for taken_at in [4, 41, 60, 109, 120] {
        let mut house = House::of(vec![ratio("30m")]);
        let mut taken = Vec::new();
        for i in 0..=160 {
            let n = i as f64;
            house
                .round(scrape("a", i * 15, &[("ok", n * 9.0), ("failed", n)]))
                .await;
            match i {
                40..45 | 110.. => house.round(down("b", i * 15 + 5)).await,
                45.. => {
                    let n = (n - 44.0) * 5.0;
                    house.round(scrape("b", i * 15 + 5, &[("ok", n)])).await;
                }
                _ => {
                    let n = 50.0 + n * 5.0;
                    house.round(scrape("b", i * 15 + 5, &[("ok", n)])).await;
                }
            }
            house.judge(i * 15 + 5).await;
            if i == taken_at {
                taken = house.snapshots(i * 15 + 5);
            }
        }
        let now = 160 * 15 + 6;
        let live = house.evidence(now);
        house.restart_from_snapshots(&taken, now).await;
        let mut warm = house.evidence(now);
        assert_eq!(warm.gaps.len(), live.gaps.len(), "taken at {taken_at}");
        for (warm, live) in warm.gaps.iter_mut().zip(&live.gaps) {
            warm.cause = live.cause.clone();
        }
        assert_eq!(warm, live, "taken at {taken_at}");
    }
}

/// Records of a source that is declared with a pattern, and of one that nobody declared: each counts once, whether a
/// snapshot was taken before it, after it, or between.
#[tokio::test]
async fn log_records_of_any_source_count_once_over_a_snapshot() {
    let fields = [
        ("kind", "log_count"),
        ("logs", "level:error"),
        ("at_most", "9"),
        ("window", "10m"),
    ];
    for taken_at in [1, 10, 11, 30u32] {
        let mut house = House::of(vec![promise("errors", &fields)]);
        let mut taken = Vec::new();
        for i in 0..=40u32 {
            for (source, stream) in [("door", "door_payments"), ("guest", "guests")] {
                let mut records = Vec::new();
                if i == 10 || i == 20 {
                    let id = u128::from(i) * 2 + u128::from(source == "door");
                    let mut one = record(id, i64::from(i) * 15, &[("level", "error")]);
                    stream.clone_into(&mut one.stream);
                    records.push(one);
                }
                house.lines_of(source, i64::from(i) * 15, records).await;
            }
            if i == taken_at {
                taken = house.snapshots(i64::from(i) * 15);
            }
        }
        let live = house.evidence(601);
        let count = |evidence: &promise::Evidence| -> f64 {
            let seen = evidence.facts.iter().map(|fact| match fact.seen {
                promise::Seen::Count { n } => n,
                _ => 0.0,
            });
            seen.sum()
        };
        assert_eq!(count(&live), 4.0);
        house.restart_from_snapshots(&taken, 601).await;
        assert_eq!(count(&house.evidence(601)), 4.0, "taken at {taken_at}");
        house.restart(601).await;
        assert_eq!(count(&house.evidence(601)), 4.0);
    }
}

#[tokio::test]
async fn a_snapshot_of_a_promise_that_has_changed_is_not_used() {
    let mut house = House::of(vec![ratio("30m")]);
    house.round(scrape("a", 0, &[("ok", 1.0)])).await;
    let taken = house.snapshots(1);
    let mut other = House::of(vec![ratio("1h")]);
    let restored = other.evaluator.restore("payments", &taken[0].1);
    assert_eq!(restored, Err(Unusable::Changed));
    assert_eq!(
        other.evaluator.restore("payments", b"{}"),
        Err(Unusable::Unreadable)
    );
    assert_eq!(
        other.evaluator.restore("nobody", &taken[0].1),
        Err(Unusable::Unknown)
    );
}

/// Ten minutes of one event each 15 s, and all of minute 3 and half of minute 7 failed: 1 of 10 slices is bad where a
/// slice may lose half, and 1.5 of 10 where a slice is as good as its events.
#[tokio::test]
async fn minutes_are_counted_where_the_budget_counts_slices() {
    for (method, good) in [("time_slices", 9.0), ("ratio_time_slices", 8.5)] {
        let fields = [
            ("kind", "ratio"),
            ("total", "pay_total"),
            ("bad", "pay_total{status=\"failed\"}"),
            ("at_least", "50 %"),
            ("window", "1h"),
            ("min_events", "5"),
            ("budgeting", method),
            ("slice", "1m"),
        ];
        let mut house = House::of(vec![promise("payments", &fields)]);
        let (mut ok, mut failed) = (0.0, 0.0);
        for i in 0..=40 {
            let minute = (i - 1) / 4;
            if i > 0 {
                let fails = minute == 3 || (minute == 7 && i % 2 == 0);
                *(if fails { &mut failed } else { &mut ok }) += 1.0;
            }
            house
                .round(scrape("a", i * 15, &[("ok", ok), ("failed", failed)]))
                .await;
        }
        assert_eq!(events(&house.evidence(600)), (good, 10.0), "{method}");
        assert_eq!(house.verdict(600).await, State::Kept);
        let taken = house.snapshots(600);
        house.restart_from_snapshots(&taken, 600).await;
        let counted = house.evaluator.evidence("payments", at(600)).unwrap();
        assert_eq!(events(&counted), (good, 10.0), "{method} after a restart");
    }
}
