//! What nobody can give a number for: each kind over records of a small house, live, after a restart, and tried afterwards.

use evaluate::log_rule::{Checkpoint, Engine, LogRule, Told, one_line};
use promise::Timestamp;
use serde_json::json;
use store::Record;

use super::{START, record};

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;

/// Observes all, stopping and beginning anew from what was saved in the middle.
fn told(line: &str, records: &[Record], until: i64) -> Vec<Told> {
    let rule = || -> LogRule { one_line::read("r", line).unwrap() };
    let until = Timestamp::from_millis(until);
    let mut whole = Engine::new(vec![rule()]);
    let mut at_once: Vec<Told> = records
        .iter()
        .flat_map(|record| whole.observe(record))
        .collect();
    at_once.extend(whole.advance(until));

    let mut first = Engine::new(vec![rule()]);
    let (before, after) = records.split_at(records.len() / 2);
    let mut parted: Vec<Told> = before
        .iter()
        .flat_map(|record| first.observe(record))
        .collect();
    let saved = serde_json::to_vec(&first.save(until)).unwrap();
    let saved: Checkpoint = serde_json::from_slice(&saved).unwrap();
    let mut second = Engine::new(vec![rule()]);
    second.restore(saved);
    parted.extend(after.iter().flat_map(|record| second.observe(record)));
    parted.extend(second.advance(until));
    assert_eq!(parted, at_once, "a restart neither misses nor repeats");
    at_once
}

fn why(told: &Told) -> &str {
    &told.firing.why.as_ref().unwrap().en
}

#[test]
fn a_line_of_a_new_kind_fires_on_the_line_and_the_known_ones_do_not() {
    let mut records: Vec<Record> = (0..2_000)
        .map(|n| {
            let message = match n % 2 {
                0 => format!("payment {n} captured in {} ms", n * 7 % 90),
                _ => format!("session of user_{n} closed"),
            };
            record(
                n,
                START + i64::try_from(n).unwrap() * MINUTE,
                json!({ "message": message }),
            )
        })
        .collect();
    let at = START + 2_000 * MINUTE;
    records.push(record(
        5_000,
        at,
        json!({ "message": "replica 7 is 93 s behind" }),
    ));
    records.push(record(
        5_001,
        at + 1,
        json!({ "message": "replica 8 is 4 s behind" }),
    ));
    let all = told("* AND template new over 1d", &records, at + MINUTE);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (all[0].firing.event, all[0].firing.key.as_deref()),
        (Some(5_000), Some("replica <*> is <*> behind"))
    );
    assert_eq!(
        why(&all[0]),
        "the first line of its kind among 2000 lines of 33 h: replica <*> is <*> behind"
    );
    // Rare is what stood there less than five times, so the second one too.
    assert_eq!(
        told("template rare over 1d", &records, at + MINUTE).len(),
        2
    );
}

#[test]
fn a_country_that_a_user_was_never_seen_with_is_told_and_the_first_of_all_is_not() {
    let login = |n: u128, at: i64, user: &str, country: &str| {
        record(n, START + at, json!({ "user": user, "country": country }))
    };
    let mut records: Vec<Record> = (0..100)
        .map(|n| {
            login(
                n,
                i64::try_from(n).unwrap() * DAY / 10,
                if n % 2 == 0 { "ann" } else { "ito" },
                if n % 2 == 0 { "US" } else { "JP" },
            )
        })
        .collect();
    records.push(login(200, 10 * DAY, "ito", "US"));
    records.push(login(201, 10 * DAY + 1, "ito", "US"));
    let all = told(
        "value new of country by user over 7d",
        &records,
        START + 10 * DAY + MINUTE,
    );
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].firing.key.as_deref(), Some("ito US"));
    assert_eq!(why(&all[0]), "US was never seen with ito in 10 days");
}

#[test]
fn one_of_many_that_does_more_than_it_used_to_is_named() {
    let mut records = Vec::new();
    let mut id = 0;
    let mut log_in = |records: &mut Vec<Record>, at: i64, user: &str| {
        id += 1;
        records.push(record(
            id,
            START + at,
            json!({ "status": "failed", "user": user }),
        ));
    };
    for slice in 0..600_i64 {
        for user in 0..30_i64 {
            if (slice + user * 7) % 15 == 0 {
                log_in(
                    &mut records,
                    slice * 5 * MINUTE + user,
                    &format!("user{user}"),
                );
            }
        }
    }
    for n in 0..25 {
        log_in(&mut records, 600 * 5 * MINUTE + n, "user4");
    }
    let all = told(
        "status:failed AND rate unusual over 5m by user",
        &records,
        START + 601 * 5 * MINUTE,
    );
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (all[0].firing.key.as_deref(), all[0].firing.figure),
        (Some("user4"), Some(25.0))
    );
    // Once in fifteen stretches is 0.07 of them, for this one and for all.
    assert_eq!(
        why(&all[0]),
        "25 by user4 in 5 min: before, it was 0.07 on average, of the others 0.07"
    );
}

#[test]
fn more_errors_since_a_deploy_are_told_with_the_deploy_and_more_without_one_are_not() {
    let errors = |from: i64, slices: i64, each: i64, id: u128| -> Vec<Record> {
        (0..slices * each)
            .map(|n| {
                let at = START + (from + n / each) * 5 * MINUTE + n % each * 1_000;
                record(
                    id + u128::try_from(n).unwrap(),
                    at,
                    json!({ "level": "error", "service": "api" }),
                )
            })
            .collect()
    };
    let mut records = errors(0, 24, 4, 0);
    let deploy = START + 24 * 5 * MINUTE;
    records.push(record(90_000, deploy, json!({ "event": "deployment" })));
    records.extend(errors(24, 12, 16, 10_000));
    let line = "level:error AND count changed over 5m after event:deployment";
    let until = START + 40 * 5 * MINUTE;
    let all = told(line, &records, until);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].firing.figure, Some(16.0));
    assert_eq!(
        why(&all[0]),
        "16 in 5 min on average since the change at 2026-01-05T02:00:00.000Z; before it, 4.0"
    );
    // 12 more are 6 deviations of 2, counted as 5; two of them less the slack are 9: the second stretch, begun at 2:05.
    assert_eq!(
        all[0].firing.at,
        Timestamp::from_millis(deploy + 5 * MINUTE)
    );
    records.retain(|record| record.id != 90_000);
    assert_eq!(told(line, &records, until), []);
}

#[test]
fn an_average_that_was_never_near_is_told() {
    let mut records: Vec<Record> = (0..500_i64)
        .map(|n| {
            record(
                u128::try_from(n).unwrap(),
                START + n * 5 * MINUTE,
                json!({ "ms": 100 + n * 7 % 10 }),
            )
        })
        .collect();
    records.push(record(900, START + 500 * 5 * MINUTE, json!({ "ms": 900 })));
    let all = told(
        "avg(ms) unusual over 5m",
        &records,
        START + 502 * 5 * MINUTE,
    );
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].firing.figure, Some(900.0));
    assert!(
        why(&all[0]).starts_with("900 over 5 min: "),
        "{}",
        why(&all[0])
    );
}
