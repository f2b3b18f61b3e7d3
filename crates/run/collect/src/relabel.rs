//! Relabelling, step by step as Prometheus does it: of a target's labels before it is asked, and of a series'
//! before it is stored.

use md5::{Digest, Md5};
use promise::{Say, say};
use regex::{Captures, Regex};
use spec::section::relabel::{Action, DEFAULT_REPLACEMENT, Relabel, compile};
use store::Labels;

/// A step whose regular expression is compiled.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    step: Relabel,
    regex: Regex,
}

impl Rule {
    fn new(step: &Relabel) -> Result<Self, Say> {
        if let Some(mistake) = step.mistake() {
            return Err(mistake);
        }
        Ok(Self {
            step: step.clone(),
            regex: compile(&step.regex)?,
        })
    }
}

/// Compiles the steps, or says which of them (from 1) makes no sense.
pub(crate) fn compile_all(steps: &[Relabel]) -> Result<Vec<Rule>, Say> {
    let compiled = steps.iter().enumerate().map(|(index, step)| {
        let n = index + 1;
        Rule::new(step).map_err(|why| {
            Say::new(
                format!("relabel step {n}: {}", why.en),
                format!("書き換えの {n} 段目: {}", why.ja),
            )
        })
    });
    compiled.collect()
}

/// The labels after all steps; `None` where one of them drops.
pub(crate) fn process(rules: &[Rule], labels: Labels) -> Option<Labels> {
    let mut set = Set(labels
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect());
    for rule in rules {
        if !rule.apply(&mut set) {
            return None;
        }
    }
    Some(Labels::new(set.0))
}

/// Labels while they change: a handful, so a list is enough.
struct Set(Vec<(String, String)>);

impl Set {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    /// An empty value is no label.
    fn set(&mut self, name: &str, value: String) {
        if value.is_empty() {
            self.0.retain(|(other, _)| other != name);
        } else if let Some(slot) = self.0.iter_mut().find(|(other, _)| other == name) {
            slot.1 = value;
        } else {
            self.0.push((name.to_owned(), value));
        }
    }
}

impl Rule {
    /// False where the labels are dropped.
    fn apply(&self, set: &mut Set) -> bool {
        let step = &self.step;
        let target = step.target_label.as_deref().unwrap_or_default();
        let sources: Vec<&str> = step
            .source_labels
            .iter()
            .map(|name| set.get(name))
            .collect();
        let value = sources.join(&step.separator);
        match step.action {
            Action::Keep => return self.regex.is_match(&value),
            Action::Drop => return !self.regex.is_match(&value),
            Action::KeepEqual => return set.get(target) == value,
            Action::DropEqual => return set.get(target) != value,
            Action::Replace => self.replace(set, &value, target),
            Action::Lowercase => set.set(target, value.to_lowercase()),
            Action::Uppercase => set.set(target, value.to_uppercase()),
            Action::HashMod => set.set(target, (hash(&value) % step.modulus).to_string()),
            Action::LabelMap => self.map(set),
            Action::LabelDrop => set.0.retain(|(name, _)| !self.regex.is_match(name)),
            Action::LabelKeep => set.0.retain(|(name, _)| self.regex.is_match(name)),
        }
        true
    }

    fn replace(&self, set: &mut Set, value: &str, target: &str) {
        let Some(found) = self.regex.captures(value) else {
            return;
        };
        let target = expand(target, &found);
        // Any text is a label's name (UTF-8 names), but for none.
        if !target.is_empty() {
            set.set(&target, expand(&self.step.replacement, &found));
        }
    }

    fn map(&self, set: &mut Set) {
        let mapped: Vec<(String, String)> = set
            .0
            .iter()
            .filter_map(|(name, value)| {
                let found = self.regex.captures(name)?;
                Some((expand(&self.step.replacement, &found), value.clone()))
            })
            .collect();
        for (name, value) in mapped.into_iter().filter(|(name, _)| !name.is_empty()) {
            set.set(&name, value);
        }
    }
}

/// The last eight bytes of the MD5, as Prometheus takes them, so that shards agree.
fn hash(value: &str) -> u64 {
    let digest = Md5::digest(value.as_bytes());
    let mut tail = [0; 8];
    tail.copy_from_slice(&digest[8..]);
    u64::from_be_bytes(tail)
}

/// Go's `Regexp.Expand`: `$name`, `${name}` and `$1` stand for what the group matched, or nothing; the name
/// is as long as it can be; `$$` is one sign, and a sign before anything else stands for itself.
fn expand(template: &str, found: &Captures<'_>) -> String {
    if template == DEFAULT_REPLACEMENT {
        return group("1", found).to_owned();
    }
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(plain) = after.strip_prefix('$') {
            out.push('$');
            rest = plain;
        } else if let Some((name, behind)) = reference(after) {
            out.push_str(group(name, found));
            rest = behind;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The name behind a `$`, and what stands behind it.
fn reference(after: &str) -> Option<(&str, &str)> {
    let inside = after.strip_prefix('{').unwrap_or(after);
    let end = inside
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(inside.len());
    let (name, behind) = inside.split_at(end);
    if name.is_empty() {
        return None;
    }
    if inside.len() == after.len() {
        return Some((name, behind));
    }
    behind.strip_prefix('}').map(|behind| (name, behind))
}

fn group<'t>(name: &str, found: &Captures<'t>) -> &'t str {
    let group = match name.parse::<usize>() {
        Ok(index) => found.get(index),
        Err(_) => found.name(name),
    };
    group.map_or("", |group| group.as_str())
}

/// That nothing is left to write is told where it is asked for.
pub(crate) fn nowhere() -> Say {
    say!("the target has no address", "対象にアドレスがありません")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
