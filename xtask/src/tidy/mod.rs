//! `cargo xtask tidy`: the house stays as ARCHITECTURE.md draws it.
//!
//! Each rule is a function from what is there to complaints; all complaints are shown at once.

mod arrows;
mod lists;
mod pages;
mod project;
mod sources;

use std::path::Path;

use anyhow::bail;

pub use project::Project;

/// One thing that is not as it should be: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint(pub String);

pub fn complaint(at: &str, what: impl std::fmt::Display) -> Complaint {
    Complaint(format!("{at}: {what}"))
}

/// In the order in which a person mends them.
const RULES: &[fn(&Project) -> Vec<Complaint>] = &[
    arrows::members_are_the_map,
    arrows::only_drawn_arrows,
    sources::names_say_what_is_inside,
    sources::headers_are_there,
    sources::files_tell_one_story,
    sources::time_comes_from_the_clock,
    sources::nothing_of_the_workplace,
    lists::each_receiver_has_a_sender,
    lists::each_kind_has_cases,
    lists::decisions_are_numbered,
    pages::both_languages_say_the_same,
    pages::links_lead_somewhere,
    pages::invariants_are_kept_by_tests,
];

pub fn run(root: &Path) -> anyhow::Result<()> {
    let project = Project::read(root)?;
    let complaints: Vec<Complaint> = RULES.iter().flat_map(|rule| rule(&project)).collect();
    for Complaint(text) in &complaints {
        println!("{text}");
    }
    if !complaints.is_empty() {
        bail!(
            "{} things are not where ARCHITECTURE.md and CONTRIBUTING.md say",
            complaints.len()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn this_project_is_tidy() {
        run(&crate::shell::root()).unwrap();
    }
}
