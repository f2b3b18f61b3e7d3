//! Rules on arrival: over series in memory, on a clock that is moved by hand.

use std::{sync::Arc, time::Duration};

use evaluate::rule::{Engine, Heard, Manner, Memory, World, alert::Turn, read};
use promise::{Cause, Clock as _, ManualClock, Say, Timestamp};
use promql::{Labels, STALE, Sample, Series};

pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(secs * 1_000)
}

fn manner(tick_aligned: bool) -> Manner {
    Manner {
        world: World::default(),
        tick_aligned,
        stale_for: None,
        query_offset: Duration::ZERO,
    }
}

/// Scrapes each 15 s, rules, and a clock.
pub struct House {
    pub engine: Engine,
    pub memory: Memory,
    clock: ManualClock,
    pub told: Vec<(i64, String, Turn)>,
}

impl House {
    pub fn new(rules: &str, tick_aligned: bool) -> Self {
        let groups = read(
            &format!("groups: [{{ name: g, interval: 60s, rules: [{rules}] }}]"),
            "r.yml",
        )
        .unwrap();
        let start = at(0);
        Self {
            engine: Engine::new(groups, Duration::from_secs(60), manner(tick_aligned), start),
            memory: Memory::default(),
            clock: ManualClock::at(start),
            told: Vec::new(),
        }
    }

    /// A round of `instance`, stored and told.
    pub fn scrape(
        &mut self,
        secs: i64,
        instance: &str,
        values: &[(&str, f64)],
        failed: Option<Cause>,
    ) {
        let series: Vec<Series> = values
            .iter()
            .map(|(metric, value)| {
                let labels = [("__name__", *metric), ("instance", instance), ("job", "j")];
                Series::new(
                    Labels::new(labels),
                    vec![Sample {
                        at: at(secs),
                        value: *value,
                    }],
                )
            })
            .collect();
        let heard = Heard {
            source: format!("j/{instance}"),
            at: at(secs),
            next: at(secs + 15),
            floats: Arc::default(),
            series: series.iter().map(|series| series.labels.clone()).collect(),
            failed,
            is_push: false,
        };
        self.memory.append(series);
        self.engine.observe(&heard);
    }

    pub async fn run(&mut self, secs: i64) {
        self.clock.set(at(secs));
        let made = self.engine.run(&self.memory, &self.clock).await;
        self.told.extend(made.events.into_iter().map(|event| {
            (
                event.at.as_millis() / 1_000,
                event.alert.labels.get("alertname").to_owned(),
                event.turn,
            )
        }));
        self.memory.append(made.series.clone());
        self.engine.stored(&made.series);
    }

    /// The seconds up to and including `to`, one by one.
    async fn until(&mut self, from: i64, to: i64) {
        for secs in from..=to {
            self.run(secs).await;
        }
    }

    fn firing(&self) -> Vec<String> {
        let names = self
            .engine
            .firing()
            .map(|alert| alert.labels.get("alertname").to_owned());
        names.collect()
    }
}

pub fn refused() -> Cause {
    Cause::Failed {
        error: Say::same("connection refused"),
    }
}

#[tokio::test]
async fn an_alert_fires_as_soon_as_its_data_is_stored() {
    let mut house = House::new("{ alert: Hot, expr: 'm > 5' }", false);
    house.scrape(100, "a", &[("m", 1.0)], None);
    house.until(100, 114).await;
    house.scrape(115, "a", &[("m", 9.0)], None);
    house.run(115).await;
    assert_eq!(house.told, [(115, "Hot".to_owned(), Turn::Fired)]);
}

#[tokio::test]
async fn an_alert_with_for_fires_when_its_time_is_up_though_nothing_arrives() {
    let mut house = House::new("{ alert: Hot, expr: 'm > 5', for: 20s }", false);
    house.scrape(100, "a", &[("m", 9.0)], None);
    house.until(100, 119).await;
    assert_eq!(house.told, []);
    house.run(120).await;
    assert_eq!(house.told, [(120, "Hot".to_owned(), Turn::Fired)]);
}

#[tokio::test]
async fn an_aggregate_never_sees_half_a_round() {
    // 6 + 6 = 12; while only one of two targets has answered with 12 the sum would be 12 + 6 = 18.
    let mut house = House::new("{ alert: Sum, expr: 'sum(m) > 15' }", false);
    for instance in ["a", "b"] {
        house.scrape(100, instance, &[("m", 6.0)], None);
    }
    house.run(100).await;
    house.scrape(115, "a", &[("m", 12.0)], None);
    house.until(115, 117).await;
    assert_eq!(house.told, [], "b was due at 115 and has not answered");
    house.scrape(115, "b", &[("m", 0.0)], None);
    house.until(117, 119).await;
    assert_eq!(house.told, [], "12 + 0 = 12");
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_waited_for_no_longer_than_five_seconds() {
    let mut house = House::new("{ alert: Sum, expr: 'sum(m) > 15' }", false);
    for instance in ["a", "b"] {
        house.scrape(100, instance, &[("m", 6.0)], None);
    }
    house.run(100).await;
    house.scrape(115, "a", &[("m", 12.0)], None);
    house.until(115, 119).await;
    assert_eq!(house.told, []);
    house.run(120).await;
    assert_eq!(house.told, [(115, "Sum".to_owned(), Turn::Fired)]);
}

#[tokio::test]
async fn what_is_recorded_early_leads_to_an_alert_and_is_not_stored() {
    let rules = "{ record: 'r', expr: 'sum(m)' }, { alert: High, expr: 'r > 5' }";
    let mut house = House::new(rules, false);
    house.scrape(100, "a", &[("m", 9.0)], None);
    house.until(100, 101).await;
    assert_eq!(house.told, [(100, "High".to_owned(), Turn::Fired)]);
    let query = promql::Query::parse("r").unwrap();
    let stored = evaluate::rule::Source::query(&house.memory, &query, at(100))
        .await
        .unwrap();
    assert_eq!(stored.value, promql::Value::Vector(Vec::new()));
}

#[tokio::test]
async fn a_firing_alert_whose_target_vanishes_fires_on_and_says_why() {
    for tick_aligned in [false, true] {
        let mut house = House::new("{ alert: Hot, expr: 'm > 5' }", tick_aligned);
        for secs in (0..=120).step_by(15) {
            house.scrape(secs, "a", &[("m", 9.0)], None);
            house.until(secs, secs + 14).await;
        }
        assert_eq!(house.firing(), ["Hot"]);
        for secs in (135..=300).step_by(15) {
            house.scrape(secs, "a", &[("m", STALE)], Some(refused()));
            house.until(secs, secs + 14).await;
        }
        let turns: Vec<Turn> = house.told.iter().map(|(.., turn)| *turn).collect();
        if tick_aligned {
            assert_eq!(
                turns,
                [Turn::Fired, Turn::Resolved],
                "as Prometheus does it"
            );
            continue;
        }
        assert_eq!(turns, [Turn::Fired, Turn::Lost]);
        let stale = house.engine.firing().next().unwrap().stale.clone().unwrap();
        assert_eq!(stale.1, refused());
        // Back and cool: now there is evidence that it is over.
        for secs in (315..=400).step_by(15) {
            house.scrape(secs, "a", &[("m", 1.0)], None);
            house.until(secs, secs + 14).await;
        }
        assert_eq!(house.told.last().unwrap().2, Turn::Resolved);
    }
}

#[tokio::test]
async fn a_series_that_ends_while_its_target_answers_is_named_as_absent() {
    let mut house = House::new("{ alert: Hot, expr: 'm > 5' }", false);
    for secs in (0..=120).step_by(15) {
        house.scrape(secs, "a", &[("m", 9.0)], None);
        house.until(secs, secs + 14).await;
    }
    house.scrape(135, "a", &[("m", STALE), ("up", 1.0)], None);
    house.until(135, 260).await;
    let stale = house.engine.firing().next().unwrap().stale.clone().unwrap();
    assert_eq!(stale.1, Cause::Absent);
}

#[tokio::test]
async fn an_alert_about_absence_ends_when_the_series_comes() {
    let mut house = House::new("{ alert: Gone, expr: 'absent(m)' }", false);
    house.until(0, 125).await;
    assert_eq!(house.firing(), ["Gone"]);
    for secs in (126..=250).step_by(15) {
        house.scrape(secs, "a", &[("m", 9.0)], None);
        house.until(secs, secs + 14).await;
    }
    assert_eq!(house.firing(), Vec::<String>::new());
}

#[tokio::test]
async fn an_error_resolves_nothing() {
    // Two series on the right make the match impossible.
    let mut house = House::new("{ alert: Both, expr: 'm > on(job) n' }", false);
    for secs in (0..=120).step_by(15) {
        house.scrape(secs, "a", &[("m", 9.0), ("n", 1.0)], None);
        house.until(secs, secs + 14).await;
    }
    assert_eq!(house.firing(), ["Both"]);
    for secs in (135..=300).step_by(15) {
        house.scrape(secs, "a", &[("m", 0.0), ("n", 1.0)], None);
        house.scrape(secs, "b", &[("n", 1.0)], None);
        house.until(secs, secs + 14).await;
    }
    assert_eq!(house.firing(), ["Both"]);
    let (live, _) = house.engine.groups().next().unwrap();
    let wrong = live.rules[0].wrong.clone().unwrap();
    let stale = house.engine.firing().next().unwrap().stale.clone().unwrap();
    assert_eq!(
        stale.1,
        Cause::Failed {
            error: Say::same(wrong)
        }
    );
    let turns: Vec<Turn> = house.told.iter().map(|(.., turn)| *turn).collect();
    assert_eq!(turns, [Turn::Fired, Turn::Lost]);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_series_say() {
    let rules = "{ alert: Hot, expr: 'm > 5', for: 2m }, { alert: Warm, expr: 'm > 3', for: 10m }";
    let mut house = House::new(rules, false);
    for secs in (0..=240).step_by(15) {
        house.scrape(secs, "a", &[("m", 9.0)], None);
        house.until(secs, secs + 14).await;
    }
    assert_eq!(house.firing(), ["Hot"]);
    let mut again = House::new(rules, false);
    again.memory = std::mem::take(&mut house.memory);
    again.clock.set(at(300));
    again
        .engine
        .restore(&again.memory, again.clock.now())
        .await
        .unwrap();
    assert_eq!(
        again.firing(),
        ["Hot"],
        "without waiting for two minutes again"
    );
    for secs in (300..=700).step_by(15) {
        again.scrape(secs, "a", &[("m", 9.0)], None);
        again.until(secs, secs + 14).await;
    }
    let warm = again
        .told
        .iter()
        .find(|(_, name, _)| name == "Warm")
        .unwrap();
    // Active since 0, 600 s to hold. Nobody looked between the last tick, at most 60 s before 254, and 300.
    assert!((646..=706).contains(&warm.0), "{warm:?}");
    assert_eq!(
        again
            .told
            .iter()
            .filter(|(_, name, _)| name == "Hot")
            .count(),
        0,
        "nobody is told twice"
    );
}

#[test]
fn mistakes_are_found_all_at_once_and_where_they_stand() {
    let text = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum(rate(m[5m])\n      - record: r\n        expr: m\n        for: 5m\n      - alert: B\n        expr: m\n        labels: { l: '{{ nothing }}' }\n      - { expr: m, allert: C }\n";
    let mistakes = read(text, "r.yml").unwrap_err();
    let found: Vec<(&str, &str)> = mistakes
        .iter()
        .map(|mistake| (mistake.code, &text[mistake.span.clone()]))
        .collect();
    let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    assert!(codes.contains(&"unknown-key"), "{found:?}");
    let text = text.replace("      - { expr: m, allert: C }\n", "");
    let mistakes = read(&text, "r.yml").unwrap_err();
    let codes: Vec<&str> = mistakes.iter().map(|mistake| mistake.code).collect();
    assert_eq!(codes, ["bad-query", "bad-rule", "bad-template"]);
}
