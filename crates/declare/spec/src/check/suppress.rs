//! Which findings a spec suppresses, and which of its suppressions did anything.

use std::cell::RefCell;

use promise::{
    Timestamp,
    document::{Node, Span, Value},
};

use super::Rule;
use crate::{
    diagnostic::Diagnostic,
    load::Suppressed,
    places::Places,
    section::{Spec, suppression::Suppression},
};

/// The suppressions in force.
pub(super) struct Excuses<'s> {
    all: Vec<Excuse<'s>>,
    /// The names of those that covered a finding.
    used: RefCell<Vec<&'s str>>,
}

/// One of them, and where in the texts it holds; `None` everywhere.
pub(super) struct Excuse<'s> {
    name: &'s str,
    suppression: &'s Suppression,
    within: Option<Vec<Span>>,
}

impl<'s> Excuses<'s> {
    /// One whose time is up covers nothing.
    pub(super) fn of(spec: &'s Spec, places: Places<'s>, now: Timestamp) -> Self {
        let in_force = spec.suppressions.iter().filter(|(_, it)| !it.is_over(now));
        let all = in_force.map(|(name, suppression)| Excuse {
            name,
            suppression,
            within: suppression.at.as_ref().map(|at| below(places, at)),
        });
        Self {
            all: all.collect(),
            used: RefCell::default(),
        }
    }

    pub(super) fn of_finding(&self, rule: &Rule, finding: &Diagnostic) -> Option<&Excuse<'s>> {
        if rule.is_always {
            return None;
        }
        let at = finding.span();
        let covers = |excuse: &&Excuse<'s>| {
            let holds = |span: &Span| span.start <= at.start && at.end <= span.end;
            excuse.suppression.rule == rule.code
                && excuse
                    .within
                    .as_ref()
                    .is_none_or(|within| within.iter().any(holds))
        };
        let excuse = self.all.iter().find(covers)?;
        self.used.borrow_mut().push(excuse.name);
        Some(excuse)
    }

    /// Those in force that covered nothing.
    pub(super) fn idle(&self) -> Vec<&'s str> {
        let used = self.used.borrow();
        self.all
            .iter()
            .map(|excuse| excuse.name)
            .filter(|name| !used.contains(name))
            .collect()
    }
}

impl Excuse<'_> {
    pub(super) fn of(&self, finding: Diagnostic) -> Suppressed {
        Suppressed {
            name: self.name.to_owned(),
            reason: self.suppression.reason.clone(),
            until: self.suppression.until,
            finding,
        }
    }
}

/// What a path such as `promises.paid` covers: its name and all below it, in whichever files that lies.
fn below(places: Places<'_>, at: &str) -> Vec<Span> {
    let path: Vec<&str> = at.split('.').collect();
    let Some(node) = places.node(&path) else {
        return Vec::new();
    };
    let mut spans = vec![places.key(&path)];
    collect(node, &mut spans);
    spans
}

/// A map that was put together from several files does not lie within its own span; its leaves do.
fn collect(node: &Node, spans: &mut Vec<Span>) {
    spans.push(node.span.clone());
    match &node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                spans.push(key.span.clone());
                collect(node, spans);
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, spans)),
        Value::Null | Value::Scalar(_) | Value::Unreadable => {}
    }
}
