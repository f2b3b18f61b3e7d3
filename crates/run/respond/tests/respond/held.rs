//! Alerts that wait before they are told, that are held after their condition ended, and that come and go.

use promise::{
    State::{Broken, Kept},
    unit::Span,
};
use respond::{EventKind, page::Kind};
use spec::section::severity::Flapping;

use crate::{
    alerting::{told, world},
    world::{config, drain, pass},
};

#[tokio::test(start_paused = true)]
async fn an_alert_is_told_after_it_has_been_so_for_its_time() {
    let mut config = config();
    let critical = config.severities.get_mut("critical").unwrap();
    critical.r#for = Span::secs(60);
    let (world, house) = world(config).await;
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    house
        .responder
        .transition(world.transition("p2", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(50).await;
    house
        .responder
        .transition(world.transition("p2", Kept, Some(Broken)))
        .await
        .unwrap();
    assert_eq!(told(&world), []);
    pass(15).await;
    let pages = world.far.by("a");
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0].promise.id, "p1");
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_is_kept_firing_does_not_end_when_it_comes_back() {
    let mut config = config();
    let critical = config.severities.get_mut("critical").unwrap();
    critical.keep_firing_for = Span::secs(60);
    let (world, house) = world(config).await;
    let tell = async |state, before| {
        house
            .responder
            .transition(world.transition("p1", state, Some(before)))
            .await
            .unwrap();
    };
    tell(Broken, Kept).await;
    pass(10).await;
    tell(Kept, Broken).await;
    pass(50).await;
    tell(Broken, Kept).await;
    pass(100).await;
    assert_eq!(told(&world), [Kind::Raised]);
    tell(Kept, Broken).await;
    pass(58).await;
    assert_eq!(told(&world), [Kind::Raised]);
    pass(4).await;
    assert_eq!(told(&world), [Kind::Raised, Kind::Resolved]);
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_comes_and_goes_is_told_once_as_flapping() {
    let mut config = config();
    let critical = config.severities.get_mut("critical").unwrap();
    critical.flapping = Some(Flapping {
        transitions: 4,
        within: Span::secs(120),
    });
    config.routes[0].repeat = None;
    let (world, mut house) = world(config).await;
    let tell = async |state, before| {
        house
            .responder
            .transition(world.transition("p1", state, Some(before)))
            .await
            .unwrap();
        pass(10).await;
    };
    for _ in 0..6 {
        tell(Broken, Kept).await;
        tell(Kept, Broken).await;
    }
    // The first two changes are told as such; the fourth is one of four within 120 s.
    assert_eq!(
        told(&world),
        [Kind::Raised, Kind::Resolved, Kind::Raised, Kind::Flapping]
    );
    pass(110).await;
    assert_eq!(
        told(&world).len(),
        4,
        "10 s after the last change and 110 s more: not yet at rest for 120 s"
    );
    pass(15).await;
    assert_eq!(told(&world).last(), Some(&Kind::Resolved));
    let flaps = drain(&mut house.events)
        .into_iter()
        .filter(|event| event.kind == EventKind::AlertFlapping);
    assert_eq!(flaps.count(), 1);
}
