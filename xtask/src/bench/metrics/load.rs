//! What is written and scraped: series as services have them, the same for each system.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{http, system::System};

/// A question that takes longer to arrive is dropped.
const ASKED_WITHIN: Duration = Duration::from_secs(10);
/// Lines of a question that are read at most.
const LINES_MAX: usize = 64;
/// Series of one remote-write request, as Prometheus sends them by default.
pub const REQUEST_SERIES: usize = 2_000;

/// Of four series two are counters of whole events, one is a gauge with two decimals that wanders, and one seldom
/// changes.
pub struct Load {
    values: Vec<f64>,
    random: u64,
}

impl Load {
    pub fn new(series: usize) -> Self {
        let mut load = Self {
            values: Vec::new(),
            random: 0x9e37_79b9_7f4a_7c15,
        };
        load.values = (0..series)
            .map(|_| (load.below(1_000_000) as f64).floor())
            .collect();
        load
    }

    /// The next instant of all series.
    pub fn step(&mut self) {
        for series in 0..self.values.len() {
            let by = match series % 4 {
                0 | 1 => self.below(30) as f64,
                2 => (self.below(201) as f64 - 100.0) / 100.0,
                _ if self.below(100) == 0 => 1.0,
                _ => 0.0,
            };
            // Gauges keep two decimals however long they wander.
            self.values[series] = ((self.values[series] + by) * 100.0).round() / 100.0;
        }
    }

    /// SplitMix64 (Steele, Lea and Flood 2014), below a bound.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// The present instant as remote-write 1.0 requests, compressed.
    pub fn requests(&self, labels: &[Vec<u8>], at: i64) -> anyhow::Result<Vec<Vec<u8>>> {
        let all: Vec<(&Vec<u8>, &f64)> = labels.iter().zip(&self.values).collect();
        all.chunks(REQUEST_SERIES)
            .map(|some| {
                let mut message = Vec::new();
                for (labels, value) in some {
                    let mut sample = vec![0x09];
                    sample.extend_from_slice(&value.to_le_bytes());
                    sample.push(0x10);
                    varint(&mut sample, at.cast_unsigned());
                    let mut one = (*labels).clone();
                    field(&mut one, 2, &sample);
                    field(&mut message, 1, &one);
                }
                Ok(snap::raw::Encoder::new().compress_vec(&message)?)
            })
            .collect()
    }

    /// The present instant as Prometheus's text.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.values.len() * 90);
        for (series, value) in self.values.iter().enumerate() {
            // Writing to a string does not fail.
            let _ = write!(text, "{}{{", metric(series));
            for (place, (name, label)) in pairs(series).into_iter().enumerate() {
                let comma = if place == 0 { "" } else { "," };
                let _ = write!(text, "{comma}{name}=\"{label}\"");
            }
            let _ = writeln!(text, "}} {value}");
        }
        text
    }
}

/// Writes one sample as it is now.
pub fn push(system: &System, labels: &[(&str, &str)], value: f64) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let one = Load {
        values: vec![value],
        random: 0,
    };
    for request in one.requests(&[encoded(labels)], i64::try_from(now)?)? {
        write(system, &request)?;
    }
    Ok(())
}

/// Sends a request that [`Load::requests`] made.
pub fn write(system: &System, request: &[u8]) -> anyhow::Result<()> {
    const HEADERS: &str = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
                           X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
    http::post(system.address, "/api/v1/write", HEADERS, request)?.ok()?;
    Ok(())
}

/// The labels of each series as protocol buffers.
pub fn labels(series: usize) -> Vec<Vec<u8>> {
    (0..series)
        .map(|series| {
            let own = [("__name__", metric(series)), ("job", "bench".to_owned())];
            let mut all: Vec<(&str, String)> = own.into_iter().chain(pairs(series)).collect();
            all.sort();
            let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (*n, v.as_str())).collect();
            encoded(&all)
        })
        .collect()
}

fn encoded(labels: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in labels {
        let mut label = Vec::new();
        field(&mut label, 1, name.as_bytes());
        field(&mut label, 2, value.as_bytes());
        field(&mut out, 1, &label);
    }
    out
}

fn metric(series: usize) -> String {
    match series % 4 {
        0 => "bench_requests_total",
        1 => "bench_bytes_total",
        2 => "bench_temperature_celsius",
        _ => "bench_version",
    }
    .to_owned()
}

fn pairs(series: usize) -> [(&'static str, String); 4] {
    let group = series / 4;
    [
        ("code", ["200", "404", "500"][group % 3].to_owned()),
        ("path", format!("/api/v1/resource/{}", group / 3 % 50)),
        ("pod", format!("shop-{:05}", group / 150)),
        ("shard", format!("{}", group % 500)),
    ]
}

fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    out.push(n.to_le_bytes()[0]);
}

/// A target that counts how often it was scraped.
pub struct Target {
    pub address: SocketAddr,
    scrapes: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

impl Target {
    /// `body` gives the text of the next scrape, ahead, so that nobody waits for it.
    pub fn serve(body: impl FnMut() -> String + Send + 'static) -> anyhow::Result<Self> {
        Self::start(body, true)
    }

    /// `body` gives the text when it is asked for: as it is then.
    pub fn serve_now(body: impl FnMut() -> String + Send + 'static) -> anyhow::Result<Self> {
        Self::start(body, false)
    }

    fn start(
        mut body: impl FnMut() -> String + Send + 'static,
        ahead: bool,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let target = Self {
            address: listener.local_addr()?,
            scrapes: Arc::default(),
            ended: Arc::default(),
        };
        let (scrapes, ended) = (target.scrapes.clone(), target.ended.clone());
        thread::spawn(move || {
            let mut next = ahead.then(&mut body);
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                // Whoever asked may have gone.
                let text = next.take().unwrap_or_else(&mut body);
                if answer(stream, &text).is_ok() {
                    scrapes.fetch_add(1, Ordering::Relaxed);
                }
                next = ahead.then(&mut body);
            }
        });
        Ok(target)
    }

    pub fn scrapes(&self) -> usize {
        self.scrapes.load(Ordering::Relaxed)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the thread, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(mut stream: TcpStream, body: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(ASKED_WITHIN))?;
    for line in BufReader::new(&stream).lines().take(LINES_MAX) {
        if line?.is_empty() {
            break;
        }
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body.as_bytes())
}
