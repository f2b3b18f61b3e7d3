//! Mappings: what is known of an index's fields.
//!
//! A field that nobody mapped is what Elasticsearch's dynamic mapping makes of it: a text is words under its own
//! name and a whole value under `.keyword`, and a number, a truth or an instant is itself.

use std::collections::BTreeMap;

use promise::{
    Timestamp,
    signal::log_query::{Fieldnames, Holds, Schemaless, lucene::Operator},
};
use serde_json::{Map, Value};

use crate::{
    date::{self, Zone},
    error::{Error, illegal},
};

/// Fields of one index; beyond Elasticsearch's own default of 1,000.
const FIELDS_MAX: usize = 10_000;
/// Objects within each other.
const DEPTH_MAX: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Keyword,
    /// Whole numbers.
    Long,
    Double,
    Boolean,
    Date,
    Ip,
    /// Taken and kept, and not searched by its own rules (`geo_point`, `binary`).
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FieldType {
    pub kind: Kind,
    /// As it was mapped, for whoever asks for the mapping.
    pub name: String,
    /// A keyword whose normalizer lowers letters.
    pub lowers: bool,
    /// A text whose words may be grouped by.
    pub fielddata: bool,
    /// A date's formats, `||` between them.
    pub format: Option<String>,
}

/// The fields of an index, by their full names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapping {
    pub fields: BTreeMap<String, FieldType>,
}

impl Mapping {
    /// Reads `mappings` (and `settings`, for the normalizers in it) of an index or a template.
    pub fn read(mappings: &Value, settings: &Value) -> Result<Self, Error> {
        let mut mapping = Self::default();
        mapping.properties("", mappings, settings, 0)?;
        Ok(mapping)
    }

    fn properties(
        &mut self,
        prefix: &str,
        object: &Value,
        settings: &Value,
        depth: usize,
    ) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            return illegal(format!(
                "Limit of mapping depth [{DEPTH_MAX}] has been exceeded"
            ));
        }
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, field) in properties.into_iter().flatten() {
            let name = format!("{prefix}{name}");
            match field.get("type").and_then(Value::as_str) {
                None | Some("object" | "nested") => {
                    self.properties(&format!("{name}."), field, settings, depth + 1)?
                }
                Some(kind) => {
                    self.add(name.clone(), kind, field, settings)?;
                    let parts = field.get("fields").and_then(Value::as_object);
                    for (part, field) in parts.into_iter().flatten() {
                        let kind = field
                            .get("type")
                            .and_then(Value::as_str)
                            .unwrap_or("keyword");
                        self.add(format!("{name}.{part}"), kind, field, settings)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: String,
        kind_name: &str,
        field: &Value,
        settings: &Value,
    ) -> Result<(), Error> {
        if self.fields.len() >= FIELDS_MAX {
            return illegal(format!(
                "Limit of total fields [{FIELDS_MAX}] has been exceeded"
            ));
        }
        let Some(kind) = kind(kind_name) else {
            return illegal(format!(
                "No handler for type [{kind_name}] declared on field [{name}]"
            ));
        };
        let normalizer = field.get("normalizer").and_then(Value::as_str);
        let lowers = normalizer.is_some_and(|normalizer| {
            let within = [Some(settings), settings.get("index")];
            let mut analyses = within
                .into_iter()
                .flatten()
                .filter_map(|all| all.get("analysis"));
            let filters =
                analyses.find_map(|a| a.get("normalizer")?.get(normalizer)?.get("filter"));
            let names: Vec<&str> = match filters {
                Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
                Some(Value::String(one)) => vec![one],
                _ => Vec::new(),
            };
            normalizer == "lowercase" || names.contains(&"lowercase")
        });
        let field_type = FieldType {
            kind,
            name: kind_name.to_owned(),
            lowers,
            fielddata: field.get("fielddata") == Some(&Value::Bool(true)),
            format: field
                .get("format")
                .and_then(Value::as_str)
                .map(str::to_owned),
        };
        self.fields.insert(name, field_type);
        Ok(())
    }

    /// What another index knows is known too, where this one does not.
    pub fn merge(&mut self, other: &Self) {
        for (name, field) in &other.fields {
            self.fields
                .entry(name.clone())
                .or_insert_with(|| field.clone());
        }
    }

    /// What a value must be to be taken: the reason why it is not.
    #[must_use]
    pub fn refuses(&self, document: &Map<String, Value>) -> Option<String> {
        self.fields.iter().find_map(|(name, field)| {
            let mut why = None;
            let mut value = document.get(name);
            if value.is_none() {
                let mut parts = name.split('.');
                value = parts.next().and_then(|first| document.get(first));
                for part in parts {
                    value = value.and_then(|value| value.get(part));
                }
            }
            let items = match value? {
                Value::Array(items) => items.as_slice(),
                value => std::slice::from_ref(value),
            };
            for item in items {
                if !field.takes(item) {
                    why = Some(format!(
                        "failed to parse field [{name}] of type [{}] in document",
                        field.name
                    ));
                }
            }
            why
        })
    }

    /// Adds a field that nobody mapped. One more than fit is left out: it is only told, and reads as it did before.
    pub fn learn(&mut self, name: &str, kind_name: &str) {
        if self.fields.len() < FIELDS_MAX
            && let Some(kind) = kind(kind_name)
        {
            let field = FieldType {
                kind,
                name: kind_name.to_owned(),
                lowers: false,
                fielddata: false,
                format: None,
            };
            self.fields.entry(name.to_owned()).or_insert(field);
        }
    }

    /// As `GET _mapping` tells it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut root = Map::new();
        for (name, field) in &self.fields {
            let parts: Vec<&str> = name.split('.').collect();
            insert(&mut root, &parts, field, &self.fields, "");
        }
        if root.is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::json!({ "properties": root })
        }
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldType> {
        self.fields.get(name)
    }

    /// The name under which records hold the field: without the part that maps it once more.
    #[must_use]
    pub fn stored_name<'n>(&self, name: &'n str) -> &'n str {
        match name.rsplit_once('.') {
            Some((field, _))
                if self.fields.contains_key(name) && self.fields.contains_key(field) =>
            {
                field
            }
            Some((field, "keyword")) if !self.fields.contains_key(name) => field,
            _ => name,
        }
    }
}

fn insert(
    into: &mut Map<String, Value>,
    parts: &[&str],
    field: &FieldType,
    all: &BTreeMap<String, FieldType>,
    prefix: &str,
) {
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    let entry = into
        .entry((*first).to_owned())
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(entry) = entry.as_object_mut() else {
        return;
    };
    if rest.is_empty() {
        entry.insert("type".to_owned(), field.name.clone().into());
        return;
    }
    let name = format!("{prefix}{first}");
    let within = if all.contains_key(&name) {
        "fields"
    } else {
        "properties"
    };
    let inner = entry
        .entry(within)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(inner) = inner.as_object_mut() {
        insert(inner, rest, field, all, &format!("{name}."));
    }
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "text" | "match_only_text" | "search_as_you_type" => Kind::Text,
        "keyword" | "constant_keyword" | "wildcard" | "flattened" | "version" => Kind::Keyword,
        "long" | "integer" | "short" | "byte" | "unsigned_long" => Kind::Long,
        "double" | "float" | "half_float" | "scaled_float" => Kind::Double,
        "boolean" => Kind::Boolean,
        "date" | "date_nanos" => Kind::Date,
        "ip" => Kind::Ip,
        "geo_point" | "geo_shape" | "binary" | "alias" | "token_count" | "ip_range"
        | "date_range" | "long_range" => Kind::Other,
        _ => return None,
    })
}

impl FieldType {
    fn takes(&self, value: &Value) -> bool {
        let text_is = |test: &dyn Fn(&str) -> bool| value.as_str().is_some_and(test);
        match self.kind {
            _ if value.is_null() => true,
            Kind::Long | Kind::Double => {
                value.is_number() || text_is(&|text| text.trim().parse::<f64>().is_ok())
            }
            Kind::Boolean => {
                value.is_boolean() || text_is(&|text| matches!(text, "true" | "false" | ""))
            }
            Kind::Date => {
                value.is_number()
                    || text_is(&|text| date::parse(text, self.format.as_deref()).is_some())
            }
            Kind::Ip => text_is(&|text| text.parse::<std::net::IpAddr>().is_ok()),
            Kind::Text | Kind::Keyword => !value.is_object(),
            Kind::Other => true,
        }
    }
}

/// How a query in Lucene's syntax reads field names here.
pub(crate) struct Names<'m> {
    pub mapping: &'m Mapping,
    pub fields: Vec<String>,
    pub operator: Operator,
    pub is_lenient: bool,
    pub now: Timestamp,
    pub zone: &'m Zone,
}

impl Fieldnames for Names<'_> {
    fn field<'n>(&self, name: &'n str) -> (&'n str, Holds) {
        match self.mapping.field(name).map(|field| field.kind) {
            Some(Kind::Text) => (self.mapping.stored_name(name), Holds::Text),
            Some(Kind::Keyword | Kind::Ip | Kind::Other) => {
                (self.mapping.stored_name(name), Holds::Keyword)
            }
            Some(Kind::Long | Kind::Double) => (name, Holds::Number),
            Some(Kind::Boolean) => (name, Holds::Truth),
            Some(Kind::Date) => (name, Holds::Time),
            None => match Schemaless.field(name) {
                // An unknown field's text is analysed; nothing else is known of it.
                (name, Holds::Anything) => (name, Holds::Anything),
                known => known,
            },
        }
    }

    fn instant(&self, field: &str, text: &str, up: bool) -> Option<Timestamp> {
        let format = self
            .mapping
            .field(field)
            .and_then(|field| field.format.as_deref());
        date::instant(text, format, self.now, self.zone, up)
    }

    fn default_fields(&self) -> &[String] {
        &self.fields
    }

    fn joins_words(&self) -> Option<Operator> {
        Some(self.operator)
    }

    fn is_lenient(&self) -> bool {
        self.is_lenient
    }
}
