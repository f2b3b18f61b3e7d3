//! Incidents that people declare: opened by hand, and ended by hand, for no evidence speaks of them.

use promise::{Reason, Say, State, Timestamp, Verdict, say};

use super::{
    Incident,
    deed::{BY_HAND, Opening, TEXT_MAX},
};
use crate::{
    Config, Error,
    acknowledge::checked,
    alert::Alert,
    book::{Book, Change},
    page::Kind,
    react,
    subject::{Judged, Speaker, Subject},
};

/// Opens one; answers with its id.
pub(super) fn open(
    config: &Config,
    book: &Book,
    change: &mut Change,
    opening: &Opening,
    title: String,
    by: String,
) -> String {
    let at = change.at;
    let id = super::id(change.counters().next_incident, at, &config.time_zone);
    let text = opening.text.trim();
    let why = if text.is_empty() {
        title.clone()
    } else {
        text.to_owned()
    };
    let subject = Subject {
        // No promise has such an id, so a verdict never meets this alert.
        id: format!("incident:{id}").into(),
        owner: config.owner.clone(),
        severity: opening.severity.clone(),
        speaker: said(State::Broken, Say::same(title), why, at),
    };
    react::raise_by_hand(config, book, change, subject, &by, opening.promises.clone());
    id
}

/// What a person says, in place of a verdict.
fn said(state: State, name: Say, why: String, at: Timestamp) -> Speaker {
    Speaker::Promise(Box::new(Judged {
        name,
        tier: None,
        runbook: None,
        clauses: Vec::new(),
        verdict: Verdict {
            state,
            reason: Reason::new(BY_HAND, [("why", promise::Amount::Text(why))]),
            measured: None,
            budget: None,
            severity: None,
            corrected: None,
            newest: Some(at),
            due: None,
            at,
        },
    }))
}

/// Ends one.
pub(super) fn resolve(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    who: &str,
    text: &str,
) -> Result<(), Error> {
    if !incident.is_open() {
        return Err(Error::NotOpen(incident.id.clone()));
    }
    let mut alerts = book
        .alerts
        .values()
        .filter(|alert| alert.incident == incident.id);
    let Some(alert) = alerts.next().filter(|it| it.subject.is_by_hand()) else {
        return Err(Error::EndsByEvidence(incident.id.clone()));
    };
    let at = change.at;
    let text = checked("the text", text, TEXT_MAX)?;
    let mut alert = Alert::clone(alert);
    alert.subject.speaker = said(State::Kept, alert.subject.name(), text, at);
    incident.work.touched = Some(at);
    let what = say!("{who} declared it resolved", "{who} が解決を宣言しました");
    incident.note(at, "declared-resolved", what).who = Some(who.to_owned());
    react::close(config, book, change, incident, &alert, Kind::Resolved, None);
    Ok(())
}
