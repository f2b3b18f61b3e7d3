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
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read at most.
const ANSWER_BYTES: u64 = 16 << 20;

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

impl Instance {
    /// Starts it on a free port and on what lies in `data`, and waits until it is ready.
    pub fn start(binary: &Path, spec: &Path, data: &Path) -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let child = Command::new(binary)
            .args([
                "run".as_ref(),
                spec.as_os_str(),
                "--data".as_ref(),
                data.as_os_str(),
            ])
            .args(["--listen", &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut instance = Self { child, address };
        let until = Instant::now() + READY_WITHIN;
        while instance.ask("/readyz").is_err() {
            if let Some(status) = instance.child.try_wait()? {
                bail!("tegata ended with {status}");
            }
            ensure!(
                Instant::now() < until,
                "tegata was not ready within {READY_WITHIN:?}"
            );
            thread::sleep(LOOK_EVERY);
        }
        Ok(instance)
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
