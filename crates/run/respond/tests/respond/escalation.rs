//! Nobody answers: the next one is told, in seconds, over a restart, until somebody does.

use promise::State::{Broken, Kept};
use promise::{Clock as _, unit::Span};
use respond::{Config, EventKind, page::Kind};
use spec::section::escalation::{Escalation, Step};

use crate::world::{Does, Memory, World, config, drain, pass};

fn step(after: u64, receivers: &[&str]) -> Step {
    Step {
        after: Span::secs(after),
        schedules: vec![],
        people: vec![],
        receivers: receivers.iter().map(|&name| name.to_owned()).collect(),
        roles: vec![],
    }
}

/// `a` at once, `b` after 90 s; 60 s later the same once again; at 300 s `c`.
fn escalating() -> Config {
    let mut config = config();
    config.routes.clear();
    config.escalations = [(
        "urgent".to_owned(),
        Escalation {
            steps: vec![step(0, &["a"]), step(90, &["b"])],
            again: 1,
            pause: Span::secs(60),
            fallback: vec!["c".into()],
        },
    )]
    .into();
    for severity in config.severities.values_mut() {
        severity.escalation = Some("urgent".to_owned());
    }
    config
}

fn told(world: &World, receiver: &str) -> Vec<Kind> {
    let pages = world.far.by(receiver);
    pages.iter().map(|page| page.kind).collect()
}

#[tokio::test(start_paused = true)]
async fn each_step_comes_at_its_second_until_the_fallback() {
    let world = World::new(|_| Does::Accept);
    let mut house = world.start(escalating(), Memory::new()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    // 0 s: a. 90 s: b. 150 s: a again. 240 s: b again. 300 s: c.
    let mut seen = Vec::new();
    for _ in 0..400 {
        pass(1).await;
        let count = ["a", "b", "c"].map(|name| told(&world, name).len());
        if seen.last() != Some(&count) {
            seen.push(count);
        }
    }
    assert_eq!(
        seen,
        [[1, 0, 0], [1, 1, 0], [2, 1, 0], [2, 2, 0], [2, 2, 1]]
    );
    assert_eq!(told(&world, "a"), [Kind::Raised, Kind::Escalated]);
    let events = drain(&mut house.events);
    let escalated = events
        .iter()
        .filter(|event| event.kind == EventKind::IncidentEscalated);
    let late: Vec<u64> = escalated
        .map(|event| {
            let due: promise::Timestamp = event.body["due"].as_str().unwrap().parse().unwrap();
            event.at.since(due).as_secs()
        })
        .collect();
    assert_eq!(late.len(), 5);
    assert!(late.iter().all(|late| *late <= 1), "{late:?}");
}

/// London sets its clocks back at 2026-10-25T01:00Z and forward at 2026-03-29T01:00Z; a step is due so many seconds after
/// the incident opened all the same.
#[tokio::test(start_paused = true)]
async fn a_change_of_summer_time_moves_no_step() {
    for opened in ["2026-10-25T00:58:00Z", "2026-03-29T00:58:00Z"] {
        let world = World::new(|_| Does::Accept);
        let opened: promise::Timestamp = opened.parse().unwrap();
        world.clock.set(opened);
        let mut config = escalating();
        config.time_zone = "Europe/London".into();
        let house = world.start(config, Memory::new()).await.unwrap();
        let news = world.transition("p1", Broken, Some(Kept));
        house.responder.transition(news).await.unwrap();
        pass(400).await;
        let tries = world.far.tries.lock().unwrap();
        let after: Vec<(&str, u128)> = tries
            .iter()
            .map(|(receiver, _, at)| (receiver.as_str(), at.since(opened).as_millis()))
            .collect();
        let expected = [("a", 0), ("b", 90), ("a", 150), ("b", 240), ("c", 300)];
        assert_eq!(after.len(), expected.len(), "{after:?}");
        for ((receiver, millis), (wanted, secs)) in after.into_iter().zip(expected) {
            assert_eq!(receiver, wanted);
            let off = millis.abs_diff(secs * 1_000);
            assert!(
                off <= 1_000,
                "{receiver} was told {off} ms beside its second"
            );
        }
    }
}

/// 30 s after the opening somebody sets the clock back by an hour. The steps come at their seconds by a clock that runs on,
/// each once.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_neither_delays_nor_repeats_a_step() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(escalating(), Memory::new()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    pass(30).await;
    let back = world.clock.now().as_millis() - 3_600_000;
    world.clock.set(promise::Timestamp::from_millis(back));
    // What has passed since the opening, of which the first is the look that notices it.
    let mut seen = Vec::new();
    for second in 31..400_u64 {
        pass(1).await;
        let count = ["a", "b", "c"].map(|name| told(&world, name).len());
        if seen.last().is_none_or(|(_, last)| *last != count) {
            seen.push((second, count));
        }
    }
    let expected = [
        (31, [1, 0, 0]),
        (90, [1, 1, 0]),
        (150, [2, 1, 0]),
        (240, [2, 2, 0]),
        (300, [2, 2, 1]),
    ];
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
    for ((second, count), (wanted, expected)) in seen.into_iter().zip(expected) {
        assert_eq!(count, expected);
        assert!(second.abs_diff(wanted) <= 1, "{count:?} at {second} s");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_it_and_everyone_told_hears_of_the_end() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(escalating(), Memory::new()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    pass(100).await;
    let answered = house
        .responder
        .acknowledge("INC-2026-0001", "佐藤", None)
        .await
        .unwrap();
    assert_eq!(answered.escalated, 2);
    pass(600).await;
    assert_eq!((told(&world, "a").len(), told(&world, "b").len()), (1, 1));
    let end = world.transition("p1", Kept, Some(Broken));
    house.responder.transition(end).await.unwrap();
    pass(2).await;
    assert_eq!(told(&world, "b"), [Kind::Escalated, Kind::Resolved]);
    assert_eq!(told(&world, "c"), []);
}

#[tokio::test(start_paused = true)]
async fn a_restart_takes_no_step_twice_and_leaves_none_out() {
    let world = World::new(|_| Does::Accept);
    let memory = Memory::new();
    let house = world.start(escalating(), memory.clone()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    pass(100).await;
    house.task.abort();
    // Down from 100 s to 200 s: what came due at 150 s is told at the start.
    pass(100).await;
    let _house = world.start(escalating(), memory.reopened()).await.unwrap();
    pass(5).await;
    assert_eq!(
        ["a", "b", "c"].map(|name| told(&world, name).len()),
        [2, 1, 0]
    );
    pass(200).await;
    assert_eq!(
        ["a", "b", "c"].map(|name| told(&world, name).len()),
        [2, 2, 1]
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_that_reaches_nobody_costs_no_time() {
    let world = World::new(|_| Does::Accept);
    let mut config = escalating();
    let steps = vec![step(0, &["gone"]), step(90, &["b"])];
    config.escalations.get_mut("urgent").unwrap().steps = steps;
    let house = world.start(config, Memory::new()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    pass(2).await;
    assert_eq!(told(&world, "b"), [Kind::Raised]);
    let incident = house.responder.incident("INC-2026-0001").unwrap();
    assert!(
        incident
            .timeline
            .iter()
            .any(|entry| entry.code == "escalation-empty")
    );
}

/// Down over two steps for the same receiver: it is told once, and no policy keeps the desk busy for ever.
#[tokio::test(start_paused = true)]
async fn what_came_due_together_is_told_once_and_no_policy_is_endless() {
    let world = World::new(|_| Does::Accept);
    let memory = Memory::new();
    let house = world.start(escalating(), memory.clone()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    pass(10).await;
    house.task.abort();
    // 90 s: b, 150 s: a, 240 s: b.
    pass(240).await;
    let _house = world.start(escalating(), memory.reopened()).await.unwrap();
    pass(5).await;
    assert_eq!(
        ["a", "b", "c"].map(|name| told(&world, name).len()),
        [2, 1, 0]
    );

    let world = World::new(|_| Does::Accept);
    let mut config = escalating();
    let endless = config.escalations.get_mut("urgent").unwrap();
    (endless.steps, endless.again) = (vec![step(0, &["gone"])], u64::MAX);
    let house = world.start(config, Memory::new()).await.unwrap();
    let news = world.transition("p1", Broken, Some(Kept));
    house.responder.transition(news).await.unwrap();
    let incident = house.responder.incident("INC-2026-0001").unwrap();
    assert_eq!(incident.escalated, 100);
}

/// The roles of a design are nobody's yet: the step asks whoever is on call instead of nobody.
#[test]
fn a_step_of_roles_tells_whoever_is_on_call() {
    let mut config = config();
    let on_call = serde_json::json!({
        "people": { "ada": { "name": { "en": "Ada", "ja": "Ada" }, "receivers": ["b"] } },
        "schedules": { "primary": {
            "time_zone": "UTC", "overrides": [],
            "layers": [{ "rotation": ["ada"], "turn": "7d", "from": "1970-01-01T00:00:00Z", "until": null, "during": [] }],
        } },
        "holidays": "none", "days_off": [], "longest": "14d",
    });
    config.on_call = Some(serde_json::from_value(on_call).unwrap());
    let step = Step {
        roles: vec!["lead".to_owned()],
        ..step(0, &[])
    };
    let now = promise::Timestamp::EPOCH + std::time::Duration::from_secs(60);
    let told = respond::escalate::targets(&config, respond::escalate::Whom::Step(&step), now);
    let told: Vec<&str> = told.iter().map(|target| target.receiver.as_str()).collect();
    assert_eq!(told, ["b"]);
}
