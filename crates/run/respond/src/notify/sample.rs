//! Pages that were made to be looked at: a made-up one, and one of a known incident.

use std::time::Duration;

use promise::{Amount, Lang, Say, State, Timestamp, say};

use crate::{
    Config, Incident,
    label::Labels,
    page::{About, AcknowledgeLink, Figures, Kind, Link, Page, SCHEMA, Sentence, Severity},
};

/// How long ago a made-up fault began.
const AGO: Duration = Duration::from_secs(16);

/// A made-up page of the service, in its worst severity.
#[must_use]
pub fn page(config: &Config, kind: Kind, now: Timestamp) -> Page {
    let is_over = matches!(kind, Kind::Resolved | Kind::Canary);
    let state = if is_over { State::Kept } else { State::Broken };
    let worst = config
        .severities
        .iter()
        .min_by_key(|(_, severity)| severity.level);
    let share = |share: f64| {
        let amount = Amount::Share(share);
        Say::new(amount.show(Lang::En), amount.show(Lang::Ja))
    };
    let is_test = kind == Kind::Canary;
    let id = "INC-0000-0000".to_owned();
    Page {
        schema: SCHEMA.to_owned(),
        key: format!("sample-{id}-{}", now.as_millis()),
        kind,
        instead_of: None,
        at: now,
        service: config.service.clone(),
        time_zone: config.time_zone.clone(),
        incident: (!is_test).then(|| Link {
            url: config.incident_url(&id),
            id,
        }),
        promise: About {
            id: "sample".to_owned(),
            name: say!("Sample promise", "見本の約束"),
            owner: config.owner.clone(),
            tier: None,
            runbook: None,
            clauses: Vec::new(),
        },
        severity: worst.filter(|_| !is_test).map(|(name, severity)| Severity {
            id: name.clone(),
            name: severity
                .name
                .as_ref()
                .map_or_else(|| Say::same(name.clone()), |name| name.0.clone()),
            level: severity.level,
        }),
        state,
        reason: Sentence {
            code: "sample".to_owned(),
            text: say!(
                "this is a sample; nothing is wrong, and nothing is to be done",
                "これは見本です。異常はなく、対応は不要です"
            ),
        },
        measured: (!is_test).then(|| Figures {
            value: share(if is_over { 0.998 } else { 0.993 }),
            target: share(0.995),
        }),
        bad_since: now - AGO,
        evidence_lost: None,
        on_call: None,
        answered: None,
        rule: None,
        alerts: Vec::new(),
        more: 0,
        group: Labels::default(),
        first: None,
        acknowledge: (!is_over).then(|| AcknowledgeLink {
            url: format!("{}/acknowledge/SAMPLE", config.console_url),
            until: now,
        }),
    }
}

/// The page that an incident would cause now.
#[must_use]
pub fn of(config: &Config, incident: &Incident, kind: Kind, now: Timestamp) -> Page {
    let mut page = page(config, kind, now);
    let newest = incident
        .timeline
        .iter()
        .rev()
        .find(|entry| entry.ledger.is_some());
    let newest = newest.or(incident.timeline.first());
    page.key = format!("sample-{}-0", incident.id);
    page.incident = Some(Link {
        id: incident.id.clone(),
        url: config.incident_url(&incident.id),
    });
    page.promise.id = incident.promises.first().cloned().unwrap_or_default();
    page.promise.name = incident.title.clone();
    page.promise.owner = incident.owner.clone();
    page.severity = page
        .severity
        .filter(|_| incident.severity.is_some())
        .map(|severity| Severity {
            id: incident.severity.clone().unwrap_or_default(),
            name: Say::same(incident.severity.clone().unwrap_or_default()),
            level: incident.level.unwrap_or(severity.level),
        });
    if kind != Kind::Resolved {
        page.state = incident.state;
    }
    if let Some(entry) = newest {
        page.reason.text = entry.what.clone();
    }
    page.measured = None;
    page.bad_since = incident.bad_since;
    page.answered = incident.answered();
    page
}
