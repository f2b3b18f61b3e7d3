//! An escalation while the clocks of London are put back, and while they are put forward: how far from its second each step
//! reaches the receiver. The binary lives in that night by libfaketime; what is measured is measured by a clock that no one puts.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{Far, spec};
use crate::bench::instance::Instance;

/// Ten seconds before 01:00 UTC, when London's clocks change.
const NIGHTS: [(&str, &str); 2] = [
    ("back", "2026-10-25 00:59:50"),
    ("forward", "2026-03-29 00:59:50"),
];
/// When the steps after the first are due, in seconds after it: both lie behind the change.
const STEPS: [f64; 2] = [15.0, 25.0];
/// How long a step may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
const LIBRARY: &str = "faketime/libfaketime.so.1";

pub fn run(binary: &Path, folder: &Path) -> anyhow::Result<String> {
    let library = library()?;
    fs::create_dir_all(folder)?;
    let mut rows = Vec::new();
    for (name, at) in NIGHTS {
        let off = steps(binary, &folder.join(name), &library, at)?;
        rows.push(format!("{name} {off:.2} s"));
    }
    Ok(format!(
        "Tegata: steps of an escalation after {} and {} s while London's clocks are put: the farthest from its second | {}",
        STEPS[0],
        STEPS[1],
        rows.join(", ")
    ))
}

/// The farthest that a step is from its second.
fn steps(binary: &Path, folder: &Path, library: &Path, at: &str) -> anyhow::Result<f64> {
    fs::create_dir_all(folder)?;
    let far = Far::start()?;
    let file = folder.join("spec.yaml");
    let timing = "group_by: [alertname], group_wait: 0s, group_interval: 5m";
    let calling = spec(&far, timing).replace(
        "critical: { level: 1 }",
        "critical: { level: 1, escalation: all }",
    );
    let [second, third] = STEPS;
    fs::write(
        &file,
        format!(
            "{calling}escalations: {{ all: {{ steps: [ {{ after: 0s, receivers: [far] }}, \
             {{ after: {second}s, receivers: [far] }}, {{ after: {third}s, schedules: [nights] }} ] }} }}\n\
             on_call:\n  people: {{ ada: {{ name: Ada, receivers: [far] }} }}\n  \
             schedules: {{ nights: {{ time_zone: Europe/London, \
             layers: [ {{ rotation: [ada], turn: 1d, from: \"2026-01-05T01:30:00Z\" }} ] }} }}\n"
        ),
    )?;
    let listen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new(binary);
    command
        .arg("run")
        .arg(&file)
        .arg("--data")
        .arg(folder.join("data"))
        .args(["--listen", &listen.to_string()])
        .env("LD_PRELOAD", library)
        .env("FAKETIME", format!("@{at}"))
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC");
    let instance = Instance::of(command, listen, "/readyz")?;
    let alert = json!([{ "labels": { "alertname": "night", "severity": "critical" } }]);
    let (status, _) = instance.post("/api/v2/alerts", &alert.to_string())?;
    ensure!(status == 200, "it was not taken: {status}");
    let begun = Instant::now();
    while far.heard().at.len() <= STEPS.len() {
        let count = far.heard().at.len();
        ensure!(
            begun.elapsed() < PATIENCE,
            "{count} messages of {}",
            STEPS.len() + 1
        );
        thread::sleep(Duration::from_millis(10));
    }
    let heard = far.heard();
    let first = heard.at[0];
    let off = heard.at[1..].iter().zip(STEPS).map(|(at, due)| {
        let after = at.duration_since(first).as_secs_f64();
        (after - due).abs()
    });
    Ok(off.fold(0.0, f64::max))
}

/// Where Debian's package puts it, on whatever machine this is.
fn library() -> anyhow::Result<PathBuf> {
    let folders = fs::read_dir("/usr/lib")?.filter_map(Result::ok);
    folders
        .map(|folder| folder.path().join(LIBRARY))
        .find(|path| path.exists())
        .context("libfaketime is not installed")
}
