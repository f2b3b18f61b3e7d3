//! From a step to what changes: alert, incident, pages and events, all in one [`Change`].

use std::{collections::BTreeMap, time::Duration};

use promise::{Lang, Say, State, Timestamp, say};
use serde_json::json;
use spec::section::severity;

use crate::{
    Config, EventKind, InboxItem, Page, RuleChange, Transition,
    alert::{self, Alert, Step, Subject},
    book::{Book, Change, Pending},
    canary,
    escalate::{self, Whom},
    incident::{self, Incident, Work},
    on_call::OnDuty,
    page::{self, About, Figures, Kind, Link, Sentence},
    route::{self, Target},
};

/// How long a receiver may fail before somebody else is told, where the severity has no `page_within`.
const PATIENCE: Duration = Duration::from_secs(60);
/// Less, and one slow answer already tells everybody.
const PATIENCE_MIN: Duration = Duration::from_secs(5);
/// More, and nobody knows for too long.
const PATIENCE_MAX: Duration = Duration::from_secs(300);

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
pub fn react_to_rule(config: &Config, book: &Book, change: &mut Change, told: &RuleChange) {
    let news = News {
        bad_since: told.rule.started,
        evidence_entry: told.entry,
    };
    take(config, book, change, &news, told.subject(config));
}

fn take(config: &Config, book: &Book, change: &mut Change, news: &News, subject: Subject) {
    let open = book.alerts.get(&subject.id);
    // An open alert keeps the severity under which it was raised in its incident, but pages by what is declared now.
    let severity = config.severity(subject.severity.as_deref());
    let is_named = subject.verdict.severity.is_some();
    let state = subject.verdict.state;
    match (alert::step(open, state, severity, is_named), open) {
        (Step::Raise, _) => raise(config, book, change, news, subject, |_| {}),
        (Step::Notice, _) => notice(config, book, change, &subject, news.bad_since),
        (Step::Quiet, _) | (_, None) => {}
        (step, Some(alert)) => {
            continue_alert(config, book, change, news, subject, alert.clone(), step)
        }
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
    let number = change.counters().next_incident;
    change.counters().next_incident += 1;
    let severity = config.severity(subject.severity.as_deref());
    let state = subject.verdict.state;
    let alert = Alert {
        promise: subject.id.clone(),
        incident: incident::id(number, at, &config.time_zone),
        state,
        raised: at,
        bad_since: news.bad_since,
        evidence_lost: None,
        subject,
    };
    let mut incident = Incident {
        number,
        id: alert.incident.clone(),
        title: alert.subject.name.clone(),
        promises: vec![alert.promise.clone()],
        severity: alert.subject.severity.clone(),
        level: severity.map(|severity| severity.level),
        owner: alert.subject.owner.clone(),
        state,
        is_paging: severity.is_some(),
        bad_since: news.bad_since,
        opened: at,
        acknowledged: None,
        resolved: None,
        answer_due: severity
            .and_then(|severity| severity.answer_within)
            .map(|within| at + within.0),
        answer_missed: false,
        escalated: 0,
        evidence_lost: None,
        pages: Vec::new(),
        next_page: 1,
        timeline: Vec::new(),
        ledger: news.evidence_entry.into_iter().collect(),
        handles: BTreeMap::new(),
        work: Work::default(),
    };
    note_verdict(&mut incident, at, "opened", &alert, news.evidence_entry);
    more(&mut incident);
    tell(change, EventKind::AlertRaised, &alert, &incident);
    tell(change, EventKind::IncidentOpened, &alert, &incident);
    announce(config, book, change, &mut incident, &alert, Kind::Raised);
    change.put_incident(incident);
    change.put_alert(alert);
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
    let Some(mut incident) = change.incident(book, &alert.incident) else {
        // Its incident is unknown: dropping the alert lets the next verdict raise a whole one.
        change.drop_alert(&alert.promise);
        return;
    };
    if let Some(entry) = news.evidence_entry {
        incident.ledger.push(entry);
    }
    match step {
        Step::LoseEvidence => {
            let lost = subject.verdict.newest.unwrap_or(at);
            alert.evidence_lost = Some(lost);
            if subject.rule.is_some() {
                alert.subject.rule = subject.rule;
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
        Step::Resolve => {
            alert.subject = subject;
            close(
                config,
                book,
                change,
                &mut incident,
                &alert,
                Kind::Resolved,
                news.evidence_entry,
            );
            change.put_incident(incident);
            return;
        }
        _ => {
            let code = match step {
                Step::Worsen => "worsened",
                Step::Ease => "eased",
                _ => "evidence-back",
            };
            alert.state = subject.verdict.state;
            alert.subject = subject;
            alert.evidence_lost = None;
            incident.evidence_lost = None;
            incident.state = alert.state;
            note_verdict(&mut incident, at, code, &alert, news.evidence_entry);
            if step == Step::Worsen {
                // The latency of this page counts from the evidence of the worse state.
                alert.bad_since = news.bad_since;
                tell(change, EventKind::AlertRaised, &alert, &incident);
                announce(config, book, change, &mut incident, &alert, Kind::Worsened);
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
    change.drop_alert(&alert.promise);
    tell(change, EventKind::AlertResolved, alert, incident);
    if book
        .alerts
        .values()
        .any(|other| other.incident == incident.id && other.promise != alert.promise)
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
        incident.state = alert.subject.verdict.state;
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
    let targets = incident.told().into_iter().map(|receiver| Target {
        receiver,
        repeat: None,
        instead: vec![],
    });
    for target in targets.collect::<Vec<_>>() {
        send(config, book, change, incident, alert, kind, target);
    }
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

/// Pages everyone whom the routes name; where nobody can be paged, says so and shows it in the inbox.
pub fn announce(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    kind: Kind,
) {
    let at = change.at;
    let mut targets = match alert
        .subject
        .severity
        .as_deref()
        .filter(|_| incident.is_paging)
    {
        Some(severity) => route::targets(config, &alert.promise, severity, at),
        None => Vec::new(),
    };
    for target in take_steps(config, change, incident, alert) {
        if !targets
            .iter()
            .any(|known| known.receiver == target.receiver)
        {
            targets.push(target);
        }
    }
    if targets.is_empty() {
        let what = if incident.is_paging {
            say!(
                "no route leads to a receiver, so nobody was paged",
                "宛先のある経路がないため、誰にも通知していません"
            )
        } else {
            say!(
                "the promise has no severity, so nobody is paged",
                "約束に重大度がないため、通知しません"
            )
        };
        incident.note(at, "nobody-paged", what);
        let (_, key) = change.page_key(incident);
        let page = compose(config, alert, Some(incident), kind, key, at);
        change.put_inbox(book, InboxItem::of(&page));
    }
    for target in targets {
        send(config, book, change, incident, alert, kind, target);
    }
}

/// Steps taken in one look: more come due only after long absence, or where none of many reaches anybody.
const STEPS_AT_ONCE: usize = 100;

/// Takes every step of the escalation that is due, and says whom they reach, each once. A step that reaches nobody must
/// not cost its wait, so the next is taken at once.
pub fn take_steps(
    config: &Config,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
) -> Vec<Target> {
    let at = change.at;
    let policy = config.escalation(alert.subject.severity.as_deref());
    let Some(policy) = policy.filter(|_| incident.wants_answer()) else {
        return Vec::new();
    };
    let mut reached: Vec<Target> = Vec::new();
    let mut was_empty = false;
    for _ in 0..STEPS_AT_ONCE {
        let next = escalate::step(policy, incident.waiting_since(), incident.escalated);
        let Some(due) = next.filter(|due| due.at <= at || was_empty) else {
            break;
        };
        incident.escalated += 1;
        let targets = escalate::targets(config, due.whom, at);
        let (number, round) = (incident.escalated, due.round);
        let receivers: Vec<&str> = targets.iter().map(|it| it.receiver.as_str()).collect();
        let list = receivers.join(", ");
        let what = match due.whom {
            _ if targets.is_empty() => say!(
                "step {number} of the escalation reaches nobody; the next follows at once",
                "エスカレーションの段階 {number} は誰にも届きません。すぐに次へ進みます"
            ),
            Whom::Step(_) => say!(
                "step {number} of the escalation: {list}",
                "エスカレーションの段階 {number}: {list}"
            ),
            Whom::Fallback(_) => say!(
                "nobody answered any step: {list}",
                "どの段階でも応答がありません: {list}"
            ),
        };
        let code = if targets.is_empty() {
            "escalation-empty"
        } else {
            "escalated"
        };
        incident.note(at, code, what);
        let body = json!({
            "incident": incident.id, "severity": incident.severity, "step": number, "round": round,
            "due": due.at, "receivers": receivers,
        });
        change.event(
            EventKind::IncidentEscalated,
            &alert.promise,
            &incident.id,
            body,
        );
        was_empty = targets.is_empty();
        for target in targets {
            if !reached
                .iter()
                .any(|known| known.receiver == target.receiver)
            {
                reached.push(target);
            }
        }
    }
    reached
}

/// Puts one page to one receiver on its way.
pub fn send(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    kind: Kind,
    target: Target,
) {
    let at = change.at;
    let (number, key) = change.page_key(incident);
    let within = config
        .severity(alert.subject.severity.as_deref())
        .and_then(|severity| severity.page_within);
    let patience = within.map_or(PATIENCE, |within| {
        (within.0 / 2).clamp(PATIENCE_MIN, PATIENCE_MAX)
    });
    let pending = Pending {
        page: compose(config, alert, Some(incident), kind, key, at),
        receiver: target.receiver,
        instead: target.instead,
        patience_millis: millis(patience),
        page_within_millis: within.map(|within| millis(within.0)),
        tries: 0,
        number,
        next_try: at,
        fell_over: false,
    };
    change.page(book, incident, pending);
}

pub fn compose(
    config: &Config,
    alert: &Alert,
    incident: Option<&Incident>,
    kind: Kind,
    key: String,
    at: Timestamp,
) -> Page {
    let subject = &alert.subject;
    let is_over = matches!(kind, Kind::Resolved | Kind::Notice);
    let state = if is_over {
        subject.verdict.state
    } else {
        alert.state
    };
    Page {
        schema: page::SCHEMA.to_owned(),
        key,
        kind,
        instead_of: None,
        at,
        service: config.service.clone(),
        time_zone: config.time_zone.clone(),
        incident: incident.map(|incident| Link {
            id: incident.id.clone(),
            url: config.incident_url(&incident.id),
        }),
        promise: About::of(subject),
        severity: severity_of(config, subject),
        state,
        reason: Sentence {
            code: subject.verdict.reason.code.clone(),
            text: subject.because(state),
        },
        measured: Figures::of(subject),
        bad_since: alert.bad_since,
        evidence_lost: alert.evidence_lost.filter(|_| !is_over),
        on_call: names(&config.on_duty(at)),
        rule: subject.rule.clone(),
        answered: incident.and_then(Incident::answered),
        acknowledge: None,
    }
}

/// Everybody who is on call, as one text.
fn names(on_duty: &[OnDuty]) -> Option<Say> {
    let all = |lang| {
        let names = on_duty.iter().map(|duty| duty.name.0.get(lang));
        names.collect::<Vec<_>>().join(", ")
    };
    (!on_duty.is_empty()).then(|| Say::new(all(Lang::En), all(Lang::Ja)))
}

fn severity_of(config: &Config, subject: &Subject) -> Option<page::Severity> {
    let id = subject.severity.clone()?;
    let severity::Severity { name, level, .. } = config.severities.get(&id)?;
    let name = name
        .as_ref()
        .map_or_else(|| Say::same(id.clone()), |name| name.0.clone());
    Some(page::Severity {
        id,
        name,
        level: *level,
    })
}

/// A line in the inbox for what is not worth an incident. The same news twice is one line.
fn notice(config: &Config, book: &Book, change: &mut Change, subject: &Subject, since: Timestamp) {
    let known = book
        .inbox
        .iter()
        .rev()
        .find(|item| item.promise == subject.id);
    if known.is_some_and(|item| item.kind == Kind::Notice && item.state == subject.verdict.state) {
        return;
    }
    let alert = Alert {
        promise: subject.id.clone(),
        incident: String::new(),
        state: subject.verdict.state,
        raised: change.at,
        bad_since: since,
        evidence_lost: None,
        subject: subject.clone(),
    };
    let counters = change.counters();
    let key = format!("{}-notice-{}", counters.installation, counters.next_notice);
    counters.next_notice += 1;
    let page = compose(config, &alert, None, Kind::Notice, key, change.at);
    change.put_inbox(book, InboxItem::of(&page));
}

fn note_verdict(
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

fn tell(change: &mut Change, kind: EventKind, alert: &Alert, incident: &Incident) {
    let state: State = alert.subject.verdict.state;
    let body = json!({
        "incident": incident.id,
        "severity": incident.severity,
        "state": state,
        "reason": alert.subject.verdict.reason,
        "bad_since": alert.bad_since,
        "ledger": incident.ledger.last(),
    });
    change.event(kind, &alert.promise, &incident.id, body);
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
