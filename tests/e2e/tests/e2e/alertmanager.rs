//! Alertmanager's API, spoken to by those who speak it: Prometheus, vmalert, amtool.

mod acceptance;
pub(crate) mod far;

use std::{path::Path, process::Command, time::Duration};

use anyhow::ensure;
use e2e::{Http, Program, free_port, peer, prometheus, run, until};
use serde_json::{Value, json};

use crate::support::Running;
use far::Far;

fn spec(far: &Far) -> String {
    format!(
        "service: {{ name: {{ en: Shop, ja: 店 }}, owner: sre, time_zone: Asia/Tokyo }}\n\
         promises: {{}}\n\
         severities: {{ critical: {{ level: 1 }}, warning: {{ level: 2 }} }}\n\
         routes: [ {{ receivers: [hook], group_by: [alertname], group_wait: 1s, group_interval: 2s }} ]\n\
         receivers: {{ hook: {{ kind: webhook, url: \"{}\" }} }}\n",
        far.url
    )
}

fn amtool(running: &Running, args: &[&str]) -> anyhow::Result<String> {
    let mut command = peer("amtool")?;
    command
        .arg(format!("--alertmanager.url={}", running.http.url("")))
        .args(args);
    said(command)
}

fn said(mut command: Command) -> anyhow::Result<String> {
    let out = command.output()?;
    ensure!(
        out.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[tokio::test]
async fn amtool_works_against_us() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let running = Running::spec(dir.path(), &spec(&far)).await?;
    amtool(
        &running,
        &[
            "alert",
            "add",
            "ApiDown",
            "job=api",
            "severity=critical",
            "--annotation=summary=down",
        ],
    )?;
    let found: Value = serde_json::from_str(&amtool(
        &running,
        &["alert", "query", "job=~a.*", "-o", "json"],
    )?)?;
    ensure!(
        found[0]["labels"]["alertname"] == "ApiDown" && found[0]["status"]["state"] == "active",
        "{found}"
    );
    // Prometheus's fingerprint of {alertname="ApiDown", job="api", severity="critical"}: FNV-1a, as 16 hex digits.
    ensure!(
        found[0]["fingerprint"]
            .as_str()
            .is_some_and(|it| it.len() == 16),
        "{found}"
    );
    ensure!(amtool(&running, &["alert", "query", "job=web", "-o", "json"])?.trim() == "[]");

    let id = amtool(
        &running,
        &[
            "silence",
            "add",
            "job=api",
            "--comment=works",
            "--author=sato",
            "--duration=1h",
        ],
    )?;
    let id = id.trim();
    ensure!(amtool(&running, &["silence", "query"])?.contains("works"));
    let found: Value = serde_json::from_str(&amtool(
        &running,
        &["alert", "query", "--silenced", "-o", "json"],
    )?)?;
    ensure!(found[0]["status"]["silencedBy"][0] == id, "{found}");

    // The same by our own command, which also knows tickets; and the ledger tells of both.
    let ours = [
        "silence", "add", "ApiDown", "--for", "2h", "--reason", "作業", "--author", "佐藤",
        "--ticket", "OPS-1", "--data", "data",
    ];
    let out = run(&ours, dir.path())?;
    ensure!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let listed = run(&["silence", "list", "--data", "data"], dir.path())?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    ensure!(
        listed.contains("[OPS-1]") && listed.contains(id),
        "{listed}"
    );

    amtool(&running, &["silence", "expire", id])?;
    ensure!(!amtool(&running, &["silence", "query"])?.contains("works"));
    ensure!(amtool(&running, &["silence", "query", "--expired"])?.contains("works"));
    until("the ledger's entries", Duration::from_secs(5), async || {
        let count = async |kind: &str| -> anyhow::Result<usize> {
            let found = running
                .http
                .json(&format!("/api/v1/ledger/entries?kind={kind}"))
                .await?;
            Ok(found["entries"].as_array().map_or(0, Vec::len))
        };
        Ok((count("silence_set").await? == 2 && count("silence_ended").await? == 1).then_some(()))
    })
    .await?;
    ensure!(amtool(&running, &["cluster", "show"])?.contains("disabled"));
    Ok(())
}

#[tokio::test]
async fn silences_and_alerts_survive_kill_9() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let mut running = Running::spec(dir.path(), &spec(&far)).await?;
    amtool(&running, &["alert", "add", "ApiDown", "job=api"])?;
    amtool(
        &running,
        &[
            "silence",
            "add",
            "job=api",
            "--comment=works",
            "--author=sato",
        ],
    )?;
    running.program.signal("KILL")?;
    let _ = running.program.wait(Duration::from_secs(5));
    let running = Running::again(dir.path()).await?;
    let found = running.http.json("/api/v2/alerts").await?;
    ensure!(found[0]["status"]["state"] == "suppressed", "{found}");
    Ok(())
}

#[tokio::test]
async fn an_alert_that_is_wrong_is_refused_and_the_others_of_its_batch_are_taken()
-> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let running = Running::spec(dir.path(), &spec(&far)).await?;
    let post = async |body: Value| {
        running
            .http
            .post("/api/v2/alerts", "application/json", body.to_string())
            .await
    };
    let (status, why) =
        post(json!([{ "labels": {} }, { "labels": { "alertname": "Good" } }])).await?;
    ensure!(
        status == 400 && why.contains("at least one label pair required"),
        "{status} {why}"
    );
    let found = running.http.json("/api/v2/alerts").await?;
    ensure!(found.as_array().map(Vec::len) == Some(1), "{found}");
    for bad in ["[", "{}", r#"[{"labels":{"a":"b"},"startsAt":"soon"}]"#] {
        let (status, _) = running
            .http
            .post("/api/v2/alerts", "application/json", bad.to_owned())
            .await?;
        ensure!(status == 400, "{bad}: {status}");
    }
    let (status, _) = running
        .http
        .post("/api/v2/silences", "application/json", "{}".to_owned())
        .await?;
    ensure!(status == 400, "{status}");
    Ok(())
}

/// A rule that fires at once, as Prometheus and vmalert both read it.
fn rules(dir: &Path) -> anyhow::Result<String> {
    let file = dir.join("rules.yml");
    std::fs::write(
        &file,
        "groups: [ { name: g, interval: 1s, rules: [ { alert: Always, expr: vector(1), labels: { severity: critical }, annotations: { summary: it fires } } ] } ]\n",
    )?;
    Ok(file.display().to_string())
}

async fn told_of_always(
    running: &Running,
    far: &Far,
    begun: std::time::Instant,
) -> anyhow::Result<()> {
    until(
        "the alert to be told",
        Duration::from_secs(30),
        async || {
            let heard = far.heard(begun);
            Ok(heard
                .iter()
                .any(|one| one.firing.contains("Always/"))
                .then_some(()))
        },
    )
    .await?;
    let found = running.http.json("/api/v2/alerts").await?;
    ensure!(found[0]["annotations"]["summary"] == "it fires", "{found}");
    Ok(())
}

#[tokio::test]
async fn a_real_prometheus_sends_to_us_unchanged() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let running = Running::spec(dir.path(), &spec(&far)).await?;
    let target = running.http.url("").replace("http://", "");
    let begun = std::time::Instant::now();
    let config = format!(
        "global: {{ evaluation_interval: 1s }}\nrule_files: [ '{}' ]\n\
         alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: [ '{target}' ] }} ] }} ] }}\n",
        rules(dir.path())?
    );
    // It fires before it has found us, and would send again only after a minute.
    let again = ["--rules.alert.resend-delay=2s"];
    let _prometheus = prometheus(dir.path(), &config, free_port()?, &again)?;
    told_of_always(&running, &far, begun).await
}

#[tokio::test]
async fn a_real_vmalert_sends_to_us_unchanged() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let running = Running::spec(dir.path(), &spec(&far)).await?;
    let begun = std::time::Instant::now();
    let ours = running.http.url("");
    let mut command = peer("vmalert")?;
    command
        .arg(format!("-rule={}", rules(dir.path())?))
        // It asks us for the value and sends us the alert.
        .arg(format!("-datasource.url={ours}"))
        .arg(format!("-notifier.url={ours}"))
        .arg(format!("-httpListenAddr=127.0.0.1:{}", free_port()?));
    let _vmalert = Program::start(command, "vmalert", dir.path())?;
    told_of_always(&running, &far, begun).await
}

#[tokio::test]
async fn the_real_alertmanager_and_we_name_the_same_alert_the_same() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let running = Running::spec(dir.path(), &spec(&far)).await?;
    let port = free_port()?;
    std::fs::write(
        dir.path().join("am.yml"),
        "route: { receiver: none }\nreceivers: [ { name: none } ]\n",
    )?;
    let mut command = peer("prometheus-alertmanager")?;
    command
        .arg(format!(
            "--config.file={}",
            dir.path().join("am.yml").display()
        ))
        .arg(format!(
            "--storage.path={}",
            dir.path().join("am").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=");
    let _theirs = Program::start(command, "alertmanager", dir.path())?;
    let theirs = Http::to(format!("http://127.0.0.1:{port}"))?;
    until("Alertmanager", Duration::from_secs(20), async || {
        theirs.text("/-/ready").await.map(Some)
    })
    .await?;
    let body = json!([{ "labels": { "alertname": "支払い", "job": "api", "empty": "" }, "annotations": { "summary": "s" }, "generatorURL": "http://p.example/g" }]);
    let mut found = Vec::new();
    for http in [&theirs, &running.http] {
        let (status, text) = http
            .post("/api/v2/alerts", "application/json", body.to_string())
            .await?;
        ensure!(status == 200, "{text}");
        found.push(http.json("/api/v2/alerts").await?[0].clone());
    }
    for field in [
        "fingerprint",
        "labels",
        "annotations",
        "generatorURL",
        "status",
    ] {
        ensure!(
            found[0][field] == found[1][field],
            "{field}: {} and {}",
            found[0][field],
            found[1][field]
        );
    }
    let keys = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .map(|fields| fields.keys().cloned().collect())
            .unwrap_or_default()
    };
    ensure!(
        keys(&found[0]) == keys(&found[1]),
        "{:?} and {:?}",
        keys(&found[0]),
        keys(&found[1])
    );
    Ok(())
}
