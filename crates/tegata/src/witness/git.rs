//! A Git repository as a memory outside: each checkpoint is a commit, and every clone remembers it.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use ledger::{Ledger, checkpoint_of};
use promise::{Say, say};

use super::{Problem, Seen};

/// How long one command of Git may take: a push over a slow line.
const WAIT_STEPS: usize = 1_200;
const WAIT_STEP: Duration = Duration::from_millis(50);

/// Commits the ledger's newest checkpoint and its public key, once it is sure that it continues the one that lies there.
pub(super) async fn ask(folder: &Path, ledger: Arc<Ledger>) -> Result<Seen, Problem> {
    let folder = folder.to_owned();
    let kept = tokio::task::spawn_blocking(move || keep(&folder, &ledger)).await;
    kept.unwrap_or_else(|error| Err(Problem::passing(Say::same(error.to_string()))))
}

fn keep(folder: &Path, ledger: &Ledger) -> Result<Seen, Problem> {
    git(folder, &["rev-parse", "--git-dir"]).map_err(Problem::passing)?;
    let failed = |error: &dyn std::fmt::Display| Problem::passing(Say::same(error.to_string()));
    let now = ledger.checkpoint();
    let path = folder.join("checkpoint");
    if path.exists() {
        let before = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let continues = checkpoint_of(&before, &ledger.verifier()).map(|before| {
            before.size <= now.size
                && ledger
                    .root_of(before.size)
                    .is_ok_and(|root| root == before.root)
        });
        if continues != Ok(true) {
            let place = path.display();
            return Err(Problem::refusal(say!(
                "the checkpoint in {place} is not one of this ledger's past",
                "{place} のチェックポイントは、この台帳の過去のものではありません"
            )));
        }
    }
    fs::write(&path, &now.note).map_err(|error| failed(&error))?;
    let key = format!("{}\n", ledger.verifier());
    fs::write(folder.join("key.pub"), key).map_err(|error| failed(&error))?;
    commit(folder, now.size).map_err(Problem::passing)?;
    Ok(Seen {
        size: now.size,
        root: now.root.to_string(),
        note: now.note,
    })
}

/// What is committed: the checkpoint, and the key that goes with it. A witness's private key stays out.
const KEPT: [&str; 2] = ["checkpoint", "key.pub"];

/// Commits the checkpoint that lies in the folder, and pushes it where there is a remote.
pub(crate) fn commit(folder: &Path, size: u64) -> Result<(), Say> {
    git(folder, &["rev-parse", "--git-dir"])?;
    git(folder, &[&["add", "--"], &KEPT[..]].concat())?;
    let is_same = run(folder, &["diff", "--cached", "--quiet"])?
        .status
        .success();
    if !is_same {
        let message = format!("checkpoint of {size} entries");
        // The checkpoint is signed by its own key; whose name stands in the commit proves nothing.
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
        git(folder, &[&who[..], &commit, &KEPT].concat())?;
    }
    let remotes = git(folder, &["remote"])?;
    if !remotes.stdout.trim_ascii().is_empty() {
        git(folder, &["push", "--quiet"])?;
    }
    Ok(())
}

fn git(folder: &Path, args: &[&str]) -> Result<Output, Say> {
    let done = run(folder, args)?;
    if done.status.success() {
        return Ok(done);
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let (what, said) = (args.join(" "), said.trim());
    Err(say!(
        "`git {what}` failed: {said}",
        "`git {what}` に失敗しました: {said}"
    ))
}

/// Runs a command of Git to its end, or ends it: a remote that hangs must not hold up what follows.
fn run(folder: &Path, args: &[&str]) -> Result<Output, Say> {
    let failed = |error: std::io::Error| Say::same(format!("git: {error}"));
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args);
    // Nobody is there to type a password.
    command.env("GIT_TERMINAL_PROMPT", "0");
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    for _ in 0..WAIT_STEPS {
        // What these commands say fits into a pipe.
        if child.try_wait().map_err(failed)?.is_some() {
            return child.wait_with_output().map_err(failed);
        }
        thread::sleep(WAIT_STEP);
    }
    // It may have ended by itself just now.
    let _ = child.kill();
    let _ = child.wait();
    let what = args.first().copied().unwrap_or_default();
    let secs = (WAIT_STEP * u32::try_from(WAIT_STEPS).unwrap_or(u32::MAX)).as_secs();
    Err(say!(
        "`git {what}` took longer than {secs} s and was ended",
        "`git {what}` が {secs} 秒で終わらず、打ち切りました"
    ))
}
