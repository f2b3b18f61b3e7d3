//! A record as a search sees it.

use promise::signal::{FieldValue, Fields};
use serde_json::{Map, Value};

/// A record that can be told in an answer.
pub trait Row: Fields {
    fn index(&self) -> &str;

    fn id(&self) -> String;

    /// What was stored.
    fn source(&self) -> &Map<String, Value>;
}

/// Gives each value of a field.
pub(crate) fn each_value(
    row: &(impl Fields + ?Sized),
    field: &str,
    give: &mut dyn FnMut(FieldValue<'_>),
) {
    row.any_value(field, &mut |value| {
        give(value);
        false
    });
}
