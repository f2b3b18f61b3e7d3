//! The real programs that the end-to-end tests run against: found, or installed from Debian's packages, or named.

use std::{
    env,
    path::Path,
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
        package: "prometheus",
        proof: Proof::Program("prometheus"),
        why: "scrapes the same targets, so that values can be compared",
    },
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
        package: "prometheus-alertmanager",
        proof: Proof::Program("prometheus-alertmanager"),
        why: "receives pages",
    },
    Peer {
        package: "nginx-light",
        proof: Proof::Program("nginx"),
        why: "is probed, and writes logs",
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
    println!("installing {}", names.join(" "));
    let install = [
        &["install", "-y", "--no-install-recommends"],
        names.as_slice(),
    ]
    .concat();
    let installed = apt(&["update"]) && apt(&install);
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
                // nginx lies in /usr/sbin, which is not on everybody's path.
                let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
                folders
                    .into_iter()
                    .any(|folder| folder.join(name).is_file())
            }
        }
    }
}

/// Runs apt-get as root or with a sudo that asks nothing; `false` when it did not work.
fn apt(args: &[&str]) -> bool {
    let root = shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    // RUNLEVEL=1 keeps the packages from starting their services: the tests start what they need on free ports.
    let settings = ["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"];
    let mut command = Command::new(if root { "env" } else { "sudo" });
    if !root {
        command.args(["-n", "env"]);
    }
    command
        .args(settings)
        .arg("apt-get")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
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
}
