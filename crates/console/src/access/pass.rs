//! The one place through which every request passes: who asks, whether they may, and what of it is kept.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use promise::say;

use super::{
    Affected, Via, Who,
    asked::Asked,
    attempt::{self, CHALLENGE},
    names, table,
};
use crate::{
    door::{Deed, Refused},
    reply::{self, Shared, escape},
};

pub(crate) async fn pass(State(room): State<Shared>, mut request: Request, next: Next) -> Response {
    let access = room.desk.access.clone();
    let now = room.desk.clock.now();
    let asked = Asked::of(&request);
    let known = attempt::known(&access, request.headers(), &asked, now);
    let rule = table::rule(&asked.method, asked.pattern.as_deref(), &asked.path);
    let (who, cookie) = match known {
        Ok(known) => known,
        Err(wrong) => return attempt::turned_away(&room, &asked, &wrong).await,
    };
    if !who.may(rule.act) {
        return refuse(&room, &asked, &who, &rule).await;
    }
    // A cookie goes along with whatever the browser sends; that our own page sent it must be certain, not merely likely.
    if who.via == Via::Session && asked.changes() && !asked.names_its_page {
        let why = say!(
            "the browser does not say from which page this came",
            "どの画面からの要求か確認できません"
        );
        return reply::refusal(StatusCode::FORBIDDEN, &why, asked.lang, asked.json);
    }
    request.extensions_mut().insert(who.clone());
    request.extensions_mut().insert(asked.from.clone());
    let mut response = next.run(request).await;
    if let Some(cookie) = cookie
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Ok(value) = HeaderValue::from_str(&cookie)
    {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    record(&room, &asked, who, &rule, response).await
}

/// Nobody is asked to log in; somebody who may not is told so, and the attempt is kept.
async fn refuse(room: &Shared, asked: &Asked, who: &Who, rule: &table::Rule) -> Response {
    if who.via == Via::Nobody {
        if !asked.json && !asked.changes() {
            let query = asked.query.as_ref().map(|query| format!("?{query}"));
            let next = format!("{}{}", asked.path, query.unwrap_or_default());
            return Redirect::to(&format!("/login?next={}", escape(&next))).into_response();
        }
        let why = say!(
            "say who you are: send a token, or log in at /login",
            "トークンを送るか、/login でログインしてください"
        );
        let mut response = reply::refusal(StatusCode::UNAUTHORIZED, &why, asked.lang, asked.json);
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        return response;
    }
    let why = who.lacks(rule.act);
    let denied = Deed {
        who: who.clone(),
        event: rule.deed.map_or(names::DENIED, |kept| kept.event),
        done: false,
        status: StatusCode::FORBIDDEN.as_u16(),
        from: asked.from.address.clone(),
        on: asked.resource(),
        unwritten: 0,
    };
    // Programs ask again and again: one entry for each, now and then.
    let kept = format!("{}\0{}\0{}", denied.who.name, denied.on, denied.from);
    if room.desk.access.is_first(kept, room.desk.clock.now())
        && let Err(error) = room.desk.deeds.record(denied).await
    {
        tracing::error!(%error, "a refusal could not be written down");
    }
    reply::refusal(StatusCode::FORBIDDEN, &why, asked.lang, asked.json)
}

async fn record(
    room: &Shared,
    asked: &Asked,
    who: Who,
    rule: &table::Rule,
    mut response: Response,
) -> Response {
    let Some(kept) = rule.deed else {
        return response;
    };
    let affected = response.extensions_mut().remove::<Affected>();
    if kept.now_and_then {
        // At this machine whoever may ask may as well read the files.
        let key = format!("{}\0{}\0{}", who.name, kept.event, asked.from.address);
        let local = who.via == Via::Local;
        if local || !room.desk.access.is_first(key, room.desk.clock.now()) {
            return response;
        }
    }
    let status = response.status();
    let resource = asked.resource();
    let deed = Deed {
        who,
        event: kept.event,
        done: !(status.is_client_error() || status.is_server_error()),
        status: status.as_u16(),
        from: asked.from.address.clone(),
        on: match affected {
            Some(Affected(what)) => format!("{resource} {what}"),
            None => resource,
        },
        unwritten: 0,
    };
    match room.desk.deeds.record(deed).await {
        Ok(()) => response,
        Err(error) => {
            tracing::error!(%error, "a deed could not be written down");
            let why = say!(
                "the ledger could not be written, so this is not answered",
                "台帳に記録できないため、応答できません"
            );
            let (status, _) = reply::explain(&Refused::Busy(why.clone()));
            reply::refusal(status, &why, asked.lang, asked.json)
        }
    }
}
