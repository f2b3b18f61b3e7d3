//! The order of term buckets: `_count`, `_key`, or a figure of a sub-aggregation.

use std::cmp::Ordering;

use serde_json::Value;

use crate::error::{Error, illegal};

#[derive(Debug, Clone)]
pub(super) struct Order {
    /// `_count`, `_key`, `name`, `name.value`, `name>inner.p`.
    path: Vec<String>,
    descends: bool,
}

impl Order {
    /// The busiest first, and among equals by key.
    pub fn default_orders() -> Vec<Self> {
        vec![Self {
            path: vec!["_count".to_owned()],
            descends: true,
        }]
    }

    pub fn read(value: &Value) -> Result<Vec<Self>, Error> {
        let items = match value {
            Value::Null => return Ok(Self::default_orders()),
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut orders = Vec::new();
        for object in items {
            for (path, order) in object.as_object().into_iter().flatten() {
                let descends = match order.as_str() {
                    Some("asc") => false,
                    Some("desc") => true,
                    _ => return illegal(format!("Unknown order direction [{order}]")),
                };
                let path = if path == "_term" { "_key" } else { path };
                orders.push(Self {
                    path: path.split(['>', '.']).map(str::to_owned).collect(),
                    descends,
                });
            }
        }
        Ok(orders)
    }

    /// Whether only counts decide, so that the rest need not be worked out.
    pub fn compare(orders: &[Self], a: &Value, b: &Value) -> Ordering {
        let each = orders.iter().map(|order| {
            let ordering = by_value(order.value(a), order.value(b));
            if order.descends {
                ordering.reverse()
            } else {
                ordering
            }
        });
        each.fold(Ordering::Equal, Ordering::then)
            .then_with(|| by_value(a.get("key"), b.get("key")))
    }

    fn value<'b>(&self, bucket: &'b Value) -> Option<&'b Value> {
        match self.path.first()?.as_str() {
            "_count" => bucket.get("doc_count"),
            "_key" => bucket.get("key"),
            _ => {
                let mut value = bucket;
                for part in &self.path {
                    value = match value.get(part) {
                        Some(inner) => inner,
                        // A percentile by its number.
                        None => value.get("values")?.get(format!("{part}.0"))?,
                    };
                }
                value
                    .get("value")
                    .or_else(|| value.get("doc_count"))
                    .or(Some(value))
            }
        }
    }
}

fn by_value(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(b),
        (Some(a), Some(b)) => {
            let number = |v: &Value| v.as_f64().unwrap_or(f64::NEG_INFINITY);
            number(a).total_cmp(&number(b))
        }
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
