//! The process dies at every write of a whole story, with that write on disk and without. Whatever happens, after the
//! next start each page reaches a receiver that honours keys exactly once, and each event is told.

use std::collections::BTreeSet;

use promise::State::{Broken, Kept};
use respond::{Event, Filter};

use crate::world::{Death, Does, House, Memory, World, config, drain, pass};

/// Broken, delivered, acknowledged, kept. Stops at the first error, as a process that died would.
async fn story(world: &World, house: &House) -> Result<(), respond::Error> {
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await?;
    pass(3).await;
    house
        .responder
        .acknowledge("INC-2026-0001", "佐藤", None)
        .await?;
    house
        .responder
        .transition(world.transition("p1", Kept, Some(Broken)))
        .await?;
    pass(3).await;
    Ok(())
}

async fn dies(write: usize, death: Death) -> bool {
    let world = World::new(|_| Does::Accept);
    let disk = Memory::new();
    let dying = disk.dying_at(write, death);
    let mut told: Vec<Event> = Vec::new();
    // The first write is the start's own: the key that signs links.
    if let Ok(mut house) = world.start(config(), dying.clone()).await {
        let _ = story(&world, &house).await;
        house.task.abort();
        told.extend(drain(&mut house.events));
    }
    let died = dying.is_dead();

    // After a restart the caller hands over what is true now; then the story goes on to its end.
    let mut house = world.start(config(), disk.reopened()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, None))
        .await
        .unwrap();
    pass(3).await;
    let open = house.responder.incidents(&Filter::open()).remove(0).id;
    house
        .responder
        .acknowledge(&open, "佐藤", None)
        .await
        .unwrap();
    house
        .responder
        .transition(world.transition("p1", Kept, Some(Broken)))
        .await
        .unwrap();
    pass(3).await;
    told.extend(drain(&mut house.events));

    assert!(house.responder.incidents(&Filter::open()).is_empty());
    assert_eq!(disk.rows("respond_pending"), 0);
    // `Far` itself asserts that a key never stands for two pages.
    for receiver in ["a", "b"] {
        let pages = world.far.by(receiver);
        // Each incident raised one page and ended with one, for each receiver.
        let incidents: BTreeSet<_> = pages
            .iter()
            .map(|page| page.incident.as_ref().unwrap().id.clone())
            .collect();
        assert_eq!(
            pages.len(),
            2 * incidents.len(),
            "{receiver} at write {write} ({death:?})"
        );
    }
    let sent: BTreeSet<_> = told
        .iter()
        .filter(|event| event.kind == respond::EventKind::PageSent)
        .map(|event| event.key.clone())
        .collect();
    assert_eq!(
        sent,
        world.far.keys().into_iter().collect(),
        "at write {write} ({death:?})"
    );
    let numbers: BTreeSet<u64> = told.iter().map(|event| event.number).collect();
    assert_eq!(
        numbers,
        (1..=numbers.len() as u64).collect(),
        "an event is missing at write {write} ({death:?})"
    );
    died
}

#[tokio::test(start_paused = true)]
async fn a_death_at_any_write_loses_no_page_and_doubles_none() {
    for death in [Death::Before, Death::After] {
        let mut points = 0;
        while dies(points + 1, death).await {
            points += 1;
            assert!(points < 1_000, "the story has an end");
        }
        // One write for each: the key, raise, both outcomes, acknowledge, resolve, both outcomes.
        assert_eq!(points, 6);
    }
}

/// The store fails to answer one write, which it has applied or not, and goes on. Nobody hands anything over again.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_loses_no_news() {
    for death in [Death::Before, Death::After] {
        // The first write is the start's own; as above there are 6.
        for write in 2..=6 {
            let world = World::new(|_| Does::Accept);
            let disk = Memory::new();
            let stumbling = disk.stumbling_at(write, death);
            let house = world.start(config(), stumbling.clone()).await.unwrap();
            let responder = &house.responder;
            let _ = responder
                .transition(world.transition("p1", Broken, Some(Kept)))
                .await;
            pass(5).await;
            for _ in 0..2 {
                let _ = responder.acknowledge("INC-2026-0001", "佐藤", None).await;
            }
            let incident = responder.incident("INC-2026-0001").unwrap();
            assert!(incident.acknowledged.is_some(), "write {write} ({death:?})");
            let _ = responder
                .transition(world.transition("p1", Kept, Some(Broken)))
                .await;
            pass(5).await;
            assert!(stumbling.is_dead(), "write {write} was never made");
            assert!(responder.incidents(&Filter::open()).is_empty());
            assert_eq!(disk.rows("respond_pending"), 0);
            for receiver in ["a", "b"] {
                let told = world.far.by(receiver).len();
                assert_eq!(told, 2, "{receiver} at write {write} ({death:?})");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_told_again_until_they_are_recorded() {
    let world = World::new(|_| Does::Accept);
    let disk = Memory::new();
    let mut house = world.start(config(), disk.clone()).await.unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(2).await;
    let first = drain(&mut house.events);
    house
        .responder
        .recorded(&[first[0].number, first[1].number])
        .await
        .unwrap();
    house.task.abort();
    let mut house = world.start(config(), disk.reopened()).await.unwrap();
    assert_eq!(drain(&mut house.events), first[2..]);
}
