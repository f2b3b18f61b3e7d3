//! Looking for traces: by id, by what their spans are, and which services there are.

use std::collections::{BTreeSet, HashSet};

use promise::{LogQuery, Timestamp, record::Scalar as _};
use serde_json::Value;
use store::{
    LogStore, Record,
    logs::{Scan, Search},
};

use super::{SPANS_MAX, Span, Trace};

/// Spans that one search looks at.
const LOOKED_MAX: usize = 200_000;
/// Traces of one answer.
pub(crate) const TRACES_MAX: usize = 1_500;
/// Names of one answer.
const NAMES_MAX: usize = 10_000;

/// What traces are looked for; one span that fits is enough.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub service: Option<String>,
    pub operation: Option<String>,
    /// Attributes of the span or its resource, and their values.
    pub tags: Vec<(String, String)>,
    /// In microseconds.
    pub least: Option<u64>,
    pub most: Option<u64>,
    /// Exclusive.
    pub from: Timestamp,
    pub to: Timestamp,
    pub limit: usize,
}

/// An id as it is stored: 32 small digits. Jaeger leaves out zeroes at its beginning.
fn stored(id: &str) -> Option<String> {
    let is_id = !id.is_empty() && id.len() <= 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then(|| format!("{:0>32}", id.to_ascii_lowercase()))
}

fn spans_that(condition: &str) -> Result<LogQuery, store::Error> {
    let text = format!("_exists_:span_id AND _exists_:duration_ns AND {condition}");
    LogQuery::parse(&text).map_err(|why| store::Error::Query(why.en))
}

/// All spans of a trace, wherever they lie.
pub(crate) async fn by_id(logs: &dyn LogStore, id: &str) -> Result<Option<Trace>, store::Error> {
    let Some(id) = stored(id) else {
        return Ok(None);
    };
    let mut spans = Vec::new();
    let whole = (
        Timestamp::from_millis(i64::MIN),
        Timestamp::from_millis(i64::MAX),
    );
    walk(
        logs,
        &spans_that(&format!("trace_id:{id}"))?,
        whole,
        false,
        &mut |record| {
            spans.extend(Span::of(record).filter(|span| span.trace_id == id));
            spans.len() < SPANS_MAX
        },
    )
    .await?;
    Ok(Trace::of(&id, spans))
}

/// The newest traces of which a span fits, newest first.
pub(crate) async fn search(logs: &dyn LogStore, asked: &Asked) -> Result<Vec<Trace>, store::Error> {
    let mut conditions = vec!["*".to_owned()];
    let texts = [("service", &asked.service), ("name", &asked.operation)];
    for (field, text) in texts {
        conditions.extend(
            text.as_ref()
                .map(|text| format!("{field}:{}", LogQuery::phrase(text))),
        );
    }
    for (at, bound) in [("[{} TO *]", asked.least), ("[* TO {}]", asked.most)] {
        let nanos = bound.map(|micros| micros.saturating_mul(1_000).to_string());
        conditions.extend(nanos.map(|nanos| format!("duration_ns:{}", at.replace("{}", &nanos))));
    }
    let (mut seen, mut ids) = (HashSet::new(), Vec::new());
    let query = spans_that(&conditions.join(" AND "))?;
    let limit = asked.limit.min(TRACES_MAX);
    walk(logs, &query, (asked.from, asked.to), true, &mut |record| {
        if let Some(span) = Span::of(record).filter(|span| asked.fits(span))
            && seen.insert(span.trace_id.clone())
        {
            ids.push(span.trace_id);
        }
        ids.len() < limit
    })
    .await?;
    let mut traces = Vec::new();
    for id in ids {
        traces.extend(by_id(logs, &id).await?);
    }
    Ok(traces)
}

impl Asked {
    /// Exactly: a query means words, and a service is a name.
    fn fits(&self, span: &Span) -> bool {
        let is = |asked: &Option<String>, text: &str| asked.as_deref().is_none_or(|a| a == text);
        is(&self.service, &span.service)
            && is(&self.operation, &span.name)
            && self.least.is_none_or(|least| span.took >= least)
            && self.most.is_none_or(|most| span.took <= most)
            && self
                .tags
                .iter()
                .all(|(name, value)| has_tag(span, name, value))
    }
}

fn has_tag(span: &Span, name: &str, value: &str) -> bool {
    match name {
        "error" => return (value == "true") == span.is_error,
        "span.kind" => return span.kind == value,
        _ => {}
    }
    ["attributes", "resource"].iter().any(|place| {
        let found = span.fields.get(*place).and_then(|all| all.get(name));
        found.is_some_and(|found| match found {
            Value::String(text) => text == value,
            other => format!("{other}") == value,
        })
    })
}

/// The values of a field of spans in `(from, to]`, in order: services, or the operations of one.
pub(crate) async fn names(
    logs: &dyn LogStore,
    field: &str,
    service: Option<&str>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<String>, store::Error> {
    let condition = service.map_or("*".to_owned(), |name| {
        format!("service:{}", LogQuery::phrase(name))
    });
    let scan = Scan {
        query: spans_that(&condition)?,
        from,
        to,
        columns: vec![field.to_owned(), "service".to_owned()],
    };
    let mut names = BTreeSet::new();
    let mut batches = logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let [values, services] = batch.columns.as_slice() else {
            continue;
        };
        let mut last: Option<Value> = None;
        for row in 0..batch.len() {
            let is_it = service.is_none_or(|name| services.get(row).is_some_and(|s| s == name));
            let value = values.get(row).filter(|_| is_it);
            // Spans of one name lie together mostly.
            if value != last {
                let text = value.as_ref().and_then(Value::as_str);
                names.extend(text.map(str::to_owned));
                last = value;
            }
        }
        if names.len() >= NAMES_MAX {
            break;
        }
    }
    Ok(names.into_iter().take(NAMES_MAX).collect())
}

async fn walk(
    logs: &dyn LogStore,
    query: &LogQuery,
    (from, to): (Timestamp, Timestamp),
    newest_first: bool,
    each: &mut (dyn FnMut(&Record) -> bool + Send),
) -> Result<(), store::Error> {
    let (mut after, mut looked) = (None, 0);
    while looked < LOOKED_MAX {
        let search = Search {
            query: query.clone(),
            from,
            to,
            newest_first,
            after,
            limit: PAGE,
        };
        let page = logs.search(&search).await?;
        looked += page.len();
        for record in &page {
            if !each(record) {
                return Ok(());
            }
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => after = Some((last.at, last.id)),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Spans that are read at once.
const PAGE: usize = 1_000;
