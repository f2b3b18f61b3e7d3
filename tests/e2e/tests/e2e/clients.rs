//! Real clients of Elasticsearch's API: OpenSearch's, Elastic's, pino's, Curator and ElastAlert2, each as its users run it.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{Program, python, until};

use crate::{browser::tools, support::Running};

const PATIENCE: Duration = Duration::from_secs(60);

const SPEC: &str = "service: { name: Shop, owner: sre }
promises: {}
sources:
  logs:
    shop: { stream: 'shop-*', post: true }
    alerts: { stream: 'elastalert*', post: true }
";

#[tokio::test(flavor = "multi_thread")]
async fn real_clients_of_elasticsearch_write_and_read() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let running = Running::spec(dir.path(), SPEC).await?;
    let url = running.http.url("/elastic");
    succeeds(
        python()?
            .args(["-c", include_str!("clients/opensearch.py")])
            .arg(&url),
    )?;
    std::os::unix::fs::symlink(tools()?, dir.path().join("node_modules"))?;
    for (name, script) in [
        (
            "elasticsearch.mjs",
            include_str!("clients/elasticsearch.mjs"),
        ),
        ("pino.mjs", include_str!("clients/pino.mjs")),
    ] {
        // Modules are looked for beside the script.
        std::fs::write(dir.path().join(name), script)?;
        succeeds(Command::new("node").arg(dir.path().join(name)).arg(&url))?;
    }
    let pinos = running.http.json("/elastic/shop-pino/_count").await?;
    ensure!(pinos["count"] == 10, "{pinos}");
    tended(dir.path(), &url)?;
    let indices = running.http.text("/elastic/_cat/indices?h=index").await?;
    let mut indices: Vec<&str> = indices.split_whitespace().collect();
    indices.sort_unstable();
    ensure!(indices == ["shop-node", "shop-python"], "{indices:?}");
    running.stop()?;
    Ok(())
}

/// Curator deletes what it is told to by the beginning of a name.
fn tended(dir: &Path, url: &str) -> anyhow::Result<()> {
    std::fs::write(
        dir.join("curator.yml"),
        format!("elasticsearch: {{ client: {{ hosts: '{url}' }} }}\n"),
    )?;
    std::fs::write(
        dir.join("actions.yml"),
        "actions:\n  1:\n    action: delete_indices\n    description: what pino wrote\n    filters:\n\
         \x20   - { filtertype: pattern, kind: prefix, value: shop-pino }\n",
    )?;
    succeeds(
        python()?
            .args(["-c", "from curator.cli import cli; cli()"])
            .args(["--config", "curator.yml", "actions.yml"])
            .current_dir(dir),
    )
}

/// It makes its index, asks every second, and alerts at the third failure.
#[tokio::test(flavor = "multi_thread")]
async fn elastalert2_alerts_on_what_is_stored_here() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let running = Running::spec(dir.path(), SPEC).await?;
    let url = running.http.url("");
    let port = url.trim_end_matches('/').rsplit(':').next();
    let port = port.context("no port")?.to_owned();
    succeeds(
        python()?
            .args(["-c", include_str!("clients/failures.py")])
            .arg(running.http.url("/elastic")),
    )?;
    let fired = dir.path().join("fired");
    std::fs::create_dir(dir.path().join("rules"))?;
    std::fs::write(
        dir.path().join("config.yaml"),
        format!(
            "rules_folder: rules\nrun_every: {{ seconds: 1 }}\nbuffer_time: {{ minutes: 15 }}\n\
             es_host: 127.0.0.1\nes_port: {port}\nes_url_prefix: elastic\n\
             writeback_index: elastalert\nalert_time_limit: {{ days: 2 }}\n"
        ),
    )?;
    std::fs::write(
        dir.path().join("rules/failures.yaml"),
        format!(
            "name: failures\ntype: frequency\nindex: shop-payments\nnum_events: 3\ntimeframe: {{ minutes: 10 }}\n\
             filter: [{{ query: {{ query_string: {{ query: 'status:failed' }} }} }}]\n\
             alert: [command]\ncommand: [touch, '{}']\n",
            fired.display()
        ),
    )?;
    let make =
        "import sys; from elastalert.create_index import main; sys.argv[0] = 'create'; main()";
    let create = [
        "--config",
        "config.yaml",
        "--no-auth",
        "--no-ssl",
        "--index",
        "elastalert",
        "--old-index",
        "",
    ];
    succeeds(
        python()?
            .args(["-c", make])
            .args(create)
            .current_dir(dir.path()),
    )?;
    let mut elastalert = python()?;
    elastalert
        .args([
            "-m",
            "elastalert.elastalert",
            "--config",
            "config.yaml",
            "--verbose",
        ])
        .current_dir(dir.path());
    let elastalert = Program::start(elastalert, "elastalert", dir.path())?;
    until("an alert of ElastAlert2", PATIENCE, async || {
        Ok(fired.exists().then_some(()))
    })
    .await
    .with_context(|| elastalert.printed())?;
    running.stop()?;
    Ok(())
}

/// Runs a program that must succeed.
fn succeeds(command: &mut Command) -> anyhow::Result<()> {
    let done = command.stdin(Stdio::null()).output()?;
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.success(), "{command:?}: {error}");
    Ok(())
}
