//! `label_replace` and `label_join`: labels made of other labels.

use std::collections::HashSet;

use super::text;
use crate::{
    EvalError, Labels,
    run::{Row, Run, Steps},
    series::NAME,
    syntax::{Expr, has_bytes},
};

pub(super) fn replace(
    run: &Run<'_>,
    _: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let (target, template, source, pattern) =
        (text(args, 1), text(args, 2), text(args, 3), text(args, 4));
    let regex = promise::signal::anchored(pattern).map_err(|_| {
        EvalError::BadArgument(format!(
            "invalid regular expression in label_replace(): {pattern}"
        ))
    })?;
    if !is_label_name(target) {
        return Err(EvalError::BadArgument(format!(
            "invalid destination label name in label_replace(): {target}"
        )));
    }
    relabelled(run, &args[0], steps, target, |labels| {
        let captures = regex.captures(labels.get(source))?;
        let mut value = String::new();
        captures.expand(template, &mut value);
        Some(value)
    })
}

pub(super) fn join(
    run: &Run<'_>,
    _: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let (target, separator) = (text(args, 1), text(args, 2));
    let sources: Vec<&str> = (3..args.len()).map(|index| text(args, index)).collect();
    let names = sources.iter().map(|source| ("source", source));
    if let Some((which, name)) = names
        .chain([("destination", &target)])
        .find(|(_, name)| !is_label_name(name))
    {
        return Err(EvalError::BadArgument(format!(
            "invalid {which} label name in label_join(): {name}"
        )));
    }
    relabelled(run, &args[0], steps, target, |labels| {
        let values: Vec<&str> = sources.iter().map(|source| labels.get(source)).collect();
        Some(values.join(separator))
    })
}

/// Any text names a label, unless it is empty or its escapes spelled bytes that are no text.
pub(crate) fn is_label_name(name: &str) -> bool {
    !name.is_empty() && !has_bytes(name)
}

/// Sets one label of each series; a name that is set stays.
fn relabelled(
    run: &Run<'_>,
    of: &Expr,
    steps: Steps,
    target: &str,
    value: impl Fn(&Labels) -> Option<String>,
) -> Result<Vec<Row>, EvalError> {
    let mut rows = run.rows(of, steps)?;
    let mut seen = HashSet::with_capacity(rows.len());
    for row in &mut rows {
        if let Some(value) = value(&row.labels) {
            row.labels = row.labels.with(target, &value);
            if target == NAME {
                row.drop_name = false;
            }
        }
        if !seen.insert(row.labels.clone()) {
            return Err(EvalError::SameLabels);
        }
    }
    Ok(rows)
}
