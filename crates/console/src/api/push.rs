//! `/metrics/job/NAME{/LABEL/VALUE}`: what a job pushes as it ends, under the paths of a Pushgateway.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{door::Push, reply::Visit};

pub(crate) async fn receive(
    Path(group): Path<String>,
    method: Method,
    visit: Visit,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let push = match method {
        Method::PUT => Push::Replace,
        Method::DELETE => Push::End,
        _ => Push::Merge,
    };
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let pushed = &visit.room.desk.pushed;
    let limit = pushed.body_max();
    let bytes = match visit.body(body, limit).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    match pushed.push(&group, push, kind, &bytes).await {
        // As the Pushgateway answers.
        Ok(()) if push == Push::End => StatusCode::ACCEPTED.into_response(),
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
