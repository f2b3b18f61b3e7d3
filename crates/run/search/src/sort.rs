//! The order of records: by their fields, then by index, time and id, so that it is always the same.

use std::cmp::Ordering;

use promise::{Timestamp, signal::FieldValue};
use serde_json::{Map, Value, json};

use crate::{
    date::{self, Zone},
    error::{Error, illegal, parsing},
    mapping::{Kind, Mapping},
    row::{Row, each_value},
};

/// Keys of one order.
const FIELDS_MAX: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub struct SortField {
    pub name: String,
    pub stored: String,
    pub descends: bool,
    pub missing_first: bool,
    /// Of several values the largest counts, not the smallest.
    pub takes_max: bool,
    is_date: bool,
    lowers: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sort(pub Vec<SortField>);

/// A value by which records are ordered.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Missing,
    Number(f64),
    Text(String),
}

impl Sort {
    /// `"a"`, `{"a": "desc"}`, `{"a": {"order": …}}`, or a list of them.
    pub fn read(value: &Value, mapping: &Mapping) -> Result<Self, Error> {
        let mut fields = Vec::new();
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for item in items {
            match item {
                // `a:desc`, as in an address.
                Value::String(text) => {
                    let (name, order) = text.split_once(':').unwrap_or((text, ""));
                    fields.push(SortField::of(name, order, &Map::new(), mapping)?);
                }
                Value::Object(object) => {
                    for (name, options) in object {
                        let empty = Map::new();
                        let (order, options) = match options {
                            Value::String(order) => (order.as_str(), &empty),
                            Value::Object(options) => (
                                options.get("order").and_then(Value::as_str).unwrap_or(""),
                                options,
                            ),
                            _ => return parsing(format!("[sort] malformed sort of [{name}]")),
                        };
                        fields.push(SortField::of(name, order, options, mapping)?);
                    }
                }
                _ => {
                    return parsing(
                        "[sort] malformed sort format, either start with a string or an object",
                    );
                }
            }
        }
        if fields.len() > FIELDS_MAX {
            return illegal(format!("[sort] of more than {FIELDS_MAX} fields"));
        }
        Ok(Self(fields))
    }

    #[must_use]
    pub fn keys(&self, row: &dyn Row, at: Timestamp) -> Vec<Key> {
        self.0.iter().map(|field| field.key(row, at)).collect()
    }

    #[must_use]
    pub fn compare(&self, a: &[Key], b: &[Key]) -> Ordering {
        let each = self
            .0
            .iter()
            .zip(a.iter().zip(b))
            .map(|(field, (a, b))| field.compare(a, b));
        each.fold(Ordering::Equal, Ordering::then)
    }

    /// The keys after which a page begins.
    pub fn after(&self, values: &[Value]) -> Result<Vec<Key>, Error> {
        if values.len() != self.0.len() {
            return illegal(format!(
                "search_after has {} value(s) but sort has {}.",
                values.len(),
                self.0.len()
            ));
        }
        Ok(self
            .0
            .iter()
            .zip(values)
            .map(|(field, value)| field.key_of(value))
            .collect())
    }
}

impl Key {
    /// As an answer shows it.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Missing => Value::Null,
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => json!(*n as i64),
            Self::Number(n) => json!(n),
            Self::Text(text) => text.clone().into(),
        }
    }
}

impl SortField {
    fn of(
        name: &str,
        order: &str,
        options: &Map<String, Value>,
        mapping: &Mapping,
    ) -> Result<Self, Error> {
        let descends = match order {
            "asc" => false,
            "desc" => true,
            "" => name == "_score",
            other => return illegal(format!("Unknown SortOrder [{other}]")),
        };
        let mapped = mapping.field(name);
        let mode = options.get("mode").and_then(Value::as_str);
        Ok(Self {
            name: name.to_owned(),
            stored: mapping.stored_name(name).to_owned(),
            descends,
            missing_first: options.get("missing").and_then(Value::as_str) == Some("_first"),
            takes_max: mode.map_or(descends, |mode| mode == "max"),
            is_date: name == "@timestamp" || mapped.is_some_and(|field| field.kind == Kind::Date),
            lowers: mapped.is_some_and(|field| field.lowers),
        })
    }

    /// Whether it asks for the order in which records came, which is that of their time here.
    #[must_use]
    pub fn is_by_arrival(&self) -> bool {
        matches!(self.name.as_str(), "_doc" | "_shard_doc" | "_score")
    }

    #[allow(clippy::cast_precision_loss)]
    fn key(&self, row: &dyn Row, at: Timestamp) -> Key {
        if self.is_by_arrival() {
            let is_score = self.name == "_score";
            return if is_score {
                Key::Missing
            } else {
                Key::Number(at.as_millis() as f64)
            };
        }
        let mut best = Key::Missing;
        each_value(row, &self.stored, &mut |value| {
            let key = match value {
                FieldValue::Number(n) => Key::Number(n),
                FieldValue::Bool(truth) => Key::Number(f64::from(u8::from(truth))),
                FieldValue::Time(at) => Key::Number(at.as_millis() as f64),
                FieldValue::Text(text) if self.is_date => {
                    match date::instant(text, None, at, &Zone::default(), false) {
                        Some(at) => Key::Number(at.as_millis() as f64),
                        None => Key::Text(text.to_owned()),
                    }
                }
                FieldValue::Text(text) if self.lowers => Key::Text(text.to_lowercase()),
                FieldValue::Text(text) => Key::Text(text.to_owned()),
            };
            let order = ordered(&key, &best);
            if best == Key::Missing
                || (order.is_gt() && self.takes_max)
                || (order.is_lt() && !self.takes_max)
            {
                best = key;
            }
        });
        best
    }

    #[allow(clippy::cast_precision_loss)]
    fn key_of(&self, value: &Value) -> Key {
        match value {
            Value::Null => Key::Missing,
            Value::Bool(truth) => Key::Number(f64::from(u8::from(*truth))),
            Value::String(text) if self.is_date => match (number(text), date::parse(text, None)) {
                (Some(n), _) => Key::Number(n),
                (None, Some(at)) => Key::Number(at.as_millis() as f64),
                (None, None) => Key::Text(text.clone()),
            },
            Value::String(text) => Key::Text(text.clone()),
            value => value.as_f64().map_or(Key::Missing, Key::Number),
        }
    }

    fn compare(&self, a: &Key, b: &Key) -> Ordering {
        let missing = |is: bool| {
            if is == self.missing_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        };
        match (a, b) {
            (Key::Missing, Key::Missing) => Ordering::Equal,
            (Key::Missing, _) => missing(true),
            (_, Key::Missing) => missing(false),
            (a, b) if self.descends => ordered(b, a),
            (a, b) => ordered(a, b),
        }
    }
}

/// A text is compared with a number as the number that it is.
fn ordered(a: &Key, b: &Key) -> Ordering {
    let beside = |n: f64, text: &str| match number(text) {
        Some(other) => n.total_cmp(&other),
        None => n.to_string().as_str().cmp(text),
    };
    match (a, b) {
        (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
        (Key::Text(a), Key::Text(b)) => a.cmp(b),
        (Key::Number(n), Key::Text(text)) => beside(*n, text),
        (Key::Text(text), Key::Number(n)) => beside(*n, text).reverse(),
        (Key::Missing, Key::Missing) => Ordering::Equal,
        (Key::Missing, _) => Ordering::Less,
        (_, Key::Missing) => Ordering::Greater,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|n: &f64| n.is_finite())
}
