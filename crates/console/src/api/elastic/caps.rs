//! What fields there are: `_field_caps`, `_resolve/index`, and what a mapping has of fields that nobody mapped.

use std::collections::{BTreeMap, BTreeSet};

use promise::{LogQuery, signal::log_query::Glob};
use search::{Kind, Mapping, Reader};
use serde_json::{Map, Value, json};
use store::logs::Search;

use super::{
    Ask,
    catalog::Catalog,
    expression,
    problem::{Answer, Problem},
    read::{Over, walk},
};

/// Records of each index that are looked at for fields that nobody mapped.
const SAMPLED_MAX: usize = 1_000;
/// Names of fields that are told.
const FIELDS_MAX: usize = 10_000;

/// Types by field, and the indices that have each.
type Types = BTreeMap<String, BTreeMap<&'static str, BTreeSet<String>>>;

pub(super) async fn fields(ask: &Ask, index: &str) -> Result<Answer, Problem> {
    let mut streams = expression::resolve(ask, index).await?;
    let body = ask.json()?;
    let catalog = Catalog::of(&ask.room).await?;
    if let Some(filter) = body.get("index_filter") {
        let mapping = catalog.merged(&streams);
        let query = Reader::new(&mapping, ask.room.desk.clock.now()).query(filter)?;
        let mut kept = Vec::new();
        for stream in streams {
            let over = Over::new(&query, std::slice::from_ref(&stream));
            if ask
                .room
                .desk
                .logs
                .count(&over.query, over.from, over.to)
                .await?
                > 0
            {
                kept.push(stream);
            }
        }
        streams = kept;
    }
    let wanted = ask
        .param("fields")
        .map(str::to_owned)
        .unwrap_or_else(|| match &body["fields"] {
            Value::Array(all) => all
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(","),
            Value::String(one) => one.clone(),
            _ => "*".to_owned(),
        });
    let globs: Vec<Glob> = wanted.split(',').map(Glob::parse).collect();
    let mut types = Types::new();
    for stream in &streams {
        of_index(ask, &catalog, stream, &mut types).await?;
    }
    let mut fields = Map::new();
    for (name, types) in types
        .iter()
        .filter(|(name, _)| globs.iter().any(|glob| glob.accepts(name)))
        .take(FIELDS_MAX)
    {
        let mut shown = Map::new();
        for (kind, indices) in types {
            let is_text = matches!(*kind, "text" | "match_only_text");
            let mut caps = json!({ "type": kind, "metadata_field": name.starts_with('_'), "searchable": true, "aggregatable": !is_text });
            if types.len() > 1 || indices.len() < streams.len() {
                caps["indices"] = indices.iter().cloned().collect();
            }
            shown.insert((*kind).to_owned(), caps);
        }
        fields.insert(name.clone(), Value::Object(shown));
    }
    Ok(json!({ "indices": streams, "fields": fields }).into())
}

async fn of_index(
    ask: &Ask,
    catalog: &Catalog,
    stream: &str,
    types: &mut Types,
) -> Result<(), Problem> {
    let mut note = |name: &str, kind: &'static str| {
        types
            .entry(name.to_owned())
            .or_default()
            .entry(kind)
            .or_default()
            .insert(stream.to_owned());
    };
    let mapping = catalog.mapping(stream);
    for (name, field) in &mapping.fields {
        note(name, told(field.kind, &field.name));
    }
    note("_id", "_id");
    note("_index", "_index");
    note("@timestamp", "date");
    each_unmapped(ask, &mapping, stream, &mut note).await
}

/// What dynamic mapping makes of the fields that nobody mapped: each with its type, and texts once more as keywords.
async fn each_unmapped(
    ask: &Ask,
    mapping: &Mapping,
    stream: &str,
    note: &mut (dyn FnMut(&str, &'static str) + Send),
) -> Result<(), Problem> {
    let mut seen = 0;
    let over = Over::new(&LogQuery::all(), &[stream.to_owned()]);
    walk(ask, &over, false, Search::LIMIT_MAX, |record| {
        each_field(&record.fields, "", &mut |name, value| {
            if mapping.field(name).is_some() || name == "_id" || name == "@timestamp" {
                return;
            }
            match kind_of(value) {
                Some("text") => {
                    note(name, "text");
                    note(&format!("{name}.keyword"), "keyword");
                }
                Some(kind) => note(name, kind),
                None => {}
            }
        });
        seen += 1;
        Ok(seen < SAMPLED_MAX)
    })
    .await?;
    Ok(())
}

/// The mapping of an index with what dynamic mapping adds to it: of this, clients such as Grafana make their lists of
/// fields. The oldest value of a field decides, as it does there.
pub(super) async fn grown(ask: &Ask, catalog: &Catalog, stream: &str) -> Result<Mapping, Problem> {
    let mapping = catalog.mapping(stream);
    let mut names = BTreeMap::new();
    each_unmapped(ask, &mapping, stream, &mut |name, kind| {
        names.entry(name.to_owned()).or_insert(kind);
    })
    .await?;
    let mut grown = Mapping::clone(&mapping);
    if !names.is_empty() {
        names.entry("@timestamp".to_owned()).or_insert("date");
    }
    for (name, kind) in &names {
        // What is a value in one record and an object in another is no object here.
        let is_part = name.match_indices('.').any(|(dot, _)| {
            let above = &name[..dot];
            let is_keyword = &name[dot..] == ".keyword" && names.get(above) == Some(&"text");
            !is_keyword && (names.contains_key(above) || mapping.field(above).is_some())
        });
        if !is_part {
            grown.learn(name, kind);
        }
    }
    Ok(grown)
}

fn told(kind: Kind, name: &str) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Keyword => "keyword",
        Kind::Long if name == "integer" => "integer",
        Kind::Long => "long",
        Kind::Double if name == "float" => "float",
        Kind::Double => "double",
        Kind::Boolean => "boolean",
        Kind::Date if name == "date_nanos" => "date_nanos",
        Kind::Date => "date",
        Kind::Ip => "ip",
        Kind::Other => "object",
    }
}

/// As dynamic mapping would name a value.
fn kind_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(text) if text.len() >= 10 && text.parse::<promise::Timestamp>().is_ok() => {
            Some("date")
        }
        Value::String(_) => Some("text"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(n) if n.is_f64() => Some("float"),
        Value::Number(_) => Some("long"),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Every value with the full name of its field. JSON that was parsed is at most 128 levels deep.
fn each_field(object: &Map<String, Value>, prefix: &str, give: &mut dyn FnMut(&str, &Value)) {
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            match item {
                Value::Object(inner) => each_field(inner, &format!("{name}."), give),
                item => give(&name, item),
            }
        }
    }
}

pub(super) async fn resolve(ask: &Ask, names: &str) -> Result<Answer, Problem> {
    let streams = expression::resolve(ask, names).await?;
    let catalog = Catalog::of(&ask.room).await?;
    let indices: Vec<Value> = streams
        .iter()
        .map(|name| {
            let aliases: Vec<String> = catalog.aliases(name).keys().cloned().collect();
            let mut shown = json!({ "name": name, "attributes": ["open"] });
            if !aliases.is_empty() {
                shown["aliases"] = aliases.into();
            }
            shown
        })
        .collect();
    let mut aliases: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for stream in &streams {
        for alias in catalog.aliases(stream).keys() {
            aliases.entry(alias.clone()).or_default().push(stream);
        }
    }
    let aliases: Vec<Value> = aliases
        .into_iter()
        .map(|(name, indices)| json!({ "name": name, "indices": indices }))
        .collect();
    Ok(json!({ "indices": indices, "aliases": aliases, "data_streams": [] }).into())
}
