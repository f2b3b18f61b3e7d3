//! Diagnostics for programs. Version 1; fields are added, never renamed or removed.

use promise::{
    Say,
    document::{Fix, Safety, Span},
};
use serde_json::{Value, json};

use super::{Diagnostic, Source};
use crate::{check, origin::Origin, texts::Texts};

/// Every diagnostic with its places in lines, columns and bytes of their files.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], texts: &Texts) -> Value {
    let all: Vec<Value> = diagnostics.iter().map(|it| one(it, texts)).collect();
    json!({ "version": 1, "diagnostics": all })
}

fn one(diagnostic: &Diagnostic, texts: &Texts) -> Value {
    let mut out = place(&diagnostic.span(), texts);
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|(span, label)| {
            let mut out = place(span, texts);
            out["message"] = say(label);
            let from = texts
                .at(span.start)
                .and_then(|text| Origin::at(text, span.start));
            out["from"] = from.map_or(Value::Null, |origin| origin.to_json());
            out
        })
        .collect();
    let rule = check::rule(diagnostic.code);
    out["level"] = json!(diagnostic.level.as_str());
    out["code"] = json!(diagnostic.code);
    out["message"] = say(&diagnostic.message);
    out["hint"] = diagnostic.hint.as_ref().map_or(Value::Null, say);
    out["why"] = rule.map_or(Value::Null, |rule| say(&rule.section("Why")));
    let sources: Vec<Value> = diagnostic.sources.iter().map(source).collect();
    out["source"] = sources.first().cloned().unwrap_or(Value::Null);
    out["sources"] = Value::Array(sources);
    out["labels"] = Value::Array(labels);
    out["fixes"] = diagnostic.fixes.iter().map(|it| fix(it, texts)).collect();
    out
}

fn source(source: &Source) -> Value {
    json!({
        "name": say(&source.name), "url": source.url, "date": source.date, "compared": source.is_compared,
    })
}

fn fix(fix: &Fix, texts: &Texts) -> Value {
    let edits: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            let mut out = place(&edit.span, texts);
            out["text"] = json!(edit.text);
            out
        })
        .collect();
    json!({ "title": say(&fix.title), "safe": fix.safety == Safety::Safe, "edits": edits })
}

fn say(say: &Say) -> Value {
    json!({ "en": say.en, "ja": say.ja })
}

fn place(span: &Span, texts: &Texts) -> Value {
    let (from, to) = (texts.place(span.start), texts.place(span.end));
    let base = texts.at(span.start).map_or(0, |text| text.base);
    json!({
        "file": texts.name(span.start),
        "line": from.line, "column": from.column,
        "end": { "line": to.line, "column": to.column },
        "bytes": { "start": span.start - base, "end": span.end.saturating_sub(base) },
    })
}
