//! Windows against brute force: whatever the traffic, the buckets hold what the counters counted, for every length
//! from five minutes to twelve weeks, and slices of time are those of OpenSLO.

use std::{collections::HashMap, sync::Arc, time::Duration};

use evaluate::{Evaluator, Owed};
use promise::{Promise, Timestamp};
use proptest::prelude::*;

use crate::house::{at, events, promise, ratio, scrape};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// What one round brought.
#[derive(Debug, Clone, Copy)]
struct Brought {
    from: i64,
    to: i64,
    good: f64,
    total: f64,
}

/// Rounds `step` seconds apart whose traffic changes every forty of them: none at all, a little, or a lot, of which a
/// share fails; with a restart of the counters where a stretch says so.
fn rounds(step: i64, stretches: &[(u8, u8, bool)]) -> Vec<(f64, f64, Brought)> {
    let (mut ok, mut failed, mut place) = (0.0, 0.0, 0);
    let mut out = Vec::new();
    for (traffic, fails, restarts) in stretches {
        if *restarts {
            (ok, failed) = (0.0, 0.0);
        }
        for turn in 0..40 {
            // A counter that has passed its old value before anybody looked was not seen to restart.
            let is_idle = *restarts && turn == 0;
            let total = if is_idle {
                0.0
            } else {
                [0.0, 1.0, 500.0][usize::from(*traffic)]
            };
            let bad = (total * f64::from(*fails) / 10.0).floor();
            ok += total - bad;
            failed += bad;
            let brought = Brought {
                from: place * step,
                to: (place + 1) * step,
                good: total - bad,
                total,
            };
            out.push((ok, failed, brought));
            place += 1;
        }
    }
    out
}

/// An evaluator that has lived through them.
fn lived(promise: Arc<Promise>, step: i64, rounds: &[(f64, f64, Brought)]) -> Evaluator {
    let source = Owed {
        source: "shop/a".to_owned(),
        interval: Duration::from_secs(step.unsigned_abs()),
        stream: None,
    };
    let mut evaluator = Evaluator::new(vec![promise], vec![source], HashMap::new(), at(0));
    let round = |secs: i64, ok, failed| {
        let mut round = scrape("a", secs, &[("ok", ok), ("failed", failed)]);
        round.next = at(secs + step);
        round
    };
    evaluator.observe(&round(0, 0.0, 0.0));
    for (place, (ok, failed, brought)) in rounds.iter().enumerate() {
        evaluator.observe(&round(brought.to, *ok, *failed));
        if place % 200 == 0 {
            evaluator.tidy(at(brought.to));
        }
    }
    evaluator
}

fn sum(brought: impl Iterator<Item = Brought>) -> (f64, f64) {
    brought.fold((0.0, 0.0), |(good, total), it| {
        (good + it.good, total + it.total)
    })
}

/// How finely the past is kept: 15 s over the newest hour, 5 min over two days, then hours up to twelve weeks.
fn cell(age: i64) -> i64 {
    match age {
        ..HOUR => 15,
        HOUR..172_800 => 5 * MINUTE,
        _ => HOUR,
    }
}

/// Steps, and the windows that their rounds can fill.
const SCALES: [(i64, &[i64]); 3] = [
    (
        15,
        &[
            5 * MINUTE,
            7 * MINUTE,
            30 * MINUTE,
            HOUR,
            3 * HOUR,
            11 * HOUR,
        ],
    ),
    (300, &[6 * HOUR, DAY, 47 * HOUR, 3 * DAY, 7 * DAY, 10 * DAY]),
    (1_800, &[7 * DAY, 28 * DAY, 30 * DAY, 84 * DAY]),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_window_holds_what_the_counters_counted(
        scale in 0..SCALES.len(),
        stretches in prop::collection::vec((0u8..3, 0u8..4, prop::bool::weighted(0.05)), 110),
        crooked in 0i64..HOUR,
    ) {
        let (step, windows) = SCALES[scale];
        let rounds = rounds(step, &stretches);
        let evaluator = lived(ratio("84d"), step, &rounds);
        let end = rounds.last().unwrap().2.to;
        // Judged at an edge of every cell.
        let now = end - end.rem_euclid(HOUR);
        let all = || rounds.iter().map(|(_, _, brought)| *brought).filter(|it| it.to <= now);
        for window in windows.iter().filter(|window| **window <= now) {
            let held = |from: i64| evaluator.events_in("payments", at(from), at(now)).unwrap_or_default();
            // From an edge of a cell on, every event is there once.
            let from = now - window;
            if from % cell(*window) == 0 {
                let wanted = sum(all().filter(|it| it.from >= from));
                prop_assert_eq!(held(from), wanted, "the last {} s", window);
            }
            // From anywhere else, only the cell that is cut is shared out.
            let from = (from - crooked).max(0);
            let width = cell(now - from).max(step);
            let (good, total) = held(from);
            let least = sum(all().filter(|it| it.from >= from + width));
            let most = sum(all().filter(|it| it.to > from - width));
            prop_assert!(least.0 - 1e-6 <= good && good <= most.0 + 1e-6, "{least:?} {good} {most:?}");
            prop_assert!(least.1 - 1e-6 <= total && total <= most.1 + 1e-6, "{least:?} {total} {most:?}");
        }
    }

    /// OpenSLO v1: time slices count minutes that were good enough, ratio time slices the mean quality of minutes. A
    /// minute in which nothing happened has no quality and is not counted.
    #[test]
    fn slices_are_those_of_openslo(
        stretches in prop::collection::vec((0u8..3, 0u8..10, Just(false)), 2..6),
        loose in any::<bool>(),
    ) {
        let rounds = rounds(15, &stretches);
        let end = rounds.last().unwrap().2.to;
        let quality: Vec<f64> = (0..end / MINUTE)
            .filter_map(|minute| {
                let inside = rounds.iter().map(|(_, _, brought)| *brought);
                let (good, total) = sum(inside.filter(|it| it.from / MINUTE == minute));
                (total > 0.0).then(|| good / total)
            })
            .collect();
        let bar = if loose { 0.5 } else { 0.9 };
        let enough = quality.iter().filter(|share| **share >= bar - 1e-9).count();
        let count = quality.len() as f64;
        for (method, wanted) in [("time_slices", enough as f64), ("ratio_time_slices", quality.iter().sum())] {
            let mut fields = vec![
                ("kind", "ratio"),
                ("total", "pay_total"),
                ("bad", "pay_total{status=\"failed\"}"),
                ("at_least", "90 %"),
                ("window", "1h"),
                ("budgeting", method),
                ("slice", "1m"),
            ];
            if loose {
                fields.push(("slice_at_least", "50 %"));
            }
            let evaluator = lived(promise("payments", &fields), 15, &rounds);
            let now: Timestamp = at(end);
            let (good, total) = events(&evaluator.evidence("payments", now).unwrap());
            prop_assert!((good - wanted).abs() < 1e-6 && total == count, "{method}: {good} of {total}, not {wanted} of {count}");
        }
    }
}
