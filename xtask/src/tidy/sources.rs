//! What is true of every source file.

use super::{Complaint, Project, complaint};

/// Names that say nothing: what lies there has a user, and belongs to it.
const NO_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "types", "core", "misc", "shared",
];

/// A longer file tells a second story.
const LINES_MAX: usize = 600;

/// Files that read the wall clock: the one that gives the `Clock` to all others.
const WALL_CLOCK: &[&str] = &["crates/tegata/src/clock.rs"];

/// Where elapsed time is read: beside the clock the measuring of durations that no verdict depends on, and waiting.
const STEADY_CLOCK: &[&str] = &[
    "crates/tegata/src/clock.rs",
    // Compares both clocks, to notice one that jumps.
    "crates/tegata/src/tasks/clock.rs",
    // Waits for the next judgement that is due.
    "crates/tegata/src/tasks/judge.rs",
    // How long a target took to answer is itself a sample.
    "crates/run/collect/src/probe/",
    "crates/run/collect/src/scrape/",
    // How far a clock was set back is seen by one that nobody sets; the tests stop it.
    "crates/run/respond/src/deliver.rs",
    // A lease is held for so long by a clock that nobody sets; the tests stop it.
    "crates/run/store/src/state/lease.rs",
    // The demo's shop and its customers are no part of the product: they time themselves.
    "crates/tegata/src/demo/",
];

pub fn names_say_what_is_inside(project: &Project) -> Vec<Complaint> {
    let named = |part: &str| NO_NAMES.contains(&part.strip_suffix(".rs").unwrap_or(part));
    let bad = project
        .sources()
        .filter(|(path, _)| path.split('/').any(named));
    bad.map(|(path, _)| {
        complaint(
            path,
            "its name says nothing: put what is inside with its user",
        )
    })
    .collect()
}

pub fn headers_are_there(project: &Project) -> Vec<Complaint> {
    let bad = project
        .sources()
        .filter(|(_, text)| !text.starts_with("//! "));
    bad.map(|(path, _)| complaint(path, "does not begin with `//! ` and what it is for"))
        .collect()
}

pub fn files_tell_one_story(project: &Project) -> Vec<Complaint> {
    let long = project
        .sources()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(path, lines)| {
        complaint(
            path,
            format!("{lines} lines; past {LINES_MAX} it tells a second story"),
        )
    })
    .collect()
}

pub fn time_comes_from_the_clock(project: &Project) -> Vec<Complaint> {
    let product = project
        .sources()
        .filter(|(path, _)| path.starts_with("crates/") && path.contains("/src/"));
    let mut complaints = Vec::new();
    for (path, text) in product {
        let allowed = |list: &[&str]| {
            list.iter()
                .any(|one| path == *one || (one.ends_with('/') && path.starts_with(one)))
        };
        for (at, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or(line);
            let wall = code.contains("SystemTime::now")
                || code.contains("jiff::Timestamp::now")
                || code.contains("Zoned::now");
            let steady = code.contains("Instant::now");
            if (wall && !allowed(WALL_CLOCK)) || (steady && !allowed(STEADY_CLOCK)) {
                complaints.push(complaint(
                    &format!("{path}:{at}"),
                    "reads the time itself; take a `Clock`",
                ));
            }
        }
    }
    complaints
}

/// Absolute paths and neighbours of the machine on which somebody happened to work.
pub fn nothing_of_the_workplace(project: &Project) -> Vec<Complaint> {
    // Written in parts, so that this file does not hold them.
    let words = [
        concat!("../", "shared"),
        concat!("/", "work", "/"),
        concat!("/", "home", "/"),
        concat!("/", "root", "/"),
    ];
    let mut complaints = Vec::new();
    for (path, text) in &project.files {
        for (at, line) in (1..).zip(text.lines()) {
            if let Some(word) = words.iter().find(|word| holds(line, word)) {
                complaints.push(complaint(
                    &format!("{path}:{at}"),
                    format!("`{word}` is only on somebody's machine"),
                ));
            }
        }
    }
    complaints
}

/// Whether an absolute path begins with `word`; `a/home/b` and an address such as `example.com/home/` do not.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !word.starts_with('/')
            || !before.is_some_and(|c| c.is_alphanumeric() || "-_.~}/)".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_refused() {
        let project = Project::of(&[
            ("crates/a/src/util.rs", ""),
            ("crates/common/src/lib.rs", ""),
            ("crates/a/src/utility.rs", ""),
        ]);
        assert_eq!(names_say_what_is_inside(&project).len(), 2);
    }

    #[test]
    fn a_file_without_its_purpose_or_with_two_is_refused() {
        let long = format!("//! Long.\n{}", "\n".repeat(LINES_MAX));
        let project = Project::of(&[
            ("a.rs", "fn main() {}"),
            ("b.rs", "//! What for.\n"),
            ("c.rs", &long),
            ("d.md", ""),
        ]);
        assert_eq!(
            headers_are_there(&project),
            [complaint(
                "a.rs",
                "does not begin with `//! ` and what it is for"
            )]
        );
        assert_eq!(files_tell_one_story(&project).len(), 1);
    }

    #[test]
    fn only_the_clock_reads_the_time() {
        let wall = concat!("let t = SystemTime::", "now();");
        let steady = concat!("let t = Instant::", "now();");
        let project = Project::of(&[
            ("crates/tegata/src/clock.rs", wall),
            ("crates/tegata/src/demo/shop.rs", steady),
            ("crates/a/src/lib.rs", wall),
            ("crates/a/src/b.rs", steady),
            ("crates/a/src/c.rs", "// not SystemTime::now, but the Clock"),
            ("crates/a/tests/d.rs", steady),
        ]);
        let found: Vec<String> = time_comes_from_the_clock(&project)
            .into_iter()
            .map(|c| c.0)
            .collect();
        assert_eq!(found.len(), 2);
        assert!(
            found[0].starts_with("crates/a/src/b.rs:1")
                && found[1].starts_with("crates/a/src/lib.rs:1")
        );
    }

    #[test]
    fn paths_of_a_machine_are_refused_and_addresses_are_not() {
        let home = concat!("see /", "home/someone/notes");
        let project = Project::of(&[
            ("a.md", home),
            ("b.md", concat!("https://example.com/", "home/")),
            ("c.md", "the work of an hour"),
        ]);
        assert_eq!(nothing_of_the_workplace(&project).len(), 1);
    }
}
