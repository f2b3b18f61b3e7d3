//! The objects of an OpenSLO file, by kind and name, each with the line of everything in it.

use promise::{
    document::{Node, Value, parse_yaml},
    say,
};

use super::Note;

/// Objects in one file; what a team writes by hand has dozens.
const OBJECTS_MAX: usize = 10_000;

/// One object, or a part of one that is written inline.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub kind: String,
    pub name: String,
    pub node: Node,
    /// The text that its spans count in, and the line at which that begins.
    text: std::rc::Rc<str>,
    first: usize,
}

impl Object {
    pub fn about(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// The line in which a part of it stands, counted from 1.
    pub fn line(&self, node: &Node) -> usize {
        let before = self.text.get(..node.span.start).unwrap_or(&self.text);
        self.first + before.matches('\n').count() + 1
    }

    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter()
            .try_fold(&self.node, |node, name| node.get(name))
    }

    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        text(self.at(path)?)
    }

    /// The same file, another part of it.
    pub fn inline(&self, kind: &str, node: &Node) -> Self {
        let name = node.get("metadata").and_then(|it| text(it.get("name")?));
        Self {
            kind: kind.to_owned(),
            name: name.unwrap_or(&self.name).to_owned(),
            node: node.clone(),
            text: self.text.clone(),
            first: self.first,
        }
    }

    pub fn note(&self, node: &Node, what: promise::Say) -> Note {
        Note {
            line: self.line(node),
            about: self.about(),
            what,
        }
    }
}

/// A text, number or truth value as it is written.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text) => Some(text),
        _ => None,
    }
}

pub(super) fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

pub(super) fn entries(node: Option<&Node>) -> &[(promise::document::Key, Node)] {
    match node.map(|node| &node.value) {
        Some(Value::Map(entries)) => entries,
        _ => &[],
    }
}

/// Every object of a file of one or more documents.
pub(super) fn objects(file: &str, notes: &mut Vec<Note>) -> Vec<Object> {
    let mut found = Vec::new();
    for (first, text) in documents(file) {
        let (root, mistakes) = parse_yaml(text);
        let text: std::rc::Rc<str> = text.into();
        for mistake in mistakes {
            let before = text.get(..mistake.span.start).unwrap_or_default();
            let line = first + before.matches('\n').count() + 1;
            notes.push(Note {
                line,
                about: String::new(),
                what: mistake.message,
            });
        }
        let Some(root) = root.filter(|root| root.value != Value::Null) else {
            continue;
        };
        let part = |name: &str| {
            root.get(name)
                .and_then(self::text)
                .unwrap_or_default()
                .to_owned()
        };
        let name = root
            .get("metadata")
            .and_then(|it| self::text(it.get("name")?));
        let object = Object {
            kind: part("kind"),
            name: name.unwrap_or_default().to_owned(),
            node: root.clone(),
            text,
            first,
        };
        let version = part("apiVersion");
        if version != "openslo/v1" || found.len() >= OBJECTS_MAX {
            let what = say!(
                "`{version}` is not `openslo/v1`; it is left out",
                "`{version}` は `openslo/v1` ではないため取り込みません"
            );
            notes.push(object.note(&root, what));
            continue;
        }
        found.push(object);
    }
    found
}

/// The documents of a file, each with the number of lines before it.
fn documents(file: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut begin, mut first, mut at) = (0, 0, 0);
    for (number, line) in file.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" {
            found.push((first, &file[begin..at]));
            (begin, first) = (at + line.len(), number + 1);
        }
        at += line.len();
    }
    found.push((first, &file[begin..]));
    found.retain(|(_, text)| !text.trim().is_empty());
    found
}
