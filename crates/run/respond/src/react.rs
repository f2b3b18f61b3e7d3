//! From a step to what changes: alert, incident, pages and events, all in one [`Change`].

use std::collections::BTreeMap;

use promise::{Say, State, Timestamp, say};
use serde_json::json;

use crate::{
    Config, EventKind, RuleChange, Transition,
    alert::{self, Alert, Step},
    announce::{announce, notice, send},
    book::{Book, Change},
    canary,
    group::{self, Group},
    hold,
    hush::Hushes,
    incident::{self, Incident, Work},
    page::Kind,
    route::{self, Target},
    subject::{Speaker, Subject},
};

/// What the desk is told: a subject in a new state.
struct News {
    bad_since: Timestamp,
    evidence_entry: Option<u64>,
}

pub fn react(config: &Config, book: &Book, change: &mut Change, transition: &Transition) {
    if transition.promise.id == canary::ALARM {
        canary::react(config, book, change, transition);
        return;
    }
    let subject = Subject::of(&transition.promise, &transition.verdict, &config.owner);
    let news = News {
        bad_since: transition.bad_since,
        evidence_entry: transition.evidence_entry,
    };
    take(config, book, change, &news, subject);
}

/// The same for an alert of a rule.
pub fn react_to_rule(config: &Config, book: &Book, change: &mut Change, told: RuleChange) {
    let news = News {
        // A sender's clock may be ahead of ours, and one that names only an end is said to begin there.
        bad_since: told.rule.started.min(change.at),
        evidence_entry: told.entry,
    };
    let subject = told.subject(config);
    take(config, book, change, &news, subject);
}

fn take(config: &Config, book: &Book, change: &mut Change, news: &News, mut subject: Subject) {
    let known = change.alert(book, &subject.id);
    if let Some(known) = known {
        // Of ten thousand ids that come again each minute, one copy is kept.
        subject.id = known.id().clone();
    }
    // One whose end its group has not told yet is over all the same.
    let open = known.filter(|alert| alert.fires());
    // An open alert keeps the severity under which it was raised in its incident, but pages by what is declared now.
    let severity = config.severity(subject.severity.as_deref());
    let is_named = subject.names_severity();
    let state = subject.state();
    let step = alert::step(open, state, severity, is_named);
    // What is sent again each minute by the thousand, and says nothing new.
    let is_same = |alert: &Alert| alert.ending.is_none() && !is_changed(alert, &subject);
    if step == Step::Quiet && open.is_none_or(is_same) {
        return;
    }
    let known = known.cloned();
    match (step, known) {
        (Step::Raise, Some(known)) => revive(config, book, change, news, subject, known),
        (Step::Raise, None) => raise(config, book, change, news, subject, |_| {}),
        (Step::Notice, _) => notice(config, book, change, &subject, news.bad_since),
        (_, Some(alert)) if alert.fires() => {
            if step == Step::Resolve {
                group::catch_up(config, book, change, &alert.incident);
            }
            continue_alert(config, book, change, news, subject, alert, step);
        }
        _ => {}
    }
}

/// Opens an incident in the name of a person.
pub fn raise_by_hand(
    config: &Config,
    book: &Book,
    change: &mut Change,
    subject: Subject,
    by: &str,
    promises: Vec<String>,
) {
    let news = News {
        bad_since: change.at,
        evidence_entry: None,
    };
    raise(config, book, change, &news, subject, |incident| {
        incident.promises = promises;
        incident.work.opened_by = Some(by.to_owned());
        if let Some(entry) = incident.timeline.last_mut() {
            entry.who = Some(by.to_owned());
        }
    });
}

/// `more` fills in what the alert does not say.
fn raise(
    config: &Config,
    book: &Book,
    change: &mut Change,
    news: &News,
    subject: Subject,
    more: impl FnOnce(&mut Incident),
) {
    let at = change.at;
    let place = group::place(config, &subject).map(|place| group::find(book, change, place));
    let place = match place {
        Some(Ok(group)) => return join(config, book, change, news, subject, group),
        Some(Err(place)) => Some(place),
        None => None,
    };
    let number = change.counters().next_incident;
    change.counters().next_incident += 1;
    let id = incident::id(number, at, &config.time_zone);
    let mut alert = Alert::raised(subject, id, news.bad_since, at);
    let mut incident = open(config, &alert, number, news);
    note_verdict(&mut incident, at, "opened", &alert, news.evidence_entry);
    more(&mut incident);
    if !alert.subject.is_posted() {
        tell(change, EventKind::AlertRaised, &alert, &incident);
    }
    tell(change, EventKind::IncidentOpened, &alert, &incident);
    let flaps = hold::note(config, book, change, &mut incident, &mut alert);
    match place {
        Some(place) => {
            let mut group = Group::begin(number, place, news.bad_since, at);
            if config.is_worst(alert.subject.severity.as_deref()) {
                group.next = at;
            }
            change.put_group(group);
        }
        None => {
            let kind = if flaps { Kind::Flapping } else { Kind::Raised };
            begin_paging(config, book, change, &mut incident, &alert, kind);
        }
    }
    change.put_incident(incident);
    change.put_alert(alert);
}

/// The incident that an alert opens.
fn open(config: &Config, alert: &Alert, number: u64, news: &News) -> Incident {
    let severity = config.severity(alert.subject.severity.as_deref());
    Incident {
        number,
        id: alert.incident.clone(),
        title: alert.subject.name(),
        promises: vec![alert.id().to_string()],
        severity: alert.subject.severity.clone(),
        level: severity.map(|severity| severity.level),
        owner: alert.subject.owner.clone(),
        state: alert.state,
        is_paging: severity.is_some() || alert.subject.is_posted(),
        bad_since: news.bad_since,
        opened: alert.raised,
        acknowledged: None,
        resolved: None,
        answer_due: severity
            .and_then(|severity| severity.answer_within)
            .map(|within| alert.raised + within.0),
        answer_missed: false,
        escalated: 0,
        evidence_lost: None,
        hushed: None,
        owed: Vec::new(),
        pages: Vec::new(),
        next_page: 1,
        timeline: Vec::new(),
        ledger: news.evidence_entry.into_iter().collect(),
        handles: BTreeMap::new(),
        work: Work::default(),
    }
}

/// Tells of a new alert, unless its pages are held back.
fn begin_paging(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    kind: Kind,
) {
    let held = Hushes::gather(config, book, change.at).of(&alert.subject);
    if held.is_empty() {
        announce(config, book, change, incident, alert, kind);
        return;
    }
    hush(incident, change.at, held.say());
    let body = json!({
        "incident": incident.id, "severity": incident.severity, "silences": held.silences,
        "inhibitors": held.inhibitors, "maintenances": held.maintenances,
    });
    change.event(EventKind::PageHushed, alert.id(), &incident.id, body);
}

/// An alert joins an open group. What is of the worst severity is told at once.
fn join(
    config: &Config,
    book: &Book,
    change: &mut Change,
    news: &News,
    subject: Subject,
    mut group: Group,
) {
    let at = change.at;
    let Some(id) = change.incident_id(book, group.number) else {
        // Its incident is unknown: the next time it is told begins a whole one.
        change.drop_group(group.number);
        return;
    };
    let mut alert = Alert::raised(subject, id, news.bad_since, at);
    if config.is_worst(alert.subject.severity.as_deref()) {
        group.next = at;
        change.put_group(group);
    }
    // What other programs send in thousands is told of by its group, all at once.
    let known = change.incident(book, &alert.incident);
    if let Some(mut incident) = known.filter(|_| !alert.subject.is_posted()) {
        tell(change, EventKind::AlertRaised, &alert, &incident);
        note_verdict(&mut incident, at, "joined", &alert, news.evidence_entry);
        change.put_incident(incident);
    }
    note_flap(config, book, change, &mut alert);
    change.put_alert(alert);
}

/// Fires again before its group has told its end: whoever was told of it never hears of that end.
fn revive(
    config: &Config,
    book: &Book,
    change: &mut Change,
    news: &News,
    subject: Subject,
    known: Alert,
) {
    let mut alert = Alert {
        flapping: known.flapping,
        ..Alert::raised(subject, known.incident, news.bad_since, change.at)
    };
    note_flap(config, book, change, &mut alert);
    change.put_alert(alert);
}

fn note_flap(config: &Config, book: &Book, change: &mut Change, alert: &mut Alert) {
    let severity = config.severity(alert.subject.severity.as_deref());
    if severity.is_none_or(|severity| severity.flapping.is_none()) {
        return;
    }
    if let Some(mut incident) = change.incident(book, &alert.incident) {
        hold::note(config, book, change, &mut incident, alert);
        change.put_incident(incident);
    }
}

fn continue_alert(
    config: &Config,
    book: &Book,
    change: &mut Change,
    news: &News,
    subject: Subject,
    mut alert: Alert,
    step: Step,
) {
    let at = change.at;
    if step == Step::Quiet && alert.ending.is_none() {
        if is_changed(&alert, &subject) {
            alert.subject = subject;
            change.put_alert(alert);
        }
        return;
    }
    let Some(mut incident) = change.incident(book, &alert.incident) else {
        // Its incident is unknown: dropping the alert lets the next verdict raise a whole one.
        change.drop_alert(alert.id());
        return;
    };
    if let Some(entry) = news.evidence_entry {
        incident.ledger.push(entry);
    }
    if step != Step::Resolve && alert.ending.take().is_some() {
        // Its condition came back while it was held, so to everybody it never ended.
        hold::note(config, book, change, &mut incident, &mut alert);
    }
    match step {
        Step::Quiet => {}
        Step::LoseEvidence => {
            let lost = subject.newest().unwrap_or(at);
            alert.evidence_lost = Some(lost);
            if let (Speaker::Rule(known), Speaker::Rule(now)) =
                (&mut alert.subject.speaker, subject.speaker)
            {
                known.rule = now.rule;
            }
            incident.evidence_lost = Some(lost);
            let state = alert.state.say();
            let what = Say::new(
                format!(
                    "evidence lost since {lost}; the alert stays ({}): silence is not success",
                    state.en
                ),
                format!(
                    "{lost} から証拠が途絶えました。沈黙は成功ではないため、警報は続きます({})",
                    state.ja
                ),
            );
            incident.note(at, "evidence-lost", what).ledger = news.evidence_entry;
        }
        Step::Resolve if alert.ending.is_some() => {}
        Step::Resolve => {
            let ledger = news.evidence_entry;
            hold::end(config, book, change, &mut incident, alert, subject, ledger);
            change.put_incident(incident);
            return;
        }
        _ => {
            let code = match step {
                Step::Worsen => "worsened",
                Step::Ease => "eased",
                _ => "evidence-back",
            };
            alert.state = subject.state();
            alert.subject = subject;
            alert.evidence_lost = None;
            incident.evidence_lost = None;
            incident.state = alert.state;
            note_verdict(&mut incident, at, code, &alert, news.evidence_entry);
            if step == Step::Worsen {
                // The latency of this page counts from the evidence of the worse state.
                alert.bad_since = news.bad_since;
                tell(change, EventKind::AlertRaised, &alert, &incident);
                match change.group(book, incident.number) {
                    Some(mut group) => {
                        group.next = at;
                        change.put_group(group);
                    }
                    None if incident.hushed.is_some() => {}
                    None => announce(config, book, change, &mut incident, &alert, Kind::Worsened),
                }
            }
        }
    }
    change.put_incident(incident);
    change.put_alert(alert);
}

/// Ends an alert, and its incident when no other alert keeps it open. Everyone who was told hears of it.
pub fn close(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    kind: Kind,
    ledger: Option<u64>,
) {
    let at = change.at;
    change.drop_alert(alert.id());
    tell(change, EventKind::AlertResolved, alert, incident);
    if book
        .alerts
        .values()
        .any(|other| other.incident == incident.id && other.id() != alert.id())
    {
        return;
    }
    incident.resolved = Some(at);
    incident.evidence_lost = None;
    if kind == Kind::Withdrawn {
        incident.note(
            at,
            "withdrawn",
            say!(
                "closed: the promise is no longer declared",
                "約束が宣言から外れたため閉じました"
            ),
        );
    } else {
        incident.state = alert.subject.state();
        note_verdict(
            incident,
            at,
            "resolved",
            &Alert {
                state: incident.state,
                ..alert.clone()
            },
            ledger,
        );
    }
    tell(change, EventKind::IncidentResolved, alert, incident);
    for pending in book.repeats(&incident.id) {
        change.drop_pending(&pending.page.key);
        settle(incident, &pending.page.key, at, pending.tries);
    }
    for receiver in incident.told() {
        if route::tells_end(config, &alert.subject, &receiver) {
            let target = Target {
                receiver,
                repeat: None,
                ends_told: true,
                instead: vec![],
            };
            send(config, book, change, incident, alert, kind, target);
        }
    }
}

/// Whether what an alert says of itself is new, and not only that it still fires.
fn is_changed(alert: &Alert, now: &Subject) -> bool {
    match (alert.subject.rule(), now.rule()) {
        (Some(before), Some(now)) if now.is_posted => {
            before.annotations != now.annotations || before.generator_url != now.generator_url
        }
        _ => false,
    }
}

/// Nobody is paged for the incident from now on.
pub fn hush(incident: &mut Incident, at: Timestamp, why: Say) {
    let (en, ja) = (&why.en, &why.ja);
    let what = say!("pages are held back: {en}", "通知を控えています({ja})");
    incident.note(at, "hushed", what);
    incident.hushed = Some(why);
}

/// Pages are no longer held back.
pub fn unhush(incident: &mut Incident, at: Timestamp) {
    incident.hushed = None;
    let what = say!("pages are no longer held back", "通知を再開しました");
    incident.note(at, "unhushed", what);
}

/// A repeat that nobody needs any more.
pub fn settle(incident: &mut Incident, key: &str, at: Timestamp, tries: u32) {
    if let Some(record) = incident.page_mut(key) {
        record.outcome = incident::Outcome::Failed {
            at,
            tries,
            why: "no longer needed".to_owned(),
        };
    }
}

pub fn note_verdict(
    incident: &mut Incident,
    at: Timestamp,
    code: &str,
    alert: &Alert,
    ledger: Option<u64>,
) {
    let (state, reason) = (alert.state.say(), alert.subject.because(alert.state));
    let what = Say::new(
        format!("{}: {}", state.en, reason.en),
        format!("{}: {}", state.ja, reason.ja),
    );
    incident.note(at, code, what).ledger = ledger;
}

pub fn tell(change: &mut Change, kind: EventKind, alert: &Alert, incident: &Incident) {
    let state: State = alert.subject.state();
    let body = json!({
        "incident": incident.id,
        "severity": incident.severity,
        "state": state,
        "reason": alert.subject.reason(),
        "bad_since": alert.bad_since,
        "ledger": incident.ledger.last(),
    });
    change.event(kind, alert.id(), &incident.id, body);
}
