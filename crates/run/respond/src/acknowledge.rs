//! Acknowledging: a person says that they have taken an incident on, by name or by the link in a message.
//!
//! A link is valid once and for a day, needs no log-in, and is not kept anywhere: it is signed with a key of this installation
//! and made anew for each try of the page that carries it. Opening it changes nothing, for programs open the links of
//! messages too; only the button on its page does. What it did is an event like any other: who, when, through which receiver.
//!
//! An acknowledgement after which nothing happens does not hold for ever: with `acknowledged_for` in the severity,
//! people are told again, and the escalation begins anew.

mod link;

use std::time::Duration;

use promise::{Say, Timestamp, say};
use serde_json::json;
use spec::section::receiver::Receiver;

use crate::{
    Config, Error, EventKind, Incident, Page, Responder,
    alert::Alert,
    announce,
    book::{Book, Change, Pending},
    desk::Desk,
    incident::{Acknowledgement, REASON_MAX, WHO_MAX},
    page::{AcknowledgeLink, Kind},
    react,
    route::{self, Target},
};

pub use link::Signer;
use link::Slip;

/// Longer than anybody is off the phone; an incident that is older is known.
const VALID_FOR: Duration = Duration::from_secs(24 * 3_600);
/// The page as it leaves: with a link where somebody is wanted.
pub(crate) fn linked(desk: &Desk, config: &Config, pending: &Pending) -> Page {
    let mut page = pending.page.clone();
    let asks = matches!(
        page.kind,
        Kind::Raised | Kind::Worsened | Kind::Repeated | Kind::Escalated
    );
    let number = desk
        .book()
        .incident(pending.incident())
        .map(|incident| incident.number);
    if let (true, Some(incident)) = (asks, number) {
        let until = page.at + VALID_FOR;
        let slip = Slip {
            incident,
            page: pending.number,
            until: until.as_millis().div_euclid(1_000),
        };
        let token = desk.signer.sign(&slip);
        page.acknowledge = Some(AcknowledgeLink {
            url: format!("{}/acknowledge/{token}", config.console_url),
            until,
        });
    }
    page
}

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Offer {
    pub incident: Incident,
    /// Through which receiver the link came.
    pub receiver: String,
    /// Who that is, where the receiver is one person's.
    pub who: Option<Say>,
    pub until: Timestamp,
}

/// Why a link is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Says no more: who forges one should not learn how.
    #[error("the link is not valid")]
    Forged,
    #[error("the link was valid until {0}")]
    Expired(Timestamp),
    #[error("the link was used already")]
    Used { by: String, at: Timestamp },
    #[error("{by} has taken it on already")]
    Taken { by: String, at: Timestamp },
    #[error("the incident is resolved")]
    Resolved(Timestamp),
    #[error(transparent)]
    Other(#[from] Error),
}

impl Responder {
    /// What stands behind a link. Changes nothing.
    pub fn offer(&self, token: &str) -> Result<Offer, LinkError> {
        let slip = self.desk.signer.check(token).ok_or(LinkError::Forged)?;
        let until = Timestamp::from_millis(slip.until.saturating_mul(1_000));
        let book = self.desk.book();
        let incident = book.incidents.get(&slip.incident);
        let incident = incident.ok_or(LinkError::Forged)?.clone();
        drop(book);
        if let Some(answer) = incident.work.used(slip.page) {
            return Err(LinkError::Used {
                by: answer.who.clone(),
                at: answer.at,
            });
        }
        if until < self.desk.clock.now() {
            return Err(LinkError::Expired(until));
        }
        if let Some(at) = incident.resolved {
            return Err(LinkError::Resolved(at));
        }
        if let Some(answer) = &incident.acknowledged {
            return Err(LinkError::Taken {
                by: answer.who.clone(),
                at: answer.at,
            });
        }
        let suffix = format!("-{}", slip.page);
        let page = incident
            .pages
            .iter()
            .find(|page| page.key.ends_with(&suffix));
        let receiver = page.map(|page| page.receiver.clone()).unwrap_or_default();
        let who = self.desk.config().person_of(&receiver);
        Ok(Offer {
            incident,
            receiver,
            who,
            until,
        })
    }

    /// Takes an incident on by the link of a message.
    pub async fn acknowledge_by_link(
        &self,
        token: &str,
        who: &str,
        reason: Option<&str>,
    ) -> Result<Incident, LinkError> {
        let offer = self.offer(token)?;
        let slip = self.desk.signer.check(token).ok_or(LinkError::Forged)?;
        let way = Way::Link {
            page: slip.page,
            receiver: offer.receiver,
        };
        Ok(self.answer(&offer.incident.id, who, reason, way).await?)
    }

    /// A person takes the incident: repeats stop. The first acknowledgement stays; a second one changes nothing.
    pub async fn acknowledge(
        &self,
        incident: &str,
        who: &str,
        reason: Option<&str>,
    ) -> Result<Incident, Error> {
        self.answer(incident, who, reason, Way::Name).await
    }

    async fn answer(
        &self,
        incident: &str,
        who: &str,
        reason: Option<&str>,
        way: Way,
    ) -> Result<Incident, Error> {
        let who = checked("the name", who, WHO_MAX)?;
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        let reason = reason
            .map(|reason| checked("the reason", reason, REASON_MAX))
            .transpose()?;
        let id = incident.to_owned();
        self.desk
            .change(move |config, book, change| {
                let answer = Acknowledgement {
                    at: change.at,
                    who,
                    reason,
                };
                take(config, book, change, &id, answer, way)
            })
            .await
    }
}

/// How somebody answered.
enum Way {
    /// In the console or by a command.
    Name,
    Link {
        page: u64,
        receiver: String,
    },
}

fn take(
    config: &Config,
    book: &Book,
    change: &mut Change,
    id: &str,
    answer: Acknowledgement,
    way: Way,
) -> Result<Incident, Error> {
    let known = book
        .incident(id)
        .ok_or_else(|| Error::NoSuchIncident(id.to_owned()))?;
    if known.acknowledged.is_some() {
        return Ok(known.clone());
    }
    if !known.is_open() {
        return Err(Error::NotOpen(id.to_owned()));
    }
    let (mut incident, at, who) = (known.clone(), change.at, &answer.who);
    let what = said(&answer, &way);
    incident.note(at, "acknowledged", what).who = Some(who.clone());
    for pending in book.repeats(id) {
        change.drop_pending(&pending.page.key);
        react::settle(&mut incident, &pending.page.key, at, pending.tries);
    }
    let link = match &way {
        Way::Name => None,
        Way::Link { receiver, .. } => Some(receiver.clone()),
    };
    let body = json!({
        "incident": id, "severity": incident.severity, "who": who, "reason": answer.reason, "link_of": link,
        "in_time": incident.answer_due.map(|due| at <= due),
    });
    let about = incident.promises.first().cloned().unwrap_or_default();
    change.event(EventKind::IncidentAcknowledged, &about, id, body);
    if let Way::Link { page, .. } = way {
        incident.work.use_link(page, answer.clone());
    }
    incident
        .work
        .first_answer
        .get_or_insert_with(|| answer.clone());
    incident.work.touched = Some(answer.at);
    incident.acknowledged = Some(answer);
    tell(config, book, change, &mut incident);
    change.put_incident(incident.clone());
    Ok(incident)
}

/// What the timeline says of an answer.
fn said(answer: &Acknowledgement, way: &Way) -> Say {
    let who = &answer.who;
    let done = match way {
        Way::Name => say!("{who} acknowledged", "{who} が応答しました"),
        Way::Link { receiver, .. } => say!(
            "{who} acknowledged by the link sent to {receiver}",
            "{who} が {receiver} 宛てのリンクから応答しました"
        ),
    };
    match &answer.reason {
        Some(reason) => Say::new(
            format!("{}: {reason}", done.en),
            format!("{}: {reason}", done.ja),
        ),
        None => done,
    }
}

/// Lets receivers that keep one message an incident say who has it now. Others would only ring once more.
fn tell(config: &Config, book: &Book, change: &mut Change, incident: &mut Incident) {
    let alert = book
        .alerts
        .values()
        .find(|alert| alert.incident == incident.id);
    let Some(alert) = alert else { return };
    let keeps_one = |name: &String| {
        matches!(
            config.receivers.get(name),
            Some(Receiver::SlackBot(_) | Receiver::PagerDuty(_))
        )
    };
    let told: Vec<String> = incident.told().into_iter().filter(keeps_one).collect();
    for receiver in told {
        let target = Target {
            receiver,
            repeat: None,
            ends_told: true,
            instead: vec![],
        };
        announce::send(
            config,
            book,
            change,
            incident,
            alert,
            Kind::Acknowledged,
            target,
        );
    }
}

/// Whether an acknowledgement has been followed by nothing for longer than the severity lets it hold.
pub(crate) fn has_lapsed(
    config: &Config,
    incident: &Incident,
    alert: &Alert,
    now: Timestamp,
) -> bool {
    let severity = config.severity(alert.subject.severity.as_deref());
    let holds = severity.and_then(|severity| severity.acknowledged_for);
    let (Some(answer), Some(holds)) = (&incident.acknowledged, holds) else {
        return false;
    };
    let last = incident.work.touched.unwrap_or(answer.at);
    incident.is_open() && incident.is_paging && last + holds.0 <= now
}

/// Ends an acknowledgement: people are told again, from the beginning.
pub(crate) fn lapse(
    config: &Config,
    book: &Book,
    change: &mut Change,
    mut incident: Incident,
    alert: &Alert,
) {
    let at = change.at;
    let Some(answer) = incident.acknowledged.take() else {
        return;
    };
    let who = &answer.who;
    let what = say!(
        "nothing has happened since {who} acknowledged, so people are told again",
        "{who} の応答後に動きがないため、改めて知らせます"
    );
    incident.note(at, "acknowledgement-lapsed", what);
    let severity = config.severity(alert.subject.severity.as_deref());
    incident.work.lapsed = Some(at);
    incident.work.waits_since = None;
    incident.answer_due = severity
        .and_then(|severity| severity.answer_within)
        .map(|within| at + within.0);
    incident.answer_missed = false;
    incident.escalated = 0;
    let body = json!({ "incident": incident.id, "severity": incident.severity, "who": who });
    change.event(
        EventKind::AcknowledgementLapsed,
        alert.id(),
        &incident.id,
        body,
    );
    let mut targets = route::targets(config, &alert.subject, at);
    for target in announce::take_steps(config, change, &mut incident, alert) {
        if !targets
            .iter()
            .any(|known| known.receiver == target.receiver)
        {
            targets.push(target);
        }
    }
    for target in targets {
        announce::send(
            config,
            book,
            change,
            &mut incident,
            alert,
            Kind::Repeated,
            target,
        );
    }
    change.put_incident(incident);
}

/// A text that a person wrote, without the blanks around it.
pub(crate) fn checked(what: &'static str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most {
        return Err(Error::Length { what, most });
    }
    Ok(text.to_owned())
}
