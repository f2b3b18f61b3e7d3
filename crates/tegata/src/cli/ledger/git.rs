//! A Git repository as the memory of a witness: each checkpoint is a commit, and every clone remembers it.

use std::{
    path::Path,
    process::{Command, Output},
};

use promise::{Lang, say};

use crate::exit::Stop;

/// What is committed: the checkpoint, and who the witness is. Its key is not.
const KEPT: [&str; 2] = ["checkpoint", "key.pub"];

/// Commits what a witness has just cosigned, and pushes it where there is a remote.
pub(super) fn keep(folder: &Path, size: u64, lang: Lang) -> anyhow::Result<()> {
    git(folder, &["rev-parse", "--git-dir"], lang)?;
    git(folder, &[&["add", "--"], &KEPT[..]].concat(), lang)?;
    let is_same = run(folder, &["diff", "--cached", "--quiet"])?
        .status
        .success();
    if !is_same {
        let message = format!("checkpoint of {size} entries");
        // The witness signs by its own key; whose name stands in the commit proves nothing.
        let who = [
            "-c",
            "user.name=tegata witness",
            "-c",
            "user.email=witness@localhost",
        ];
        let commit = [
            "commit",
            "--quiet",
            "--no-verify",
            "--message",
            &message,
            "--",
        ];
        git(folder, &[&who[..], &commit, &KEPT].concat(), lang)?;
    }
    let remotes = git(folder, &["remote"], lang)?;
    if !remotes.stdout.trim_ascii().is_empty() {
        git(folder, &["push", "--quiet"], lang)?;
    }
    Ok(())
}

fn git(folder: &Path, args: &[&str], lang: Lang) -> anyhow::Result<Output> {
    let done = run(folder, args)?;
    if done.status.success() {
        return Ok(done);
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let (what, said) = (args.join(" "), said.trim());
    let why = say!(
        "`git {what}` failed: {said}",
        "`git {what}` に失敗しました: {said}"
    );
    Err(Stop::missing(why.get(lang)).into())
}

fn run(folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args);
    // Nobody is there to type a password.
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
        .output()
        .map_err(|error| Stop::missing(format!("git: {error}")).into())
}
