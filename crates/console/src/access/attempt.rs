//! Attempts to say who one is: by a token in a header, by a cookie, or by the form; and what becomes of wrong ones.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use promise::{Lang, Say, Timestamp, say};

use super::{
    Access, People, Via, Who,
    asked::{Asked, From},
    names, people,
};
use crate::{
    door::Deed,
    reply::{self, Shared},
};

/// Why somebody who showed a token is turned away.
pub(super) struct Wrong {
    /// How long to wait, in seconds, before anything from there is looked at again.
    pub wait: Option<u64>,
    /// Attempts that were turned away since and not written down.
    unwritten: u64,
    /// Whether this one is written down.
    is_told: bool,
}

/// Who asks, and the cookie that says that they still do.
pub(super) fn known(
    access: &Access,
    headers: &HeaderMap,
    asked: &Asked,
    now: Timestamp,
) -> Result<(Who, Option<String>), Wrong> {
    let people = access.people();
    if !people.are_asked() {
        return Ok((Who::local(), None));
    }
    if let Some(shown) = people::shown(headers) {
        return people_known(access, &people, &shown, asked, now).map(|who| (who, None));
    }
    let counts = !["/events", "/fragments/board"].contains(&asked.path.as_str());
    let session = access.session(headers, now, counts);
    Ok(session.unwrap_or((Who::nobody(), None)))
}

fn people_known(
    access: &Access,
    people: &People,
    shown: &people::Shown,
    asked: &Asked,
    now: Timestamp,
) -> Result<Who, Wrong> {
    if people.is_local(&shown.token) {
        return Ok(Who::local());
    }
    access.tried(&asked.from.address, now, || {
        let (name, role) = people.find(&shown.token)?;
        // Basic authentication names somebody too, and it must be the token's owner.
        let fits = shown.name.as_deref().is_none_or(|given| given == name);
        fits.then(|| Who {
            name: name.to_owned(),
            role: Some(role),
            via: Via::Token,
        })
    })
}

impl Access {
    /// Finds somebody, unless too many wrong attempts came from there; a wrong one is counted.
    fn tried(
        &self,
        from: &str,
        now: Timestamp,
        find: impl FnOnce() -> Option<Who>,
    ) -> Result<Who, Wrong> {
        let mut throttle = self.throttle();
        if let Some(wait) = throttle.waits(from, now) {
            return Err(Wrong {
                wait: Some(wait),
                unwritten: 0,
                is_told: false,
            });
        }
        match find() {
            Some(who) => {
                throttle.forget(from);
                Ok(who)
            }
            None => {
                let unwritten = throttle.wrong(from, now);
                Err(Wrong {
                    wait: throttle.waits(from, now),
                    unwritten,
                    is_told: true,
                })
            }
        }
    }
}

impl Wrong {
    fn status(&self) -> StatusCode {
        match self.wait {
            Some(_) => StatusCode::TOO_MANY_REQUESTS,
            None => StatusCode::UNAUTHORIZED,
        }
    }

    fn answer(&self, lang: Lang, json: bool) -> Response {
        let why = self.why();
        let mut response = reply::refusal(self.status(), &why, lang, json);
        let headers = response.headers_mut();
        match self.wait {
            Some(secs) => headers.insert(header::RETRY_AFTER, HeaderValue::from(secs)),
            None => headers.insert(header::WWW_AUTHENTICATE, CHALLENGE),
        };
        response
    }

    fn why(&self) -> Say {
        match self.wait {
            Some(secs) => {
                let minutes = secs.div_ceil(60);
                say!(
                    "too many wrong tokens came from there: wait {minutes} minutes",
                    "誤ったトークンが続いたため、{minutes} 分間は受け付けません"
                )
            }
            None => say!(
                "that token is not known",
                "そのトークンは登録されていません"
            ),
        }
    }
}

/// Bearer alone: a browser that is asked for Basic would send it along with everything, as it does a cookie.
pub(super) const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"tegata\"");

/// Tries a token of the log-in form. An error is the answer.
pub(crate) async fn log_in(
    room: &Shared,
    from: &From,
    token: &str,
    lang: Lang,
) -> Result<(Who, String), Response> {
    let access = &room.desk.access;
    let now = room.desk.clock.now();
    let people = access.people();
    let tried = access.tried(&from.address, now, || {
        let (name, role) = people.find(token)?;
        Some(Who {
            name: name.to_owned(),
            role: Some(role),
            via: Via::Session,
        })
    });
    let deed = |who: &Who, status: StatusCode, more: u64| Deed {
        who: who.clone(),
        event: names::LOG_IN,
        done: status.is_success(),
        status: status.as_u16(),
        from: from.address.clone(),
        on: "POST /login".to_owned(),
        unwritten: more,
    };
    match tried {
        Ok(who) => {
            let noted = room.desk.deeds.record(deed(&who, StatusCode::OK, 0)).await;
            match noted {
                Ok(()) => Ok((who.clone(), access.begin(&who, now))),
                Err(refused) => {
                    let (status, why) = reply::explain(&refused);
                    Err(reply::refusal(status, &why, lang, false))
                }
            }
        }
        Err(wrong) => {
            let status = wrong.status();
            if wrong.is_told {
                let nobody = Who::nobody();
                let noted = room
                    .desk
                    .deeds
                    .record(deed(&nobody, status, wrong.unwritten));
                if let Err(error) = noted.await {
                    tracing::error!(%error, "a wrong log-in could not be written down");
                }
            }
            Err(wrong.answer(lang, false))
        }
    }
}

pub(super) async fn turned_away(room: &Shared, asked: &Asked, wrong: &Wrong) -> Response {
    if wrong.is_told {
        let deed = Deed {
            who: Who::nobody(),
            event: names::LOG_IN,
            done: false,
            status: wrong.status().as_u16(),
            from: asked.from.address.clone(),
            on: asked.resource(),
            unwritten: wrong.unwritten,
        };
        if let Err(error) = room.desk.deeds.record(deed).await {
            tracing::error!(%error, "a wrong token could not be written down");
        }
    }
    wrong.answer(asked.lang, asked.json)
}
