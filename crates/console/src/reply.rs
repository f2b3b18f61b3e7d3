//! A request as the pages see it, and what goes wrong with one, as a page or as JSON.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use maud::Markup;
use promise::{Lang, Say, Timestamp, say};
use serde_json::json;

use crate::{
    Desk,
    access::Who,
    api,
    board::Board,
    door::{Asked, Refused},
    lang,
    live::Hub,
    page,
};

/// What all handlers share.
pub(crate) struct Room {
    pub desk: Desk,
    pub hub: Arc<Hub>,
    pub boards: page::board::Cache,
    pub turns: api::prometheus::Turns,
    pub catalog: api::elastic::Shelf,
}

pub(crate) type Shared = Arc<Room>;

/// One request, with the moment that it sees.
pub(crate) struct Visit {
    pub room: Shared,
    pub board: Arc<Board>,
    pub now: Timestamp,
    pub who: Who,
    pub lang: Lang,
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Who wants to see personal fields in clear, and why.
    pub clear: Option<Asked>,
    /// Whether the address itself names the language: then the choice is remembered.
    chosen: bool,
    json: bool,
}

impl FromRequestParts<Shared> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, room: &Shared) -> Result<Self, Self::Rejection> {
        let query = read_query(parts.uri.query().unwrap_or_default());
        let asked = query
            .iter()
            .find(|(name, _)| name == "lang")
            .map(|(_, value)| value.as_str());
        let lang = lang::choose(asked, &parts.headers);
        let chosen = asked.and_then(lang::from_tag).is_some();
        let path = parts.uri.path().to_owned();
        let board = room.desk.board.borrow().clone();
        let json = wants_json(&path);
        // Every request passes the door, which says who it is; what did not is nobody's.
        let who = parts.extensions.get::<Who>().cloned();
        let who = who.unwrap_or_else(Who::nobody);
        Ok(Self {
            clear: api::clear::asked(&parts.headers, &who),
            room: room.clone(),
            board,
            now: room.desk.clock.now(),
            who,
            lang,
            path,
            query,
            chosen,
            json,
        })
    }
}

/// A slow disk or a reload is over in some seconds; senders that come again at once would only make it slower.
const RETRY_AFTER_SECS: u32 = 5;

/// At most this many parameters are read; our pages use five, a selector-rich question of Grafana's some twenty.
const QUERY_MAX: usize = 64;

pub(crate) fn read_query(text: &str) -> Vec<(String, String)> {
    let pairs = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .take(QUERY_MAX);
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (byte, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path segment or parameter value, safe in an address.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if plain(byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(out)
}

impl Visit {
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(given, _)| given == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// This address in another language.
    pub fn in_lang(&self, lang: Lang) -> String {
        let mut href = format!("{}?lang={}", self.path, lang.tag());
        for (name, value) in self.query.iter().filter(|(name, _)| name != "lang") {
            href.push_str(&format!("&{}={}", escape(name), escape(value)));
        }
        href
    }

    /// Who asks for something that the ledger keeps, and why: their own name where it was proven.
    pub fn asked(&self, by: &str, reason: String) -> Result<Asked, Refused> {
        let by = self.who.signs(by);
        let asked = Asked { by, reason };
        asked.check().map(|()| asked)
    }

    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.board.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// A whole page.
    pub fn page(&self, markup: Markup) -> Response {
        self.html(markup.into_string())
    }

    pub fn html(&self, text: String) -> Response {
        let mut response = Html(text).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::VARY,
            HeaderValue::from_static("accept-language, cookie"),
        );
        if let (true, Ok(cookie)) = (
            self.chosen,
            HeaderValue::from_str(&format!(
                "{}={}; Path=/; Max-Age={}; SameSite=Strict",
                lang::COOKIE,
                self.lang.tag(),
                lang::COOKIE_MAX_AGE_SECS
            )),
        ) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        response
    }

    /// What a refusal looks like here: a page for a person, JSON for a program.
    pub fn refused(&self, refused: &Refused) -> Response {
        let (status, why) = explain(refused);
        let mut response = self.problem(status, &why);
        if let Refused::Busy(_) = refused {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECS));
        }
        response
    }

    /// A body of at most `limit` bytes, or what is answered instead. Reading fails when it is longer or its sender goes away;
    /// then nobody reads the answer.
    pub async fn body(&self, body: Body, limit: usize) -> Result<Bytes, Response> {
        let what = "the body";
        let read = to_bytes(body, limit).await;
        read.map_err(|_| self.refused(&Refused::TooLarge { what, limit }))
    }

    pub fn problem(&self, status: StatusCode, why: &Say) -> Response {
        if self.json {
            return refusal(status, why, self.lang, true);
        }
        let mut response = self.html(page::problem::show(self, status, why).into_string());
        *response.status_mut() = status;
        response
    }

    pub fn missing(&self, what: &Say) -> Response {
        self.problem(StatusCode::NOT_FOUND, what)
    }
}

pub(crate) fn explain(refused: &Refused) -> (StatusCode, Say) {
    match refused {
        Refused::Missing { name, .. } => (
            StatusCode::NOT_FOUND,
            say!("there is nothing called {name}", "{name} はありません"),
        ),
        Refused::Conflict(why) => (StatusCode::CONFLICT, why.clone()),
        Refused::Invalid(why) => (StatusCode::BAD_REQUEST, why.clone()),
        Refused::Denied(why) => (StatusCode::UNAUTHORIZED, why.clone()),
        Refused::TooLarge { limit, .. } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            say!(
                "more than {limit} bytes are not taken",
                "{limit} バイトを超える本文は受け取れません"
            ),
        ),
        Refused::Busy(why) => (StatusCode::SERVICE_UNAVAILABLE, why.clone()),
        Refused::Internal(cause) => {
            tracing::error!(%cause, "a page could not be answered");
            let why = say!(
                "something went wrong inside Tegata; its log says what",
                "Tegata の内部で問題が起きました。詳細はログにあります"
            );
            (StatusCode::INTERNAL_SERVER_ERROR, why)
        }
    }
}

/// Whether errors under this path are read by programs.
pub(crate) fn wants_json(path: &str) -> bool {
    [
        "/api/",
        "/ingest/",
        "/loki/",
        "/v1/",
        "/events",
        "/fragments/",
        "/logs/fields",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix))
}

/// A refusal without a board around it: RFC 9457 for programs, a bare page for people.
pub(crate) fn refusal(status: StatusCode, why: &Say, lang: Lang, json: bool) -> Response {
    if json {
        let body = json!({ "type": "about:blank", "status": status.as_u16(), "title": why.en, "title_ja": why.ja });
        let mut response = (status, Json(body)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        return response;
    }
    (
        status,
        Html(page::problem::bare(status, why, lang).into_string()),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_back_as_it_was_escaped() {
        let text = "約束 & 100 %=+";
        let query = format!("a={}&b&%zz=%4", escape(text));
        let pairs = read_query(&query);
        assert_eq!(pairs[0], ("a".to_owned(), text.to_owned()));
        assert_eq!(pairs[1], ("b".to_owned(), String::new()));
        assert_eq!(pairs[2], ("%zz".to_owned(), "%4".to_owned()));
    }
}
