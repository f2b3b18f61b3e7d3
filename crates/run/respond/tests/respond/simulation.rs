//! Hours of failing receivers, verdicts that come and go, and crashes, from a seed: the same seed, the same run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use promise::State;
use rand_pcg::{
    Pcg64Mcg,
    rand_core::{Rng, SeedableRng},
};
use respond::{Event, EventKind, Filter};

use crate::world::{Does, House, Memory, World, config, drain, pass};

fn below(dice: &mut impl Rng, most: u64) -> u64 {
    dice.next_u64() % most
}

async fn simulate(seed: u64) {
    let dice = Arc::new(Mutex::new(Pcg64Mcg::seed_from_u64(seed)));
    let is_calm = Arc::new(AtomicBool::new(false));
    let (throw, calm) = (dice.clone(), is_calm.clone());
    let world = World::new(move |_| {
        if calm.load(Ordering::SeqCst) {
            return Does::Accept;
        }
        match below(&mut *throw.lock().unwrap(), 12) {
            0..4 => Does::Accept,
            4 => Does::AcceptUnheard,
            5 | 6 => Does::Answer500,
            7 => Does::Wait(40),
            8 => Does::Hang,
            9 | 10 => Does::Refuse,
            _ => Does::Answer404,
        }
    });
    let disk = Memory::new();
    let mut house = world.start(config(), disk.clone()).await.unwrap();
    let mut told: BTreeMap<u64, Event> = BTreeMap::new();
    let collect = |house: &mut House, told: &mut BTreeMap<u64, Event>| {
        told.extend(
            drain(&mut house.events)
                .into_iter()
                .map(|event| (event.number, event)),
        );
    };
    for _ in 0..120 {
        let (what, which, wait) = {
            let mut dice = dice.lock().unwrap();
            (
                below(&mut *dice, 10),
                below(&mut *dice, 5),
                below(&mut *dice, 90),
            )
        };
        let id = format!("p{which}");
        match what {
            0..8 => {
                let state = State::ALL[usize::try_from(what % 4).unwrap()];
                house
                    .responder
                    .transition(world.transition(&id, state, Some(State::Kept)))
                    .await
                    .unwrap();
            }
            8 => {
                if let Some(open) = house.responder.incidents(&Filter::open()).first() {
                    house
                        .responder
                        .acknowledge(&open.id, "佐藤", None)
                        .await
                        .unwrap();
                }
            }
            _ => {
                house.task.abort();
                collect(&mut house, &mut told);
                house = world.start(config(), disk.reopened()).await.unwrap();
            }
        }
        pass(wait).await;
    }
    // The weather clears, everything is kept again, and what is under way arrives.
    is_calm.store(true, Ordering::SeqCst);
    for n in 0..5 {
        house
            .responder
            .transition(world.transition(&format!("p{n}"), State::Kept, None))
            .await
            .unwrap();
    }
    pass(4_000).await;
    collect(&mut house, &mut told);

    assert!(
        house.responder.incidents(&Filter::open()).is_empty(),
        "seed {seed}"
    );
    assert_eq!(disk.rows("respond_pending"), 0, "seed {seed}");
    let keys = |kind| -> BTreeSet<String> {
        told.values()
            .filter(|event| event.kind == kind)
            .map(|event| event.key.clone())
            .collect()
    };
    let (intended, sent, failed) = (
        keys(EventKind::PageIntended),
        keys(EventKind::PageSent),
        keys(EventKind::PageFailed),
    );
    assert!(sent.is_disjoint(&failed), "seed {seed}");
    let accepted: BTreeSet<String> = world.far.keys().into_iter().collect();
    assert!(
        sent.is_subset(&accepted),
        "seed {seed}: a page counts as sent that nobody has"
    );
    for incident in house.responder.incidents(&Filter::default()) {
        for page in &incident.pages {
            let done = !matches!(page.outcome, respond::incident::Outcome::Pending { .. });
            assert!(
                done && intended.contains(&page.key),
                "seed {seed}: {page:?}"
            );
        }
        // In order of the page's number, for each receiver.
        for receiver in ["a", "b"] {
            let number = |key: &str| key.rsplit('-').next().unwrap().parse::<u64>().unwrap();
            let of = |page: &respond::Page| {
                page.incident
                    .as_ref()
                    .is_some_and(|link| link.id == incident.id)
            };
            let order: Vec<u64> = world
                .far
                .by(receiver)
                .iter()
                .filter(|page| of(page))
                .map(|page| number(&page.key))
                .collect();
            assert!(
                order.is_sorted(),
                "seed {seed}: {receiver} saw {order:?} of {}",
                incident.id
            );
        }
    }
    let last = told.keys().next_back().copied().unwrap_or(0);
    assert_eq!(told.len() as u64, last, "seed {seed}: an event was lost");
}

#[tokio::test(start_paused = true)]
async fn no_page_is_lost_or_doubled_whatever_receivers_do() {
    for seed in 0..10 {
        simulate(seed).await;
    }
}
