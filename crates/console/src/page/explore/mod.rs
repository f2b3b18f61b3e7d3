//! `/explore`: any query over the stored metrics, as a chart or a table, with what else happened meanwhile, and a way
//! from there to a promise.
//!
//! It works as a plain form; `explore.js` adds completion and a crosshair.

pub(in crate::page) mod ask;
mod behind;
mod draft;
mod form;
mod marks;
mod result;

pub(crate) mod promise;

use axum::response::Response;
use maud::{Markup, html};

use crate::{
    lang::Pick,
    page::{Follow, Part, frame},
    reply::Visit,
};
use ask::Question;

pub(crate) async fn show(visit: Visit) -> Response {
    let question = Question::read(&visit);
    let main = content(&visit, &question).await;
    let title = visit.lang.pick("Metrics", "メトリクス");
    visit.page(frame(&visit, title, Part::Explore, Follow::Still, &main))
}

async fn content(visit: &Visit, question: &Question) -> Markup {
    let lang = visit.lang;
    let found = if question.query.is_empty() {
        form::names(visit).await
    } else {
        result::show(visit, question).await
    };
    html! {
        h1 { (lang.pick("Metrics", "メトリクス")) }
        (form::show(visit, question))
        (found)
        script type="module" src=(crate::asset::href("explore.js")) data-complete=(crate::asset::href("complete.js")) {}
    }
}
