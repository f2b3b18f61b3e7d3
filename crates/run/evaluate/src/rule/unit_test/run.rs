//! Runs a test file and says what did not come out as expected.

use std::time::Duration;

use promise::Timestamp;
use promql::{Element, Labels, Number, Value};
use serde::Serialize;

use super::{
    super::{
        alert::State,
        expand::World,
        file::Group,
        group::{Live, Manner},
        inputs::Sources,
        source::{Memory, Source as _},
    },
    file::{ExpectedAlerts, ExpectedAnswer, File, Suite},
};

/// Evaluations of one suite: a year at a minute. A test that runs longer is refused.
const TICKS_MAX: i64 = 600_000;

/// One suite, and what was not as expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub name: Option<String>,
    pub failures: Vec<Failure>,
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    pub check: Check,
    /// Milliseconds from the start.
    pub at_millis: u64,
    /// What was expected and did not come.
    pub missing: Vec<Shown>,
    /// What came and was not expected.
    pub unexpected: Vec<Shown>,
    pub error: Option<String>,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The alerts of this name.
    Alert(String),
    Query(String),
    /// A rule could not be evaluated.
    Rule(String),
    /// The suite as a whole.
    Suite,
}

/// An alert or a sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    pub labels: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Runs every suite over the same rules.
pub async fn run(file: &File, groups: &[Group]) -> Vec<Report> {
    let mut groups = groups.to_vec();
    let options = promql::Options {
        subquery_step: file.interval,
        ..promql::Options::default()
    };
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        rule.query = rule.query.clone().with(options);
    }
    // Those that the order does not name stand with its first.
    let place = |group: &Group| {
        file.order
            .iter()
            .position(|name| *name == group.name)
            .unwrap_or(0)
    };
    groups.sort_by_key(place);
    let mut reports = Vec::new();
    for suite in &file.suites {
        let failures = Playing::new(suite, &groups, file).play().await;
        reports.push(Report {
            name: suite.name.clone(),
            failures,
        });
    }
    reports
}

struct Playing<'p> {
    suite: &'p Suite,
    file: &'p File,
    live: Vec<Live>,
    memory: Memory,
    manner: Manner,
    failures: Vec<Failure>,
}

impl<'p> Playing<'p> {
    fn new(suite: &'p Suite, groups: &[Group], file: &'p File) -> Self {
        let mut memory = Memory::default();
        memory.append(suite.series.clone());
        Self {
            suite,
            file,
            live: groups.iter().cloned().map(Live::new).collect(),
            memory,
            manner: Manner {
                world: World {
                    external_labels: suite.external_labels.clone(),
                    external_url: suite.external_url.clone(),
                },
                tick_aligned: true,
                stale_for: None,
                query_offset: Duration::ZERO,
            },
            failures: Vec::new(),
        }
    }

    async fn play(mut self) -> Vec<Failure> {
        let alerts = self.suite.alerts.iter().map(|test| test.at);
        let queries = self.suite.queries.iter().map(|test| test.at);
        let last = alerts.chain(queries).max().unwrap_or_default();
        let (start, end) = (self.suite.start, self.suite.start + last);
        let step = millis(self.file.interval);
        if millis(last) / step > TICKS_MAX {
            self.fail(
                Check::Suite,
                last,
                format!("more than {TICKS_MAX} evaluations"),
            );
            return self.failures;
        }
        let mut tick = start;
        while tick <= end {
            self.evaluate(tick).await;
            if !self.failures.is_empty() {
                return self.failures;
            }
            let next = tick + self.file.interval;
            let suite = self.suite;
            for test in &suite.alerts {
                let due = start + test.at;
                if tick <= due && due < next {
                    self.check_alerts(test);
                }
            }
            tick = next;
        }
        self.memory.shows_until(end);
        let suite = self.suite;
        for test in &suite.queries {
            self.check_answer(test).await;
        }
        self.failures
    }

    async fn evaluate(&mut self, tick: Timestamp) {
        self.memory.shows_until(tick);
        let sources = Sources::default();
        for place in 0..self.live.len() {
            let made = self.live[place].tick(&self.memory, tick, &self.manner, &sources);
            let series = made.await.series;
            self.memory.append(series);
            let wrong: Vec<(String, String)> = self.live[place]
                .rules
                .iter()
                .filter_map(|standing| {
                    Some((standing.rule.name().to_owned(), standing.wrong.clone()?))
                })
                .collect();
            for (rule, why) in wrong {
                let at = tick.since(self.suite.start);
                self.fail(Check::Rule(rule), at, why);
            }
        }
    }

    fn fail(&mut self, check: Check, at: Duration, error: String) {
        self.failures.push(Failure {
            check,
            at_millis: u64::try_from(millis(at)).unwrap_or(0),
            missing: Vec::new(),
            unexpected: Vec::new(),
            error: Some(error),
        });
    }

    fn check_alerts(&mut self, test: &ExpectedAlerts) {
        let rules = self.live.iter().flat_map(|live| &live.rules);
        let named = rules.filter(|standing| standing.rule.name() == test.alert);
        let firing = named
            .flat_map(|standing| standing.alerts.iter())
            .filter(|alert| alert.state == State::Firing)
            .map(|alert| (alert.labels.clone(), alert.annotations.clone()));
        let (missing, unexpected) = differ(test.alerts.clone(), firing.collect(), PartialEq::eq);
        let shown = |(labels, annotations): &(Labels, Labels)| Shown {
            labels: labels.to_string(),
            annotations: Some(annotations.to_string()),
            value: None,
        };
        self.compare(
            Check::Alert(test.alert.clone()),
            test.at,
            &missing,
            &unexpected,
            shown,
        );
    }

    async fn check_answer(&mut self, test: &ExpectedAnswer) {
        let check = Check::Query(test.text.clone());
        let answer = self
            .memory
            .query(&test.query, self.suite.start + test.at)
            .await;
        let got = match answer.map(|answer| answer.value) {
            Ok(Value::Vector(elements)) => elements,
            Ok(Value::Scalar(value)) => vec![Element {
                labels: Labels::default(),
                value: Number::Float(value),
            }],
            Ok(Value::String(_) | Value::Matrix(_)) => {
                return self.fail(
                    check,
                    test.at,
                    "rule result is not a vector or scalar".to_owned(),
                );
            }
            Err(why) => return self.fail(check, test.at, why.to_string()),
        };
        let expected: Vec<(Labels, Number)> = test
            .samples
            .iter()
            .map(|sample| (sample.labels.clone(), sample.value.clone()))
            .collect();
        let got = got
            .into_iter()
            .map(|element| (element.labels, element.value));
        let fuzzy = self.file.fuzzy;
        let (missing, unexpected) = differ(expected, got.collect(), |a, b| {
            a.0 == b.0 && same(&a.1, &b.1, fuzzy)
        });
        let shown = |(labels, value): &(Labels, Number)| Shown {
            labels: labels.to_string(),
            annotations: None,
            value: Some(show(value)),
        };
        self.compare(check, test.at, &missing, &unexpected, shown);
    }

    fn compare<T>(
        &mut self,
        check: Check,
        at: Duration,
        missing: &[T],
        unexpected: &[T],
        shown: impl Fn(&T) -> Shown,
    ) {
        if missing.is_empty() && unexpected.is_empty() {
            return;
        }
        self.failures.push(Failure {
            check,
            at_millis: u64::try_from(millis(at)).unwrap_or(0),
            missing: missing.iter().map(&shown).collect(),
            unexpected: unexpected.iter().map(&shown).collect(),
            error: None,
        });
    }
}

/// What only the one has and what only the other has; the same twice counts twice.
fn differ<T>(mut expected: Vec<T>, got: Vec<T>, same: impl Fn(&T, &T) -> bool) -> (Vec<T>, Vec<T>) {
    let mut unexpected = Vec::new();
    for one in got {
        match expected.iter().position(|other| same(other, &one)) {
            Some(place) => {
                expected.swap_remove(place);
            }
            None => unexpected.push(one),
        }
    }
    (expected, unexpected)
}

fn same(expected: &Number, got: &Number, fuzzy: bool) -> bool {
    match (expected, got) {
        (Number::Float(a), Number::Float(b)) => {
            a == b
                || (a.is_nan() && b.is_nan())
                || (fuzzy && (a.next_up() == *b || a.next_down() == *b))
        }
        (Number::Histogram(a), Number::Histogram(b)) => a == b,
        _ => false,
    }
}

fn show(value: &Number) -> String {
    match value {
        Number::Float(value) => value.to_string(),
        Number::Histogram(histogram) => format!("{histogram:?}"),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
