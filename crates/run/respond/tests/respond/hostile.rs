//! What the world does to us: clocks that are set back, floods, a receiver that takes everything and says nothing.

use std::{
    collections::BTreeSet,
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use promise::{
    Clock as _,
    State::{Broken, Kept},
    unit::Span,
};
use respond::{label::Labels, page::Kind, posted::Posted};
use spec::section::route::Route;

use crate::world::{Does, Memory, World, config, pass};

fn grouped() -> respond::Config {
    let mut config = config();
    config.routes = vec![Route {
        receivers: vec!["a".into()],
        group_by: Some(vec!["alertname".into()]),
        group_wait: Span::secs(5),
        group_interval: Span::secs(60),
        ..Route::default()
    }];
    config
}

fn alert(group: usize, n: usize) -> Posted {
    let labels = [
        ("alertname", format!("Group{group}")),
        ("n", n.to_string()),
        ("severity", "low".to_owned()),
    ];
    Posted {
        labels: Labels::new(labels),
        ..Posted::default()
    }
}

/// An hour that comes again must not be an hour without pages.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_delays_no_page() {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = is_up.clone();
    let world = World::new(move |_| {
        if up.load(Ordering::SeqCst) {
            Does::Accept
        } else {
            Does::Answer500
        }
    });
    let house = world.start(grouped(), Memory::new()).await.unwrap();
    house.responder.post(vec![alert(1, 1)]).await.unwrap();
    pass(10).await;
    assert!(!world.far.tries.lock().unwrap().is_empty());
    house.responder.post(vec![alert(2, 1)]).await.unwrap();
    let back = world.clock.now().as_millis() - 3_600_000;
    world.clock.set(promise::Timestamp::from_millis(back));
    is_up.store(true, Ordering::SeqCst);
    // One waited for its next try, one for its group; both are told within the time of a try and of a group.
    pass(20).await;
    assert_eq!(world.far.by("a").len(), 2);
    // And what is new in a known group.
    house.responder.post(vec![alert(1, 2)]).await.unwrap();
    pass(65).await;
    let told = world.far.by("a");
    assert_eq!(told.last().unwrap().kind, Kind::Joined);
}

/// Ten thousand within a minute, in a hundred groups: each group is told, and nothing is lost. (Ten times as many are measured
/// by the bench; what is beyond the bound is refused by the unit test of `posted`.)
#[tokio::test(start_paused = true)]
async fn a_flood_is_told_by_its_groups() {
    let world = World::new(|_| Does::Accept);
    let house = world.start(grouped(), Memory::new()).await.unwrap();
    for batch in 0..20 {
        let alerts = (0..500).map(|n| alert(n % 100, batch * 500 + n));
        let taken = house.responder.post(alerts.collect()).await.unwrap();
        assert_eq!(taken.raised, 500);
        pass(3).await;
    }
    pass(70).await;
    let told = world.far.by("a");
    let groups: BTreeSet<&str> = told
        .iter()
        .map(|page| page.group.get("alertname"))
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(groups.len(), 100);
    let newest = |group: &str| {
        let of_group = |page: &&respond::Page| page.group.get("alertname") == group;
        let last = told.iter().rev().find(of_group).unwrap();
        last.alerts.len() + last.more
    };
    assert_eq!(newest("Group7"), 100);
}

/// It accepts connections and answers nothing: its own pages wait, everybody else's leave.
#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_holds_up_nobody_else() {
    let world = World::new(|name| {
        if name == "a" {
            Does::Hang
        } else {
            Does::Accept
        }
    });
    let house = world.start(config(), Memory::new()).await.unwrap();
    for n in 0..8 {
        let news = world.transition(&format!("p{n}"), Broken, Some(Kept));
        house.responder.transition(news).await.unwrap();
    }
    pass(2).await;
    assert_eq!(world.far.by("b").len(), 8);
    assert!(world.far.by("a").is_empty());
    // After half of the severity's minute the third receiver is not asked: the route names none but these two.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let incident = house.responder.incident("INC-2026-0001").unwrap();
    let codes: Vec<&str> = incident
        .timeline
        .iter()
        .map(|it| it.code.as_str())
        .collect();
    assert!(
        codes.contains(&"fell-over") || codes.contains(&"nobody-left"),
        "{codes:?}"
    );
}
