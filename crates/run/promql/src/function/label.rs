//! Labels made from labels.

use super::Args;
use crate::{EvalError, run::Held};

pub(super) const NAMES: &[&str] = &["label_join", "label_replace"];

pub(super) fn call(name: &str, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    let target = args.text(1)?;
    let is_name = target.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && target
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Err(EvalError::BadArgument(format!(
            "`{target}` is no label name"
        )));
    }
    let mut samples = args.vector(0)?;
    if name == "label_join" {
        let separator = args.text(2)?;
        let sources = (3..args.nodes.len())
            .map(|index| args.text(index))
            .collect::<Result<Vec<_>, _>>()?;
        for sample in &mut samples {
            let values: Vec<&str> = sources
                .iter()
                .map(|source| sample.labels.get(source))
                .collect();
            let joined = values.join(&separator);
            sample.labels = sample.labels.with(&target, &joined);
        }
        return Ok(Held::Vector(samples));
    }
    let (replacement, source, pattern) = (args.text(2)?, args.text(3)?, args.text(4)?);
    let regex = promise::signal::anchored(&pattern)
        .map_err(|why| EvalError::BadArgument(format!("`{pattern}` is no pattern: {why}")))?;
    for sample in &mut samples {
        let Some(found) = regex.captures(sample.labels.get(&source)) else {
            continue;
        };
        let mut made = String::new();
        found.expand(&replacement, &mut made);
        sample.labels = sample.labels.with(&target, &made);
    }
    Ok(Held::Vector(samples))
}
