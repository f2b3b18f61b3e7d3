//! Help while a spec is being written: what may stand here, what it means, where a name is defined and used.
//!
//! **Pure**, like the rest: a text and a place in, answers out. The language server carries them to an editor.

mod context;
mod forms;
mod names;

use promise::{
    Lang, Say,
    document::{Node, Span},
    record::Form,
    say,
};

use crate::{check, places::Places, section::Document};

pub use names::{Named, Symbol, definition, references, symbols};

use context::Context;
use forms::{Key, descend, keys, values};
use promise::record::Read as _;

/// What kind of thing a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Key,
    Value,
    /// A name that the spec defines.
    Name,
}

/// Something that may stand at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub label: String,
    pub insert: String,
    pub sort: Sort,
    pub doc: Say,
    /// The part of the text that it replaces.
    pub replaces: Span,
}

/// What a hover tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Hover {
    pub span: Span,
    pub text: Say,
    /// The promise that it is about: the caller may add how it stands.
    pub promise: Option<String>,
}

/// What may stand at `offset` of `text`. `whole` is the spec as it was read last, with its names.
#[must_use]
pub fn complete(text: &str, offset: usize, whole: Option<&Node>) -> Vec<Proposal> {
    let Some(context) = Context::at(text, offset) else {
        return Vec::new();
    };
    let root = Document::form();
    let node = whole.and_then(|root| forms::find(root, &context.path));
    let Some(form) = descend(&root, &context.path, whole) else {
        return Vec::new();
    };
    let replaces = context.word.clone();
    let proposal = |label: &str, insert: String, sort, doc| Proposal {
        label: label.to_owned(),
        insert,
        sort,
        doc,
        replaces: replaces.clone(),
    };
    if context.is_key {
        let written = |name: &str| {
            let at = node.and_then(|node| node.get(name));
            // The key that is being written is written, too.
            at.is_some() && name != &text[replaces.clone()]
        };
        let free = keys(form, node)
            .into_iter()
            .filter(|key| !written(key.name));
        return free
            .map(|key| proposal(key.name, insert_key(&key), Sort::Key, key.doc.say()))
            .collect();
    }
    let mut out: Vec<Proposal> = values(form)
        .into_iter()
        .map(|value| proposal(value, value.to_owned(), Sort::Value, Say::same("")))
        .collect();
    if let Some(root) = whole {
        let known = names::known_at(root, &context.path);
        out.extend(
            known
                .into_iter()
                .map(|(name, doc)| proposal(&name, name.clone(), Sort::Name, doc)),
        );
    }
    out
}

fn insert_key(key: &Key<'_>) -> String {
    match key.form {
        Form::Record { .. } | Form::Map(_) | Form::Tagged { .. } => format!("{}:", key.name),
        _ => format!("{}: ", key.name),
    }
}

/// What stands at `offset` of the texts that `root` was read from.
#[must_use]
pub fn hover(root: &Node, offset: usize) -> Option<Hover> {
    let named = names::at(root, offset)?;
    let path = named.path;
    if let [section, id] = path.as_slice()
        && section == "promises"
        && named.is_key
    {
        let text = say!("promise `{id}`", "約束 `{id}`");
        return Some(Hover {
            span: named.span,
            text,
            promise: Some(id.clone()),
        });
    }
    let is_rule =
        path.len() == 3 && path[0] == "suppressions" && path[2] == "rule" && !named.is_key;
    if let Some(rule) = named
        .value
        .as_deref()
        .filter(|_| is_rule)
        .and_then(check::rule)
    {
        let text = Say::new(rule.page(Lang::En), rule.page(Lang::Ja));
        return Some(Hover {
            span: named.span,
            text,
            promise: None,
        });
    }
    let (last, above) = path.split_last()?;
    let form = Document::form();
    let form = descend(&form, above, Some(root))?;
    let key = keys(form, forms::find(root, above))
        .into_iter()
        .find(|key| key.name == last)?;
    let promise = (!named.is_key && names::refers_to(&path) == Some("promises"))
        .then_some(named.value)
        .flatten();
    Some(Hover {
        span: named.span,
        text: told(&key),
        promise,
    })
}

/// A key: what it is for, how it is written, and what it is where it is left out.
fn told(key: &Key<'_>) -> Say {
    let (doc, example) = (key.doc.say(), key.form.example());
    let mut all = Say::new(
        format!("**`{}`**: {}", key.name, doc.en),
        format!("**`{}`**: {}", key.name, doc.ja),
    );
    let values = values(key.form);
    if !values.is_empty() {
        let list = values
            .iter()
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>()
            .join(", ");
        all = Say::new(
            format!("{}\n\nOne of {list}.", all.en),
            format!("{}\n\n{list} のいずれか。", all.ja),
        );
    } else if let Some(example) = example {
        all = Say::new(
            format!("{}\n\nSuch as `{example}`.", all.en),
            format!("{}\n\n例: `{example}`", all.ja),
        );
    }
    match (key.required, key.default) {
        (true, _) => Say::new(
            format!("{}\n\nRequired.", all.en),
            format!("{}\n\n必須。", all.ja),
        ),
        (false, Some(default)) => Say::new(
            format!("{}\n\nDefault: `{default}`.", all.en),
            format!("{}\n\n省略時: `{default}`", all.ja),
        ),
        _ => all,
    }
}

/// The place of a name of the spec, asked by its path.
#[must_use]
pub fn place(root: &Node, path: &[&str]) -> Option<Span> {
    let places = Places::of(root);
    places.is_written(path).then(|| places.key(path))
}
