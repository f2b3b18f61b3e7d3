//! Where each part of a spec stands in its text.
//!
//! A rule thinks in names (`promises`, `refunds`, `window`); a person looks at lines. [`Places`] goes from
//! the one to the other, and only when a rule has found something, so a clean spec pays nothing for it.

use promise::document::{Node, Span, Value};

use crate::texts::Texts;

/// The written document, asked by path. A number as text counts the items of a list from 0.
#[derive(Debug, Clone, Copy)]
pub struct Places<'d> {
    root: &'d Node,
}

/// One step down the document: the name under which a value stands, where it has one, and the value.
type Step<'d> = (Option<&'d Span>, &'d Node);

impl<'d> Places<'d> {
    #[must_use]
    pub fn of(root: &'d Node) -> Self {
        Self { root }
    }

    /// What to underline for `path`: the value where it is one text, otherwise the name above it. Where
    /// nothing stands at `path`, the nearest thing above it that does.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Span {
        let (key, node) = self.nearest(path);
        match (&node.value, key) {
            (Value::Scalar(_), _) | (_, None) => node.span.clone(),
            (_, Some(key)) => key.clone(),
        }
    }

    /// The name at the end of `path`, rather than its value.
    #[must_use]
    pub fn key(&self, path: &[&str]) -> Span {
        let (key, node) = self.nearest(path);
        key.unwrap_or(&node.span).clone()
    }

    #[must_use]
    pub fn is_written(&self, path: &[&str]) -> bool {
        self.node(path).is_some()
    }

    /// The names under `path`, whether or not what stands under them could be read.
    pub fn names(&self, path: &[&str]) -> impl Iterator<Item = &'d str> + use<'d> {
        let entries = match self.node(path).map(|node| &node.value) {
            Some(Value::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, _)| key.name.as_str())
    }

    /// Whether the names under `path` are all known: it is a map, or not written at all.
    #[must_use]
    pub fn knows_names(&self, path: &[&str]) -> bool {
        self.node(path)
            .is_none_or(|node| matches!(node.value, Value::Map(_) | Value::Null))
    }

    /// The whole lines of an entry of a block map, to be removed; `None` where other things stand on them.
    #[must_use]
    pub fn lines(&self, path: &[&str], texts: &Texts) -> Option<Span> {
        let (key, node) = self.nearest(path);
        let key = key.filter(|_| self.is_written(path))?;
        let text = texts.at(key.start)?;
        let first = text.range(text.line(key.start));
        let last_line = text.line(node.span.end.max(key.end));
        let last = text.range(last_line);
        let before = text.get(&(first.start..key.start))?;
        let after = text
            .get(&(node.span.end.max(key.end)..last.end))?
            .trim_start();
        let is_alone = before.trim().is_empty() && (after.is_empty() || after.starts_with('#'));
        let end = if last_line + 1 < text.lines() {
            text.range(last_line + 1).start
        } else {
            last.end
        };
        is_alone.then_some(first.start..end)
    }

    #[must_use]
    pub fn node(&self, path: &[&str]) -> Option<&'d Node> {
        path.iter().try_fold(self.root, |node, name| {
            step(node, name).map(|(_, below)| below)
        })
    }

    fn nearest(&self, path: &[&str]) -> Step<'d> {
        let mut here: Step<'d> = (None, self.root);
        for name in path {
            match step(here.1, name) {
                Some(below) => here = below,
                None => break,
            }
        }
        here
    }
}

fn step<'d>(node: &'d Node, name: &str) -> Option<Step<'d>> {
    match &node.value {
        Value::Map(entries) => {
            let (key, below) = entries.iter().find(|(key, _)| key.name == name)?;
            Some((Some(&key.span), below))
        }
        Value::List(items) => Some((None, items.get(name.parse::<usize>().ok()?)?)),
        // One value may stand where a list of one is meant.
        Value::Scalar(_) if name == "0" => Some((None, node)),
        _ => None,
    }
}
