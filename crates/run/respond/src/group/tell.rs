//! What each receiver is told of a group, if there is news for it: as in Alertmanager's deduplication, by what it was told last.

use std::collections::BTreeSet;

use promise::{Say, Timestamp};
use serde::{Deserialize, Serialize};

use super::Group;
use crate::{
    Config, Incident,
    alert::Alert,
    announce,
    book::{Book, Change},
    interval, label,
    page::{Kind, Member},
    route::{self, Target},
};

/// Alerts that a message names; it says how many more there are.
pub const MEMBERS_SHOWN: usize = 50;
/// What a receiver was last told of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub at: Timestamp,
    /// The key of its first message, which later ones may edit.
    pub first: String,
    /// Fingerprints of the ids of those that fired.
    pub firing: BTreeSet<u64>,
    pub ended: BTreeSet<u64>,
}

/// Tells everybody whom the routes of those that are heard, or a step of the escalation, lead to.
pub fn everybody(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    group: &mut Group,
    heard: &[&Alert],
) {
    let at = change.at;
    // What is held back is neither told nor forgotten.
    if heard.is_empty() || !incident.is_paging {
        return;
    }
    let shares = shares(config, heard, at);
    let mut targets: Vec<Target> = Vec::new();
    for target in shares.iter().flat_map(|share| &share.targets) {
        match targets
            .iter_mut()
            .find(|known| known.receiver == target.receiver)
        {
            Some(known) => known.merge(target),
            None => targets.push(target.clone()),
        }
    }
    let steps = worst_of(config, heard)
        .map(|worst| announce::take_steps(config, change, incident, worst))
        .unwrap_or_default();
    let escalated: Vec<String> = steps.iter().map(|target| target.receiver.clone()).collect();
    for step in steps {
        if !targets.iter().any(|known| known.receiver == step.receiver) {
            targets.push(step);
        }
    }
    if targets.is_empty() && group.told.is_empty() && !is_muted(config, &shares, at) {
        if let Some(worst) = worst_of(config, heard) {
            announce::tell_nobody(config, book, change, incident, worst, Kind::Raised);
        }
        group.told.insert(String::new(), Told::nothing(at));
    }
    for target in targets {
        let own = shares
            .iter()
            .filter(|share| share.reaches(&target.receiver));
        let own: Vec<&Alert> = own.flat_map(|share| share.alerts.iter().copied()).collect();
        // An escalation speaks of the whole group.
        let own = if own.is_empty() { heard.to_vec() } else { own };
        let is_escalation = escalated.contains(&target.receiver);
        tell(
            config,
            book,
            change,
            incident,
            group,
            &own,
            target,
            is_escalation,
        );
    }
}

/// Members that go the same ways, so that the ways are found once and not for each of thousands.
struct Share<'m> {
    routes: Vec<usize>,
    severity: Option<&'m str>,
    targets: Vec<Target>,
    alerts: Vec<&'m Alert>,
}

impl Share<'_> {
    fn reaches(&self, receiver: &str) -> bool {
        self.targets
            .iter()
            .any(|target| target.receiver == receiver)
    }
}

fn shares<'m>(config: &Config, heard: &[&'m Alert], at: Timestamp) -> Vec<Share<'m>> {
    let mut shares: Vec<Share<'m>> = Vec::new();
    for &alert in heard {
        let labels = label::of(&alert.subject, config);
        let fitting = route::fitting(config, &alert.subject, &labels);
        let routes: Vec<usize> = fitting.iter().map(|(place, _)| *place).collect();
        let severity = alert.subject.severity.as_deref();
        let known = shares
            .iter_mut()
            .find(|share| share.routes == routes && share.severity == severity);
        match known {
            Some(share) => share.alerts.push(alert),
            None => shares.push(Share {
                routes,
                severity,
                targets: route::targets(config, &alert.subject, at),
                alerts: vec![alert],
            }),
        }
    }
    shares
}

/// Whether somebody would be told at another hour.
fn is_muted(config: &Config, shares: &[Share<'_>], at: Timestamp) -> bool {
    let mut routes = shares.iter().flat_map(|share| &share.routes);
    routes.any(|place| {
        let route = config.routes.get(*place);
        route.is_some_and(|route| interval::mutes(config, route, at).is_some())
    })
}

fn worst_of<'m>(config: &Config, heard: &[&'m Alert]) -> Option<&'m Alert> {
    heard.iter().copied().min_by_key(|alert| {
        let severity = config.severity(alert.subject.severity.as_deref());
        severity.map_or(u64::MAX, |severity| severity.level)
    })
}

/// Tells one receiver, if there is news for it.
#[allow(clippy::too_many_arguments)]
fn tell(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    group: &mut Group,
    members: &[&Alert],
    target: Target,
    is_escalation: bool,
) {
    let at = change.at;
    let (ended, firing): (Vec<&Alert>, Vec<&Alert>) = members
        .iter()
        .copied()
        .partition(|alert| alert.ended.is_some());
    let prints = |alerts: &[&Alert]| -> BTreeSet<u64> {
        alerts.iter().map(|alert| print(alert.id())).collect()
    };
    let now = Told {
        at,
        first: String::new(),
        firing: prints(&firing),
        ended: prints(&ended),
    };
    let known = group.told.get(&target.receiver);
    let wants_repeat = target
        .repeat
        .filter(|_| incident.acknowledged.is_none())
        .is_some_and(|every| known.is_some_and(|known| known.at + every <= at));
    let news = news(known, &now, target.ends_told, wants_repeat);
    let Some(kind) = news.or_else(|| is_escalation.then_some(Kind::Escalated)) else {
        return;
    };
    let shown: Vec<&Alert> = firing
        .iter()
        .chain(ended.iter().filter(|_| target.ends_told))
        .copied()
        .collect();
    let Some(speaker) = worst_of(config, if firing.is_empty() { &ended } else { &firing }) else {
        return;
    };
    let first = known.map(|known| known.first.clone());
    let count = shown.len();
    let receiver = target.receiver.clone();
    let key = announce::send_with(
        config,
        book,
        change,
        incident,
        speaker,
        kind,
        target,
        |page| {
            page.first = first.clone();
            page.group = group.labels.clone();
            page.alerts = shown
                .iter()
                .take(MEMBERS_SHOWN)
                .map(|alert| Member::of(alert, config))
                .collect();
            page.more = count.saturating_sub(MEMBERS_SHOWN);
            if count > 1 {
                let (firing, ended) = (firing.len(), ended.len());
                page.promise.name = Say::new(
                    format!(
                        "{firing} firing, {ended} ended {}",
                        label::show(&group.labels)
                    ),
                    format!(
                        "発報 {firing} 件・解消 {ended} 件 {}",
                        label::show(&group.labels)
                    ),
                );
            }
        },
    );
    let first = first.unwrap_or(key);
    group.told.insert(receiver, Told { first, ..now });
}

/// Why this receiver is told, if it is. As in Alertmanager's deduplication.
fn news(known: Option<&Told>, now: &Told, ends_told: bool, wants_repeat: bool) -> Option<Kind> {
    let Some(known) = known else {
        return (!now.firing.is_empty()).then_some(Kind::Raised);
    };
    if !now.firing.is_subset(&known.firing) {
        return Some(if known.firing.is_empty() {
            Kind::Raised
        } else {
            Kind::Joined
        });
    }
    if now.firing.is_empty() {
        return (ends_told && !known.firing.is_empty()).then_some(Kind::Resolved);
    }
    if ends_told && !now.ended.is_subset(&known.ended) {
        return Some(Kind::Joined);
    }
    wants_repeat.then_some(Kind::Repeated)
}

impl Told {
    fn nothing(at: Timestamp) -> Self {
        Self {
            at,
            first: String::new(),
            firing: BTreeSet::new(),
            ended: BTreeSet::new(),
        }
    }
}

/// A short name of an alert's id: two of 50,000 are the same once in 10^10 groups.
fn print(id: &str) -> u64 {
    label::print(["", id])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(firing: &[u64], ended: &[u64]) -> Told {
        Told {
            firing: firing.iter().copied().collect(),
            ended: ended.iter().copied().collect(),
            ..Told::nothing(Timestamp::EPOCH)
        }
    }

    /// The table of Alertmanager's deduplication: what was told, what is so, and whether it is told.
    #[test]
    fn a_receiver_is_told_what_it_was_not_told() {
        let known = told(&[1, 2], &[]);
        for (known, now, expected) in [
            (None, told(&[1], &[]), Some(Kind::Raised)),
            (None, told(&[], &[1]), None),
            (Some(&known), told(&[1, 2], &[]), None),
            (Some(&known), told(&[1], &[]), None),
            (Some(&known), told(&[1, 3], &[]), Some(Kind::Joined)),
            (Some(&known), told(&[1], &[2]), Some(Kind::Joined)),
            (Some(&known), told(&[], &[1, 2]), Some(Kind::Resolved)),
        ] {
            assert_eq!(news(known, &now, true, false), expected, "{now:?}");
        }
        assert_eq!(news(Some(&known), &told(&[], &[1, 2]), false, false), None);
        assert_eq!(news(Some(&known), &told(&[1], &[2]), false, false), None);
        assert_eq!(
            news(Some(&known), &told(&[1, 2], &[]), true, true),
            Some(Kind::Repeated)
        );
    }
}
