//! How long a spec of 3,000 and of 10,000 lines takes to read and check: `cargo run --release -p tegata-spec --example check_speed`.
//!
//! The lines are those that people write: half promises, half sources, each with comments. Printed, not
//! asserted: a figure depends on the machine.

use std::{fmt::Write, time::Instant};

use spec::{World, load};

/// Enough repetitions that the median stands still.
const RUNS: usize = 21;

fn main() {
    for lines in [3_000, 10_000] {
        measure(lines);
    }
}

fn measure(lines: usize) {
    let text = long(lines);
    let world = World::without_files(&|_| Ok(()), promise::Timestamp::EPOCH);
    let mut millis: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let loaded = load(&text, "long.yaml", &world);
            assert!(loaded.spec.is_some(), "{:?}", loaded.diagnostics.first());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    millis.sort_by(f64::total_cmp);
    let (lines, bytes) = (text.lines().count(), text.len());
    println!(
        "{lines} lines, {bytes} bytes: median {:.1} ms, slowest {:.1} ms of {RUNS}",
        millis[RUNS / 2],
        millis[RUNS - 1]
    );
}

fn long(lines: usize) -> String {
    let mut text = String::from(
        "service: { name: Shop, owner: sre }\nseverities: { sev1: { level: 1 } }\n\
         receivers: { inbox: { kind: inbox } }\nroutes: [{ receivers: [inbox] }]\nsources:\n  scrape:\n",
    );
    // A job takes 6 lines and a promise 10.
    for n in 0..lines / 2 / 6 {
        let _ = write!(
            text,
            "    # team {n}\n    job{n}:\n      targets: [shop-{n}-a:9100, shop-{n}-b:9100]\n      interval: 15s\n      \
             timeout: 10s\n      labels: {{ team: t{n} }}\n"
        );
    }
    text.push_str("promises:\n");
    for n in 0..lines / 2 / 10 {
        let _ = write!(
            text,
            "  # what team {n} owes\n  paid_{n}:\n    name: {{ en: Paid {n}, ja: 決済 {n} }}\n    kind: ratio\n    \
             total: payments_total{{team=\"t{n}\"}}\n    good: payments_total{{team=\"t{n}\",status=~\"ok|captured\"}}\n    \
             at_least: 99.5 %\n    window: 30d\n    severity: sev1\n    runbook: https://runbooks.example/{n}\n"
        );
    }
    text
}
