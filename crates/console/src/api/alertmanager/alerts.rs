//! `/api/v2/alerts` and `/api/v2/alerts/groups`.

use ::promise::{Say, Timestamp};
use axum::{
    Json,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use respond::label::Labels;
use serde::{Deserialize, Serialize};
use spec::section::alerting::matcher::Matcher;

use super::{bad, filters, instant, read, refused, switch};
use crate::{
    door::alerts::{Posted, Standing},
    reply::Visit,
};

/// An alert that evidence ends and no sender is said to end here, which is read as "not soon".
const NO_END_SECS: u64 = 240;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    starts_at: Option<String>,
    ends_at: Option<String>,
    #[serde(rename = "generatorURL", default)]
    generator_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'f> {
    annotations: &'f Labels,
    ends_at: Timestamp,
    fingerprint: String,
    receivers: Vec<Name<'f>>,
    starts_at: Timestamp,
    status: Status<'f>,
    updated_at: Timestamp,
    #[serde(rename = "generatorURL")]
    generator_url: &'f str,
    labels: &'f Labels,
}

#[derive(Serialize)]
struct Name<'f> {
    name: &'f str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'f> {
    inhibited_by: &'f [String],
    muted_by: &'f [String],
    silenced_by: &'f [String],
    state: &'static str,
}

#[derive(Serialize)]
struct Group<'f> {
    alerts: Vec<Shown<'f>>,
    labels: &'f Labels,
    receiver: Name<'f>,
}

impl<'f> Shown<'f> {
    fn of(one: &'f Standing, now: Timestamp) -> Self {
        let not_soon = std::time::Duration::from_secs(NO_END_SECS);
        let names = one.receivers.iter();
        Self {
            annotations: &one.annotations,
            ends_at: one.until.unwrap_or(now + not_soon),
            fingerprint: format!("{:016x}", one.fingerprint),
            receivers: names.map(|name| Name { name }).collect(),
            starts_at: one.started,
            status: Status {
                inhibited_by: &one.inhibited_by,
                muted_by: &one.muted_by,
                silenced_by: &one.silenced_by,
                state: if one.is_suppressed() {
                    "suppressed"
                } else {
                    "active"
                },
            },
            updated_at: one.updated,
            generator_url: &one.generator_url,
            labels: &one.labels,
        }
    }
}

/// Which alerts a request asks for.
struct Asked {
    matchers: Vec<Matcher>,
    receiver: Option<Matcher>,
    active: bool,
    silenced: bool,
    inhibited: bool,
    muted: bool,
}

impl Asked {
    fn of(visit: &Visit) -> Result<Self, Say> {
        let receiver = visit.param("receiver");
        let receiver = receiver.map(|pattern| Matcher::new("receiver", pattern, true, true));
        Ok(Self {
            matchers: filters(visit)?,
            receiver: receiver.transpose()?,
            active: switch(visit, "active"),
            silenced: switch(visit, "silenced"),
            inhibited: switch(visit, "inhibited"),
            muted: switch(visit, "muted"),
        })
    }

    fn fits(&self, one: &Standing) -> bool {
        let is_told = |pattern: &Matcher| one.receivers.iter().any(|name| pattern.accepts(name));
        (self.active || one.is_suppressed())
            && (self.silenced || one.silenced_by.is_empty())
            && (self.inhibited || one.inhibited_by.is_empty())
            && (self.muted || one.muted_by.is_empty())
            && self.receiver.as_ref().is_none_or(is_told)
            && self
                .matchers
                .iter()
                .all(|it| it.accepts(one.labels.get(it.name())))
    }
}

pub(crate) async fn list(visit: Visit) -> Response {
    let asked = match Asked::of(&visit) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    let firing = visit.room.desk.alerts.firing();
    let shown = firing.iter().filter(|one| asked.fits(one));
    let shown: Vec<Shown<'_>> = shown.map(|one| Shown::of(one, visit.now)).collect();
    Json(shown).into_response()
}

pub(crate) async fn groups(visit: Visit) -> Response {
    let asked = match Asked::of(&visit) {
        Ok(asked) => asked,
        Err(why) => return bad(&why),
    };
    let all = visit.room.desk.alerts.groups();
    let is_told = |name: &str| asked.receiver.as_ref().is_none_or(|it| it.accepts(name));
    let groups = all.iter().filter(|group| is_told(&group.receiver));
    let groups = groups.map(|group| {
        let alerts = group.alerts.iter().filter(|one| asked.fits(one));
        Group {
            alerts: alerts.map(|one| Shown::of(one, visit.now)).collect(),
            labels: &group.labels,
            receiver: Name {
                name: &group.receiver,
            },
        }
    });
    let groups: Vec<Group<'_>> = groups.filter(|group| !group.alerts.is_empty()).collect();
    Json(groups).into_response()
}

pub(crate) async fn post(visit: Visit, body: Body) -> Response {
    let sent: Vec<Sent> = match read(body).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let mut posted = Vec::with_capacity(sent.len());
    for one in sent {
        let times = instant(one.starts_at.as_ref()).and_then(|starts| {
            let ends = instant(one.ends_at.as_ref())?;
            Ok((starts, ends))
        });
        let (starts_at, ends_at) = match times {
            Ok(times) => times,
            Err(why) => return bad(&why),
        };
        posted.push(Posted {
            labels: one.labels,
            annotations: one.annotations,
            starts_at,
            ends_at,
            generator_url: one.generator_url.into(),
        });
    }
    match visit.room.desk.alerts.post(posted).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(why) => refused(&why),
    }
}
