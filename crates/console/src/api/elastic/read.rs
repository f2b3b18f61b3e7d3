//! Reading records: walked in pages through the store's port, and one by its id.

use std::collections::HashSet;

use promise::{
    LogQuery, Timestamp,
    signal::{
        FieldValue, Fields,
        log_query::{End, Expr, Is, Range, Target, Test},
    },
};
use search::{Row, SourceFilter};
use serde_json::{Map, Value, json};
use store::{Record, logs::Search};

use super::{
    Ask,
    expression::resolve,
    problem::{Answer, Problem},
};
use axum::http::StatusCode;

/// Records that one request may walk past; more is asked in parts, by time.
const WALKED_MAX: usize = 20_000_000;
/// Documents of one `_mget`.
const DOCUMENTS_MAX: usize = 1_000;

/// A record as an answer shows it. `_id` stands among its fields where its sender gave it one.
pub(super) struct Doc<'r> {
    record: &'r Record,
    source: Map<String, Value>,
}

impl<'r> Doc<'r> {
    pub fn of(record: &'r Record) -> Self {
        let mut source = record.fields.clone();
        source.shift_remove("_id");
        Self { record, source }
    }
}

pub(super) fn id_of(record: &Record) -> String {
    match record.fields.get("_id") {
        Some(Value::String(id)) => id.clone(),
        _ => format!("{:032x}", record.id),
    }
}

impl Fields for Doc<'_> {
    fn any_value(&self, field: &str, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        self.record.any_value(field, test)
    }

    fn any_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.record.any_text(test)
    }

    fn has(&self, field: &str) -> bool {
        self.record.has(field)
    }
}

impl Row for Doc<'_> {
    fn index(&self) -> &str {
        &self.record.stream
    }

    fn id(&self) -> String {
        id_of(self.record)
    }

    fn source(&self) -> &Map<String, Value> {
        &self.source
    }
}

/// Which records: a query over some streams, and the time that it leaves.
#[derive(Debug, Clone)]
pub(super) struct Over {
    pub query: LogQuery,
    /// Exclusive.
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Over {
    pub fn new(query: &LogQuery, streams: &[String]) -> Self {
        let is = |stream: &String| {
            let is = Is {
                text: stream.clone(),
                folds: false,
                number: None,
                truth: None,
                time: None,
            };
            Expr::field("stream", Test::Is(is))
        };
        let among = Expr::any(streams.iter().map(is).collect());
        let (from, to) = span(query.expr());
        let text = format!("{} of {}", query.as_str(), streams.join(","));
        Self {
            query: LogQuery::of(text, Expr::every(vec![among, query.expr().clone()])),
            from,
            to,
        }
    }
}

/// The stretch of time outside of which nothing can be meant: exclusive, inclusive.
fn span(expr: &Expr) -> (Timestamp, Timestamp) {
    let (mut from, mut to) = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    match expr {
        Expr::Test(Target::Field(name), Test::Range(Range { low, high, .. }))
            if name == "@timestamp" =>
        {
            let time = |end: &Option<End>| end.as_ref().and_then(|end| end.time);
            // What is inclusive or not is told by the query itself; here a millisecond more does no harm.
            from = time(low).map_or(from, |at| {
                Timestamp::from_millis(at.as_millis().saturating_sub(1))
            });
            to = time(high).unwrap_or(to);
        }
        Expr::Bool(bool) => {
            for part in &bool.must {
                let (low, high) = span(part);
                (from, to) = (from.max(low), to.min(high));
            }
        }
        _ => {}
    }
    (from, to)
}

/// Gives every record to `each`, the oldest or the newest first, until it says no. Reads ahead by `page` records at first,
/// and by more the longer it goes on. Whether it never said no.
pub(super) async fn walk(
    ask: &Ask,
    over: &Over,
    newest_first: bool,
    page: usize,
    mut each: impl FnMut(&Record) -> Result<bool, Problem>,
) -> Result<bool, Problem> {
    let mut after = None;
    let mut walked = 0;
    let mut limit = page.clamp(1, Search::LIMIT_MAX);
    loop {
        let search = Search {
            query: over.query.clone(),
            from: over.from,
            to: over.to,
            newest_first,
            after,
            limit,
        };
        let page = ask.room.desk.logs.search(&search).await?;
        walked += page.len();
        if walked > WALKED_MAX {
            return Err(Problem::illegal(format!(
                "the request would read more than {WALKED_MAX} records: bound it by a range of @timestamp"
            )));
        }
        for record in &page {
            if !each(record)? {
                return Ok(false);
            }
        }
        match page.last().filter(|_| page.len() == limit) {
            Some(last) => after = Some((last.at, last.id)),
            None => return Ok(true),
        }
        limit = limit.saturating_mul(4).min(Search::LIMIT_MAX);
    }
}

fn is_id(id: &str) -> Expr {
    let is = Is {
        text: id.to_owned(),
        folds: false,
        number: None,
        truth: None,
        time: None,
    };
    Expr::field("_id", Test::Is(is))
}

/// Those of the ids that records of a stream have.
pub(super) async fn known(
    ask: &Ask,
    stream: &str,
    ids: &[&str],
) -> Result<HashSet<String>, Problem> {
    let mut known = HashSet::new();
    for ids in ids.chunks(DOCUMENTS_MAX) {
        let any = Expr::any(ids.iter().map(|id| is_id(id)).collect());
        let query = LogQuery::of(format!("_id:{}", ids.join(" or ")), any);
        let over = Over::new(&query, &[stream.to_owned()]);
        walk(ask, &over, true, ids.len(), |record| {
            known.insert(id_of(record));
            Ok(true)
        })
        .await?;
    }
    Ok(known)
}

async fn find(ask: &Ask, index: &str, id: &str) -> Result<Option<Record>, Problem> {
    let streams = resolve(ask, index).await?;
    let query = LogQuery::of(format!("_id:{id}"), is_id(id));
    let mut found = None;
    walk(ask, &Over::new(&query, &streams), false, 1, |record| {
        found = Some(record.clone());
        Ok(false)
    })
    .await?;
    Ok(found)
}

pub(super) async fn get(
    ask: &Ask,
    index: &str,
    id: &str,
    only_source: bool,
) -> Result<Answer, Problem> {
    let Some(record) = find(ask, index, id).await? else {
        return Ok(Answer::Json(
            StatusCode::NOT_FOUND,
            json!({ "_index": index, "_id": id, "found": false }),
        ));
    };
    let source = filter(ask).apply(Doc::of(&record).source());
    if only_source {
        return Ok(Value::Object(source).into());
    }
    Ok(json!({ "_index": record.stream, "_id": id, "_version": 1, "_seq_no": 0, "_primary_term": 1, "found": true, "_source": source }).into())
}

pub(super) async fn many(ask: &Ask) -> Result<Answer, Problem> {
    let body = ask.json()?;
    let default = ask
        .parts
        .first()
        .filter(|part| !part.starts_with('_'))
        .map(String::as_str);
    let docs = body["docs"]
        .as_array()
        .or_else(|| body["ids"].as_array())
        .filter(|docs| docs.len() <= DOCUMENTS_MAX);
    let Some(docs) = docs else {
        return Err(Problem::parsing(format!(
            "[docs] or [ids] must be a list of at most {DOCUMENTS_MAX}"
        )));
    };
    let mut shown = Vec::new();
    for doc in docs {
        let id = doc["_id"]
            .as_str()
            .or_else(|| doc.as_str())
            .unwrap_or_default();
        let Some(index) = doc["_index"].as_str().or(default) else {
            return Err(Problem::illegal("index is missing"));
        };
        shown.push(match find(ask, index, id).await? {
            Some(record) => json!({ "_index": index, "_id": id, "_version": 1, "found": true, "_source": Doc::of(&record).source() }),
            None => json!({ "_index": index, "_id": id, "found": false }),
        });
    }
    Ok(json!({ "docs": shown }).into())
}

/// The parts of records that the address asks for.
pub(super) fn filter(ask: &Ask) -> SourceFilter {
    let names = |name: &str| -> Vec<String> {
        // A client repeats the name, or writes several with commas.
        let all = ask.query.iter().filter(|(given, _)| given == name);
        all.flat_map(|(_, value)| value.split(',').map(str::to_owned))
            .filter(|name| !name.is_empty())
            .collect()
    };
    let mut filter = match ask.param("_source") {
        Some("false") => SourceFilter {
            none: true,
            ..SourceFilter::default()
        },
        Some("true") | None => SourceFilter::default(),
        Some(_) => SourceFilter {
            includes: names("_source"),
            ..SourceFilter::default()
        },
    };
    filter.includes.extend(names("_source_includes"));
    filter.excludes.extend(names("_source_excludes"));
    filter
}
