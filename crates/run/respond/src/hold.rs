//! Holds: an alert whose condition is over goes on for a while where its severity says so, and one that comes and goes
//! is told once as flapping.

use std::time::Duration;

use promise::say;
use serde_json::json;
use spec::section::severity::{Flapping, Severity};

use crate::{
    Config, EventKind, Incident,
    alert::{Alert, Ending},
    announce::announce,
    book::{Book, Change},
    flap::Flap,
    page::Kind,
    react,
    subject::Subject,
};

fn severity<'c>(config: &'c Config, alert: &Alert) -> Option<&'c Severity> {
    config.severity(alert.subject.severity.as_deref())
}

/// Notes that an alert was raised or ended. Says whether with it the alert began to flap.
pub fn note(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &mut Alert,
) -> bool {
    let Some(rule) = severity(config, alert).and_then(|severity| severity.flapping.clone()) else {
        return false;
    };
    let at = change.at;
    let known = change.flap(book, alert.id());
    let mut flap = known.unwrap_or_else(|| Flap::new(alert.id()));
    flap.note(at, &rule);
    let begins = flap.is_flapping(&rule) && alert.flapping.is_none();
    if begins {
        alert.flapping = Some(at);
        tell(change, incident, alert, &rule, flap.changes.len());
    }
    change.put_flap(flap);
    begins
}

fn tell(
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    rule: &Flapping,
    count: usize,
) {
    let within = rule.within;
    let what = say!(
        "flapping: {count} changes within {within}; told once until it rests",
        "ばたついています({within} に {count} 回の変化)。収まるまで再通知しません"
    );
    incident.note(change.at, "flapping", what);
    let body = json!({
        "incident": incident.id, "severity": incident.severity, "changes": count, "within": within,
    });
    change.event(EventKind::AlertFlapping, alert.id(), &incident.id, body);
}

/// The condition of an alert is over: ends it, or holds it where its severity says so.
pub fn end(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    mut alert: Alert,
    subject: Subject,
    ledger: Option<u64>,
) {
    let at = change.at;
    let begins = note(config, book, change, incident, &mut alert);
    let (keep, least, rest) = severity(config, &alert).map_or_else(Default::default, |severity| {
        let rest = severity
            .flapping
            .as_ref()
            .filter(|_| alert.flapping.is_some());
        (
            severity.keep_firing_for.0,
            severity.fire_at_least.0,
            rest.map_or(Duration::ZERO, |rule| rule.within.0),
        )
    });
    let until = (at + keep.max(rest)).max(alert.raised + least);
    if until <= at {
        finish(config, book, change, incident, alert, subject, ledger);
        return;
    }
    alert.ending = Some(Ending {
        until,
        subject: Box::new(subject),
    });
    if begins && change.group(book, incident.number).is_none() {
        announce(config, book, change, incident, &alert, Kind::Flapping);
    }
    change.put_alert(alert);
}

/// Ends an alert. One in a group waits there until the group has told so.
pub fn finish(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    mut alert: Alert,
    subject: Subject,
    ledger: Option<u64>,
) {
    alert.subject = subject;
    alert.ending = None;
    if change.group(book, incident.number).is_none() {
        react::close(
            config,
            book,
            change,
            incident,
            &alert,
            Kind::Resolved,
            ledger,
        );
        return;
    }
    alert.ended = Some(change.at);
    if !alert.subject.is_posted() {
        react::tell(change, EventKind::AlertResolved, &alert, incident);
        let shown = Alert {
            state: alert.subject.state(),
            ..alert.clone()
        };
        react::note_verdict(incident, change.at, "ended", &shown, ledger);
    }
    change.put_alert(alert);
}
