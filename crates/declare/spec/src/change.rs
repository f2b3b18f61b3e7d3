//! What changed between two specs, in words: which promises became stricter, looser, were added or dropped.
//!
//! Both are compared as what they mean, not as they are written: `60m` is `1h`, and an order of names is no change.

use promise::{
    Say,
    record::Scalar as _,
    say,
    unit::{Bytes, Percent, Span},
};
use serde_json::{Map, Value};

use crate::section::Spec;

/// What a change means for those to whom something is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    Looser,
    Dropped,
    Stricter,
    Added,
    /// Neither stricter nor looser, or not to be told by a rule.
    Changed,
}

impl Effect {
    /// The stable name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Looser => "looser",
            Self::Dropped => "dropped",
            Self::Stricter => "stricter",
            Self::Added => "added",
            Self::Changed => "changed",
        }
    }

    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Looser => say!("looser", "緩くなりました"),
            Self::Dropped => say!("dropped", "なくなりました"),
            Self::Stricter => say!("stricter", "厳しくなりました"),
            Self::Added => say!("added", "加わりました"),
            Self::Changed => say!("changed", "変わりました"),
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub effect: Effect,
    /// Where it stands, such as `promises.paid.at_least`.
    pub path: String,
    /// As it was and as it is, in the words of the spec.
    pub from: Option<String>,
    pub to: Option<String>,
    pub text: Say,
}

/// Which way a value is stricter, by the field's name: one word means the same wherever it stands.
const MORE_IS_STRICTER: &[&str] = &[
    "at_least",
    "availability",
    "slice_at_least",
    "backup_retention",
    "retention",
    "at_hand",
    "min_events",
];
const LESS_IS_STRICTER: &[&str] = &[
    "at_most",
    "within",
    "page_within",
    "answer_within",
    "rto",
    "rpo",
    "gaps_at_most",
    "fresh_for",
    "for",
    "repeat",
    "lag_max",
    "loses_at_most",
    "restore_tested_every",
    "interval",
    "budget_at_least",
    "every",
    "silent_for_max",
];
/// All that stands below these: how long evidence is kept.
const KEPT: &str = "retention.";

/// Sections that change nothing of what is owed or shown.
const IGNORED: &[&str] = &["include"];

/// Every difference, the gravest first, then by its place.
#[must_use]
pub fn changes(old: &Spec, new: &Spec) -> Vec<Change> {
    let mut out = Vec::new();
    let (old, new) = (plain(old), plain(new));
    walk("", &Value::Object(old), &Value::Object(new), &mut out);
    out.sort_by(|a, b| (a.effect, &a.path).cmp(&(b.effect, &b.path)));
    out
}

/// A spec as a tree in which promises stand under their ids.
fn plain(spec: &Spec) -> Map<String, Value> {
    let mut out = match serde_json::to_value(spec) {
        Ok(Value::Object(out)) => out,
        _ => Map::new(),
    };
    for name in IGNORED {
        out.remove(*name);
    }
    let promises = out.get_mut("promises").map(Value::take);
    let by_id = promises
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|promise| {
            let mut fields = promise.as_object()?.clone();
            let id = fields.remove("id")?.as_str()?.to_owned();
            // When it was declared is the ledger's; the zone and the corrections stand elsewhere in the spec.
            for field in ["since", "time_zone", "corrections"] {
                fields.remove(field);
            }
            Some((id, Value::Object(fields)))
        });
    let by_id: Map<String, Value> = by_id.collect();
    out.insert("promises".to_owned(), Value::Object(by_id));
    out
}

fn walk(path: &str, old: &Value, new: &Value, out: &mut Vec<Change>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, before) in old {
                match new.get(name) {
                    Some(after) => walk(&below(path, name), before, after, out),
                    None => dropped(&below(path, name), before, out),
                }
            }
            for (name, after) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                added(&below(path, name), after, out);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for item in old.iter().filter(|item| !new.contains(item)) {
                dropped(path, item, out);
            }
            for item in new.iter().filter(|item| !old.contains(item)) {
                added(path, item, out);
            }
        }
        (Value::Null, after) => added(path, after, out),
        (before, Value::Null) => dropped(path, before, out),
        (before, after) => replaced(path, before, after, out),
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(Map::is_empty)
}

fn added(path: &str, value: &Value, out: &mut Vec<Change>) {
    if !is_nothing(value) {
        let to = shown(value);
        let text = say!("`{path}` is new: {to}", "`{path}` が加わりました: {to}");
        out.push(Change {
            effect: Effect::Added,
            path: path.to_owned(),
            from: None,
            to: Some(to),
            text,
        });
    }
}

fn dropped(path: &str, value: &Value, out: &mut Vec<Change>) {
    if !is_nothing(value) {
        let from = shown(value);
        let text = say!(
            "`{path}` is gone; it was {from}",
            "`{path}` がなくなりました(以前は {from})"
        );
        out.push(Change {
            effect: Effect::Dropped,
            path: path.to_owned(),
            from: Some(from),
            to: None,
            text,
        });
    }
}

fn replaced(path: &str, before: &Value, after: &Value, out: &mut Vec<Change>) {
    let (from, to) = (shown(before), shown(after));
    let effect = effect(path, &from, &to);
    let text = match effect {
        Effect::Stricter => say!(
            "`{path}` is stricter: {from} → {to}",
            "`{path}` が厳しくなりました: {from} → {to}"
        ),
        Effect::Looser => say!(
            "`{path}` is looser: {from} → {to}",
            "`{path}` が緩くなりました: {from} → {to}"
        ),
        _ => say!(
            "`{path}` changed: {from} → {to}",
            "`{path}` が変わりました: {from} → {to}"
        ),
    };
    out.push(Change {
        effect,
        path: path.to_owned(),
        from: Some(from),
        to: Some(to),
        text,
    });
}

fn effect(path: &str, from: &str, to: &str) -> Effect {
    let field = path.rsplit('.').next().unwrap_or(path);
    let more_is_stricter = if LESS_IS_STRICTER.contains(&field) {
        false
    } else if MORE_IS_STRICTER.contains(&field) || path.starts_with(KEPT) {
        true
    } else {
        return Effect::Changed;
    };
    match (size(from), size(to)) {
        (Some((unit, a)), Some((other, b))) if unit == other && a != b => {
            if (b > a) == more_is_stricter {
                Effect::Stricter
            } else {
                Effect::Looser
            }
        }
        _ => Effect::Changed,
    }
}

/// A value as a number, and of which sort it is.
fn size(text: &str) -> Option<(u8, f64)> {
    #[allow(clippy::cast_precision_loss)]
    let bytes = || Bytes::parse(text).ok().map(|it| (2, it.0 as f64));
    let number = || {
        text.parse::<f64>()
            .ok()
            .filter(|it| it.is_finite())
            .map(|it| (3, it))
    };
    Percent::parse(text)
        .map(|it| (0, it.0))
        .or_else(|_| Span::parse(text).map(|it| (1, it.0.as_secs_f64())))
        .ok()
        .or_else(bytes)
        .or_else(number)
}

/// A longer value is known by its beginning.
const SHOWN_MAX: usize = 120;

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let written = fields.iter().filter(|(_, value)| !is_nothing(value));
            let all: Vec<String> = written
                .map(|(name, value)| format!("{name}: {}", shown(value)))
                .collect();
            format!("{{ {} }}", all.join(", "))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
