//! How fast a core redacts, what it finds, and what it takes for a card that is none.
//!
//! `cargo run --release -p tegata-collect --example redact_bench [LINES | FILE]`. The clean lines are made up, the same in
//! every run: requests, JSON records, traces, Japanese sentences, with ids, times and amounts as services write them. Or
//! they are a file's, such as the payment lines that `logs_bench` of the store generates; lines that are JSON objects are
//! redacted as records too, as those that are posted.

#![allow(clippy::cast_precision_loss)]

use std::{
    fmt::Write as _,
    fs,
    time::{Duration, Instant},
};

use collect::redact::Redactor;
use serde_json::{Map, Value};
use spec::section::redact::Redact;

const LINES: usize = 1_000_000;
/// So many are made and then looked at again and again: more would measure the making.
const ROUNDS: usize = 3;
/// Lines of one request, as shippers send them.
const TOGETHER: usize = 1_000;

/// A small generator (splitmix64), so that every run sees the same lines.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn uuid(chance: &mut Chance) -> String {
    let (a, b) = (chance.next(), chance.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

fn line(chance: &mut Chance, n: usize) -> String {
    let millis = 1_795_305_600_000 + n as u64 * 17 + chance.below(17);
    let (amount, took) = (chance.below(200_000), chance.below(9_000));
    let ip = format!(
        "10.{}.{}.{}",
        chance.below(256),
        chance.below(256),
        chance.below(256)
    );
    let mut out = String::new();
    let _ = match n % 6 {
        0 => write!(
            out,
            r#"{{"time":"2026-11-22T01:{:02}:{:02}.{:03}Z","level":"info","service":"payment-api","order_id":"{}","amount":{amount},"currency":"JPY","status":"succeeded","processing_time":{took},"trace_id":"{:016x}{:016x}","client":"{ip}"}}"#,
            n / 60 % 60,
            n % 60,
            n % 1_000,
            chance.below(10_000_000_000_000_000),
            chance.next(),
            chance.next()
        ),
        1 => write!(
            out,
            r#"{ip} - - [22/Nov/2026:10:{:02}:{:02} +0900] "POST /v1/charges/ch_{:016x}/capture HTTP/1.1" 200 {amount} "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.7444.60" {}.{:03}"#,
            n / 60 % 60,
            n % 60,
            chance.next(),
            took / 1_000,
            took % 1_000
        ),
        2 => write!(
            out,
            "level=info ts={}.{:09} caller=gateway.go:{} msg=\"request done\" request_id={} duration={}.{:06}ms bytes={}",
            millis / 1_000,
            chance.below(1_000_000_000),
            chance.below(900),
            uuid(chance),
            took,
            chance.below(1_000_000),
            amount
        ),
        3 => write!(
            out,
            "決済サービス: 取引 {} が {amount} 円で成立しました(所要 {took} ミリ秒、端末 {:04}、{:016} 件目)",
            uuid(chance),
            chance.below(10_000),
            n
        ),
        4 => write!(
            out,
            r#"{{"resource":{{"service.name":"shop"}},"name":"SELECT orders","span_id":"{:016x}","start_unix_nano":{}{:06},"duration_ns":{},"attributes":{{"db.rows":{},"user_id":{},"score":0.{:016}}}}}"#,
            chance.next(),
            millis,
            chance.below(1_000_000),
            took * 1_000,
            chance.below(500),
            chance.below(1_000_000_000_000_000_000),
            chance.below(10_000_000_000_000_000)
        ),
        _ => write!(
            out,
            "2026-11-22 01:{:02}:{:02},{:03} WARN [worker-{}] com.example.Batch - retry {} of 5 after {took} ms; offset {} partition {} sha256:{:016x}{:016x}{:016x}{:016x}",
            n / 60 % 60,
            n % 60,
            n % 1_000,
            n % 32,
            n % 5,
            chance.below(100_000_000_000),
            n % 64,
            chance.next(),
            chance.next(),
            chance.next(),
            chance.next()
        ),
    };
    out
}

fn main() {
    let arg = std::env::args().nth(1);
    let count = arg.as_deref().map_or(Ok(LINES), str::parse);
    let made: Vec<String> = match (count, arg) {
        (Ok(lines), _) => {
            let mut chance = Chance(7);
            (0..lines).map(|n| line(&mut chance, n)).collect()
        }
        (Err(_), file) => fs::read_to_string(file.unwrap_or_default())
            .expect("a number of lines, or a file of them")
            .lines()
            .map(str::to_owned)
            .collect(),
    };
    let redactor = Redactor::new(&Redact::default());
    let bytes: usize = made.iter().map(String::len).sum();
    let mut wrong = 0;
    for line in &made {
        let seen = redactor.text(line);
        if seen != line.as_str() {
            wrong += 1;
            if wrong <= 10 {
                println!("taken for something: {line}\n  {seen}");
            }
        }
    }
    println!(
        "{} clean lines, {:.1} MB: {wrong} taken for something that they are not",
        made.len(),
        bytes as f64 / 1e6
    );
    let tell = |what: &str, took: Duration| {
        println!(
            "{what}: {:.3} GB/s",
            bytes as f64 / took.as_secs_f64() / 1e9
        );
    };
    tell(
        "line by line",
        best(|| {
            let hidden = made
                .iter()
                .filter(|line| redactor.text(line) != line.as_str());
            hidden.count()
        }),
    );
    let text = made.concat();
    tell("as one text", best(|| redactor.text(&text).len()));
    let mut took = Duration::ZERO;
    for lines in made.chunks(TOGETHER) {
        let read = lines.iter().map(|line| serde_json::from_str(line));
        let Ok(mut records) = read.collect::<Result<Vec<Map<String, Value>>, _>>() else {
            return;
        };
        // What is clean is left as it is, so that it can be looked at again.
        took += best(|| {
            records
                .iter_mut()
                .for_each(|fields| redactor.record(fields));
            records.len()
        });
    }
    tell("as records that were read", took);
}

/// The shortest of several times.
fn best(mut work: impl FnMut() -> usize) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed()
    });
    times.min().unwrap_or_default()
}
