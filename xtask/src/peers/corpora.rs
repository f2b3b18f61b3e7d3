//! Public labelled data that detectors are judged by: copies of two repositories below `target/peers`, or wherever a
//! variable says they lie. Nothing of them is part of the project.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::shell;

use super::Missing;

/// A repository with data.
pub struct Corpus {
    variable: &'static str,
    name: &'static str,
    /// What is in it when it is whole.
    proof: &'static str,
}

/// 58 series of values with labelled windows, and what other detectors made of them.
pub const NAB: Corpus = Corpus {
    variable: "TEGATA_NAB",
    name: "numenta/NAB",
    proof: "labels/combined_windows.json",
};

/// Lines of 16 systems, each with the statement that wrote it.
pub const LOGPARSER: Corpus = Corpus {
    variable: "TEGATA_LOGPARSER",
    name: "logpai/logparser",
    proof: "data/loghub_2k/Zookeeper/Zookeeper_2k.log_structured.csv",
};

impl Corpus {
    /// Where it lies; it is brought when nobody says.
    pub fn ensure(&self) -> anyhow::Result<PathBuf> {
        let folder = env::var_os(self.variable).map(PathBuf::from);
        let is_named = folder.is_some();
        let folder = folder.unwrap_or_else(|| {
            let name = self.name.replace('/', "-");
            shell::root().join("target/peers").join(name)
        });
        if folder.join(self.proof).is_file() {
            return Ok(folder);
        }
        let address = format!("https://github.com/{}", self.name);
        let mut clone = Command::new("git");
        clone
            .args(["clone", "--quiet", "--depth", "1", &address])
            .arg(&folder)
            // Nobody is there to give a password.
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        let done = if is_named {
            Ok(())
        } else {
            println!("   copying {address}");
            shell::run(&mut clone)
        };
        match done {
            Ok(()) if folder.join(self.proof).is_file() => Ok(folder),
            done => Err(Missing(format!(
                "no copy of the repository {} lies in {}{}\nSay where one lies: {}=FOLDER",
                self.name,
                folder.display(),
                done.err()
                    .map(|error| format!(": {error:#}"))
                    .unwrap_or_default(),
                self.variable,
            ))
            .into()),
        }
    }
}
