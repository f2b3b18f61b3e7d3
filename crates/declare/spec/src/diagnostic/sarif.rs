//! Diagnostics as SARIF 2.1.0, for code review and security dashboards.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0": `run`, `result` (3.27),
//! `region` (3.30), `fix` (3.55), `suppression` (3.35). Columns are counted in characters and said to be.

use std::collections::BTreeSet;

use promise::{
    Lang, Say,
    document::{Fix, Span},
    say,
};
use serde_json::{Map, Value, json};

use super::{Diagnostic, Level};
use crate::{check, load::Suppressed, origin::Origin, texts::Texts};

/// Where rules are described for people.
const HELP: &str = "https://github.com/tegata/tegata/blob/main/docs/reference/spec.md";

/// One run with its rules, what was found, and what was found and is suppressed, each with its reason.
#[must_use]
pub fn to_sarif(
    diagnostics: &[Diagnostic],
    suppressed: &[Suppressed],
    texts: &Texts,
    version: &str,
    lang: Lang,
) -> Value {
    let codes: BTreeSet<&'static str> = diagnostics
        .iter()
        .chain(suppressed.iter().map(|it| &it.finding))
        .map(|it| it.code)
        .collect();
    let codes: Vec<&'static str> = codes.into_iter().collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code, lang)).collect();
    let mut page = Page {
        texts,
        lang,
        codes: &codes,
    };
    let mut results: Vec<Value> = diagnostics.iter().map(|it| page.result(it)).collect();
    for one in suppressed {
        let mut result = page.result(&one.finding);
        result["suppressions"] = json!([{ "kind": "inSource", "justification": one.reason }]);
        results.push(result);
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "tegata",
                "version": version,
                "informationUri": "https://github.com/tegata/tegata",
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &str, lang: Lang) -> Value {
    let mut out = json!({ "id": code });
    if let Some(rule) = check::rule(code) {
        let text = |heading| json!({ "text": rule.section(heading).get(lang) });
        out["shortDescription"] = text("Finds");
        out["fullDescription"] = text("Why");
        out["help"] = text("Fix");
        out["helpUri"] = json!(format!("{HELP}#{code}"));
        out["defaultConfiguration"] = json!({ "level": level(rule.level) });
    }
    out
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Advice => "note",
    }
}

struct Page<'p> {
    texts: &'p Texts,
    lang: Lang,
    codes: &'p [&'static str],
}

impl Page<'_> {
    fn result(&mut self, diagnostic: &Diagnostic) -> Value {
        let message = diagnostic.text(self.lang);
        let mut out = json!({
            "ruleId": diagnostic.code,
            "ruleIndex": self.codes.iter().position(|code| *code == diagnostic.code),
            "level": level(diagnostic.level),
            "message": { "text": message },
            "locations": [self.location(&diagnostic.span(), None)],
        });
        let others = diagnostic.labels.iter().skip(1);
        let origins = diagnostic
            .labels
            .iter()
            .filter_map(|(span, _)| self.origin(span));
        let related: Vec<Value> = others
            .map(|(span, label)| self.location(span, Some(label)))
            .chain(origins)
            .collect();
        if !related.is_empty() {
            out["relatedLocations"] = Value::Array(related);
        }
        let fixes: Vec<Value> = diagnostic.fixes.iter().map(|fix| self.fix(fix)).collect();
        if !fixes.is_empty() {
            out["fixes"] = Value::Array(fixes);
        }
        out
    }

    fn location(&self, span: &Span, label: Option<&Say>) -> Value {
        let mut out = json!({ "physicalLocation": {
            "artifactLocation": { "uri": uri(self.texts.name(span.start)) },
            "region": self.region(span),
        } });
        if let Some(label) = label.filter(|label| !label.en.is_empty()) {
            out["message"] = json!({ "text": label.get(self.lang) });
        }
        out
    }

    /// The line of a document that a place was imported from.
    fn origin(&self, span: &Span) -> Option<Value> {
        let origin = Origin::at(self.texts.at(span.start)?, span.start)?;
        let line = origin.line?;
        let said = match origin.guess {
            Some(why) => say!(
                "imported from here, with a guess: {why}",
                "ここから推測で読み込み: {why}"
            ),
            None => say!("imported from here", "ここから読み込み"),
        };
        Some(json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(origin.file) },
                "region": { "startLine": line },
            },
            "message": { "text": said.get(self.lang) },
        }))
    }

    fn region(&self, span: &Span) -> Value {
        let (from, to) = (self.texts.place(span.start), self.texts.place(span.end));
        json!({
            "startLine": from.line, "startColumn": from.column,
            "endLine": to.line, "endColumn": to.column,
        })
    }

    /// One change for each file that it touches.
    fn fix(&self, fix: &Fix) -> Value {
        let mut files: Map<String, Value> = Map::new();
        for edit in &fix.edits {
            let replacement = json!({
                "deletedRegion": self.region(&edit.span),
                "insertedContent": { "text": edit.text },
            });
            let file = files
                .entry(uri(self.texts.name(edit.span.start)))
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Some(all) = file.as_array_mut() {
                all.push(replacement);
            }
        }
        let changes: Vec<Value> = files
            .into_iter()
            .map(|(uri, all)| json!({ "artifactLocation": { "uri": uri }, "replacements": all }))
            .collect();
        json!({ "description": { "text": fix.title.get(self.lang) }, "artifactChanges": changes })
    }
}

/// A path as the reference of a URI (RFC 3986): everything but what may stand there is escaped.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
