//! The query DSL: JSON becomes conditions over a record.
//!
//! Relevance is not computed: records come by time or by a sort, so `boost`, `tie_breaker` and the like are taken and
//! change nothing. What would need another model of documents (`nested`, joins, vectors, scripts) is refused by name.

mod compound;
mod full_text;
mod string;
mod term;

use promise::{LogQuery, Timestamp, signal::log_query::Expr};
use serde_json::{Map, Value};

pub use string::query_string;

use crate::{
    date::Zone,
    error::{Error, parsing},
    mapping::Mapping,
};

/// Queries within each other, as Elasticsearch bounds them.
const DEPTH_MAX: usize = 30;
/// Clauses of one request, and values of one `terms`; twice Elasticsearch's bound for the first.
const CLAUSES_MAX: usize = 65_536;

/// Reads queries over the fields of some indices.
pub struct Reader<'m> {
    pub mapping: &'m Mapping,
    pub now: Timestamp,
    pub zone: Zone,
    clauses: usize,
    depth: usize,
}

impl<'m> Reader<'m> {
    #[must_use]
    pub fn new(mapping: &'m Mapping, now: Timestamp) -> Self {
        Self {
            mapping,
            now,
            zone: Zone::default(),
            clauses: 0,
            depth: 0,
        }
    }

    /// A query as a whole; `{}` and `null` are refused, as Elasticsearch refuses them.
    pub fn query(&mut self, query: &Value) -> Result<LogQuery, Error> {
        let expr = self.expr(query)?;
        Ok(LogQuery::of(query.to_string(), expr))
    }

    fn expr(&mut self, query: &Value) -> Result<Expr, Error> {
        let Some(object) = query.as_object() else {
            return parsing("[_na] query malformed, must start with start_object");
        };
        let Some((name, body)) = object.iter().next() else {
            return Err(Error::Illegal(
                "query malformed, empty clause found".to_owned(),
            ));
        };
        if object.len() > 1 {
            return parsing(format!(
                "[{name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]"
            ));
        }
        self.clauses += 1;
        if self.clauses > CLAUSES_MAX || self.depth >= DEPTH_MAX {
            return Err(Error::Illegal(format!(
                "The nested depth or the number of clauses of the query exceeds the maximum ({DEPTH_MAX}, {CLAUSES_MAX})"
            )));
        }
        self.depth += 1;
        let expr = self.named(name, body);
        self.depth -= 1;
        expr
    }

    fn named(&mut self, name: &str, body: &Value) -> Result<Expr, Error> {
        match name {
            "match_all" => Ok(Expr::All),
            "match_none" => Ok(Expr::Nothing),
            "bool" => compound::bool(self, body),
            "constant_score" => compound::wrapped(self, name, "filter", body),
            "boosting" => compound::wrapped(self, name, "positive", body),
            "dis_max" => compound::dis_max(self, body),
            "match" => full_text::one_field(self, name, body, full_text::Manner::Words),
            "match_phrase" => full_text::one_field(self, name, body, full_text::Manner::Phrase),
            "match_phrase_prefix" => {
                full_text::one_field(self, name, body, full_text::Manner::PhrasePrefix)
            }
            "match_bool_prefix" => {
                full_text::one_field(self, name, body, full_text::Manner::BoolPrefix)
            }
            "multi_match" => full_text::multi(self, body),
            "query_string" => string::full(self, body),
            "simple_query_string" => string::simple(self, body),
            "term" => term::term(self, body),
            "terms" => term::terms(self, body),
            "range" => term::range(self, body),
            "exists" => term::exists(self, body),
            "prefix" | "wildcard" | "regexp" | "fuzzy" => term::pattern(self, name, body),
            "ids" => term::ids(body),
            "nested" | "has_child" | "has_parent" | "parent_id" | "script" | "script_score"
            | "function_score" | "knn" | "geo_distance" | "geo_bounding_box" | "geo_shape"
            | "percolate" | "more_like_this" | "span_term" | "span_near" | "intervals"
            | "terms_set" | "rank_feature" | "distance_feature" | "wrapper" | "pinned" => {
                parsing(format!(
                    "[{name}] queries are not supported: log records are flat, and come by time, not by relevance"
                ))
            }
            _ => parsing(format!("unknown query [{name}]")),
        }
    }
}

/// The object of a query.
fn object<'v>(name: &str, body: &'v Value) -> Result<&'v Map<String, Value>, Error> {
    match body.as_object() {
        Some(object) => Ok(object),
        None => parsing(format!(
            "[{name}] query malformed, no start_object after query name"
        )),
    }
}

/// `{field: body}`, and what stands beside the field.
fn one_field<'v>(name: &str, body: &'v Value) -> Result<(&'v str, &'v Value), Error> {
    let object = object(name, body)?;
    let mut fields = object
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "boost" | "_name"));
    match (fields.next(), fields.next()) {
        (Some((field, body)), None) => Ok((field, body)),
        (None, _) => parsing(format!("[{name}] query malformed, no field name")),
        (Some((a, _)), Some((b, _))) => parsing(format!(
            "[{name}] query doesn't support multiple fields, found [{a}] and [{b}]"
        )),
    }
}

/// A value as text, where a text is meant: `"5"` and 5 are the same.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn truth(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(true))) || value.and_then(Value::as_str) == Some("true")
}

fn refuse_unknown(name: &str, object: &Map<String, Value>, known: &[&str]) -> Result<(), Error> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => parsing(format!("[{name}] query does not support [{key}]")),
        None => Ok(()),
    }
}
