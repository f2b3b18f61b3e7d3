//! `cargo xtask docs`: the reference, written by the code that reads and judges.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::shell;

/// A generated page, and the command of the binary that prints it.
const PAGES: &[(&str, &[&str])] = &[
    ("spec.schema.json", &["schema"]),
    ("spec.md", &["schema", "--reference", "--lang", "en"]),
    ("spec.ja.md", &["schema", "--reference", "--lang", "ja"]),
];

pub fn run(only_check: bool) -> anyhow::Result<()> {
    let binary = shell::build(&["build", "--workspace", "--bins"], "tegata")?;
    if only_check {
        return check(&binary);
    }
    for (path, page) in pages(&binary)? {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, page).with_context(|| path.display().to_string())?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Fails when a page is not what the binary prints today.
pub fn check(binary: &Path) -> anyhow::Result<()> {
    let stale: Vec<String> = pages(binary)?
        .into_iter()
        .filter(|(path, page)| fs::read_to_string(path).ok().as_ref() != Some(page))
        .map(|(path, _)| path.display().to_string())
        .collect();
    if !stale.is_empty() {
        bail!(
            "{} no longer say what the code does: run `cargo xtask docs`",
            stale.join(", ")
        );
    }
    Ok(())
}

fn pages(binary: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let folder = shell::root().join("docs/reference");
    PAGES
        .iter()
        .map(|(name, args)| {
            Ok((
                folder.join(name),
                shell::output(Command::new(binary).args(*args))?,
            ))
        })
        .collect()
}
