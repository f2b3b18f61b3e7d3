//! Real shippers of logs by Elasticsearch's API: rsyslog's omelasticsearch and syslog-ng's elasticsearch-http, as their
//! users set them up. What they could not deliver while nobody listened comes later, once.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{Program, free_port, until};
use serde_json::Value;

use crate::support::Running;

const PATIENCE: Duration = Duration::from_secs(60);

fn spec(port: u16) -> String {
    format!(
        "service: {{ name: Shop, owner: sre }}
console: {{ listen: \"127.0.0.1:{port}\" }}
promises:
  no_card_number:
    name: No card number in any log
    kind: log_count
    logs: 'stream:* AND _redacted:pan'
    at_most: 0
    window: 365d
sources:
  logs:
    shop: {{ stream: 'shop-*', post: true }}
"
    )
}

/// Takes datagrams, and writes documents of its own template in bulks.
fn rsyslog(dir: &Path, heard: u16, server: &str) -> anyhow::Result<Program> {
    let config = format!(
        "global(workDirectory=\"{dir}\")
module(load=\"imudp\")
module(load=\"omelasticsearch\")
template(name=\"document\" type=\"list\" option.jsonf=\"on\") {{
  property(outname=\"@timestamp\" name=\"timereported\" dateFormat=\"rfc3339\" format=\"jsonf\")
  property(outname=\"host\" name=\"hostname\" format=\"jsonf\")
  property(outname=\"severity\" name=\"syslogseverity-text\" format=\"jsonf\")
  property(outname=\"message\" name=\"msg\" format=\"jsonf\")
}}
input(type=\"imudp\" address=\"127.0.0.1\" port=\"{heard}\")
*.* action(type=\"omelasticsearch\" server=\"{server}\" template=\"document\" searchIndex=\"shop-rsyslog\" \
searchType=\"\" bulkmode=\"on\" errorFile=\"{dir}/refused\" \
action.resumeInterval=\"1\" action.resumeRetryCount=\"-1\")
",
        dir = dir.display()
    );
    let path = dir.join("rsyslog.conf");
    std::fs::write(&path, config)?;
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.arg("-n").arg("-f").arg(&path);
    command.arg("-i").arg(dir.join("rsyslog.pid"));
    Program::start(command, "rsyslog", dir)
}

/// Where `TEGATA_SYSLOG_NG` says, or where `cargo xtask test` unpacks it.
fn unpacked() -> anyhow::Result<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/syslog-ng");
    let folder = std::env::var_os("TEGATA_SYSLOG_NG").map_or(beside, PathBuf::from);
    ensure!(
        folder.join("usr/sbin/syslog-ng").is_file(),
        "{} is missing: `cargo xtask test` brings it",
        folder.display()
    );
    Ok(folder)
}

/// The folder within, whose name has a version or an architecture in it.
fn only(folder: &Path, is_it: impl Fn(&Path) -> bool) -> anyhow::Result<PathBuf> {
    let entries = std::fs::read_dir(folder)?.filter_map(Result::ok);
    let mut found = entries.map(|entry| entry.path()).filter(|path| is_it(path));
    found
        .next()
        .with_context(|| format!("{} is not as expected", folder.display()))
}

/// Takes datagrams, and writes them by the destination that comes with it.
fn syslog_ng(dir: &Path, heard: u16, server: &str) -> anyhow::Result<Program> {
    let folder = unpacked()?;
    let libraries = folder.join("usr/lib/syslog-ng");
    let modules = only(&libraries, |path| path.join("libhttp.so").is_file())?;
    let version = modules
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let include = folder.join("usr/share/syslog-ng/include/scl/elasticsearch/elastic-http.conf");
    let config = format!(
        "@version: {version}
@include \"{}\"
source heard {{ network(ip(\"127.0.0.1\") port({heard}) transport(\"udp\")); }};
destination store {{
  elasticsearch-http(url(\"{server}/_bulk\") index(\"shop-syslog-ng\") type(\"\") batch_timeout(500) time_reopen(1));
}};
log {{ source(heard); destination(store); flags(flow-control); }};
",
        include.display()
    );
    let path = dir.join("syslog-ng.conf");
    std::fs::write(&path, config)?;
    // Beside its own libraries, those that the machine lacks.
    let mut paths = vec![libraries];
    paths.extend(
        only(&folder.join("usr/lib"), |path| {
            path.to_string_lossy().ends_with("-linux-gnu")
        })
        .ok(),
    );
    let mut command = Command::new(folder.join("usr/sbin/syslog-ng"));
    command
        .args(["--foreground", "--no-caps", "--cfgfile"])
        .arg(&path)
        .arg(format!("--module-path={}", modules.display()))
        .arg(format!(
            "--persist-file={}",
            dir.join("ng.persist").display()
        ))
        .arg(format!("--pidfile={}", dir.join("ng.pid").display()))
        .arg(format!("--control={}", dir.join("ng.ctl").display()))
        .env("LD_LIBRARY_PATH", std::env::join_paths(paths)?);
    Program::start(command, "syslog-ng", dir)
}

fn log(to: u16, text: &str) -> anyhow::Result<()> {
    let port = to.to_string();
    let done = Command::new("logger")
        .args([
            "--server",
            "127.0.0.1",
            "--udp",
            "--port",
            &port,
            "--rfc3164",
        ])
        .args(["--priority", "local3.err", "--tag", "shop", text])
        .stdin(Stdio::null())
        .status()?;
    ensure!(done.success(), "logger ended with {done}");
    Ok(())
}

/// How many documents of the index hold the word.
async fn count(running: &Running, index: &str, word: &str) -> anyhow::Result<u64> {
    let answer = running
        .http
        .json(&format!("/elastic/{index}/_count?q={word}"))
        .await?;
    Ok(answer["count"].as_u64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_and_syslog_ng_write_as_they_do_to_elasticsearch() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let port = free_port()?;
    std::fs::write(dir.path().join("tegata.yaml"), spec(port))?;
    let running = start(dir.path(), port).await?;
    let server = format!("http://127.0.0.1:{port}/elastic");
    let (to_rsyslog, to_syslog_ng) = (free_port()?, free_port()?);
    let shippers = [
        (
            "shop-rsyslog",
            to_rsyslog,
            rsyslog(dir.path(), to_rsyslog, &server)?,
        ),
        (
            "shop-syslog-ng",
            to_syslog_ng,
            syslog_ng(dir.path(), to_syslog_ng, &server)?,
        ),
    ];
    for (index, to, shipper) in &shippers {
        until(index, PATIENCE, async || {
            // A datagram that comes before anybody listens is lost.
            log(*to, "first 4242 4242 4242 4242")?;
            Ok((count(&running, index, "first").await? > 0).then_some(()))
        })
        .await
        .with_context(|| shipper.printed())?;
    }
    // Whose logs had the card, whatever became of it, is told by the promise.
    let broken = until("the promise", PATIENCE, async || {
        let rows = running.rows().await?;
        Ok(rows
            .into_iter()
            .find(|row| row["verdict"]["state"] == "broken"))
    })
    .await?;
    ensure!(broken["promise"]["id"] == "no_card_number", "{broken}");
    let found = running
        .http
        .json("/elastic/shop-*/_search?q=_redacted:pan&size=100")
        .await?;
    let hits = found["hits"]["hits"].as_array().context("no hits")?;
    let told = |hit: &Value| hit["_source"].to_string();
    ensure!(
        hits.iter().all(|hit| told(hit).contains("[redacted:pan]")),
        "{found}"
    );
    ensure!(
        !hits.iter().any(|hit| told(hit).contains("4242")),
        "{found}"
    );

    // What is written while nobody listens.
    running.stop()?;
    for (_, to, _) in &shippers {
        log(*to, "held")?;
    }
    let running = start(dir.path(), port).await?;
    for (index, _, shipper) in &shippers {
        until(index, PATIENCE, async || {
            Ok((count(&running, index, "held").await? == 1).then_some(()))
        })
        .await
        .with_context(|| shipper.printed())?;
    }
    ensure!(
        !dir.path().join("refused").exists(),
        "rsyslog was refused something"
    );
    running.stop()?;
    Ok(())
}

/// At the port that the shippers know.
async fn start(dir: &Path, port: u16) -> anyhow::Result<Running> {
    let listen = format!("127.0.0.1:{port}");
    let mut command = e2e::tegata(&["run", "tegata.yaml", "--data", "data", "--listen", &listen]);
    command.current_dir(dir);
    Running::from_program(Program::start(command, "tegata", dir)?, &dir.join("data")).await
}
