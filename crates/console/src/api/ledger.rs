//! `/api/v1/ledger`: entries, the checkpoint, and proofs that a third party can check without us.

use axum::{
    Json,
    extract::{Path, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use promise::{Say, say};
use serde::Deserialize;
use serde_json::json;

use crate::{
    api::logs::deletes,
    door::{Asked, Erased, Refused},
    reply::Visit,
};

/// One answer's worth of entries; `before` asks for the next.
const ENTRIES_MAX: usize = 500;
const ENTRIES_DEFAULT: usize = 50;

pub(crate) async fn checkpoint(visit: Visit) -> Response {
    match visit.room.desk.ledger.checkpoint().await {
        Ok(checkpoint) => Json(checkpoint).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn witnesses(visit: Visit) -> Response {
    let witnesses = visit.room.desk.ledger.witnesses();
    Json(json!({ "witnesses": witnesses })).into_response()
}

pub(crate) async fn entries(visit: Visit) -> Response {
    let before = match number(&visit, "before") {
        Ok(before) => before,
        Err(refused) => return visit.refused(&refused),
    };
    let limit = match number(&visit, "limit") {
        Ok(limit) => limit
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(ENTRIES_DEFAULT)
            .clamp(1, ENTRIES_MAX),
        Err(refused) => return visit.refused(&refused),
    };
    match visit
        .room
        .desk
        .ledger
        .entries(before, visit.param("kind"), limit)
        .await
    {
        Ok(entries) => Json(json!({ "entries": entries })).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

/// Whose name or address goes, asked by whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erasing {
    pub(crate) value: String,
    /// Whether log records that hold it are deleted with it.
    #[serde(default)]
    pub(crate) logs: bool,
    pub(crate) by: String,
    pub(crate) reason: String,
}

pub(crate) async fn erase(visit: Visit, given: Result<Json<Erasing>, JsonRejection>) -> Response {
    let done = async {
        let Json(given) =
            given.map_err(|rejection| Refused::Invalid(Say::same(rejection.body_text())))?;
        let asked = visit.asked(&given.by, given.reason)?;
        let erased = erased(&visit, &given.value, given.logs, &asked).await?;
        Ok(Json(erased).into_response())
    };
    let done: Result<Response, Refused> = done.await;
    done.unwrap_or_else(|refused| visit.refused(&refused))
}

/// Erases a value; whoever wants log records to go with it may do so only where records may be deleted at all.
pub(crate) async fn erased(
    visit: &Visit,
    value: &str,
    logs: bool,
    asked: &Asked,
) -> Result<Erased, Refused> {
    if value.trim().is_empty() {
        return Err(Refused::Invalid(say!(
            "say whose name or address is to be erased (`value`)",
            "消去する氏名かアドレスを指定してください(`value`)"
        )));
    }
    if logs {
        deletes(visit)?;
    }
    visit.room.desk.ledger.erase(value, logs, asked).await
}

pub(crate) async fn prune(visit: Visit, given: Result<Json<Asked>, JsonRejection>) -> Response {
    let done = async {
        let Json(Asked { by, reason }) =
            given.map_err(|rejection| Refused::Invalid(Say::same(rejection.body_text())))?;
        let asked = visit.asked(&by, reason)?;
        let entries = visit.room.desk.ledger.prune(&asked).await?;
        Ok(Json(json!({ "entries": entries })).into_response())
    };
    let done: Result<Response, Refused> = done.await;
    done.unwrap_or_else(|refused| visit.refused(&refused))
}

fn number(visit: &Visit, name: &str) -> Result<Option<u64>, Refused> {
    let wrong = |_| {
        Refused::Invalid(say!(
            "`{name}` is not a whole number",
            "`{name}` は整数ではありません"
        ))
    };
    visit.param(name).map(str::parse).transpose().map_err(wrong)
}

fn missing(index: &str) -> Say {
    say!(
        "the ledger has no entry {index}",
        "台帳に記録 {index} はありません"
    )
}

pub(crate) async fn entry(Path(index): Path<String>, visit: Visit) -> Response {
    let Ok(number) = index.parse() else {
        return visit.missing(&missing(&index));
    };
    match visit.room.desk.ledger.entry(number).await {
        Ok(Some(entry)) => Json(entry).into_response(),
        Ok(None) => visit.missing(&missing(&index)),
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn inclusion(Path(index): Path<String>, visit: Visit) -> Response {
    let Ok(number) = index.parse::<u64>() else {
        return visit.missing(&missing(&index));
    };
    let ledger = &visit.room.desk.ledger;
    let (entry, checkpoint) = match (ledger.entry(number).await, ledger.checkpoint().await) {
        (Ok(Some(entry)), Ok(checkpoint)) => (entry, checkpoint),
        (Ok(None), _) => return visit.missing(&missing(&index)),
        (Err(refused), _) | (_, Err(refused)) => return visit.refused(&refused),
    };
    if number >= checkpoint.size {
        let why = say!(
            "no signed checkpoint covers it yet",
            "まだ署名付きチェックポイントに含まれていません"
        );
        return visit.refused(&Refused::Conflict(why));
    }
    match ledger.inclusion(number, checkpoint.size).await {
        Ok(hashes) => Json(json!({
            "index": number,
            "leaf": entry.leaf,
            "size": checkpoint.size,
            "root": checkpoint.root,
            "hashes": hashes,
            "checkpoint": checkpoint.note,
        }))
        .into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
