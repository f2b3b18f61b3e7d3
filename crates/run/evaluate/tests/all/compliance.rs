//! The cases of the public alert-generator compliance suite of Prometheus, under a simulated clock.
//!
//! Samples come each 15 s, groups are evaluated each 30 s, all from second 0. What is expected at a second was
//! worked out by hand from the samples: the arithmetic stands beside each case.

use std::{collections::BTreeMap, time::Duration};

use evaluate::rule::{
    Event, Manner, Memory, Sources, World,
    alert::{State, Turn},
    group::Live,
    read,
};
use promise::Timestamp;
use promql::{Labels, Number, Sample, Series};

const SAMPLE: i64 = 15;
const TICK: i64 = 30;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(secs * 1_000)
}

/// Values and how often each is sent.
fn series(labels: &[(&str, &str)], values: &[(f64, usize)]) -> Series {
    let flat = values
        .iter()
        .flat_map(|(value, times)| std::iter::repeat_n(*value, *times));
    let samples = flat.zip(0..).map(|(value, place)| Sample {
        at: at(place * SAMPLE),
        value,
    });
    let named = labels
        .iter()
        .copied()
        .chain([("__name__", "alert_generator_test_suite")]);
    Series::new(Labels::new(named), samples.collect())
}

/// A group being played; what it looks like after each tick.
struct Play {
    live: Live,
    memory: Memory,
    manner: Manner,
    events: Vec<Event>,
}

impl Play {
    fn new(rules: &str, all: Vec<Series>) -> Self {
        let mut groups = read(rules, "compliance.yml").unwrap();
        let mut memory = Memory::default();
        memory.append(all);
        let manner = Manner {
            world: World::default(),
            tick_aligned: true,
            stale_for: None,
            query_offset: Duration::ZERO,
        };
        Self {
            live: Live::new(groups.remove(0)),
            memory,
            manner,
            events: Vec::new(),
        }
    }

    async fn tick(&mut self, secs: i64) {
        self.memory.shows_until(at(secs));
        let made = self
            .live
            .tick(&self.memory, at(secs), &self.manner, &Sources::default())
            .await;
        self.events.extend(made.events);
        self.memory.append(made.series);
        for standing in &self.live.rules {
            assert_eq!(standing.wrong, None);
        }
    }

    /// Name, state, value, second since which it is active.
    fn states(&self) -> Vec<(String, State, f64, i64)> {
        let rules = self.live.rules.iter();
        let alerts = rules.flat_map(|standing| standing.alerts.active());
        alerts
            .map(|alert| {
                let value = match alert.value {
                    Number::Float(value) => value,
                    Number::Histogram(_) => f64::NAN,
                };
                let variant = alert.labels.get("variant");
                let name = format!("{}{variant}", alert.labels.get("alertname"));
                (
                    name,
                    alert.state,
                    value,
                    alert.active_at.as_millis() / 1_000,
                )
            })
            .collect()
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let alert = self
            .live
            .rules
            .iter()
            .find_map(|standing| standing.alerts.active().next());
        let told = alert
            .map(|alert| alert.annotations.clone())
            .unwrap_or_default();
        told.iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }

    fn told(&self) -> Vec<(i64, Turn)> {
        self.events
            .iter()
            .map(|event| (event.at.as_millis() / 1_000, event.turn))
            .collect()
    }
}

fn expect(name: &str, state: State, value: f64, since: i64) -> Vec<(String, State, f64, i64)> {
    vec![(name.to_owned(), state, value, since)]
}

#[tokio::test]
async fn pending_and_firing_and_resolved() {
    let rules = r#"
groups:
  - name: PendingAndFiringAndResolved
    interval: 30s
    rules:
      - alert: Simple
        expr: 'alert_generator_test_suite{alertname="Simple"} > 10'
        for: 6m
        labels: { foo: bar }
        annotations:
          summary: The value is {{$value}} {{.Value}}
"#;
    // Sample 8 (120 s) is 11, sample 21 (315 s) 15, sample 53 (795 s) 19, sample 69 (1035 s) 9,
    // sample 89 (1335 s) 15 again, sample 134 (2010 s) 8.
    let values = [
        (3.0, 1),
        (5.0, 3),
        (9.0, 4),
        (11.0, 13),
        (15.0, 32),
        (19.0, 16),
        (9.0, 20),
        (15.0, 45),
        (8.0, 16),
    ];
    let mut play = Play::new(rules, vec![series(&[("alertname", "Simple")], &values)]);
    for secs in (0..2_250).step_by(TICK as usize) {
        play.tick(secs).await;
        let value = match secs {
            ..315 => 11.0,
            315..795 => 15.0,
            795..1_035 => 19.0,
            _ => 15.0,
        };
        // `for` is 360 s: 120 + 360 = 480 and 1350 + 360 = 1710. The ticks after 1035 and 1335 are 1050 and 1350.
        let expected = match secs {
            ..120 | 1_050..1_350 | 2_010.. => vec![],
            120..480 => expect("Simple", State::Pending, value, 120),
            480..1_050 => expect("Simple", State::Firing, value, 120),
            1_350..1_710 => expect("Simple", State::Pending, value, 1_350),
            1_710..2_010 => expect("Simple", State::Firing, value, 1_350),
        };
        assert_eq!(play.states(), expected, "at {secs}");
        if !expected.is_empty() {
            assert_eq!(
                play.annotations()["summary"],
                format!("The value is {value} {value}"),
                "at {secs}"
            );
        }
    }
    let told = [
        (480, Turn::Fired),
        (1_050, Turn::Resolved),
        (1_710, Turn::Fired),
        (2_010, Turn::Resolved),
    ];
    assert_eq!(play.told(), told);
}

#[tokio::test]
async fn pending_and_resolved_and_always_inactive() {
    let rules = r#"
groups:
  - name: PendingAndResolved_AlwaysInactive
    interval: 30s
    rules:
      - { alert: Pending, expr: 'alert_generator_test_suite > 10', for: 3m, labels: { foo: bar } }
      - { alert: Inactive, expr: 'alert_generator_test_suite > 99', for: 3m, labels: { ba_dum: tss } }
"#;
    // 11 from sample 8 (120 s) to 18 (270 s); sample 19 (285 s) is 9, and then there is no more data.
    let values = [(3.0, 1), (5.0, 3), (9.0, 4), (11.0, 11), (9.0, 1)];
    let mut play = Play::new(rules, vec![series(&[("alertname", "x")], &values)]);
    for secs in (0..900).step_by(TICK as usize) {
        play.tick(secs).await;
        let expected = match secs {
            120..=270 => expect("Pending", State::Pending, 11.0, 120),
            _ => vec![],
        };
        assert_eq!(play.states(), expected, "at {secs}");
    }
    assert_eq!(play.told(), []);
}

#[tokio::test]
async fn zero_for_and_small_for() {
    let rules = r#"
groups:
  - name: ZeroFor_SmallFor
    interval: 30s
    rules:
      - alert: Zero
        expr: 'alert_generator_test_suite{kind="value"} > 10'
        labels: { foo: bar }
        annotations:
          template_test: '{{humanize 1048576}} {{humanize1024 1048576}} {{humanizeDuration 135.3563}} {{humanizePercentage 0.959}} {{humanizeTimestamp 1643114203}}'
          template_query_test: '{{ define "t" }}Args are: {{.arg0}} {{.arg1}} {{.arg2}}. {{ with query "alert_generator_test_suite{for=''template''}" }}first_id:{{ . | sortByLabel "id" | first | label "id"}},{{ range $v := sortByLabel "id" .}}{{ . | label "id" }}:{{ . | value }},{{end}}{{end}}{{ end }}{{ template "t" (args "foo" "bar" 99) }}'
      - alert: Small
        expr: 'alert_generator_test_suite{kind="value"} > 13'
        for: 15s
        annotations:
          template_test: '{{title "this part"}} {{toUpper "is testing"}} {{toLower "THE STRINGS"}}. {{ stripPort "[::1]:6006"}} {{ stripPort "127.0.0.1:4004"}}. {{parseDuration "2h10m15s"}}. {{if match "[0-9]+" "1234"}}{{reReplaceAll "r.*d" "replaced" "rpld text"}}{{end}}. {{if match "[0-9]+$" "1234a"}}WRONG{{end}}.'
"#;
    // 15 from sample 8 (120 s) to 20 (300 s), 9 from sample 21 (315 s), 11 from sample 93 (1395 s) to 105 (1575 s).
    let values = [
        (3.0, 1),
        (5.0, 3),
        (9.0, 4),
        (15.0, 13),
        (9.0, 72),
        (11.0, 13),
        (9.0, 1),
    ];
    let mut all = vec![series(&[("kind", "value")], &values)];
    for (id, value) in [("101", 1.0), ("102", 2.0), ("103", 3.0)] {
        // Sample 28 (420 s) is twice as much.
        let doubled = [(value, 28), (2.0 * value, 201)];
        all.push(series(
            &[("for", "template"), ("id", id), ("__value__", "v")],
            &doubled,
        ));
    }
    let mut play = Play::new(rules, all);
    for secs in (0..1_700).step_by(TICK as usize) {
        play.tick(secs).await;
        // A `for` of 15 s is over at the second evaluation, at 150. The ticks after 315 and 1395 are 330 and 1410.
        let zero = |value, since| expect("Zero", State::Firing, value, since);
        let expected = match secs {
            120 => [zero(15.0, 120), expect("Small", State::Pending, 15.0, 120)].concat(),
            121..330 => [zero(15.0, 120), expect("Small", State::Firing, 15.0, 120)].concat(),
            1_410..1_590 => zero(11.0, 1_410),
            _ => vec![],
        };
        assert_eq!(play.states(), expected, "at {secs}");
        let told = play.annotations();
        match secs {
            120..330 => {
                assert_eq!(
                    told["template_test"],
                    "1.049M 1Mi 2m 15s 95.9% 2022-01-25 12:36:43 +0000 UTC"
                );
                assert_eq!(
                    told["template_query_test"],
                    "Args are: foo bar 99. first_id:101,101:1,102:2,103:3,"
                );
                let small = play.live.rules[1].alerts.active().next().unwrap();
                assert_eq!(
                    small.annotations.get("template_test"),
                    "This Part IS TESTING the strings. ::1 127.0.0.1. 7815. replaced text. ."
                );
            }
            1_410..1_590 => assert_eq!(
                told["template_query_test"],
                "Args are: foo bar 99. first_id:101,101:2,102:4,103:6,"
            ),
            _ => {}
        }
    }
}

#[tokio::test]
async fn new_alerts_and_order_check() {
    let rules = r#"
groups:
  - name: NewAlerts_OrderCheck
    interval: 30s
    rules:
      - { alert: Rule1, expr: 'alert_generator_test_suite > 10', for: 3m, labels: { foo: bar } }
      - alert: Rule2
        expr: '(ALERTS{alertstate="firing", alertname="Rule1", foo="bar", variant="one"} + ignoring(variant) ALERTS{alertstate="firing", alertname="Rule1", foo="bar", variant="two"}) == 2'
        labels: { ba_dum: tss, foo: baz }
        annotations:
          description: Based on ALERTS. Old alertname was {{$labels.alertname}}. foo was {{.Labels.foo}}.
"#;
    // The first is 11 from sample 8 (120 s), the second from sample 32 (480 s); both are 9 from
    // 8 + 65 = 73 (1095 s) and 32 + 33 = 65 (975 s).
    let one = series(&[("variant", "one")], &[(1.0, 8), (11.0, 65), (9.0, 21)]);
    let two = series(&[("variant", "two")], &[(1.0, 32), (11.0, 33), (9.0, 21)]);
    let mut play = Play::new(rules, vec![one, two]);
    for secs in (0..1_300).step_by(TICK as usize) {
        play.tick(secs).await;
        // `for` is 180 s: 120 + 180 = 300 and 480 + 180 = 660. The tick after 975 is 990, after 1095 1110.
        let first = match secs {
            120..300 => expect("Rule1one", State::Pending, 11.0, 120),
            300..1_110 => expect("Rule1one", State::Firing, 11.0, 120),
            _ => vec![],
        };
        let second = match secs {
            480..660 => expect("Rule1two", State::Pending, 11.0, 480),
            660..990 => expect("Rule1two", State::Firing, 11.0, 480),
            _ => vec![],
        };
        // In the very evaluation in which the second fires, the rule below it sees both.
        let third = match secs {
            660..990 => expect("Rule2", State::Firing, 2.0, 660),
            _ => vec![],
        };
        assert_eq!(play.states(), [first, second, third].concat(), "at {secs}");
        if let Some(alert) = play.live.rules[1].alerts.active().next() {
            assert_eq!(
                alert.annotations.get("description"),
                "Based on ALERTS. Old alertname was Rule1. foo was bar."
            );
            let labels = [
                ("alertname", "Rule2"),
                ("alertstate", "firing"),
                ("ba_dum", "tss"),
                ("foo", "baz"),
            ];
            assert_eq!(alert.labels, Labels::new(labels));
        }
    }
}
