//! What cannot be shown, said plainly: inside the house where there is one, and bare where there is not.

use ::promise::{Lang, Say};
use axum::{http::StatusCode, response::Response};
use maud::{DOCTYPE, Markup, html};
use promise::say;

use crate::{
    asset,
    lang::Pick,
    page::{Follow, Part, frame},
    reply::Visit,
};

/// Any address that no route knows.
pub(crate) async fn unknown(visit: Visit) -> Response {
    visit.missing(&say!(
        "there is no page at this address",
        "このアドレスにページはありません"
    ))
}

fn title(status: StatusCode, lang: Lang) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => lang.pick("Not found", "見つかりません"),
        StatusCode::CONFLICT => lang.pick("Not as things stand", "いまは行えません"),
        status if status.is_client_error() => lang.pick("Refused", "受け付けられません"),
        _ => lang.pick("Something went wrong", "問題が起きました"),
    }
}

pub(crate) fn show(visit: &Visit, status: StatusCode, why: &Say) -> Markup {
    let lang = visit.lang;
    let main = html! {
        section.problem {
            p.code { (status.as_u16()) }
            h1 { (title(status, lang)) }
            p { (sentence(why, lang)) }
            p { a href="/" { (lang.pick("Back to the promises", "約束の一覧へ戻る")) } }
        }
    };
    frame(visit, title(status, lang), Part::None, Follow::Still, &main)
}

/// Without a board: for requests that are refused before anything is known.
pub(crate) fn bare(status: StatusCode, why: &Say, lang: Lang) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                title { (title(status, lang)) " · Tegata" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="stylesheet" href=(asset::href("style.css"));
            }
            body { main #main { section.problem {
                p.code { (status.as_u16()) }
                h1 { (title(status, lang)) }
                p { (sentence(why, lang)) }
            } } }
        }
    }
}

fn sentence(why: &Say, lang: Lang) -> String {
    let text = why.get(lang);
    match lang {
        Lang::En => {
            let mut letters = text.chars();
            let first = letters
                .next()
                .map(|c| c.to_uppercase().to_string())
                .unwrap_or_default();
            format!("{first}{}.", letters.as_str())
        }
        Lang::Ja => format!("{text}。"),
    }
}

/// A known address, asked in a way that it does not know.
pub(crate) async fn wrong_method(visit: Visit) -> Response {
    let why = say!(
        "this address does not take such a request",
        "このアドレスはその種の要求を受け付けません"
    );
    visit.problem(StatusCode::METHOD_NOT_ALLOWED, &why)
}
