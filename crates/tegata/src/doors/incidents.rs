//! The console's door onto incidents and the inbox.

use std::sync::Arc;

use async_trait::async_trait;
use console::door::{self, Acknowledged, Message, Moment, Page, Refused};
use promise::{Say, say};
use respond::{Filter, Incident, incident::Outcome};

use super::cases;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

fn show(incident: Incident) -> door::Incident {
    door::Incident {
        id: incident.id,
        promises: incident.promises,
        severity: incident.severity,
        state: incident.state,
        title: incident.title,
        opened: incident.opened,
        acknowledged: incident.acknowledged.map(|ack| Acknowledged {
            by: ack.who,
            reason: ack.reason.unwrap_or_default(),
            at: ack.at,
        }),
        resolved: incident.resolved,
        timeline: incident
            .timeline
            .into_iter()
            .map(|entry| Moment {
                at: entry.at,
                what: entry.what,
                who: entry.who,
                entry: entry.ledger,
            })
            .collect(),
        pages: incident
            .pages
            .into_iter()
            .map(|page| {
                let (accepted, tries, problem) = match page.outcome {
                    Outcome::Pending { tries, last_error } => (None, tries, last_error),
                    Outcome::Sent { at, tries, .. } => (Some(at), tries, None),
                    Outcome::Failed { tries, why, .. } => (None, tries, Some(why)),
                };
                Page {
                    what: page.kind.say(),
                    receiver: page.receiver,
                    at: page.intended,
                    accepted,
                    tries,
                    problem: problem.map(Say::same),
                    entry: None,
                }
            })
            .collect(),
    }
}

fn text(item: &respond::InboxItem) -> Say {
    let (title, body) = (&item.title, &item.body);
    Say::new(
        format!("{}\n{}", title.en, body.en),
        format!("{}\n{}", title.ja, body.ja),
    )
}

#[async_trait]
impl door::Incidents for Door {
    async fn list(&self, limit: usize) -> Result<Vec<door::Incident>, Refused> {
        let mut incidents = self.0.responder.incidents(&Filter {
            limit,
            ..Filter::default()
        });
        incidents.sort_by_key(|incident| (!incident.is_open(), std::cmp::Reverse(incident.opened)));
        Ok(incidents.into_iter().map(show).collect())
    }

    async fn get(&self, id: &str) -> Result<Option<door::Incident>, Refused> {
        Ok(self.0.responder.incident(id).map(show))
    }

    async fn acknowledge(&self, id: &str, by: &str, reason: &str) -> Result<(), Refused> {
        let known = self.0.responder.incident(id);
        if let Some(first) = known.and_then(|incident| incident.acknowledged) {
            let who = first.who;
            return Err(Refused::Conflict(say!(
                "{who} has taken it on already",
                "すでに {who} が応答しています"
            )));
        }
        let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
        match self.0.responder.acknowledge(id, by, reason).await {
            Ok(_) => Ok(()),
            Err(error) => Err(cases::refused(&error)),
        }
    }

    async fn inbox(&self, limit: usize) -> Result<Vec<Message>, Refused> {
        let items = self.0.responder.inbox(limit);
        Ok(items
            .into_iter()
            .map(|item| Message {
                text: text(&item),
                at: item.at,
                incident: item.incident,
                state: item.state,
            })
            .collect())
    }
}
