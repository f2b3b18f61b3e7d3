//! `/login` and `/logout`: who are you.

use ::promise::{Lang, say};
use axum::{
    Form,
    extract::Extension,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use crate::{
    access::{self, From, Via},
    asset,
    lang::Pick,
    reply::Visit,
};

/// A token is shorter by far.
const TOKEN_MAX: usize = 1_000;

pub(crate) async fn show(visit: Visit) -> Response {
    let next = visit.param("next").unwrap_or("/").to_owned();
    visit.page(page(&visit, &next))
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    token: String,
    #[serde(default)]
    next: String,
}

/// `POST /login`
pub(crate) async fn take(
    visit: Visit,
    from: Extension<From>,
    Form(answer): Form<Answer>,
) -> Response {
    if !visit.room.desk.access.is_asked() {
        return Redirect::to("/").into_response();
    }
    let token = answer.token.trim();
    if token.is_empty() || token.len() > TOKEN_MAX {
        let why = say!("paste your token", "トークンを入力してください");
        return visit.problem(StatusCode::BAD_REQUEST, &why);
    }
    match access::log_in(&visit.room, &from, token, visit.lang).await {
        Ok((_, cookie)) => {
            let mut response = Redirect::to(within(&answer.next)).into_response();
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, value);
            }
            response
        }
        Err(response) => response,
    }
}

/// `POST /logout`
pub(crate) async fn leave(visit: Visit, headers: HeaderMap) -> Response {
    let cookie = visit.room.desk.access.end(&headers, visit.now);
    let mut response = Redirect::to("/login").into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// Only addresses of this console: a link that logs in and leads elsewhere would be a trap.
fn within(next: &str) -> &str {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.chars().any(|c| c == '\\' || c.is_control());
    if is_ours { next } else { "/" }
}

/// What stands in the header of every page: who you are, and the way out.
pub(crate) fn badge(visit: &Visit) -> Markup {
    let lang = visit.lang;
    html! { @if visit.who.via == Via::Session {
        form.who method="post" action="/logout" {
            span { (visit.who.name) @if let Some(role) = visit.who.role { " (" (role.say().get(lang)) ")" } }
            " " button type="submit" { (lang.pick("Log out", "ログアウト")) }
        }
    } }
}

/// Without the house around it: whoever has not logged in sees nothing of it, not even its name.
fn page(visit: &Visit, next: &str) -> Markup {
    let lang = visit.lang;
    let title = lang.pick("Log in", "ログイン");
    let other = if lang == Lang::En { Lang::Ja } else { Lang::En };
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                title { (title) " · Tegata" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="stylesheet" href=(asset::href("style.css"));
                link rel="icon" type="image/svg+xml" href=(asset::href("mark.svg"));
            }
            body { main #main { section.problem {
                h1 { (title) }
                form.answer method="post" action="/login" {
                    input type="hidden" name="next" value=(within(next));
                    label for="token" { (lang.pick("Your token", "トークン")) }
                    input #token name="token" type="password" required maxlength=(TOKEN_MAX) autocomplete="current-password" autofocus;
                    button.primary type="submit" { (title) }
                }
                p.note { (lang.pick(
                    "Whoever runs this console made it for you with `tegata access token`. What you do here is written into the ledger.",
                    "トークンは、この画面の管理者が `tegata access token` で発行します。ここでの操作は台帳に記録されます。",
                )) }
                p { a href=(visit.in_lang(other)) lang=(other.tag()) hreflang=(other.tag()) rel="alternate" { (other.pick("English", "日本語")) } }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_log_in_leads_nowhere_else() {
        assert_eq!(within("/logs?query=a"), "/logs?query=a");
        for elsewhere in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "",
            "/\nx",
        ] {
            assert_eq!(within(elsewhere), "/", "{elsewhere}");
        }
    }
}
