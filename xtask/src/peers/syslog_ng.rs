//! syslog-ng: unpacked below `target/`, for a machine installs one syslog daemon, and that is rsyslog here.

use std::{path::PathBuf, process::Command};

use crate::shell;

use super::Missing;

/// The daemon, what speaks HTTP, and the configuration that makes a destination of Elasticsearch of it.
const PACKAGES: &[&str] = &["syslog-ng-core", "syslog-ng-mod-http", "syslog-ng-scl"];

/// Takes the folder and the packages. What they need and this machine lacks comes with them; nothing is installed, and
/// nothing that is installed makes room.
const UNPACK: &str = r#"
set -eu
dir=$1; shift
rm -rf "$dir"
mkdir -p "$dir/archives/partial"
apt-get -qq install --yes --no-install-recommends --download-only -o "Dir::Cache::archives=$dir/archives" \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
for package in "$dir"/archives/*.deb; do dpkg-deb -x "$package" "$dir"; done
rm -rf "$dir/archives"
"#;

/// Finds it, or brings it; the folder that it is unpacked in.
pub fn ensure() -> anyhow::Result<PathBuf> {
    let folder = shell::root().join("target/syslog-ng");
    let daemon = folder.join("usr/sbin/syslog-ng");
    if daemon.is_file() {
        return Ok(folder);
    }
    println!("   unpacking {}", PACKAGES.join(" "));
    let mut unpack = Command::new("sh");
    unpack
        .args(["-c", UNPACK, "unpack"])
        .arg(&folder)
        .args(PACKAGES);
    match shell::run(&mut unpack) {
        Ok(()) if daemon.is_file() => Ok(folder),
        done => Err(Missing(format!(
            "syslog-ng, which writes to us in tests, could not be unpacked{}\n\
             Unpack Debian's {} into {}",
            done.err()
                .map(|error| format!(": {error:#}"))
                .unwrap_or_default(),
            PACKAGES.join(", "),
            folder.display(),
        ))
        .into()),
    }
}
