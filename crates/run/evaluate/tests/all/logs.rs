//! Log records: counted, paired, heard.

use promise::{Seen, State, Timestamp};

use crate::house::{House, at, promise, record};

fn count(evidence: &promise::Evidence) -> f64 {
    evidence
        .facts
        .iter()
        .map(|fact| {
            if let Seen::Count { n } = fact.seen {
                n
            } else {
                0.0
            }
        })
        .sum()
}

fn errors() -> House {
    let fields = [
        ("kind", "log_count"),
        ("logs", "stream:app AND level:error"),
        ("at_most", "2"),
        ("window", "10m"),
    ];
    House::of(vec![promise("errors", &fields)])
}

#[tokio::test]
async fn matching_records_are_counted_and_quiet_time_is_covered() {
    let mut house = errors();
    for i in 0..=40 {
        let records = if i % 20 == 10 {
            vec![record(i, i as i64 * 15, &[("level", "error")])]
        } else {
            Vec::new()
        };
        house.lines(i as i64 * 15, records).await;
    }
    let evidence = house.evidence(600);
    assert_eq!(count(&evidence), 2.0);
    assert!(evidence.gaps.is_empty());
    assert!(
        evidence
            .facts
            .windows(2)
            .all(|pair| pair[0].to == pair[1].from),
        "{:?}",
        evidence.facts
    );
}

/// A batch that was not acknowledged is sent again, and a part of it with the next.
#[tokio::test]
async fn a_record_that_comes_twice_counts_once() {
    let mut house = errors();
    house.lines(0, Vec::new()).await;
    let fields = [("level", "error")];
    house
        .lines(15, vec![record(1, 10, &fields), record(2, 12, &fields)])
        .await;
    house
        .lines(30, vec![record(1, 10, &fields), record(2, 12, &fields)])
        .await;
    house
        .lines(45, vec![record(2, 12, &fields), record(3, 40, &fields)])
        .await;
    assert_eq!(count(&house.evidence(45)), 3.0);
}

#[tokio::test]
async fn an_unreadable_file_is_a_gap() {
    let mut house = errors();
    house.lines(0, Vec::new()).await;
    house.lines(15, Vec::new()).await;
    house.evaluator.observe_lines(&store::Lines {
        source: "app".to_owned(),
        at: at(30),
        records: [].into(),
        resume: Vec::new(),
        failed: Some(crate::house::refused()),
        ack: None,
    });
    let gaps = house.evidence(30).gaps;
    assert_eq!((gaps[0].from, gaps[0].to), (at(15), at(30)));
    house.lines(45, Vec::new()).await;
    let gaps = house.evidence(60).gaps;
    assert_eq!((gaps.len(), gaps[0].to), (1, at(45)));
}

#[tokio::test]
async fn starts_are_joined_with_their_ends() {
    let fields = [
        ("kind", "deadline"),
        ("start", "event:asked"),
        ("end", "event:paid"),
        ("by", "refund"),
        ("within", "1m"),
        ("window", "1h"),
    ];
    let mut house = House::of(vec![promise("refunds", &fields)]);
    let log = |id, secs, event, refund| record(id, secs, &[("event", event), ("refund", refund)]);
    house
        .lines(
            0,
            vec![
                log(1, 0, "asked", "r1"),
                log(2, 0, "asked", "r2"),
                log(3, 0, "asked", "r3"),
            ],
        )
        .await;
    house.lines(30, vec![log(4, 30, "paid", "r1")]).await;
    for quiet in [45, 60, 75] {
        house.lines(quiet, Vec::new()).await;
    }
    house.lines(90, vec![log(5, 90, "paid", "r2")]).await;
    let (mut good, mut bad, mut waiting): (u64, u64, Vec<Timestamp>) = (0, 0, Vec::new());
    for fact in house.evidence(90).facts {
        let Seen::Pairs {
            in_time,
            late,
            open,
        } = fact.seen
        else {
            panic!("{fact:?}")
        };
        good += in_time;
        bad += late;
        waiting.extend(open);
    }
    // r1 after 30 s, r2 after 90 s, r3 not yet.
    assert_eq!((good, bad, waiting), (1, 1, vec![at(0)]));
    assert_eq!(house.verdict(90).await, State::Broken);
}

#[tokio::test]
async fn a_restart_knows_quiet_time_from_unread_time() {
    let mut house = errors();
    for i in 0..=40 {
        let records = if i == 10 {
            vec![record(i, i as i64 * 15, &[("level", "error")])]
        } else {
            Vec::new()
        };
        house.lines(i as i64 * 15, records).await;
    }
    let before = house.evidence(600);
    house.restart(601).await;
    let after = house.evidence(601);
    assert_eq!(count(&after), 1.0);
    assert!(after.gaps.is_empty(), "{:?}", after.gaps);
    assert_eq!(after.facts, before.facts);

    // Five minutes in which nothing was read are not five quiet minutes.
    house.restart(900).await;
    house.lines(900, Vec::new()).await;
    let gaps = house.evidence(900).gaps;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((gaps[0].from, gaps[0].to), (at(600), at(900)));
}
