//! The body of a search.

use promise::{LogQuery, Timestamp, signal::log_query::Glob};
use serde_json::{Map, Value};

use crate::{
    agg::Aggregations,
    dsl::Reader,
    error::{Error, illegal, parsing},
    mapping::Mapping,
    sort::{Key, Sort},
};

/// Elasticsearch's `max_result_window`.
const WINDOW_MAX: usize = 10_000;
const SIZE: usize = 10;

/// How exactly hits are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalHits {
    Exact,
    None,
    /// Beyond it, "at least so many".
    UpTo(u64),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    pub query: LogQuery,
    pub from: usize,
    pub size: usize,
    pub sort: Sort,
    pub after: Option<Vec<Key>>,
    pub aggregations: Aggregations,
    pub source: SourceFilter,
    pub total_hits: TotalHits,
    /// A point in time, by its id.
    pub pit: Option<String>,
    /// Filters hits and not aggregations.
    pub post_filter: Option<LogQuery>,
    pub wants_version: bool,
}

impl Request {
    /// Reads a body over the fields of some indices.
    pub fn read(body: &Value, mapping: &Mapping, now: Timestamp) -> Result<Self, Error> {
        let empty = Map::new();
        let body = match body {
            Value::Null => &empty,
            Value::Object(body) => body,
            _ => return parsing("Expected [START_OBJECT] as the body of a search"),
        };
        if let Some(key) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return parsing(format!("Unknown key for a value in [{key}]."));
        }
        let mut reader = Reader::new(mapping, now);
        let query = match body.get("query") {
            None => LogQuery::all(),
            Some(query) => reader.query(query)?,
        };
        let post_filter = body
            .get("post_filter")
            .map(|query| reader.query(query))
            .transpose()?;
        let count = |key: &str, default| match body.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => match super::request::whole(value) {
                Some(count) => Ok(count),
                None => illegal(format!(
                    "[{key}] parameter cannot be negative, found [{value}]"
                )),
            },
        };
        let (from, size) = (count("from", 0)?, count("size", SIZE)?);
        if from.saturating_add(size) > WINDOW_MAX {
            return illegal(format!(
                "Result window is too large, from + size must be less than or equal to: [{WINDOW_MAX}] but was [{}]. See the scroll api for a more efficient way to request large data sets.",
                from.saturating_add(size)
            ));
        }
        let sort = body
            .get("sort")
            .map_or(Ok(Sort::default()), |sort| Sort::read(sort, mapping))?;
        let after = match body.get("search_after") {
            None | Some(Value::Null) => None,
            Some(Value::Array(values)) => Some(sort.after(values)?),
            Some(_) => return parsing("Expected [START_ARRAY] for [search_after]"),
        };
        let aggregations = body.get("aggs").or_else(|| body.get("aggregations"));
        Ok(Self {
            query,
            from,
            size,
            sort,
            after,
            aggregations: Aggregations::read(aggregations.unwrap_or(&Value::Null), &mut reader)?,
            source: SourceFilter::read(body.get("_source").unwrap_or(&Value::Null)),
            total_hits: match body.get("track_total_hits") {
                Some(Value::Bool(true)) => TotalHits::Exact,
                Some(Value::Bool(false)) => TotalHits::None,
                Some(value) => value
                    .as_u64()
                    .map_or(TotalHits::UpTo(10_000), TotalHits::UpTo),
                None => TotalHits::UpTo(10_000),
            },
            pit: body
                .get("pit")
                .and_then(|pit| pit.get("id"))
                .and_then(Value::as_str)
                .map(str::to_owned),
            post_filter,
            wants_version: body.get("version") == Some(&Value::Bool(true)),
        })
    }
}

/// What a body may hold; the rest is refused, so that nothing is silently left undone. Several are about scores and
/// stored forms that log records don't have, and change nothing.
const KNOWN: [&str; 27] = [
    "query",
    "from",
    "size",
    "sort",
    "search_after",
    "aggs",
    "aggregations",
    "_source",
    "track_total_hits",
    "pit",
    "post_filter",
    "version",
    "timeout",
    "track_scores",
    "min_score",
    "stored_fields",
    "docvalue_fields",
    "fields",
    "highlight",
    "explain",
    "terminate_after",
    "seq_no_primary_term",
    "script_fields",
    "profile",
    "runtime_mappings",
    "indices_boost",
    "slice",
];

pub(crate) fn whole(value: &Value) -> Option<usize> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    usize::try_from(number).ok()
}

/// Which parts of a record are told.
#[derive(Debug, Clone, Default)]
pub struct SourceFilter {
    pub none: bool,
    pub includes: Vec<String>,
    pub excludes: Vec<String>,
}

impl SourceFilter {
    /// `true`, `false`, names, or both kinds of names. Names within each other may be one with dots, and hold `*`.
    #[must_use]
    pub fn read(value: &Value) -> Self {
        let names = |value: Option<&Value>| -> Vec<String> {
            match value {
                Some(Value::String(one)) => one.split(',').map(str::to_owned).collect(),
                Some(Value::Array(all)) => all
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                _ => Vec::new(),
            }
        };
        match value {
            Value::Bool(false) => Self {
                none: true,
                ..Self::default()
            },
            Value::Object(both) => Self {
                none: false,
                includes: names(both.get("includes").or_else(|| both.get("include"))),
                excludes: names(both.get("excludes").or_else(|| both.get("exclude"))),
            },
            value => Self {
                includes: names(Some(value)),
                ..Self::default()
            },
        }
    }

    #[must_use]
    pub fn apply(&self, source: &Map<String, Value>) -> Map<String, Value> {
        if self.includes.is_empty() && self.excludes.is_empty() {
            return source.clone();
        }
        let globs = |names: &[String]| -> Vec<(String, Glob)> {
            names.iter().map(|n| (n.clone(), Glob::parse(n))).collect()
        };
        filtered(source, "", &globs(&self.includes), &globs(&self.excludes))
    }
}

fn filtered(
    object: &Map<String, Value>,
    prefix: &str,
    includes: &[(String, Glob)],
    excludes: &[(String, Glob)],
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        // A name that covers an object covers what is in it.
        let covered = |globs: &[(String, Glob)]| globs.iter().any(|(_, glob)| glob.accepts(&name));
        if covered(excludes) {
            continue;
        }
        let is_included = includes.is_empty() || covered(includes);
        let deeper = format!("{name}.");
        let may_hold = is_included
            || includes
                .iter()
                .any(|(text, _)| text.starts_with(&deeper) || text.contains('*'));
        if !may_hold {
            continue;
        }
        let within = if is_included { &[] } else { includes };
        match value {
            Value::Object(inner) => {
                let inner = filtered(inner, &deeper, within, excludes);
                if is_included || !inner.is_empty() {
                    kept.insert(key.clone(), Value::Object(inner));
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                let items: Vec<Value> = items
                    .iter()
                    .map(|item| {
                        item.as_object().map_or_else(
                            || item.clone(),
                            |o| Value::Object(filtered(o, &deeper, within, excludes)),
                        )
                    })
                    .collect();
                kept.insert(key.clone(), Value::Array(items));
            }
            value if is_included => {
                kept.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    kept
}
