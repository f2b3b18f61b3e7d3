//! Attributes as labels.

use std::collections::BTreeMap;

use store::Labels;

use super::{
    model::{AnyValue, KeyValue},
    name,
};

/// What tells a resource from others, and becomes `job` and `instance` instead of labels.
const IDENTITY: [&str; 3] = ["service.namespace", "service.name", "service.instance.id"];

/// What all series of a resource share.
pub(super) struct Identity {
    pub job: String,
    pub instance: String,
    /// All other attributes; `None` where there are none, or where nobody would know whose they are.
    pub info: Option<Labels>,
}

impl Identity {
    pub fn of(attributes: &[KeyValue]) -> Self {
        let find = |name: &str| {
            let found = attributes.iter().find(|pair| pair.key == name);
            found
                .and_then(|pair| pair.value.as_ref())
                .map(text)
                .unwrap_or_default()
        };
        let (namespace, service) = (find(IDENTITY[0]), find(IDENTITY[1]));
        let job = match (service.is_empty(), namespace.is_empty()) {
            (true, _) => String::new(),
            (false, true) => service,
            (false, false) => format!("{namespace}/{service}"),
        };
        let mut identity = Self {
            job,
            instance: find(IDENTITY[2]),
            info: None,
        };
        let others: Vec<KeyValue> = attributes
            .iter()
            .filter(|pair| !IDENTITY.contains(&&*pair.key))
            .cloned()
            .collect();
        let is_known = !identity.job.is_empty() || !identity.instance.is_empty();
        if is_known && !others.is_empty() {
            identity.info = Some(identity.labels("target_info", &others));
        }
        identity
    }

    /// The labels of a series. Attributes whose names fall together are joined in the order of their names.
    pub fn labels(&self, metric: &str, attributes: &[KeyValue]) -> Labels {
        let mut pairs = plain(attributes);
        for (name, value) in [("job", &self.job), ("instance", &self.instance)] {
            if !value.is_empty() {
                pairs.insert(name.to_owned(), value.clone());
            }
        }
        pairs.insert("__name__".to_owned(), metric.to_owned());
        Labels::new(pairs)
    }
}

pub(super) fn plain(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let mut sorted: Vec<&KeyValue> = attributes.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let mut pairs: BTreeMap<String, String> = BTreeMap::new();
    for pair in sorted {
        let value = pair.value.as_ref().map(text).unwrap_or_default();
        pairs
            .entry(name::label(&pair.key))
            .and_modify(|joined| {
                joined.push(';');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    pairs
}

/// A text as it is; all else as JSON writes it.
fn text(value: &AnyValue) -> String {
    match value {
        AnyValue::StringValue(text) | AnyValue::BytesValue(text) => text.clone(),
        other => json(other).to_string(),
    }
}

/// As fields of a record; of a name that stands twice the last counts.
pub(super) fn object(attributes: &[KeyValue]) -> serde_json::Map<String, serde_json::Value> {
    let value = |pair: &KeyValue| pair.value.as_ref().map_or(serde_json::Value::Null, json);
    let pairs = attributes.iter();
    pairs.map(|pair| (pair.key.clone(), value(pair))).collect()
}

pub(super) fn json(value: &AnyValue) -> serde_json::Value {
    match value {
        AnyValue::StringValue(text) | AnyValue::BytesValue(text) => text.as_str().into(),
        AnyValue::BoolValue(value) => (*value).into(),
        AnyValue::IntValue(value) => (*value).into(),
        // Go writes 1.0 as 1.
        #[allow(clippy::cast_possible_truncation)]
        AnyValue::DoubleValue(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
            (*value as i64).into()
        }
        AnyValue::DoubleValue(value) => (*value).into(),
        AnyValue::ArrayValue(array) => array.values.iter().map(json).collect(),
        AnyValue::KvlistValue(list) => {
            let each = list.values.iter().map(|pair| {
                let value = pair.value.as_ref().map_or(serde_json::Value::Null, json);
                (pair.key.clone(), value)
            });
            // Sorted, as Go writes a map.
            let sorted: BTreeMap<_, _> = each.collect();
            serde_json::Value::Object(sorted.into_iter().collect())
        }
    }
}
