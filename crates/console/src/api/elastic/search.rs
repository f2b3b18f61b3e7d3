//! Searching: `_search`, `_msearch`, `_count`, `_validate/query`.

use promise::{LogQuery, Timestamp, signal::log_query::Expr};
use search::{
    Collector, Key, Reader, Request, Row, Sort, SortField, SourceFilter, TotalHits, query_string,
};
use serde_json::{Map, Value, json};
use store::{Record, logs::Search};

use super::{
    Ask,
    catalog::Catalog,
    expansion::expand,
    expression::{resolve, resolve_with},
    problem::{Answer, Problem},
    read::{Doc, Over, filter, walk},
    scroll, sums,
};

/// Searches of one `_msearch`.
const SEARCHES_MAX: usize = 256;

/// Where a page ended: the keys of its last hit, and what tells hits of equal keys apart.
pub(super) type Place = (Vec<Key>, Timestamp, u128);

pub(super) async fn search(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let mut body = ask.json()?;
    let pit = body["pit"]["id"].as_str().map(str::to_owned);
    let (streams, until) = match &pit {
        Some(id) => scroll::opened(id)?,
        None => (resolve(ask, index).await?, None),
    };
    by_address(ask, &mut body)?;
    let scrolls = ask.param("scroll").is_some();
    if scrolls && body["size"] == 0 {
        return Err(Problem::illegal("[size] cannot be [0] in a scroll context"));
    }
    let mut answer = Found::search(ask, &streams, &body, until, None).await?;
    if let Some(id) = pit {
        answer.json["pit_id"] = id.into();
    }
    if scrolls {
        answer.json["_scroll_id"] = scroll::id(&streams, &body, &answer)?.into();
    }
    Ok(answer.json.into())
}

/// What stands in the address goes before what stands in the body.
fn by_address(ask: &Ask, body: &mut Value) -> Result<(), Problem> {
    if body.is_null() {
        *body = json!({});
    }
    let Some(object) = body.as_object_mut() else {
        return Err(Problem::parsing(
            "Expected [START_OBJECT] as the body of a search",
        ));
    };
    for name in ["size", "from"] {
        if let Some(value) = ask.param(name) {
            let Ok(number) = value.parse::<u64>() else {
                return Err(Problem::illegal(format!(
                    "Failed to parse int parameter [{name}] with value [{value}]"
                )));
            };
            object.insert(name.to_owned(), number.into());
        }
    }
    if let Some(sort) = ask.param("sort") {
        object.insert(
            "sort".to_owned(),
            sort.split(',').map(Value::from).collect(),
        );
    }
    if let Some(track) = ask.param("track_total_hits") {
        let value = track
            .parse::<u64>()
            .map_or(Value::Bool(track != "false"), Value::from);
        object.insert("track_total_hits".to_owned(), value);
    }
    if let Some(text) = ask.param("q") {
        let mut query = json!({ "query": text });
        for (given, name) in [
            ("default_operator", "default_operator"),
            ("df", "default_field"),
            ("lenient", "lenient"),
        ] {
            if let Some(value) = ask.param(given) {
                query[name] = value.into();
            }
        }
        object.insert("query".to_owned(), json!({ "query_string": query }));
    }
    Ok(())
}

/// An answer, and where it ended.
pub(super) struct Found {
    pub json: Value,
    pub last: Option<Place>,
}

/// A hit on its way to be shown.
struct Hit {
    place: Place,
    json: Value,
}

impl Found {
    /// `after` continues a scroll.
    pub async fn search(
        ask: &Ask,
        streams: &[String],
        body: &Value,
        until: Option<Timestamp>,
        after: Option<Place>,
    ) -> Result<Self, Problem> {
        let now = ask.room.desk.clock.now();
        let mapping = Catalog::of(&ask.room).await?.merged(streams);
        let body = expand(ask, streams, body).await?;
        let request = Request::read(&body, &mapping, now)?;
        let mut over = Over::new(&request.query, streams);
        over.to = over.to.min(until.unwrap_or(over.to));
        let mut source = filter(ask);
        if source.includes.is_empty() && source.excludes.is_empty() && !source.none {
            source = request.source.clone();
        }
        let keep = request.from + request.size;
        let mut collector = Collector::new(&request.aggregations);
        let columns = request.aggregations.fields();
        if let (false, Some(columns)) = (request.aggregations.is_empty(), &columns) {
            sums::add(ask, &over, columns, &mut collector).await?;
        }
        let sums_records = columns.is_none();
        let order = ByTime::of(&request.sort).filter(|_| !sums_records);
        let mut narrowed = over.clone();
        if let Some(order) = &order {
            order.narrow(&mut narrowed, after.as_ref(), request.after.as_ref());
        }
        let mut hits: Vec<Hit> = Vec::new();
        let mut total: u64 = 0;
        let descends = order.as_ref().is_some_and(|order| order.descends);
        let page = if order.is_some() {
            keep + 1
        } else {
            Search::LIMIT_MAX
        };
        let each = |record: &Record| {
            let doc = Doc::of(record);
            if sums_records {
                collector.add(&doc, record.at)?;
            }
            let filter = request.post_filter.as_ref();
            if filter.is_some_and(|filter| !record.matches(filter)) {
                return Ok(true);
            }
            total += 1;
            let place = (request.sort.keys(&doc, record.at), record.at, record.id);
            let is_before = request
                .after
                .as_ref()
                .is_some_and(|after| request.sort.compare(&place.0, after).is_le())
                || after
                    .as_ref()
                    .is_some_and(|after| compare(&request.sort, &place, after).is_le());
            if is_before || keep == 0 {
                return Ok(true);
            }
            insert(&mut hits, &request.sort, keep, place, |keys| {
                shown(&doc, &request, &source, keys)
            });
            // Of one instant all are looked at, since their order is that of their ids.
            let is_full =
                hits.len() == keep && hits.last().is_some_and(|last| last.place.1 != record.at);
            Ok(!(order.is_some() && is_full))
        };
        let mut is_counted = false;
        if keep > 0 || sums_records {
            let is_whole = walk(ask, &narrowed, descends, page, each).await?;
            // What a page before has shown was not walked past.
            is_counted = is_whole && after.is_none() && request.after.is_none();
        }
        if !is_counted
            && (order.is_some() || keep == 0 && !sums_records)
            && !matches!(request.total_hits, TotalHits::None)
        {
            let query = match &request.post_filter {
                None => over.query.clone(),
                Some(filter) => both(&over.query, filter),
            };
            let logs = &ask.room.desk.logs;
            total = logs.count(&query, over.from, over.to).await?;
        }
        let last = hits.last().map(|hit| hit.place.clone());
        let took = ask.room.desk.clock.now().since(now).as_millis();
        let shown: Vec<Value> = hits
            .into_iter()
            .skip(request.from)
            .map(|hit| hit.json)
            .collect();
        let scored = request.sort.0.is_empty() && !shown.is_empty();
        let mut inner = Map::new();
        match request.total_hits {
            TotalHits::None => {}
            TotalHits::UpTo(most) if total > most => {
                inner.insert(
                    "total".to_owned(),
                    json!({ "value": most, "relation": "gte" }),
                );
            }
            _ => {
                inner.insert(
                    "total".to_owned(),
                    json!({ "value": total, "relation": "eq" }),
                );
            }
        }
        inner.insert(
            "max_score".to_owned(),
            if scored { json!(1.0) } else { Value::Null },
        );
        inner.insert("hits".to_owned(), shown.into());
        let mut json = json!({
            "took": u64::try_from(took).unwrap_or(u64::MAX), "timed_out": false,
            "_shards": { "total": streams.len(), "successful": streams.len(), "skipped": 0, "failed": 0 },
            "hits": inner,
        });
        // As Elasticsearch, which has nowhere to take sums from when there is no index.
        if !request.aggregations.is_empty() && !streams.is_empty() {
            json["aggregations"] = collector.finish()?;
        }
        Ok(Self { json, last })
    }
}

/// An order that is the one in which records lie, so that the first ones are found without reading the rest.
struct ByTime {
    descends: bool,
}

impl ByTime {
    fn of(sort: &Sort) -> Option<Self> {
        let descends = sort.0.first().is_some_and(|field| field.descends);
        let is_time = |field: &SortField| {
            field.descends == descends
                && (matches!(field.name.as_str(), "@timestamp" | "_doc" | "_shard_doc")
                    || field.is_by_arrival() && !descends)
        };
        sort.0.iter().all(is_time).then_some(Self { descends })
    }

    /// Leaves out what a page before has shown.
    fn narrow(&self, over: &mut Over, after: Option<&Place>, keys: Option<&Vec<Key>>) {
        let place = after.map(|(_, at, _)| at.as_millis());
        #[allow(clippy::cast_possible_truncation)]
        let key = keys.and_then(|keys| match keys.first() {
            Some(Key::Number(n)) => Some(*n as i64),
            _ => None,
        });
        let Some(at) = place.or(key) else {
            return;
        };
        if self.descends {
            over.to = over.to.min(Timestamp::from_millis(at));
        } else {
            over.from = over.from.max(Timestamp::from_millis(at.saturating_sub(1)));
        }
    }
}

fn both(query: &LogQuery, filter: &LogQuery) -> LogQuery {
    let text = format!("({}) AND ({})", query.as_str(), filter.as_str());
    LogQuery::of(
        text,
        Expr::every(vec![query.expr().clone(), filter.expr().clone()]),
    )
}

fn compare(sort: &Sort, a: &Place, b: &Place) -> std::cmp::Ordering {
    let arrival = (a.1, a.2).cmp(&(b.1, b.2));
    // `_doc` backwards turns ties round too.
    let turned = sort
        .0
        .first()
        .is_some_and(|field| field.is_by_arrival() && field.descends);
    sort.compare(&a.0, &b.0)
        .then(if turned { arrival.reverse() } else { arrival })
}

fn insert(
    hits: &mut Vec<Hit>,
    sort: &Sort,
    keep: usize,
    place: Place,
    json: impl FnOnce(&[Key]) -> Value,
) {
    let at = hits.partition_point(|hit| compare(sort, &hit.place, &place).is_le());
    if at >= keep {
        return;
    }
    let json = json(&place.0);
    hits.insert(at, Hit { place, json });
    hits.truncate(keep);
}

fn shown(doc: &Doc<'_>, request: &Request, source: &SourceFilter, keys: &[Key]) -> Value {
    let mut hit = json!({ "_index": doc.index(), "_id": doc.id(), "_score": if request.sort.0.is_empty() { json!(1.0) } else { Value::Null } });
    if request.wants_version {
        hit["_version"] = 1.into();
    }
    if !source.none {
        hit["_source"] = Value::Object(source.apply(doc.source()));
    }
    if !keys.is_empty() {
        hit["sort"] = keys.iter().map(Key::to_json).collect();
    }
    hit
}

pub(super) async fn count(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let streams = resolve(ask, index).await?;
    let query = query_of(ask, &streams).await?;
    let over = Over::new(&query, &streams);
    let count = ask
        .room
        .desk
        .logs
        .count(&over.query, over.from, over.to)
        .await?;
    let shards =
        json!({ "total": streams.len(), "successful": streams.len(), "skipped": 0, "failed": 0 });
    Ok(json!({ "count": count, "_shards": shards }).into())
}

/// The query of the address or the body.
pub(super) async fn query_of(ask: &Ask, streams: &[String]) -> Result<LogQuery, Problem> {
    let mapping = Catalog::of(&ask.room).await?.merged(streams);
    let mut reader = Reader::new(&mapping, ask.room.desk.clock.now());
    if let Some(text) = ask.param("q") {
        return Ok(query_string(&mut reader, text, &Map::new())?);
    }
    match ask.json()?.get("query") {
        Some(query) => Ok(reader.query(&*expand(ask, streams, query).await?)?),
        None => Ok(LogQuery::all()),
    }
}

pub(super) async fn validate(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let streams = resolve(ask, index).await?;
    let valid = query_of(ask, &streams).await;
    let mut body =
        json!({ "_shards": { "total": 1, "successful": 1, "failed": 0 }, "valid": valid.is_ok() });
    if let (Err(problem), true) = (&valid, ask.is_set("explain")) {
        body["explanations"] = json!([{ "index": index, "valid": false, "error": problem.reason }]);
    }
    Ok(body.into())
}

/// Pairs of lines: where, and what. One that fails does not fail the others.
pub(super) async fn many(ask: &Ask, index: Option<&str>) -> Result<Answer, Problem> {
    let started = ask.room.desk.clock.now();
    let lines: Vec<&[u8]> = ask
        .body
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .collect();
    let lines: Vec<&[u8]> = match lines.split_last() {
        Some((&[], rest)) => rest.to_vec(),
        _ => lines,
    };
    if lines.is_empty() || lines.len() > 2 * SEARCHES_MAX {
        return Err(Problem::illegal(format!(
            "an _msearch holds 1 to {SEARCHES_MAX} searches"
        )));
    }
    let mut responses = Vec::new();
    for pair in lines.chunks(2) {
        let [head, body] = pair else {
            return Err(Problem::parsing("the last search has no body"));
        };
        responses.push(match one(ask, index, head, body).await {
            Ok(mut found) => {
                found["status"] = 200.into();
                found
            }
            Err(problem) => problem.to_json(),
        });
    }
    let took = ask.room.desk.clock.now().since(started).as_millis();
    Ok(json!({ "took": u64::try_from(took).unwrap_or(u64::MAX), "responses": responses }).into())
}

async fn one(ask: &Ask, index: Option<&str>, head: &[u8], body: &[u8]) -> Result<Value, Problem> {
    let read = |bytes: &[u8]| -> Result<Value, Problem> {
        if bytes.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(bytes)
            .map_err(|error| Problem::parsing(format!("a line is not JSON: {error}")))
    };
    let head = read(head)?;
    let names = match &head["index"] {
        Value::String(one) => one.clone(),
        Value::Array(all) => all
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(","),
        _ => index.unwrap_or("_all").to_owned(),
    };
    let lenient = head["ignore_unavailable"] == true
        || head["ignore_unavailable"] == "true"
        || ask.is_set("ignore_unavailable");
    let streams = resolve_with(ask, &names, lenient, false).await?;
    Ok(Found::search(ask, &streams, &read(body)?, None, None)
        .await?
        .json)
}
