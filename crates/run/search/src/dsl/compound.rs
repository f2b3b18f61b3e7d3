//! Queries that hold queries.

use promise::signal::log_query::{Bool, Expr};
use serde_json::Value;

use super::{Reader, object, refuse_unknown};
use crate::error::{Error, parsing};

pub(super) fn bool(reader: &mut Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let object = object("bool", body)?;
    let known = [
        "must",
        "filter",
        "should",
        "must_not",
        "minimum_should_match",
        "boost",
        "_name",
        "adjust_pure_negative",
    ];
    refuse_unknown("bool", object, &known)?;
    let mut list = |key: &str| -> Result<Vec<Expr>, Error> {
        match object.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(|item| reader.expr(item)).collect(),
            Some(one) => Ok(vec![reader.expr(one)?]),
        }
    };
    let mut must = list("must")?;
    must.extend(list("filter")?);
    let (should, must_not) = (list("should")?, list("must_not")?);
    // Where nothing else is asked for, one of them must hold.
    let default = usize::from(must.is_empty() && !should.is_empty());
    let at_least = match object
        .get("minimum_should_match")
        .filter(|value| !value.is_null())
    {
        Some(value) => minimum(value, should.len())?.max(default),
        None => default,
    };
    Ok(Expr::Bool(Bool {
        must,
        should,
        must_not,
        at_least,
    }))
}

/// `2`, `-1`, `75%`, `-25%`, of so many; below none it is none, and may be more than there are.
pub(super) fn minimum(value: &Value, of: usize) -> Result<usize, Error> {
    let text = super::scalar(value).unwrap_or_default();
    let count = |number: i64| {
        let of = i64::try_from(of).unwrap_or(i64::MAX);
        usize::try_from(if number < 0 {
            of.saturating_add(number)
        } else {
            number
        })
        .unwrap_or(0)
    };
    let parsed = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<i64>().ok().map(|percent| {
            let part = i64::try_from(of)
                .unwrap_or(i64::MAX)
                .saturating_mul(percent)
                / 100;
            // A negative share says how many may be missing.
            if percent < 0 && part == 0 {
                of
            } else {
                count(part)
            }
        }),
        None => text.parse::<i64>().ok().map(count),
    };
    match parsed {
        Some(count) => Ok(count),
        None => parsing(format!(
            "[minimum_should_match] [{text}] is not supported: a number or a percentage is expected"
        )),
    }
}

/// A query of which only one part decides who is found.
pub(super) fn wrapped(
    reader: &mut Reader<'_>,
    name: &str,
    key: &str,
    body: &Value,
) -> Result<Expr, Error> {
    match object(name, body)?.get(key) {
        Some(inner) => reader.expr(inner),
        None => parsing(format!("[{name}] requires a '{key}' element")),
    }
}

pub(super) fn dis_max(reader: &mut Reader<'_>, body: &Value) -> Result<Expr, Error> {
    match object("dis_max", body)?
        .get("queries")
        .and_then(Value::as_array)
    {
        Some(queries) => Ok(Expr::any(
            queries
                .iter()
                .map(|query| reader.expr(query))
                .collect::<Result<_, _>>()?,
        )),
        None => parsing("[dis_max] requires 'queries' field with at least one clause"),
    }
}
