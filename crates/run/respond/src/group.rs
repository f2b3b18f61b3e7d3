//! Groups: alerts that belong together are one incident and one message, which is told again when it grows.
//!
//! The times are Alertmanager's: a new group waits `group_wait` for followers, then looks each `group_interval` whether
//! something is new for a receiver: an alert that it was not told of, one that has ended, or nothing for as long as
//! `repeat`. What is of the worst severity never waits, and whoever follows it joins its message. What each receiver was
//! told is durable in the same write as the page that tells it, so no restart tells it twice.

mod tell;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spec::section::route::Route;

use crate::{
    Config, EventKind, Incident,
    alert::Alert,
    book::{Book, Change},
    hush::Hushes,
    incident,
    label::{self, Labels},
    react, route,
    subject::Subject,
};

pub use tell::{MEMBERS_SHOWN, Told};

/// Alerts whose ids an incident's record and an event of the ledger name.
pub const IDS_KEPT: usize = 100;
/// Groups that are open at the same time. What comes beyond joins one group for all, so that a flood of alerts without a
/// common label is still told, and told once.
pub const GROUPS_MAX: usize = 5_000;
/// The group of what is beyond [`GROUPS_MAX`].
const OVERFLOW: &str = "overflow";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The incident's number.
    pub number: u64,
    /// Which route's group it is, and of which labels.
    pub key: String,
    pub labels: Labels,
    pub interval_millis: u64,
    /// When it is looked at next.
    pub next: Timestamp,
    /// By receiver.
    pub told: BTreeMap<String, Told>,
}

/// Where an alert belongs by the spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub key: String,
    pub labels: Labels,
    pub wait: Duration,
    pub interval: Duration,
}

/// The group of an alert, by the first route that takes it and groups; `None` where each alert is told by itself.
#[must_use]
pub fn place(config: &Config, subject: &Subject) -> Option<Place> {
    if subject.is_by_hand() {
        return None;
    }
    let labels = label::of(subject, config);
    let fitting = route::fitting(config, subject, &labels);
    let is_posted = subject.is_posted();
    let chosen = fitting
        .iter()
        .find(|(_, route)| route.group_by.is_some())
        .or_else(|| fitting.first().filter(|_| is_posted));
    let Some((place, route)) = chosen else {
        return is_posted.then(|| Place::of(usize::MAX, &Route::default(), &labels));
    };
    Some(Place::of(*place, route, &labels))
}

impl Place {
    fn of(place: usize, route: &Route, labels: &Labels) -> Self {
        let default = ["alertname".to_owned()];
        let by = route.group_by.as_deref().unwrap_or(&default);
        let is_in = |name: &str| by.iter().any(|by| by == "..." || by == name);
        let labels = labels.filtered(is_in);
        Self {
            key: format!("{place}:{}", label::show(&labels)),
            labels,
            wait: route.group_wait.0,
            interval: route.group_interval.0,
        }
    }

    /// Once there are too many groups, everything new goes into one.
    fn overflow(self) -> Self {
        Self {
            key: OVERFLOW.to_owned(),
            labels: Labels::default(),
            ..self
        }
    }
}

/// The open group that the alert joins; `Err` with the place where it begins a new one.
pub fn find(book: &Book, change: &Change, place: Place) -> Result<Group, Place> {
    let known = change.group_of(book, &place.key);
    if let Some(known) = known {
        return Ok(known);
    }
    if book.groups.len() + change.groups_begun(book) < GROUPS_MAX {
        return Err(place);
    }
    let place = place.overflow();
    change.group_of(book, &place.key).ok_or(place)
}

impl Group {
    #[must_use]
    pub fn begin(number: u64, place: Place, bad_since: Timestamp, at: Timestamp) -> Self {
        let interval_millis = u64::try_from(place.interval.as_millis()).unwrap_or(u64::MAX);
        Self {
            number,
            key: place.key,
            labels: place.labels,
            interval_millis: interval_millis.max(1),
            // What has been bad for longer than the wait has waited long enough.
            next: if bad_since + place.wait <= at {
                at
            } else {
                at + place.wait
            },
            told: BTreeMap::new(),
        }
    }
}

/// Looks at a group that is due, before one of its alerts ends: what came while nothing ran, or faster than groups are
/// looked at, was owed a page, and an end that is heard first takes it from nobody.
pub fn catch_up(config: &Config, book: &Book, change: &mut Change, incident: &str) {
    let number = incident::number(incident);
    let group = number.and_then(|number| change.group(book, number));
    if let Some(group) = group.filter(|group| group.next <= change.at) {
        let hushes = Hushes::gather(config, book, change.at);
        look(config, book, change, &hushes, &group);
    }
}

/// Looks at a group whose time has come: tells each receiver what is new, and closes the incident once nothing fires.
pub fn look(config: &Config, book: &Book, change: &mut Change, hushes: &Hushes<'_>, known: &Group) {
    let at = change.at;
    let Some(mut incident) = change.incident_numbered(book, known.number) else {
        change.drop_group(known.number);
        return;
    };
    let mut group = known.clone();
    group.next = at + Duration::from_millis(group.interval_millis);
    let members = change.members(book, group.number);
    let members: Vec<&Alert> = members.iter().map(|alert| &**alert).collect();
    let heard: Vec<&Alert> = members
        .iter()
        .copied()
        .filter(|alert| hushes.of(&alert.subject).is_empty())
        .collect();
    let is_hushed = heard.is_empty() && !members.is_empty();
    note_hush(&mut incident, change, hushes, &members, is_hushed);
    if let Some(worst) = worst(config, &members) {
        take_over(config, &mut incident, &members, worst);
        tell::everybody(config, book, change, &mut incident, &mut group, &heard);
    }
    let (ended, firing): (Vec<&Alert>, Vec<&Alert>) =
        members.iter().partition(|alert| alert.ended.is_some());
    for alert in ended {
        change.drop_alert(alert.id());
    }
    if firing.is_empty() {
        let last = members.last().copied();
        close(book, change, &mut incident, last);
        change.drop_group(group.number);
    } else {
        change.put_group(group);
    }
    change.put_incident(incident);
}

fn note_hush(
    incident: &mut Incident,
    change: &Change,
    hushes: &Hushes<'_>,
    members: &[&Alert],
    is_hushed: bool,
) {
    match (is_hushed, &incident.hushed) {
        (true, None) => {
            let why = members.first().map(|alert| hushes.of(&alert.subject).say());
            let why = why.unwrap_or_else(|| Say::same(""));
            react::hush(incident, change.at, why);
        }
        (false, Some(_)) => react::unhush(incident, change.at),
        _ => {}
    }
}

/// The member that speaks for the group: the worst, then the oldest.
#[must_use]
pub fn worst<'m>(config: &Config, members: &[&'m Alert]) -> Option<&'m Alert> {
    members.iter().copied().min_by_key(|alert| {
        let severity = config.severity(alert.subject.severity.as_deref());
        let level = severity.map_or(u64::MAX, |severity| severity.level);
        (alert.ended.is_some(), level, alert.raised, alert.id())
    })
}

/// The incident shows the group as it is now.
fn take_over(config: &Config, incident: &mut Incident, members: &[&Alert], worst: &Alert) {
    let known: BTreeSet<&str> = incident.promises.iter().map(String::as_str).collect();
    let new = members
        .iter()
        .filter(|alert| !known.contains(&**alert.id()));
    let new: Vec<String> = new.map(|alert| alert.id().to_string()).collect();
    let room = IDS_KEPT.saturating_sub(incident.promises.len());
    incident.promises.extend(new.into_iter().take(room));
    let firing = members.iter().filter(|alert| alert.ended.is_none()).count();
    if firing > 0 {
        incident.state = worst.state;
        incident.title = title(worst, members.len());
        let level = config
            .severity(worst.subject.severity.as_deref())
            .map(|severity| severity.level);
        if level.is_some_and(|level| incident.level.is_none_or(|known| level < known)) {
            incident.severity.clone_from(&worst.subject.severity);
            incident.level = level;
        }
    }
}

/// What a group of so many is called.
#[must_use]
pub fn title(worst: &Alert, count: usize) -> Say {
    let name = worst.subject.name();
    let Some(others) = count.checked_sub(1).filter(|others| *others > 0) else {
        return name;
    };
    Say::new(
        format!("{} and {others} more", name.en),
        format!("{} ほか {others} 件", name.ja),
    )
}

fn close(book: &Book, change: &mut Change, incident: &mut Incident, last: Option<&Alert>) {
    let at = change.at;
    incident.resolved = Some(at);
    incident.evidence_lost = None;
    let what = match last {
        Some(alert) => {
            incident.state = alert.subject.state();
            alert.subject.because(incident.state)
        }
        None => say!(
            "nothing of it fires any more",
            "発報中の警報はなくなりました"
        ),
    };
    incident.note(at, "resolved", what);
    let body = json!({
        "incident": incident.id, "severity": incident.severity, "state": incident.state,
        "bad_since": incident.bad_since,
    });
    let about = incident.promises.first().cloned().unwrap_or_default();
    change.event(EventKind::IncidentResolved, &about, &incident.id, body);
    for pending in book.repeats(&incident.id) {
        change.drop_pending(&pending.page.key);
        react::settle(incident, &pending.page.key, at, pending.tries);
    }
}
