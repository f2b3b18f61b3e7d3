//! Links that are valid once, and acknowledgements that do not hold.

use promise::{State, unit::Span};
use respond::{EventKind, Filter, Page, acknowledge::LinkError, page::Kind};

use crate::world::{Does, House, Memory, World, config, drain, pass};

/// The token of a page's link.
fn token(page: &Page) -> String {
    let link = page.acknowledge.as_ref().unwrap();
    let token = link.url.strip_prefix("http://127.0.0.1:8400/acknowledge/");
    token.unwrap().to_owned()
}

/// An incident that `a` and `b` were told of.
async fn told(world: &World) -> House {
    let house = world.start(config(), Memory::new()).await.unwrap();
    let broken = world.transition("p1", State::Broken, Some(State::Kept));
    house.responder.transition(broken).await.unwrap();
    pass(2).await;
    house
}

#[tokio::test(start_paused = true)]
async fn a_link_acknowledges_once_and_the_ledger_learns_through_whom() {
    let world = World::new(|_| Does::Accept);
    let mut house = told(&world).await;
    let page = world.far.by("a")[0].clone();
    let offer = house.responder.offer(&token(&page)).unwrap();
    assert_eq!(offer.receiver, "a");
    assert!(offer.incident.acknowledged.is_none());
    // Looking, which a chat does for its preview, changes nothing.
    house.responder.offer(&token(&page)).unwrap();
    assert!(
        house.responder.incidents(&Filter::open())[0]
            .acknowledged
            .is_none()
    );

    let taken = house
        .responder
        .acknowledge_by_link(&token(&page), "佐藤", Some("見ています"))
        .await;
    assert_eq!(taken.unwrap().acknowledged.unwrap().who, "佐藤");
    let events = drain(&mut house.events);
    let event = events
        .iter()
        .find(|event| event.kind == EventKind::IncidentAcknowledged)
        .unwrap();
    assert_eq!(
        (&event.body["who"], &event.body["link_of"]),
        (&"佐藤".into(), &"a".into())
    );

    let again = house
        .responder
        .acknowledge_by_link(&token(&page), "鈴木", None)
        .await;
    assert!(matches!(again, Err(LinkError::Used { by, .. }) if by == "佐藤"));
    // The link in another message was not used, but there is nothing to take any more.
    let other = house.responder.offer(&token(&world.far.by("b")[0]));
    assert!(matches!(other, Err(LinkError::Taken { by, .. }) if by == "佐藤"));
}

#[tokio::test(start_paused = true)]
async fn a_forged_an_old_and_a_late_link_are_refused() {
    let world = World::new(|_| Does::Accept);
    let house = told(&world).await;
    let token = token(&world.far.by("a")[0]);
    let forged = token.replacen("1-", "2-", 1);
    assert!(matches!(
        house.responder.offer(&forged),
        Err(LinkError::Forged)
    ));
    assert!(matches!(house.responder.offer("x"), Err(LinkError::Forged)));
    // A day and a second.
    pass(24 * 3_600 + 1).await;
    assert!(matches!(
        house.responder.offer(&token),
        Err(LinkError::Expired(_))
    ));

    let world = World::new(|_| Does::Accept);
    let house = told(&world).await;
    let token = self::token(&world.far.by("a")[0]);
    let kept = world.transition("p1", State::Kept, Some(State::Broken));
    house.responder.transition(kept).await.unwrap();
    assert!(matches!(
        house.responder.offer(&token),
        Err(LinkError::Resolved(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_link_of_another_installation_is_none_here() {
    let (one, other) = (World::new(|_| Does::Accept), World::new(|_| Does::Accept));
    let (_house, house) = (told(&one).await, told(&other).await);
    let token = token(&one.far.by("a")[0]);
    assert!(matches!(
        house.responder.offer(&token),
        Err(LinkError::Forged)
    ));
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_a_link_valid_and_a_retry_carries_the_same() {
    let world = World::new(|_| Does::Accept);
    let state = Memory::new();
    let house = world.start(config(), state.clone()).await.unwrap();
    let broken = world.transition("p1", State::Broken, Some(State::Kept));
    house.responder.transition(broken).await.unwrap();
    pass(2).await;
    let token = token(&world.far.by("a")[0]);
    house.task.abort();
    let house = world.start(config(), state.reopened()).await.unwrap();
    assert_eq!(house.responder.offer(&token).unwrap().receiver, "a");
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_nothing_follows_does_not_hold() {
    let world = World::new(|_| Does::Accept);
    let mut config = config();
    let critical = config.severities.get_mut("critical").unwrap();
    critical.acknowledged_for = Some(Span::secs(600));
    let mut house = world.start(config, Memory::new()).await.unwrap();
    let broken = world.transition("p1", State::Broken, Some(State::Kept));
    house.responder.transition(broken).await.unwrap();
    pass(2).await;
    let id = house.responder.incidents(&Filter::open())[0].id.clone();
    house
        .responder
        .acknowledge(&id, "佐藤", None)
        .await
        .unwrap();
    pass(598).await;
    assert_eq!(world.far.by("a").len(), 1, "it still holds");
    pass(4).await;
    let pages = world.far.by("a");
    assert_eq!(pages.last().unwrap().kind, Kind::Repeated);
    let incident = house.responder.incident(&id).unwrap();
    assert!(incident.acknowledged.is_none());
    assert_eq!(incident.work.first_answer.as_ref().unwrap().who, "佐藤");
    // Five minutes from when it lapsed at 602 s, as `answer_within` says.
    assert_eq!(
        incident
            .answer_due
            .map(|due| due.since(incident.opened).as_secs()),
        Some(602 + 300)
    );
    let lapsed = |event: &respond::Event| event.kind == EventKind::AcknowledgementLapsed;
    assert_eq!(
        drain(&mut house.events)
            .iter()
            .filter(|event| lapsed(event))
            .count(),
        1
    );
    // The link of the new page works; that of the first was not used and works too, until its day is over.
    assert!(house.responder.offer(&token(pages.last().unwrap())).is_ok());
}

/// 100 s after the answer somebody sets the clock back by an hour: it holds for its ten minutes, and not for seventy.
#[tokio::test(start_paused = true)]
async fn an_acknowledgement_holds_no_longer_for_a_clock_that_is_set_back() {
    let world = World::new(|_| Does::Accept);
    let mut config = config();
    let critical = config.severities.get_mut("critical").unwrap();
    critical.acknowledged_for = Some(Span::secs(600));
    let house = world.start(config, Memory::new()).await.unwrap();
    let broken = world.transition("p1", State::Broken, Some(State::Kept));
    house.responder.transition(broken).await.unwrap();
    pass(2).await;
    let id = house.responder.incidents(&Filter::open())[0].id.clone();
    let answer = house.responder.acknowledge(&id, "佐藤", None);
    answer.await.unwrap();
    pass(100).await;
    let back = promise::Clock::now(&*world.clock).as_millis() - 3_600_000;
    world.clock.set(promise::Timestamp::from_millis(back));
    pass(497).await;
    assert_eq!(world.far.by("a").len(), 1, "it still holds");
    pass(6).await;
    let pages = world.far.by("a");
    assert_eq!(pages.last().unwrap().kind, Kind::Repeated);
}
