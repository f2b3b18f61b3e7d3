//! `/api/v1/drills`: a drill that was held is written into the ledger.

use axum::{
    Json,
    extract::{Extension, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promise::Say;
use serde_json::json;

use crate::{
    access::{From, affects},
    door::{Drill, Refused},
    reply::Visit,
};

pub(crate) async fn record(
    visit: Visit,
    from: Extension<From>,
    given: Result<Json<Drill>, JsonRejection>,
) -> Response {
    let done = async {
        let Json(told) =
            given.map_err(|rejection| Refused::Invalid(Say::same(rejection.body_text())))?;
        let by = visit.who.signs(&told.by);
        let drill = Drill { by, ..told };
        drill.check(visit.now)?;
        let ledger = &visit.room.desk.ledger;
        let entry = ledger.drill(&drill, &visit.who, &from.address).await?;
        let on = format!("{} ({})", drill.name, drill.outcome().en);
        let body = Json(json!({ "entry": entry }));
        Ok(affects((StatusCode::CREATED, body).into_response(), on))
    };
    let done: Result<Response, Refused> = done.await;
    done.unwrap_or_else(|refused| visit.refused(&refused))
}
