//! The rules, by cases without Rust: `cases/RULE/accept*.yaml` and `refuse*.yaml`.
//!
//! Each line of a refused case that ends in `# <-` must be where the rule points, and no other line may.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use spec::check::RULES;

use crate::load;

fn cases() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut out = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap();
        let rule = folder.file_name().into_string().unwrap();
        out.extend(
            fs::read_dir(folder.path())
                .unwrap()
                .map(|file| (rule.clone(), file.unwrap().path())),
        );
    }
    out.sort();
    out
}

#[test]
fn each_rule_points_where_its_cases_say() {
    let mut failures = Vec::new();
    for (rule, path) in cases() {
        let text = fs::read_to_string(&path).unwrap();
        let loaded = load(&text);
        let lines = |code: &str| -> BTreeSet<usize> {
            let of = loaded.diagnostics.iter().filter(|d| d.code == code);
            of.map(|d| text[..d.span().start].matches('\n').count() + 1)
                .collect()
        };
        let wanted = |mark: &str| -> BTreeSet<usize> {
            let numbered = text.lines().enumerate();
            numbered
                .filter(|(_, line)| line.ends_with(mark))
                .map(|(index, _)| index + 1)
                .collect()
        };
        let refuses = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("refuse");
        if lines(&rule) != wanted("# <-") || refuses == wanted("# <-").is_empty() {
            let all: Vec<_> = loaded
                .diagnostics
                .iter()
                .map(|d| (d.code, &d.message.en))
                .collect();
            failures.push(format!(
                "{}: {rule} at {:?}; all: {all:?}",
                path.display(),
                lines(&rule)
            ));
        }
        // A case that fails to be read for another reason would prove nothing.
        let read: Vec<&str> = loaded
            .diagnostics
            .iter()
            .map(|d| d.code)
            .filter(|code| !RULES.iter().any(|rule| rule.code == *code) && *code != "plain-secret")
            .filter(|code| !text.contains(&format!("# also: {code}")))
            .collect();
        if !read.is_empty() {
            failures.push(format!("{}: also {read:?}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_rule_has_a_case_that_accepts_and_one_that_refuses() {
    let have: BTreeSet<(String, bool)> = cases()
        .into_iter()
        .map(|(rule, path)| {
            (
                rule,
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with("accept"),
            )
        })
        .collect();
    for rule in RULES {
        for accepts in [true, false] {
            assert!(
                have.contains(&(rule.code.to_owned(), accepts)),
                "{} accepts: {accepts}",
                rule.code
            );
        }
    }
}

#[test]
fn each_rule_has_its_page_in_both_languages() {
    for rule in RULES {
        let headings: Vec<_> = spec::reference::headings(rule.doc).collect();
        let names: Vec<&str> = headings.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, spec::reference::HEADINGS, "{}", rule.code);
        for (name, text) in headings {
            assert!(
                !text.en.is_empty() && !text.ja.is_empty(),
                "{}: {name}",
                rule.code
            );
        }
    }
}
