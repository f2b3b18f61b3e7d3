//! Rooms that grow by one file and one line: the line has its file.

use super::{Complaint, Project, complaint};

pub fn each_receiver_has_a_sender(project: &Project) -> Vec<Complaint> {
    let spec = "crates/declare/spec/src/section/receiver.rs";
    let senders = "crates/run/respond/src/notify";
    let missing = tags(project.file(spec), "tagged! {")
        .into_iter()
        .filter(|tag| {
            !project.files.contains_key(&format!("{senders}/{tag}.rs"))
                && !project.has_files_in(&format!("{senders}/{tag}"))
        });
    missing
        .map(|tag| {
            complaint(
                spec,
                format!("receivers of kind `{tag}` have no sender: write {senders}/{tag}.rs"),
            )
        })
        .collect()
}

pub fn each_kind_has_cases(project: &Project) -> Vec<Complaint> {
    let kinds = "crates/promise/src/kind/mod.rs";
    let cases = "crates/promise/tests/cases";
    let missing = tags(project.file(kinds), "\nkinds! {")
        .into_iter()
        .filter(|tag| {
            let folder = format!("{cases}/{tag}/");
            !project
                .files
                .keys()
                .any(|path| path.starts_with(&folder) && path.ends_with(".yaml"))
        });
    missing
        .map(|tag| {
            complaint(
                kinds,
                format!("promises of kind `{tag}` have no case: write {cases}/{tag}/<what>.yaml"),
            )
        })
        .collect()
}

/// `0001-what-was-decided.md`, without a gap.
pub fn decisions_are_numbered(project: &Project) -> Vec<Complaint> {
    let names = project
        .files
        .keys()
        .filter_map(|path| path.strip_prefix("docs/decisions/"));
    let mut complaints = Vec::new();
    for (number, name) in (1..).zip(names) {
        let expected = format!("{number:04}-");
        if !name.starts_with(&expected) {
            complaints.push(complaint(
                &format!("docs/decisions/{name}"),
                format!("should begin with `{expected}`"),
            ));
        }
    }
    complaints
}

/// The tags of a list of lines such as `"ratio" => ratio::Ratio,`.
fn tags(source: &str, opening: &str) -> Vec<String> {
    let Some((_, list)) = source.split_once(opening) else {
        return Vec::new();
    };
    let lines = list.lines().take_while(|line| *line != "}");
    lines
        .filter_map(|line| {
            let (tag, rest) = line.trim().strip_prefix('"')?.split_once('"')?;
            rest.trim_start().starts_with("=>").then(|| tag.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &str = "macro_rules! kinds {\n}\n\nkinds! {\n    /// Good over all.\n    \"ratio\" => ratio::Ratio,\n    \"log_count\" => log_count::LogCount,\n}\n";

    #[test]
    fn a_kind_without_a_case_is_missed() {
        let mut files = vec![
            ("crates/promise/src/kind/mod.rs", KINDS),
            ("crates/promise/tests/cases/ratio/leak.yaml", ""),
        ];
        let missing = each_kind_has_cases(&Project::of(&files));
        assert_eq!(missing.len(), 1);
        assert!(missing[0].0.contains("`log_count`"));
        files.push(("crates/promise/tests/cases/log_count/quiet.yaml", ""));
        assert!(each_kind_has_cases(&Project::of(&files)).is_empty());
    }

    #[test]
    fn a_receiver_without_a_sender_is_missed() {
        let spec = (
            "crates/declare/spec/src/section/receiver.rs",
            "tagged! {\n    pub enum Receiver {\n        \"slack\" => Slack,\n    }\n}\n",
        );
        assert_eq!(each_receiver_has_a_sender(&Project::of(&[spec])).len(), 1);
        let sender = ("crates/run/respond/src/notify/slack.rs", "");
        assert!(each_receiver_has_a_sender(&Project::of(&[spec, sender])).is_empty());
    }

    #[test]
    fn decisions_leave_no_gap() {
        let good = [
            ("docs/decisions/0001-a.md", ""),
            ("docs/decisions/0002-b.md", ""),
        ];
        assert!(decisions_are_numbered(&Project::of(&good)).is_empty());
        let gap = [
            ("docs/decisions/0001-a.md", ""),
            ("docs/decisions/0003-b.md", ""),
        ];
        assert_eq!(decisions_are_numbered(&Project::of(&gap)).len(), 1);
    }
}
