//! The console's door onto alerts and silences.

use std::sync::Arc;

use async_trait::async_trait;
use console::door::{
    Refused,
    alerts::{self as door, Draft, Firing, Group, Posted, Silence},
};
use promise::say;
use respond::{GroupStanding, Standing};

use super::{busy, internal};
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

fn firing(one: Standing) -> Firing {
    let mut muted_by = one.muted_by;
    muted_by.extend(one.hush.maintenances);
    Firing {
        fingerprint: one.fingerprint,
        labels: one.labels,
        annotations: one.annotations,
        started: one.started,
        updated: one.updated,
        until: one.until,
        generator_url: one.generator_url,
        receivers: one.receivers,
        incident: one.incident,
        silenced_by: one.hush.silences,
        inhibited_by: one.hush.inhibitors,
        muted_by,
    }
}

fn group(group: GroupStanding) -> Group {
    Group {
        labels: group.labels,
        receiver: group.receiver,
        alerts: group.alerts.into_iter().map(firing).collect(),
    }
}

fn refused(error: respond::Error) -> Refused {
    match error {
        respond::Error::NoSuchSilence(name) => Refused::Missing {
            what: "silence",
            name,
        },
        respond::Error::BadSilence(why) | respond::Error::BadAlert(why) => Refused::Invalid(why),
        error @ respond::Error::Length { .. } => Refused::Invalid(say!("{error}", "{error}")),
        error @ respond::Error::TooMany { .. } => busy(say!("{error}", "{error}")),
        error => internal("alerts", &error),
    }
}

#[async_trait]
impl door::Alerts for Door {
    fn firing(&self) -> Vec<Firing> {
        let standing = self.0.responder.standing().into_iter();
        standing.map(firing).collect()
    }

    fn groups(&self) -> Vec<Group> {
        self.0.responder.groups().into_iter().map(group).collect()
    }

    async fn post(&self, alerts: Vec<Posted>) -> Result<(), Refused> {
        let taken = self.0.responder.post(alerts).await;
        taken.map(drop).map_err(refused)
    }

    fn silences(&self) -> Vec<Silence> {
        let now = self.0.clock.now();
        let silences = self.0.responder.silences().into_iter();
        silences
            .map(|silence| Silence {
                state: silence.standing(now).as_str(),
                id: silence.id,
                matchers: silence.matchers,
                starts_at: silence.starts_at,
                ends_at: silence.ends_at,
                updated_at: silence.updated_at,
                created_by: silence.created_by,
                comment: silence.comment,
                ticket: silence.ticket,
            })
            .collect()
    }

    async fn silence(&self, draft: Draft) -> Result<String, Refused> {
        let set = self.0.responder.silence(draft).await;
        set.map(|silence| silence.id).map_err(refused)
    }

    async fn expire(&self, id: &str, who: Option<&str>) -> Result<(), Refused> {
        let ended = self.0.responder.expire_silence(id, who).await;
        ended.map_err(refused)
    }

    fn receivers(&self) -> Vec<String> {
        let receivers = self.0.responder.receivers().into_iter();
        receivers.map(|receiver| receiver.name).collect()
    }
}
