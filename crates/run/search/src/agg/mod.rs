//! Aggregations: what records add up to, in buckets and in figures.
//!
//! A request is read into a tree of [`Node`]s; a [`Collector`] walks records past it one by one and then tells the
//! answer. Memory is bounded: buckets by [`BUCKETS_MAX`], values kept for percentiles by their own bound.

mod bucket;
mod columns;
mod interval;
mod key;
mod metric;
mod order;
mod read;

use promise::signal::log_query::Expr;
use serde_json::{Map, Value};

use crate::{date::Zone, error::Error, request::SourceFilter, row::Row, sort::Sort};
use bucket::Buckets;
pub use columns::{Columns, each};
use interval::Interval;
use metric::Metric;

/// Elasticsearch's `search.max_buckets`, over all of a request.
const BUCKETS_MAX: usize = 65_536;

/// The aggregations of one level, by the names that the request gives them.
#[derive(Debug, Clone, Default)]
pub struct Aggregations(Vec<Node>);

#[derive(Debug, Clone)]
struct Node {
    name: String,
    kind: Kind,
    subs: Vec<Node>,
    meta: Option<Value>,
}

/// A field whose values are aggregated.
#[derive(Debug, Clone)]
struct Field {
    name: String,
    is_date: bool,
    /// A text of which the words are grouped, lowered.
    is_words: bool,
    lowers: bool,
    /// Stands in where a record has none.
    missing: Option<Value>,
}

#[derive(Debug, Clone)]
enum Kind {
    Terms(bucket::Terms),
    Histogram {
        field: Field,
        interval: Interval,
        fill: bucket::Fill,
    },
    Range {
        field: Field,
        ranges: Vec<bucket::RangeOf>,
        is_date: bool,
        keyed: bool,
    },
    Filters {
        filters: Vec<(String, Expr)>,
        other: Option<String>,
        keyed: bool,
    },
    Filter(Expr),
    Global,
    Missing(Field),
    Composite(bucket::Composite),
    Metric(metric::Ask),
    TopHits {
        sort: Sort,
        from: usize,
        size: usize,
        source: SourceFilter,
    },
}

impl Aggregations {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Walks records and adds them up.
#[derive(Debug)]
pub struct Collector<'a> {
    nodes: &'a [Node],
    states: Vec<State>,
    buckets: usize,
    zone: Zone,
}

#[derive(Debug)]
enum State {
    Buckets(Buckets),
    Metric(Metric),
    Hits(Hits),
}

#[derive(Debug, Default)]
struct Hits {
    count: u64,
    /// At most as many as are asked for, in order.
    kept: Vec<(Vec<crate::sort::Key>, Value)>,
}

/// What the walk knows while it goes.
struct Walk<'w> {
    row: &'w dyn Row,
    at: promise::Timestamp,
    buckets: &'w mut usize,
}

impl<'a> Collector<'a> {
    #[must_use]
    pub fn new(aggregations: &'a Aggregations) -> Self {
        Self {
            nodes: &aggregations.0,
            states: states(&aggregations.0),
            buckets: 0,
            zone: Zone::default(),
        }
    }

    pub fn add(&mut self, row: &dyn Row, at: promise::Timestamp) -> Result<(), Error> {
        let mut walk = Walk {
            row,
            at,
            buckets: &mut self.buckets,
        };
        collect(self.nodes, &mut self.states, &mut walk)
    }

    /// The answer, as Elasticsearch shapes it.
    pub fn finish(self) -> Result<Value, Error> {
        finish(self.nodes, self.states, &self.zone).map(Value::Object)
    }
}

fn states(nodes: &[Node]) -> Vec<State> {
    nodes
        .iter()
        .map(|node| match &node.kind {
            Kind::Metric(ask) => State::Metric(Metric::new(ask)),
            Kind::TopHits { .. } => State::Hits(Hits::default()),
            kind => State::Buckets(Buckets::new(kind, &node.subs)),
        })
        .collect()
}

fn collect(nodes: &[Node], states: &mut [State], walk: &mut Walk<'_>) -> Result<(), Error> {
    for (node, state) in nodes.iter().zip(states) {
        match (state, &node.kind) {
            (State::Metric(metric), Kind::Metric(ask)) => metric.add(ask, walk.row),
            (
                State::Hits(hits),
                Kind::TopHits {
                    sort,
                    from,
                    size,
                    source,
                },
            ) => hits.add(sort, from + size, source, walk),
            (State::Buckets(buckets), kind) => buckets.add(kind, &node.subs, walk)?,
            _ => {}
        }
    }
    Ok(())
}

fn finish(nodes: &[Node], states: Vec<State>, zone: &Zone) -> Result<Map<String, Value>, Error> {
    let mut answers = Map::new();
    for (node, state) in nodes.iter().zip(states) {
        let mut answer = match (state, &node.kind) {
            (State::Metric(metric), Kind::Metric(ask)) => metric.finish(ask),
            (State::Hits(hits), Kind::TopHits { from, .. }) => hits.finish(*from),
            (State::Buckets(buckets), kind) => buckets.finish(kind, &node.subs, zone)?,
            _ => Value::Null,
        };
        if let (Some(meta), Value::Object(answer)) = (&node.meta, &mut answer) {
            answer.insert("meta".to_owned(), meta.clone());
        }
        answers.insert(node.name.clone(), answer);
    }
    Ok(answers)
}

impl Hits {
    fn add(&mut self, sort: &Sort, keep: usize, source: &SourceFilter, walk: &Walk<'_>) {
        self.count += 1;
        let keys = sort.keys(walk.row, walk.at);
        let place = self
            .kept
            .partition_point(|(kept, _)| sort.compare(kept, &keys).is_le());
        if place >= keep {
            return;
        }
        let mut hit =
            serde_json::json!({ "_index": walk.row.index(), "_id": walk.row.id(), "_score": 1.0 });
        if let Value::Object(hit) = &mut hit {
            if !source.none {
                hit.insert(
                    "_source".to_owned(),
                    Value::Object(source.apply(walk.row.source())),
                );
            }
            if !sort.0.is_empty() {
                hit.insert("_score".to_owned(), Value::Null);
                hit.insert(
                    "sort".to_owned(),
                    keys.iter().map(crate::sort::Key::to_json).collect(),
                );
            }
        }
        self.kept.insert(place, (keys, hit));
        self.kept.truncate(keep);
    }

    fn finish(self, from: usize) -> Value {
        let hits: Vec<Value> = self
            .kept
            .into_iter()
            .skip(from)
            .map(|(_, hit)| hit)
            .collect();
        serde_json::json!({ "hits": {
            "total": { "value": self.count, "relation": "eq" },
            "max_score": if self.count > 0 && hits.iter().any(|hit| !hit["_score"].is_null()) { Value::from(1.0) } else { Value::Null },
            "hits": hits,
        }})
    }
}

#[cfg(test)]
mod tests;
