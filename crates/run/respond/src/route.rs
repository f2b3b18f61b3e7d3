//! Routes: which receivers are told about a promise, in which order, and how often again. Pure.

use std::time::Duration;

use promise::Timestamp;
use spec::section::route::Route;

use crate::{
    Config, interval,
    label::{self, Labels},
    rule::Rule,
    subject::Subject,
};

/// A repeat faster than this floods people and gets a receiver's rate limit instead of an answer.
pub const REPEAT_MIN: Duration = Duration::from_secs(30);

/// A receiver that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub receiver: String,
    /// Tell again after this long while nobody has acknowledged.
    pub repeat: Option<Duration>,
    /// Whether it is told when an alert ends.
    pub ends_told: bool,
    /// Whom to tell instead, in order, when this one does not accept.
    pub instead: Vec<String>,
}

/// The routes that take an alert with these labels, with their places, from the top up to one that is `last`.
#[must_use]
pub fn fitting<'c>(
    config: &'c Config,
    subject: &Subject,
    labels: &Labels,
) -> Vec<(usize, &'c Route)> {
    let fits = |list: &[String], name: &str| {
        let short = Rule::name_in(name);
        list.is_empty() || list.iter().any(|entry| entry == name || entry == short)
    };
    let severity = subject.severity.as_deref().unwrap_or_default();
    let mut fitting = Vec::new();
    for (place, route) in config.routes.iter().enumerate() {
        if fits(&route.severities, severity)
            && fits(&route.promises, &subject.id)
            && label::fit(&route.matchers, labels)
        {
            fitting.push((place, route));
            if route.last {
                break;
            }
        }
    }
    fitting
}

/// Everyone who is told now of an alert, each once: the receivers of every route that takes it and is not muted, then,
/// where its severity has no escalation, those of whoever is on call. Where two routes name a receiver, the shorter
/// repeat counts.
#[must_use]
pub fn targets(config: &Config, subject: &Subject, now: Timestamp) -> Vec<Target> {
    let labels = label::of(subject, config);
    let mut chain: Vec<Told> = Vec::new();
    let mut shortest = None;
    for (_, route) in fitting(config, subject, &labels) {
        if interval::mutes(config, route, now).is_some() {
            continue;
        }
        let repeat = route.repeat.map(|repeat| repeat.0.max(REPEAT_MIN));
        shortest = shorter(shortest, repeat);
        for receiver in &route.receivers {
            add(&mut chain, receiver, repeat, route.resolved);
        }
    }
    let severity = subject.severity.as_deref();
    // An escalation says itself when whoever is on call is told.
    if severity.is_some() && config.escalation(severity).is_none() {
        for duty in config.on_duty(now) {
            for receiver in &duty.receivers {
                add(&mut chain, receiver, shortest, true);
            }
        }
    }
    Target::of(chain, config)
}

/// Receivers that are told of an alert once a route is no longer muted.
#[must_use]
pub fn muted(config: &Config, subject: &Subject, now: Timestamp) -> Vec<String> {
    let labels = label::of(subject, config);
    let fitting = fitting(config, subject, &labels).into_iter();
    let muted = fitting.filter(|(_, route)| interval::mutes(config, route, now).is_some());
    muted
        .flat_map(|(_, route)| route.receivers.iter().cloned())
        .collect()
}

/// Whether a receiver that was told of an alert is told of its end too: unless every route that leads there says not to.
#[must_use]
pub fn tells_end(config: &Config, subject: &Subject, receiver: &str) -> bool {
    let labels = label::of(subject, config);
    let fitting = fitting(config, subject, &labels).into_iter();
    let mut leading = fitting
        .filter(|(_, route)| route.receivers.iter().any(|name| name == receiver))
        .peekable();
    leading.peek().is_none() || leading.any(|(_, route)| route.resolved)
}

/// A receiver on its way to become a [`Target`].
struct Told {
    receiver: String,
    repeat: Option<Duration>,
    ends_told: bool,
}

impl Target {
    /// Those of the names that are declared, each once. The next one stands in for one that does not accept; then those
    /// before it.
    #[must_use]
    pub fn each_once(names: impl IntoIterator<Item = String>, config: &Config) -> Vec<Self> {
        let mut chain = Vec::new();
        for name in names {
            add(&mut chain, &name, None, true);
        }
        Self::of(chain, config)
    }

    fn of(mut chain: Vec<Told>, config: &Config) -> Vec<Self> {
        chain.retain(|told| config.receivers.contains_key(&told.receiver));
        let names: Vec<String> = chain.iter().map(|told| told.receiver.clone()).collect();
        let targets = chain.into_iter().enumerate().map(|(place, told)| {
            let instead = names[place + 1..].iter().chain(&names[..place]);
            Self {
                receiver: told.receiver,
                repeat: told.repeat,
                ends_told: told.ends_told,
                instead: instead.cloned().collect(),
            }
        });
        targets.collect()
    }

    /// One receiver by two ways: the shorter repeat, and the end where either tells it.
    pub fn merge(&mut self, other: &Self) {
        self.repeat = shorter(self.repeat, other.repeat);
        self.ends_told |= other.ends_told;
        for name in &other.instead {
            if !self.instead.contains(name) {
                self.instead.push(name.clone());
            }
        }
    }
}

fn add(chain: &mut Vec<Told>, receiver: &str, repeat: Option<Duration>, ends_told: bool) {
    match chain.iter_mut().find(|told| told.receiver == receiver) {
        Some(told) => {
            told.repeat = shorter(told.repeat, repeat);
            told.ends_told |= ends_told;
        }
        None => chain.push(Told {
            receiver: receiver.to_owned(),
            repeat,
            ends_told,
        }),
    }
}

fn shorter(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::{Say, record::Scalar, unit::Span};
    use spec::section::{
        alerting::{Alerting, matcher::Matcher},
        receiver::{Inbox, Receiver},
        route::Route,
    };

    use super::*;
    use crate::subject::{Speaker, tests::sample};

    pub(crate) fn config(routes: Vec<Route>) -> Config {
        Config {
            service: Say::same("shop"),
            owner: "infra".into(),
            time_zone: "UTC".into(),
            promises: ["pay".to_owned()].into(),
            severities: [].into(),
            routes,
            alerting: Alerting::default(),
            receivers: ["a", "b", "c"]
                .map(|name| (name.to_owned(), Receiver::Inbox(Inbox {})))
                .into(),
            canary: None,
            on_call: None,
            escalations: [].into(),
            checklists: [].into(),
            rules: [].into(),
            rule_severity: None,
            console_url: String::new(),
        }
    }

    fn route(severities: &[&str], receivers: &[&str], repeat: Option<u64>) -> Route {
        let own = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        Route {
            severities: own(severities),
            receivers: own(receivers),
            repeat: repeat.map(Span::secs),
            ..Route::default()
        }
    }

    fn subject(severity: &str) -> Subject {
        sample("pay", Some(severity))
    }

    #[test]
    fn a_route_that_is_last_ends_the_list_for_what_it_takes() {
        let mut routes = vec![route(&[], &["a"], None), route(&[], &["b"], None)];
        routes[0].matchers = vec![Matcher::parse("tier=api").unwrap()];
        routes[0].last = true;
        let config = config(routes);
        let told = |subject: &Subject| -> Vec<String> {
            let targets = targets(&config, subject, Timestamp::EPOCH);
            targets.into_iter().map(|target| target.receiver).collect()
        };
        assert_eq!(told(&subject("low")), ["a"]);
        let mut other = subject("low");
        if let Speaker::Promise(judged) = &mut other.speaker {
            judged.tier = None;
        }
        assert_eq!(told(&other), ["b"]);
    }

    #[test]
    fn every_route_that_fits_is_used_and_a_receiver_is_told_once() {
        let config = config(vec![
            route(&["critical"], &["a", "b"], Some(600)),
            route(&["low"], &["c"], None),
            route(&[], &["b", "gone"], Some(5)),
        ]);
        let targets = targets(&config, &subject("critical"), Timestamp::EPOCH);
        assert_eq!(targets.len(), 2);
        assert_eq!(
            (targets[0].receiver.as_str(), targets[0].repeat),
            ("a", Some(Duration::from_secs(600)))
        );
        // 5 s is below the floor of 30 s, and shorter than 600 s.
        assert_eq!(
            (targets[1].receiver.as_str(), targets[1].repeat),
            ("b", Some(REPEAT_MIN))
        );
        assert_eq!(targets[0].instead, ["b"]);
        assert_eq!(targets[1].instead, ["a"]);
    }
}
