//! What is true of the pages that people read.

use std::path::{Component, Path, PathBuf};

use super::{
    Complaint, Project,
    arrows::{codes, rows},
    complaint,
};

/// A page and its twin in Japanese have the same headings, or one of them lacks something.
pub fn both_languages_say_the_same(project: &Project) -> Vec<Complaint> {
    let twins = project.files.iter().filter_map(|(path, text)| {
        let english = format!("{}.md", path.strip_suffix(".ja.md")?);
        Some((
            path,
            headings(text),
            headings(project.file(&english)),
            english,
        ))
    });
    let differ = twins.filter(|(_, ja, en, _)| ja != en);
    differ
        .map(|(path, ja, en, english)| {
            complaint(path, format!("has {ja} headings, and {english} has {en}"))
        })
        .collect()
}

/// Headings outside of code.
fn headings(text: &str) -> usize {
    let mut in_code = false;
    text.lines()
        .filter(|line| {
            in_code ^= line.starts_with("```");
            !in_code && line.starts_with('#')
        })
        .count()
}

/// Links between files of the project lead to files, and to headings that are there.
pub fn links_lead_somewhere(project: &Project) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in project
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".md"))
    {
        for (at, line) in (1..).zip(text.lines()) {
            for target in targets(line) {
                if let Some(what) = broken(project, path, target) {
                    complaints.push(complaint(&format!("{path}:{at}"), what));
                }
            }
        }
    }
    complaints
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn broken(project: &Project, page: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        page.to_owned()
    } else {
        join(page, file)
    };
    let is_text = project.files.contains_key(&path);
    // Pictures and files without an ending are not among the texts.
    if !is_text && !project.has_files_in(&path) && !crate::shell::root().join(&path).exists() {
        return Some(format!("`{target}` is not there"));
    }
    let there = heading.is_empty()
        || !path.ends_with(".md")
        || anchors(project.file(&path)).any(|anchor| anchor == heading);
    (!there).then(|| format!("{path} has no heading `#{heading}`"))
}

/// The path that `target` means in a file at `page`.
fn join(page: &str, target: &str) -> String {
    let mut path = PathBuf::new();
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path.to_string_lossy().into_owned()
}

/// Headings, and rows that are named by an explicit anchor, as links write them.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let named = page
        .split("id=\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    let headings = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        });
    headings.chain(named)
}

/// Every invariant names a test, and every test that is named is there.
pub fn invariants_are_kept_by_tests(project: &Project) -> Vec<Complaint> {
    let page = "ARCHITECTURE.md";
    let mut complaints = Vec::new();
    for row in rows(project.file(page), "## Invariants") {
        let (number, kept_by) = (row.first().unwrap_or(&""), row.last().unwrap_or(&""));
        let tests = codes(kept_by);
        if tests.is_empty() {
            complaints.push(complaint(
                page,
                format!("invariant {number} names no test that keeps it"),
            ));
        }
        for test in tests {
            let name = test.rsplit("::").next().unwrap_or(&test);
            let definition = format!("fn {name}(");
            let is_there = project
                .sources()
                .any(|(_, text)| text.contains(&definition))
                || project.files.contains_key(&test);
            if !is_there {
                complaints.push(complaint(
                    page,
                    format!("invariant {number} names the test `{test}`, which is not there"),
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_that_one_language_lacks_is_noticed() {
        let en = "# A\n```sh\n# no heading\n```\n## B\n";
        assert!(
            both_languages_say_the_same(&Project::of(&[
                ("README.md", en),
                ("README.ja.md", "# あ\n## い\n")
            ]))
            .is_empty()
        );
        assert_eq!(
            both_languages_say_the_same(&Project::of(&[
                ("README.md", en),
                ("README.ja.md", "# あ\n")
            ]))
            .len(),
            1
        );
    }

    #[test]
    fn links_to_files_and_headings_are_followed() {
        let measured = "# Measured\n\n## Idle memory\n\n| <a id=\"kill\"></a>kills | 100 |\n";
        let page = |link: &str| {
            Project::of(&[
                ("docs/guide/a.md", &format!("see [it]({link})")),
                ("docs/measured.md", measured),
            ])
        };
        for good in [
            "../measured.md",
            "../measured.md#idle-memory",
            "../measured.md#kill",
            "https://example.com/x",
            "../guide",
        ] {
            assert!(links_lead_somewhere(&page(good)).is_empty(), "{good}");
        }
        for bad in [
            "../nowhere.md",
            "measured.md",
            "../measured.md#other",
            "#none",
        ] {
            assert_eq!(links_lead_somewhere(&page(bad)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn an_invariant_whose_test_is_gone_is_noticed() {
        let page = "## Invariants\n\n| | invariant | kept by |\n|---|---|---|\n| 1 | it holds | `a::it_holds` |\n";
        let test = ("crates/a/src/lib.rs", "//! A.\nfn it_holds() {}\n");
        assert!(
            invariants_are_kept_by_tests(&Project::of(&[("ARCHITECTURE.md", page), test]))
                .is_empty()
        );
        assert_eq!(
            invariants_are_kept_by_tests(&Project::of(&[("ARCHITECTURE.md", page)])).len(),
            1
        );
    }
}
