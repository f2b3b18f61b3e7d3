//! The ledger is witnessed on a schedule: a witness on another host, a Git repository, a time-stamping authority. Who is
//! missing shows, and who remembers another history says so.

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{Program, run, tegata, until};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    access::Authority,
    support::{Running, git},
};

const QUIET: &str = "service: { name: Shop, owner: sre }\n\
                     promises: { quiet: { kind: freshness, series: quiet, within: 1h } }\n";
const PATIENCE: Duration = Duration::from_secs(40);

/// A witness that stands, where it answers, and its key.
async fn witness(dir: &Path, key: &str, listen: &str) -> anyhow::Result<(Program, String, String)> {
    let mut command = tegata(&[
        "ledger", "cosign", "--listen", listen, "--key", key, "--keep", "seen",
    ]);
    command
        .args(["--name", "witness.example/w1"])
        .current_dir(dir);
    let program = Program::start(command, "witness", dir)?;
    let printed = until("the witness listens", PATIENCE, || async {
        let printed = program.printed();
        Ok(printed.contains("witness: http://").then_some(printed))
    });
    let printed = printed.await?;
    let word = |after: &str| {
        let rest = printed.split(after).nth(1)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let url = word("witness: ").context("its URL")?;
    let vkey = printed
        .lines()
        .find(|line| line.starts_with("witness.example/w1+"));
    let vkey = vkey.context("its key")?.to_owned();
    Ok((program, url, vkey))
}

async fn standing(running: &Running, name: &str) -> anyhow::Result<Value> {
    let all = running.http.json("/api/v1/ledger/witnesses").await?;
    let all = all["witnesses"].as_array().context("witnesses")?;
    let one = all.iter().find(|one| one["name"] == name);
    Ok(one.context("a witness of that name")?.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn witnesses_see_the_ledger_in_their_turns_and_who_is_missing_shows() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let running = Running::spec(at, QUIET).await?;
    running.http.text("/healthz").await?;
    running.stop()?;
    let key = String::from_utf8(run(&["ledger", "key", "--data", "data"], at)?.stdout)?;
    let key = key.trim();
    let (mut witness_runs, url, vkey) = witness(at, key, "127.0.0.1:0").await?;
    git(at, "init --quiet --bare remote.git")?;
    git(at, "init --quiet --initial-branch main kept")?;
    git(at, "-C kept remote add origin ../remote.git")?;
    git(at, "-C kept config push.default current")?;
    let authority = Authority::make(at)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let stamps = format!("http://{}/", listener.local_addr()?);
    let serving = tokio::spawn(authority.serve(listener));

    let spec = format!(
        "{QUIET}ledger:\n  witnesses:\n\
         \x20   host: {{ kind: cosigner, url: \"{url}\", key: \"{vkey}\", every: 1s, within: 6s }}\n\
         \x20   mirror: {{ kind: git, folder: kept, every: 1h }}\n\
         \x20   authority: {{ kind: timestamp, url: \"{stamps}\", ca_file: ca.crt, every: 1h }}\n"
    );
    let running = Running::spec(at, &spec).await?;
    for name in ["host", "mirror", "authority"] {
        until("a witness sees the ledger", PATIENCE, || async {
            let one = standing(&running, name).await?;
            ensure!(one["problem"].is_null(), "{one}");
            Ok(one["entry"].as_u64())
        })
        .await?;
    }
    until("the promise is kept", PATIENCE, || async {
        Ok((running.state("tegata_witness_host").await?.as_deref() == Some("kept")).then_some(()))
    })
    .await?;
    let page = running.http.text("/ledger?lang=en").await?;
    assert!(
        page.contains("Seen from outside") && page.contains("time-stamping authority"),
        "{page}"
    );
    assert_eq!(
        git(at, "-C remote.git show main:checkpoint")?,
        fs::read_to_string(at.join("data/ledger/witnessed/mirror"))?
    );

    // The witness is gone: first a problem, then a broken promise.
    witness_runs.kill()?;
    until("the promise is broken", PATIENCE, || async {
        let one = standing(&running, "host").await?;
        let state = running.state("tegata_witness_host").await?;
        let broken = state.as_deref() == Some("broken");
        Ok((broken && !one["problem"].is_null()).then_some(()))
    })
    .await?;
    running.stop()?;
    serving.abort();

    // What it cosigned proves an entry to whoever knows its key, years later and offline.
    let proof = [
        "ledger",
        "proof",
        "0",
        "--data",
        "data",
        "--cosigned",
        "data/ledger/witnessed/host",
    ];
    fs::write(at.join("proof.txt"), run(&proof, at)?.stdout)?;
    let check = [
        "ledger",
        "check",
        "proof.txt",
        "--key",
        key,
        "--witness",
        &vkey,
    ];
    assert_eq!(run(&check, at)?.status.code(), Some(0));
    assert_eq!(
        run(&["ledger", "verify", "--data", "data"], at)?
            .status
            .code(),
        Some(0)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_rolled_back_is_refused_by_whoever_remembers_it() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    Running::spec(at, QUIET).await?.stop()?;
    let key = String::from_utf8(run(&["ledger", "key", "--data", "data"], at)?.stdout)?;
    let copied = Command::new("cp")
        .args(["-r", "data/ledger", "older"])
        .current_dir(at)
        .status()?;
    ensure!(copied.success());
    let (_witness, url, vkey) = witness(at, key.trim(), "127.0.0.1:0").await?;
    git(at, "init --quiet --initial-branch main kept")?;
    let spec = format!(
        "{QUIET}ledger:\n  witnesses:\n\
         \x20   host: {{ kind: cosigner, url: \"{url}\", key: \"{vkey}\", every: 1s }}\n\
         \x20   mirror: {{ kind: git, folder: kept, every: 1s }}\n"
    );
    let running = Running::spec(at, &spec).await?;
    for name in ["host", "mirror"] {
        until("a witness sees it grow", PATIENCE, || async {
            let one = standing(&running, name).await?;
            Ok(one["size"].as_u64().filter(|size| *size > 20))
        })
        .await?;
    }
    running.stop()?;
    // Whoever holds this machine, and the ledger's key, puts back how it was.
    fs::remove_dir_all(at.join("data/ledger"))?;
    fs::rename(at.join("older"), at.join("data/ledger"))?;
    assert_eq!(
        run(&["ledger", "verify", "--data", "data"], at)?
            .status
            .code(),
        Some(0)
    );
    let running = Running::spec(at, &spec).await?;
    for name in ["host", "mirror"] {
        until("it is refused", PATIENCE, || async {
            Ok((standing(&running, name).await?["refuses"] == true).then_some(()))
        })
        .await?;
    }
    let page = running
        .http
        .text("/ledger?kind=witness_missed&lang=ja")
        .await?;
    assert!(page.contains("台帳が巻き戻されています"), "{page}");
    running.stop()?;
    Ok(())
}
