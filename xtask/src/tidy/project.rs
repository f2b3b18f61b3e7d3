//! What the rules look at: the project's text files, its members, and who depends on whom.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use serde_json::Value;

use crate::shell;

/// Everything that the rules look at, read once.
#[derive(Debug, Default)]
pub struct Project {
    /// Text files by their path from the root.
    pub files: BTreeMap<String, String>,
    /// Members in the order in which `Cargo.toml` lists them.
    pub members: Vec<String>,
    /// For each of our crates, by folder, the folders of ours that it depends on, for tests too.
    pub depends: BTreeMap<String, Vec<String>>,
}

/// Folders that are not ours to keep tidy.
const PASSED_OVER: &[&str] = &[".git", "target", "node_modules", "data", "tegata-data"];

/// Kinds of text files.
const TEXT: &[&str] = &[
    "rs", "md", "toml", "yaml", "yml", "js", "css", "service", "json", "sh",
];

/// A longer file is data, not text that somebody reads.
const TEXT_BYTES: u64 = 1 << 20;

impl Project {
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let mut project = Self::default();
        collect(root, root, &mut project.files)?;
        project.members = members(
            project
                .files
                .get("Cargo.toml")
                .context("there is no Cargo.toml")?,
        );
        project.depends = depends(root)?;
        Ok(project)
    }

    pub fn file(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// Rust files, with their paths.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether some file lies in `folder`.
    pub fn has_files_in(&self, folder: &str) -> bool {
        self.files.keys().any(|path| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        Self {
            files,
            ..Self::default()
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    for item in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let item = item?;
        let path = item.path();
        let name = item.file_name().to_string_lossy().into_owned();
        if item.file_type()?.is_dir() {
            if !PASSED_OVER.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
            continue;
        }
        let is_text = path
            .extension()
            .is_some_and(|end| TEXT.iter().any(|text| end == *text))
            || folder.file_name().is_some_and(|name| name == ".ci");
        if is_text && item.metadata()?.len() <= TEXT_BYTES {
            // Cases of bad UTF-8 are data.
            if let (Ok(text), Ok(path)) = (fs::read_to_string(&path), path.strip_prefix(root)) {
                files.insert(path.to_string_lossy().into_owned(), text);
            }
        }
    }
    Ok(())
}

/// The strings of the list `members = […]`.
fn members(manifest: &str) -> Vec<String> {
    let list = manifest
        .lines()
        .skip_while(|line| !line.starts_with("members"))
        .skip(1);
    let list = list.take_while(|line| !line.starts_with(']'));
    list.filter_map(|line| Some(line.trim().strip_prefix('"')?.split_once('"')?.0.to_owned()))
        .collect()
}

fn depends(root: &Path) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let args = [
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ];
    let metadata: Value =
        serde_json::from_str(&shell::output(shell::cargo(&args).current_dir(root))?)?;
    let folder = |path: &str| {
        Path::new(path)
            .strip_prefix(root)
            .map(|path| path.to_string_lossy().into_owned())
            .ok()
    };
    let mut depends = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package has no manifest")?;
        let Some(own) = Path::new(manifest)
            .parent()
            .and_then(|path| folder(&path.to_string_lossy()))
        else {
            continue;
        };
        let on = package["dependencies"].as_array().into_iter().flatten();
        let mut on: Vec<String> = on
            .filter_map(|other| folder(other["path"].as_str()?))
            .collect();
        on.sort();
        on.dedup();
        depends.insert(own, on);
    }
    Ok(depends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_in_their_order() {
        let manifest = "[workspace]\nmembers = [\n    \"b\", # the second\n    \"a\",\n]\ndefault-members = [\"c\"]\n";
        assert_eq!(members(manifest), ["b", "a"]);
    }
}
