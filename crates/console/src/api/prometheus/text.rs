//! `/api/v1/format_query` and `/api/v1/parse_query`: an expression, written well or as a tree.

use axum::response::Response;

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form},
    json,
};
use crate::reply::Visit;

pub(crate) async fn format(visit: Visit, form: Form) -> Response {
    answer::reply(formatted(&visit, form))
}

pub(crate) async fn tree(visit: Visit, form: Form) -> Response {
    answer::reply(parsed(&visit, form))
}

fn formatted(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let query = Asked::read(visit, form)?.bare_query()?;
    let mut data = String::new();
    json::text(&mut data, &query.format());
    Ok(Found::data(data))
}

fn parsed(visit: &Visit, form: Form) -> Result<Found, Failure> {
    Found::small(&Asked::read(visit, form)?.bare_query()?.tree())
}
