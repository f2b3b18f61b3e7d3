//! What time alone brings: groups and held alerts whose time has come, repeats, missed answers, silences that are over,
//! alerts of promises that are no longer declared.

use std::time::Duration;

use promise::{Timestamp, say};
use serde_json::json;

use crate::{
    Config, EventKind, Incident, acknowledge,
    alert::{self, Alert},
    announce,
    book::{Book, Change, Pending},
    escalate,
    group::{self, Group},
    hold,
    hush::{Hush, Hushes},
    incident::{Outcome, work},
    page::Kind,
    posted, react,
    route::{self, Target},
    silence,
};

/// Does whatever is due; changes nothing when nothing is.
pub fn tend(config: &Config, book: &Book, change: &mut Change) {
    silence::tend(book, change);
    rest(config, book, change);
    posted::believe(config, book, change);
    posted::lapse(config, book, change);
    for alert in book.alerts.values().filter(|alert| alert.fires()) {
        if !config.declares(alert) {
            withdraw(config, book, change, alert);
        } else if alert
            .ending
            .as_ref()
            .is_some_and(|it| it.until <= change.at)
        {
            end(config, book, change, alert);
        }
    }
    let hushes = Hushes::gather(config, book, change.at);
    for group in book.groups.values() {
        if group.next <= change.at {
            group::look(config, book, change, &hushes, group);
        } else {
            follow_up(config, book, change, group);
        }
    }
    for alert in book.alerts.values() {
        let Some(known) = book.incident(&alert.incident) else {
            continue;
        };
        let is_own = !book.groups.contains_key(&known.number);
        // What was closed just now has no more to tell.
        if is_own && change.alert(book, alert.id()).is_some() {
            remind(config, book, change, &hushes, known, alert);
        }
    }
    work::overdue(config, book, change);
}

/// The clock was set back by so much, and what is due in a minute would be due in an hour: groups and tries are due now,
/// who waits for an answer has waited as long as before, and an answer or a held alert holds no longer for it.
pub fn hurry(book: &Book, change: &mut Change, by: Duration) {
    let at = change.at;
    for group in book.groups.values().filter(|group| group.next > at) {
        let mut group = group.clone();
        group.next = at;
        for told in group.told.values_mut() {
            told.at = told.at - by;
        }
        change.put_group(group);
    }
    let held = book.alerts.values().filter(|it| it.ending.is_some());
    for alert in held {
        let mut alert = Alert::clone(alert);
        if let Some(ending) = &mut alert.ending {
            ending.until = ending.until - by;
        }
        change.put_alert(alert);
    }
    let counted = |it: &&Incident| it.wants_answer() || it.is_open() && it.acknowledged.is_some();
    for incident in book.incidents.values().filter(counted) {
        let mut incident = incident.clone();
        incident.set_back(by);
        change.put_incident(incident);
    }
    for pending in book.pending.values().filter(|it| it.next_try > at) {
        change.put_pending(Pending {
            next_try: at,
            ..pending.clone()
        });
    }
}

/// Forgets the changes of alerts that have come to rest.
fn rest(config: &Config, book: &Book, change: &mut Change) {
    let longest = config.severities.values();
    let longest = longest.filter_map(|severity| Some(severity.flapping.as_ref()?.within.0));
    let longest = longest.max().unwrap_or_default();
    for flap in book.flaps.values() {
        let is_over = |last: &Timestamp| *last + longest <= change.at;
        if flap.changes.last().is_none_or(is_over) && !book.alerts.contains_key(flap.alert.as_str())
        {
            change.drop_flap(&flap.alert);
        }
    }
}

fn withdraw(config: &Config, book: &Book, change: &mut Change, alert: &Alert) {
    let Some(mut incident) = change.incident(book, &alert.incident) else {
        change.drop_alert(alert.id());
        return;
    };
    if change.group(book, incident.number).is_some() {
        let mut alert = alert.clone();
        alert.ended = Some(change.at);
        alert.ending = None;
        change.put_alert(alert);
        return;
    }
    react::close(
        config,
        book,
        change,
        &mut incident,
        alert,
        Kind::Withdrawn,
        None,
    );
    change.put_incident(incident);
}

/// A held alert whose time is over.
fn end(config: &Config, book: &Book, change: &mut Change, alert: &Alert) {
    let (Some(mut incident), Some(ending)) =
        (change.incident(book, &alert.incident), alert.ending.clone())
    else {
        return;
    };
    let alert = alert.clone();
    hold::finish(
        config,
        book,
        change,
        &mut incident,
        alert,
        *ending.subject,
        None,
    );
    change.put_incident(incident);
}

/// Between two looks at a group, its answer time and its escalation go on.
fn follow_up(config: &Config, book: &Book, change: &mut Change, group: &Group) {
    let Some(known) = book.incidents.get(&group.number) else {
        return;
    };
    let speaker = known.promises.first();
    let speaker = speaker.and_then(|id| book.alerts.get(id.as_str()));
    let Some(alert) = speaker.or_else(|| book.alerts.get(book.members(group.number).next()?))
    else {
        return;
    };
    if acknowledge::has_lapsed(config, known, alert, change.at) {
        acknowledge::lapse(config, book, change, known.clone(), alert);
        return;
    }
    let is_late = answer_is_late(known, change.at);
    let is_step = !group.told.is_empty() && step_is_due(config, known, alert, change.at);
    if !is_late && !is_step {
        return;
    }
    let Some(mut incident) = change.incident_numbered(book, group.number) else {
        return;
    };
    if is_late {
        miss_answer(change, &mut incident, alert);
    }
    if is_step {
        for target in announce::take_steps(config, change, &mut incident, alert) {
            announce::send(
                config,
                book,
                change,
                &mut incident,
                alert,
                Kind::Escalated,
                target,
            );
        }
    }
    change.put_incident(incident);
}

/// An alert that is told by itself: pages that were held back, missed answers, repeats, escalation.
fn remind(
    config: &Config,
    book: &Book,
    change: &mut Change,
    hushes: &Hushes<'_>,
    known: &Incident,
    alert: &Alert,
) {
    let now = change.at;
    if acknowledge::has_lapsed(config, known, alert, now) {
        acknowledge::lapse(config, book, change, known.clone(), alert);
        return;
    }
    let held = if known.is_paging {
        hushes.of(&alert.subject)
    } else {
        Hush::default()
    };
    let is_turned = held.is_empty() == known.hushed.is_some();
    let is_late = held.is_empty() && answer_is_late(known, now);
    let owed = owed(config, known, alert, now);
    let again = due_again(config, book, known, alert, now);
    let is_step = step_is_due(config, known, alert, now);
    if !is_turned && !is_late && again.is_empty() && owed.is_empty() && !is_step {
        return;
    }
    let Some(mut incident) = change.incident(book, &alert.incident) else {
        return;
    };
    if is_turned && !held.is_empty() {
        react::hush(&mut incident, now, held.say());
    } else if is_turned {
        react::unhush(&mut incident, now);
        if incident.pages.is_empty() {
            let severity = config.severity(alert.subject.severity.as_deref());
            let within = severity.and_then(|severity| severity.answer_within);
            incident.answer_due = within.map(|within| now + within.0);
            announce::announce(config, book, change, &mut incident, alert, Kind::Raised);
        }
    }
    if incident.hushed.is_none() {
        if is_late {
            miss_answer(change, &mut incident, alert);
        }
        incident
            .owed
            .retain(|name| !owed.iter().any(|target| target.receiver == *name));
        for (targets, kind) in [(owed, Kind::Raised), (again, Kind::Repeated)] {
            for target in targets {
                announce::send(config, book, change, &mut incident, alert, kind, target);
            }
        }
        for target in announce::take_steps(config, change, &mut incident, alert) {
            announce::send(
                config,
                book,
                change,
                &mut incident,
                alert,
                Kind::Escalated,
                target,
            );
        }
    }
    change.put_incident(incident);
}

/// Receivers whose route was muted when the alert was told, and is no longer.
fn owed(config: &Config, incident: &Incident, alert: &Alert, now: Timestamp) -> Vec<Target> {
    if incident.owed.is_empty() || incident.hushed.is_some() || !incident.is_open() {
        return Vec::new();
    }
    let targets = route::targets(config, &alert.subject, now).into_iter();
    targets
        .filter(|target| incident.owed.contains(&target.receiver))
        .collect()
}

fn step_is_due(config: &Config, incident: &Incident, alert: &Alert, now: Timestamp) -> bool {
    let policy = config.escalation(alert.subject.severity.as_deref());
    let next = policy
        .filter(|_| incident.wants_answer())
        .and_then(|policy| escalate::step(policy, incident.waiting_since(), incident.escalated));
    next.is_some_and(|due| due.at <= now)
}

fn answer_is_late(incident: &Incident, now: Timestamp) -> bool {
    incident.wants_answer()
        && !incident.answer_missed
        && incident.answer_due.is_some_and(|due| due <= now)
}

fn miss_answer(change: &mut Change, incident: &mut Incident, alert: &Alert) {
    let at = change.at;
    incident.answer_missed = true;
    incident.note(
        at,
        "answer-missed",
        say!("nobody answered in time", "時間内に応答がありませんでした"),
    );
    let body = json!({ "incident": incident.id, "severity": incident.severity, "due": incident.answer_due });
    change.event(EventKind::AnswerMissed, alert.id(), &incident.id, body);
}

/// Receivers whose last page lies further back than their route's `repeat`. One of a time to come was sent before the clock
/// was set back.
fn due_again(
    config: &Config,
    book: &Book,
    incident: &Incident,
    alert: &Alert,
    now: Timestamp,
) -> Vec<Target> {
    let severity = config.severity(alert.subject.severity.as_deref());
    let is_named = alert.subject.names_severity();
    if !incident.wants_answer() || !alert::raises(alert.state, severity, is_named) {
        return Vec::new();
    }
    if alert.flapping.is_some() {
        return Vec::new();
    }
    let is_under_way = |receiver: &str| {
        book.pending
            .values()
            .any(|pending| pending.receiver == receiver && pending.incident() == incident.id)
    };
    let is_due = |target: &Target| {
        let Some(every) = target.repeat else {
            return false;
        };
        last_told(incident, &target.receiver, now).is_none_or(|last| last + every <= now)
            && !is_under_way(&target.receiver)
    };
    route::targets(config, &alert.subject, now)
        .into_iter()
        .filter(is_due)
        .collect()
}

fn last_told(incident: &Incident, receiver: &str, now: Timestamp) -> Option<Timestamp> {
    let pages = incident
        .pages
        .iter()
        .filter(|page| page.receiver == receiver);
    pages
        .map(|page| match page.outcome {
            Outcome::Sent { at, .. } | Outcome::Failed { at, .. } => at,
            Outcome::Pending { .. } => page.intended,
        })
        .filter(|at| *at <= now)
        .max()
}
