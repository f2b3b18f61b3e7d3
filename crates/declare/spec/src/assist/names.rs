//! The names that a spec defines: where they stand, and who refers to them.

use promise::{
    Say,
    document::{Node, Span, Value},
    record::Read as _,
};

use super::forms::{self, descend, kinds};
use crate::{check::RULES, section::Document};

/// Where names are referred to, and the section that defines them. `*` stands for any name or item.
const REFERENCES: &[(&str, &str)] = &[
    ("promises.*.severity", "severities"),
    ("promises.*.tier", "service.tiers"),
    ("promises.*.burn.*.severity", "severities"),
    ("rules.severity", "severities"),
    ("routes.*.severities.*", "severities"),
    ("routes.*.severities", "severities"),
    ("routes.*.promises.*", "promises"),
    ("routes.*.promises", "promises"),
    ("routes.*.receivers.*", "receivers"),
    ("routes.*.receivers", "receivers"),
    ("on_call.people.*.receivers.*", "receivers"),
    ("on_call.people.*.receivers", "receivers"),
    ("on_call.schedules.*.layers.*.rotation.*", "on_call.people"),
    ("on_call.schedules.*.overrides.*.who", "on_call.people"),
    (
        "on_call.schedules.*.overrides.*.instead_of",
        "on_call.people",
    ),
    ("severities.*.escalation", "escalations"),
    ("escalations.*.steps.*.schedules.*", "on_call.schedules"),
    ("escalations.*.steps.*.people.*", "on_call.people"),
    ("escalations.*.steps.*.receivers.*", "receivers"),
    ("corrections.*.promises.*", "promises"),
    ("corrections.*.promises", "promises"),
    ("canary.receivers.*", "receivers"),
    ("canary.receivers", "receivers"),
    ("canary.severity", "severities"),
    ("ledger.severity", "severities"),
    ("monitoring.metrics.*.promise", "promises"),
    ("monitoring.metrics.*.severity", "severities"),
    ("monitoring.metrics.*.tier", "service.tiers"),
    ("monitoring.alerts.*.promise", "promises"),
    ("monitoring.alerts.*.severity", "severities"),
    ("monitoring.alerts.*.of", "monitoring.metrics"),
    ("log_analysis.*.alerts.*.promise", "promises"),
    ("log_analysis.*.alerts.*.severity", "severities"),
    ("continuity.backups.*.promise", "promises"),
    ("continuity.backups.*.tier", "service.tiers"),
    ("continuity.replication.*.tier", "service.tiers"),
    ("continuity.drills.*.promise", "promises"),
    ("checklists.*.items.*.promise", "promises"),
];

/// Something at a place: a key, or a value under one.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub path: Vec<String>,
    pub is_key: bool,
    pub value: Option<String>,
    pub span: Span,
}

/// An entry of an editor's outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Symbol {
    pub name: String,
    pub key: Span,
    pub whole: Span,
    pub children: Vec<Symbol>,
}

/// What stands at `offset`.
pub(super) fn at(root: &Node, offset: usize) -> Option<Named> {
    let mut path = Vec::new();
    let mut here = root;
    loop {
        match &here.value {
            Value::Map(entries) => {
                // A document of several files does not lie within one span; its parts are asked.
                if let Some((key, _)) = entries.iter().find(|(key, _)| holds(&key.span, offset)) {
                    path.push(key.name.clone());
                    return Some(Named {
                        path,
                        is_key: true,
                        value: None,
                        span: key.span.clone(),
                    });
                }
                let (key, below) = entries.iter().find(|(_, below)| reaches(below, offset))?;
                path.push(key.name.clone());
                here = below;
            }
            Value::List(items) => {
                let (index, below) = items
                    .iter()
                    .enumerate()
                    .find(|(_, below)| reaches(below, offset))?;
                path.push(index.to_string());
                here = below;
            }
            Value::Scalar(text) => {
                return Some(Named {
                    path,
                    is_key: false,
                    value: Some(text.clone()),
                    span: here.span.clone(),
                });
            }
            Value::Null | Value::Unreadable => return None,
        }
    }
}

fn holds(span: &Span, offset: usize) -> bool {
    span.start <= offset && offset <= span.end
}

fn reaches(node: &Node, offset: usize) -> bool {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .any(|(key, node)| holds(&key.span, offset) || reaches(node, offset)),
        Value::List(items) => items.iter().any(|node| reaches(node, offset)),
        Value::Scalar(_) | Value::Null | Value::Unreadable => holds(&node.span, offset),
    }
}

/// The section whose names stand at `path`.
pub(super) fn refers_to(path: &[String]) -> Option<&'static str> {
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('.').collect();
        parts.len() == path.len()
            && parts
                .iter()
                .zip(path)
                .all(|(part, name)| *part == "*" || part == name)
    };
    REFERENCES
        .iter()
        .find(|(pattern, _)| fits(pattern))
        .map(|(_, section)| *section)
}

/// The names that may stand at `path`, and a word about each.
pub(super) fn known_at(root: &Node, path: &[String]) -> Vec<(String, Say)> {
    if let Some(section) = refers_to(path) {
        let path: Vec<String> = section.split('.').map(str::to_owned).collect();
        return match forms::find(root, &path).map(|node| &node.value) {
            Some(Value::Map(entries)) => entries
                .iter()
                .map(|(key, node)| (key.name.clone(), word(node)))
                .collect(),
            _ => Vec::new(),
        };
    }
    match path {
        [first, _, last] if first == "suppressions" && last == "rule" => RULES
            .iter()
            .filter(|rule| !rule.is_always)
            .map(|rule| (rule.code.to_owned(), rule.section("Finds")))
            .collect(),
        [above @ .., last] if last == "kind" => {
            let form = Document::form();
            let kinds = descend(&form, above, Some(root))
                .map(kinds)
                .unwrap_or_default();
            kinds
                .into_iter()
                .map(|kind| (kind.to_owned(), Say::same("")))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// What people call it.
fn word(node: &Node) -> Say {
    let text = |node: Option<&Node>| match node.map(|node| &node.value) {
        Some(Value::Scalar(text)) => Some(text.clone()),
        _ => None,
    };
    let name = node.get("name");
    match (text(name), name) {
        (Some(name), _) => Say::same(name),
        (None, Some(name)) => Say::new(
            text(name.get("en")).unwrap_or_default(),
            text(name.get("ja")).unwrap_or_default(),
        ),
        (None, None) => Say::same(""),
    }
}

/// Where the name at `offset` is defined: a definition is its own.
#[must_use]
pub fn definition(root: &Node, offset: usize) -> Option<Span> {
    let (section, name) = meant(root, offset)?;
    let mut path: Vec<&str> = section.split('.').collect();
    path.push(&name);
    super::place(root, &path)
}

/// Every place that refers to the name at `offset`, and where it is defined.
#[must_use]
pub fn references(root: &Node, offset: usize) -> Vec<Span> {
    let Some((section, name)) = meant(root, offset) else {
        return Vec::new();
    };
    let mut out: Vec<Span> = definition(root, offset).into_iter().collect();
    let mut path = Vec::new();
    walk(root, &mut path, &mut |path, node| {
        if matches!(&node.value, Value::Scalar(text) if *text == name)
            && refers_to(path) == Some(section.as_str())
        {
            out.push(node.span.clone());
        }
    });
    out
}

/// The section and the name that a place speaks of.
fn meant(root: &Node, offset: usize) -> Option<(String, String)> {
    let named = at(root, offset)?;
    if !named.is_key {
        return Some((refers_to(&named.path)?.to_owned(), named.value?));
    }
    let (name, section) = named.path.split_last()?;
    let section = section.join(".");
    let is_defining = REFERENCES.iter().any(|(_, known)| *known == section);
    is_defining.then(|| (section, name.clone()))
}

fn walk(node: &Node, path: &mut Vec<String>, tell: &mut impl FnMut(&[String], &Node)) {
    tell(path, node);
    match &node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                path.push(key.name.clone());
                walk(node, path, tell);
                path.pop();
            }
        }
        Value::List(items) => {
            for (index, node) in items.iter().enumerate() {
                path.push(index.to_string());
                walk(node, path, tell);
                path.pop();
            }
        }
        Value::Scalar(_) | Value::Null | Value::Unreadable => {}
    }
}

/// Levels of an outline: sections, names, and what stands in them.
const OUTLINE_DEPTH: usize = 3;

/// The outline of one file.
#[must_use]
pub fn symbols(root: &Node) -> Vec<Symbol> {
    outline(root, OUTLINE_DEPTH)
}

fn outline(node: &Node, depth: usize) -> Vec<Symbol> {
    let Value::Map(entries) = &node.value else {
        return Vec::new();
    };
    if depth == 0 {
        return Vec::new();
    }
    let one = |(key, node): &(promise::document::Key, Node)| Symbol {
        name: key.name.clone(),
        key: key.span.clone(),
        whole: key.span.start..node.span.end.max(key.span.end),
        children: outline(node, depth - 1),
    };
    entries.iter().map(one).collect()
}
