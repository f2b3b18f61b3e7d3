//! Between scalars and vectors, and what is said of a vector that is not there.

use promise::signal::Match;

use crate::{
    EvalError, Labels,
    run::{Row, Run, Steps, is_absent},
    series::NAME,
    syntax::{Expr, Kind},
};

pub(super) fn vector(
    run: &Run<'_>,
    _: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    Ok(vec![Row {
        floats: run.scalar(&args[0], steps)?,
        ..Row::default()
    }])
}

/// The only float, or NaN.
pub(super) fn scalar(run: &Run<'_>, args: &[Expr], steps: Steps) -> Result<Vec<f64>, EvalError> {
    let mut only = vec![f64::NAN; steps.count];
    let mut counts = vec![0u32; steps.count];
    run.each(&args[0], steps, &mut |row| {
        for (step, value) in row
            .floats
            .iter()
            .enumerate()
            .filter(|(_, v)| !is_absent(**v))
        {
            counts[step] += 1;
            only[step] = if counts[step] == 1 { *value } else { f64::NAN };
        }
        Ok(())
    })?;
    Ok(only)
}

/// 1 where a vector is empty, with the labels that its selector fixes.
pub(super) fn absent(
    run: &Run<'_>,
    _: &Expr,
    args: &[Expr],
    steps: Steps,
) -> Result<Vec<Row>, EvalError> {
    let mut row = Row::labelled(absent_labels(&args[0]), steps.count);
    row.floats.fill(1.0);
    run.each(&args[0], steps, &mut |found| {
        for step in 0..steps.count {
            if found.has(step) {
                row.set(step, None);
            }
        }
        Ok(())
    })?;
    Ok(if row.is_empty() {
        Vec::new()
    } else {
        vec![row]
    })
}

/// The labels that a selector fixes; one that is named again fixes nothing.
pub(crate) fn absent_labels(of: &Expr) -> Labels {
    let (Kind::Vector(selector) | Kind::Matrix { selector, .. }) = &of.bare().kind else {
        return Labels::default();
    };
    let mut fixed: Vec<(&str, &str)> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for matcher in selector
        .matchers
        .iter()
        .filter(|matcher| matcher.name != NAME)
    {
        let name = matcher.name.as_str();
        match &matcher.test {
            Match::Equal(value) if !seen.contains(&name) => {
                seen.push(name);
                fixed.push((name, value));
            }
            _ => fixed.retain(|(fixed, _)| *fixed != name),
        }
    }
    Labels::new(fixed)
}
