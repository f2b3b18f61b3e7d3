//! What the language knows of a path: the keys that may stand there, and their values.

use promise::{
    document::{Node, Value},
    record::{Doc, FieldForm, Form},
};

use super::context::ITEM;

/// A key that may be written.
pub(super) struct Key<'f> {
    pub(super) name: &'f str,
    pub(super) doc: Doc,
    pub(super) form: &'f Form,
    pub(super) required: bool,
    pub(super) default: Option<&'f str>,
}

/// The form of what stands at `path`; `root` tells the kinds of what is written there.
pub(super) fn descend<'f>(
    form: &'f Form,
    path: &[String],
    root: Option<&Node>,
) -> Option<&'f Form> {
    let Some((name, rest)) = path.split_first() else {
        return Some(form);
    };
    let below = root.and_then(|node| step(node, name));
    match form {
        Form::List(item) if is_item(name) => descend(item, rest, below),
        // One value may stand where a list of one is meant.
        Form::List(item) => descend(item, path, root),
        Form::Map(value) => descend(value, rest, below),
        Form::Either(forms) => forms.iter().find_map(|form| descend(form, path, root)),
        form => {
            let key = keys(form, root).into_iter().find(|key| key.name == name)?;
            descend(key.form, rest, below)
        }
    }
}

/// What is written at `path`.
pub(super) fn find<'n>(root: &'n Node, path: &[String]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, name| step(node, name))
}

fn is_item(name: &str) -> bool {
    name == ITEM || name.parse::<usize>().is_ok()
}

/// Which item is meant is not known while it is being written: the last.
fn step<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.value {
        Value::List(items) => name
            .parse::<usize>()
            .map_or_else(|_| items.last(), |at| items.get(at)),
        _ => node.get(name),
    }
}

/// The form of `kind`, whose names are those of the cases.
static KIND: Form = Form::Scalar {
    name: "kind",
    example: "",
    pattern: None,
};

/// The keys of a record; where its kind is not written yet, those of every kind.
pub(super) fn keys<'f>(form: &'f Form, node: Option<&Node>) -> Vec<Key<'f>> {
    let of = |field: &'f FieldForm| Key {
        name: field.name,
        doc: field.doc,
        form: &field.form,
        required: field.required,
        default: field.default.as_deref(),
    };
    match form {
        Form::Record { fields, .. } => fields.iter().map(of).collect(),
        Form::Tagged { tag, cases } => {
            let kind = node.and_then(|node| node.get(tag)).map(|node| &node.value);
            let kind = match kind {
                Some(Value::Scalar(kind)) => Some(kind.as_str()),
                _ => None,
            };
            let is_known = kind.is_some_and(|kind| cases.iter().any(|(name, _)| *name == kind));
            let doc = Doc(&["Which kind it is.", "ja: 種類。"]);
            let mut out = vec![Key {
                name: tag,
                doc,
                form: &KIND,
                required: true,
                default: None,
            }];
            for (_, case) in cases
                .iter()
                .filter(|(name, _)| !is_known || kind == Some(name))
            {
                for key in keys(case, None) {
                    if !out.iter().any(|known| known.name == key.name) {
                        out.push(key);
                    }
                }
            }
            out
        }
        Form::Either(forms) => forms.iter().flat_map(|form| keys(form, node)).collect(),
        Form::List(item) => keys(item, node),
        Form::Scalar { .. } | Form::OneOf(_) | Form::Map(_) => Vec::new(),
    }
}

/// The values of which one must stand there.
pub(super) fn values(form: &Form) -> Vec<&'static str> {
    match form {
        Form::OneOf(names) => names.to_vec(),
        Form::List(item) => values(item),
        Form::Either(forms) => forms.iter().flat_map(values).collect(),
        _ => Vec::new(),
    }
}

/// The kinds of a choice at whose `kind` a place lies.
pub(super) fn kinds(form: &Form) -> Vec<&'static str> {
    match form {
        Form::Tagged { cases, .. } => cases.iter().map(|(name, _)| *name).collect(),
        Form::List(item) => kinds(item),
        _ => Vec::new(),
    }
}
