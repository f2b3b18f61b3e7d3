//! What holds for any evidence, however it was torn or forged.

use std::time::Duration;

use promise::{
    Cause, Evidence, Fact, Gap, Kind, Lang, Promise, Seen, State, Timestamp, Verdict,
    document::{Node, parse_yaml},
};
use proptest::{collection::vec, prelude::*};

const KINDS: [&str; 10] = [
    "{ kind: ratio, good: ok, total: all, at_least: 90 %, window: 60s, fresh_for: 5s }",
    "{ kind: ratio, good: ok, total: all, at_least: 99.5 %, window: 1h, fresh_for: 5s }",
    "{ kind: latency, histogram: h_seconds, quantile: p90, at_most: 1s, window: 60s, fresh_for: 5s }",
    "{ kind: threshold, query: x, at_most: 10, warn_at: 5, for: 20s, fresh_for: 5s }",
    "{ kind: deadline, start: a, end: b, by: id, within: 10s, at_least: 50 %, window: 60s, fresh_for: 5s }",
    "{ kind: freshness, series: x, within: 10s, warn_at: 5s }",
    "{ kind: log_count, logs: x, at_most: 20, warn_at: 10, window: 60s, fresh_for: 5s }",
    "{ kind: log_count, logs: x, at_least: 20, window: 60s, fresh_for: 5s }",
    "{ kind: ratio, good: ok, total: all, at_least: 99 %, window: 1h, fresh_for: 5s, min_events: 1,
       burn: [{ rate: 2, over: 1m, short: 10s, severity: sev1 }], budget_at_least: 2 }",
    "{ kind: ratio, good: ok, total: all, at_least: 90 %, window: calendar day, fresh_for: 5s, gaps_at_most: 5 % }",
];

fn promise(text: &str, since: i64) -> Promise {
    let (node, mut mistakes) = parse_yaml(text);
    let node: Node = node.unwrap();
    let mut promise = Promise::read("p", &node, &mut mistakes).unwrap();
    assert_eq!(mistakes, []);
    promise.since = at(since);
    promise
}

/// Seconds after a midnight.
fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_793_491_200_000 + secs * 1_000)
}

/// What was seen in a form that this kind reads.
fn seen(kind: usize, a: u32, b: u32) -> Seen {
    let (a, b) = (f64::from(a), f64::from(b));
    match kind {
        0 | 1 | 8 | 9 => Seen::Events {
            good: a.max(b),
            total: a.max(b) + a.min(b) / 8.0,
        },
        2 => Seen::Spread {
            le: vec![0.5, 1.0],
            counts: vec![a, b, a.min(b) / 8.0],
        },
        3 => Seen::Level {
            last: a,
            low: a.min(b),
            high: a.max(b),
        },
        4 => Seen::Pairs {
            in_time: a as u64,
            late: (b / 6.0) as u64,
            open: vec![],
        },
        5 => Seen::Beat,
        _ => Seen::Count {
            n: (a / 8.0).floor(),
        },
    }
}

const NOW: i64 = 60;

/// A whole minute of facts, five seconds each, as a gatherer with all its sources would write it.
fn whole(kind: usize, numbers: &[(u32, u32)]) -> Evidence {
    let facts = numbers.iter().enumerate().map(|(i, (a, b))| {
        let to = (i as i64 + 1) * 5;
        Fact {
            from: at(to - 5),
            to: at(to),
            seen: seen(kind, *a, *b),
        }
    });
    let mut facts: Vec<Fact> = facts.collect();
    if let (
        4,
        Some(Fact {
            seen: Seen::Pairs { open, .. },
            ..
        }),
    ) = (kind, facts.last_mut())
    {
        open.push(at(NOW - 9));
    }
    Evidence {
        facts,
        gaps: vec![],
        from: Some(at(0)),
        until: Some(at(NOW)),
    }
}

fn hostile() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(1e300),
        Just(-1.0),
        Just(0.0),
        Just(-0.0),
        Just(f64::MIN_POSITIVE),
        Just(9e15),
        0.0..1e6
    ]
}

fn hostile_seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        (hostile(), hostile()).prop_map(|(good, total)| Seen::Events { good, total }),
        (vec(hostile(), 0..4), vec(hostile(), 0..5))
            .prop_map(|(le, counts)| Seen::Spread { le, counts }),
        (hostile(), hostile(), hostile()).prop_map(|(last, low, high)| Seen::Level {
            last,
            low,
            high
        }),
        (any::<u64>(), any::<u64>(), vec(-100i64..200, 0..3)).prop_map(|(in_time, late, open)| {
            Seen::Pairs {
                in_time,
                late,
                open: open.into_iter().map(at).collect(),
            }
        }),
        Just(Seen::Beat),
        hostile().prop_map(|n| Seen::Count { n }),
    ]
}

fn hostile_evidence() -> impl Strategy<Value = Evidence> {
    let fact = (-100i64..120, -100i64..120, hostile_seen());
    let gap = (-100i64..120, -100i64..120);
    (vec(fact, 0..12), vec(gap, 0..3), any::<Option<bool>>()).prop_map(|(facts, gaps, header)| {
        Evidence {
            facts: facts
                .into_iter()
                .map(|(from, to, seen)| Fact {
                    from: at(from),
                    to: at(to),
                    seen,
                })
                .collect(),
            gaps: gaps
                .into_iter()
                .map(|(from, to)| Gap {
                    source: "a/1".to_owned(),
                    from: at(from),
                    to: at(to),
                    cause: Cause::NotRunning,
                })
                .collect(),
            from: header.map(|_| at(1)),
            until: header.filter(|h| *h).map(|_| at(NOW)),
        }
    })
}

/// No place of a sentence is left open, in either language, and every number came through JSON.
fn is_sound(verdict: &Verdict) {
    let reason = verdict.reason.say();
    for lang in Lang::ALL {
        let text = reason.get(lang);
        assert!(
            !text.contains(['{', '}']) && text != verdict.reason.code,
            "{}: {text}",
            verdict.reason.code
        );
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    let json = serde_json::to_string(verdict).unwrap();
    assert_eq!(
        &serde_json::from_str::<Verdict>(&json).unwrap(),
        verdict,
        "{json}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn deleting_facts_never_makes_a_verdict_greener(
        kind in 0..KINDS.len() - 1,
        numbers in vec((0u32..100, 0u32..100), 12),
        kept in vec(any::<bool>(), 12),
        since in prop_oneof![Just(-4_000i64), Just(0)],
        correction in prop::option::of((0i64..60, 0i64..60)),
    ) {
        let mut promise = promise(KINDS[kind], since);
        promise.corrections.extend(correction.map(|(from, to)| promise::Correction {
            id: "maintenance".to_owned(),
            from: at(from),
            to: at(to),
            why: "announced".to_owned(),
            who: "infra".to_owned(),
        }));
        let mut all = whole(kind, &numbers);
        if since < 0 && matches!(kind, 1 | 8) {
            let before = Seen::Events { good: 1e4, total: 1e4 };
            all.facts.insert(0, Fact { from: at(-4_000), to: at(0), seen: before });
        }
        let before = promise.judge(&all, at(NOW));
        let mut fewer = all.clone();
        let mut kept = kept.into_iter();
        fewer.facts.retain(|_| kept.next().unwrap_or(true));
        let after = promise.judge(&fewer, at(NOW));
        is_sound(&before);
        is_sound(&after);
        prop_assert!(
            after.state.greenness() <= before.state.greenness(),
            "{:?} {} became {:?} {}", before.state, before.reason.say().en, after.state, after.reason.say().en
        );
    }

    #[test]
    fn no_number_makes_nonsense_and_the_same_is_always_judged_the_same(
        kind in 0..KINDS.len(), evidence in hostile_evidence(), now in -200i64..200, since in -200i64..100,
    ) {
        let promise = promise(KINDS[kind], since);
        let verdict = promise.judge(&evidence, at(now));
        is_sound(&verdict);
        prop_assert_eq!(&promise.judge(&evidence.clone(), at(now)), &verdict);
        prop_assert!(verdict.due.is_none_or(|due| due > at(now)));
    }

    #[test]
    fn what_the_ledger_keeps_is_judged_again_with_the_same_result(
        kind in 0..KINDS.len(), numbers in vec((0u32..100, 0u32..100), 12), part in 0.0f64..1.0,
    ) {
        let promise = promise(KINDS[kind], 0);
        let mut evidence = whole(kind, &numbers);
        if let Seen::Events { good, total } = &mut evidence.facts[0].seen {
            *total += part;
            *good += part * part;
        }
        let again: Evidence = serde_json::from_str(&serde_json::to_string(&evidence).unwrap()).unwrap();
        prop_assert_eq!(&again, &evidence);
        let promise_again: Promise = serde_json::from_str(&serde_json::to_string(&promise).unwrap()).unwrap();
        prop_assert_eq!(&promise_again, &promise);
        prop_assert_eq!(promise_again.judge(&again, at(NOW)), promise.judge(&evidence, at(NOW)));
    }

    /// An hour of one-second facts in a window of an hour, cut at the same places.
    #[test]
    fn compact_evidence_is_judged_the_same(bad in vec(0u8..3, 40), failing in 0u32..40) {
        let promise = promise(KINDS[1], -3_540);
        let facts: Vec<Fact> = (0..3_600).map(|i| {
            let minute = usize::try_from(i / 90).unwrap();
            let lost = if i / 90 == i64::from(failing) { f64::from(bad[minute]) } else { 0.0 };
            Fact { from: at(i - 3_540), to: at(i - 3_539), seen: Seen::Events { good: 100.0 - lost, total: 100.0 } }
        }).collect();
        let few = Evidence::compact(facts.clone(), at(NOW), Duration::from_secs(3_600), &[]);
        prop_assert!(few.len() <= Evidence::MAX_FACTS);
        let judge = |facts| promise.judge(&Evidence { facts, ..Evidence::default() }, at(NOW));
        let (all, few) = (judge(facts), judge(few));
        prop_assert_eq!((all.state, all.reason), (few.state, few.reason));
    }
}

#[test]
fn every_state_is_reached_within_a_minute_of_the_start() {
    let promise = promise(
        "{ kind: ratio, good: ok, total: all, at_least: 99 %, window: 1m, fresh_for: 10s }",
        0,
    );
    let judge = |secs: i64, bad: &dyn Fn(i64) -> f64| {
        let fact = |i| Fact {
            from: at(i),
            to: at(i + 1),
            seen: Seen::Events {
                good: 20.0 - bad(i),
                total: 20.0,
            },
        };
        promise
            .judge(
                &Evidence {
                    facts: (0..secs).map(fact).collect(),
                    ..Evidence::default()
                },
                at(secs),
            )
            .state
    };
    // 299 events prove 99 %: 15 s at 20/s. 60 s * 20/s * 1 % = 12 may fail.
    assert_eq!(judge(5, &|_| 0.0), State::Unproven);
    assert_eq!(judge(20, &|_| 0.0), State::Kept);
    assert_eq!(
        judge(40, &|i| if i >= 30 { 1.1 } else { 0.0 }),
        State::AtRisk
    );
    assert_eq!(
        judge(40, &|i| if i >= 38 { 20.0 } else { 0.0 }),
        State::Broken
    );
}

#[test]
fn every_sentence_has_the_same_places_in_both_languages() {
    let places = |text: &str| {
        let mut names: Vec<String> = text
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let mut codes: Vec<&str> = Vec::new();
    for saying in promise::kind::sayings_of_all() {
        assert_eq!(places(saying.en), places(saying.ja), "{}", saying.code);
        assert!(
            !codes.contains(&saying.code),
            "{} is said twice",
            saying.code
        );
        codes.push(saying.code);
    }
    assert!(codes.len() > 30);
}

#[test]
fn fields_that_clash_are_noted_with_both_places() {
    for (text, wanted) in [
        (
            "{ kind: ratio, total: a, at_least: 99 %, window: 1h }",
            "missing-key",
        ),
        (
            "{ kind: ratio, total: a, good: b, bad: c, at_least: 99 %, window: 1h }",
            "clash",
        ),
        ("{ kind: threshold, query: x }", "missing-key"),
        (
            "{ kind: threshold, query: x, at_most: 1, below: 2 }",
            "clash",
        ),
        (
            "{ kind: threshold, query: x, at_most: 1, warn_at: 2 }",
            "clash",
        ),
        ("{ kind: freshness, within: 1m }", "missing-key"),
        (
            "{ kind: log_count, logs: x, at_most: 1, warn_at: 2, window: 1m }",
            "clash",
        ),
        (
            "{ kind: deadline, start: a, end: a, by: id, within: 1m, window: 1h }",
            "clash",
        ),
        (
            "{ kind: latency, histogram: h, quantile: p100, at_most: 1s, window: 1h }",
            "wrong-value",
        ),
    ] {
        let mut mistakes = Vec::new();
        let node = parse_yaml(text).0.unwrap();
        assert!(Promise::read("p", &node, &mut mistakes).is_none(), "{text}");
        assert_eq!(
            mistakes.iter().map(|m| m.code).collect::<Vec<_>>(),
            [wanted],
            "{text}"
        );
    }
    assert_eq!(Kind::TAGS.len(), Kind::forms().len());
}

/// An hour of which ten minutes of maintenance failed whole: 600 of 3,600 events, where 36 may fail.
#[test]
fn a_correction_takes_out_its_time_and_says_what_it_hides() {
    let text = "{ kind: ratio, good: ok, total: all, at_least: 99 %, window: 1h, fresh_for: 5s }";
    let mut promise = promise(text, -3_540);
    let (begin, end) = (at(-1_800), at(-1_200));
    let facts = (0..3_600).map(|i| {
        let to = at(i - 3_539);
        let good = f64::from(u8::from(to <= begin || to > end));
        let seen = Seen::Events { good, total: 1.0 };
        Fact {
            from: at(i - 3_540),
            to,
            seen,
        }
    });
    let facts: Vec<Fact> = facts.collect();
    let judge = |promise: &Promise| {
        let facts = Evidence::compact(
            facts.clone(),
            at(NOW),
            Duration::from_secs(3_600),
            &promise.edges(),
        );
        promise.judge(
            &Evidence {
                facts,
                ..Evidence::default()
            },
            at(NOW),
        )
    };
    assert_eq!(judge(&promise).state, State::Broken);
    promise.corrections.push(promise::Correction {
        id: "db_upgrade".to_owned(),
        from: begin,
        to: end,
        why: "announced maintenance".to_owned(),
        who: "infra".to_owned(),
    });
    let verdict = judge(&promise);
    is_sound(&verdict);
    assert_eq!(verdict.state, State::Kept, "{}", verdict.reason.say().en);
    let corrected = verdict.corrected.unwrap();
    assert_eq!(corrected.by, ["db_upgrade"]);
    assert_eq!(corrected.excluded_millis, 600_000);
    assert_eq!(corrected.state, State::Broken);
    // 3,000 of 3,600 were good.
    let without = corrected.measured.unwrap().value;
    assert_eq!(without, promise::Amount::Share(1.0 - 600.0 / 3_600.0));
    // 3,000 events are left, of which 30 may fail.
    assert_eq!(verdict.budget.unwrap().allowed, 30.0);
}

/// What a correction takes out may be silent too; what lies outside of it may not.
#[test]
fn silence_outside_of_a_correction_is_still_no_proof() {
    let mut promise = promise(
        "{ kind: ratio, good: ok, total: all, at_least: 90 %, window: 60s, fresh_for: 5s }",
        0,
    );
    promise.corrections.push(promise::Correction {
        id: "m".to_owned(),
        from: at(20),
        to: at(30),
        why: "maintenance".to_owned(),
        who: "infra".to_owned(),
    });
    let state = |silent: std::ops::Range<i64>| {
        let mut evidence = whole(0, &[(90, 0); 12]);
        evidence
            .facts
            .retain(|fact| fact.to <= at(silent.start) || fact.from >= at(silent.end));
        promise.judge(&evidence, at(NOW)).state
    };
    assert_eq!(state(20..30), State::Kept);
    assert_eq!(state(20..35), State::Unproven);
    assert_eq!(state(30..40), State::Unproven);
}
