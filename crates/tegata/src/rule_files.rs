//! Rule files: found by their patterns, read with a bound, and their mistakes shown beside their text.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use evaluate::{
    log_rule::LogRule,
    rule::{self, Group},
};
use promise::{Lang, Say, document::Mistake, say};
use spec::{Diagnostic, Spec, Texts};

use crate::{exit::Stop, log_rules, spec_file};

/// Files that the patterns of one spec may name.
const FILES_MAX: usize = 1_000;

/// The rule files of a spec or a test.
#[derive(Debug, Default)]
pub(crate) struct RuleFiles {
    /// Empty where a file is bad.
    pub(crate) groups: Vec<Group>,
    /// Rules on logs, of ElastAlert2 and Sigma.
    pub(crate) logs: Vec<LogRule>,
    /// Every file that was read.
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) bad: Vec<Bad>,
}

/// A file with mistakes.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) texts: Texts,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Those of a spec, seen from its file.
pub(crate) fn of(path: &Path, spec: &Spec, lang: Lang) -> anyhow::Result<RuleFiles> {
    let folder = path.parent().unwrap_or(Path::new(""));
    open(folder, &spec.rules.files, lang)
}

/// Reads the files that `patterns`, seen from `folder`, name. Only a file that cannot be read is an error.
pub(crate) fn open(folder: &Path, patterns: &[String], lang: Lang) -> anyhow::Result<RuleFiles> {
    let mut out = RuleFiles::default();
    let mut found = BTreeSet::new();
    for pattern in patterns {
        let files = matching(folder, pattern);
        if files.is_empty() {
            let nothing = say!(
                "no rule file is called `{pattern}`",
                "`{pattern}` というルールファイルはありません"
            );
            return Err(Stop::missing(nothing.get(lang)).into());
        }
        for path in files {
            if found.insert(path.clone()) {
                out.paths.push(path);
            }
        }
    }
    for path in &out.paths {
        let text = spec_file::read(path).map_err(|why| Stop::missing(why.get(lang)))?;
        let name = path.display().to_string();
        match log_rules::read(&text) {
            Some(Ok(rule)) => {
                out.logs.push(rule);
                continue;
            }
            Some(Err(mistakes)) => {
                out.bad.push(Bad::of(text, mistakes, &name));
                continue;
            }
            None => {}
        }
        match rule::read(&text, &name) {
            Ok(groups) => out.groups.extend(groups),
            Err(mistakes) => out.bad.push(Bad::of(text, mistakes, &name)),
        }
    }
    if !out.bad.is_empty() {
        out.groups.clear();
    }
    Ok(out)
}

impl Bad {
    pub(crate) fn of(text: String, mistakes: Vec<Mistake>, file: &str) -> Self {
        Self {
            diagnostics: mistakes.into_iter().map(Diagnostic::from).collect(),
            texts: Texts::one(file, text),
        }
    }
}

impl RuleFiles {
    /// Shows every mistake on stderr.
    pub(crate) fn show(&self, lang: Lang) {
        for bad in &self.bad {
            spec_file::show(&bad.diagnostics, &bad.texts, lang);
        }
    }

    /// Itself, or its mistakes on stderr and the exit code for them.
    pub(crate) fn whole(self, lang: Lang) -> anyhow::Result<Self> {
        self.show(lang);
        if self.bad.is_empty() {
            Ok(self)
        } else {
            Err(Stop::bad_spec().into())
        }
    }

    /// One sentence for bad files, for the board and the log.
    pub(crate) fn problem(&self) -> Option<Say> {
        let all: Vec<Diagnostic> = self
            .bad
            .iter()
            .flat_map(|bad| bad.diagnostics.clone())
            .collect();
        (!all.is_empty()).then(|| spec_file::summary(&all))
    }

    /// The names of the alerting rules.
    pub(crate) fn alerts(&self) -> impl Iterator<Item = String> + '_ {
        let rules = self.groups.iter().flat_map(|group| &group.rules);
        rules
            .filter(|rule| matches!(rule.action, rule::Action::Alert { .. }))
            .map(|rule| rule.name().to_owned())
            .chain(self.logs.iter().map(|rule| rule.name.clone()))
    }
}

/// The files that a path names; `*` and `?` mean any text and any letter within one folder or file name.
pub(crate) fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut here = vec![if pattern.starts_with('/') {
        PathBuf::from("/")
    } else {
        folder.to_path_buf()
    }];
    for part in pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if !part.contains(['*', '?']) {
            here.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let mut next = Vec::new();
        for path in here {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            for entry in entries {
                if next.len() < FILES_MAX
                    && fits(part.as_bytes(), entry.file_name().as_encoded_bytes())
                {
                    next.push(entry.path());
                }
            }
        }
        next.sort();
        here = next;
    }
    here.retain(|path| path.is_file());
    here
}

/// Whether a name fits a pattern. Each `*` is tried once from the left: time grows with both lengths, no further.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == name[n]) && pattern[p] != b'*'
        {
            p += 1;
            n += 1;
        } else if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, n));
            p += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_within_a_name() {
        for (pattern, name, expected) in [
            ("*.yml", "a.yml", true),
            ("*.yml", "a.yaml", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("rule?.yml", "rule1.yml", true),
            ("rule?.yml", "rule12.yml", false),
            ("*", "", true),
        ] {
            assert_eq!(
                fits(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
