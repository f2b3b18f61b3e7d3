//! `/loki/api/v1/query_range` and its kin: what Grafana's Loki data source asks, over the stored logs.
//!
//! Lines come back as they came in where they were plain text, and as JSON with every field where they were not. The
//! labels of a line are those of [`LABELS`] that it has; conditions may name any field. Errors are plain text, as Loki's.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::{
    Json,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use promise::{LogQuery, Timestamp};
use serde_json::{Map, Value, json};
use store::{
    Record,
    logs::{Scan, Search},
};

use super::{
    count::{Codes, Grid, counted, groups},
    logql::{self, Figures, Question},
};
use crate::{mask::Mask, reply::Visit};

/// What tells the streams of an answer apart: where a line is from and how bad it is. Fields with a value for each line,
/// such as an id of a trace, would make a stream of each.
pub(super) const LABELS: [&str; 15] = [
    "stream",
    "app",
    "cluster",
    "container",
    "env",
    "environment",
    "host",
    "instance",
    "job",
    "level",
    "namespace",
    "pod",
    "service",
    "service_name",
    "severity",
];
/// What stands beside a plain line without having been in it: its time, its id, and that something was hidden.
const BESIDE: [&str; 3] = ["@timestamp", "_id", "_redacted"];
/// Loki's defaults for all three.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 5_000;
/// Lines by whose length the others are estimated.
const WEIGHED: usize = 200;
pub(super) const SERIES_MAX: usize = 500;
/// Values of a label that are told; a list of more is no help.
const VALUES_MAX: usize = 1_000;
const BACK: Duration = Duration::from_secs(3_600);

/// What is answered instead: a status and a line of text.
pub(super) struct Failure(pub StatusCode, pub String);

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self(StatusCode::BAD_REQUEST, why)
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Query(why) => Self(StatusCode::BAD_REQUEST, why),
            error => {
                tracing::error!(%error, "logs could not be read");
                Self(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the logs could not be read".to_owned(),
                )
            }
        }
    }
}

fn answer(told: Result<Value, Failure>) -> Response {
    match told {
        Ok(data) => Json(json!({ "status": "success", "data": data })).into_response(),
        Err(Failure(status, why)) => (status, why).into_response(),
    }
}

pub(crate) async fn range(visit: Visit) -> Response {
    answer(told_over(&visit).await)
}

pub(crate) async fn instant(visit: Visit) -> Response {
    answer(told_at(&visit).await)
}

pub(crate) async fn labels(visit: Visit) -> Response {
    let names = async {
        let query = asked_lines(&visit)?;
        let mut names = BTreeSet::new();
        for labels in label_sets(&visit, query).await? {
            names.extend(labels.into_keys());
        }
        Ok(json!(names))
    };
    answer(names.await)
}

pub(crate) async fn values(Path(name): Path<String>, visit: Visit) -> Response {
    answer(values_of(&visit, name).await)
}

pub(crate) async fn series(visit: Visit) -> Response {
    let sets = async {
        let mut sets = BTreeSet::new();
        let given = visit.query.iter().filter(|(name, _)| name == "match[]");
        for (_, text) in given {
            sets.extend(label_sets(&visit, selector(&visit, text)?).await?);
        }
        Ok(json!(sets))
    };
    answer(sets.await)
}

/// How much a query would read: what Grafana shows beside the field in which it is written. Not wrapped, as Loki's.
pub(crate) async fn stats(visit: Visit) -> Response {
    match weighed(&visit).await {
        Ok(told) => Json(told).into_response(),
        Err(Failure(status, why)) => (status, why).into_response(),
    }
}

async fn weighed(visit: &Visit) -> Result<Value, Failure> {
    let query = asked_lines(visit)?;
    let (start, end) = stretch(visit)?;
    let (from, to) = half_open(start, end);
    let logs = &visit.room.desk.logs;
    let entries = logs.count(&query, from, to).await?;
    let some = Search {
        query: query.clone(),
        from,
        to,
        newest_first: true,
        after: None,
        limit: WEIGHED,
    };
    let mask = mask(visit);
    let some = logs.search(&some).await?.into_iter();
    let lengths: Vec<usize> = some.map(|record| shown(record, &mask).1.len()).collect();
    let each = lengths.iter().sum::<usize>() / lengths.len().max(1);
    let streams = label_sets(visit, query).await?.len();
    // There are no chunks here; what lies in a part is read as far as its columns are asked for.
    Ok(
        json!({ "streams": streams, "chunks": 0, "bytes": entries * each as u64, "entries": entries }),
    )
}

fn asked(visit: &Visit) -> Result<Question, String> {
    let text = visit.param("query").unwrap_or_default();
    logql::parse(text, &|name| hides(visit, name))
}

fn selector(visit: &Visit, text: &str) -> Result<LogQuery, String> {
    logql::selector(text, &|name| hides(visit, name))
}

fn hides(visit: &Visit, name: &str) -> bool {
    mask(visit).hides(name)
}

async fn told_over(visit: &Visit) -> Result<Value, Failure> {
    let (start, end) = stretch(visit)?;
    match asked(visit)? {
        Question::Lines(query) => lines(visit, query, (start, end)).await,
        Question::Figures(figures) => {
            let step = step(visit, start, end)?;
            let grid = Grid::new(start, end, step)?;
            let told = counted(visit, &figures, &grid).await?;
            let result: Vec<_> = told
                .into_iter()
                .map(|(labels, counts)| {
                    let points = counts.iter().enumerate().filter(|(_, n)| **n > 0);
                    let points = points.map(|(i, n)| point(grid.at(i), figures.value(*n)));
                    json!({ "metric": labels, "values": points.collect::<Vec<_>>() })
                })
                .collect();
            Ok(json!({ "resultType": "matrix", "result": result, "stats": {} }))
        }
        Question::Number(number) => {
            let grid = Grid::new(start, end, step(visit, start, end)?)?;
            let points: Vec<_> = (0..grid.steps).map(|i| point(grid.at(i), number)).collect();
            let result = [json!({ "metric": {}, "values": points })];
            Ok(json!({ "resultType": "matrix", "result": result, "stats": {} }))
        }
    }
}

async fn told_at(visit: &Visit) -> Result<Value, Failure> {
    let at = time(visit, "time")?.unwrap_or(visit.now);
    let result: Vec<Value> = match asked(visit)? {
        Question::Lines(_) => {
            // In Loki's words.
            let why = "log queries are not supported as an instant query type, please change your query to a range query type";
            return Err(why.to_owned().into());
        }
        Question::Figures(figures) => {
            let told = counted(visit, &figures, &Grid::one(at)).await?;
            let some = told.into_iter().filter_map(|(labels, counts)| {
                let count = counts.first().copied().filter(|n| *n > 0)?;
                let value = point(at, figures.value(count));
                Some(json!({ "metric": labels, "value": value }))
            });
            some.collect()
        }
        Question::Number(number) => vec![json!({ "metric": {}, "value": point(at, number) })],
    };
    Ok(json!({ "resultType": "vector", "result": result, "stats": {} }))
}

#[allow(clippy::cast_precision_loss)]
fn point(at: Timestamp, value: f64) -> Value {
    json!([at.as_millis() as f64 / 1_000.0, value.to_string()])
}

impl Figures {
    #[allow(clippy::cast_precision_loss)]
    fn value(&self, count: i64) -> f64 {
        if self.per_second {
            count as f64 / self.range.as_secs_f64()
        } else {
            count as f64
        }
    }
}

async fn lines(
    visit: &Visit,
    query: LogQuery,
    (start, end): (Timestamp, Timestamp),
) -> Result<Value, Failure> {
    let limit = match visit.param("limit") {
        None => LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| format!("limit must be a positive number, and is {text}"))?,
    };
    if limit > LIMIT_MAX {
        let why = format!(
            "max entries limit per query exceeded, limit > max_entries_limit ({limit} > {LIMIT_MAX})"
        );
        return Err(why.into());
    }
    let newest_first = match visit.param("direction").unwrap_or("backward") {
        way if way.eq_ignore_ascii_case("backward") => true,
        way if way.eq_ignore_ascii_case("forward") => false,
        way => return Err(format!("invalid direction {way:?}").into()),
    };
    let (from, to) = half_open(start, end);
    let search = Search {
        query,
        from,
        to,
        newest_first,
        after: None,
        limit,
    };
    let mask = mask(visit);
    let mut streams: BTreeMap<BTreeMap<String, String>, Vec<Value>> = BTreeMap::new();
    for record in visit.room.desk.logs.search(&search).await? {
        let at = i128::from(record.at.as_millis()) * 1_000_000;
        let (labels, line) = shown(record, &mask);
        streams
            .entry(labels)
            .or_default()
            .push(json!([at.to_string(), line]));
    }
    let result: Vec<_> = streams
        .into_iter()
        .map(|(labels, values)| json!({ "stream": labels, "values": values }))
        .collect();
    Ok(json!({ "resultType": "streams", "result": result, "stats": {} }))
}

/// Nobody sees personal fields here: who lifts the mask says why, and a data source cannot.
pub(super) fn mask(visit: &Visit) -> Mask {
    Mask::new(visit.room.desk.keeping.masked())
}

/// The labels of a record, and its line.
fn shown(record: Record, mask: &Mask) -> (BTreeMap<String, String>, String) {
    let mut fields = Value::Object(record.fields);
    mask.veil(&mut fields);
    let fields = fields.as_object().map_or_else(Map::new, Clone::clone);
    let mut labels = BTreeMap::from([("stream".to_owned(), record.stream)]);
    for name in &LABELS[1..] {
        if let Some(text) = fields.get(*name).and_then(text_of) {
            labels.insert((*name).to_owned(), text);
        }
    }
    let is_told = |name: &str| labels.contains_key(name) || BESIDE.contains(&name);
    let mut others = fields.iter().filter(|(name, _)| !is_told(name));
    let line = match (others.next(), others.next()) {
        (Some((name, Value::String(text))), None) if name == "message" => text.clone(),
        _ => Value::Object(fields).to_string(),
    };
    (labels, line)
}

/// What a label may be.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The labels that lines of the stretch have, each set once.
async fn label_sets(
    visit: &Visit,
    query: LogQuery,
) -> Result<BTreeSet<BTreeMap<String, String>>, Failure> {
    let (start, end) = stretch(visit)?;
    let mask = mask(visit);
    let names: Vec<_> = LABELS
        .into_iter()
        .filter(|name| !mask.hides(name))
        .map(str::to_owned)
        .collect();
    let (from, to) = half_open(start, end);
    let scan = Scan {
        query,
        from,
        to,
        columns: names.clone(),
    };
    let mut sets = BTreeSet::new();
    let mut batches = visit.room.desk.logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        let distinct: BTreeSet<_> = groups(&batch?).into_iter().collect();
        for group in distinct {
            let labels = names.iter().cloned().zip(group.iter().cloned());
            sets.insert(
                labels
                    .filter_map(|(name, value)| Some((name, value?)))
                    .collect(),
            );
        }
        if sets.len() >= SERIES_MAX {
            break;
        }
    }
    Ok(sets)
}

async fn values_of(visit: &Visit, name: String) -> Result<Value, Failure> {
    if mask(visit).hides(&name) {
        return Ok(json!([]));
    }
    let (start, end) = stretch(visit)?;
    let (from, to) = half_open(start, end);
    let scan = Scan {
        query: asked_lines(visit)?,
        from,
        to,
        columns: vec![name],
    };
    let mut values = BTreeSet::new();
    let mut batches = visit.room.desk.logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for cells in &batch.columns {
            values.extend(Codes::of(cells).texts.into_iter().flatten());
        }
        if values.len() >= VALUES_MAX {
            break;
        }
    }
    Ok(json!(
        values.into_iter().take(VALUES_MAX).collect::<Vec<_>>()
    ))
}

/// The selector to which labels and their values may be narrowed.
fn asked_lines(visit: &Visit) -> Result<LogQuery, Failure> {
    match visit.param("query").filter(|text| !text.is_empty()) {
        Some(text) => Ok(selector(visit, text)?),
        None => Ok(LogQuery::all()),
    }
}

fn stretch(visit: &Visit) -> Result<(Timestamp, Timestamp), String> {
    let end = time(visit, "end")?.unwrap_or(visit.now);
    let start = time(visit, "start")?.unwrap_or(end - BACK);
    if end < start {
        return Err("end timestamp must not be before or equal to start time".to_owned());
    }
    Ok((start, end))
}

/// `[start, end)`, as Loki has lines, for a store that has `(from, to]`.
fn half_open(start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
    let before = |at: Timestamp| Timestamp::from_millis(at.as_millis() - 1);
    (before(start), before(end))
}

/// Seconds, with a fraction or not; nanoseconds; or as RFC 3339 writes it. Loki tells the first two apart by their length.
/// What is finer than a millisecond is rounded up, as the beginning and the open end of a stretch want it.
fn time(visit: &Visit, name: &str) -> Result<Option<Timestamp>, String> {
    /// Some 30,000 years from 1970: sums of two of them stay in range.
    const MILLIS_MAX: i64 = 1_000_000_000_000_000;
    let Some(text) = visit.param(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let millis = match text.parse::<i64>() {
        Ok(nanos) if text.len() > 10 => {
            Some(nanos.div_euclid(1_000_000) + i64::from(nanos % 1_000_000 > 0))
        }
        Ok(secs) => Some(secs.saturating_mul(1_000)),
        Err(_) => match text.parse::<f64>() {
            #[allow(clippy::cast_possible_truncation)]
            Ok(secs) if secs.is_finite() => Some((secs * 1_000.0).ceil() as i64),
            Ok(_) => None,
            Err(_) => text.parse().ok().map(Timestamp::as_millis),
        },
    };
    millis
        .filter(|millis| millis.abs() < MILLIS_MAX)
        .map(|millis| Some(Timestamp::from_millis(millis)))
        .ok_or_else(|| format!("could not parse '{name}' parameter: {text} is no time"))
}

/// As Loki where none is given: 250 steps, of a second at least.
fn step(visit: &Visit, start: Timestamp, end: Timestamp) -> Result<Duration, String> {
    let Some(text) = visit.param("step").filter(|text| !text.is_empty()) else {
        let secs = end.since(start).as_secs() / 250;
        return Ok(Duration::from_secs(secs.max(1)));
    };
    let step = match text.parse::<f64>() {
        Ok(secs) => Duration::try_from_secs_f64(secs).ok(),
        Err(_) => logql::span(text),
    };
    step.filter(|step| step.as_millis() > 0).ok_or_else(|| {
        "zero or negative query resolution step widths are not accepted. Try a positive integer"
            .to_owned()
    })
}
