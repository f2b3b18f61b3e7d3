//! Answers to what an editor asks.

use promise::{
    Lang,
    document::{Fix, Safety, Span},
};
use serde_json::{Map, Value, json};
use spec::{
    Diagnostic, Texts,
    assist::{self, Sort, Symbol},
};

use super::{
    desk::{Desk, origin, path_of, uri_of},
    position,
    standing::Standings,
};

/// Why there is no answer.
pub(super) enum Refused {
    NoMethod,
    BadParams(&'static str),
}

/// Proposals in one answer; no place has nearly as many.
const PROPOSALS_MAX: usize = 500;

pub(super) fn to(
    method: &str,
    params: &Value,
    desk: &Desk,
    standings: &Standings,
    lang: Lang,
) -> Result<Value, Refused> {
    let known = [
        "completion",
        "hover",
        "definition",
        "references",
        "documentSymbol",
        "formatting",
        "codeAction",
    ];
    let asked = method
        .strip_prefix("textDocument/")
        .filter(|asked| known.contains(asked))
        .ok_or(Refused::NoMethod)?;
    let uri = params["textDocument"]["uri"]
        .as_str()
        .ok_or(Refused::BadParams("textDocument.uri"))?;
    // A document that is not open is no mistake: it may have been closed in the meantime.
    let Some(page) = Page::of(uri, desk, lang) else {
        return Ok(Value::Null);
    };
    match asked {
        "documentSymbol" => return Ok(page.symbols()),
        "formatting" => return Ok(page.formatted()),
        "codeAction" => return page.actions(&params["range"]),
        _ => {}
    }
    let local =
        position::offset(&page.own, &params["position"]).ok_or(Refused::BadParams("position"))?;
    Ok(match asked {
        "completion" => page.completion(local),
        "hover" => page.hover(local, standings),
        "definition" => page.definition(local),
        _ => page.references(local),
    })
}

/// An open document and the spec that it belongs to.
struct Page<'p> {
    uri: &'p str,
    /// The document by itself.
    own: spec::Text,
    whole: std::rc::Rc<spec::Loaded>,
    /// Where the document begins in the whole.
    base: usize,
    lang: Lang,
}

impl<'p> Page<'p> {
    fn of(uri: &'p str, desk: &Desk, lang: Lang) -> Option<Self> {
        let (path, whole) = (path_of(uri)?, desk.spec_of(uri)?);
        let base = whole.texts.iter().find(|text| text.name == path)?.base;
        let own = Texts::one(path, desk.text(uri)?).at(0)?.clone();
        Some(Self {
            uri,
            own,
            whole,
            base,
            lang,
        })
    }

    fn completion(&self, local: usize) -> Value {
        let text = &self.own;
        let all = assist::complete(&text.text, local, self.whole.root.as_ref());
        let item = |it: assist::Proposal| {
            let kind = match it.sort {
                Sort::Key => 10,
                Sort::Value => 12,
                Sort::Name => 18,
            };
            let edit =
                json!({ "range": position::range(text, &it.replaces), "newText": it.insert });
            json!({ "label": it.label, "kind": kind, "documentation": it.doc.get(self.lang), "textEdit": edit })
        };
        let items: Vec<Value> = all.into_iter().take(PROPOSALS_MAX).map(item).collect();
        json!({ "isIncomplete": false, "items": items })
    }

    fn hover(&self, local: usize, standings: &Standings) -> Value {
        let Some(root) = &self.whole.root else {
            return Value::Null;
        };
        let Some(hover) = assist::hover(root, self.base + local) else {
            return Value::Null;
        };
        let mut text = hover.text.get(self.lang).to_owned();
        if let Some(standing) = hover.promise.and_then(|id| standings.of(&id, self.lang)) {
            text = format!("{text}\n\n{standing}");
        }
        if let Some((_, said)) = origin(&self.whole.texts, self.base + local) {
            text = format!("{text}\n\n{}", said.get(self.lang));
        }
        let range = self
            .whole
            .texts
            .at(hover.span.start)
            .map(|file| position::range(file, &hover.span));
        json!({ "contents": { "kind": "markdown", "value": text }, "range": range })
    }

    fn definition(&self, local: usize) -> Value {
        let root = self.whole.root.as_ref();
        let span = root.and_then(|root| assist::definition(root, self.base + local));
        if let Some(span) = span {
            return self.location(&span);
        }
        // What is defined nowhere in the spec was said by a document.
        let origin = origin(&self.whole.texts, self.base + local);
        origin.map_or(Value::Null, |(location, _)| location)
    }

    fn references(&self, local: usize) -> Value {
        let root = self.whole.root.as_ref();
        let all = root
            .map(|root| assist::references(root, self.base + local))
            .unwrap_or_default();
        all.iter().map(|span| self.location(span)).collect()
    }

    fn location(&self, span: &Span) -> Value {
        let Some(file) = self.whole.texts.at(span.start) else {
            return Value::Null;
        };
        json!({ "uri": uri_of(&file.name), "range": position::range(file, span) })
    }

    fn symbols(&self) -> Value {
        let text = &self.own;
        let root = promise::document::parse_yaml(&text.text).0;
        fn one(symbol: &Symbol, text: &spec::Text, depth: u8) -> Value {
            let children: Vec<Value> = symbol
                .children
                .iter()
                .map(|child| one(child, text, depth + 1))
                .collect();
            // A module, a class or a field, as editors draw them.
            let kind = [2, 5, 8][usize::from(depth.min(2))];
            json!({
                "name": symbol.name, "kind": kind, "children": children,
                "range": position::range(text, &symbol.whole), "selectionRange": position::range(text, &symbol.key),
            })
        }
        let all = root.as_ref().map(assist::symbols).unwrap_or_default();
        all.iter().map(|symbol| one(symbol, text, 0)).collect()
    }

    /// The whole text at once: an editor finds out itself what differs.
    fn formatted(&self) -> Value {
        let text = &self.own;
        match spec::format(&text.text) {
            Ok(new) if new != text.text => {
                json!([{ "range": position::range(text, &(0..text.text.len())), "newText": new }])
            }
            // What is no YAML has its findings already.
            _ => json!([]),
        }
    }

    /// The fixes of the findings that `range` touches.
    fn actions(&self, range: &Value) -> Result<Value, Refused> {
        let text = &self.own;
        let places =
            position::offset(text, &range["start"]).zip(position::offset(text, &range["end"]));
        let (from, to) = places.ok_or(Refused::BadParams("range"))?;
        let (from, to) = (self.base + from, self.base + to);
        let touches = |it: &&Diagnostic| it.span().start <= to && from <= it.span().end;
        let mut out = Vec::new();
        for diagnostic in self.whole.diagnostics.iter().filter(touches) {
            for fix in &diagnostic.fixes {
                out.push(self.action(fix, diagnostic));
            }
        }
        Ok(Value::Array(out))
    }

    fn action(&self, fix: &Fix, diagnostic: &Diagnostic) -> Value {
        let mut changes: Map<String, Value> = Map::new();
        for edit in &fix.edits {
            let Some(file) = self.whole.texts.at(edit.span.start) else {
                continue;
            };
            let uri = if file.base == self.base {
                self.uri.to_owned()
            } else {
                uri_of(&file.name)
            };
            let one = json!({ "range": position::range(file, &edit.span), "newText": edit.text });
            if let Some(all) = changes
                .entry(uri)
                .or_insert_with(|| json!([]))
                .as_array_mut()
            {
                all.push(one);
            }
        }
        json!({
            "title": fix.title.get(self.lang),
            "kind": "quickfix",
            "isPreferred": fix.safety == Safety::Safe,
            "diagnostics": [{
                "range": self.whole.texts.at(diagnostic.span().start).map(|file| position::range(file, &diagnostic.span())),
                "message": diagnostic.message.get(self.lang), "code": diagnostic.code, "source": "tegata",
            }],
            "edit": { "changes": changes },
        })
    }
}
