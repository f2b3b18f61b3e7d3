//! Who did what: one kind of entry, which holds what PCI DSS 10.2.2 asks for, and one place that writes it.
//!
//! | asked for by 10.2.2 | field |
//! |---|---|
//! | user identification | `user`, with `role` and `via` |
//! | type of event | `about`, one of [`names`](console::access::names) |
//! | date and time | `at` |
//! | success or failure | `done`, with `status` as HTTP has it |
//! | origination | `from` |
//! | affected data, component, resource or service | `on`, with `component` |

use console::{
    access::{Who, names},
    door::Deed,
};
use ledger::NewEntry;
use promise::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    book::{self, Book, kind},
    tasks::watch::Why,
};

/// The body of a `deed` entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    #[serde(deserialize_with = "or_erased")]
    pub(crate) user: String,
    pub(crate) role: Option<String>,
    pub(crate) via: String,
    pub(crate) done: bool,
    pub(crate) status: u16,
    #[serde(deserialize_with = "or_erased")]
    pub(crate) from: String,
    pub(crate) component: String,
    pub(crate) on: String,
    /// Attempts from there that were turned away unwritten before this one.
    #[serde(default)]
    pub(crate) unwritten: u64,
}

/// What a person reads where a value was erased.
pub(crate) const GONE: &str = "(erased)";

fn or_erased<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().unwrap_or(GONE).to_owned())
}

/// The entry that says that personal fields were erased.
pub(crate) fn erasure(now: Timestamp, fields: u64, by: &str, reason: &str) -> NewEntry {
    let body = json!({ "fields": fields, "by": by, "reason": reason });
    book::entry(now, ledger::ERASED, "", body)
}

/// Writes a deed down; once this returns it is durable. Every deed passes here.
pub(crate) async fn record(book: &Book, deed: &Deed) -> anyhow::Result<u64> {
    let body = Body {
        user: deed.who.name.clone(),
        role: deed.who.role.map(|role| role.as_str().to_owned()),
        via: deed.who.via.as_str().to_owned(),
        done: deed.done,
        status: deed.status,
        from: deed.from.clone(),
        component: "console".to_owned(),
        on: deed.on.clone(),
        unwritten: deed.unwritten,
    };
    book.note(kind::DEED, deed.event, json!(body)).await
}

/// The spec was read again: asked by a signal, which only this machine's users can send, or by a change of the file.
pub(crate) fn reload(path: &std::path::Path, why: Why, done: bool) -> Deed {
    let from = match why {
        Why::Asked => "signal",
        Why::Changed => "file",
    };
    Deed {
        who: Who {
            name: owner_of(path),
            ..Who::local()
        },
        event: names::RELOAD,
        done,
        status: if done { 200 } else { 400 },
        from: from.to_owned(),
        on: path.display().to_string(),
        unwritten: 0,
    }
}

/// Who may change the spec: the system does not say who did.
fn owner_of(path: &std::path::Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(path).map(|meta| meta.uid());
    owner.map_or_else(|_| "local".to_owned(), |uid| format!("uid:{uid}"))
}
