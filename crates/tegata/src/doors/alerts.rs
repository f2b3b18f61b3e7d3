//! The console's door onto alerts and silences.

use std::sync::Arc;

use async_trait::async_trait;
use console::door::{
    Refused,
    alerts::{self as door, Draft, GroupStanding, Posted, Silence, Standing},
};
use promise::say;

use super::{busy, internal};
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

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
    fn firing(&self) -> Vec<Standing> {
        self.0.responder.standing()
    }

    fn groups(&self) -> Vec<GroupStanding> {
        self.0.responder.groups()
    }

    async fn post(&self, alerts: Vec<Posted>) -> Result<(), Refused> {
        let taken = self.0.responder.post(alerts).await;
        taken.map(drop).map_err(refused)
    }

    fn silences(&self) -> Vec<Silence> {
        self.0.responder.silences()
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
