//! What a scrape costs: CPU-seconds for a million samples of one target with many series, from the socket to
//! the store.
//!
//! `cargo run --release -p tegata-collect --example scrape_bench [SERIES] [ROUNDS]` starts itself a second time as the
//! target, so that only the scraping side is counted (user and system time of this process). The first two rounds,
//! in which everything is new, are left out.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::Arc,
};

use async_trait::async_trait;
use promise::{Clock, Timestamp, unit::Span};
use spec::section::source::{Scrape, Sources};
use store::{
    Error, MetricStore, StateStore,
    metrics::{Batch, EmbeddedMetrics},
    state::{Write as StateWrite, Written},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let number = |at: usize, otherwise: usize| {
        args.get(at)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    if args.get(1).is_some_and(|arg| arg == "serve") {
        return serve(number(2, 100_000));
    }
    let (series, rounds) = (number(1, 100_000), number(2, 12));
    let mut target = Command::new(std::env::current_exe()?)
        .args(["serve", &series.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    if let Some(out) = target.stdout.take() {
        BufReader::new(out).read_line(&mut address)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let measured = runtime.block_on(measure(address.trim(), series, rounds));
    target.kill()?;
    measured
}

async fn measure(
    address: &str,
    series: usize,
    rounds: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let job = Scrape {
        targets: vec![address.to_owned()],
        interval: Span::secs(2),
        timeout: Span::secs(2),
        series_max: series as u64 + 100,
        ..Scrape::default()
    };
    let sources = Sources {
        scrape: BTreeMap::from([("bench".to_owned(), job)]),
        ..Sources::default()
    };
    let folder = std::env::temp_dir().join(format!("scrape_bench.{}", std::process::id()));
    let store = EmbeddedMetrics::open(&folder)?;
    let (out, mut heard) = mpsc::channel(16);
    let (lines, _lines) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let outputs = collect::Outputs { rounds: out, lines };
    let secrets = Arc::new(|_: &_| Err("none".to_owned()));
    let _handle = collect::start(
        &sources,
        &folder,
        secrets,
        Arc::new(Nothing),
        Arc::new(Wall),
        outputs,
        stop.clone(),
    );
    let (mut scraping, mut storing, mut samples) = (0.0, 0.0, 0u64);
    let mut before = cpu()?;
    for n in 0..rounds {
        let round = heard.recv().await.ok_or("the collector ended")?;
        if let Some(why) = round.failed {
            return Err(format!("{why:?}").into());
        }
        let (parsed, count) = (cpu()?, (round.floats.len() + round.series.len()) as u64);
        let batch = Batch {
            floats: vec![round.floats],
            series: round.series,
        };
        store.append_batch(batch).await?;
        let stored = cpu()?;
        if n >= 2 {
            scraping += parsed - before;
            storing += stored - parsed;
            samples += count;
        }
        before = stored;
    }
    stop.cancel();
    std::fs::remove_dir_all(&folder)?;
    #[allow(clippy::cast_precision_loss)]
    let millions = samples as f64 / 1e6;
    println!(
        "{series} series, {} rounds: scraping {:.3}, storing {:.3}, together {:.3} CPU-s per 1M samples",
        rounds - 2,
        scraping / millions,
        storing / millions,
        (scraping + storing) / millions
    );
    Ok(())
}

/// User and system time of this process, in seconds. Linux counts them in hundredths.
fn cpu() -> Result<f64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    Ok((ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0)
}

/// A target whose every value changes from one answer to the next.
fn serve(series: usize) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    for turn in 0.. {
        let (stream, _) = listener.accept()?;
        answer(stream, series, turn)?;
    }
    Ok(())
}

fn answer(mut stream: TcpStream, series: usize, first: usize) -> std::io::Result<()> {
    let mut request = [0; 4096];
    // Connections are kept: each request gets the next answer.
    for turn in first.. {
        if stream.read(&mut request)? == 0 {
            return Ok(());
        }
        let mut body = String::with_capacity(series * 100);
        for n in 0..series {
            if n % 100 == 0 {
                let _ = writeln!(body, "# TYPE app_requests_{}_total counter", n / 100);
            }
            let _ = writeln!(
                body,
                "app_requests_{}_total{{method=\"GET\",path=\"/api/v1/things/{}\",code=\"200\"}} {}",
                n / 100,
                n % 100,
                n * 7 + turn * (n % 13 + 1)
            );
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(body.as_bytes())?;
    }
    Ok(())
}

struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// Scraping keeps no state.
struct Nothing;

#[async_trait]
impl StateStore for Nothing {
    async fn get(&self, _: &'static str, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    async fn scan(
        &self,
        _: &'static str,
        _: &str,
        _: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        Ok(Vec::new())
    }

    async fn write(&self, _: Vec<StateWrite>) -> Result<Written, Error> {
        Ok(Written::Done)
    }
}
