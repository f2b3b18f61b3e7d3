//! Hush: why nobody is paged for an alert that fires: silences, inhibitions, announced work. Pure.
//!
//! A hush holds back pages and nothing else. When it ends and the alert still fires, its page leaves then.

use std::collections::HashMap;

use promise::{Say, Timestamp};
use spec::section::alerting::inhibition::Inhibition;

use crate::{
    Config,
    alert::Alert,
    book::Book,
    label::{self, Labels},
    silence::{Phase, Silence},
    subject::Subject,
};

/// What holds back the pages of one alert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hush {
    /// Ids of silences.
    pub silences: Vec<String>,
    /// The same in words: who set them, and why.
    pub silencers: Vec<String>,
    /// Ids of alerts.
    pub inhibitors: Vec<String>,
    /// Names of announced work.
    pub maintenances: Vec<String>,
}

impl Hush {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.silences.is_empty() && self.inhibitors.is_empty() && self.maintenances.is_empty()
    }

    /// Why nobody is paged, in words.
    #[must_use]
    pub fn say(&self) -> Say {
        let parts = [
            ("silenced by", "サイレンス", &self.silencers),
            ("inhibited by", "抑制元の警報", &self.inhibitors),
            ("maintenance", "作業", &self.maintenances),
        ];
        let parts = parts.iter().filter(|(_, _, names)| !names.is_empty());
        let (en, ja): (Vec<String>, Vec<String>) = parts
            .map(|(en, ja, names)| {
                let names = names.join(", ");
                (format!("{en} {names}"), format!("{ja}: {names}"))
            })
            .unzip();
        Say::new(en.join("; "), ja.join("、"))
    }
}

/// Everything that may hold back pages at one instant.
pub struct Hushes<'b> {
    config: &'b Config,
    now: Timestamp,
    silences: Vec<&'b Silence>,
    inhibitions: Vec<Sources<'b>>,
}

/// The alerts that inhibit by one rule, by the values of its `equal` labels.
struct Sources<'b> {
    rule: &'b Inhibition,
    by_equal: HashMap<Vec<String>, Vec<Source<'b>>>,
}

struct Source<'b> {
    id: &'b str,
    /// It is a target of the same rule too, and so holds back no alert that is both.
    is_target: bool,
}

impl<'b> Hushes<'b> {
    #[must_use]
    pub fn gather(config: &'b Config, book: &'b Book, now: Timestamp) -> Self {
        let active = |silence: &&Silence| silence.phase(now) == Phase::Active;
        let mut inhibitions: Vec<Sources<'b>> = config
            .alerting
            .inhibitions
            .values()
            .map(|rule| Sources {
                rule,
                by_equal: HashMap::new(),
            })
            .collect();
        if !inhibitions.is_empty() {
            let firing = book.alerts.values().filter(|alert| alert.fires());
            for alert in firing {
                let labels = label::of(&alert.subject, config);
                for sources in &mut inhibitions {
                    sources.note(alert, &labels);
                }
            }
        }
        Self {
            config,
            now,
            silences: book.silences.values().filter(active).collect(),
            inhibitions,
        }
    }

    #[must_use]
    pub fn of(&self, subject: &Subject) -> Hush {
        let labels = label::of(subject, self.config);
        let silences = self.silences.iter();
        let silences = silences.filter(|silence| silence.holds(&labels, self.now));
        let (silences, silencers) = silences
            .map(|silence| (silence.id.clone(), silence.by_and_why()))
            .unzip();
        let mut inhibitors: Vec<String> = Vec::new();
        for sources in &self.inhibitions {
            inhibitors.extend(sources.of(&subject.id, &labels));
        }
        inhibitors.dedup();
        Hush {
            silences,
            silencers,
            inhibitors,
            maintenances: self.maintenances(subject, &labels),
        }
    }

    fn maintenances(&self, subject: &Subject, labels: &Labels) -> Vec<String> {
        let works = self.config.alerting.maintenances.iter();
        let holds = works.filter(|(_, work)| {
            let is_named = match subject.rule() {
                Some(_) => !work.alerts.is_empty() && label::fit(&work.alerts, labels),
                None => work.promises.contains_key(&*subject.id),
            };
            is_named && work.from <= self.now && self.now < work.to
        });
        holds.map(|(name, _)| name.clone()).collect()
    }
}

impl<'b> Sources<'b> {
    fn note(&mut self, alert: &'b Alert, labels: &Labels) {
        if !label::fit(&self.rule.source, labels) {
            return;
        }
        let source = Source {
            id: alert.id(),
            is_target: label::fit(&self.rule.target, labels),
        };
        self.by_equal
            .entry(equal(self.rule, labels))
            .or_default()
            .push(source);
    }

    /// One that inhibits an alert with these labels is enough to say so.
    fn of(&self, id: &str, labels: &Labels) -> Option<String> {
        if self.by_equal.is_empty() || !label::fit(&self.rule.target, labels) {
            return None;
        }
        let is_source = label::fit(&self.rule.source, labels);
        let sources = self.by_equal.get(&equal(self.rule, labels))?;
        sources
            .iter()
            .find(|source| source.id != id && !(is_source && source.is_target))
            .map(|source| source.id.to_owned())
    }
}

fn equal(rule: &Inhibition, labels: &Labels) -> Vec<String> {
    let values = rule.equal.iter();
    values.map(|name| labels.get(name).to_owned()).collect()
}
