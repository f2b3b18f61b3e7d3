//! A receiver that honours idempotency keys: it counts each key once, and says when each alert was first told.

use std::{
    collections::{HashMap, HashSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// A sender that says nothing for so long has gone.
const SILENT_MAX: Duration = Duration::from_secs(30);
/// Bytes of a notification: Alertmanager writes all alerts of a group into one.
const BODY_MAX: u64 = 256 << 20;

#[derive(Default)]
pub struct Heard {
    keys: HashSet<String>,
    /// When an alert, by its `alertname` and `n`, was first told as firing.
    pub first: HashMap<String, Instant>,
    /// How many messages with different keys began with an alert.
    pub raised: HashMap<String, usize>,
    /// When each message with another key came.
    pub at: Vec<Instant>,
    /// Alerts that messages spoke of without naming them.
    pub more: u64,
}

#[derive(Clone)]
pub struct Far {
    pub address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Far {
    pub fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let far = Self {
            address: listener.local_addr()?,
            heard: Arc::default(),
        };
        let heard = far.heard.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = heard.clone();
                // Whoever sent may have been killed.
                thread::spawn(move || drop(serve(&stream, &heard)));
            }
        });
        Ok(far)
    }

    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(stream: &TcpStream, heard: &Mutex<Heard>) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(SILENT_MAX))?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut key, mut line) = (0, None, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let text = line.trim();
            let Some((name, value)) = text.split_once(':') else {
                if text.is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse::<u64>()?.min(BODY_MAX),
                "idempotency-key" => key = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = Vec::new();
        reader.by_ref().take(length).read_to_end(&mut body)?;
        let at = Instant::now();
        let body: Value = serde_json::from_slice(&body)?;
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(at, key, &body);
        (&mut &*stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}

impl Heard {
    fn take(&mut self, at: Instant, key: Option<String>, body: &Value) {
        if key.is_some_and(|key| !self.keys.insert(key)) {
            return;
        }
        self.at.push(at);
        self.more += body["more"].as_u64().unwrap_or_default();
        let is_new = body["kind"] == "raised";
        for alert in body["alerts"].as_array().into_iter().flatten() {
            if alert["status"] == "resolved" || alert["ended"].is_string() {
                continue;
            }
            let label = |name: &str| {
                alert["labels"][name]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            let name = format!("{}/{}", label("alertname"), label("n"));
            self.first.entry(name.clone()).or_insert(at);
            if is_new {
                *self.raised.entry(name).or_default() += 1;
            }
        }
    }
}
