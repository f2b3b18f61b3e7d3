//! `/api/v1/incidents`: what people do about incidents; `/api/v1/checklists`: what they go through; both for programs.

use axum::{
    Json,
    extract::{Path, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promise::{Lang, Say, say};
use respond::{
    checklist::{Signing, Ticking},
    incident::{deed::Opening, figures::By},
};
use serde_json::{Value, json};
use spec::section::on_call::Day;

use crate::{
    page::{case, figures::promised},
    reply::Visit,
};

type Body<T> = Result<Json<T>, JsonRejection>;

fn rejected(visit: &Visit, rejection: &JsonRejection) -> Response {
    visit.problem(rejection.status(), &Say::same(rejection.body_text()))
}

pub(crate) async fn open(visit: Visit, body: Body<Opening>) -> Response {
    match body {
        Ok(Json(opening)) => match visit
            .room
            .desk
            .cases
            .open(case::signed(&visit, opening))
            .await
        {
            Ok(id) => (StatusCode::CREATED, Json(json!({ "id": id }))).into_response(),
            Err(refused) => visit.refused(&refused),
        },
        Err(rejection) => rejected(&visit, &rejection),
    }
}

pub(crate) async fn act(Path(id): Path<String>, visit: Visit, body: Body<Value>) -> Response {
    match body {
        Ok(Json(body)) => match case::done(&visit, &id, body).await {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(refused) => visit.refused(&refused),
        },
        Err(rejection) => rejected(&visit, &rejection),
    }
}

pub(crate) async fn dossier(Path(id): Path<String>, visit: Visit) -> Response {
    match visit.room.desk.cases.dossier(&id).await {
        Ok(Some(dossier)) => {
            let mut body = json!(dossier);
            body["time_zone"] = json!(visit.board.time_zone);
            Json(body).into_response()
        }
        Ok(None) => visit.missing(&say!(
            "there is no incident {id}",
            "インシデント {id} はありません"
        )),
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn figures(visit: Visit) -> Response {
    let by = visit.param("by").and_then(By::named).unwrap_or(By::Each);
    let rows = visit.room.desk.cases.figures(by);
    let promises = promised(&visit).map(|row| {
        let (verdict, name) = (&row.verdict, |lang| row.promise.name(lang));
        json!({
            "id": row.promise.id,
            "name": Say::new(name(Lang::En), name(Lang::Ja)),
            "state": verdict.state,
            "reason": verdict.reason.say(),
            "entry": row.entry,
        })
    });
    let promises: Vec<Value> = promises.collect();
    Json(json!({ "version": 1, "rows": rows, "promises": promises })).into_response()
}

pub(crate) async fn today(visit: Visit) -> Response {
    let lists = visit.room.desk.checklists.names();
    match visit.room.desk.checklists.today().await {
        Ok(sheets) => {
            Json(json!({ "version": 1, "lists": lists, "sheets": sheets })).into_response()
        }
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn month(Path(list): Path<String>, visit: Visit) -> Response {
    let month = visit.param("month").map(|month| format!("{month}-01"));
    let today = visit.now.to_zoned(&visit.zone()).date();
    let day = month.and_then(|text| text.parse().ok()).unwrap_or(today);
    match visit.room.desk.checklists.month(&list, Day(day)).await {
        Ok(sheets) => Json(json!({ "version": 1, "sheets": sheets })).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

pub(crate) async fn tick(Path(list): Path<String>, visit: Visit, body: Body<Ticking>) -> Response {
    match body {
        Ok(Json(mut ticking)) => {
            ticking.by = visit.who.signs(&ticking.by);
            match visit.room.desk.checklists.tick(&list, ticking).await {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(refused) => visit.refused(&refused),
            }
        }
        Err(rejection) => rejected(&visit, &rejection),
    }
}

pub(crate) async fn sign(Path(list): Path<String>, visit: Visit, body: Body<Signing>) -> Response {
    match body {
        Ok(Json(mut signing)) => {
            signing.by = visit.who.signs(&signing.by);
            match visit.room.desk.checklists.sign(&list, signing).await {
                Ok(sheet) => Json(sheet).into_response(),
                Err(refused) => visit.refused(&refused),
            }
        }
        Err(rejection) => rejected(&visit, &rejection),
    }
}
