//! Routes: which receivers are told about a promise, in which order, and how often again. Pure.

use std::time::Duration;

use promise::Timestamp;

use crate::{Config, rule::Rule};

/// A repeat faster than this floods people and gets a receiver's rate limit instead of an answer.
pub const REPEAT_MIN: Duration = Duration::from_secs(30);

/// A receiver that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub receiver: String,
    /// Tell again after this long while nobody has acknowledged.
    pub repeat: Option<Duration>,
    /// Whom to tell instead, in order, when this one does not accept.
    pub instead: Vec<String>,
}

/// Everyone who is told of `promise` with `severity`, each once: the receivers of every route that fits, then, where
/// the severity has no escalation, those of whoever is on call. Where two routes name a receiver, the shorter repeat counts.
#[must_use]
pub fn targets(config: &Config, promise: &str, severity: &str, now: Timestamp) -> Vec<Target> {
    let mut chain: Vec<(String, Option<Duration>)> = Vec::new();
    let fits = |list: &[String], name: &str| {
        let short = Rule::name_in(name);
        list.is_empty() || list.iter().any(|entry| entry == name || entry == short)
    };
    let mut shortest = None;
    for route in &config.routes {
        if !fits(&route.severities, severity) || !fits(&route.promises, promise) {
            continue;
        }
        let repeat = route.repeat.map(|repeat| repeat.0.max(REPEAT_MIN));
        shortest = shorter(shortest, repeat);
        for receiver in &route.receivers {
            add(&mut chain, receiver, repeat);
        }
    }
    // An escalation says itself when whoever is on call is told.
    if config.escalation(Some(severity)).is_none() {
        for duty in config.on_duty(now) {
            for receiver in &duty.receivers {
                add(&mut chain, receiver, shortest);
            }
        }
    }
    Target::each_once(chain, config)
}

impl Target {
    /// Those of the names that are declared, each once with its shortest repeat. The next one stands in for one that does
    /// not accept; then those before it.
    #[must_use]
    pub fn each_once(
        names: impl IntoIterator<Item = (String, Option<Duration>)>,
        config: &Config,
    ) -> Vec<Self> {
        let mut chain = Vec::new();
        for (name, repeat) in names {
            if config.receivers.contains_key(&name) {
                add(&mut chain, &name, repeat);
            }
        }
        let names: Vec<String> = chain.iter().map(|(name, _)| name.clone()).collect();
        let targets = chain
            .into_iter()
            .enumerate()
            .map(|(place, (receiver, repeat))| {
                let instead = names[place + 1..]
                    .iter()
                    .chain(&names[..place])
                    .cloned()
                    .collect();
                Self {
                    receiver,
                    repeat,
                    instead,
                }
            });
        targets.collect()
    }
}

fn add(chain: &mut Vec<(String, Option<Duration>)>, receiver: &str, repeat: Option<Duration>) {
    match chain.iter_mut().find(|(name, _)| name == receiver) {
        Some((_, known)) => *known = shorter(*known, repeat),
        None => chain.push((receiver.to_owned(), repeat)),
    }
}

fn shorter(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use promise::{Say, unit::Span};
    use spec::section::{
        receiver::{Inbox, Receiver},
        route::Route,
    };

    use super::*;

    fn config(routes: Vec<Route>) -> Config {
        Config {
            service: Say::same("shop"),
            owner: "infra".into(),
            time_zone: "UTC".into(),
            promises: ["pay".to_owned()].into(),
            severities: [].into(),
            routes,
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
            promises: vec![],
            receivers: own(receivers),
            repeat: repeat.map(Span::secs),
        }
    }

    #[test]
    fn every_route_that_fits_is_used_and_a_receiver_is_told_once() {
        let config = config(vec![
            route(&["critical"], &["a", "b"], Some(600)),
            route(&["low"], &["c"], None),
            route(&[], &["b", "gone"], Some(5)),
        ]);
        let targets = targets(&config, "pay", "critical", Timestamp::EPOCH);
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
