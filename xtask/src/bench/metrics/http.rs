//! Just enough HTTP to ask loopback: one question a connection.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, ensure};

/// Far beyond what is measured, so that a hang is an error.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// Bytes of an answer that are read at most.
const ANSWER_BYTES: u64 = 512 << 20;

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn ok(self) -> anyhow::Result<Self> {
        ensure!(
            self.is_ok(),
            "answered with {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body[..self.body.len().min(500)])
        );
        Ok(self)
    }
}

pub fn get(address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    ask(address, "GET", path, "", &[])
}

/// `headers`: whole lines, each with its line end.
pub fn post(address: SocketAddr, path: &str, headers: &str, body: &[u8]) -> anyhow::Result<Answer> {
    ask(address, "POST", path, headers, body)
}

fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.set_nodelay(true)?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    stream.write_all(&request)?;
    let mut all = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut all)?;
    let end = all
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("the answer has no head")?;
    let status = std::str::from_utf8(&all[..end])?
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok())
        .context("the answer has no status")?;
    Ok(Answer {
        status,
        body: all.split_off(end + 4),
    })
}
