//! From a verdict to an incident and its end, with receivers that work.

use promise::State::{AtRisk, Broken, Kept, Unproven};
use promise::{Clock as _, unit::Span};
use respond::{EventKind, Filter, Transition, incident::Outcome, page};
use std::sync::Arc;

use crate::world::{Does, Memory, World, config, drain, pass, promise, verdict};

#[tokio::test(start_paused = true)]
async fn broken_pages_everyone_on_the_route_once_and_kept_tells_them_it_is_over() {
    let world = World::new(|_| Does::Accept);
    let mut house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    // A second hand-over of the same transition is no second alert.
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(2).await;

    let incident = house.responder.incident("INC-2026-0001").unwrap();
    assert!(incident.is_open());
    assert_eq!(incident.pages.len(), 2);
    for page in &incident.pages {
        assert!(
            matches!(
                page.outcome,
                Outcome::Sent {
                    in_time: Some(true),
                    tries: 1,
                    ..
                }
            ),
            "{page:?}"
        );
    }
    house
        .responder
        .transition(world.transition("p1", Kept, Some(Broken)))
        .await
        .unwrap();
    pass(2).await;
    for receiver in ["a", "b"] {
        let kinds: Vec<_> = world
            .far
            .by(receiver)
            .iter()
            .map(|page| page.kind)
            .collect();
        assert_eq!(kinds, [page::Kind::Raised, page::Kind::Resolved]);
    }
    assert!(world.far.by("c").is_empty(), "`c` stands on no route");
    assert!(house.responder.incidents(&Filter::open()).is_empty());

    let events = drain(&mut house.events);
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(count(EventKind::AlertRaised), 1);
    assert_eq!(count(EventKind::PageIntended), 4);
    assert_eq!(count(EventKind::PageSent), 4);
    assert_eq!(count(EventKind::IncidentResolved), 1);
    let numbers: Vec<u64> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn silence_is_not_success() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    house
        .responder
        .transition(world.transition("p1", Unproven, Some(Broken)))
        .await
        .unwrap();
    pass(2).await;
    let incident = house.responder.incident("INC-2026-0001").unwrap();
    assert!(incident.is_open());
    assert_eq!(incident.state, Broken);
    assert!(incident.evidence_lost.is_some());
    assert!(
        incident
            .timeline
            .iter()
            .any(|entry| entry.code == "evidence-lost")
    );
    // Repeats go on, and say that evidence is missing.
    pass(301).await;
    let last = world.far.by("a").pop().unwrap();
    assert_eq!(
        (last.kind, last.state, last.evidence_lost.is_some()),
        (page::Kind::Repeated, Broken, true)
    );
}

#[tokio::test(start_paused = true)]
async fn repeats_come_until_somebody_acknowledges() {
    let world = World::new(|_| Does::Accept);
    let mut house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    // Told at 0, 300 and 600 s.
    pass(630).await;
    assert_eq!(world.far.by("a").len(), 3);
    let answered = house
        .responder
        .acknowledge("INC-2026-0001", "佐藤", Some("調査中"))
        .await
        .unwrap();
    assert!(answered.answer_missed, "300 s had passed without an answer");
    // The second one to press the button changes nothing.
    let again = house
        .responder
        .acknowledge("INC-2026-0001", "田中", None)
        .await
        .unwrap();
    assert_eq!(again.acknowledged.unwrap().who, "佐藤");
    pass(3_600).await;
    assert_eq!(world.far.by("a").len(), 3);
    let events = drain(&mut house.events);
    assert_eq!(
        events
            .iter()
            .filter(|event| event.kind == EventKind::AnswerMissed)
            .count(),
        1
    );
    assert_eq!(
        events
            .iter()
            .filter(|event| event.kind == EventKind::IncidentAcknowledged)
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_acknowledged_says_why() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, None))
        .await
        .unwrap();
    house
        .responder
        .transition(world.transition("p1", Kept, Some(Broken)))
        .await
        .unwrap();
    let say = |result: Result<respond::Incident, respond::Error>| result.unwrap_err().to_string();
    assert_eq!(
        say(house
            .responder
            .acknowledge("INC-2026-0009", "x", None)
            .await),
        "there is no incident `INC-2026-0009`"
    );
    assert_eq!(
        say(house
            .responder
            .acknowledge("INC-2026-0001", "x", None)
            .await),
        "incident `INC-2026-0001` is resolved already"
    );
    assert_eq!(
        say(house
            .responder
            .acknowledge("INC-2026-0001", "  ", None)
            .await),
        "the name must have between 1 and 200 characters"
    );
}

#[tokio::test(start_paused = true)]
async fn without_severity_it_is_shown_but_nobody_is_paged() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config(), Memory::new()).await.unwrap();
    let transition = Transition {
        promise: Arc::new(promise("p2", None)),
        ..world.transition("p2", Broken, Some(Kept))
    };
    house.responder.transition(transition).await.unwrap();
    pass(3_600).await;
    assert!(world.far.keys().is_empty());
    assert_eq!(house.responder.incidents(&Filter::open()).len(), 1);
    assert_eq!(house.responder.inbox(10).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn at_risk_is_a_notice_and_not_an_incident_unless_the_severity_pages_for_it() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", AtRisk, Some(Kept)))
        .await
        .unwrap();
    house
        .responder
        .transition(world.transition("p1", AtRisk, None))
        .await
        .unwrap();
    assert_eq!(
        house.responder.inbox(10).len(),
        1,
        "the same news twice is one line"
    );
    assert!(house.responder.incidents(&Filter::default()).is_empty());
    let strict = Transition {
        promise: Arc::new(promise("p2", Some("strict"))),
        ..world.transition("p2", AtRisk, Some(Kept))
    };
    house.responder.transition(strict).await.unwrap();
    pass(2).await;
    assert_eq!(world.far.by("a").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_start_does_not_page_for_what_was_never_proven_until_its_grace_is_over() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config(), Memory::new()).await.unwrap();
    for id in ["p1", "p2"] {
        let first = Transition {
            promise: Arc::new(promise(id, Some("strict"))),
            ..world.transition(id, Unproven, None)
        };
        house.responder.transition(first).await.unwrap();
    }
    pass(60).await;
    let kept = Transition {
        promise: Arc::new(promise("p1", Some("strict"))),
        verdict: verdict(Kept, "2026-11-22T01:01:00Z".parse().unwrap()),
        ..world.transition("p1", Kept, Some(Unproven))
    };
    house.responder.transition(kept).await.unwrap();
    pass(200).await;
    assert!(world.far.keys().is_empty());
    pass(60).await;
    let about: Vec<_> = world
        .far
        .by("a")
        .into_iter()
        .map(|page| page.promise.id)
        .collect();
    assert_eq!(about, ["p2"]);
}

#[tokio::test(start_paused = true)]
async fn a_promise_that_leaves_the_spec_closes_its_incident_and_tells_those_who_were_paged() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(2).await;
    let mut without = config();
    without.promises.remove("p1");
    house.responder.reconfigure(without);
    pass(3).await;
    assert!(house.responder.incidents(&Filter::open()).is_empty());
    assert_eq!(world.far.by("b").pop().unwrap().kind, page::Kind::Withdrawn);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_stays_down_lets_the_next_one_know_in_time() {
    let world = World::new(|name| {
        if name == "a" {
            Does::Refuse
        } else {
            Does::Accept
        }
    });
    let mut house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    // `page_within` is 60 s, so patience is half of it.
    pass(31).await;
    let to_b = world.far.by("b");
    assert_eq!(to_b.len(), 2);
    assert_eq!(to_b[1].instead_of.as_ref().unwrap().receiver, "a");
    assert!(
        to_b[1]
            .text(promise::Lang::Ja)
            .contains("`a` に届かないため")
    );
    let events = drain(&mut house.events);
    assert_eq!(
        events
            .iter()
            .filter(|event| event.kind == EventKind::PageFellOver)
            .count(),
        1
    );
}

/// One of three takes pages: it gets its own, and one that says that it stands in, however many are down.
#[tokio::test(start_paused = true)]
async fn many_that_are_down_are_one_message_more_to_the_one_that_is_not() {
    // A page that stands in at `b` waits behind that one's own for as long as it is tried; one that is refused for good is not.
    for (does, fell_to_c) in [(Does::Refuse, 1), (Does::Answer404, 2)] {
        let world = World::new(move |name| if name == "c" { Does::Accept } else { does });
        let mut config = config();
        config.routes[0].receivers = vec!["a".into(), "b".into(), "c".into()];
        config.routes[0].repeat = None;
        let mut house = world.start(config, Memory::new()).await.unwrap();
        let broken = world.transition("p1", Broken, Some(Kept));
        house.responder.transition(broken).await.unwrap();
        // `page_within` is 60 s, so the patience with each, and with each that stands in, is half of it.
        pass(100).await;
        let to_c = world.far.by("c");
        assert_eq!(to_c.len(), 2, "{does:?}");
        assert!(to_c[0].instead_of.is_none() && to_c[1].instead_of.is_some());
        let fell = |event: &respond::Event| {
            event.kind == EventKind::PageFellOver && event.body["to"] == "c"
        };
        let events = drain(&mut house.events);
        let as_keys: Vec<_> = events
            .iter()
            .filter(|event| fell(event))
            .map(|event| event.body["as"].clone())
            .collect();
        assert_eq!(as_keys.len(), fell_to_c, "{does:?}");
        assert!(as_keys.iter().all(|key| *key == to_c[1].key));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for() {
    let world = World::new(|name| {
        if name == "a" {
            Does::Wait(17)
        } else {
            Does::Accept
        }
    });
    let house = world.start(config(), Memory::new()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(60).await;
    let tries = world.far.tries.lock().unwrap();
    let mut own: Vec<_> = tries
        .iter()
        .filter(|(name, ..)| name == "a")
        .map(|(.., at)| *at)
        .collect();
    own.dedup();
    assert!(own.len() >= 3, "{own:?}");
    for pair in own.windows(2) {
        assert!(pair[1].since(pair[0]).as_secs() >= 17, "{own:?}");
    }
}

/// A canary goes to its own receivers only, says that it is one, opens nothing, and proves how long it took.
#[tokio::test(start_paused = true)]
async fn a_canary_arrives_and_is_nobodys_incident() {
    let mut config = config();
    config.canary = Some(spec::section::canary::Canary {
        every: Span::secs(3_600),
        receivers: vec!["c".into()],
        within: Span::secs(60),
        severity: None,
    });
    // The first try fails; the second is accepted.
    let tries = std::sync::atomic::AtomicU32::new(0);
    let world =
        World::new(
            move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => Does::Answer500,
                _ => Does::Accept,
            },
        );
    let mut house = world.start(config, Memory::new()).await.unwrap();
    let mut broken = world.transition("p1", Broken, Some(Kept));
    broken.promise = Arc::new(promise(respond::canary::ALARM, None));
    let since = world.clock.now();
    pass(4).await;
    broken.bad_since = since;
    house.responder.transition(broken.clone()).await.unwrap();
    // What ends it, and what is unknown of it, is nobody's news.
    for state in [Kept, Unproven] {
        let mut other = broken.clone();
        other.verdict = verdict(state, world.clock.now());
        house.responder.transition(other).await.unwrap();
    }
    pass(10).await;
    let kinds: Vec<_> = world.far.by("c").iter().map(|page| page.kind).collect();
    assert_eq!(kinds, [page::Kind::Canary]);
    assert!(world.far.by("a").is_empty() && world.far.by("b").is_empty());
    assert!(house.responder.incidents(&Filter::default()).is_empty());
    let events = drain(&mut house.events);
    let told: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(told, [EventKind::CanaryArrived]);
    // 4 s until it was judged, and a second or so until the second try.
    let latency = events[0].body["latency_ms"].as_u64().unwrap();
    assert!((4_000..8_000).contains(&latency), "{latency}");
    assert_eq!(events[0].body["in_time"], true);
}
