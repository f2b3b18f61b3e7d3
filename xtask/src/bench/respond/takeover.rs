//! Two instances over one PostgreSQL, and the active one is killed: when does the receiver hear the next page?

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::json;

use super::{Far, spec};
use crate::{bench::instance::Instance, peers::postgres::Server};

const ROUNDS: usize = 5;
/// How long a takeover may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often an alert is sent again to whoever is left, until it is taken.
const AGAIN: Duration = Duration::from_millis(50);

pub fn run(binary: &Path, folder: &Path) -> anyhow::Result<String> {
    let server = Server::start()?;
    let far = Far::start()?;
    fs::create_dir_all(folder)?;
    let file = folder.join("takeover.yaml");
    let shared = "state: { kind: postgres, url: \"${env:TEGATA_STATE_URL}\" }\n";
    let timing = "group_by: [alertname], group_wait: 0s, group_interval: 5s";
    fs::write(&file, format!("{shared}{}", spec(&far, timing)))?;
    let start = |name: String| -> anyhow::Result<Instance> {
        let data: PathBuf = folder.join(name);
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = Command::new(binary);
        command
            .arg("run")
            .arg(&file)
            .arg("--data")
            .arg(&data)
            .args(["--listen", &address.to_string()])
            .env("TEGATA_STATE_URL", server.address());
        Instance::of(command, address, "/healthz")
    };
    let mut active = start("first".to_owned())?;
    until_told(&active, &far, "begin")?;
    let mut took = Vec::new();
    for round in 0..ROUNDS {
        let next = start(format!("next-{round}"))?;
        ensure!(next.ask("/readyz").is_err(), "both are active");
        active.kill()?;
        let killed = Instant::now();
        until_told(&next, &far, &format!("round-{round}"))?;
        took.push(killed.elapsed().as_secs_f64());
        active = next;
    }
    took.sort_by(f64::total_cmp);
    let doubled = far
        .heard()
        .raised
        .values()
        .filter(|count| **count > 1)
        .count();
    ensure!(doubled == 0, "{doubled} alerts were told twice");
    Ok(format!(
        "two instances over one PostgreSQL: from `kill -9` of the active one to the next page at the receiver | median {:.1} s, longest {:.1} s of {ROUNDS}; none told twice",
        took[ROUNDS / 2],
        took[ROUNDS - 1]
    ))
}

/// Sends an alert until it is taken, and waits until the receiver was told of it.
fn until_told(instance: &Instance, far: &Far, name: &str) -> anyhow::Result<()> {
    let labels = json!({ "alertname": name, "n": "0", "severity": "critical" });
    let body = json!([{ "labels": labels }]).to_string();
    let until = Instant::now() + PATIENCE;
    while !matches!(instance.post("/api/v2/alerts", &body), Ok((200, _))) {
        ensure!(Instant::now() < until, "nobody took {name}");
        thread::sleep(AGAIN);
    }
    while !far.heard().first.contains_key(&format!("{name}/0")) {
        ensure!(Instant::now() < until, "{name} was not told");
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
