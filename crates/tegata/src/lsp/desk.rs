//! The documents that are open, and the specs that they belong to.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    rc::Rc,
};

use promise::{Lang, Say, say};
use serde_json::{Value, json};
use spec::{Diagnostic, Level, Loaded, Origin, Text, Texts};

use super::position;
use crate::spec_file;

/// Documents that may be open at once; an editor with more has been left running for months.
const OPEN_MAX: usize = 1_000;
/// Folders above a document in which the spec that includes it is looked for.
const ABOVE_MAX: usize = 4;
/// The spec's usual name.
const USUAL: &str = "tegata.yaml";

struct Open {
    uri: String,
    text: String,
    version: Option<i64>,
}

/// What is open, and what was found in it last.
#[derive(Default)]
pub(super) struct Desk {
    /// By path.
    open: BTreeMap<String, Open>,
    is_dirty: bool,
    /// Specs by the path of their first file, as they were read last.
    read: RefCell<BTreeMap<String, Rc<Loaded>>>,
    /// Documents for which something was told.
    told: BTreeSet<String>,
}

/// What was found in one document: its address, its version, and the findings.
pub(super) type Findings = (String, Option<i64>, Value);

impl Desk {
    /// A notification of the editor.
    pub(super) fn hear(&mut self, method: &str, params: &Value) {
        let document = &params["textDocument"];
        let Some(path) = document["uri"].as_str().and_then(path_of) else {
            return;
        };
        let version = document["version"].as_i64();
        match method {
            "textDocument/didOpen" => {
                let (Some(uri), Some(text)) = (document["uri"].as_str(), document["text"].as_str())
                else {
                    return;
                };
                if self.open.len() < OPEN_MAX {
                    self.open.insert(
                        path,
                        Open {
                            uri: uri.to_owned(),
                            text: text.to_owned(),
                            version,
                        },
                    );
                }
            }
            "textDocument/didChange" => {
                let Some(open) = self.open.get_mut(&path) else {
                    return;
                };
                open.version = version.or(open.version);
                for change in params["contentChanges"].as_array().into_iter().flatten() {
                    edit(&mut open.text, change);
                }
            }
            "textDocument/didClose" => drop(self.open.remove(&path)),
            "textDocument/didSave" => {}
            _ => return,
        }
        self.is_dirty = true;
        self.read.borrow_mut().clear();
    }

    /// The text of an open document, by its address.
    pub(super) fn text(&self, uri: &str) -> Option<&str> {
        Some(&self.open.get(&path_of(uri)?)?.text)
    }

    /// The spec that a document belongs to: the one that includes it, or itself.
    pub(super) fn spec_of(&self, uri: &str) -> Option<Rc<Loaded>> {
        let path = path_of(uri)?;
        let root = self.root_of(&path);
        Some(self.load(&root))
    }

    fn root_of(&self, path: &str) -> String {
        let mut folder = Path::new(path).parent();
        for _ in 0..ABOVE_MAX {
            let Some(here) = folder else { break };
            let usual = here.join(USUAL).display().to_string();
            let is_there = self.open.contains_key(&usual) || Path::new(&usual).is_file();
            if is_there && usual != path && self.load(&usual).texts.is_known(path) {
                return usual;
            }
            folder = here.parent();
        }
        // Any other open spec may include it.
        let includes = |root: &&String| *root != path && self.load(root).texts.is_known(path);
        self.open
            .keys()
            .find(includes)
            .map_or_else(|| path.to_owned(), Clone::clone)
    }

    fn load(&self, root: &str) -> Rc<Loaded> {
        if let Some(known) = self.read.borrow().get(root) {
            return known.clone();
        }
        let read = |path: &Path| -> Result<String, Say> {
            match self.open.get(&path.display().to_string()) {
                Some(open) => Ok(open.text.clone()),
                None => spec_file::read(path),
            }
        };
        let text = read(Path::new(root)).unwrap_or_default();
        let loaded = Rc::new(spec_file::in_world(&read, &|world| {
            spec::load(&text, root, world)
        }));
        self.read
            .borrow_mut()
            .insert(root.to_owned(), loaded.clone());
        loaded
    }

    /// What is to be told since the last time: each open spec's findings, by document.
    pub(super) fn findings(&mut self, lang: Lang) -> Vec<Findings> {
        if !std::mem::take(&mut self.is_dirty) {
            return Vec::new();
        }
        let roots: BTreeSet<String> = self.open.keys().map(|path| self.root_of(path)).collect();
        let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for root in roots {
            let loaded = self.load(&root);
            for text in loaded.texts.iter() {
                found.entry(text.name.clone()).or_default();
            }
            for diagnostic in &loaded.diagnostics {
                if let Some(text) = loaded.texts.at(diagnostic.span().start) {
                    found.entry(text.name.clone()).or_default().push(shown(
                        diagnostic,
                        text,
                        &loaded.texts,
                        lang,
                    ));
                }
            }
        }
        // A document that is no longer part of anything keeps nothing under its lines.
        let gone = std::mem::take(&mut self.told);
        for path in gone {
            found.entry(path).or_default();
        }
        self.told = found
            .iter()
            .filter(|(_, all)| !all.is_empty())
            .map(|(path, _)| path.clone())
            .collect();
        let one = |(path, all): (String, Vec<Value>)| {
            let open = self.open.get(&path);
            let uri = open.map_or_else(|| uri_of(&path), |open| open.uri.clone());
            (uri, open.and_then(|open| open.version), Value::Array(all))
        };
        found.into_iter().map(one).collect()
    }
}

/// One change of a text: a part of it, or all of it. What is not understood changes nothing.
fn edit(text: &mut String, change: &Value) {
    let Some(new) = change["text"].as_str() else {
        return;
    };
    let range = &change["range"];
    if range.is_null() {
        new.clone_into(text);
        return;
    }
    let now = Texts::one("", text.clone());
    let Some(now) = now.at(0) else { return };
    let places = position::offset(now, &range["start"]).zip(position::offset(now, &range["end"]));
    if let Some((from, to)) = places.filter(|(from, to)| from <= to) {
        text.replace_range(from..to, new);
    }
}

fn shown(diagnostic: &Diagnostic, text: &Text, texts: &Texts, lang: Lang) -> Value {
    let message = diagnostic.text(lang);
    let severity = match diagnostic.level {
        Level::Error => 1,
        Level::Warning => 2,
        Level::Advice => 4,
    };
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .skip(1)
        .filter_map(|(span, label)| {
            let other = texts.at(span.start)?;
            let location =
                json!({ "uri": uri_of(&other.name), "range": position::range(other, span) });
            Some(json!({ "location": location, "message": label.get(lang) }))
        })
        .chain(origins(diagnostic, texts, lang))
        .collect();
    json!({
        "range": position::range(text, &diagnostic.span()),
        "severity": severity,
        "code": diagnostic.code,
        "source": "tegata",
        "message": message,
        "relatedInformation": related,
    })
}

/// The lines of the documents that its places were imported from.
fn origins(diagnostic: &Diagnostic, texts: &Texts, lang: Lang) -> Vec<Value> {
    let one = |(span, _): &(promise::document::Span, Say)| {
        let (location, said) = origin(texts, span.start)?;
        Some(json!({ "location": location, "message": said.get(lang) }))
    };
    diagnostic.labels.iter().filter_map(one).collect()
}

/// The line of the document that a line was imported from, and what is said of it.
pub(super) fn origin(texts: &Texts, offset: usize) -> Option<(Value, Say)> {
    let text = texts.at(offset)?;
    let origin = Origin::at(text, offset)?;
    let line = origin.line?.checked_sub(1)?;
    let path = spec_file::origin_path(origin.file, Path::new(&text.name))?;
    let path = std::path::absolute(path).ok()?;
    let place = origin.place();
    let said = match origin.guess {
        Some(why) => say!("guessed from {place}: {why}", "{place} からの推測: {why}"),
        None => say!("imported from {place}", "{place} から読み込み"),
    };
    let location = json!({
        "uri": uri_of(&path.display().to_string()),
        "range": {
            "start": { "line": line, "character": 0 },
            "end": { "line": line + 1, "character": 0 },
        },
    });
    Some((location, said))
}

/// The path of a `file:` address.
pub(super) fn path_of(uri: &str) -> Option<String> {
    let path = uri.strip_prefix("file://")?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    let path = String::from_utf8(bytes).ok()?;
    path.starts_with('/')
        .then(|| PathBuf::from(path).display().to_string())
}

pub(super) fn uri_of(path: &str) -> String {
    let mut out = String::from("file://");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_paths_in_other_letters() {
        let path = "/tmp/決済 仕様.yaml";
        assert_eq!(path_of(&uri_of(path)).as_deref(), Some(path));
        assert_eq!(path_of("untitled:1"), None);
        assert_eq!(path_of("file:///%zz"), None);
        assert_eq!(path_of("file:///%"), None);
    }

    #[test]
    fn parts_of_a_text_are_changed_where_the_editor_says() {
        let mut text = "name: 決済😀\n".to_owned();
        // 決済 are units 6 and 7, 😀 8 and 9.
        edit(
            &mut text,
            &json!({ "range": { "start": { "line": 0, "character": 8 }, "end": { "line": 0, "character": 10 } }, "text": "!" }),
        );
        assert_eq!(text, "name: 決済!\n");
        for nonsense in [
            json!({}),
            json!({ "range": { "start": 3 }, "text": "x" }),
            json!({ "range": { "start": { "line": 1, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": "x" }),
        ] {
            edit(&mut text, &nonsense);
            assert_eq!(text, "name: 決済!\n", "{nonsense}");
        }
    }
}
