//! Figures of the embedded log store, one core at a time: `logs_bench generate payments|lines COUNT FILE` writes a file of
//! JSON lines, the same for everybody who reads it, and `logs_bench run FILE FOLDER` stores it and asks.
//!
//! Times are processor times of the whole process, so that threads which work beside the caller count too.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

use promise::{LogQuery, Timestamp, record::Scalar};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::{Map, Value};
use store::{
    LogStore, Record,
    logs::{EmbeddedLogs, Scan, Search},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// 2026-01-05T00:00:00Z, a Monday, in milliseconds.
const START: i64 = 1_767_571_200_000;
/// Lines of one request, as shippers send them.
const BULK: usize = 5_000;
/// Each query is asked so often; the median counts.
const RUNS: usize = 11;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["generate", kind, count, file] => generate(kind, count.parse()?, Path::new(file)),
        ["run", file, folder] => run(Path::new(file), Path::new(folder)),
        _ => Err("usage: logs_bench generate payments|lines COUNT FILE | run FILE FOLDER".into()),
    }
}

fn generate(kind: &str, count: usize, file: &Path) -> Result<()> {
    let mut random = Pcg64::seed_from_u64(4);
    let mut out = BufWriter::new(fs::File::create(file)?);
    let mut at = START;
    for n in 0..count {
        at += random.random_range(0..120);
        match kind {
            "payments" => payment(&mut random, n, at, &mut out)?,
            _ => line(&mut random, n, at, &mut out)?,
        }
    }
    out.flush()?;
    Ok(())
}

fn pick<'t>(random: &mut Pcg64, of: &[&'t str]) -> &'t str {
    of[random.random_range(0..of.len())]
}

/// Small numbers are likelier, as among merchants and users.
fn skewed(random: &mut Pcg64, below: u32) -> u32 {
    let a = f64::from(random.random_range(0..1_000_000u32)) / 1e6;
    (a * a * f64::from(below)) as u32
}

fn hex(random: &mut Pcg64, digits: usize) -> String {
    (0..digits)
        .map(|_| char::from_digit(random.random_range(0..16), 16).unwrap_or('0'))
        .collect()
}

fn uuid(random: &mut Pcg64) -> String {
    let digits = hex(random, 32);
    format!(
        "{}-{}-4{}-a{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

fn clock(at: i64) -> String {
    let (secs, millis) = (at / 1000 % 86_400, at % 1000);
    let day = 5 + (at - START) / 86_400_000;
    format!(
        "2026-01-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
        secs / 3600,
        secs / 60 % 60,
        secs % 60
    )
}

/// A line of the payment service: the fields that its log system lists, and those that any service adds.
fn payment(random: &mut Pcg64, n: usize, at: i64, out: &mut impl Write) -> Result<()> {
    let user = skewed(random, 200_000);
    let (session, request, trace, span) =
        (uuid(random), uuid(random), hex(random, 32), hex(random, 16));
    let payment = format!("pay_{:09}", 700_000_000 + n);
    let merchant = skewed(random, 2_000);
    let amount = (1 + skewed(random, 5_000)) * 10;
    let currency = pick(random, &["JPY", "JPY", "JPY", "JPY", "USD", "EUR"]);
    let method = pick(
        random,
        &["card", "card", "card", "konbini", "bank_transfer", "paypay"],
    );
    let brand = pick(random, &["visa", "visa", "mastercard", "jcb", "amex"]);
    let took = 20
        + skewed(random, 900)
        + if random.random_range(0..200) == 0 {
            5_000
        } else {
            0
        };
    let is_failed = random.random_range(0..20) == 0;
    let ip = format!(
        "{}.{}.{}.{}",
        pick(random, &["203", "198", "126", "153"]),
        random.random_range(0..256),
        random.random_range(0..256),
        random.random_range(1..255)
    );
    let agent = format!(
        "Mozilla/5.0 ({}) AppleWebKit/605.1.15 (KHTML, like Gecko) {}/{}.{} Mobile/15E148 Safari/604.1",
        pick(
            random,
            &[
                "iPhone; CPU iPhone OS 17_5 like Mac OS X",
                "Linux; Android 14; Pixel 8",
                "Windows NT 10.0; Win64; x64",
                "Macintosh; Intel Mac OS X 10_15_7"
            ]
        ),
        pick(random, &["Version", "Chrome", "Firefox"]),
        random.random_range(110..128u32),
        random.random_range(0..4u32),
    );
    let host = format!("payment-api-{}", random.random_range(0..12u32));
    write!(
        out,
        "{{\"@timestamp\":\"{}\",\"level\":\"{}\",\"service\":\"payment-api\",\"host\":\"{host}\"",
        clock(at),
        if is_failed { "error" } else { "info" }
    )?;
    write!(
        out,
        ",\"user_id\":\"user_{user}\",\"session_id\":\"{session}\",\"request_id\":\"{request}\",\"trace_id\":\"{trace}\",\"span_id\":\"{span}\""
    )?;
    write!(
        out,
        ",\"payment_id\":\"{payment}\",\"merchant\":{{\"id\":{merchant},\"country\":\"{}\"}}",
        pick(random, &["JP", "JP", "JP", "US", "SG"])
    )?;
    write!(
        out,
        ",\"amount\":{amount},\"currency\":\"{currency}\",\"payment_method\":\"{method}\",\"card\":{{\"brand\":\"{brand}\",\"is_3ds\":{}}}",
        random.random_range(0..3) > 0
    )?;
    write!(
        out,
        ",\"processing_time\":{took},\"ip_address\":\"{ip}\",\"user_agent\":\"{agent}\""
    )?;
    if is_failed {
        let code = pick(
            random,
            &[
                "card_declined",
                "insufficient_funds",
                "expired_card",
                "processing_error",
                "do_not_honor",
            ],
        );
        write!(
            out,
            ",\"status\":\"failed\",\"error_code\":\"{code}\",\"message\":\"Payment {payment} of {amount} {currency} by user_{user} declined after {took} ms: {code}, request {request}\"}}"
        )?;
    } else {
        write!(
            out,
            ",\"status\":\"succeeded\",\"message\":\"Payment {payment} of {amount} {currency} by user_{user} captured in {took} ms, request {request}\"}}"
        )?;
    }
    writeln!(out)?;
    Ok(())
}

/// A line of a system's log, in the manner of a file system's, an SSH server's and a job scheduler's.
fn line(random: &mut Pcg64, n: usize, at: i64, out: &mut impl Write) -> Result<()> {
    let block = random.random_range(1_000_000_000_000_000_000..9_000_000_000_000_000_000u64);
    let ip = |random: &mut Pcg64| {
        format!(
            "10.{}.{}.{}",
            random.random_range(250..252u32),
            random.random_range(0..20u32),
            random.random_range(1..255u32)
        )
    };
    let (a, b) = (ip(random), ip(random));
    let port = random.random_range(30_000..60_000u32);
    let text = match random.random_range(0..9u32) {
        0 => format!("Receiving block blk_{block} src: /{a}:{port} dest: /{b}:50010"),
        1 => format!(
            "PacketResponder {} for block blk_{block} terminating",
            random.random_range(0..3u32)
        ),
        2 => format!(
            "BLOCK* NameSystem.addStoredBlock: blockMap updated: {a}:50010 is added to blk_{block} size {}",
            67_108_864 - skewed(random, 60_000_000)
        ),
        3 => format!(
            "Failed password for invalid user {} from {a} port {port} ssh2",
            pick(
                random,
                &["admin", "oracle", "test", "guest", "root", "ubuntu"]
            )
        ),
        4 => format!("Connection closed by {a} port {port} [preauth]"),
        5 => format!(
            "Task attempt_1445087491445_{:04}_m_{:06}_0 is done from TaskContainer Launched on node {b}. And is in the process of committing",
            n / 5000,
            random.random_range(0..900u32)
        ),
        6 => format!("Got allocated containers {}", random.random_range(0..12u32)),
        7 => format!("workerEnv in error state {}", random.random_range(5..9u32)),
        _ => format!(
            "jk2_init() Found child {} in scoreboard slot {}",
            1000 + skewed(random, 31_000),
            random.random_range(5..12u32)
        ),
    };
    writeln!(
        out,
        "{{\"@timestamp\":\"{}\",\"host\":\"node-{}\",\"message\":\"{text}\"}}",
        clock(at),
        random.random_range(0..40u32)
    )?;
    Ok(())
}

/// Processor time of this process, user and system.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    // Linux counts in hundredths of a second wherever this runs.
    Duration::from_millis(ticks * 10)
}

fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok())
        .unwrap_or_default()
        / 1024.0
}

fn record(line: &str, n: u128) -> Result<Record> {
    let fields: Map<String, Value> = serde_json::from_str(line)?;
    let at: Timestamp = fields
        .get("@timestamp")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .parse()
        .map_err(|_| "no time")?;
    Ok(Record {
        id: 0x0193_0000_0000 << 64 | n,
        at,
        stream: "payment_app".to_owned(),
        fields,
    })
}

fn run(file: &Path, folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let raw = fs::metadata(file)?.len() as f64;
        let store = EmbeddedLogs::open(folder)?;
        let (start, wall) = (cpu(), Instant::now());
        let mut bulk = Vec::with_capacity(BULK);
        let mut count = 0;
        for line in BufReader::new(fs::File::open(file)?).lines() {
            bulk.push(record(&line?, count)?);
            count += 1;
            if bulk.len() == BULK {
                store.append(std::mem::replace(&mut bulk, Vec::with_capacity(BULK))).await?;
            }
        }
        store.append(bulk).await?;
        let durable = cpu() - start;
        store.seal().await?;
        let sealed = cpu() - start;
        let mb = raw / 1e6;
        println!("lines {count}, raw {mb:.0} MB");
        println!("ingest: parsed, durable and searchable {:.1} MB/s a core ({:.2} CPU-s, {:.2} s); with sealing {:.1} MB/s ({:.2} CPU-s)",
            mb / durable.as_secs_f64(), durable.as_secs_f64(), wall.elapsed().as_secs_f64(), mb / sealed.as_secs_f64(), sealed.as_secs_f64());
        println!("peak memory {:.0} MiB", peak_mib());
        let status = store.status().await?;
        println!("disk {:.1} MB, {:.2}x", status.disk_bytes as f64 / 1e6, raw / status.disk_bytes as f64);
        ask(&store, raw).await
    })
}

async fn ask(store: &EmbeddedLogs, raw: f64) -> Result<()> {
    let (from, to) = (
        Timestamp::from_millis(START - 1),
        Timestamp::from_millis(START + 30 * 86_400_000),
    );
    let query = |text: &str| LogQuery::parse(text).map_err(|why| why.en);
    for (name, text, limit) in [
        ("last 20 of status:failed", "status:failed", 20),
        ("absent word", "zanzibar", 20),
        ("last 20 of a word", "declined", 20),
    ] {
        let search = Search {
            query: query(text)?,
            from,
            to,
            newest_first: true,
            after: None,
            limit,
        };
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            let found = store.search(&search).await?;
            times.push((start.elapsed(), found.len()));
        }
        tell(name, &mut times, raw);
    }
    for (name, text) in [
        ("count of a word, all rows", "declined"),
        (
            "count of two words that are never side by side",
            "\"captured declined\"",
        ),
        ("count of status:failed", "status:failed"),
        ("count of processing_time:>5000", "processing_time:>5000"),
        ("count of a phrase over fields", "\"JPY by\""),
        ("count of any text with a wildcard", "decl*ed"),
    ] {
        let query = query(text)?;
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            let found = store.count(&query, from, to).await?;
            times.push((start.elapsed(), usize::try_from(found)?));
        }
        tell(name, &mut times, raw);
    }
    for (name, text, columns) in [
        ("histogram by minute, all rows", "*", vec![]),
        (
            "histogram by minute of status:failed",
            "status:failed",
            vec![],
        ),
        (
            "group by error_code",
            "status:failed",
            vec!["error_code".to_owned()],
        ),
    ] {
        let scan = Scan {
            query: query(text)?,
            from,
            to,
            columns,
        };
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            times.push((start.elapsed(), grouped(store, &scan).await?));
            if let Some(last) = times.last_mut() {
                last.0 = start.elapsed();
            }
        }
        tell(name, &mut times, raw);
    }
    Ok(())
}

/// How many groups there are, by minute or by the column.
async fn grouped(store: &EmbeddedLogs, scan: &Scan) -> Result<usize> {
    let mut minutes = vec![0u64; 31 * 1440];
    let mut values: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    let mut batches = store.scan(scan).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        match batch.columns.first() {
            None => {
                for at in &batch.at {
                    let minute = usize::try_from((at.as_millis() - START) / 60_000)?;
                    if let Some(count) = minutes.get_mut(minute) {
                        *count += 1;
                    }
                }
            }
            Some(store::logs::Cells::Dictionary {
                values: entries,
                codes,
            }) => {
                let mut counts = vec![0; entries.len()];
                for code in codes {
                    if let Some(count) = counts.get_mut(*code as usize) {
                        *count += 1;
                    }
                }
                for (entry, count) in entries.iter().zip(counts) {
                    *values.entry(entry.to_string()).or_default() += count;
                }
            }
            Some(cells) => {
                for row in 0..batch.len() {
                    *values
                        .entry(cells.get(row).unwrap_or_default().to_string())
                        .or_default() += 1;
                }
            }
        }
    }
    Ok(minutes.iter().filter(|count| **count > 0).count() + values.len())
}

fn tell(name: &str, times: &mut [(Duration, usize)], raw: f64) {
    times.sort();
    let (median, found) = times[times.len() / 2];
    println!(
        "{name}: {:.2} ms, {found} found, {:.1} GB/s of raw",
        median.as_secs_f64() * 1e3,
        raw / median.as_secs_f64() / 1e9
    );
}
