//! First specs: a commented one from nothing, and one proposed from what a running exporter shows.

mod families;
mod template;

pub use families::{Kind as FamilyKind, MetricFamily, from_families};
pub use template::template;

/// A text as YAML that reads back as exactly this text: YAML's double quotes take JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}
