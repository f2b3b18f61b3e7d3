//! `tegata doctor`: what could go wrong on this machine, before it does.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use promise::{Clock as _, Lang, Say, Timestamp, say};
use serde_json::json;
use spec::{Level, Spec, section::receiver::Secret};

use super::{Common, Data, instance::Instance};
use crate::{clock::SystemClock, exit, secrets, spec_file};

/// Look for what could go wrong: the spec, its secrets, the data directory, the disk, the clock, the ports.
///
/// Ends with 0 when nothing must be mended, 69 otherwise. Changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The spec.
    #[arg(env = "TEGATA_SPEC", default_value = "tegata.yaml")]
    spec: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// Below this the stores will soon be unable to write.
const DISK_FREE_MIN: u64 = 1 << 30;
/// Each target, file and browser takes a descriptor; the stores a few dozen.
const FILES_MIN: u64 = 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Good,
    Doubtful,
    Bad,
}

struct Finding {
    what: &'static str,
    found: Found,
    text: Say,
}

fn good(what: &'static str, text: Say) -> Finding {
    Finding {
        what,
        found: Found::Good,
        text,
    }
}

fn doubtful(what: &'static str, text: Say) -> Finding {
    Finding {
        what,
        found: Found::Doubtful,
        text,
    }
}

fn bad(what: &'static str, text: Say) -> Finding {
    Finding {
        what,
        found: Found::Bad,
        text,
    }
}

impl Doctor {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let dir = self.data.dir.as_path();
        let running = Instance::running(dir);
        let (spec, mut findings) = spec(&self.spec, lang);
        findings.push(match &running {
            Some(instance) => {
                let url = &instance.url;
                good("instance", say!("runs at {url}", "{url} で動いています"))
            }
            None => good(
                "instance",
                say!(
                    "none runs on this data directory",
                    "このデータの場所で動いているものはありません"
                ),
            ),
        });
        findings.extend(data(dir));
        findings.extend(ledger(dir));
        findings.extend(limits());
        if let Some(spec) = &spec {
            findings.extend(secrets_of(spec));
            if running.is_none() {
                findings.push(port(&spec.console.listen));
            }
        }
        show(&findings, self.json, lang)?;
        let any_bad = findings.iter().any(|finding| finding.found == Found::Bad);
        Ok(ExitCode::from(if any_bad { exit::MISSING } else { 0 }))
    }
}

fn show(findings: &[Finding], as_json: bool, lang: Lang) -> anyhow::Result<()> {
    let word = |found: Found| match found {
        Found::Good => "good",
        Found::Doubtful => "doubtful",
        Found::Bad => "bad",
    };
    if as_json {
        let all: Vec<_> = findings
            .iter()
            .map(|f| json!({ "what": f.what, "found": word(f.found), "text": f.text }))
            .collect();
        outln!(
            "{}",
            serde_json::to_string_pretty(&json!({ "version": 1, "findings": all }))?
        );
        return Ok(());
    }
    for finding in findings {
        let shape = match finding.found {
            Found::Good => '●',
            Found::Doubtful => '▲',
            Found::Bad => '✕',
        };
        outln!("{shape} {:10} {}", finding.what, finding.text.get(lang));
    }
    Ok(())
}

fn spec(path: &Path, lang: Lang) -> (Option<Spec>, Vec<Finding>) {
    let shown = path.display();
    let file = match spec_file::open(path, lang) {
        Ok(file) => file,
        Err(error) => return (None, vec![bad("spec", Say::same(error.to_string()))]),
    };
    let warnings = file
        .loaded
        .diagnostics
        .iter()
        .filter(|d| d.level == Level::Warning)
        .count();
    let finding = match &file.loaded.spec {
        None => bad("spec", spec_file::summary(&file.loaded.diagnostics)),
        Some(_) if warnings > 0 => doubtful(
            "spec",
            say!(
                "{warnings} warnings; see `tegata check {shown}`",
                "警告 {warnings} 件。`tegata check {shown}` を見てください"
            ),
        ),
        Some(spec) => {
            let count = spec.promises.len();
            good(
                "spec",
                say!(
                    "{count} promises, nothing wrong",
                    "約束 {count} 件、誤りはありません"
                ),
            )
        }
    };
    (file.loaded.spec, vec![finding])
}

fn data(dir: &Path) -> Vec<Finding> {
    let shown = dir.display();
    // What is not there yet will be made: its nearest parent decides.
    let Some(there) = dir
        .ancestors()
        .map(|p| {
            if p.as_os_str().is_empty() {
                Path::new(".")
            } else {
                p
            }
        })
        .find(|p| p.exists())
    else {
        return vec![bad(
            "data",
            say!("{shown} cannot be made", "{shown} を作れません"),
        )];
    };
    let mut findings = Vec::new();
    let writable = rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_ok();
    findings.push(if writable {
        good("data", say!("{shown} can be written", "{shown} に書けます"))
    } else {
        bad(
            "data",
            say!("{shown} cannot be written", "{shown} に書けません"),
        )
    });
    if let Ok(disk) = rustix::fs::statvfs(there) {
        let free = disk.f_bavail * disk.f_frsize;
        let gib = free >> 30;
        findings.push(if free < DISK_FREE_MIN {
            doubtful(
                "disk",
                say!("less than 1 GiB is free", "空きが 1 GiB 未満です"),
            )
        } else {
            good("disk", say!("{gib} GiB free", "空き {gib} GiB"))
        });
    }
    findings
}

fn ledger(dir: &Path) -> Vec<Finding> {
    let dir = dir.join("ledger");
    if !dir.join("key.pub").exists() {
        return vec![good(
            "ledger",
            say!(
                "none yet; it is made at the first start",
                "まだありません。最初の起動で作られます"
            ),
        )];
    }
    let whole = match ledger::verify(&dir, &ledger::Expect::default()) {
        Ok(verified) => {
            let size = verified.size;
            good(
                "ledger",
                say!("{size} entries, whole", "{size} 件、完全です"),
            )
        }
        Err(error) => return vec![bad("ledger", say!("{error}", "{error}"))],
    };
    let mut newest = Timestamp::EPOCH;
    if let Err(error) = ledger::read(&dir, |entry| {
        newest = newest.max(entry.at.parse().unwrap_or(newest))
    }) {
        return vec![bad("ledger", say!("{error}", "{error}"))];
    }
    let now = SystemClock.now();
    let clock = if newest > now {
        bad(
            "clock",
            say!(
                "the clock is behind the ledger's newest entry of {newest}",
                "時計が台帳の最新の記録 {newest} より遅れています"
            ),
        )
    } else {
        good(
            "clock",
            say!("not behind the ledger", "台帳より遅れていません"),
        )
    };
    vec![whole, clock]
}

fn limits() -> Vec<Finding> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    vec![match limit {
        Some(n) if n < FILES_MIN => doubtful(
            "files",
            say!(
                "only {n} files may be open; {FILES_MIN} are wise (ulimit -n)",
                "開けるファイルは {n} 個だけです。{FILES_MIN} 個以上を勧めます (ulimit -n)"
            ),
        ),
        Some(n) => good(
            "files",
            say!("{n} files may be open", "{n} 個のファイルを開けます"),
        ),
        None => good(
            "files",
            say!(
                "as many files as needed may be open",
                "開けるファイルの数に制限はありません"
            ),
        ),
    }]
}

fn secrets_of(spec: &Spec) -> Vec<Finding> {
    let mut all: Vec<(String, &Secret)> = Vec::new();
    for (name, receiver) in &spec.receivers {
        let secrets = receiver.secrets().into_iter();
        all.extend(secrets.map(|(field, secret)| (format!("receivers.{name}.{field}"), secret)));
    }
    for (name, person) in &spec.access.people {
        all.push((format!("access.people.{name}.token"), &person.token));
    }
    for (job, scrape) in &spec.sources.scrape {
        all.extend(
            scrape
                .bearer
                .iter()
                .map(|bearer| (format!("sources.scrape.{job}.bearer"), bearer)),
        );
    }
    let missing: Vec<Finding> = all
        .iter()
        .filter_map(|(place, secret)| {
            let why = secrets::resolve(secret).err()?;
            Some(bad("secret", say!("{place}: {why}", "{place}: {why}")))
        })
        .collect();
    if missing.is_empty() {
        let count = all.len();
        return vec![good(
            "secrets",
            say!(
                "{count} references can be followed",
                "参照 {count} 件をたどれます"
            ),
        )];
    }
    missing
}

fn port(listen: &str) -> Finding {
    let Ok(address) = listen.parse::<SocketAddr>() else {
        return bad(
            "port",
            say!(
                "{listen} is no address",
                "{listen} はアドレスではありません"
            ),
        );
    };
    match TcpListener::bind(address) {
        Ok(_) => good(
            "port",
            say!("{address} is free", "{address} は空いています"),
        ),
        Err(error) => bad("port", say!("{address}: {error}", "{address}: {error}")),
    }
}
