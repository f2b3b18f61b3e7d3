//! Where the project lies, and running programs in it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The cargo that started this, as if nobody had started it from cargo.
///
/// `cargo run` tells its program of the package that it belongs to. Build scripts that look at such a variable (that
/// of `ring` does) would run again, and with them half of the workspace would be built again.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program to its end; its output goes where ours goes.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", name(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", name(command));
    }
    Ok(())
}

/// What a program says on its standard output.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", name(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", name(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn name(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What cargo tells of a build, one JSON message a line; what a person reads goes where ours goes.
pub fn messages(args: &[&str]) -> anyhow::Result<String> {
    output(&mut cargo(
        &[args, &["--message-format=json-render-diagnostics"]].concat(),
    ))
}

/// The binary or example `target` among the messages of a build.
pub fn executable(messages: &str, target: &str) -> anyhow::Result<PathBuf> {
    let made = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| {
            let ours = message["target"]["name"] == target && message["profile"]["test"] == false;
            ours.then(|| message["executable"].as_str().map(PathBuf::from))
                .flatten()
        });
    made.with_context(|| format!("cargo built no `{target}`"))
}

/// The path of a binary or example that cargo builds with `args`.
pub fn build(args: &[&str], target: &str) -> anyhow::Result<PathBuf> {
    executable(&messages(args)?, target)
}
