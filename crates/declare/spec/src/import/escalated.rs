//! Who a design tells next, turned from what it says beside a severity into an escalation of that name.
//!
//! Documents say `escalation: lead, security` in the row of a severity. A spec has steps, the first of which tells
//! whoever is on call.

use promise::say;
use serde_json::{Value, json};

use super::draft::{Entry, Part};

/// When the next person is told where neither the document nor the severity's own answer says it.
const AFTER: &str = "15m";

/// Moves what stands under severities in the older spelling, with its origins, and tells the report where it went.
pub(super) fn escalated(root: &mut Vec<(String, Part)>, report: &mut [Entry]) {
    let severities = root.iter_mut().find(|(name, _)| name == "severities");
    let Some((_, Part::Map(severities))) = severities else {
        return;
    };
    let mut escalations = Vec::new();
    for (name, severity) in severities {
        let Part::Map(fields) = severity else {
            continue;
        };
        let mut take = |field: &str| {
            let at = fields.iter().position(|(name, _)| name == field)?;
            Some(fields.remove(at).1)
        };
        let (roles, after) = (take("escalate_to"), take("escalate_after"));
        let Some(origin) = roles.as_ref().or(after.as_ref()).and_then(origin) else {
            continue;
        };
        let answer = fields.iter().find(|(name, _)| name == "answer_within");
        let after = after
            .as_ref()
            .and_then(leaf)
            .or_else(|| answer.and_then(|(_, part)| leaf(part)))
            .unwrap_or_else(|| json!(AFTER));
        let roles: Vec<Value> = match &roles {
            Some(Part::List(items)) => items.iter().filter_map(leaf).collect(),
            Some(part) => match leaf(part) {
                Some(Value::Array(all)) => all,
                one => one.into_iter().collect(),
            },
            None => Vec::new(),
        };
        let said = |value: Value| Part::Leaf {
            value,
            origin: origin.clone(),
            guess: None,
        };
        let next = Part::Leaf {
            value: json!({ "after": after, "roles": roles }),
            origin: origin.clone(),
            guess: Some(say!(
                "whoever is on call is told first",
                "はじめに当番へ知らせるものとします"
            )),
        };
        let steps = Part::List(vec![said(json!({ "after": "0s" })), next]);
        escalations.push((name.clone(), Part::Map(vec![("steps".to_owned(), steps)])));
        fields.push(("escalation".to_owned(), said(json!(name))));
        let older =
            ["escalate_to", "escalate_after"].map(|field| format!("severities.{name}.{field}"));
        for entry in report.iter_mut() {
            if entry.to.as_ref().is_some_and(|to| older.contains(to)) {
                entry.to = Some(format!("escalations.{name}.steps"));
            }
        }
    }
    if !escalations.is_empty() {
        root.push(("escalations".to_owned(), Part::Map(escalations)));
    }
}

fn leaf(part: &Part) -> Option<Value> {
    match part {
        Part::Leaf { value, .. } => Some(value.clone()),
        Part::Map(_) | Part::List(_) => None,
    }
}

fn origin(part: &Part) -> Option<String> {
    match part {
        Part::Leaf { origin, .. } => Some(origin.clone()),
        Part::List(items) => items.iter().find_map(origin),
        Part::Map(_) => None,
    }
}
