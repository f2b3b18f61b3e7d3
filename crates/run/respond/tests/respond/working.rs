//! What people do about incidents, and the lists that they go through.

use std::collections::BTreeMap;

use promise::{Say, State, unit::Span};
use respond::{
    Error, EventKind, Filter,
    checklist::{Judged, Signing, Ticking},
    incident::deed::{Deed, Opening},
    page::Kind,
};
use spec::section::{
    checklist::{Checklist, Item},
    on_call::Day,
};

use crate::world::{Does, House, Memory, World, config, drain, pass};

fn opening() -> Opening {
    Opening {
        title: "決済画面が開かない".into(),
        by: "佐藤".into(),
        severity: Some("critical".into()),
        text: "お客様から連絡".into(),
        promises: vec!["p1".into()],
    }
}

async fn house(world: &World) -> House {
    world.start(config(), Memory::new()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_incident_opened_by_hand_pages_repeats_and_is_ended_by_hand() {
    let world = World::new(|_| Does::Accept);
    let house = house(&world).await;
    let id = house.responder.open_incident(opening()).await.unwrap();
    pass(2).await;
    let page = world.far.by("a")[0].clone();
    assert_eq!(
        (page.kind, page.reason.text),
        (Kind::Raised, Say::same("お客様から連絡"))
    );
    assert_eq!(page.promise.name, Say::same("決済画面が開かない"));
    let incident = house.responder.incident(&id).unwrap();
    assert_eq!(incident.promises, ["p1"]);
    assert_eq!(incident.work.opened_by.as_deref(), Some("佐藤"));
    // The route repeats each 5 minutes while nobody answers; a reload does not withdraw it.
    house.responder.reconfigure(config());
    pass(302).await;
    assert_eq!(world.far.by("a").last().unwrap().kind, Kind::Repeated);
    let deed = Deed::Resolve {
        text: "証明書を更新".into(),
    };
    house
        .responder
        .act(&id, "佐藤", deed.clone())
        .await
        .unwrap();
    pass(2).await;
    assert_eq!(world.far.by("a").last().unwrap().kind, Kind::Resolved);
    assert!(house.responder.incidents(&Filter::open()).is_empty());
    assert!(matches!(
        house.responder.act(&id, "佐藤", deed).await,
        Err(Error::NotOpen(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn nobody_ends_by_hand_what_evidence_opened() {
    let world = World::new(|_| Does::Accept);
    let house = house(&world).await;
    let broken = world.transition("p1", State::Broken, Some(State::Kept));
    house.responder.transition(broken).await.unwrap();
    let id = house.responder.incidents(&Filter::open())[0].id.clone();
    let ended = house
        .responder
        .act(&id, "佐藤", Deed::Resolve { text: "x".into() })
        .await;
    assert!(matches!(ended, Err(Error::EndsByEvidence(_))));
}

#[tokio::test(start_paused = true)]
async fn each_deed_is_an_event_and_keeps_an_acknowledgement_alive() {
    let world = World::new(|_| Does::Accept);
    let mut config = config();
    config
        .severities
        .get_mut("critical")
        .unwrap()
        .acknowledged_for = Some(Span::secs(600));
    let mut house = world.start(config, Memory::new()).await.unwrap();
    let id = house.responder.open_incident(opening()).await.unwrap();
    house
        .responder
        .acknowledge(&id, "佐藤", None)
        .await
        .unwrap();
    pass(500).await;
    for deed in [
        Deed::Note {
            text: "ログを確認".into(),
        },
        Deed::Role {
            role: "commander".into(),
            person: "鈴木".into(),
        },
        Deed::Tick {
            step: "promote the standby".into(),
        },
        Deed::Cause {
            text: "期限切れ".into(),
        },
        Deed::Concern {
            personal: true,
            card: false,
            wrongful: false,
        },
        Deed::Reported {
            key: "appi-preliminary".into(),
        },
    ] {
        house.responder.act(&id, "鈴木", deed).await.unwrap();
    }
    // 600 s after the acknowledgement, but only 100 s after the last deed.
    pass(110).await;
    let incident = house.responder.incident(&id).unwrap();
    assert!(incident.acknowledged.is_some());
    assert_eq!(
        incident.work.tick("promote the standby").unwrap().who,
        "鈴木"
    );
    let events = drain(&mut house.events);
    let worked: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::IncidentWorked)
        .collect();
    assert_eq!(worked.len(), 6);
    assert!(
        worked
            .iter()
            .all(|event| event.body["who"] == "鈴木" && event.key == id)
    );
    pass(500).await;
    assert!(
        house
            .responder
            .incident(&id)
            .unwrap()
            .acknowledged
            .is_none(),
        "nothing for 600 s"
    );
    let bad = [
        Deed::Note { text: " ".into() },
        Deed::Link {
            title: String::new(),
            url: "javascript:alert(1)".into(),
        },
        Deed::ActionDone { number: 9 },
        Deed::Severity {
            severity: "none".into(),
        },
        Deed::Reported { key: "none".into() },
    ];
    for deed in bad {
        assert!(
            house
                .responder
                .act(&id, "鈴木", deed.clone())
                .await
                .is_err(),
            "{deed:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_is_not_done_by_its_day_is_told_once() {
    let world = World::new(|_| Does::Accept);
    let mut house = house(&world).await;
    let id = house.responder.open_incident(opening()).await.unwrap();
    // It is 10:00 on 22 November in Tokyo.
    let due = Day("2026-11-22".parse().unwrap());
    for text in ["a", "b"] {
        let deed = Deed::Action {
            text: text.into(),
            owner: "鈴木".into(),
            due,
        };
        house.responder.act(&id, "佐藤", deed).await.unwrap();
    }
    house
        .responder
        .act(&id, "鈴木", Deed::ActionDone { number: 2 })
        .await
        .unwrap();
    let overdue = |events: Vec<respond::Event>| {
        let told = events
            .into_iter()
            .filter(|event| event.kind == EventKind::ActionOverdue);
        told.map(|event| event.body["action"].clone())
            .collect::<Vec<_>>()
    };
    pass(13 * 3_600).await;
    assert_eq!(
        overdue(drain(&mut house.events)),
        Vec::<serde_json::Value>::new(),
        "the day is not over"
    );
    pass(2 * 3_600).await;
    assert_eq!(overdue(drain(&mut house.events)), [serde_json::json!(1)]);
    pass(24 * 3_600).await;
    assert!(overdue(drain(&mut house.events)).is_empty());
}

fn daily() -> respond::Config {
    let item = |text: &str, promise: Option<&str>| Item {
        text: text.into(),
        of: None,
        bound: None,
        quantile: None,
        promise: promise.map(str::to_owned),
        query: None,
        done: false,
    };
    let list = Checklist {
        every: Some(Span::days(1)),
        by: promise::record::Scalar::parse("12:00").ok(),
        items: vec![item("決済成功率", Some("p1")), item("不審なアクセス", None)],
        ..Checklist::default()
    };
    respond::Config {
        checklists: [("daily".to_owned(), list)].into(),
        ..config()
    }
}

fn judged(state: State) -> BTreeMap<usize, Judged> {
    let value = Say::same("99.7 %");
    [(1, Judged { state, value })].into()
}

fn tick(item: usize, good: bool, note: &str) -> Ticking {
    Ticking {
        item,
        by: "佐藤".into(),
        good,
        note: note.into(),
        day: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_sheet_is_signed_whole_and_stays_as_it_was_signed() {
    let world = World::new(|_| Does::Accept);
    let state = Memory::new();
    let mut house = world.start(daily(), state.clone()).await.unwrap();
    let signing = |note: &str| Signing {
        by: "佐藤".into(),
        note: note.into(),
        day: None,
    };
    let early = house
        .responder
        .sign("daily", signing(""), judged(State::Kept))
        .await;
    assert!(matches!(early, Err(Error::Unready(open, _)) if open == ["不審なアクセス"]));
    assert!(matches!(
        house.responder.tick("daily", tick(2, false, "")).await,
        Err(Error::NoteMissing)
    ));
    assert!(matches!(
        house.responder.tick("daily", tick(9, true, "")).await,
        Err(Error::NoSuch { .. })
    ));
    house
        .responder
        .tick("daily", tick(2, true, "WAF のログも確認"))
        .await
        .unwrap();
    let sheet = house
        .responder
        .sign("daily", signing(""), judged(State::Kept))
        .await
        .unwrap();
    assert!(!sheet.is_late, "10:00 is before 12:00");
    let again = house
        .responder
        .sign("daily", signing(""), judged(State::Kept))
        .await;
    assert!(matches!(again, Err(Error::Signed(who)) if who == "佐藤"));
    let kinds: Vec<_> = drain(&mut house.events)
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(
        kinds,
        [EventKind::ChecklistTicked, EventKind::ChecklistSigned]
    );
    // After a restart, and with other evidence, it says what was signed.
    house.task.abort();
    let house = world.start(daily(), state.reopened()).await.unwrap();
    let sheet = house
        .responder
        .sheet("daily", None, &judged(State::Broken))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(sheet.lines[0].judged.as_ref().unwrap().state, State::Kept);
}

#[tokio::test(start_paused = true)]
async fn a_sheet_that_nobody_signs_is_missed_once_and_late_when_signed() {
    let world = World::new(|_| Does::Accept);
    let mut house = world.start(daily(), Memory::new()).await.unwrap();
    // From 10:00 to 12:02 in Tokyo.
    pass(2 * 3_600 + 120).await;
    let missed = |events: Vec<respond::Event>| {
        events
            .iter()
            .filter(|event| event.kind == EventKind::ChecklistMissed)
            .count()
    };
    assert_eq!(missed(drain(&mut house.events)), 1);
    pass(3_600).await;
    assert_eq!(missed(drain(&mut house.events)), 0);
    house
        .responder
        .tick("daily", tick(2, true, ""))
        .await
        .unwrap();
    let signing = Signing {
        by: "佐藤".into(),
        note: "遅れました".into(),
        day: None,
    };
    let sheet = house
        .responder
        .sign("daily", signing, judged(State::Broken))
        .await
        .unwrap();
    assert!(sheet.is_late);
    let month = house
        .responder
        .sheets("daily", "2026-11-01".parse().unwrap())
        .await
        .unwrap();
    let days: Vec<String> = month.iter().map(|sheet| sheet.day.to_string()).collect();
    assert_eq!(days, ["2026-11-22"], "no day was owed before the list was");
    assert!(month[0].signed.is_some());
}

/// From Sunday 10:00 to Wednesday 10:00 in Tokyo nothing runs: the sheets of three noons are missed, and told at the start.
#[tokio::test(start_paused = true)]
async fn sheets_that_were_missed_while_nothing_ran_are_told_at_the_start() {
    let world = World::new(|_| Does::Accept);
    let state = Memory::new();
    let house = world.start(daily(), state.clone()).await.unwrap();
    pass(60).await;
    house.task.abort();
    world.clock.set("2026-11-25T01:00:00Z".parse().unwrap());
    let mut house = world.start(daily(), state.reopened()).await.unwrap();
    pass(1).await;
    let events = drain(&mut house.events);
    let missed = events
        .iter()
        .filter(|event| event.kind == EventKind::ChecklistMissed);
    let days: std::collections::BTreeSet<_> = missed
        .map(|event| event.body["day"].as_str().unwrap().to_owned())
        .collect();
    let expected = ["2026-11-22", "2026-11-23", "2026-11-24"].map(str::to_owned);
    assert_eq!(days, expected.into());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_erased_goes_from_sheets_and_the_inbox_and_stays_gone_over_a_restart() {
    let world = World::new(|_| Does::Accept);
    let state = Memory::new();
    let mut house = world.start(daily(), state.clone()).await.unwrap();
    let tick = tick(2, true, "佐藤が WAF のログも確認");
    house.responder.tick("daily", tick).await.unwrap();
    let signing = Signing {
        by: "佐藤".into(),
        note: "佐藤".into(),
        day: None,
    };
    let sign = house.responder.sign("daily", signing, judged(State::Kept));
    sign.await.unwrap();
    assert_eq!(house.responder.forget("佐藤").await.unwrap(), 1);
    assert_eq!(house.responder.forget("佐藤").await.unwrap(), 0);
    drop(drain(&mut house.events));
    let house = world.start(daily(), state).await.unwrap();
    let sheet = house
        .responder
        .sheet("daily", None, &judged(State::Kept))
        .await;
    let sheet = sheet.unwrap().unwrap();
    let signed = sheet.signed.unwrap();
    assert_eq!(
        (signed.who.as_str(), signed.note.as_str()),
        ("(erased)", "(erased)")
    );
    let attested = sheet.lines[1].attested.as_ref().unwrap();
    assert_eq!(attested.note, "(erased)が WAF のログも確認");
    assert!(attested.is_good, "what was answered stays");
}
