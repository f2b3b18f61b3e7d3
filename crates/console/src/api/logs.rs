//! `/api/v1/logs`: what a person may do to stored logs. Reading them is Elasticsearch's API.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt as _;
use promise::{LogQuery, Say, Timestamp, record::Scalar as _, say};
use serde::Deserialize;
use serde_json::json;
use store::logs::{Deletion, Hold};
use tokio::io::AsyncReadExt as _;

use crate::{
    access::affects,
    door::{Asked, Refused},
    reply::Visit,
};

/// A name, as people have them.
const NAME_BYTES_MAX: usize = 200;
/// What is read of a file before it is sent on.
const CHUNK_BYTES: usize = 256 << 10;

type Given<T> = Result<Json<T>, JsonRejection>;

/// Which records, asked by whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    query: String,
    /// Exclusive; from the beginning without it.
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    by: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Held {
    name: String,
    stream: String,
    from: Timestamp,
    to: Timestamp,
    by: String,
    reason: String,
}

impl Records {
    fn read(self, visit: &Visit) -> Result<(Deletion, Asked), Refused> {
        let deletion = Deletion {
            query: LogQuery::parse(&self.query).map_err(Refused::Invalid)?,
            from: self.from.unwrap_or(Timestamp::from_millis(i64::MIN)),
            to: self.to.unwrap_or(visit.now),
        };
        Ok((deletion, visit.asked(&self.by, self.reason)?))
    }
}

/// Whether log records may be deleted here at all.
pub(crate) fn deletes(visit: &Visit) -> Result<(), Refused> {
    if visit.room.desk.deletes {
        return Ok(());
    }
    Err(Refused::Conflict(say!(
        "deleting is not allowed: set `console.deletes: true` in the spec",
        "削除は許可されていません。仕様で `console.deletes: true` を指定してください"
    )))
}

/// What a handler does with a body that could be read.
fn body<T>(given: Given<T>) -> Result<T, Refused> {
    given
        .map(|Json(body)| body)
        .map_err(|rejection| Refused::Invalid(Say::same(rejection.body_text())))
}

fn answer(visit: &Visit, result: Result<Response, Refused>) -> Response {
    result.unwrap_or_else(|refused| visit.refused(&refused))
}

pub(crate) async fn delete(visit: Visit, given: Given<Records>) -> Response {
    let done = async {
        deletes(&visit)?;
        let (deletion, asked) = body(given)?.read(&visit)?;
        let query = deletion.query.as_str().to_owned();
        let (deleted, entry) = visit.room.desk.keeping.delete(deletion, &asked).await?;
        let (records, by_stream, held) = (deleted.records, deleted.by_stream, deleted.held);
        let told =
            json!({ "records": records, "by_stream": by_stream, "held": held, "entry": entry });
        Ok(affects(Json(told).into_response(), query))
    };
    answer(&visit, done.await)
}

pub(crate) async fn export(visit: Visit, given: Given<Records>) -> Response {
    let done = async {
        let (deletion, asked) = body(given)?.read(&visit)?;
        let query = deletion.query.as_str().to_owned();
        let file = visit.room.desk.keeping.export(deletion, &asked).await?;
        let file = tokio::fs::File::from_std(file);
        let chunks = futures::stream::unfold(file, |mut file| async {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            match (&mut file)
                .take(CHUNK_BYTES as u64)
                .read_to_end(&mut chunk)
                .await
            {
                Ok(0) => None,
                read => Some((read.map(|_| Bytes::from(chunk)), file)),
            }
        });
        let kind = [(header::CONTENT_TYPE, "application/vnd.apache.parquet")];
        // Whoever packs the answer asks once more after its end.
        let file = (kind, Body::from_stream(chunks.fuse())).into_response();
        Ok(affects(file, query))
    };
    answer(&visit, done.await)
}

pub(crate) async fn holds(visit: Visit) -> Response {
    let listed = listed(&visit).await;
    answer(
        &visit,
        listed.map(|holds| Json(json!({ "holds": holds })).into_response()),
    )
}

/// The legal holds there are.
pub(crate) async fn listed(visit: &Visit) -> Result<Vec<Hold>, Refused> {
    let holds = visit.room.desk.logs.holds().await;
    holds.map_err(|error| match error {
        store::Error::Unsupported(_) => Refused::Conflict(say!(
            "where these logs are stored nothing can be held",
            "このログの保存先では証拠保全を設定できません"
        )),
        error => Refused::Internal(error.to_string()),
    })
}

/// Sets a hold that makes sense.
pub(crate) async fn set(visit: &Visit, hold: Hold, asked: &Asked) -> Result<(), Refused> {
    if hold.name.trim().is_empty() || hold.to < hold.from {
        return Err(Refused::Invalid(say!(
            "a hold has a name, and ends after it begins",
            "証拠保全には名前が必要で、終わりは始まりより後でなければなりません"
        )));
    }
    if hold.name.len() > NAME_BYTES_MAX {
        return Err(Refused::TooLarge {
            what: "name",
            limit: NAME_BYTES_MAX,
        });
    }
    visit.room.desk.keeping.hold(hold, asked).await
}

pub(crate) async fn hold(visit: Visit, given: Given<Held>) -> Response {
    let done = async {
        let held = body(given)?;
        let asked = visit.asked(&held.by, held.reason)?;
        let name = held.name.clone();
        let hold = Hold {
            name: held.name,
            stream: held.stream,
            from: held.from,
            to: held.to,
        };
        set(&visit, hold, &asked).await?;
        Ok(affects(StatusCode::NO_CONTENT.into_response(), name))
    };
    answer(&visit, done.await)
}

pub(crate) async fn release(
    Path(name): Path<String>,
    visit: Visit,
    given: Given<Asked>,
) -> Response {
    let done = async {
        let Asked { by, reason } = body(given)?;
        let asked = visit.asked(&by, reason)?;
        visit.room.desk.keeping.release(&name, &asked).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    answer(&visit, done.await)
}

pub(crate) async fn seal(visit: Visit) -> Response {
    match visit.room.desk.keeping.seal().await {
        Ok(round) => Json(round).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
