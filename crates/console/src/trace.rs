//! Traces, put together from the spans that lie in the log store.
//!
//! A span is a record of some stream with `trace_id`, `span_id` and `duration_ns`; a trace is all of them with one id.
//! Nothing else is kept of it, so what retention or a deletion takes from the logs it takes from the traces too.

mod find;
mod path;

use std::collections::{HashMap, HashSet};

use promise::Timestamp;
use serde_json::{Map, Value};
use store::Record;

pub(crate) use find::{Asked, by_id, names, search};
pub(crate) use path::Section;

/// Spans of one trace that are shown; more are a batch job's, and a person sees the first.
pub(crate) const SPANS_MAX: usize = 10_000;

/// One step of the work, in one service. Times are in microseconds since 1970, as Jaeger's are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub trace_id: String,
    pub span_id: String,
    pub parent: Option<String>,
    pub service: String,
    pub name: String,
    pub kind: String,
    pub start: u64,
    pub took: u64,
    pub is_error: bool,
    /// `attributes`, `resource`, `events`, `links` and what else the record says.
    pub fields: Map<String, Value>,
}

impl Span {
    /// `None` where the record is no span.
    pub fn of(record: &Record) -> Option<Self> {
        let text = |name: &str| record.fields.get(name).and_then(Value::as_str);
        let number = |name: &str| record.fields.get(name).and_then(Value::as_u64);
        let at = u64::try_from(record.at.as_millis()).ok()?;
        Some(Self {
            trace_id: text("trace_id")?.to_owned(),
            span_id: text("span_id")?.to_owned(),
            parent: text("parent_span_id").map(str::to_owned),
            service: text("service").unwrap_or("unknown").to_owned(),
            name: text("name").unwrap_or_default().to_owned(),
            kind: text("kind").unwrap_or("unspecified").to_owned(),
            start: number("start_unix_nano")
                .map_or(at.saturating_mul(1_000), |nanos| nanos / 1_000),
            took: number("duration_ns")? / 1_000,
            is_error: text("status") == Some("error"),
            fields: record.fields.clone(),
        })
    }

    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.took)
    }

    pub fn at(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.start / 1_000).unwrap_or(i64::MAX))
    }
}

/// All spans of one id.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub id: String,
    /// In the order in which a person reads them: each after its parent, siblings by their start.
    pub spans: Vec<Placed>,
}

#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub span: Span,
    pub depth: usize,
    /// The place of its parent.
    pub parent: Option<usize>,
}

impl Trace {
    /// `None` without a span.
    pub fn of(id: &str, mut spans: Vec<Span>) -> Option<Self> {
        spans.sort_by(|a, b| (a.start, &a.span_id).cmp(&(b.start, &b.span_id)));
        // One that was sent twice is one.
        let mut seen = HashSet::new();
        spans.retain(|span| seen.insert(span.span_id.clone()));
        spans.truncate(SPANS_MAX);
        let place: HashMap<&str, usize> = spans
            .iter()
            .enumerate()
            .map(|(i, span)| (span.span_id.as_str(), i))
            .collect();
        let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        for (i, span) in spans.iter().enumerate() {
            let parent = span.parent.as_deref().and_then(|id| place.get(id).copied());
            children
                .entry(parent.filter(|parent| *parent != i))
                .or_default()
                .push(i);
        }
        let mut placed: Vec<Placed> = Vec::new();
        let mut taken = vec![false; spans.len()];
        let mut open: Vec<(usize, usize, Option<usize>)> = Vec::new();
        let mut roots = children.get(&None).cloned().unwrap_or_default();
        // Spans that are each other's parents have no root: the first of them stands in.
        roots.extend(0..spans.len());
        for root in roots {
            open.push((root, 0, None));
            while let Some((i, depth, parent)) = open.pop() {
                if std::mem::replace(&mut taken[i], true) {
                    continue;
                }
                let here = placed.len();
                placed.push(Placed {
                    span: spans[i].clone(),
                    depth,
                    parent,
                });
                let below = children.get(&Some(i)).into_iter().flatten().rev();
                open.extend(below.map(|child| (*child, depth + 1, Some(here))));
            }
        }
        (!placed.is_empty()).then(|| Self {
            id: id.to_owned(),
            spans: placed,
        })
    }

    pub fn start(&self) -> u64 {
        let starts = self.spans.iter().map(|placed| placed.span.start);
        starts.min().unwrap_or_default()
    }

    pub fn end(&self) -> u64 {
        let ends = self.spans.iter().map(|placed| placed.span.end());
        ends.max().unwrap_or_default()
    }

    pub fn root(&self) -> &Placed {
        // There is one, as `of` saw to.
        &self.spans[0]
    }

    /// What the time of the root went into.
    pub fn critical_path(&self) -> Vec<Section> {
        path::critical(self)
    }
}

#[cfg(test)]
mod tests;
