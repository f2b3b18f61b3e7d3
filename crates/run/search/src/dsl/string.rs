//! Queries typed by people: `query_string`, and its kinder sister that refuses nothing.

use promise::{
    LogQuery,
    signal::log_query::{
        Expr,
        lucene::{Operator, Syntax},
    },
};
use serde_json::{Map, Value};

use super::{
    Reader,
    full_text::{self, names},
    object, scalar, truth,
};
use crate::{
    date,
    error::{Error, parsing},
};

pub(super) fn full(reader: &mut Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let options = object("query_string", body)?;
    let Some(text) = options.get("query").and_then(scalar) else {
        return parsing("[query_string] must be provided with a [query]");
    };
    if options.contains_key("default_field") && options.contains_key("fields") {
        return Err(Error::Illegal(
            "cannot use [fields] parameter in conjunction with [default_field]".to_owned(),
        ));
    }
    if options
        .get("fields")
        .is_some_and(|fields| !fields.is_array())
    {
        return parsing("[query_string] query does not support [fields] that is not a list");
    }
    let zone = match options.get("time_zone").and_then(Value::as_str) {
        Some(name) => date::time_zone(name)?,
        None => reader.zone.clone(),
    };
    let fields = fields(reader, options)?;
    let mut names = names(reader, truth(options.get("lenient")));
    (names.fields, names.operator, names.zone) = (fields, operator(options), &zone);
    let query = LogQuery::read(&text, Syntax::classic(names.operator), &names);
    query
        .map(|query| query.expr().clone())
        .map_err(|why| Error::Query(format!("Failed to parse query [{text}]: {}", why.en)))
}

/// A query given beside the body, as `q=`.
pub fn query_string(
    reader: &mut Reader<'_>,
    text: &str,
    options: &Map<String, Value>,
) -> Result<LogQuery, Error> {
    let mut body = options.clone();
    body.insert("query".to_owned(), text.into());
    Ok(LogQuery::of(text, full(reader, &Value::Object(body))?))
}

fn fields(reader: &Reader<'_>, options: &Map<String, Value>) -> Result<Vec<String>, Error> {
    let fields = match (options.get("fields"), options.get("default_field")) {
        (Some(fields), _) => full_text::fields(reader, fields)?,
        (None, Some(Value::String(field))) => vec![field.clone()],
        _ => Vec::new(),
    };
    Ok(if fields.iter().any(|field| field == "*") {
        Vec::new()
    } else {
        fields
    })
}

fn operator(options: &Map<String, Value>) -> Operator {
    let name = options
        .get("default_operator")
        .and_then(Value::as_str)
        .unwrap_or("or");
    if name.eq_ignore_ascii_case("and") {
        Operator::And
    } else {
        Operator::Or
    }
}

/// `+` and, `|` or, `-` not, `"…"` phrase, `*` prefix, `~N`, parentheses; what is not one of them is a word. It is
/// written anew in the full syntax, where each sign that is not meant as one is escaped.
pub(super) fn simple(reader: &mut Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let options = object("simple_query_string", body)?;
    let Some(text) = options.get("query").and_then(scalar) else {
        return parsing("[simple_query_string] query text missing");
    };
    let full_text = rewritten(&text);
    if full_text.trim().is_empty() {
        return Ok(Expr::Nothing);
    }
    let fields = fields(reader, options)?;
    let mut names = names(reader, true);
    (names.fields, names.operator) = (fields, operator(options));
    let query = LogQuery::read(&full_text, Syntax::classic(names.operator), &names);
    Ok(query.map_or(Expr::Nothing, |query| query.expr().clone()))
}

fn rewritten(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let closes = text.matches(')').count();
    let (mut out, mut open, mut at) = (String::new(), 0_usize, 0);
    while let Some(&c) = chars.get(at) {
        let begins = at == 0 || chars[at - 1].is_whitespace() || chars[at - 1] == '(';
        at += 1;
        match c {
            '+' if begins => out.push_str(" AND "),
            '|' => out.push_str(" OR "),
            '-' if begins && chars.get(at).is_some_and(|c| !c.is_whitespace()) => out.push('-'),
            '(' if open < closes => {
                open += 1;
                out.push('(');
            }
            ')' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            '"' => {
                if let Some(end) = chars[at..].iter().position(|c| *c == '"') {
                    out.push('"');
                    out.extend(chars[at..at + end].iter().filter(|c| **c != '\\'));
                    out.push('"');
                    at += end + 1;
                }
            }
            '*' => out.push('*'),
            '~' if !begins => out.push('~'),
            c if c.is_alphanumeric() || c.is_whitespace() || c == '_' => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
    // A sign that joins nothing at either end is none.
    let mut words: Vec<&str> = out.split_whitespace().collect();
    while words
        .first()
        .is_some_and(|word| matches!(*word, "AND" | "OR"))
    {
        words.remove(0);
    }
    while words
        .last()
        .is_some_and(|word| matches!(*word, "AND" | "OR"))
    {
        words.pop();
    }
    words.join(" ")
}
