//! Writing: `_bulk`, and one document at a time.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Ask,
    catalog::Catalog,
    problem::{Answer, Problem},
};
use crate::door::{Document, Fate};

/// One of a bulk; a body within its bound holds no more that mean something.
const ITEMS_MAX: usize = 100_000;

/// One line pair of a bulk.
struct Item {
    op: &'static str,
    index: String,
    id: Option<String>,
    /// Or why it is not one.
    fields: Result<Map<String, Value>, Problem>,
}

pub(super) async fn many(ask: &Ask, index: Option<&str>) -> Result<Answer, Problem> {
    let started = ask.room.desk.clock.now();
    let items = items(ask, index)?;
    let fates = write(ask, &items).await?;
    let mut errors = false;
    let shown: Vec<Value> = items
        .iter()
        .zip(fates)
        .map(|(item, fate)| {
            let mut result = shown(item, &fate);
            if let Err(problem) = &fate {
                errors = true;
                let mut error = problem.to_json()["error"].clone();
                error
                    .as_object_mut()
                    .map(|error| error.remove("root_cause"));
                result["error"] = error;
            }
            json!({ item.op: result })
        })
        .collect();
    let took = ask.room.desk.clock.now().since(started).as_millis();
    Ok(json!({ "took": u64::try_from(took).unwrap_or(u64::MAX), "errors": errors, "items": shown }).into())
}

fn items(ask: &Ask, index: Option<&str>) -> Result<Vec<Item>, Problem> {
    let lines = ask
        .body
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii);
    let mut lines = lines.enumerate().filter(|(_, line)| !line.is_empty());
    let mut items = Vec::new();
    let (mut missing, mut count) = (Vec::new(), 0);
    while let Some((at, line)) = lines.next() {
        let malformed = |why: &str| {
            Problem::illegal(format!(
                "Malformed action/metadata line [{}], {why}",
                at + 1
            ))
        };
        let action: Value = serde_json::from_slice(line)
            .map_err(|error| malformed(&format!("it is not JSON: {error}")))?;
        let one = action
            .as_object()
            .filter(|object| object.len() == 1)
            .and_then(|object| object.iter().next());
        let Some((name, meta)) = one else {
            return Err(malformed("expected one of [create, delete, index, update]"));
        };
        let op = match name.as_str() {
            "index" => "index",
            "create" => "create",
            "delete" => "delete",
            "update" => "update",
            other => {
                return Err(malformed(&format!(
                    "expected field [create], [delete], [index] or [update] but found [{other}]"
                )));
            }
        };
        count += 1;
        let text = |key: &str| meta.get(key).and_then(Value::as_str).map(str::to_owned);
        let target = text("_index")
            .or_else(|| index.map(str::to_owned))
            .filter(|name| !name.is_empty());
        if target.is_none() {
            missing.push(format!("{count}: index is missing;"));
        }
        let mut item = Item {
            op,
            index: target.unwrap_or_default(),
            id: text("_id").filter(|id| !id.is_empty()),
            fields: Ok(Map::new()),
        };
        if op != "delete" {
            let Some((_, line)) = lines.next() else {
                return Err(Problem::illegal(
                    "The bulk request must be terminated by a newline [\\n]: the last action has no document",
                ));
            };
            item.fields = match serde_json::from_slice(line) {
                Ok(Value::Object(fields)) => Ok(fields),
                Ok(_) => Err(unreadable("failed to parse: a document is an object")),
                Err(error) => Err(unreadable(&format!("failed to parse: {error}"))),
            };
        }
        if matches!(op, "delete" | "update") {
            item.fields = Err(immutable(op));
        }
        items.push(item);
        if items.len() > ITEMS_MAX {
            return Err(Problem::illegal(format!(
                "a bulk of more than {ITEMS_MAX} items: send smaller ones"
            )));
        }
    }
    if !missing.is_empty() {
        let reason = format!("Validation Failed: {}", missing.join(""));
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "action_request_validation_exception",
            reason,
        ));
    }
    if items.is_empty() {
        return Err(Problem::parsing("request body is required"));
    }
    Ok(items)
}

fn unreadable(why: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "document_parsing_exception", why)
}

fn immutable(op: &str) -> Problem {
    Problem::illegal(format!(
        "[{op}] is refused: log records never change once they are stored; retention removes them by age"
    ))
}

/// Stores what can be stored, an index at a time, and tells the fate of each item.
async fn write(ask: &Ask, items: &[Item]) -> Result<Vec<Result<Fate, Problem>>, Problem> {
    let mut fates: Vec<Option<Result<Fate, Problem>>> = Vec::new();
    let mut by_index: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, item) in items.iter().enumerate() {
        fates.push(
            item.fields
                .as_ref()
                .err()
                .map(|problem| Err(problem.clone())),
        );
        if item.fields.is_ok() {
            by_index.entry(&item.index).or_default().push(i);
        }
    }
    for (index, places) in by_index {
        let taken = made(ask, index).await;
        let target = match taken {
            Ok(target) => target,
            Err(problem) => {
                places
                    .iter()
                    .for_each(|i| fates[*i] = Some(Err(problem.clone())));
                continue;
            }
        };
        let mapping = Catalog::of(&ask.room).await?.mapping(&target);
        let (mut documents, mut kept) = (Vec::new(), Vec::new());
        for i in places {
            let Ok(fields) = &items[i].fields else {
                continue;
            };
            match mapping.refuses(fields) {
                Some(why) => fates[i] = Some(Err(unreadable(&why))),
                None => {
                    kept.push(i);
                    documents.push(Document {
                        id: items[i].id.clone(),
                        fields: fields.clone(),
                    });
                }
            }
        }
        match ask.room.desk.documents.take(&target, documents).await {
            Ok(results) => {
                for (i, fate) in kept.into_iter().zip(results) {
                    fates[i] = Some(settled(fate));
                }
            }
            Err(refused) => {
                let problem = Problem::from(refused);
                kept.into_iter()
                    .for_each(|i| fates[i] = Some(Err(problem.clone())));
            }
        }
    }
    let lost = || Err(Problem::illegal("the document was not taken"));
    Ok(fates
        .into_iter()
        .map(|fate| fate.unwrap_or_else(lost))
        .collect())
}

fn settled(fate: Fate) -> Result<Fate, Problem> {
    match fate {
        Fate::Refused(why) => Err(unreadable(&why.en)),
        fate => Ok(fate),
    }
}

/// The stream behind an index; it comes to be by its first document, where a source of the spec takes it.
async fn made(ask: &Ask, index: &str) -> Result<String, Problem> {
    let catalog = Catalog::of(&ask.room).await?;
    let behind: Vec<String> = catalog.aliased(|alias| alias == index).collect();
    let target = match behind.as_slice() {
        [] => index.to_owned(),
        [one] => one.clone(),
        many => {
            let writes = |name: &&String| {
                catalog
                    .aliases(name)
                    .get(index)
                    .is_some_and(|alias| alias["is_write_index"] == true)
            };
            match many.iter().find(writes) {
                Some(target) => target.clone(),
                None => {
                    return Err(Problem::illegal(format!(
                        "no write index is defined for alias [{index}]"
                    )));
                }
            }
        }
    };
    super::index::ensure(ask, &catalog, &target).await?;
    Ok(target)
}

fn shown(item: &Item, fate: &Result<Fate, Problem>) -> Value {
    let (id, status, result) = match fate {
        Ok(Fate::Stored(id)) => (Some(id), 201, "created"),
        Ok(Fate::Refused(_)) => (None, 400, "noop"),
        Err(problem) => (None, problem.status.as_u16(), "noop"),
    };
    let id = id.or(item.id.as_ref());
    let mut shown = json!({ "_index": item.index, "_id": id, "status": status });
    if fate.is_ok() {
        for (key, value) in [
            ("_version", json!(1)),
            ("result", json!(result)),
            (
                "_shards",
                json!({ "total": 1, "successful": 1, "failed": 0 }),
            ),
            ("_seq_no", json!(0)),
            ("_primary_term", json!(1)),
        ] {
            shown[key] = value;
        }
    }
    shown
}

/// `PUT index/_doc/id`, `POST index/_doc`, `PUT index/_create/id`.
pub(super) async fn one(
    ask: &Ask,
    index: &str,
    id: Option<&str>,
    must_be_new: bool,
) -> Result<Answer, Problem> {
    let Value::Object(fields) = ask.json()? else {
        return Err(Problem::parsing("request body is required"));
    };
    let must_be_new = must_be_new || ask.param("op_type") == Some("create");
    let op = if must_be_new { "create" } else { "index" };
    let item = Item {
        op,
        index: index.to_owned(),
        id: id.map(str::to_owned),
        fields: Ok(fields),
    };
    let fate = write(ask, std::slice::from_ref(&item))
        .await?
        .swap_remove(0);
    let mut body = shown(&item, &fate);
    fate?;
    body.as_object_mut().map(|body| body.remove("status"));
    Ok(Answer::Json(StatusCode::CREATED, body))
}

pub(super) fn refused(ask: &Ask, index: &str, id: &str) -> Result<Answer, Problem> {
    let _ = (index, id);
    Err(immutable(&ask.method.as_str().to_ascii_lowercase()))
}
