//! What stands: every alert that fires, why its pages are held back, and where they go, for whoever asks.

use std::{collections::BTreeMap, sync::Arc};

use promise::{Lang, Timestamp};

use crate::{
    Config,
    alert::Alert,
    book::Book,
    hush::Hushes,
    interval,
    label::{self, Labels},
    route,
};

/// One alert that fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub fingerprint: u64,
    pub labels: Labels,
    pub annotations: Labels,
    pub started: Timestamp,
    pub updated: Timestamp,
    /// Until when it can be believed without being sent again; `None` where evidence ends it.
    pub until: Option<Timestamp>,
    pub generator_url: Arc<str>,
    pub receivers: Vec<String>,
    pub incident: String,
    /// Ids of silences.
    pub silenced_by: Vec<String>,
    /// Ids of alerts.
    pub inhibited_by: Vec<String>,
    /// Intervals for which no route of it tells, and announced work.
    pub muted_by: Vec<String>,
}

impl Standing {
    #[must_use]
    pub fn is_suppressed(&self) -> bool {
        !(self.silenced_by.is_empty() && self.inhibited_by.is_empty() && self.muted_by.is_empty())
    }
}

/// The alerts that one receiver hears of together.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupStanding {
    pub labels: Labels,
    pub receiver: String,
    pub alerts: Vec<Standing>,
}

/// Every alert that fires, in the order of their ids.
#[must_use]
pub fn alerts(config: &Config, book: &Book, now: Timestamp) -> Vec<Standing> {
    let hushes = Hushes::gather(config, book, now);
    let firing = book.alerts.values().filter(|alert| alert.fires());
    firing
        .map(|alert| standing(config, book, &hushes, alert, now))
        .collect()
}

/// The same by group and receiver.
#[must_use]
pub fn groups(config: &Config, book: &Book, now: Timestamp) -> Vec<GroupStanding> {
    let hushes = Hushes::gather(config, book, now);
    let mut groups: BTreeMap<(Labels, String, &str), Vec<Standing>> = BTreeMap::new();
    for alert in book.alerts.values().filter(|alert| alert.fires()) {
        let one = standing(config, book, &hushes, alert, now);
        let number = crate::incident::number(&alert.incident);
        let group = number.and_then(|number| book.groups.get(&number));
        let labels = group.map_or_else(|| one.labels.clone(), |group| group.labels.clone());
        for receiver in &one.receivers {
            let key = (labels.clone(), receiver.clone(), alert.incident.as_str());
            groups.entry(key).or_default().push(one.clone());
        }
    }
    let groups = groups.into_iter();
    groups
        .map(|((labels, receiver, _), alerts)| GroupStanding {
            labels,
            receiver,
            alerts,
        })
        .collect()
}

fn standing(
    config: &Config,
    book: &Book,
    hushes: &Hushes<'_>,
    alert: &Alert,
    now: Timestamp,
) -> Standing {
    let subject = &alert.subject;
    let labels = label::of(subject, config);
    let fitting = route::fitting(config, subject, &labels);
    let mut receivers: Vec<String> = Vec::new();
    let mut muted_by = Vec::new();
    for (_, route) in &fitting {
        let new = route
            .receivers
            .iter()
            .filter(|name| !receivers.contains(name));
        let new: Vec<String> = new.cloned().collect();
        receivers.extend(new);
        muted_by.extend(interval::mutes(config, route, now).map(str::to_owned));
    }
    if muted_by.len() < fitting.len() {
        muted_by.clear();
    }
    let hush = hushes.of(subject);
    muted_by.extend(hush.maintenances);
    let fresh = book.fresh.get(alert.id());
    let (annotations, started, generator_url) = match subject.rule() {
        Some(rule) => (
            rule.annotations.clone(),
            rule.started,
            rule.generator_url.clone(),
        ),
        None => (
            described(config, alert),
            alert.bad_since,
            config.incident_url(&alert.incident).into(),
        ),
    };
    Standing {
        fingerprint: label::fingerprint(&labels),
        labels,
        annotations,
        started,
        updated: fresh.map_or(alert.raised, |fresh| fresh.at),
        until: fresh.map(|fresh| fresh.until),
        generator_url,
        receivers,
        incident: alert.incident.clone(),
        silenced_by: hush.silences,
        inhibited_by: hush.inhibitors,
        muted_by,
    }
}

/// A promise's alert in the annotations that everybody shows.
fn described(config: &Config, alert: &Alert) -> Labels {
    let lang = if config.time_zone == "Asia/Tokyo" {
        Lang::Ja
    } else {
        Lang::En
    };
    let subject = &alert.subject;
    Labels::new([
        ("summary", subject.name().get(lang)),
        ("description", subject.because(alert.state).get(lang)),
        ("runbook_url", subject.runbook().unwrap_or_default()),
    ])
}
