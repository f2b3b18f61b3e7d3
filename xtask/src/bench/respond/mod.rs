//! `cargo xtask bench respond`: alerts by the thousand, side by side with the real Alertmanager, and `kill -9` under load.

mod clock;
mod far;
mod figures;
mod kill;
mod restart;
mod takeover;

use std::{path::Path, process::Command};

use anyhow::bail;

use crate::shell;
use far::Far;

const MEASURES: [&str; 5] = ["figures", "restart", "clock", "takeover", "kill"];

/// Measures what `only` names, or all; tells each row as soon as it is known, for what follows may fail.
pub fn run(
    binary: &Path,
    peers: &Path,
    folder: &Path,
    only: &[String],
    tell: &dyn Fn(String),
) -> anyhow::Result<()> {
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|it| it == name);
    if let Some(unknown) = only.iter().find(|it| !MEASURES.contains(&it.as_str())) {
        bail!("`{unknown}` is none of {}", MEASURES.join(", "));
    }
    if is_wanted("figures") {
        figures::run(binary, peers, folder, tell)?;
    }
    if is_wanted("restart") {
        tell(restart::run(binary, &folder.join("few"), 0)?);
        tell(restart::run(binary, &folder.join("many"), figures::HELD)?);
    }
    if is_wanted("clock") {
        tell(clock::run(binary, &folder.join("clock"))?);
    }
    if is_wanted("takeover") {
        tell(takeover::run(binary, folder)?);
    }
    if is_wanted("kill") {
        tell(kill::run(binary, folder, kill::KILLS)?);
    }
    Ok(())
}

/// A spec with one route to the receiver.
fn spec(far: &Far, timing: &str) -> String {
    format!(
        "service: {{ name: bench, owner: bench, time_zone: UTC }}\n\
         promises: {{}}\n\
         severities: {{ critical: {{ level: 1 }}, warning: {{ level: 2 }} }}\n\
         routes: [ {{ receivers: [far], {timing} }} ]\n\
         receivers: {{ far: {{ kind: webhook, url: \"http://{}/\" }} }}\n",
        far.address
    )
}

/// RFC 3339, so many seconds from now.
fn after(secs: u64) -> String {
    let mut date = Command::new("date");
    date.args([
        "-u",
        "-d",
        &format!("{secs} seconds"),
        "+%Y-%m-%dT%H:%M:%S.%3NZ",
    ]);
    shell::output(&mut date).map_or_else(|_| String::new(), |text| text.trim().to_owned())
}
