//! What log rules cost: `log_rules_bench RULES LINES` puts payment lines through so many rules, on one core.
//!
//! Lines are records already, as the task gets them from the collector, a batch at a time; one in twenty is of a failed
//! payment. Only the rules' processor time is counted.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used)]

use evaluate::log_rule::{Engine, LogRule, one_line};
use promise::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::json;
use store::Record;

const CODES: [&str; 5] = [
    "card_declined",
    "insufficient_funds",
    "expired_card",
    "processing_error",
    "do_not_honor",
];

/// As a house of this size has them: counts of failures by code and by user, words in messages, slow calls, silence.
fn rule(n: usize) -> LogRule {
    let code = CODES[n % CODES.len()];
    let (more, many) = (n + 5, 1_000 + 50 * n);
    let line = match n % 10 {
        0 => format!("processing_time:>{many} AND count > {more} over 1m"),
        1 => format!("status:failed AND error_code:{code} AND count > {more} over 5m by user_id"),
        2 => format!("status:failed AND merchant.id:{n} AND count > {more} over 5m"),
        3 => format!("service:service-{n} AND level:error AND count > {more} over 10m by host"),
        4 => format!("error_code:{code} AND amount:>{many} AND count > 3 over 1h by user_id"),
        5 => format!(
            "message:declined AND host:payment-api-{} AND count > {more} over 5m",
            n % 12
        ),
        6 => format!("stream:payment_* AND status:failed AND count > {more} over 5m by ip_address"),
        7 => format!("level:error AND message:\"{code}\" AND count > {more} over 2m"),
        8 => format!("service:batch-{n} AND count < 1 over 10m"),
        _ => format!("status:failed AND currency:USD AND count > {more} over 5m by merchant.id"),
    };
    one_line::read(&format!("rule_{n}"), &line).unwrap()
}

/// Lines that come together, as from one request: what was just parsed is still at hand in the core's memory.
const BATCH: usize = 500;

fn records() -> impl Iterator<Item = Record> {
    let mut random = Pcg64::seed_from_u64(4);
    let mut at = 1_767_571_200_000;
    (0_u32..)
        .map(move |n| {
            at += i64::from(n % 3 == 0);
            let is_failed = random.random_range(0..20) == 0;
            let code = CODES[random.random_range(0..CODES.len())];
            let user = random.random_range(0..200_000u32);
            let fields = json!({
                "level": if is_failed { "error" } else { "info" }, "service": "payment-api",
                "host": format!("payment-api-{}", random.random_range(0..12u32)), "user_id": format!("user_{user}"),
                "merchant": { "id": random.random_range(0..2_000u32), "country": "JP" },
                "amount": random.random_range(10..50_000u32), "currency": "JPY",
                "processing_time": random.random_range(20..920u32), "ip_address": "203.0.113.7",
                "status": if is_failed { "failed" } else { "succeeded" },
                "error_code": if is_failed { code } else { "none" },
                "message": format!("Payment pay_{n:09} by user_{user} {}", if is_failed { "declined" } else { "captured" }),
            });
            Record {
                id: u128::from(n),
                at: Timestamp::from_millis(at),
                stream: "payment_app".into(),
                fields: fields.as_object().unwrap().clone(),
            }
        })
}

/// Seconds that this thread had a core for, whatever else the machine does.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1e9
}

fn main() {
    let args: Vec<usize> = std::env::args()
        .skip(1)
        .map(|n| n.parse().unwrap())
        .collect();
    let (rules, lines) = (
        args.first().copied().unwrap_or(100),
        args.get(1).copied().unwrap_or(200_000),
    );
    let mut records = records();
    let mut engine = Engine::new((0..rules).map(rule).collect());
    let (mut secs, mut told) = (0.0, 0);
    for _ in 0..lines / BATCH {
        let batch: Vec<Record> = records.by_ref().take(BATCH).collect();
        let start = cpu_secs();
        told += engine.observe_all(&batch).len();
        secs += cpu_secs() - start;
    }
    println!(
        "{rules} rules, {lines} lines: {:.0} lines/s, {:.2} µs a line, {told} fired",
        lines as f64 / secs,
        secs * 1e6 / lines as f64
    );
}
