//! One of the three systems as a process on loopback: started, asked, measured from the kernel, ended.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

use super::{super::instance::cpu, Bench, http};

/// How long a start may take.
const READY_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long an ending may take before it is forced.
const END_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tegata,
    Prometheus,
    VictoriaMetrics,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tegata => "tegata",
            Self::Prometheus => "Prometheus",
            Self::VictoriaMetrics => "VictoriaMetrics",
        }
    }
}

/// What a system is told to do.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// Scraped at this interval in seconds.
    pub scrape: Option<(SocketAddr, u32)>,
    /// A Prometheus rule file, and the seconds between evaluations.
    pub rules: Option<(String, u32)>,
    /// Who is told of alerts: the address of a webhook receiver.
    pub notify: Option<SocketAddr>,
}

pub struct System {
    pub kind: Kind,
    pub address: SocketAddr,
    child: Child,
    /// Who evaluates rules or notifies beside it.
    helpers: Vec<Child>,
    pub data: PathBuf,
}

impl System {
    pub fn start(bench: &Bench, kind: Kind, name: &str, job: &Job) -> anyhow::Result<Self> {
        let folder = bench.folder.join(format!("{name}-{}", kind.name()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let address = free_address()?;
        let mut helpers = Vec::new();
        let mut command = match kind {
            Kind::Tegata => tegata(bench, &folder, address, job)?,
            Kind::Prometheus => {
                let manager = job.notify.map(|sink| alertmanager(bench, &folder, sink));
                let manager = manager.transpose()?;
                let at = manager.as_ref().map(|(_, at)| *at);
                helpers.extend(manager.map(|(child, _)| child));
                prometheus(bench, &folder, address, job, at)?
            }
            Kind::VictoriaMetrics => {
                if let Some((rules, every)) = &job.rules {
                    let manager = job.notify.map(|sink| alertmanager(bench, &folder, sink));
                    let manager = manager.transpose()?;
                    let at = manager.as_ref().map(|(_, at)| *at);
                    helpers.extend(manager.map(|(child, _)| child));
                    helpers.push(vmalert(bench, &folder, address, rules, *every, at)?);
                }
                victoria(bench, &folder, address, job)?
            }
        };
        let log = fs::File::create(folder.join("log"))?;
        let child = command
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", kind.name()))?;
        let mut system = Self {
            kind,
            address,
            child,
            helpers,
            data: folder.join("data"),
        };
        system.wait_until_ready()?;
        Ok(system)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + READY_WITHIN;
        let path = match self.kind {
            Kind::Tegata => "/readyz",
            Kind::Prometheus => "/-/ready",
            Kind::VictoriaMetrics => "/health",
        };
        while !http::get(self.address, path).is_ok_and(|answer| answer.is_ok()) {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended with {status}; its log lies beside {}",
                    self.kind.name(),
                    self.data.display()
                );
            }
            ensure!(Instant::now() < until, "not ready within {READY_WITHIN:?}");
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    pub fn get(&self, path: &str) -> anyhow::Result<http::Answer> {
        http::get(self.address, path)
    }

    /// Seconds of processor time so far, of its helpers too.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let mut all = 0.0;
        for child in self.helpers.iter().chain([&self.child]) {
            all += cpu(child.id())?;
        }
        Ok(all)
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.context("no VmRSS")? * 1024.0)
    }

    /// Asks it to end, and waits: what it has not written yet, it writes now.
    pub fn end(mut self) -> anyhow::Result<PathBuf> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let until = Instant::now() + END_WITHIN;
        while self.child.try_wait()?.is_none() {
            ensure!(
                Instant::now() < until,
                "{} did not end within {END_WITHIN:?}",
                self.kind.name()
            );
            thread::sleep(LOOK_EVERY);
        }
        Ok(self.data.clone())
    }
}

impl Drop for System {
    fn drop(&mut self) {
        for child in self.helpers.iter_mut().chain([&mut self.child]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Bytes of all files below a folder.
pub fn size_of(folder: &Path) -> anyhow::Result<u64> {
    let mut all = 0;
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        all += if is_folder {
            size_of(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(all)
}

fn tegata(bench: &Bench, folder: &Path, address: SocketAddr, job: &Job) -> anyhow::Result<Command> {
    let mut spec = String::from(
        "service: { name: Bench, owner: bench, time_zone: UTC }\n\
         severities: { sev1: { level: 1, page_within: 1m } }\n\
         promises:\n  up: { kind: threshold, query: \"vector(1)\", at_least: 1, fresh_for: 1h, severity: sev1 }\n",
    );
    match job.notify {
        None => spec.push_str("receivers: { inbox: { kind: inbox } }\nroutes: [{ receivers: [inbox] }]\n"),
        Some(sink) => spec.push_str(&format!(
            "receivers: {{ hook: {{ kind: webhook, url: \"http://{sink}/\" }} }}\nroutes: [{{ receivers: [hook] }}]\n"
        )),
    }
    if let Some((target, every)) = job.scrape {
        spec.push_str(&format!(
            "sources:\n  scrape:\n    bench: {{ targets: [\"{target}\"], interval: {every}s, timeout: {every}s, \
             body_max: 64MiB, series_max: 200000 }}\n"
        ));
    }
    if let Some((rules, _)) = &job.rules {
        fs::write(folder.join("rules.yml"), rules)?;
        spec.push_str("rules: { files: [rules.yml] }\n");
    }
    let file = folder.join("tegata.yaml");
    fs::write(&file, spec)?;
    let mut command = Command::new(&bench.tegata);
    command
        .arg("run")
        .arg(&file)
        .arg("--data")
        .arg(folder.join("data"))
        .args(["--listen", &address.to_string()]);
    Ok(command)
}

fn prometheus(
    bench: &Bench,
    folder: &Path,
    address: SocketAddr,
    job: &Job,
    manager: Option<SocketAddr>,
) -> anyhow::Result<Command> {
    let mut config = String::from("global:\n");
    if let Some((_, every)) = job.scrape {
        config.push_str(&format!(
            "  scrape_interval: {every}s\n  scrape_timeout: {every}s\n"
        ));
    }
    if let Some((rules, every)) = &job.rules {
        fs::write(folder.join("rules.yml"), rules)?;
        config.push_str(&format!(
            "  evaluation_interval: {every}s\nrule_files: [rules.yml]\n"
        ));
    }
    if let Some(manager) = manager {
        config.push_str(&format!(
            "alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: ['{manager}'] }} ] }} ] }}\n"
        ));
    }
    config.push_str("scrape_configs:\n");
    match job.scrape {
        Some((target, _)) => config.push_str(&format!(
            "- {{ job_name: bench, static_configs: [ {{ targets: ['{target}'] }} ] }}\n"
        )),
        None => config.push_str("- { job_name: none, static_configs: [] }\n"),
    }
    let file = folder.join("prometheus.yml");
    fs::write(&file, config)?;
    let mut command = Command::new(bench.peers.join("prometheus"));
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .args([
            "--web.enable-remote-write-receiver",
            "--web.enable-admin-api",
            "--storage.tsdb.retention.time=400d",
            "--query.max-samples=500000000",
        ]);
    Ok(command)
}

fn victoria(
    bench: &Bench,
    folder: &Path,
    address: SocketAddr,
    job: &Job,
) -> anyhow::Result<Command> {
    let mut command = Command::new(bench.peers.join("victoria-metrics"));
    if let Some((target, every)) = job.scrape {
        let file = folder.join("scrape.yml");
        let config = format!(
            "global: {{ scrape_interval: {every}s, scrape_timeout: {every}s }}\nscrape_configs:\n\
             - {{ job_name: bench, static_configs: [ {{ targets: ['{target}'] }} ] }}\n"
        );
        fs::write(&file, config)?;
        command
            .arg(format!("-promscrape.config={}", file.display()))
            .arg("-promscrape.maxScrapeSize=67108864");
    }
    command
        .arg(format!(
            "-storageDataPath={}",
            folder.join("data").display()
        ))
        .arg(format!("-httpListenAddr={address}"))
        .args([
            "-retentionPeriod=400d",
            "-search.maxUniqueTimeseries=300000",
            "-search.disableCache",
        ]);
    Ok(command)
}

/// Debian's defaults: what somebody who has just installed it has.
fn alertmanager(
    bench: &Bench,
    folder: &Path,
    sink: SocketAddr,
) -> anyhow::Result<(Child, SocketAddr)> {
    let address = free_address()?;
    let file = folder.join("alertmanager.yml");
    fs::write(
        &file,
        format!(
            "route: {{ receiver: hook, group_by: [alertname] }}\nreceivers:\n\
             - {{ name: hook, webhook_configs: [ {{ url: 'http://{sink}/' }} ] }}\n"
        ),
    )?;
    let log = fs::File::create(folder.join("alertmanager.log"))?;
    let child = Command::new(bench.peers.join("prometheus-alertmanager"))
        .arg(format!("--config.file={}", file.display()))
        .arg(format!(
            "--storage.path={}",
            folder.join("alertmanager").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start Alertmanager")?;
    Ok((child, address))
}

fn vmalert(
    bench: &Bench,
    folder: &Path,
    engine: SocketAddr,
    rules: &str,
    every: u32,
    manager: Option<SocketAddr>,
) -> anyhow::Result<Child> {
    let file = folder.join("rules.yml");
    fs::write(&file, rules)?;
    let log = fs::File::create(folder.join("vmalert.log"))?;
    let mut command = Command::new(bench.peers.join("vmalert"));
    command
        .arg(format!("-rule={}", file.display()))
        .arg(format!("-datasource.url=http://{engine}"))
        .arg(format!("-remoteWrite.url=http://{engine}"))
        .arg(format!("-remoteRead.url=http://{engine}"))
        .arg(format!("-evaluationInterval={every}s"))
        .arg(format!("-httpListenAddr={}", free_address()?));
    match manager {
        Some(manager) => command.arg(format!("-notifier.url=http://{manager}")),
        None => command.arg("-notifier.blackhole"),
    };
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start vmalert")
}
