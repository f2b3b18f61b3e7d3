//! `cargo xtask bench`: figures for docs/measured.md, each as a row that says how to get it again.

mod anomalies;
mod instance;
mod logs;
mod lsp;
mod metrics;
mod respond;
mod sink;
mod spec;
mod target;

use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::{Bench, peers, shell};
use instance::Instance;

/// How long an idle instance runs before its memory is read: several rounds of every source.
const SETTLE: Duration = Duration::from_secs(60);

/// Promises on the board, as the target in docs/measured.md says.
const PROMISES: usize = 200;

/// Days before today, as many as the board's strip shows.
const DAYS: usize = 89;

/// Requests: enough for a 95th percentile with 25 beyond it.
const REQUESTS: usize = 500;

/// Lines of the spec that is checked.
const LINES: [usize; 2] = [3_000, 10_000];

/// Runs of `check`: the median of an odd number is one of them.
const RUNS: usize = 21;

pub fn run(what: Bench) -> anyhow::Result<()> {
    let (name, found) = match what {
        Bench::Idle => ("idle", idle()?),
        Bench::Board => ("board", board()?),
        Bench::Check => ("check", check()?),
        Bench::Lsp => ("lsp", lsp::run(&tegata()?)?),
        Bench::Ledger => ("ledger", ledger()?),
        Bench::Kill => ("kill", kill()?),
        Bench::Metrics { only } => {
            let folder = Scratch::new("metrics")?;
            println!("{}, {}", machine(), today()?);
            return metrics::run(tegata()?, &peers::newest::ensure()?, folder.path(), &only);
        }
        Bench::Respond { only } => {
            let folder = Scratch::new("respond")?;
            let peers = peers::newest::ensure()?;
            let (machine, today) = (machine(), today()?);
            let tell = |row: String| {
                println!("| {row} | {machine} | {today} | `cargo xtask bench respond` |");
            };
            return respond::run(&tegata()?, &peers.programs(), folder.path(), &only, &tell);
        }
        Bench::Anomalies { only } => {
            println!("{}, {}", machine(), today()?);
            return anomalies::run(&only);
        }
        Bench::Logs { only } => {
            let folder = Scratch::new("logs")?;
            println!("{}, {}", machine(), today()?);
            return logs::run(&tegata, folder.path(), &only);
        }
    };
    println!(
        "| {found} | {} | {} | `cargo xtask bench {name}` |",
        machine(),
        today()?
    );
    Ok(())
}

/// The binary that is measured: the one in `TEGATA_BIN`, or what the sources give.
fn tegata() -> anyhow::Result<std::path::PathBuf> {
    if let Some(path) = env::var_os("TEGATA_BIN") {
        return Ok(path.into());
    }
    shell::build(&["build", "--release", "--package", "tegata"], "tegata")
}

fn idle() -> anyhow::Result<String> {
    let example = shell::root().join("examples/card-payments.yaml");
    let data = Scratch::new("idle")?;
    let instance = Instance::start(&tegata()?, &example, data.path())?;
    thread::sleep(SETTLE);
    let mib = instance.resident_kib()? as f64 / 1024.0;
    Ok(format!(
        "memory of `tegata run examples/card-payments.yaml` after {} s | {mib:.1} MiB",
        SETTLE.as_secs()
    ))
}

/// Every promise is scraped and judged, and has a past of 90 days that was put into the state store beforehand.
fn board() -> anyhow::Result<String> {
    let folder = Scratch::new("board")?;
    let file = folder.path().join("spec.yaml");
    let data = folder.path().join("data");
    fs::write(
        &file,
        spec::with_promises(PROMISES, target::serve(PROMISES)?),
    )?;
    remember(&data)?;
    let instance = Instance::start(&tegata()?, &file, &data)?;
    thread::sleep(SETTLE);
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in 0..REQUESTS {
        let answer = instance.ask("/")?;
        let rows =
            (0..PROMISES).filter(|n| answer.text.contains(&format!("/promises/{}", spec::id(*n))));
        ensure!(rows.count() == PROMISES, "the board lacks promises");
        first.push(answer.first_byte.as_secs_f64() * 1e3);
        last.push(answer.last_byte.as_secs_f64() * 1e3);
    }
    Ok(format!(
        "the board, {PROMISES} promises judged every 15 s, {DAYS} days of history, p95 of {REQUESTS} | first byte {:.1} ms, last byte {:.1} ms",
        p95(first),
        p95(last)
    ))
}

fn p95(mut millis: Vec<f64>) -> f64 {
    millis.sort_by(f64::total_cmp);
    millis[millis.len() * 95 / 100]
}

/// Writes the worst state of each past day as the binary itself keeps it.
fn remember(data: &Path) -> anyhow::Result<()> {
    let build = [
        "build",
        "--release",
        "--package",
        "tegata-store",
        "--example",
        "put_state",
    ];
    let binary = shell::build(&build, "put_state")?;
    let mut pairs = String::new();
    for back in 1..=DAYS {
        let ago = format!("-{back} days");
        let date = shell::output(Command::new("date").args(["-u", "-d", &ago, "+%Y-%m-%d"]))?;
        for promise in 0..PROMISES {
            // A bad day for each promise in about two weeks.
            let state = match (promise + back) % 29 {
                0 => "broken",
                7 => "at_risk",
                _ => "kept",
            };
            // Writing to a string does not fail.
            let _ = writeln!(
                pairs,
                "promise_days\t{}/{}\t\"{state}\"",
                spec::id(promise),
                date.trim()
            );
        }
    }
    let mut child = Command::new(binary)
        .arg(data)
        .stdin(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("put_state takes no input")?;
    stdin.write_all(pairs.as_bytes())?;
    drop(stdin);
    ensure!(child.wait()?.success(), "the past could not be written");
    Ok(())
}

fn check() -> anyhow::Result<String> {
    let binary = tegata()?;
    let [short, long] = LINES;
    Ok(format!(
        "`tegata check` of {short} and {long} lines, the process included, median of {RUNS} | {:.1} and {:.1} ms",
        check_of(&binary, short)?,
        check_of(&binary, long)?
    ))
}

/// The median time of checking a spec of so many lines, in milliseconds.
fn check_of(binary: &std::path::Path, lines: usize) -> anyhow::Result<f64> {
    let folder = Scratch::new("check")?;
    let file = folder.path().join("spec.yaml");
    fs::write(&file, spec::with_lines(lines))?;
    let mut millis = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        let output = Command::new(binary)
            .arg("check")
            .arg(&file)
            .arg("--json")
            .output()?;
        millis.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(
            output.status.success(),
            "the spec is not accepted:\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    millis.sort_by(f64::total_cmp);
    Ok(millis[RUNS / 2])
}

fn ledger() -> anyhow::Result<String> {
    let build = [
        "build",
        "--release",
        "--package",
        "tegata-ledger",
        "--example",
        "writer_bench",
    ];
    let binary = shell::build(&build, "writer_bench")?;
    // On the disk of the project: a temporary folder may lie in memory, where nothing is durable.
    let folder = Scratch::new("ledger")?;
    let said = shell::output(Command::new(binary).arg(folder.path()))?;
    Ok(format!(
        "ledger appends, durable and signed | {}",
        said.trim().replace('\n', "; ")
    ))
}

fn kill() -> anyhow::Result<String> {
    let args = [
        "test",
        "--package",
        "tegata-ledger",
        "--package",
        "tegata-store",
        "kill",
        "--",
        "--nocapture",
    ];
    let said = shell::output(&mut shell::cargo(&args))?;
    let counts: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("none lost"))
        .collect();
    ensure!(!counts.is_empty(), "no test told how often it killed");
    Ok(format!(
        "`kill -9` at random moments | {}",
        counts.join("; ")
    ))
}

/// Processor, cores and memory.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model =
        field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| env::consts::ARCH.to_owned());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|kib| kib.split(' ').next()?.parse::<f64>().ok());
    format!(
        "{model}, {cores} cores, {:.0} GiB",
        memory.unwrap_or_default() / 1024.0 / 1024.0
    )
}

fn today() -> anyhow::Result<String> {
    Ok(
        shell::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?
            .trim()
            .to_owned(),
    )
}

/// A folder below `target` that goes when it is no longer needed.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> anyhow::Result<Self> {
        let path = shell::root()
            .join("target/bench")
            .join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
