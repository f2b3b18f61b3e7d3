//! The real programs that the end-to-end tests run against: found, or installed from Debian's packages, or named.

pub mod corpora;
pub mod newest;
pub mod postgres;
pub mod python;
pub mod syslog_ng;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::shell;

/// A peer, and how it is known to be there.
struct Peer {
    package: &'static str,
    proof: Proof,
    why: &'static str,
}

enum Proof {
    Program(&'static str),
    File(&'static str),
}

const PEERS: &[Peer] = &[
    Peer {
        package: "prometheus-node-exporter",
        proof: Proof::Program("prometheus-node-exporter"),
        why: "a target",
    },
    Peer {
        package: "prometheus-blackbox-exporter",
        proof: Proof::Program("prometheus-blackbox-exporter"),
        why: "a target, and a second opinion on probes",
    },
    Peer {
        package: "prometheus-nginx-exporter",
        proof: Proof::Program("prometheus-nginx-exporter"),
        why: "a target",
    },
    Peer {
        package: "nginx-light",
        proof: Proof::Program("nginx"),
        why: "is probed, and watched by its exporter",
    },
    Peer {
        package: "chromium",
        proof: Proof::Program("chromium"),
        why: "reads the console's pages",
    },
    Peer {
        package: "chromium-driver",
        proof: Proof::Program("chromedriver"),
        why: "drives the browser",
    },
    Peer {
        package: "fonts-noto-cjk",
        proof: Proof::File("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
        why: "the pages in Japanese",
    },
    Peer {
        package: "dnsmasq-base",
        proof: Proof::Program("dnsmasq"),
        why: "answers for names in which targets are found",
    },
    Peer {
        package: "python3-venv",
        proof: Proof::Program("python3"),
        why: "runs the OpenTelemetry SDK as a sender",
    },
    Peer {
        package: "openssl",
        proof: Proof::Program("openssl"),
        why: "sends syslog over TLS, and signs events",
    },
    Peer {
        package: "postgresql",
        proof: Proof::File("/usr/lib/postgresql"),
        why: "holds the state that two instances share",
    },
    Peer {
        package: "libfaketime",
        proof: Proof::File("/usr/share/doc/libfaketime"),
        why: "lets the program live in the night in which clocks are put",
    },
    Peer {
        package: "rsyslog",
        proof: Proof::Program("rsyslogd"),
        why: "sends syslog",
    },
    Peer {
        package: "rsyslog-elasticsearch",
        proof: Proof::File("/usr/share/doc/rsyslog-elasticsearch"),
        why: "lets rsyslog write by Elasticsearch's API",
    },
    Peer {
        package: "nodejs",
        proof: Proof::Program("node"),
        why: "runs Lighthouse over the pages",
    },
    Peer {
        package: "npm",
        proof: Proof::Program("npm"),
        why: "brings axe and Lighthouse",
    },
    Peer {
        package: "liblucene8-java",
        proof: Proof::File("/usr/share/java/lucene-queryparser-8.7.0.jar"),
        why: "reads log queries with Lucene's own parser",
    },
    Peer {
        package: "default-jdk-headless",
        proof: Proof::Program("javac"),
        why: "runs Lucene",
    },
];

/// What runs on Node, and in which version: a newer rule for pages should not fail a commit that changed no page.
/// This Lighthouse is the last one that runs on the Node of a stable Debian.
const BROWSER_TOOLS: &[(&str, &str)] = &[
    ("axe-core", "4.14.1"),
    ("lighthouse", "12.8.2"),
    // Clients of Elasticsearch's API.
    ("@elastic/elasticsearch", "9.5.1"),
    ("pino", "10.4.0"),
    ("pino-elasticsearch", "9.0.0"),
];

/// Peers are missing and could not be installed. Ends the program with 69.
#[derive(Debug)]
pub struct Missing(String);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// Sees to it that every peer is there.
pub fn ensure() -> anyhow::Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|peer| peer.package).collect();
    println!("   installing {}", names.join(" "));
    let installed = install(&names);
    let still: Vec<&Peer> = missing
        .into_iter()
        .filter(|peer| !peer.is_there())
        .collect();
    if still.is_empty() {
        return Ok(());
    }
    let reason = if installed {
        "they were installed but are not where they should be"
    } else {
        "they could not be installed"
    };
    let list: String = still
        .iter()
        .map(|peer| format!("\n  {:<30} {}", peer.package, peer.why))
        .collect();
    let names: Vec<&str> = still.iter().map(|peer| peer.package).collect();
    Err(Missing(format!(
        "programs that the end-to-end tests need are missing, and {reason}:{list}\n\
         On Debian or Ubuntu: sudo apt-get install --no-install-recommends {}",
        names.join(" ")
    ))
    .into())
}

fn missing() -> Vec<&'static Peer> {
    PEERS.iter().filter(|peer| !peer.is_there()).collect()
}

impl Peer {
    fn is_there(&self) -> bool {
        match self.proof {
            Proof::File(path) => Path::new(path).exists(),
            Proof::Program(name) => {
                let path = env::var_os("PATH").unwrap_or_default();
                // nginx and others lie in /usr/sbin, which is not on everybody's path.
                let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
                folders
                    .into_iter()
                    .any(|folder| folder.join(name).is_file())
            }
        }
    }
}

/// Installs packages without starting the services in them: the tests start what they need, on free ports.
/// Debian asks `policy-rc.d` before it starts a service; one that is there already is left as it is.
const INSTALL: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy" || exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update &&
    apt-get -qq install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
"#;

/// As root, or with a sudo that asks nothing; `false` when it did not work.
fn install(packages: &[&str]) -> bool {
    let is_root = shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = Command::new(if is_root { "sh" } else { "sudo" });
    if !is_root {
        command.args(["-n", "sh"]);
    }
    // The word after the script is its name.
    command
        .args(["-c", INSTALL, "install"])
        .args(packages)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The folder with axe and Lighthouse, installed when they are not there in their versions.
pub fn browser_tools() -> anyhow::Result<PathBuf> {
    let prefix = shell::root().join("target/browser-tools");
    let folder = prefix.join("node_modules");
    let is_there =
        |(name, version): &(&str, &str)| version_in(&folder, name).as_deref() == Some(*version);
    if BROWSER_TOOLS.iter().all(is_there) {
        return Ok(folder);
    }
    fs::create_dir_all(&prefix)?;
    let packages = BROWSER_TOOLS
        .iter()
        .map(|(name, version)| format!("{name}@{version}"));
    let mut npm = Command::new("npm");
    npm.arg("install")
        .arg("--prefix")
        .arg(&prefix)
        .args([
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ])
        .args(packages)
        .stdin(Stdio::null());
    match shell::run(&mut npm) {
        Ok(()) if BROWSER_TOOLS.iter().all(is_there) => Ok(folder),
        done => Err(Missing(format!(
            "axe and Lighthouse, which examine the pages, and clients that write logs could not be installed with npm{}",
            done.err()
                .map(|error| format!(": {error:#}"))
                .unwrap_or_default()
        ))
        .into()),
    }
}

/// The version of a package that lies in `node_modules`.
fn version_in(folder: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(folder.join(name).join("package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(package["version"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_program_is_found_by_its_name_and_an_absent_one_is_not() {
        let peer = |proof| Peer {
            package: "p",
            proof,
            why: "",
        };
        assert!(peer(Proof::Program("sh")).is_there());
        assert!(!peer(Proof::Program("no-such-program-here")).is_there());
        assert!(!peer(Proof::File("/no/such/file")).is_there());
    }

    #[test]
    fn a_package_is_known_by_the_version_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(version_in(folder.path(), "axe-core"), None);
        fs::create_dir(folder.path().join("axe-core")).unwrap();
        fs::write(
            folder.path().join("axe-core/package.json"),
            r#"{"name":"axe-core","version":"4.10.0"}"#,
        )
        .unwrap();
        assert_eq!(
            version_in(folder.path(), "axe-core").as_deref(),
            Some("4.10.0")
        );
    }
}
