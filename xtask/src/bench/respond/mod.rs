//! `cargo xtask bench respond`: alerts by the thousand, side by side with the real Alertmanager, and `kill -9` under load.

mod far;
mod figures;
mod kill;

use std::{path::Path, process::Command};

use anyhow::bail;

use crate::shell;
use far::Far;

/// Measures what `only` names, or all; answers with rows.
pub fn run(
    binary: &Path,
    peers: &Path,
    folder: &Path,
    only: &[String],
) -> anyhow::Result<Vec<String>> {
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|it| it == name);
    if let Some(unknown) = only
        .iter()
        .find(|it| !["figures", "kill"].contains(&it.as_str()))
    {
        bail!("`{unknown}` is neither `figures` nor `kill`");
    }
    let mut rows = Vec::new();
    if is_wanted("figures") {
        rows.extend(figures::run(binary, peers, folder)?);
    }
    if is_wanted("kill") {
        rows.push(kill::run(binary, folder, kill::KILLS)?);
    }
    Ok(rows)
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
