//! The fields of a map of another tool while they are taken out one by one: what nobody took is told as lost.

use promise::{
    Say,
    document::{Key, Node, Value},
    say,
};

use super::{Draft, Source};

/// A map whose fields are being taken.
pub(crate) struct Taking<'n> {
    /// Where it stands, as the file calls it: `spec.template`.
    about: String,
    entries: &'n [(Key, Node)],
    taken: Vec<bool>,
    /// The line of the map itself.
    pub(crate) line: usize,
}

impl<'n> Taking<'n> {
    /// Of anything that is no map there is nothing to take.
    pub(crate) fn of(node: &'n Node, about: impl Into<String>, source: &Source<'_>) -> Self {
        let entries: &[(Key, Node)] = match &node.value {
            Value::Map(entries) => entries,
            _ => &[],
        };
        let (about, taken) = (about.into(), vec![false; entries.len()]);
        Self {
            about,
            entries,
            taken,
            line: source.line(node.span.start),
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<&'n Node> {
        let at = self.entries.iter().position(|(key, _)| key.name == name)?;
        self.taken[at] = true;
        Some(&self.entries[at].1)
    }

    /// A text, number or truth value; anything else stays and is told.
    pub(crate) fn text(&mut self, name: &str) -> Option<&'n str> {
        let at = self.entries.iter().position(|(key, _)| key.name == name)?;
        let Value::Scalar(text) = &self.entries[at].1.value else {
            return None;
        };
        self.taken[at] = true;
        Some(text)
    }

    /// A text and its line.
    pub(crate) fn line_of(&mut self, name: &str, source: &Source<'_>) -> Option<(&'n str, usize)> {
        let node = self
            .entries
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)?;
        Some((self.text(name)?, source.line(node.span.start)))
    }

    pub(crate) fn items(&mut self, name: &str) -> &'n [Node] {
        self.take(name).map_or(&[], items)
    }

    pub(crate) fn entries(&mut self, name: &str) -> &'n [(Key, Node)] {
        self.take(name).map_or(&[], entries)
    }

    /// Fields that say nothing about what is owed, such as a version of the format.
    pub(crate) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.take(name);
        }
    }

    /// Tells what nobody took.
    pub(crate) fn finish(self, source: &Source<'_>, draft: &mut Draft) {
        self.finish_with(
            source,
            draft,
            &say!(
                "nothing in a spec says this",
                "仕様に書くところがありません"
            ),
        );
    }

    pub(crate) fn finish_with(self, source: &Source<'_>, draft: &mut Draft, why: &Say) {
        let left = self
            .entries
            .iter()
            .zip(&self.taken)
            .filter(|(_, taken)| !**taken);
        for ((key, _), _) in left {
            let name = &key.name;
            let what = if self.about.is_empty() {
                name.clone()
            } else {
                format!("{}.{name}", self.about)
            };
            draft.lost(source.line(key.span.start), &what, why.clone());
        }
    }
}

pub(crate) fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        Value::Null => &[],
        _ => std::slice::from_ref(node),
    }
}

pub(crate) fn entries(node: &Node) -> &[(Key, Node)] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

pub(crate) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text) => Some(text),
        _ => None,
    }
}

/// The texts of a list, or the one text that stands for a list.
pub(crate) fn texts(node: &Node) -> Vec<&str> {
    items(node).iter().filter_map(text).collect()
}

/// The value below `path`.
pub(crate) fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, name| node.get(name))
}
