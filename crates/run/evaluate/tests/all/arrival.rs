//! Arrival against ticks: what is evaluated as data arrives may only fire sooner than Prometheus would, never otherwise.
//!
//! Random series and schedules: three targets of which two are due at the same instant, rounds that come up to four
//! seconds late, out of order, or not at all. What the ticks would say when nothing is late is the truth.

use evaluate::rule::{
    Source as _,
    alert::{State, Turn},
};
use promql::{Query, STALE, Value};
use proptest::prelude::*;

use crate::rules::{House, at, refused};

/// When in its 15 s each target is due.
const TARGETS: [(&str, i64); 3] = [("a", 1), ("b", 4), ("c", 4)];
/// Conditions over all of them, about as often true as not.
const CONDITIONS: [&str; 4] = [
    "sum(m) > 18",
    "max(m) - min(m) > 4",
    "count(m > 6) >= 2",
    "sum(avg_over_time(m[40s])) > 18",
];
/// How long a tick may wait for a late target.
const WAIT: i64 = 5;

/// What one target says in one turn: a value, or that it does not answer; and how late that comes.
#[derive(Debug, Clone, Copy)]
struct Said {
    value: Option<f64>,
    late: i64,
}

fn said() -> impl Strategy<Value = Said> {
    let value = prop::sample::select(vec![0.0, 4.0, 7.0, 9.0, 9.0]);
    let value = prop::option::weighted(0.95, value);
    let late = prop_oneof![3 => Just(0i64), 2 => 0i64..5];
    (value, late).prop_map(|(value, late)| Said { value, late })
}

/// A history lived through.
struct Lived {
    house: House,
    query: Query,
    /// For each second whether it fired, and the newest tick.
    fires: Vec<(bool, Option<i64>)>,
}

impl Lived {
    async fn through(turns: &[[Said; 3]], expr: &str, hold: i64, tick_aligned: bool) -> Self {
        let rule = format!("{{ alert: A, expr: '{expr}', for: {hold}s }}");
        let mut house = House::new(&rule, tick_aligned);
        let mut fires = Vec::new();
        let end = i64::try_from(turns.len()).unwrap() * 15;
        for now in 0..end {
            for (turn, heard) in (0i64..).zip(turns) {
                for ((instance, offset), said) in TARGETS.iter().zip(heard) {
                    let due = turn * 15 + offset;
                    // The truth knows no lateness.
                    let late = if tick_aligned { 0 } else { said.late };
                    if due + late == now {
                        let value = said.value.unwrap_or(STALE);
                        let failed = said.value.is_none().then(refused);
                        house.scrape(due, instance, &[("m", value)], failed);
                    }
                }
            }
            house.run(now).await;
            let is_firing = house
                .engine
                .firing()
                .any(|alert| alert.state == State::Firing);
            let (_, schedule) = house.engine.groups().next().unwrap();
            let tick = schedule.evaluated.map(|tick| tick.as_millis() / 1_000);
            fires.push((is_firing, tick));
        }
        Self {
            house,
            query: Query::parse(expr).unwrap(),
            fires,
        }
    }

    /// Whether the condition holds at an instant when all that was due by then is known.
    async fn holds(&self, secs: i64) -> bool {
        let answer = self
            .house
            .memory
            .query(&self.query, at(secs))
            .await
            .unwrap();
        matches!(answer.value, Value::Vector(found) if !found.is_empty())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn early_evaluation_fires_sooner_and_never_otherwise(
        turns in prop::collection::vec([said(), said(), said()], 16..32),
        expr in prop::sample::select(CONDITIONS.to_vec()),
        hold in prop::sample::select(vec![0i64, 20, 47, 90]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let truth = Lived::through(&turns, expr, hold, true).await;
            let arrival = Lived::through(&turns, expr, hold, false).await;

            // Whenever the ticks fire, arrival does, as soon as a tick that waits for a late target is over.
            for (secs, (is_firing, _)) in (0..).zip(&truth.fires) {
                let mut near = arrival.fires.iter().skip(secs).take(6);
                let at_end = secs + 6 > arrival.fires.len();
                prop_assert!(
                    !is_firing || at_end || near.any(|(fires, _)| *fires),
                    "second {secs} fires only in ticks"
                );
            }

            // What fires is true of whole rounds: at that instant, and at every tick for as long as `for` asks.
            for (secs, _, turn) in &arrival.house.told {
                if *turn != Turn::Fired {
                    continue;
                }
                prop_assert!(truth.holds(*secs).await, "it fired at {secs} on half a round");
                let ticks = arrival.fires.iter().filter_map(|(_, tick)| *tick);
                for tick in ticks.filter(|tick| (secs - hold..=*secs).contains(tick)) {
                    prop_assert!(truth.holds(tick).await, "false at {tick}, fired at {secs}");
                }
            }

            // What ends has been found false by a tick.
            for (secs, pair) in (1i64..).zip(arrival.fires.windows(2)) {
                let [(before, _), (after, tick)] = pair else { continue };
                if *before && !after {
                    let tick = tick.unwrap_or(i64::MIN);
                    prop_assert!((secs - WAIT..=secs).contains(&tick), "ended at {secs} without a tick");
                    prop_assert!(!truth.holds(tick).await, "ended at {secs}, though true at {tick}");
                }
            }
            Ok(())
        })?;
    }
}
