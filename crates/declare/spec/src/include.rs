//! One spec in several files: what `include` names is read too, and all of it becomes one document.
//!
//! A section may be spread over files: names are put together, lists stand one behind the other in the order of
//! reading, and what stands in two files is a clash that shows both. Every value keeps the place where it was
//! written. This module reads no file: it asks for them, so the language server can answer with what an editor
//! has not saved yet.

use promise::{
    Say,
    document::{Key, Mistake, Node, Span, Value, parse_yaml, shift},
    record::{Form, Read},
    say,
};

use crate::{load::TEXT_MAX, section::Document, texts::Texts};

/// A file that `include` names: its path, and its text or why it cannot be read.
pub type Included = (String, Result<String, Say>);

/// The files that a pattern names, seen from the file of this path, in an order that does not change by itself.
/// Empty where there is none.
pub type Include<'w> = dyn Fn(&str, &str) -> Vec<Included> + 'w;

/// A file for each promise of a large service, and room; more is probably a pattern that caught a whole disk.
const FILES_MAX: usize = 256;
/// The key that names other files.
const KEY: &str = "include";

/// A document that may come from several files.
pub(crate) struct Gathered {
    pub(crate) root: Option<Node>,
    /// Each section as it stands in each file.
    pub(crate) sections: Vec<(String, Node)>,
    pub(crate) mistakes: Vec<Mistake>,
}

/// Reads the first of `texts`, and adds to them whatever it includes.
pub(crate) fn gather(texts: &mut Texts, include: &Include<'_>) -> Gathered {
    let (root, mistakes) = match texts.iter().next() {
        Some(first) => parse_yaml(&first.text),
        None => (None, Vec::new()),
    };
    let mut gatherer = Gatherer {
        texts,
        include,
        mistakes,
        bytes_told: false,
    };
    let Some(mut root) = root else {
        return Gathered {
            root: None,
            sections: Vec::new(),
            mistakes: gatherer.mistakes,
        };
    };
    let name = gatherer.texts.name(0).to_owned();
    let mut parts = Vec::new();
    gatherer.follow(&root, &[name], &mut parts);
    let mut sections = sections(&root);
    if !parts.is_empty() {
        let form = Document::form();
        for part in parts {
            sections.extend(self::sections(&part));
            gatherer.merge(&mut root, part, &form);
        }
    }
    Gathered {
        root: Some(root),
        sections,
        mistakes: gatherer.mistakes,
    }
}

fn sections(root: &Node) -> Vec<(String, Node)> {
    match &root.value {
        Value::Map(entries) => {
            // Only where it stands and whether it could be read is asked for.
            let outline = |node: &Node| match &node.value {
                Value::Unreadable => Value::Unreadable,
                _ => Value::Null,
            };
            let one = |(key, node): &(Key, Node)| {
                (
                    key.name.clone(),
                    Node {
                        span: node.span.clone(),
                        value: outline(node),
                    },
                )
            };
            entries.iter().map(one).collect()
        }
        _ => Vec::new(),
    }
}

struct Gatherer<'g> {
    texts: &'g mut Texts,
    include: &'g Include<'g>,
    mistakes: Vec<Mistake>,
    bytes_told: bool,
}

impl Gatherer<'_> {
    /// Reads what the file at the end of `chain` includes; the files above it may not come again.
    fn follow(&mut self, root: &Node, chain: &[String], parts: &mut Vec<Node>) {
        let from = chain.last().map_or("", String::as_str);
        for (pattern, span) in patterns(root) {
            let files = (self.include)(from, pattern);
            if files.is_empty() {
                self.mistakes.push(
                    Mistake::new(
                        "no-such-file",
                        span.clone(),
                        say!(
                            "no file is called `{pattern}`",
                            "`{pattern}` というファイルはありません"
                        ),
                    )
                    .hint(say!(
                        "seen from the folder of `{from}`",
                        "`{from}` のフォルダーから探します"
                    )),
                );
            }
            for (name, text) in files {
                if let Some(at) = chain.iter().position(|above| *above == name) {
                    let way = chain[at..].join(" → ");
                    self.mistakes.push(Mistake::new(
                        "include-cycle",
                        span.clone(),
                        say!(
                            "`{name}` includes itself: {way} → {name}",
                            "`{name}` が自分自身を読み込んでいます: {way} → {name}"
                        ),
                    ));
                } else if !self.texts.is_known(&name) {
                    self.read(&name, text, span, chain, parts);
                }
            }
        }
    }

    fn read(
        &mut self,
        name: &str,
        text: Result<String, Say>,
        span: &Span,
        chain: &[String],
        parts: &mut Vec<Node>,
    ) {
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                return self
                    .mistakes
                    .push(Mistake::new("unreadable-file", span.clone(), why));
            }
        };
        let files = self.texts.iter().count();
        if files >= FILES_MAX || self.texts.len() + text.len() > TEXT_MAX {
            // Once: the rest would only say it again.
            if !std::mem::replace(&mut self.bytes_told, true) {
                let mib = TEXT_MAX >> 20;
                self.mistakes.push(Mistake::new(
                    "too-large",
                    span.clone(),
                    say!(
                        "a spec has at most {FILES_MAX} files and {mib} MiB",
                        "仕様は {FILES_MAX} ファイル、{mib} MiB までです"
                    ),
                ));
            }
            return;
        }
        let (root, mistakes) = parse_yaml(&text);
        let base = self.texts.add(name, text);
        self.mistakes
            .extend(mistakes.into_iter().map(|mistake| mistake.shifted(base)));
        let Some(mut root) = root else { return };
        shift(&mut root, base);
        let mut chain = chain.to_vec();
        chain.push(name.to_owned());
        // Depth is bounded by the number of files: none is read twice.
        self.follow(&root, &chain, parts);
        parts.push(root);
    }

    /// Puts a document that was included into the one that includes it.
    fn merge(&mut self, into: &mut Node, from: Node, form: &Form) {
        match (&mut into.value, from.value) {
            (_, Value::Null) => {}
            (here @ (Value::Null | Value::Unreadable), value) => {
                *here = value;
                into.span = from.span;
            }
            (_, Value::Unreadable) => {}
            (Value::List(here), Value::List(items)) if matches!(form, Form::List(_)) => {
                here.extend(items);
            }
            (Value::Map(here), Value::Map(entries)) => {
                for (key, node) in entries {
                    if key.name == KEY
                        && matches!(
                            form,
                            Form::Record {
                                name: "Document",
                                ..
                            }
                        )
                    {
                        continue;
                    }
                    let known = here.iter_mut().find(|(known, _)| known.name == key.name);
                    match (known, inner(form, &key.name)) {
                        (None, _) => here.push((key, node)),
                        (Some((_, known)), Some(form)) => self.merge(known, node, form),
                        (Some((first, _)), None) => self.clash(&key, &first.span),
                    }
                }
            }
            (_, value) => {
                let key = Key {
                    span: from.span,
                    name: describe(&value),
                };
                self.clash(&key, &into.span);
            }
        }
    }

    fn clash(&mut self, key: &Key, first: &Span) {
        let (name, file) = (&key.name, self.texts.name(first.start));
        self.mistakes.push(
            Mistake::new(
                "duplicate-key",
                key.span.clone(),
                say!(
                    "`{name}` stands in `{file}` too",
                    "`{name}` は `{file}` にも書かれています"
                ),
            )
            .other(first.clone(), say!("the first is here", "最初はここです")),
        );
    }
}

/// The form of what may be spread over files: sections, and the names in them. One thing is written in one place.
fn inner<'f>(form: &'f Form, name: &str) -> Option<&'f Form> {
    match form {
        Form::Record { fields, .. } => {
            let field = fields.iter().find(|field| field.name == name)?;
            matches!(
                field.form,
                Form::Record { .. } | Form::Map(_) | Form::List(_)
            )
            .then_some(&field.form)
        }
        _ => None,
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Scalar(text) => text.clone(),
        Value::List(_) => "[…]".to_owned(),
        _ => "{…}".to_owned(),
    }
}

fn patterns(root: &Node) -> Vec<(&str, &Span)> {
    let Some(node) = root.get(KEY) else {
        return Vec::new();
    };
    let items: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    items
        .into_iter()
        .filter_map(|item| match &item.value {
            Value::Scalar(text) => Some((text.as_str(), &item.span)),
            _ => None,
        })
        .collect()
}
