//! What black-box tests need: to start programs and end them, to find free ports, to wait for something to become
//! true, and to speak HTTP. It knows the binary only from outside.
//!
//! **Alone**: nothing of ours is linked here, so nothing is tested by its own code.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// How often a condition is looked at while a test waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The binary under test: `TEGATA_BIN`, or the one that was built beside the tests.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("TEGATA_BIN") {
        return path.into();
    }
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.parent()?.join("tegata")));
    match beside {
        Some(path) if path.exists() => path,
        _ => panic!("the binary is not built: run `cargo xtask test`, or set TEGATA_BIN"),
    }
}

/// A command of the binary, with an environment that does not depend on who runs the tests.
pub fn tegata(args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(args)
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("TEGATA_LANG")
        .stdin(Stdio::null());
    command
}

/// A command of a current peer: where `TEGATA_PEERS` says, or where `cargo xtask test` unpacks them.
pub fn peer(program: &str) -> anyhow::Result<Command> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/usr/bin");
    let folder = std::env::var_os("TEGATA_PEERS").map_or(unpacked, PathBuf::from);
    let path = folder.join(program);
    ensure!(
        path.is_file(),
        "{} is missing: `cargo xtask test` brings it",
        path.display()
    );
    let mut command = Command::new(path);
    command.stdin(Stdio::null());
    Ok(command)
}

/// A real Prometheus on this port, with its configuration and data in `dir`.
pub fn prometheus(dir: &Path, config: &str, port: u16, more: &[&str]) -> anyhow::Result<Program> {
    let file = dir.join("prometheus.yml");
    std::fs::write(&file, config)?;
    let mut command = peer("prometheus")?;
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            dir.join("tsdb").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(more);
    Program::start(command, "prometheus", dir)
}

/// The Python with the packages that tests send by: where `TEGATA_PYTHON` says, or where `cargo xtask test` puts it.
pub fn python() -> anyhow::Result<Command> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    let path = std::env::var_os("TEGATA_PYTHON").map_or(installed, PathBuf::from);
    ensure!(
        path.is_file(),
        "{} is missing: `cargo xtask test` brings it",
        path.display()
    );
    let mut command = Command::new(path);
    command.stdin(Stdio::null());
    Ok(command)
}

/// Runs a command of the binary to its end.
pub fn run(args: &[&str], dir: &Path) -> anyhow::Result<Output> {
    tegata(args)
        .current_dir(dir)
        .output()
        .context("the binary cannot be started")
}

/// A program that a test has started. It is ended when the test ends, however that is.
pub struct Program {
    child: Child,
    log: PathBuf,
    name: String,
}

impl Program {
    /// Starts `command`; its output goes to `NAME.log` in `dir`.
    pub fn start(mut command: Command, name: &str, dir: &Path) -> anyhow::Result<Self> {
        let log = dir.join(format!("{name}.log"));
        let out = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        Ok(Self {
            child,
            log,
            name: name.to_owned(),
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal, such as `TERM` or `HUP`.
    pub fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &self.pid().to_string()])
            .status()?;
        ensure!(sent.success(), "{} could not be sent {signal}", self.name);
        Ok(())
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(
                Instant::now() < until,
                "{} did not end within {within:?}:\n{}",
                self.name,
                self.printed()
            );
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// SIGKILL, and wait.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- what {} printed\n{}", self.name, self.printed());
        }
    }
}

/// Waits until `look` answers, or fails saying what it waited for.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let end = Instant::now() + within;
    let mut last = String::new();
    loop {
        match look().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) => last = format!("; last: {error:#}"),
        }
        if Instant::now() > end {
            bail!("waited {within:?} for {what}{last}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A free loopback port. Another program could take it before it is used; the range makes that unlikely.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// The first of a hundred ports whose members at `offsets` are all free. No two calls answer with the same.
pub fn free_range(offsets: &[u16]) -> anyhow::Result<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Two runs of the tests begin at different places.
    let start = u16::try_from(std::process::id() % 50).unwrap_or(0);
    loop {
        let n = TAKEN.fetch_add(1, Ordering::Relaxed);
        ensure!(n < 100, "no free range of ports");
        let base = 20_000 + (start + n) % 120 * 100;
        let free = |offset: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, base + offset)).is_ok();
        if offsets.iter().all(free) {
            return Ok(base);
        }
    }
}

/// HTTP as the tests speak it.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    base: String,
}

impl Http {
    pub fn to(base: impl Into<String>) -> anyhow::Result<Self> {
        // Only the first call can succeed; all want the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            client,
            base: base.into(),
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn text(&self, path: &str) -> anyhow::Result<String> {
        let answer = self.client.get(self.url(path)).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(text)
    }

    pub async fn json(&self, path: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.text(path).await?)?)
    }

    pub async fn post(
        &self,
        path: &str,
        kind: &str,
        body: String,
    ) -> anyhow::Result<(u16, String)> {
        let answer = self
            .client
            .post(self.url(path))
            .header("content-type", kind)
            .body(body)
            .send()
            .await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}
