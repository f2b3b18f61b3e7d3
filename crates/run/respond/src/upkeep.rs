//! What time alone brings: repeats, missed answers, alerts of promises that are no longer declared.

use promise::{Timestamp, say};
use serde_json::json;

use crate::{
    Config, EventKind, Incident, acknowledge,
    alert::{self, Alert},
    book::{Book, Change},
    escalate,
    incident::{Outcome, deed},
    page::Kind,
    react,
    route::{self, Target},
};

/// Does whatever is due; changes nothing when nothing is.
pub fn tend(config: &Config, book: &Book, change: &mut Change) {
    for alert in book.alerts.values() {
        let Some(known) = book.incident(&alert.incident) else {
            continue;
        };
        if !config.declares(alert) {
            let mut incident = known.clone();
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
            continue;
        }
        if acknowledge::has_lapsed(config, known, alert, change.at) {
            acknowledge::lapse(config, book, change, known.clone(), alert);
            continue;
        }
        let is_late = answer_is_late(known, change.at);
        let targets = due_again(config, book, known, alert, change.at);
        if !is_late && targets.is_empty() && !step_is_due(config, known, alert, change.at) {
            continue;
        }
        let mut incident = known.clone();
        if is_late {
            miss_answer(change, &mut incident, alert);
        }
        for target in targets {
            react::send(
                config,
                book,
                change,
                &mut incident,
                alert,
                Kind::Repeated,
                target,
            );
        }
        for target in react::take_steps(config, change, &mut incident, alert) {
            react::send(
                config,
                book,
                change,
                &mut incident,
                alert,
                Kind::Escalated,
                target,
            );
        }
        change.put_incident(incident);
    }
    deed::overdue(config, book, change);
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
    change.event(EventKind::AnswerMissed, &alert.promise, &incident.id, body);
}

/// Receivers whose last page lies further back than their route's `repeat`.
fn due_again(
    config: &Config,
    book: &Book,
    incident: &Incident,
    alert: &Alert,
    now: Timestamp,
) -> Vec<Target> {
    let severity = config.severity(alert.subject.severity.as_deref());
    let is_named = alert.subject.verdict.severity.is_some();
    if !incident.wants_answer() || !alert::raises(alert.state, severity, is_named) {
        return Vec::new();
    }
    let Some(name) = alert.subject.severity.as_deref() else {
        return Vec::new();
    };
    let is_under_way = |receiver: &str| {
        book.pending
            .values()
            .any(|pending| pending.receiver == receiver && pending.incident() == incident.id)
    };
    let is_due = |target: &Target| {
        let Some(every) = target.repeat else {
            return false;
        };
        last_told(incident, &target.receiver).is_none_or(|last| last + every <= now)
            && !is_under_way(&target.receiver)
    };
    route::targets(config, &alert.promise, name, now)
        .into_iter()
        .filter(is_due)
        .collect()
}

fn last_told(incident: &Incident, receiver: &str) -> Option<Timestamp> {
    let pages = incident
        .pages
        .iter()
        .filter(|page| page.receiver == receiver);
    pages
        .map(|page| match page.outcome {
            Outcome::Sent { at, .. } | Outcome::Failed { at, .. } => at,
            Outcome::Pending { .. } => page.intended,
        })
        .max()
}
