//! `/api/v1/admin/tsdb/…`: deleting series, where the spec allows it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form},
};
use crate::reply::Visit;

/// Deletes the samples that the selectors match between `start` and `end`.
pub(crate) async fn delete(visit: Visit, form: Form) -> Response {
    done(deleted(&visit, form).await)
}

/// Space is freed as blocks are rewritten; there is nothing to hurry.
pub(crate) async fn clean(visit: Visit) -> Response {
    done(allowed(&visit))
}

fn done(result: Result<(), Failure>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failure) => answer::reply(Err::<Found, _>(failure)),
    }
}

fn allowed(visit: &Visit) -> Result<(), Failure> {
    if visit.room.desk.deletes {
        return Ok(());
    }
    Err(Failure::Unavailable("admin APIs disabled".to_owned()))
}

async fn deleted(visit: &Visit, form: Form) -> Result<(), Failure> {
    allowed(visit)?;
    let asked = Asked::read(visit, form)?;
    if asked.all("match[]").next().is_none() {
        let why = "no match[] parameter provided";
        return Err(Failure::BadData(why.to_owned()));
    }
    let (from, to) = asked.stretch()?;
    for matchers in asked.selectors()? {
        visit.room.desk.metrics.delete(&matchers, from, to).await?;
    }
    Ok(())
}
