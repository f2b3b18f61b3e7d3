//! The comment lines that describe a metric family.

use std::borrow::Cow;

use promise::say;

use super::{
    ParseError,
    cursor::{Cursor, Quoted},
};

/// What an answer says about a metric family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata<'b> {
    pub name: Cow<'b, str>,
    /// `counter`, `gauge`, `histogram`, …; empty where it was not said.
    pub kind: &'b str,
    pub help: Cow<'b, str>,
    pub unit: &'b str,
}

const PROMETHEUS_KINDS: [&str; 5] = ["counter", "gauge", "histogram", "summary", "untyped"];
const OPENMETRICS_KINDS: [&str; 8] = [
    "counter",
    "gauge",
    "histogram",
    "gaugehistogram",
    "stateset",
    "info",
    "summary",
    "unknown",
];

/// What a comment said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Kind,
    End,
    Other,
}

/// `# HELP`, `# TYPE`, or any other comment, which says nothing to us.
pub(super) fn prometheus<'b>(
    cursor: &mut Cursor<'b>,
    entries: &mut Vec<Metadata<'b>>,
) -> Result<Told, ParseError> {
    cursor.eat(b'#');
    cursor.skip_space();
    let word = cursor.word();
    if word != "HELP" && word != "TYPE" {
        return Ok(Told::Other);
    }
    cursor.skip_space();
    let name = family_name(cursor)?;
    cursor.skip_space();
    if word == "HELP" {
        let help = escaped(cursor.rest());
        entry(entries, name).help = help;
        return Ok(Told::Other);
    }
    let kind = cursor.rest().trim_end_matches([' ', '\t', '\r']);
    let kind = known_kind(cursor, kind, &PROMETHEUS_KINDS)?;
    entry(entries, name).kind = kind;
    Ok(Told::Kind)
}

/// `# TYPE`, `# HELP`, `# UNIT` or `# EOF`.
pub(super) fn openmetrics<'b>(
    cursor: &mut Cursor<'b>,
    entries: &mut Vec<Metadata<'b>>,
) -> Result<Told, ParseError> {
    if !cursor.eat_text("# ") {
        return Err(cursor.expected("`# `"));
    }
    let before = cursor.clone();
    let word = cursor.word();
    if word == "EOF" && cursor.at_end() {
        return Ok(Told::End);
    }
    if !["HELP", "TYPE", "UNIT"].contains(&word) {
        return Err(before.expected("TYPE, HELP, UNIT or EOF"));
    }
    if !cursor.eat(b' ') {
        return Err(cursor.expected("a space"));
    }
    let name = family_name(cursor)?;
    if !cursor.eat(b' ') && !cursor.at_end() {
        return Err(cursor.expected("a space"));
    }
    let rest = cursor.rest();
    match word {
        "HELP" => entry(entries, name).help = escaped(rest),
        "TYPE" => {
            let kind = known_kind(cursor, rest, &OPENMETRICS_KINDS)?;
            entry(entries, name).kind = kind;
        }
        _ => {
            let fits = name
                .strip_suffix(rest)
                .is_some_and(|stem| stem.ends_with('_'));
            if !rest.is_empty() && !fits {
                return Err(cursor.wrong(say!(
                    "the metric `{name}` does not end with its unit `{rest}`",
                    "メトリクス `{name}` が単位 `{rest}` で終わっていません"
                )));
            }
            entry(entries, name).unit = rest;
        }
    }
    Ok(if word == "TYPE" {
        Told::Kind
    } else {
        Told::Other
    })
}

fn family_name<'b>(cursor: &mut Cursor<'b>) -> Result<Cow<'b, str>, ParseError> {
    if cursor.peek() == Some(b'"') {
        return Ok(cursor.quoted()?.text());
    }
    let name = cursor.name(true);
    if name.is_empty() {
        Err(cursor.expected("a metric name"))
    } else {
        Ok(Cow::Borrowed(name))
    }
}

fn known_kind<'b>(
    cursor: &Cursor<'_>,
    kind: &'b str,
    known: &[&str],
) -> Result<&'b str, ParseError> {
    if known.contains(&kind) {
        return Ok(kind);
    }
    let shown: String = kind.chars().take(40).collect();
    Err(cursor.wrong(say!(
        "`{shown}` is no metric type",
        "`{shown}` というメトリクスの型はありません"
    )))
}

/// The lines of a family stand together, so the last one is asked first.
fn entry<'f, 'b>(entries: &'f mut Vec<Metadata<'b>>, name: Cow<'b, str>) -> &'f mut Metadata<'b> {
    if entries.last().is_none_or(|last| last.name != name) {
        entries.push(Metadata {
            name,
            ..Metadata::default()
        });
    }
    let last = entries.len() - 1;
    &mut entries[last]
}

fn escaped(raw: &str) -> Cow<'_, str> {
    Quoted {
        raw,
        escaped: raw.contains('\\'),
    }
    .text()
}
