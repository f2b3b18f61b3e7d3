//! From the eleventh event to the notification that somebody received, while 20,000 other lines a second come in.
//!
//! The real binary with a hundred rules on logs: half of them each wait for a trial of this bench, the others count what
//! the other lines say, as rules of a house do. A trial posts ten events of its own, and later the eleventh.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, ensure};

use super::super::{
    instance::{Instance, cpu},
    sink::{lock, sink},
};

const TRIALS: usize = 50;
const RULES: usize = 100;
const LINES_A_SECOND: u64 = 20_000;
/// Lines in one request: ten requests a second.
const TOGETHER: u64 = 2_000;
/// What the rules remember has become many then.
const WARM_UP: Duration = Duration::from_secs(20);
/// Between two trials: a prime, so that they meet every phase of what happens by the clock.
const BETWEEN: Duration = Duration::from_millis(809);
const PATIENCE: Duration = Duration::from_secs(30);
const ANSWER_BYTES: usize = 1 << 20;

pub fn run(binary: &Path, folder: &Path) -> anyhow::Result<String> {
    let (receiver, arrivals) = sink(TRIALS)?;
    let file = folder.join("fired.yaml");
    fs::write(&file, spec(receiver))?;
    let data = folder.join("fired");
    let instance = Instance::start(binary, &file, &data)?;
    let flood = Flood::start(instance.address());
    thread::sleep(WARM_UP);
    let (before, began) = ([instance.cpu()?, cpu(std::process::id())?], Instant::now());
    let mut took = Vec::new();
    for trial in 0..TRIALS {
        let of_trial = |count| -> anyhow::Result<()> {
            let (status, body) = instance.post("/elastic/_bulk", &events(trial, count))?;
            ensure!(
                status == 200 && body.contains("\"errors\":false"),
                "answered {status}: {body}"
            );
            Ok(())
        };
        of_trial(10)?;
        thread::sleep(BETWEEN);
        ensure!(lock(&arrivals)[trial].is_none(), "ten events were told");
        let sent = Instant::now();
        of_trial(1)?;
        let arrived = loop {
            if let Some(at) = lock(&arrivals)[trial] {
                break at;
            }
            ensure!(sent.elapsed() < PATIENCE, "trial {trial} was never told");
            thread::sleep(Duration::from_millis(1));
        };
        took.push(arrived.saturating_duration_since(sent).as_secs_f64() * 1e3);
    }
    let resident = instance.resident_kib()? / 1024;
    let share = |secs: f64, before: f64| (secs - before) / began.elapsed().as_secs_f64();
    let ours = share(instance.cpu()?, before[0]);
    let theirs = share(cpu(std::process::id())?, before[1]);
    let a_second = flood.end()?;
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    Ok(format!(
        "eleventh event posted to notification received, {RULES} rules, {a_second:.0} lines/s beside it, {TRIALS} trials: \
         median {:.1} ms, 90th percentile {:.1} ms, 99th {:.1} ms, longest {:.1} ms; {resident} MiB resident, {ours:.2} cores, and {theirs:.2} of those who post and receive",
        at(50),
        at(90),
        at(99),
        at(100),
    ))
}

fn spec(receiver: SocketAddr) -> String {
    let mut spec = format!(
        "service: {{ name: Bench, owner: bench, time_zone: UTC }}\n\
         severities: {{ sev1: {{ level: 1, page_within: 1m }} }}\n\
         promises: {{}}\n\
         receivers: {{ hook: {{ kind: webhook, url: \"http://{receiver}/\" }} }}\n\
         routes: [{{ receivers: [hook] }}]\n\
         sources: {{ logs: {{ payments: {{ stream: payment_app, post: true }} }} }}\n\
         log_analysis:\n  payments:\n    pattern: payment_*\n    alerts:\n"
    );
    for n in 0..RULES {
        let (name, logs, count, within) = if n < TRIALS {
            (
                format!("Trial{n}x"),
                format!("status:failed AND trial:trial{n}x"),
                10,
                "5m",
            )
        } else {
            let logs = match n % 5 {
                0 => "status:failed AND error_code:card_declined".to_owned(),
                1 => format!("message:declined AND host:payment-api-{}", n % 12),
                2 => format!("processing_time:>{} AND level:error", 10 * n),
                3 => "status:failed".to_owned(),
                _ => format!("merchant.id:{n} AND status:failed"),
            };
            (format!("House{n}"), logs, 50_000_000, "5m")
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            spec,
            "      {name}: {{ logs: \"{logs}\", count: \"> {count}\", within: {within}, severity: sev1 }}"
        );
    }
    spec
}

/// Now, as Elasticsearch's clients write it: milliseconds.
fn now() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis()
}

fn events(trial: usize, count: usize) -> String {
    let line = format!(
        "{{\"create\":{{\"_index\":\"payment_app\"}}}}\n{{\"@timestamp\":{},\"status\":\"failed\",\"trial\":\"trial{trial}x\"}}\n",
        now()
    );
    line.repeat(count)
}

/// The other lines, on a connection of their own, at their pace until it is ended.
struct Flood {
    stop: Arc<AtomicBool>,
    lines: Arc<AtomicU64>,
    begun: Instant,
    thread: thread::JoinHandle<anyhow::Result<()>>,
}

impl Flood {
    fn start(address: SocketAddr) -> Self {
        let (stop, lines) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let begun = Instant::now();
        let (theirs, counted) = (stop.clone(), lines.clone());
        let thread = thread::spawn(move || {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            while !theirs.load(Ordering::Relaxed) {
                let from = counted.load(Ordering::Relaxed);
                let due = begun + Duration::from_secs(from) / u32::try_from(LINES_A_SECOND)?;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                post(&mut stream, address, &payments(from))?;
                counted.fetch_add(TOGETHER, Ordering::Relaxed);
            }
            Ok(())
        });
        Self {
            stop,
            lines,
            begun,
            thread,
        }
    }

    /// Lines a second that were taken.
    fn end(self) -> anyhow::Result<f64> {
        self.stop.store(true, Ordering::Relaxed);
        let done = self.thread.join();
        done.map_err(|_| anyhow::anyhow!("the flood panicked"))??;
        Ok(self.lines.load(Ordering::Relaxed) as f64 / self.begun.elapsed().as_secs_f64())
    }
}

/// Payment lines, of which one in twenty failed.
fn payments(from: u64) -> String {
    let (mut body, now) = (String::new(), now());
    for n in from..from + TOGETHER {
        let is_failed = n % 20 == 0;
        let (level, status, code, word) = if is_failed {
            ("error", "failed", "card_declined", "declined")
        } else {
            ("info", "succeeded", "none", "captured")
        };
        // Writing to a string does not fail.
        let _ = write!(
            body,
            "{{\"create\":{{\"_index\":\"payment_app\"}}}}\n{{\"@timestamp\":{now},\"level\":\"{level}\",\"service\":\"payment-api\",\
             \"host\":\"payment-api-{}\",\"user_id\":\"user_{}\",\"merchant\":{{\"id\":{}}},\"amount\":{},\"currency\":\"JPY\",\
             \"processing_time\":{},\"status\":\"{status}\",\"error_code\":\"{code}\",\"message\":\"Payment pay_{n:09} {word}\"}}\n",
            n % 12,
            n.wrapping_mul(2_654_435_761) % 200_000,
            n % 2_000,
            n % 50_000,
            n % 900,
        );
    }
    body
}

/// Posts on a connection that is kept, and reads the answer.
fn post(stream: &mut TcpStream, address: SocketAddr, body: &str) -> anyhow::Result<()> {
    write!(
        stream,
        "POST /elastic/_bulk HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let (mut all, mut part) = (Vec::new(), [0; 64 << 10]);
    while all.len() < ANSWER_BYTES {
        let n = stream.read(&mut part)?;
        ensure!(n > 0, "the connection was closed");
        all.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&all);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        ensure!(head.starts_with("HTTP/1.1 200"), "refused: {head}");
        let is_length = |line: &&str| line.to_ascii_lowercase().starts_with("content-length:");
        let line = head.lines().find(is_length).context("no length")?;
        let length: usize = line[15..].trim().parse()?;
        if body.len() >= length {
            ensure!(
                body.contains("\"errors\":false"),
                "lines were refused: {}",
                body.chars().take(500).collect::<String>()
            );
            return Ok(());
        }
    }
    anyhow::bail!("the answer is too long")
}
