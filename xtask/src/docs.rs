//! `cargo xtask docs`: the reference, written by the code that reads and judges.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{shell, test::BUILD};

/// A generated page, and the command of the binary that prints it.
const PAGES: &[(&str, &[&str])] = &[
    ("tegata.schema.json", &["schema"]),
    ("openapi.json", &["schema", "--openapi"]),
    ("spec.md", &["schema", "--reference", "--lang", "en"]),
    ("spec.ja.md", &["schema", "--reference", "--lang", "ja"]),
];

pub fn run(only_check: bool) -> anyhow::Result<()> {
    let binary = shell::build(BUILD, "tegata")?;
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
    ensure!(
        stale.is_empty(),
        "{} no longer say what the code does: run `cargo xtask docs`",
        stale.join(", ")
    );
    Ok(())
}

fn pages(binary: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let folder = shell::root().join("docs/reference");
    let mut pages = vec![(folder.join("cli.md"), command_line(binary)?)];
    for (name, args) in PAGES {
        pages.push((folder.join(name), printed(binary, args)?));
    }
    Ok(pages)
}

/// What each command says of itself, in the order in which `tegata help` lists them.
fn command_line(binary: &Path) -> anyhow::Result<String> {
    let top = printed(binary, &["help"])?;
    let mut page = format!("# Command line\n\n{}", in_code(&top));
    for command in commands(&top) {
        let help = printed(binary, &["help", command])?;
        // Writing to a string does not fail.
        let _ = write!(page, "\n## tegata {command}\n\n{}", in_code(&help));
        for inner in commands(&help) {
            let help = printed(binary, &["help", command, inner])?;
            let _ = write!(page, "\n### tegata {command} {inner}\n\n{}", in_code(&help));
        }
    }
    Ok(page)
}

fn in_code(help: &str) -> String {
    let lines = help.trim_end().lines().map(str::trim_end);
    format!("```text\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"))
}

/// The names in a help's list of commands.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    list.take_while(|line| !line.trim().is_empty())
        // A description that goes on in the next line is indented further.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// What a command prints, whoever asks: with no settings from the environment, and no terminal that has a width.
fn printed(binary: &Path, args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(binary)
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    ensure!(
        output.status.success(),
        "tegata {} ended with {}: {}",
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("it printed no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_the_help_that_lists_them() {
        let help = "Keeps promises\n\nUsage: tegata [OPTIONS] <COMMAND>\n\nCommands:\n  init   Write a spec\n         from an exporter\n  \
                    ledger  Look into the ledger\n  help   Print this message\n\nOptions:\n  -h, --help\n";
        assert_eq!(commands(help), ["init", "ledger"]);
        assert!(commands("Options:\n  -h, --help\n").is_empty());
    }
}
