//! A running `tegata`, known only from outside.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

/// How long a start may take.
const READY_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long an answer may take: far beyond what is measured, so that a hang is an error.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read at most.
const ANSWER_BYTES: u64 = 16 << 20;

/// The unit of the kernel's figures: Linux tells user space hundredths, whatever its own clock is.
const TICKS_A_SECOND: f64 = 100.0;

pub struct Instance {
    child: Child,
    address: SocketAddr,
}

/// What came, and when: counted from the request's last byte.
pub struct Answer {
    pub first_byte: Duration,
    pub last_byte: Duration,
    pub text: String,
}

impl Answer {
    /// What stands after the head.
    pub fn body(&self) -> anyhow::Result<&str> {
        let (_, body) = self
            .text
            .split_once("\r\n\r\n")
            .context("no end of the head")?;
        Ok(body)
    }
}

impl Instance {
    /// Starts it on a free port and on what lies in `data`, and waits until it is ready.
    pub fn start(binary: &Path, spec: &Path, data: &Path) -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = Command::new(binary);
        command
            .args([
                "run".as_ref(),
                spec.as_os_str(),
                "--data".as_ref(),
                data.as_os_str(),
            ])
            .args(["--listen", &address.to_string()]);
        Self::of(command, address, "/readyz")
    }

    /// Starts any program that answers at `address`, and waits until `ready` is answered with 200.
    pub fn of(mut command: Command, address: SocketAddr, ready: &str) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let mut instance = Self { child, address };
        let until = Instant::now() + READY_WITHIN;
        while instance.ask(ready).is_err() {
            if let Some(status) = instance.child.try_wait()? {
                bail!("{name} ended with {status}");
            }
            ensure!(
                Instant::now() < until,
                "{name} was not ready within {READY_WITHIN:?}"
            );
            thread::sleep(LOOK_EVERY);
        }
        Ok(instance)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Posts JSON on a fresh connection; answers with the status and the body.
    pub fn post(&self, path: &str, body: &str) -> anyhow::Result<(u16, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut text = String::new();
        stream.take(ANSWER_BYTES).read_to_string(&mut text)?;
        let status = text.split(' ').nth(1).context("no status")?.parse()?;
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status, body.to_owned()))
    }

    /// `kill -9`; dropping it afterwards collects what is left.
    pub fn kill(&self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-9", &pid]).status()?;
        ensure!(status.success(), "kill ended with {status}");
        Ok(())
    }

    /// Asks on a fresh connection; the answer must be a 200.
    pub fn ask(&self, path: &str) -> anyhow::Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes())?;
        let start = Instant::now();
        let mut first = [0];
        stream.read_exact(&mut first)?;
        let first_byte = start.elapsed();
        let mut rest = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut rest)?;
        let last_byte = start.elapsed();
        ensure!(
            rest.starts_with(b"TTP/1.1 200"),
            "{path} was not answered with 200"
        );
        Ok(Answer {
            first_byte,
            last_byte,
            text: String::from_utf8_lossy(&rest).into_owned(),
        })
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        cpu(self.child.id())
    }

    /// Resident memory, from the kernel.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        line.split_whitespace()
            .next()
            .and_then(|kib| kib.parse().ok())
            .context("VmRSS is no number")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds of processor time that a process has taken so far.
pub fn cpu(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold anything, a bracket too; behind the last one stand numbers only.
    let fields = stat.rsplit_once(')').context("no name in stat")?.1;
    let field = |n: usize| -> Option<f64> { fields.split_whitespace().nth(n)?.parse().ok() };
    let ticks = field(11).zip(field(12)).map(|(user, system)| user + system);
    Ok(ticks.context("no times in stat")? / TICKS_A_SECOND)
}
