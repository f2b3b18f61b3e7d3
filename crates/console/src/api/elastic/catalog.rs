//! What is known of indices beyond their records: mappings, settings, aliases, and templates for those to come.
//!
//! It lies in the state store, so a restart forgets nothing, and is read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use promise::signal::log_query::Glob;
use search::Mapping;
use serde_json::{Map, Value};
use store::state::Write;

use super::problem::Problem;
use crate::reply::Shared;

const TABLE: &str = "elastic";
/// Documents of the catalogue: indices, aliases, templates together.
const DOCUMENTS_MAX: usize = 10_000;
/// One of them, as JSON.
const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// What one kind of document is called in its key.
pub(super) mod kind {
    pub const INDEX: &str = "index";
    pub const ALIASES: &str = "aliases";
    /// An old template, an index template, a component, a lifecycle policy, a pipeline: by their endpoints.
    pub const TEMPLATES: [&str; 6] = [
        "_template",
        "_index_template",
        "_component_template",
        "_ilm",
        "_ingest",
        "_data_stream",
    ];
}

/// Everything, as it is in the store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    documents: BTreeMap<String, Value>,
    mappings: BTreeMap<String, Arc<Mapping>>,
}

/// The newest one.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    read: RwLock<Option<Arc<Catalog>>>,
    writing: tokio::sync::Mutex<()>,
}

impl Catalog {
    pub async fn of(room: &Shared) -> Result<Arc<Self>, Problem> {
        let read = room
            .catalog
            .read
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(catalog) = read {
            return Ok(catalog);
        }
        let pairs = room.desk.state.scan(TABLE, "", DOCUMENTS_MAX).await?;
        let mut catalog = Self::default();
        for (key, bytes) in pairs {
            if let Ok(value) = serde_json::from_slice(&bytes) {
                catalog.put(key, value)?;
            }
        }
        let catalog = Arc::new(catalog);
        *room
            .catalog
            .read
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(catalog.clone());
        Ok(catalog)
    }

    /// Stores, then shows. `None` removes.
    pub async fn change(
        room: &Shared,
        changes: Vec<(String, Option<Value>)>,
    ) -> Result<(), Problem> {
        let _turn = room.catalog.writing.lock().await;
        let mut catalog = Self::clone(&*Self::of(room).await?);
        let mut writes = Vec::new();
        for (key, value) in changes {
            match value {
                Some(value) => {
                    let bytes = value.to_string().into_bytes();
                    if bytes.len() > DOCUMENT_BYTES_MAX || catalog.documents.len() >= DOCUMENTS_MAX
                    {
                        return Err(Problem::illegal(format!(
                            "[{key}] is over a limit: {DOCUMENT_BYTES_MAX} bytes a document, {DOCUMENTS_MAX} documents"
                        )));
                    }
                    writes.push(Write::Put {
                        table: TABLE,
                        key: key.clone(),
                        value: bytes,
                    });
                    catalog.put(key, value)?;
                }
                None => {
                    catalog.documents.remove(&key);
                    catalog.mappings.remove(&key);
                    writes.push(Write::Delete { table: TABLE, key });
                }
            }
        }
        room.desk.state.write(writes).await?;
        *room
            .catalog
            .read
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(catalog));
        Ok(())
    }

    fn put(&mut self, key: String, value: Value) -> Result<(), Problem> {
        if key.starts_with(kind::INDEX) {
            let mapping = Mapping::read(&value["mappings"], &value["settings"])?;
            self.mappings.insert(key.clone(), Arc::new(mapping));
        }
        self.documents.insert(key, value);
        Ok(())
    }

    pub fn document(&self, kind: &str, name: &str) -> Option<&Value> {
        self.documents.get(&key(kind, name))
    }

    /// Documents of one kind, by name.
    pub fn documents<'c>(&'c self, kind: &'c str) -> impl Iterator<Item = (&'c str, &'c Value)> {
        self.documents.iter().filter_map(move |(key, value)| {
            Some((key.strip_prefix(kind)?.strip_prefix('/')?, value))
        })
    }

    /// Every index: those that were made here and those that hold records.
    pub async fn indices(&self, room: &Shared) -> Result<Vec<String>, Problem> {
        let mut names: BTreeSet<String> = room.desk.logs.streams().await?.into_iter().collect();
        // What was deleted here may still have a part on its way out.
        names.extend(self.documents(kind::INDEX).map(|(name, _)| name.to_owned()));
        Ok(names.into_iter().collect())
    }

    pub fn mapping(&self, index: &str) -> Arc<Mapping> {
        self.mappings
            .get(&key(kind::INDEX, index))
            .cloned()
            .unwrap_or_default()
    }

    /// What is known of any of them.
    pub fn merged(&self, indices: &[String]) -> Mapping {
        let mut merged = Mapping::default();
        for index in indices {
            merged.merge(&self.mapping(index));
        }
        merged
    }

    /// Aliases of an index.
    pub fn aliases(&self, index: &str) -> Map<String, Value> {
        self.document(kind::ALIASES, index)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    }

    /// The indices behind aliases that fit.
    pub fn aliased<'c>(
        &'c self,
        fits: impl Fn(&str) -> bool + 'c,
    ) -> impl Iterator<Item = String> + 'c {
        self.documents(kind::ALIASES)
            .filter(move |(_, aliases)| {
                aliases
                    .as_object()
                    .is_some_and(|all| all.keys().any(|name| fits(name)))
            })
            .map(|(index, _)| index.to_owned())
    }

    /// What templates say of an index that is made now: the one of the highest priority, over its components.
    pub fn template_for(&self, index: &str) -> Option<Value> {
        let fits = |template: &Value| {
            let patterns = template
                .get("index_patterns")
                .or_else(|| template.get("template"))
                .cloned()
                .unwrap_or_default();
            let patterns: Vec<Value> = patterns
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![patterns]);
            patterns
                .iter()
                .filter_map(Value::as_str)
                .any(|pattern| Glob::parse(pattern).accepts(index))
        };
        let rank = |template: &Value| {
            template
                .get("priority")
                .or_else(|| template.get("order"))
                .and_then(Value::as_i64)
                .unwrap_or(0)
        };
        let new = self
            .documents("_index_template")
            .filter(|(_, t)| fits(t))
            .max_by_key(|(_, t)| rank(t));
        if let Some((_, template)) = new {
            let components = template
                .get("composed_of")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let parts = components
                .filter_map(|name| self.document("_component_template", name))
                .chain([template]);
            let mut merged = Value::Object(Map::new());
            parts
                .filter_map(|part| part.get("template"))
                .for_each(|part| merge(&mut merged, part));
            return Some(merged);
        }
        let mut old: Vec<&Value> = self
            .documents("_template")
            .map(|(_, t)| t)
            .filter(|t| fits(t))
            .collect();
        old.sort_by_key(|template| rank(template));
        let mut merged = Value::Object(Map::new());
        old.iter().for_each(|template| merge(&mut merged, template));
        (!old.is_empty()).then_some(merged)
    }
}

/// The key of a document.
pub(super) fn key(kind: &str, name: &str) -> String {
    format!("{kind}/{name}")
}

/// Puts `over` over `base`, object by object.
pub(super) fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}
