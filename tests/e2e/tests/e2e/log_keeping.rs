//! Logs from the posted line on: a rule that pages on the eleventh, an alert that outlives a kill, and what is stored held,
//! deleted, copied out and proven unchanged.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use e2e::{Http, Program, free_port, run, tegata, until};
use serde_json::Value;

use crate::support::Running;

const SOON: Duration = Duration::from_secs(20);

fn spec(sink: u16) -> String {
    format!(
        "service: {{ name: Shop, owner: sre, time_zone: Asia/Tokyo }}\n\
         severities: {{ sev1: {{ level: 1, page_within: 1m, answer_within: 15m }} }}\n\
         sources: {{ logs: {{ shop: {{ stream: payment_app, post: true }} }} }}\n\
         promises: {{ quiet: {{ kind: freshness, series: quiet, within: 1h }} }}\n\
         receivers: {{ hook: {{ kind: webhook, url: \"http://127.0.0.1:{sink}/hook\" }} }}\n\
         routes: [{{ receivers: [hook] }}]\n\
         console: {{ deletes: true }}\n\
         log_analysis: {{ payments: {{ pattern: payment_*, alerts: {{ failed: {{ logs: \"status:failed\", count: \"> 10\", within: 5m, severity: sev1 }} }} }} }}\n"
    )
}

fn sink(dir: &Path, http: u16, smtp: u16) -> anyhow::Result<Program> {
    let (http, smtp) = (format!("127.0.0.1:{http}"), format!("127.0.0.1:{smtp}"));
    let mut command = tegata(&["sink", "--http", &http, "--smtp", &smtp]);
    command.current_dir(dir);
    Program::start(command, "sink", dir)
}

/// Posts lines; right after a start they are not taken yet.
async fn post(running: &Running, lines: std::ops::Range<u32>) -> anyhow::Result<()> {
    let line = |n: u32| format!("{{\"status\":\"failed\",\"n\":{n}}}\n");
    let body: String = lines.map(line).collect();
    until("the lines to be taken", SOON, async || {
        let sent = running.http.post(
            "/ingest/logs/payment_app",
            "application/x-ndjson",
            body.clone(),
        );
        let (status, said) = sent.await?;
        anyhow::ensure!(status == 200, "{status}: {said}");
        Ok(Some(()))
    })
    .await
}

async fn pages(sink: &Http) -> anyhow::Result<Vec<String>> {
    let received = sink.json("/received").await?;
    let messages = received["messages"].as_array().or(received.as_array());
    Ok(messages
        .into_iter()
        .flatten()
        .filter_map(|message| message["body"].as_str())
        .filter(|body| body.contains("failed"))
        .map(str::to_owned)
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_line_pages_and_its_alert_outlives_a_kill() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (http, smtp) = (free_port()?, free_port()?);
    let _sink = sink(dir.path(), http, smtp)?;
    let at_sink = Http::to(format!("http://127.0.0.1:{http}"))?;
    let mut running = Running::spec(dir.path(), &spec(http)).await?;
    post(&running, 0..10).await?;
    // Ten are stored, and ten are not more than ten.
    let stored = running.http.json("/elastic/payment_app/_count").await?;
    assert_eq!(stored["count"], 10);
    assert!(pages(&at_sink).await?.is_empty());
    post(&running, 10..11).await?;
    until("a page at the sink", SOON, async || {
        Ok(pages(&at_sink).await?.first().cloned())
    })
    .await?;
    let open = async |running: &Running| -> anyhow::Result<Vec<Value>> {
        let incidents = running.http.json("/api/v1/incidents").await?;
        let all = incidents["incidents"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        Ok(all
            .into_iter()
            .filter(|one| one["resolved"].is_null())
            .collect())
    };
    until("an incident", SOON, async || {
        Ok(open(&running).await?.pop())
    })
    .await?;
    running.program.kill()?;
    let running = Running::again(dir.path()).await?;
    post(&running, 11..12).await?;
    let after = open(&running).await?;
    assert_eq!(after.len(), 1, "the same incident goes on: {after:?}");
    assert_eq!(pages(&at_sink).await?.len(), 1, "nobody is told twice");
    running.stop()?;
    Ok(())
}

/// A command on the data of the test.
fn done(dir: &Path, args: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let output = run(&[args, &["--data", "data"]].concat(), dir)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.code(), said))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_held_deleted_copied_and_proven() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let running = Running::spec(at, &spec(free_port()?)).await?;
    post(&running, 0..100).await?;
    let why = ["--by", "ito", "--reason", "asked by the customer"];
    let tell = |args: &[&str]| done(at, &[args, &why[..]].concat());

    let (code, said) = tell(&["logs", "hold", "case 7", "--stream", "payment_*"])?;
    assert_eq!(code, Some(0), "{said}");
    let (_, said) = done(at, &["logs", "holds"])?;
    assert!(
        said.contains("case 7") && said.contains("payment_*"),
        "{said}"
    );
    let (_, said) = tell(&["logs", "delete", "n:[10 TO 14]"])?;
    assert!(said.contains("0 records deleted, 5 held"), "{said}");
    let (code, said) = tell(&["logs", "release", "case 7"])?;
    assert_eq!(code, Some(0), "{said}");
    let (_, said) = tell(&["logs", "delete", "n:[10 TO 14]"])?;
    assert!(said.contains("5 records deleted, 0 held"), "{said}");
    let stored = running.http.json("/elastic/payment_app/_count").await?;
    assert_eq!(stored["count"], 95);
    let (code, said) = tell(&["logs", "export", "n:[0 TO 49]", "-o", "cold.parquet"])?;
    assert_eq!(code, Some(0), "{said}");
    let file = std::fs::read(at.join("cold.parquet"))?;
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let left = std::fs::read_dir(at.join("data"))?.flatten();
    let names = left.map(|file| file.file_name().to_string_lossy().into_owned());
    assert!(
        !names.collect::<String>().contains("parquet"),
        "nothing is left behind"
    );

    let verify = |code: i32| -> anyhow::Result<Value> {
        let (ended, said) = done(at, &["logs", "verify", "--json"])?;
        assert_eq!(ended, Some(code), "{said}");
        Ok(serde_json::from_str(&said)?)
    };
    // What Tegata tells of its own pages is a stream too, so there are more.
    let sealed = |found: &Value| found["records"].as_u64().unwrap_or_default();
    let before = sealed(&verify(0)?);
    assert!(before >= 95);
    post(&running, 200..210).await?;
    assert!(
        sealed(&verify(0)?) >= before + 10,
        "what is new was sealed when it was asked for"
    );
    let (_, said) = done(at, &["ledger", "show", "--limit", "50"])?;
    for kind in [
        "logs_hold",
        "logs_delete_asked",
        "logs_deleted",
        "logs_exported",
        "logs_sealed",
    ] {
        assert!(said.contains(kind), "{kind}: {said}");
    }
    running.stop()?;
    assert!(
        sealed(&verify(0)?) >= before + 10,
        "offline, from the files alone"
    );

    // Somebody changes one byte of one line.
    let parts = at.join("data/logs/parts");
    let part = std::fs::read_dir(&parts)?.flatten().map(|file| file.path());
    let part = part.max().ok_or_else(|| anyhow::anyhow!("no part"))?;
    let mut bytes = std::fs::read(&part)?;
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes)?;
    let found = verify(30)?;
    assert_eq!(
        found["problems"][0]["what"]["en"],
        "it is not what was sealed"
    );
    let name = part.file_name().unwrap_or_default().to_string_lossy();
    assert_eq!(found["problems"][0]["about"], *name);
    Ok(())
}

/// What days of what streams were copied, as the ledger tells it: `stream day` and the entry.
fn copies(dir: &Path) -> anyhow::Result<BTreeMap<String, Value>> {
    let (_, said) = done(dir, &["ledger", "show", "--limit", "500", "--json"])?;
    let entries = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let copied = entries.filter(|entry| entry["kind"] == "logs_copied");
    let named = |entry: Value| {
        let body = entry["body"].clone();
        (
            format!(
                "{} {}",
                body["stream"].as_str().unwrap_or_default(),
                body["day"].as_str().unwrap_or_default()
            ),
            body,
        )
    };
    Ok(copied.map(named).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_days_are_copied_and_stay_until_they_are() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let cold = at.join("cold");
    // Kept for less than it takes to copy: without the copy they would be gone.
    let spec = |to: &str| {
        let more = "post: true }, two: { stream: payment_app.two, post: true }, other: { stream: other, post: true }";
        let spec = spec(1).replacen("post: true }", more, 1);
        format!(
            "{spec}retention: {{ logs: 1d, cold: {{ to: \"{to}\", after: 1h, streams: [payment_*] }} }}\n"
        )
    };
    let running = Running::spec(at, &spec("s3://none/logs")).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let line = |index: &str, days: u128| {
        let then = now - days * 86_400_000;
        format!(
            "{{\"create\":{{\"_index\":\"{index}\"}}}}\n{{\"@timestamp\":{then},\"status\":\"ok\"}}\n"
        )
    };
    let days = [
        ("payment_app", 4),
        ("payment_app", 4),
        ("payment_app", 3),
        ("payment_app.two", 4),
        ("other", 4),
    ];
    let body: String = days
        .iter()
        .map(|(index, days)| line(index, *days))
        .collect();
    until("the records to be taken", SOON, async || {
        let sent = running
            .http
            .post("/elastic/_bulk", "application/x-ndjson", body.clone());
        let (status, said) = sent.await?;
        anyhow::ensure!(
            status == 200 && said.contains("\"errors\":false"),
            "{status}: {said}"
        );
        Ok(Some(()))
    })
    .await?;
    running.stop()?;

    // The bucket has no keys, so nothing was copied; and with a folder everything is.
    assert_eq!(copies(at)?.len(), 0);
    std::fs::write(at.join("tegata.yaml"), spec(&cold.display().to_string()))?;
    let running = Running::again(at).await?;
    let copied = until("the copies", 3 * SOON, async || {
        Ok(Some(copies(at)?).filter(|copied| copied.len() == 3))
    })
    .await?;
    let records = |copied: &BTreeMap<String, Value>| -> Vec<(String, u64)> {
        let each = copied.values().map(|it| {
            (
                it["stream"].as_str().unwrap_or_default().to_owned(),
                it["records"].as_u64().unwrap_or_default(),
            )
        });
        each.collect()
    };
    let wanted = [
        ("payment_app", 2),
        ("payment_app", 1),
        ("payment_app.two", 1),
    ];
    assert_eq!(
        records(&copied),
        wanted.map(|(stream, n)| (stream.to_owned(), n))
    );
    for it in copied.values() {
        let file = it["to"].as_str().unwrap_or_default();
        let summed = Command::new("sha256sum").arg(file).output()?;
        let said = String::from_utf8_lossy(&summed.stdout).into_owned();
        assert_eq!(said.split(' ').next(), it["sha256"].as_str(), "{file}");
        assert!(std::fs::read(file)?.starts_with(b"PAR1"), "{file}");
    }
    let names: Vec<_> = std::fs::read_dir(&cold)?
        .filter_map(|it| it.ok()?.file_name().into_string().ok())
        .collect();
    assert_eq!(
        names.len(),
        2,
        "each stream has a folder, and nothing else is there: {names:?}"
    );
    running.stop()?;
    Ok(())
}
