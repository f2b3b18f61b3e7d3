//! Writing: `_bulk`, and one document at a time.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use store::logs::Deletion;

use super::{
    Ask,
    catalog::Catalog,
    expression::resolve,
    problem::{Answer, Problem},
    read::Over,
};
use crate::door::{Asked, Document, Fate};

/// One of a bulk; a body within its bound holds no more that mean something.
const ITEMS_MAX: usize = 100_000;

/// One line pair of a bulk.
struct Item {
    op: &'static str,
    index: Arc<str>,
    id: Option<String>,
    /// Taken once they are stored. Or why it is not one.
    fields: Result<Map<String, Value>, Problem>,
}

pub(super) async fn many(ask: &Ask, index: Option<&str>) -> Result<Answer, Problem> {
    let started = ask.room.desk.clock.now();
    let mut items = items(ask, index)?;
    let fates = write(ask, &mut items).await?;
    let mut errors = false;
    let shown: Vec<Value> = items
        .into_iter()
        .zip(fates)
        .map(|(item, fate)| {
            let op = item.op.to_owned();
            let problem = fate.as_ref().err().map(Problem::to_json);
            let mut result = shown(item, fate);
            if let Some(mut problem) = problem {
                errors = true;
                let mut error = problem["error"].take();
                error
                    .as_object_mut()
                    .map(|error| error.remove("root_cause"));
                result.insert("error".to_owned(), error);
            }
            Value::Object(Map::from_iter([(op, Value::Object(result))]))
        })
        .collect();
    let took = ask.room.desk.clock.now().since(started).as_millis();
    let took = u64::try_from(took).unwrap_or(u64::MAX);
    // Moved, and not through `json!`, which copies what it is given: thousands of items are most of the work.
    Ok(Value::Object(Map::from_iter([
        ("took".to_owned(), took.into()),
        ("errors".to_owned(), errors.into()),
        ("items".to_owned(), Value::Array(shown)),
    ]))
    .into())
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
            index: target.unwrap_or_default().into(),
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
async fn write(ask: &Ask, items: &mut [Item]) -> Result<Vec<Result<Fate, Problem>>, Problem> {
    let mut fates: Vec<Option<Result<Fate, Problem>>> = Vec::new();
    let mut by_index: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
    for (i, item) in items.iter().enumerate() {
        fates.push(
            item.fields
                .as_ref()
                .err()
                .map(|problem| Err(problem.clone())),
        );
        if item.fields.is_ok() {
            by_index.entry(item.index.clone()).or_default().push(i);
        }
    }
    for (index, places) in by_index {
        let taken = made(ask, &index).await;
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
        let mut known = known(ask, &target, places.iter().map(|i| &items[*i])).await?;
        for i in places {
            let item = &mut items[i];
            let only_new = item.id.clone().filter(|_| item.op == "create");
            if let Some(id) = only_new.as_ref().filter(|id| known.contains(*id)) {
                fates[i] = Some(Err(conflict(id)));
                continue;
            }
            let Ok(fields) = &mut item.fields else {
                continue;
            };
            match mapping.refuses(fields) {
                Some(why) => fates[i] = Some(Err(unreadable(&why))),
                None => {
                    kept.push(i);
                    known.extend(only_new);
                    documents.push(Document {
                        id: item.id.clone(),
                        fields: std::mem::take(fields),
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

/// The ids that are taken, of those for which a document must be the first.
async fn known(
    ask: &Ask,
    stream: &str,
    items: impl Iterator<Item = &Item>,
) -> Result<HashSet<String>, Problem> {
    let items = items.filter(|item| item.op == "create");
    let ids: Vec<&str> = items.filter_map(|item| item.id.as_deref()).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    super::read::known(ask, stream, &ids).await
}

fn conflict(id: &str) -> Problem {
    let why = format!("[{id}]: version conflict, document already exists (current version [1])");
    Problem::new(
        StatusCode::CONFLICT,
        "version_conflict_engine_exception",
        why,
    )
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

fn shown(item: Item, fate: Result<Fate, Problem>) -> Map<String, Value> {
    let is_taken = fate.is_ok();
    let (id, status, result) = match fate {
        Ok(Fate::Stored(id)) => (Some(id), 201, "created"),
        Ok(Fate::Refused(_)) => (None, 400, "noop"),
        Err(problem) => (None, problem.status.as_u16(), "noop"),
    };
    let mut shown = Map::from_iter([
        ("_index".to_owned(), Value::from(&*item.index)),
        ("_id".to_owned(), id.or(item.id).into()),
        ("status".to_owned(), status.into()),
    ]);
    if is_taken {
        let shards = [("total", 1), ("successful", 1), ("failed", 0)];
        let shards = shards.map(|(name, count)| (name.to_owned(), Value::from(count)));
        shown.extend([
            ("_version".to_owned(), Value::from(1)),
            ("result".to_owned(), result.into()),
            ("_shards".to_owned(), Value::Object(Map::from_iter(shards))),
            ("_seq_no".to_owned(), 0.into()),
            ("_primary_term".to_owned(), 1.into()),
        ]);
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
    let mut item = Item {
        op,
        index: index.into(),
        id: id.map(str::to_owned),
        fields: Ok(fields),
    };
    let fate = write(ask, std::slice::from_mut(&mut item))
        .await?
        .swap_remove(0)?;
    let mut body = shown(item, Ok(fate));
    body.remove("status");
    Ok(Answer::Json(StatusCode::CREATED, Value::Object(body)))
}

/// `POST index/_delete_by_query`: for good, with an entry of the ledger. What is held stays, and is told as a conflict.
pub(super) async fn delete(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    if !ask.room.desk.deletes {
        return Err(Problem::illegal(
            "deleting is not allowed: set [console.deletes: true] in the spec",
        ));
    }
    let started = ask.room.desk.clock.now();
    let streams = resolve(ask, index).await?;
    if ask.param("q").is_none() && ask.json()?.get("query").is_none() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "action_request_validation_exception",
            "Validation Failed: 1: query is missing;",
        ));
    }
    let query = super::search::query_of(ask, &streams).await?;
    let over = Over::new(&query, &streams);
    let deletion = Deletion {
        query: over.query,
        from: over.from,
        to: over.to,
    };
    // The clients of others cannot say why: then their request stands in the place of a reason.
    let asked = ask.said.clone().unwrap_or_else(|| Asked {
        by: ask.who.name.clone(),
        reason: format!("{} {}", ask.method, ask.uri),
    });
    asked.check()?;
    let (deleted, _) = ask.room.desk.keeping.delete(deletion, &asked).await?;
    let took = ask.room.desk.clock.now().since(started).as_millis();
    Ok(json!({
        "took": u64::try_from(took).unwrap_or(u64::MAX), "timed_out": false, "total": deleted.records + deleted.held,
        "deleted": deleted.records, "batches": 1, "version_conflicts": deleted.held, "noops": 0,
        "retries": { "bulk": 0, "search": 0 }, "throttled_millis": 0, "requests_per_second": -1.0,
        "throttled_until_millis": 0, "failures": [],
    })
    .into())
}

pub(super) fn refused(ask: &Ask, index: &str, id: &str) -> Result<Answer, Problem> {
    let _ = (index, id);
    Err(immutable(&ask.method.as_str().to_ascii_lowercase()))
}
