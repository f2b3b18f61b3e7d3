//! Records that come in another order, twice, or over a restart, against a plain evaluation of all of them in order.

use evaluate::log_rule::{Engine, Kind, LogRule, Told, one_line, sigma};
use serde_json::json;
use store::Record;

use super::{Chance, START, record};

fn engine(rule: &LogRule) -> Engine {
    Engine::new(vec![rule.clone()])
}

fn feed(engine: &mut Engine, records: &[Record]) -> Vec<Told> {
    records
        .iter()
        .flat_map(|record| engine.observe(record))
        .collect()
}

fn failures(count: u64, gap_ms: i64) -> Vec<Record> {
    (0..count)
        .map(|i| {
            record(
                u128::from(i),
                START + i64::try_from(i).unwrap() * gap_ms,
                json!({ "status": "failed", "user": "ann" }),
            )
        })
        .collect()
}

/// The line of the design log: more than 10 failures in 5 minutes.
#[test]
fn the_rule_fires_on_the_eleventh_event_and_not_before() {
    let rule = one_line::read("failures", "status:failed AND count > 10").unwrap();
    let mut engine = engine(&rule);
    let records = failures(11, 1_000);
    assert!(feed(&mut engine, &records[..10]).is_empty());
    let told = engine.observe(&records[10]);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].firing.event, told[0].firing.figure, told[0].late),
        (Some(10), Some(11.0), false)
    );
}

#[test]
fn a_record_that_comes_twice_counts_once() {
    let rule = one_line::read("failures", "status:failed AND count > 10").unwrap();
    let records = failures(10, 1_000);
    let twice: Vec<Record> = records
        .iter()
        .flat_map(|record| [record.clone(), record.clone()])
        .chain(records.clone())
        .collect();
    assert!(feed(&mut engine(&rule), &twice).is_empty());
}

#[test]
fn a_late_record_reopens_its_window_and_says_so() {
    let rule = one_line::read("failures", "status:failed AND count > 10").unwrap();
    let mut records = failures(11, 1_000);
    let late = records.remove(3);
    records.push(record(99, START + 290_000, json!({ "status": "ok" })));
    let mut engine = engine(&rule);
    assert!(feed(&mut engine, &records).is_empty());
    let told = engine.observe(&late);
    assert_eq!(told.len(), 1);
    assert!(told[0].late);
    assert_eq!(
        told[0].firing.event,
        Some(10),
        "the eleventh in order of time, not of arrival"
    );
    // Five minutes and a second later it would have been too late, and is counted as that.
    engine.observe(&record(100, START + 400_000, json!({ "status": "failed" })));
    assert!(
        engine
            .observe(&record(101, START + 1_000, json!({ "status": "failed" })))
            .is_empty()
    );
    assert_eq!(engine.too_late(), 1);
}

#[test]
fn silence_fires_by_the_clock_alone() {
    let rule = one_line::read("backups", "event:done AND count < 1 over 10m").unwrap();
    let mut engine = engine(&rule);
    engine.observe(&record(1, START, json!({ "event": "done" })));
    let at = |minutes: i64| promise::Timestamp::from_millis(START + minutes * 60_000);
    assert!((1..10).all(|minute| engine.advance(at(minute)).is_empty()));
    assert_eq!(engine.advance(at(10)).len(), 1);
}

/// Shuffled within the bound, doubled, and killed at random: nothing is missed and nothing is told twice.
#[test]
fn disorder_duplicates_and_kills_neither_miss_nor_double() {
    for seed in 1..=300 {
        let mut chance = Chance::new(seed);
        let rule = one_line::read(
            "r",
            chance.pick(&[
                "status:failed AND count > 3 over 1m by user",
                "status:failed AND count >= 2 over 30s",
                "status:failed AND count > 4 over 2m",
            ]),
        )
        .unwrap();
        let mut at = START;
        let ordered: Vec<Record> = (0..120)
            .map(|id| {
                at += 1 + i64::try_from(chance.below(20_000)).unwrap();
                record(id, at, json!({ "status": chance.pick(&["failed", "failed", "ok"]), "user": chance.pick(&["ann", "bob"]) }))
            })
            .collect();
        let expected = feed(&mut engine(&rule), &ordered);
        // Each arrives up to two minutes after its time, some twice.
        let mut arriving: Vec<(i64, Record)> = Vec::new();
        for record in &ordered {
            for _ in 0..1 + usize::from(chance.below(4) == 0) {
                arriving.push((
                    record.at.as_millis() + i64::try_from(chance.below(120_000)).unwrap(),
                    record.clone(),
                ));
            }
        }
        arriving.sort_by_key(|(at, record)| (*at, record.id));
        let arriving: Vec<Record> = arriving.into_iter().map(|(_, record)| record).collect();
        let mut engine = engine(&rule);
        let now = promise::Timestamp::from_millis(at);
        let mut told: Vec<Told> = Vec::new();
        let (mut saved, mut saved_told, mut saved_at) = (engine.save(now), 0, 0);
        let mut i = 0;
        while i < arriving.len() {
            if chance.below(20) == 0 {
                (saved, saved_told, saved_at) = (engine.save(now), told.len(), i);
            }
            if chance.below(60) == 0 {
                // What came since the checkpoint is observed again, and told again under the same ids.
                let json = serde_json::to_vec(&saved).unwrap();
                engine = self::engine(&rule);
                engine.restore(serde_json::from_slice(&json).unwrap());
                let again = feed(&mut engine, &arriving[saved_at..i]);
                assert_eq!(
                    again,
                    told[saved_told..],
                    "seed {seed}: a restart tells what the life before told"
                );
            }
            told.extend(engine.observe(&arriving[i]));
            i += 1;
        }
        let over = i64::try_from(rule.over().as_millis()).unwrap();
        for want in &expected {
            let is = |told: &&Told| {
                told.firing.key == want.firing.key
                    && (told.firing.at.as_millis() - want.firing.at.as_millis()).abs() <= over
            };
            assert!(
                told.iter().any(|told| is(&told)),
                "seed {seed}: {want:?} was missed"
            );
        }
        for (i, one) in told.iter().enumerate() {
            let same = told[i + 1..].iter().any(|other| {
                other.firing.event == one.firing.event && other.firing.key == one.firing.key
            });
            assert!(!same, "seed {seed}: {one:?} was told twice");
        }
    }
}

/// One rule met its last event a month ago, the other ten seconds ago: what is read again is of the last minutes.
#[test]
fn a_start_reads_again_what_came_since_and_not_since_the_last_event_of_a_quiet_rule() {
    let rules = || -> Vec<LogRule> {
        [
            "event:restore AND count > 3 over 5m",
            "status:failed AND count > 3 over 5m",
        ]
        .iter()
        .enumerate()
        .map(|(n, line)| one_line::read(&format!("r{n}"), line).unwrap())
        .collect()
    };
    let (minute, month) = (60_000, 30 * 86_400_000);
    let at = |millis: i64| promise::Timestamp::from_millis(START + month + millis);
    let mut engine = Engine::new(rules());
    engine.observe(&record(1, START, json!({ "event": "restore" })));
    // Of lines of a month ago that are read just now, there may be more.
    assert_eq!(
        Engine::new(rules()).restore(engine.save(at(0))),
        Some(at(-month - 5 * minute))
    );
    let _ = engine.save(at(0));
    engine.observe(&record(
        2,
        START + month - 10_000,
        json!({ "status": "failed" }),
    ));
    assert_eq!(
        Engine::new(rules()).restore(engine.save(at(0))),
        Some(at(-10_000 - 5 * minute))
    );
    // A rule that was met after that asks for no more than it needs, and neither does one that was never met.
    assert_eq!(
        Engine::new(rules()).restore(Engine::new(rules()).save(at(0))),
        None
    );
}

#[test]
fn a_back_test_gives_what_the_life_gave() {
    let rule = one_line::read("r", "status:failed AND count > 3 over 1m by user").unwrap();
    let records = failures(60, 7_000);
    let lived = feed(&mut engine(&rule), &records);
    let mut again = engine(&rule);
    assert_eq!(
        lived,
        records
            .iter()
            .flat_map(|record| again.observe(record))
            .collect::<Vec<_>>()
    );
    assert_eq!(lived.len(), 15);
}

#[test]
fn sigma_rules_are_read() {
    let rule = sigma::read(concat!(
        "title: Many failed log-ins\n",
        "detection:\n  selection:\n    event.id: 4625\n    user|startswith: adm\n",
        "  filter_known:\n    ip: 10.0.0.1\n  timeframe: 5m\n",
        "  condition: selection and not 1 of filter_* | count() by user > 2\n",
    ))
    .unwrap();
    assert_eq!(rule.by.as_deref(), Some("user"));
    assert!(matches!(rule.kind, Kind::Frequency { count: 3, .. }));
    let login = |id, user: &str, ip: &str| {
        record(
            id,
            START,
            json!({ "event": { "id": 4625 }, "user": user, "ip": ip }),
        )
    };
    assert!(
        login(1, "Admin", "1.1.1.1").matches(&rule.query),
        "letter case does not count"
    );
    assert!(
        !login(1, "bob", "1.1.1.1").matches(&rule.query)
            && !login(1, "admin", "10.0.0.1").matches(&rule.query)
    );
    for bad in [
        "title: a\n",
        "title: a\ndetection:\n  condition: nothing\n",
        "title: a\ndetection:\n  s: {a|base64: b}\n  condition: s\n",
    ] {
        assert!(sigma::read(bad).is_err(), "{bad}");
    }
}
