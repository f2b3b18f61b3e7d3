//! Silences, inhibition, groups, intervals, held and flapping alerts, posted alerts: who is told what, and when.

use std::time::Duration;

use promise::{
    State::{Broken, Kept},
    record::Scalar,
    unit::Span,
};
use respond::{
    Config, EventKind, Filter,
    label::Labels,
    page::Kind,
    posted::Posted,
    silence::{Draft, Phase},
};
use spec::section::{
    alerting::{
        inhibition::Inhibition,
        interval::{Hours, Interval, Stretch},
        maintenance::{Effect, Maintenance},
        matcher::Matcher,
    },
    route::Route,
};

use crate::world::{Does, House, Memory, World, config, drain, pass};

fn matchers(text: &str) -> Vec<Matcher> {
    Matcher::parse_all(text).unwrap()
}

fn draft(world: &World, text: &str, secs: u64) -> Draft {
    let now = promise::Clock::now(&*world.clock);
    Draft {
        id: None,
        matchers: matchers(text),
        starts_at: now,
        ends_at: now + Duration::from_secs(secs),
        created_by: "佐藤".into(),
        comment: "切り替え作業".into(),
        ticket: Some("OPS-12".into()),
    }
}

fn posted(text: &str) -> Posted {
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    Posted {
        labels: Labels::new(pairs),
        ..Posted::default()
    }
}

pub(crate) async fn world(config: Config) -> (World, House) {
    let world = World::new(|_| Does::Accept);
    let house = world.start(config, Memory::new()).await.unwrap();
    (world, house)
}

/// The kinds of pages that `a` was sent.
pub(crate) fn told(world: &World) -> Vec<Kind> {
    world.far.by("a").iter().map(|page| page.kind).collect()
}

/// A route that groups by `alertname`, waits 30 s and looks each 60 s.
fn grouped() -> Config {
    let mut config = config();
    config.routes = vec![Route {
        receivers: vec!["a".into()],
        group_by: Some(vec!["alertname".into()]),
        group_wait: Span::secs(30),
        group_interval: Span::secs(60),
        ..Route::default()
    }];
    config
}

#[tokio::test(start_paused = true)]
async fn a_silence_holds_pages_back_and_what_still_fires_is_told_after_it() {
    let (world, mut house) = world(config()).await;
    let silence = house
        .responder
        .silence(draft(&world, "alertname=~p.", 600))
        .await
        .unwrap();
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(590).await;
    assert_eq!(told(&world), []);
    let incident = house.responder.incidents(&Filter::open()).remove(0);
    let said = incident.hushed.unwrap().ja;
    let (who, why) = (&silence.created_by, &silence.comment);
    assert_eq!(
        said,
        format!("サイレンス: {who} ({why}, OPS-12) {}", silence.id)
    );
    assert!(incident.pages.is_empty());
    pass(20).await;
    assert_eq!(told(&world), [Kind::Raised]);
    let kinds: Vec<EventKind> = drain(&mut house.events)
        .iter()
        .map(|event| event.kind)
        .collect();
    for kind in [
        EventKind::SilenceSet,
        EventKind::PageHushed,
        EventKind::SilenceEnded,
    ] {
        assert_eq!(
            kinds.iter().filter(|it| **it == kind).count(),
            1,
            "{kind:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_silence_that_a_person_ends_is_over_at_once_and_after_a_restart_too() {
    let world = World::new(|_| Does::Accept);
    let disk = Memory::new();
    let house = world.start(config(), disk.clone()).await.unwrap();
    let kept = house
        .responder
        .silence(draft(&world, "alertname=p1", 600))
        .await
        .unwrap();
    let ended = house
        .responder
        .silence(draft(&world, "alertname=p2", 600))
        .await
        .unwrap();
    house
        .responder
        .expire_silence(&ended.id, Some("鈴木"))
        .await
        .unwrap();
    house.task.abort();
    let house = world.start(config(), disk.reopened()).await.unwrap();
    let now = promise::Clock::now(&*world.clock);
    let standing = |id: &str| {
        let all = house.responder.silences();
        all.iter().find(|it| it.id == id).map(|it| it.phase(now))
    };
    assert_eq!(standing(&kept.id), Some(Phase::Active));
    assert_eq!(standing(&ended.id), Some(Phase::Expired));
    for id in ["p1", "p2"] {
        house
            .responder
            .transition(world.transition(id, Broken, Some(Kept)))
            .await
            .unwrap();
    }
    pass(3).await;
    let pages = world.far.by("a");
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0].promise.id, "p2");
}

#[tokio::test(start_paused = true)]
async fn a_silence_is_refused_without_reason_author_or_a_condition_that_means_something() {
    let (world, house) = world(config()).await;
    let good = draft(&world, "alertname=p1", 600);
    for bad in [
        Draft {
            comment: " ".into(),
            ..good.clone()
        },
        Draft {
            created_by: String::new(),
            ..good.clone()
        },
        Draft {
            matchers: vec![],
            ..good.clone()
        },
        Draft {
            matchers: matchers("team=~\".*\""),
            ..good.clone()
        },
        Draft {
            ends_at: good.starts_at,
            ..good.clone()
        },
        Draft {
            id: Some("none".into()),
            ..good.clone()
        },
    ] {
        assert!(
            house.responder.silence(bad.clone()).await.is_err(),
            "{bad:?}"
        );
    }
    assert!(house.responder.silences().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_silence_that_is_made_longer_stays_the_same_and_one_with_other_matchers_is_another() {
    let (world, house) = world(config()).await;
    let first = house
        .responder
        .silence(draft(&world, "alertname=p1", 600))
        .await
        .unwrap();
    let longer = Draft {
        id: Some(first.id.clone()),
        ..draft(&world, "alertname=p1", 6_000)
    };
    assert_eq!(house.responder.silence(longer).await.unwrap().id, first.id);
    let other = Draft {
        id: Some(first.id.clone()),
        ..draft(&world, "alertname=p2", 6_000)
    };
    let other = house.responder.silence(other).await.unwrap();
    assert_ne!(other.id, first.id);
    pass(1).await;
    let now = promise::Clock::now(&*world.clock);
    let all = house.responder.silences();
    let active = all.iter().filter(|it| it.phase(now) == Phase::Active);
    assert_eq!(
        active.map(|it| it.id.clone()).collect::<Vec<_>>(),
        [other.id]
    );
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_another_alert_is_told_only_when_that_has_ended() {
    let mut config = config();
    let rule = Inhibition {
        source: matchers("alertname=p1"),
        target: matchers("alertname=~\"p[12]\""),
        equal: vec!["owner".into()],
    };
    config.alerting.inhibitions = [("db".to_owned(), rule)].into();
    let (world, house) = world(config).await;
    // p1 is source and target of the rule, and does not hold itself back.
    for id in ["p1", "p2", "p3"] {
        house
            .responder
            .transition(world.transition(id, Broken, Some(Kept)))
            .await
            .unwrap();
    }
    pass(5).await;
    let first: Vec<String> = world
        .far
        .by("a")
        .iter()
        .map(|page| page.promise.id.clone())
        .collect();
    assert_eq!(first, ["p1", "p3"]);
    house
        .responder
        .transition(world.transition("p1", Kept, Some(Broken)))
        .await
        .unwrap();
    pass(5).await;
    let mut last: Vec<_> = world
        .far
        .by("a")
        .iter()
        .skip(2)
        .map(|page| (page.promise.id.clone(), page.kind))
        .collect();
    last.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        last,
        [
            ("p1".to_owned(), Kind::Resolved),
            ("p2".to_owned(), Kind::Raised)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn announced_work_holds_back_what_it_names() {
    let mut config = config();
    // The world begins at 01:00:00Z.
    let work = Maintenance {
        from: "2026-11-22T00:30:00Z".parse().unwrap(),
        to: "2026-11-22T01:10:00Z".parse().unwrap(),
        why: "データベースの更新".into(),
        who: "佐藤".into(),
        promises: [("p1".to_owned(), Effect::Counts)].into(),
        alerts: vec![],
    };
    config.alerting.maintenances = [("db".to_owned(), work)].into();
    let (world, house) = world(config).await;
    for id in ["p1", "p2"] {
        house
            .responder
            .transition(world.transition(id, Broken, Some(Kept)))
            .await
            .unwrap();
    }
    pass(599).await;
    assert!(world.far.by("a").iter().all(|page| page.promise.id == "p2"));
    pass(3).await;
    assert!(world.far.by("a").iter().any(|page| page.promise.id == "p1"));
}

#[tokio::test(start_paused = true)]
async fn a_muted_route_tells_once_its_hours_begin() {
    let mut config = config();
    // The world begins at 10:00 in Tokyo.
    let evening = Interval {
        any: vec![Stretch {
            times: vec![Hours::parse("10:10-24:00").unwrap()],
            weekdays: vec![],
            days_of_month: vec![],
            months: vec![],
            years: vec![],
        }],
        time_zone: None,
    };
    config.alerting.intervals = [("evening".to_owned(), evening)].into();
    config.routes = vec![
        Route {
            receivers: vec!["a".into()],
            active: vec!["evening".into()],
            ..Route::default()
        },
        Route {
            receivers: vec!["b".into()],
            mute: vec!["evening".into()],
            ..Route::default()
        },
    ];
    let (world, house) = world(config).await;
    house
        .responder
        .transition(world.transition("p1", Broken, Some(Kept)))
        .await
        .unwrap();
    pass(590).await;
    assert_eq!((told(&world).len(), world.far.by("b").len()), (0, 1));
    pass(20).await;
    assert_eq!(told(&world), [Kind::Raised]);
}

#[tokio::test(start_paused = true)]
async fn a_group_waits_for_followers_and_is_one_message_and_one_incident() {
    let (world, house) = world(grouped()).await;
    for job in ["x", "y"] {
        house
            .responder
            .post(vec![posted(&format!("alertname=Down job={job}"))])
            .await
            .unwrap();
        pass(10).await;
    }
    assert_eq!(told(&world), []);
    pass(15).await;
    let pages = world.far.by("a");
    assert_eq!(pages.len(), 1);
    assert_eq!((pages[0].kind, pages[0].alerts.len()), (Kind::Raised, 2));
    assert_eq!(house.responder.incidents(&Filter::open()).len(), 1);
    // At 35 s; the next look is at 90 s. One more joins at once, but is told then, as news of the first message.
    house
        .responder
        .post(vec![posted("alertname=Down job=z")])
        .await
        .unwrap();
    pass(50).await;
    assert_eq!(told(&world), [Kind::Raised]);
    pass(10).await;
    let pages = world.far.by("a");
    assert_eq!((pages[1].kind, pages[1].alerts.len()), (Kind::Joined, 3));
    assert_eq!(pages[1].first.as_ref(), Some(&pages[0].key));
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_names_only_its_end_is_told_like_any_other() {
    let (world, house) = world(grouped()).await;
    let ends_at = promise::Clock::now(&*world.clock) + Duration::from_secs(3_600);
    let ends = Posted {
        ends_at: Some(ends_at),
        ..posted("alertname=Down job=x")
    };
    house.responder.post(vec![ends]).await.unwrap();
    pass(32).await;
    assert_eq!(told(&world), [Kind::Raised]);
}

#[tokio::test(start_paused = true)]
async fn the_worst_severity_leaves_at_once_and_its_followers_join_the_message() {
    let (world, house) = world(grouped()).await;
    house
        .responder
        .post(vec![posted("alertname=Down job=x severity=critical")])
        .await
        .unwrap();
    pass(2).await;
    house
        .responder
        .post(vec![posted("alertname=Down job=y severity=critical")])
        .await
        .unwrap();
    pass(2).await;
    assert_eq!(told(&world), [Kind::Raised, Kind::Joined]);
    let pages = world.far.by("a");
    assert_eq!(pages[1].first.as_ref(), Some(&pages[0].key));
}

#[tokio::test(start_paused = true)]
async fn a_group_ends_when_all_have_ended_and_is_told_at_its_next_look() {
    let (world, house) = world(grouped()).await;
    let now = promise::Clock::now(&*world.clock);
    let x = Posted {
        starts_at: Some(now),
        ..posted("alertname=Down job=x")
    };
    house.responder.post(vec![x.clone()]).await.unwrap();
    pass(40).await;
    let now = promise::Clock::now(&*world.clock);
    house
        .responder
        .post(vec![Posted {
            ends_at: Some(now),
            ..x
        }])
        .await
        .unwrap();
    pass(40).await;
    assert_eq!(
        told(&world),
        [Kind::Raised],
        "told at 30 s; the next look is at 90 s"
    );
    pass(15).await;
    assert_eq!(told(&world), [Kind::Raised, Kind::Resolved]);
    assert!(house.responder.incidents(&Filter::open()).is_empty());
    assert!(house.responder.standing().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_due_to_be_told_is_told_though_its_end_is_heard_first() {
    let (world, house) = world(grouped()).await;
    let x = posted("alertname=Down job=x");
    house.responder.post(vec![x.clone()]).await.unwrap();
    // Nothing looked at the group when its 30 s were over, as where the process was away.
    let later = promise::Clock::now(&*world.clock) + Duration::from_secs(31);
    world.clock.set(later);
    let ended = Posted {
        ends_at: Some(later),
        ..x
    };
    house.responder.post(vec![ended]).await.unwrap();
    pass(70).await;
    assert_eq!(told(&world), [Kind::Raised, Kind::Resolved]);
    assert!(house.responder.incidents(&Filter::open()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_its_sender_falls_silent_about_ends_and_says_that_nobody_saw_it_end() {
    let (world, house) = world(grouped()).await;
    house
        .responder
        .post(vec![posted("alertname=Down job=x")])
        .await
        .unwrap();
    // Sent again at 200 s, so believed until 500 s (the timeout is 300 s).
    pass(200).await;
    house
        .responder
        .post(vec![posted("alertname=Down job=x")])
        .await
        .unwrap();
    pass(290).await;
    assert_eq!(told(&world), [Kind::Raised]);
    pass(90).await;
    let pages = world.far.by("a");
    assert_eq!(pages[1].kind, Kind::Resolved);
    assert!(
        pages[1].reason.text.en.contains("without evidence"),
        "{:?}",
        pages[1].reason
    );
}

#[tokio::test(start_paused = true)]
async fn a_restart_gives_posted_alerts_a_whole_timeout_and_tells_nobody_twice() {
    let world = World::new(|_| Does::Accept);
    let disk = Memory::new();
    let house = world.start(grouped(), disk.clone()).await.unwrap();
    house
        .responder
        .post(vec![posted("alertname=Down job=x")])
        .await
        .unwrap();
    pass(290).await;
    house.task.abort();
    let house = world.start(grouped(), disk.reopened()).await.unwrap();
    pass(295).await;
    assert_eq!(told(&world), [Kind::Raised]);
    assert_eq!(house.responder.standing().len(), 1);
    pass(70).await;
    assert_eq!(told(&world), [Kind::Raised, Kind::Resolved]);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_told_again_each_repeat_until_somebody_answers() {
    let mut config = grouped();
    config.routes[0].repeat = Some(Span::secs(120));
    config.alerting.resolve_timeout = Span::secs(36_000);
    let (world, house) = world(config).await;
    house
        .responder
        .post(vec![posted("alertname=Down job=x")])
        .await
        .unwrap();
    // Told at 30 s; looks at 90, 150, …: repeats at 150 and 270.
    pass(280).await;
    assert_eq!(told(&world), [Kind::Raised, Kind::Repeated, Kind::Repeated]);
    let open = house.responder.incidents(&Filter::open()).remove(0).id;
    house
        .responder
        .acknowledge(&open, "佐藤", None)
        .await
        .unwrap();
    pass(600).await;
    assert_eq!(told(&world).len(), 3);
}
