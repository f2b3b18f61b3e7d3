//! Announcing: whom an alert reaches, and the pages that go to them.

use std::time::Duration;

use promise::{Lang, Say, Timestamp, say};
use serde_json::json;
use spec::section::severity;

use crate::{
    Config, EventKind, InboxItem, Page,
    alert::Alert,
    book::{Book, Change, Pending},
    escalate::{self, Whom},
    incident::Incident,
    label::Labels,
    on_call::OnDuty,
    page::{self, About, Figures, Kind, Link, Sentence},
    route::{self, Target},
    subject::Subject,
};

/// How long a receiver may fail before somebody else is told, where the severity has no `page_within`.
const PATIENCE: Duration = Duration::from_secs(60);
/// Less, and one slow answer already tells everybody.
const PATIENCE_MIN: Duration = Duration::from_secs(5);
/// More, and nobody knows for too long.
const PATIENCE_MAX: Duration = Duration::from_secs(300);

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
    let (mut targets, muted) = if incident.is_paging {
        let subject = &alert.subject;
        let targets = route::targets(config, subject, at);
        (targets, route::muted(config, subject, at))
    } else {
        (Vec::new(), Vec::new())
    };
    for target in take_steps(config, change, incident, alert) {
        if !targets
            .iter()
            .any(|known| known.receiver == target.receiver)
        {
            targets.push(target);
        }
    }
    let is_told = |name: &String| targets.iter().any(|target| target.receiver == *name);
    incident.owed = muted.into_iter().filter(|name| !is_told(name)).collect();
    if !incident.owed.is_empty() {
        let list = incident.owed.join(", ");
        let what = say!(
            "told once its interval allows: {list}",
            "通知の時間帯になってから知らせます: {list}"
        );
        incident.note(at, "muted", what);
    } else if targets.is_empty() {
        tell_nobody(config, book, change, incident, alert, kind);
    }
    for target in targets {
        send(config, book, change, incident, alert, kind, target);
    }
}

/// Nobody can be paged: says so, and shows it in the inbox.
pub fn tell_nobody(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    kind: Kind,
) {
    let at = change.at;
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
        change.event(EventKind::IncidentEscalated, alert.id(), &incident.id, body);
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
    send_with(config, book, change, incident, alert, kind, target, |_| {});
}

/// The same with a page that says more; answers with its key.
#[allow(clippy::too_many_arguments)]
pub fn send_with(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    alert: &Alert,
    kind: Kind,
    target: Target,
    say_more: impl FnOnce(&mut Page),
) -> String {
    let at = change.at;
    let (number, key) = change.page_key(incident);
    let within = config
        .severity(alert.subject.severity.as_deref())
        .and_then(|severity| severity.page_within);
    let patience = within.map_or(PATIENCE, |within| {
        (within.0 / 2).clamp(PATIENCE_MIN, PATIENCE_MAX)
    });
    let mut page = compose(config, alert, Some(incident), kind, key.clone(), at);
    say_more(&mut page);
    let pending = Pending {
        page,
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
    key
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
        subject.state()
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
            code: subject.reason().code.clone(),
            text: subject.because(state),
        },
        measured: Figures::of(subject),
        bad_since: alert.bad_since,
        evidence_lost: alert.evidence_lost.filter(|_| !is_over),
        on_call: names(&config.on_duty(at)),
        rule: subject.rule().cloned(),
        answered: incident.and_then(Incident::answered),
        acknowledge: None,
        alerts: Vec::new(),
        more: 0,
        group: Labels::default(),
        first: None,
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
pub fn notice(
    config: &Config,
    book: &Book,
    change: &mut Change,
    subject: &Subject,
    since: Timestamp,
) {
    let known = book
        .inbox
        .iter()
        .rev()
        .find(|item| item.promise == *subject.id);
    if known.is_some_and(|item| item.kind == Kind::Notice && item.state == subject.state()) {
        return;
    }
    let alert = Alert::raised(subject.clone(), String::new(), since, change.at);
    let counters = change.counters();
    let key = format!("{}-notice-{}", counters.installation, counters.next_notice);
    counters.next_notice += 1;
    let page = compose(config, &alert, None, Kind::Notice, key, change.at);
    change.put_inbox(book, InboxItem::of(&page));
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
