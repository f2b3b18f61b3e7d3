//! What a bucket is found by, and into which buckets a record goes.

use promise::signal::{
    FieldValue,
    log_query::{fold, words},
};
use serde_json::{Map, Value, json};

use super::{
    Field, Kind, Walk,
    bucket::{Choice, Terms},
    metric::instant,
};
use crate::row::each_value;

/// What a bucket is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Text(String),
    /// The bits of a number, which is never NaN.
    Number(u64),
    Bool(bool),
    Place(usize),
    Many(Vec<Option<Key>>),
}

impl Key {
    pub fn of(n: f64) -> Self {
        // Zero has two forms, and is one key.
        Self::Number(if n == 0.0 { 0.0_f64 } else { n }.to_bits())
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    #[allow(clippy::cast_possible_truncation)]
    pub fn show(&self, field: &Field) -> Map<String, Value> {
        let mut entry = Map::new();
        let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
        match self {
            Self::Text(text) => {
                put("key", text.clone().into());
            }
            Self::Bool(truth) => {
                put("key", u8::from(*truth).into());
                put("key_as_string", truth.to_string().into());
            }
            Self::Number(bits) => {
                let n = f64::from_bits(*bits);
                put(
                    "key",
                    if n.fract() == 0.0 && n.abs() < 9e15 {
                        json!(n as i64)
                    } else {
                        json!(n)
                    },
                );
                if field.is_date {
                    put("key_as_string", instant(n).into());
                }
            }
            Self::Place(_) | Self::Many(_) => {}
        }
        entry
    }
}

/// The buckets into which the record goes.
pub(super) fn keys(kind: &Kind, walk: &Walk<'_>) -> Vec<Key> {
    let row = walk.row;
    match kind {
        Kind::Terms(terms) => {
            let mut keys = of_field(&terms.field, walk);
            keys.retain(|key| terms.wants(key));
            keys
        }
        Kind::Histogram {
            field,
            interval,
            fill,
        } => {
            let mut keys = Vec::new();
            numbers(field, walk, &mut |n| {
                let inside = fill.hard.0.is_none_or(|low| n >= low)
                    && fill.hard.1.is_none_or(|high| n <= high);
                keys.extend(interval.floor(n).filter(|_| inside).map(Key::of));
            });
            unique(keys)
        }
        Kind::Range { field, ranges, .. } => {
            let mut keys = Vec::new();
            numbers(field, walk, &mut |n| {
                keys.extend(
                    ranges
                        .iter()
                        .enumerate()
                        .filter(|(_, range)| range.holds(n))
                        .map(|(i, _)| Key::Place(i)),
                );
            });
            unique(keys)
        }
        Kind::Filters { filters, other, .. } => {
            let fields: &dyn promise::signal::Fields = row;
            let mut keys: Vec<Key> = filters
                .iter()
                .enumerate()
                .filter(|(_, (_, expr))| expr.accepts(fields))
                .map(|(i, _)| Key::Place(i))
                .collect();
            if keys.is_empty() && other.is_some() {
                keys.push(Key::Place(filters.len()));
            }
            keys
        }
        Kind::Filter(expr) => one_if(expr.accepts(row as &dyn promise::signal::Fields)),
        Kind::Global => one_if(true),
        Kind::Missing(field) => one_if(!row.has(&field.name)),
        Kind::Composite(composite) => {
            let mut all: Vec<Vec<Option<Key>>> = vec![Vec::new()];
            for (_, field, interval, _) in &composite.sources {
                let mut keys = Vec::new();
                match interval {
                    None => keys = of_field(field, walk),
                    Some(interval) => numbers(field, walk, &mut |n| {
                        keys.extend(interval.floor(n).map(Key::of))
                    }),
                }
                all = all
                    .into_iter()
                    .flat_map(|head| {
                        keys.iter().map(move |key| {
                            head.iter().cloned().chain([Some(key.clone())]).collect()
                        })
                    })
                    .collect();
            }
            all.into_iter().map(Key::Many).collect()
        }
        Kind::Metric(_) | Kind::TopHits { .. } => Vec::new(),
    }
}

fn one_if(is: bool) -> Vec<Key> {
    if is { vec![Key::Place(0)] } else { Vec::new() }
}

/// A record that holds a value twice counts once.
pub(super) fn unique(mut keys: Vec<Key>) -> Vec<Key> {
    if keys.len() > 1 {
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(key.clone()));
    }
    keys
}

fn of_field(field: &Field, walk: &Walk<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    each_value(walk.row, &field.name, &mut |value| {
        field.keys(&value, &mut keys)
    });
    if let (true, Some(missing)) = (keys.is_empty(), &field.missing) {
        match missing {
            Value::String(text) => keys.push(Key::Text(text.clone())),
            other => keys.extend(other.as_f64().map(Key::of)),
        }
    }
    unique(keys)
}

fn numbers(field: &Field, walk: &Walk<'_>, give: &mut dyn FnMut(f64)) {
    let mut any = false;
    each_value(walk.row, &field.name, &mut |value| {
        if let Some(n) = field.number(&value) {
            any = true;
            give(n);
        }
    });
    if let (false, Some(missing)) = (any, &field.missing)
        && let Some(n) = missing
            .as_f64()
            .or_else(|| field.number(&FieldValue::Text(missing.as_str()?)))
    {
        give(n);
    }
}

impl Field {
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn keys(&self, value: &FieldValue<'_>, keys: &mut Vec<Key>) {
        match value {
            FieldValue::Text(text) if self.is_words => {
                keys.extend(words(&fold(text)).map(|word| Key::Text(word.to_owned())))
            }
            FieldValue::Text(text) if self.is_date => keys.push(
                self.number(value)
                    .map_or(Key::Text((*text).to_owned()), Key::of),
            ),
            FieldValue::Text(text) if self.lowers => keys.push(Key::Text(text.to_lowercase())),
            FieldValue::Text(text) => keys.push(Key::Text((*text).to_owned())),
            FieldValue::Number(n) => keys.push(Key::of(*n)),
            FieldValue::Bool(truth) => keys.push(Key::Bool(*truth)),
            FieldValue::Time(at) => keys.push(Key::of(at.as_millis() as f64)),
        }
    }
}

impl Terms {
    pub(super) fn wants(&self, key: &Key) -> bool {
        let text = match key {
            Key::Text(text) => text.clone(),
            Key::Bool(truth) => truth.to_string(),
            key => key.number().map_or(String::new(), |n| n.to_string()),
        };
        let is = |choice: &Choice| match choice {
            Choice::Any(all) => all.contains(&text),
            Choice::Like(pattern) => pattern.accepts(&text),
        };
        self.include.as_ref().is_none_or(is) && !self.exclude.as_ref().is_some_and(is)
    }
}
