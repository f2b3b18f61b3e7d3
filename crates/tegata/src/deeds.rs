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
    door::{Deed, Drill},
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
    #[serde(deserialize_with = "or_erased")]
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

/// A drill that was held, with all that 10.2.2 asks for in one entry: `by` with `role` and `via`, the kind of entry and
/// `kind`, `at` with `began` and `ended`, `passed`, `from`, and `on`.
pub(crate) async fn drill(
    book: &Book,
    drill: &Drill,
    who: &Who,
    from: &str,
) -> anyhow::Result<u64> {
    let body = json!({
        "kind": drill.kind, "on": drill.on, "began": drill.began, "ended": drill.ended,
        "took_secs": drill.ended.since(drill.began).as_secs(), "passed": drill.passed,
        "by": drill.by, "role": who.role.map(|role| role.as_str()), "via": who.via.as_str(),
        "from": from, "note": drill.note,
    });
    book.note(kind::DRILL, &drill.name, body).await
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use console::{access::Via, door::DrillKind};
    use ledger::Ledger;
    use spec::section::access::Role;

    use super::*;

    #[tokio::test]
    async fn a_drill_has_all_that_is_asked_for_and_whoever_held_it_can_be_erased() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = Ledger::open(dir.path(), "test").unwrap();
        let book = Book::new(Arc::new(ledger), Arc::new(crate::clock::SystemClock));
        let drill = Drill {
            name: "failover-db".into(),
            kind: DrillKind::Failover,
            on: "db-b".into(),
            began: Timestamp::from_millis(0),
            ended: Timestamp::from_millis(240_000),
            passed: false,
            by: "Sato".into(),
            note: "Sato waited for the replica".into(),
        };
        let who = Who {
            name: "Sato".into(),
            role: Some(Role::Operator),
            via: Via::Token,
        };
        let index = self::drill(&book, &drill, &who, "192.0.2.7").await.unwrap();
        let entry = book.ledger().entry(index).unwrap();
        assert_eq!(
            (entry.kind.as_str(), entry.about.as_str()),
            ("drill", "failover-db")
        );
        let kept = json!({
            "by": "Sato", "role": "operator", "via": "token", "from": "192.0.2.7", "kind": "failover", "on": "db-b",
            "began": "1970-01-01T00:00:00.000Z", "ended": "1970-01-01T00:04:00.000Z", "took_secs": 240, "passed": false,
            "note": "Sato waited for the replica",
        });
        assert_eq!(entry.body, kept);
        let erasure = |fields| super::erasure(Timestamp::EPOCH, fields, "Ito", "asked");
        let (fields, _) = book.ledger().erase("Sato", erasure).unwrap().unwrap();
        assert_eq!(fields, 2, "the name, and the note in which it stands");
        let body = book.ledger().entry(index).unwrap().body;
        assert!(!body.to_string().contains("Sato"), "{body}");
    }
}
