//! Log files, followed through rotation and through a kill: each line counts once.

use std::{fs::OpenOptions, io::Write as _, path::Path, time::Duration};

use e2e::until;
use serde_json::Value;

use crate::support::Running;

const SPEC: &str = "\
service: { name: Shop, owner: sre }
sources:
  logs:
    shop: { stream: payment_app, files: [\"shop*.jsonl\"] }
promises:
  few_failures:
    kind: log_count
    logs: stream:payment_app AND status:failed
    at_most: 1000
    window: 1h
";

fn write(path: &Path, lines: std::ops::Range<u32>) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    for n in lines {
        writeln!(file, "{{\"status\":\"failed\",\"n\":{n}}}")?;
    }
    Ok(())
}

/// Waits until the promise has counted `n` records.
async fn counted(running: &Running, n: f64) -> anyhow::Result<()> {
    until(
        &format!("{n} records"),
        Duration::from_secs(30),
        async || {
            let rows = running.rows().await?;
            let counted = rows
                .iter()
                .find_map(|row| row["verdict"]["measured"]["value"]["count"].as_f64());
            match counted {
                Some(counted) if (counted - n).abs() < 0.5 => Ok(Some(())),
                other => anyhow::bail!("{other:?} so far"),
            }
        },
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_counts_once_through_rotation_and_kill() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    std::fs::create_dir_all(&data)?;
    let live = data.join("shop.jsonl");
    write(&live, 0..5)?;
    let mut running = Running::spec(dir.path(), SPEC).await?;
    counted(&running, 5.0).await?;

    // Rotated by rename, as logrotate does; the last lines of the old file are still read.
    write(&live, 5..7)?;
    std::fs::rename(&live, data.join("shop.jsonl.1"))?;
    write(&live, 7..11)?;
    counted(&running, 11.0).await?;

    running.program.kill()?;
    write(&live, 11..20)?;
    let running = Running::again(dir.path()).await?;
    counted(&running, 20.0).await?;
    let found: Value = running.http.json("/api/v1/promises/few_failures").await?;
    assert_eq!(
        found["verdict"]["measured"]["value"]["count"], 20.0,
        "{found}"
    );
    running.stop()?;
    Ok(())
}
