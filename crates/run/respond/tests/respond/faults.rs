//! Alerts of other programs and silences over hours of failing receivers, crashes, and a disk that dies in the middle of a
//! write, from a seed: what was accepted is never lost, and nobody is told twice that something began.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use promise::{Clock as _, unit::Span};
use rand_pcg::{
    Pcg64Mcg,
    rand_core::{Rng, SeedableRng},
};
use respond::{Filter, label::Labels, page::Kind, posted::Posted, silence::Draft};
use spec::section::{alerting::matcher::Matcher, route::Route};

use crate::world::{Death, Does, House, Memory, World, config, pass};

const STEPS: usize = 150;

struct Dice(Arc<Mutex<Pcg64Mcg>>);

impl Dice {
    fn below(&self, most: u64) -> u64 {
        self.0.lock().unwrap().next_u64() % most
    }
}

fn grouped() -> respond::Config {
    let mut config = config();
    let route = |receiver: &str| Route {
        receivers: vec![receiver.to_owned()],
        group_by: Some(vec!["alertname".into()]),
        group_wait: Span::secs(5),
        group_interval: Span::secs(20),
        ..Route::default()
    };
    config.routes = vec![route("a"), route("b")];
    // Nothing lapses: every end is one that was sent.
    config.alerting.resolve_timeout = Span::days(10);
    config
}

fn alert(name: &str) -> Posted {
    let severity = if name.ends_with('0') {
        "critical"
    } else {
        "low"
    };
    let labels = [
        ("alertname", &name[..2]),
        ("n", name),
        ("severity", severity),
    ];
    Posted {
        labels: Labels::new(labels),
        ..Posted::default()
    }
}

/// Starts on what is left of a dead house, on a disk that may die again soon.
async fn again(world: &World, house: House, disk: &Memory, dice: &Dice) -> (House, Arc<Memory>) {
    house.task.abort();
    let death = if dice.below(2) == 0 {
        Death::Before
    } else {
        Death::After
    };
    let disk = match dice.below(3) {
        0 => disk.dying_at(1 + usize::try_from(dice.below(12)).unwrap(), death),
        _ => disk.reopened(),
    };
    (world.start(grouped(), disk.clone()).await.unwrap(), disk)
}

async fn simulate(seed: u64) {
    let dice = Dice(Arc::new(Mutex::new(Pcg64Mcg::seed_from_u64(seed))));
    let throw = Dice(dice.0.clone());
    let is_calm = Arc::new(AtomicBool::new(false));
    let calm = is_calm.clone();
    let world = World::new(move |_| {
        if calm.load(Ordering::SeqCst) {
            return Does::Accept;
        }
        match throw.below(10) {
            0..5 => Does::Accept,
            5 => Does::AcceptUnheard,
            6 | 7 => Does::Answer500,
            8 => Does::Hang,
            _ => Does::Refuse,
        }
    });
    let disk = Memory::new();
    let mut house = world.start(grouped(), disk.clone()).await.unwrap();
    let mut here = disk.clone();
    // What was not answered may have been written all the same.
    let mut tried: BTreeSet<String> = BTreeSet::new();
    let mut firing: BTreeMap<String, bool> = BTreeMap::new();
    let mut silences: BTreeSet<String> = BTreeSet::new();
    for step in 0..STEPS {
        // Each name fires once in the whole run, so that "told twice" has one meaning.
        match dice.below(10) {
            0..5 => {
                let name = format!("g{}-{step}{}", dice.below(4), dice.below(3));
                tried.insert(name.clone());
                if house.responder.post(vec![alert(&name)]).await.is_ok() {
                    firing.insert(name, true);
                }
            }
            5 | 6 => {
                let open = firing
                    .iter()
                    .find(|(_, fires)| **fires)
                    .map(|(name, _)| name.clone());
                if let Some(name) = open {
                    let ends = Posted {
                        ends_at: Some(world.clock.now()),
                        ..alert(&name)
                    };
                    if house.responder.post(vec![ends]).await.is_ok() {
                        firing.insert(name, false);
                    }
                }
            }
            7 => {
                let now = world.clock.now();
                let draft = Draft {
                    id: None,
                    matchers: Matcher::parse_all("alertname=g3").unwrap(),
                    starts_at: now,
                    ends_at: now + Duration::from_secs(30),
                    created_by: "佐藤".into(),
                    comment: "作業".into(),
                    ticket: None,
                };
                if let Ok(silence) = house.responder.silence(draft).await {
                    silences.insert(silence.id);
                }
            }
            _ => (house, here) = again(&world, house, &here, &dice).await,
        }
        if here.is_dead() {
            house.task.abort();
            here = here.reopened();
            house = world.start(grouped(), here.clone()).await.unwrap();
        }
        pass(dice.below(15)).await;
    }
    house.task.abort();
    is_calm.store(true, Ordering::SeqCst);
    let mut house = world.start(grouped(), disk.reopened()).await.unwrap();
    // Silences end, groups are looked at, pages arrive.
    pass(4_000).await;

    let listed: BTreeSet<String> = house
        .responder
        .silences()
        .into_iter()
        .map(|it| it.id)
        .collect();
    assert!(
        silences.is_subset(&listed),
        "seed {seed}: a silence is lost"
    );
    for receiver in ["a", "b"] {
        let pages = world.far.by(receiver);
        let named: BTreeSet<String> = pages
            .iter()
            .flat_map(|page| page.alerts.iter().map(|it| it.labels.get("n").to_owned()))
            .collect();
        for (name, fires) in &firing {
            // One that ended before its group was looked at, or while it was silenced, is nobody's news.
            assert!(
                !fires || named.contains(name),
                "seed {seed}: {receiver} never heard of {name}"
            );
        }
        let mut begun: BTreeMap<String, usize> = BTreeMap::new();
        // One that stands in for the other receiver's is that one's news.
        let own = pages.iter().filter(|page| page.instead_of.is_none());
        for page in own.filter(|page| page.kind == Kind::Raised) {
            let incident = page.incident.as_ref().unwrap().id.clone();
            *begun.entry(incident).or_default() += 1;
        }
        // After an end that was told, the same group may begin again in the same incident only while it was open.
        let ends = |incident: &str| {
            let ends = pages.iter().filter(|page| page.kind == Kind::Resolved);
            ends.filter(|page| page.incident.as_ref().is_some_and(|it| it.id == incident))
                .count()
        };
        for (incident, count) in begun {
            assert!(
                count <= 1 + ends(&incident),
                "seed {seed}: {receiver} was told twice of {incident}"
            );
        }
    }
    assert_eq!(disk.rows("respond_pending"), 0, "seed {seed}");
    // Everything ends, and nothing is left.
    let all: Vec<Posted> = tried
        .iter()
        .map(|name| Posted {
            ends_at: Some(world.clock.now()),
            ..alert(name)
        })
        .collect();
    house.responder.post(all).await.unwrap();
    pass(120).await;
    assert!(
        house.responder.incidents(&Filter::open()).is_empty(),
        "seed {seed}"
    );
    assert_eq!(
        disk.rows("respond_alerts") + disk.rows("respond_groups"),
        0,
        "seed {seed}"
    );
    house.events.close();
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_is_told_once_whatever_dies() {
    for seed in 0..8 {
        simulate(seed).await;
    }
}
