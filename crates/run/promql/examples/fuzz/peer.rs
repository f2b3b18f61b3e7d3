//! A real Prometheus on loopback: started, filled by remote write, asked, and ended.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use promql::{Histogram, Series, series::Buckets};
use serde_json::Value as Json;

use crate::Moment;

/// How often it is asked whether it stands yet: ten seconds in all.
const WAITS_MAX: usize = 100;
/// Samples are sent in slices of this length: a head block takes nothing much older than its newest.
const SLICE_MILLIS: i64 = 600_000;
const FEATURES: &str = "promql-experimental-functions,native-histograms,promql-duration-expr";

pub struct Peer {
    child: Child,
    folder: PathBuf,
    port: u16,
    connection: Option<BufReader<TcpStream>>,
}

/// What Prometheus answers.
#[derive(Debug)]
pub enum Theirs {
    Error(String),
    Data {
        kind: String,
        result: Json,
        warnings: Vec<String>,
        infos: Vec<String>,
    },
}

impl Theirs {
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Data { result, .. } if result.as_array().is_some_and(Vec::is_empty))
    }
}

fn program() -> PathBuf {
    let unpacked = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../target/peers/usr/bin");
    std::env::var_os("TEGATA_PEERS")
        .map_or_else(|| unpacked.into(), PathBuf::from)
        .join("prometheus")
}

impl Peer {
    pub fn start(series: &[Series]) -> Result<Self, String> {
        let wrong = |what: &str, why: std::io::Error| format!("{what}: {why}");
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|why| wrong("a port", why))?;
        let port = listener
            .local_addr()
            .map_err(|why| wrong("a port", why))?
            .port();
        drop(listener);
        let folder =
            std::env::temp_dir().join(format!("tegata-promql-fuzz-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|why| wrong("a folder", why))?;
        let config = folder.join("prometheus.yml");
        fs::write(&config, "global: {}\n").map_err(|why| wrong("the configuration", why))?;
        let child = Command::new(program())
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg("--storage.tsdb.retention.time=100y")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.enable-remote-write-receiver")
            .arg(format!("--enable-feature={FEATURES}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| wrong("prometheus", why))?;
        let mut peer = Self {
            child,
            folder,
            port,
            connection: None,
        };
        peer.wait()?;
        peer.fill(series)?;
        Ok(peer)
    }

    fn wait(&mut self) -> Result<(), String> {
        for _ in 0..WAITS_MAX {
            if matches!(self.call("GET", "/-/ready", "", &[]), Ok((200, _))) {
                return Ok(());
            }
            self.connection = None;
            thread::sleep(Duration::from_millis(100));
        }
        Err("Prometheus did not get ready".to_owned())
    }

    fn fill(&mut self, series: &[Series]) -> Result<(), String> {
        let instants = series.iter().flat_map(|series| {
            let floats = series.samples.iter().map(|sample| sample.at.as_millis());
            floats.chain(series.histograms.iter().map(|sample| sample.at.as_millis()))
        });
        let (Some(first), Some(last)) = (instants.clone().min(), instants.max()) else {
            return Ok(());
        };
        let mut from = first;
        while from <= last {
            let body = write_request(series, (from, from + SLICE_MILLIS));
            let packed = snap::raw::Encoder::new()
                .compress_vec(&body)
                .map_err(|why| why.to_string())?;
            let head = "Content-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n\
                        X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
            let (status, answer) = self.call("POST", "/api/v1/write", head, &packed)?;
            if status / 100 != 2 {
                return Err(format!(
                    "remote write: {status} {}",
                    String::from_utf8_lossy(&answer)
                ));
            }
            from += SLICE_MILLIS;
        }
        Ok(())
    }

    pub fn ask(&mut self, query: &str, moment: Moment) -> Result<Theirs, String> {
        let seconds = |millis: i64| millis as f64 / 1_000.0;
        let (path, form) = match moment {
            Moment::Instant(at) => ("/api/v1/query", format!("time={}", seconds(at))),
            Moment::Range(from, to, step) => (
                "/api/v1/query_range",
                format!(
                    "start={}&end={}&step={}",
                    seconds(from),
                    seconds(to),
                    seconds(step)
                ),
            ),
        };
        let body = format!("query={}&{form}", escaped(query));
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        let (_, answer) = self.call("POST", path, head, body.as_bytes())?;
        let mut json: Json = serde_json::from_slice(&answer).map_err(|why| why.to_string())?;
        let list = |json: &Json, name: &str| -> Vec<String> {
            let all = json
                .get(name)
                .and_then(Json::as_array)
                .into_iter()
                .flatten();
            all.filter_map(Json::as_str).map(str::to_owned).collect()
        };
        if json["status"] != "success" {
            return Ok(Theirs::Error(
                json["error"].as_str().unwrap_or("").to_owned(),
            ));
        }
        let (warnings, infos) = (list(&json, "warnings"), list(&json, "infos"));
        Ok(Theirs::Data {
            kind: json["data"]["resultType"].as_str().unwrap_or("").to_owned(),
            result: json["data"]["result"].take(),
            warnings,
            infos,
        })
    }

    /// One request over a kept connection, once more over a fresh one where that had ended.
    fn call(
        &mut self,
        method: &str,
        path: &str,
        head: &str,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), String> {
        let had = self.connection.is_some();
        match self.exchange(method, path, head, body) {
            Err(_) if had => {
                self.connection = None;
                self.exchange(method, path, head, body)
            }
            done => done,
        }
        .map_err(|why| format!("{path}: {why}"))
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        head: &str,
        body: &[u8],
    ) -> std::io::Result<(u16, Vec<u8>)> {
        if self.connection.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_nodelay(true)?;
            self.connection = Some(BufReader::new(stream));
        }
        let Some(connection) = &mut self.connection else {
            return Err(std::io::ErrorKind::NotConnected.into());
        };
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        connection.get_mut().write_all(&request)?;
        read_answer(connection)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn read_answer(connection: &mut BufReader<TcpStream>) -> std::io::Result<(u16, Vec<u8>)> {
    let mut line = || -> std::io::Result<String> {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_ascii_lowercase())
    };
    let status = line()?
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let (mut length, mut chunked) = (0usize, false);
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    let mut body = Vec::new();
    if !chunked {
        body.resize(length, 0);
        connection.read_exact(&mut body)?;
        return Ok((status, body));
    }
    loop {
        let mut size = String::new();
        connection.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let start = body.len();
        body.resize(start + size, 0);
        connection.read_exact(&mut body[start..])?;
        let mut end = String::new();
        connection.read_line(&mut end)?;
        if size == 0 {
            return Ok((status, body));
        }
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The wire format of protocol buffers, as far as remote write 1.0 needs it.
#[derive(Default)]
struct Wire(Vec<u8>);

impl Wire {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn zigzag(&mut self, field: u64, value: i64) {
        self.number(field, ((value << 1) ^ (value >> 63)) as u64);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.varint(field << 3 | 1);
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

fn write_request(series: &[Series], (from, to): (i64, i64)) -> Vec<u8> {
    let inside = |at: i64| (from..to).contains(&at);
    let mut request = Wire::default();
    for series in series {
        let mut one = Wire::default();
        for (name, value) in &series.labels {
            let mut label = Wire::default();
            label.bytes(1, name.as_bytes());
            label.bytes(2, value.as_bytes());
            one.bytes(1, &label.0);
        }
        let mut any = false;
        for sample in series
            .samples
            .iter()
            .filter(|sample| inside(sample.at.as_millis()))
        {
            let mut wire = Wire::default();
            wire.double(1, sample.value);
            wire.number(2, sample.at.as_millis() as u64);
            one.bytes(2, &wire.0);
            any = true;
        }
        for sample in series
            .histograms
            .iter()
            .filter(|sample| inside(sample.at.as_millis()))
        {
            one.bytes(4, &histogram(&sample.value, sample.at.as_millis()));
            any = true;
        }
        if any {
            request.bytes(1, &one.0);
        }
    }
    request.0
}

/// As a histogram of floats. What is said of resets is left for the receiver to find out.
fn histogram(value: &Histogram, at: i64) -> Vec<u8> {
    let mut wire = Wire::default();
    wire.double(2, value.count);
    wire.double(3, value.sum);
    wire.zigzag(4, i64::from(value.schema));
    wire.double(5, value.zero_threshold);
    wire.double(7, value.zero_count);
    side(&mut wire, 8, 10, &value.negative);
    side(&mut wire, 11, 13, &value.positive);
    if value.reset == promql::series::Reset::Gauge {
        wire.number(14, 3);
    }
    wire.number(15, at as u64);
    doubles(&mut wire, 16, &value.custom_bounds);
    wire.0
}

fn side(wire: &mut Wire, spans: u64, counts: u64, buckets: &Buckets) {
    for span in &buckets.spans {
        let mut one = Wire::default();
        one.zigzag(1, i64::from(span.offset));
        one.number(2, u64::from(span.len));
        wire.bytes(spans, &one.0);
    }
    doubles(wire, counts, &buckets.counts);
}

fn doubles(wire: &mut Wire, field: u64, values: &[f64]) {
    if values.is_empty() {
        return;
    }
    let packed: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_bits().to_le_bytes())
        .collect();
    wire.bytes(field, &packed);
}
