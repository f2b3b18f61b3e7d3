//! Pruning and death: whenever the process is killed while it drops old entries, the ledger is whole after it, and nothing
//! went but what was past its retention.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use anyhow::ensure;
use e2e::{Http, run};
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::support::Running;

/// Told by so many at a time; each is an entry of its own, and one about who did it. Entries go 4,096 at a time, and what is
/// newest stays: of some 9,400, twice as many go.
const DRILLS: usize = 4_700;
const AT_ONCE: usize = 32;
const GONE: u64 = 8_192;
/// Deaths: the pruning takes some tenths of a second, and each comes at another part of it.
const DEATHS: u32 = 8;
const SEED: u64 = 0x7e9a_7a01;

/// As the spec says.
const KEEP: Duration = Duration::from_secs(2);
const SPEC: &str = "service: { name: Shop, owner: sre }\n\
    sources: { scrape: { itself: { targets: [\"127.0.0.1:1\"], interval: 1s, timeout: 1s } } }\n\
    promises: { alive: { kind: freshness, series: tegata_sources, within: 10s } }\n\
    retention: { logs: 1s }\n\
    ledger: { keep: 2s }\n";

async fn told(http: Arc<Http>, n: usize) -> anyhow::Result<()> {
    let body = format!(
        r#"{{"name":"failover-{n}","kind":"failover","on":"db-{n}","by":"Ito","passed":true,"began":"2026-11-22T01:00:00Z","ended":"2026-11-22T01:04:00Z","note":"drill {n}"}}"#
    );
    let (status, said) = http
        .post("/api/v1/drills", "application/json", body)
        .await?;
    ensure!(status == 201, "{status}: {said}");
    Ok(())
}

/// What is asked for; ends with the process where that is killed first.
async fn prune(http: &Http) -> anyhow::Result<u64> {
    let body = r#"{"by":"Ito","reason":"past its retention"}"#;
    let (status, said) = http
        .post("/api/v1/ledger/prune", "application/json", body.to_owned())
        .await?;
    ensure!(status == 200, "{status}: {said}");
    let said: Value = serde_json::from_str(&said)?;
    Ok(said["entries"].as_u64().unwrap_or_default())
}

fn verified(dir: &Path) -> anyhow::Result<Value> {
    let output = run(&["ledger", "verify", "--data", "data", "--json"], dir)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{text}");
    Ok(serde_json::from_str(&text)?)
}

/// The entries that must stay, as they were when all were there.
fn kept(dir: &Path, size: u64) -> anyhow::Result<Vec<Value>> {
    let args = ["ledger", "show", "--data", "data", "--json"];
    let output = run(&[&args[..], &["--limit", "20000"]].concat(), dir)?;
    ensure!(output.status.success());
    let text = String::from_utf8(output.stdout)?;
    let mut found = Vec::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line)?;
        if (GONE..size).contains(&entry["index"].as_u64().unwrap_or_default()) {
            found.push(entry);
        }
    }
    Ok(found)
}

fn copied(from: &Path, to: &Path) -> anyhow::Result<()> {
    let done = Command::new("cp").arg("-a").args([from, to]).status()?;
    ensure!(done.success(), "{done}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_of_pruning_the_ledger_is_whole_and_keeps_what_it_must()
-> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let running = Running::spec(at, SPEC).await?;
    let http = Arc::new(Http::to(running.http.url(""))?);
    let mut tasks = JoinSet::new();
    for n in 0..DRILLS {
        if tasks.len() >= AT_ONCE
            && let Some(done) = tasks.join_next().await
        {
            done??;
        }
        tasks.spawn(told(http.clone(), n));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    running.stop()?;
    // The newest of what is to go is as old as it must be.
    sleep(KEEP).await;
    let size = verified(at)?["size"].as_u64().unwrap_or_default();
    ensure!(size > GONE + 4_096 / 4, "{size} entries are too few");
    let before = kept(at, size)?;
    assert_eq!(before.len() as u64, size - GONE);
    copied(&at.join("data"), &at.join("full"))?;

    // Undisturbed: how long it takes, so that deaths fall into it.
    let running = Running::again(at).await?;
    let began = Instant::now();
    assert_eq!(prune(&running.http).await?, GONE);
    let whole = began.elapsed();
    running.stop()?;
    assert_eq!(verified(at)?["kept_from"], GONE);
    assert_eq!(kept(at, size)?, before);

    let mut word = SEED;
    for death in 0..DEATHS {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        let millis = whole.as_millis() as u64 + 1;
        let moment = Duration::from_millis(word % millis);
        std::fs::remove_dir_all(at.join("data"))?;
        copied(&at.join("full"), &at.join("data"))?;
        let mut running = Running::again(at).await?;
        let http = Http::to(running.http.url(""))?;
        let asked = tokio::spawn(async move { prune(&http).await });
        sleep(moment).await;
        running.program.kill()?;
        let answered = asked.await?.is_ok();

        let said = format!("death {death} after {moment:?} of {whole:?}, seed {SEED:#x}");
        let found = verified(at).map_err(|error| error.context(said.clone()))?;
        let kept_from = found["kept_from"].as_u64().unwrap_or_default();
        assert!(kept_from <= GONE, "{said}: kept from {kept_from}");
        assert!(found["size"].as_u64() >= Some(size), "{said}");
        if answered {
            assert_eq!(kept_from, GONE, "{said}: what was answered is done");
        }
        assert_eq!(kept(at, size)?, before, "{said}");
        // It starts, and what was begun is brought to its end.
        let running = Running::again(at).await?;
        prune(&running.http).await?;
        running.stop()?;
        assert_eq!(verified(at)?["kept_from"], GONE, "{said}");
        assert_eq!(kept(at, size)?, before, "{said}");
        let judged = run(&["prove", "--replay", "--data", "data"], at)?;
        assert_eq!(judged.status.code(), Some(0), "{said}");
    }
    Ok(())
}
