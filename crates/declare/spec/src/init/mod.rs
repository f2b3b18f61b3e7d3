//! First specs: a commented one from nothing, one proposed from what a running exporter shows, and one that goes on
//! with the jobs of a Prometheus.

mod families;
mod prometheus;
mod template;

pub use families::{Kind as FamilyKind, MetricFamily, from_families};
pub(crate) use prometheus::job_fields;
pub use prometheus::{Imported, Left, from_prometheus, import_prometheus};
pub use template::template;

/// A text as YAML that reads back as exactly this text: YAML's double quotes take JSON's escapes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}
