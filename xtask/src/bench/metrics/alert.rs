//! From a condition that becomes true to a notification that somebody received.

use std::{
    fmt::Write as _,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;

use super::super::sink::{Arrivals, lock, sink};
use super::{
    ALL, Bench, Row,
    load::{self, Target},
    setting,
    system::{Job, Kind, System},
};

/// Seconds between scrapes and between evaluations: what most people have.
const INTERVAL: u32 = 15;
/// Conditions become true over so many seconds, so that they meet every phase of the scrapes.
const SPREAD: u64 = 60;
/// How long the last notification may take.
const PATIENCE: Duration = Duration::from_secs(150);

/// One alerting rule for each trial.
fn rules(trials: usize) -> String {
    let mut file = String::from("groups:\n- name: bench\n  rules:\n");
    for trial in 0..trials {
        // Writing to a string does not fail.
        let _ = writeln!(
            file,
            "  - {{ alert: Trial{trial}x, expr: 'bench_condition{{trial=\"{trial}\"}} == 1', labels: {{ severity: sev1 }} }}"
        );
    }
    file
}

/// Samples that are pushed, one trial after the other. Of the others, whose rules are evaluated by a timer, nobody
/// expects less than their interval.
pub fn pushed(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let trials = setting("BENCH_TRIALS", 200);
    let (sink, arrivals) = sink(trials)?;
    let job = Job {
        rules: Some((rules(trials), INTERVAL)),
        notify: Some(sink),
        ..Job::default()
    };
    let system = System::start(bench, Kind::Tegata, "pushed", &job)?;
    let mut took = Vec::new();
    for trial in 0..trials {
        for value in [0.0, 1.0] {
            let (name, trial) = ("bench_condition", trial.to_string());
            load::push(&system, &[("__name__", name), ("trial", &trial)], value)?;
            // Two values of one millisecond would contradict each other.
            thread::sleep(Duration::from_millis(2));
        }
        let pushed = Instant::now();
        let arrived = loop {
            if let Some(at) = lock(&arrivals)[trial] {
                break at;
            }
            ensure!(pushed.elapsed() < PATIENCE, "trial {trial} never arrived");
            thread::sleep(Duration::from_millis(1));
        };
        took.push(arrived.saturating_duration_since(pushed).as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took.get(took.len() * share / 100).copied();
    let row = |what: &str, found: Option<f64>| Row {
        what: format!("pushed sample to notification received, {trials} trials: {what}"),
        unit: "s",
        found: [found, None, None],
    };
    Ok(vec![row("median", at(50)), row("p99", at(99))])
}

pub fn detection(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let trials = setting("BENCH_TRIALS", 200);
    let file = rules(trials);
    let start = Instant::now() + Duration::from_secs(40);
    let turns: Vec<Instant> = (0..trials)
        .map(|trial| {
            // The golden ratio spreads them evenly in any order.
            let share = (trial as f64 * 0.618_033_988_749_895).fract();
            start + Duration::from_secs(SPREAD).mul_f64(share)
        })
        .collect();
    let mut running = Vec::new();
    for kind in ALL {
        let (sink, arrivals) = sink(trials)?;
        let conditions = turns.clone();
        let target = Target::serve_now(move || {
            let now = Instant::now();
            let mut text = String::new();
            for (trial, turn) in conditions.iter().enumerate() {
                let is_true = u8::from(*turn <= now);
                // Writing to a string does not fail.
                let _ = writeln!(text, "bench_condition{{trial=\"{trial}\"}} {is_true}");
            }
            text
        })?;
        let job = Job {
            scrape: Some((target.address, INTERVAL)),
            rules: Some((file.clone(), INTERVAL)),
            notify: Some(sink),
        };
        running.push((System::start(bench, kind, "alert", &job)?, target, arrivals));
    }
    let end = start + Duration::from_secs(SPREAD) + PATIENCE;
    let all_there = |arrivals: &Arrivals| lock(arrivals).iter().all(Option::is_some);
    while Instant::now() < end && !running.iter().all(|(.., arrivals)| all_there(arrivals)) {
        thread::sleep(Duration::from_millis(200));
    }
    let mut rows: [[Option<f64>; 3]; 3] = Default::default();
    for (place, (.., arrivals)) in running.iter().enumerate() {
        let arrivals = lock(arrivals);
        let mut took: Vec<f64> = arrivals
            .iter()
            .zip(&turns)
            .filter_map(|(at, turn)| Some((*at)?.saturating_duration_since(*turn).as_secs_f64()))
            .collect();
        took.sort_by(f64::total_cmp);
        rows[0][place] = super::median(took.clone());
        rows[1][place] = took.last().copied();
        rows[2][place] = Some((trials - took.len()) as f64);
    }
    let row = |what: &str, unit, found| Row {
        what: format!(
            "condition true to notification received, {INTERVAL} s scrape, defaults, {trials} trials: {what}"
        ),
        unit,
        found,
    };
    Ok(vec![
        row("median", "s", rows[0]),
        row("maximum", "s", rows[1]),
        row("never arrived", "", rows[2]),
    ])
}
