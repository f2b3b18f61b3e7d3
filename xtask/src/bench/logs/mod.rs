//! `cargo xtask bench logs`: the same lines stored and asked by us, ClickHouse, DuckDB and Lucene, one after another,
//! each on one core.
//!
//! Times are processor times of the whole process where something is stored, so that the threads of a peer count as ours
//! do; of questions it is the time that the asker waits, the median of several. How soon a rule's eleventh event is told
//! is measured of the whole binary ([`fired`]).

mod fired;

use std::{
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

use crate::{peers, shell};

const KINDS: [&str; 3] = ["payments", "lines", REAL];
/// Lines that nobody made up.
const REAL: &str = "loghub";
/// As many payment lines as the goals speak of: some 700 MB.
const LINES: usize = 1_000_000;
const CLICKHOUSE: &str = include_str!("clickhouse.py");
const DUCKDB: &str = include_str!("duckdb.py");
const LUCENE: &str = include_str!("Lucene.java");

/// Measures `payments`, `lines`, `loghub` and `fired`, or only those that are named; what is made up has fewer lines where
/// `BENCH_LOG_LINES` says so.
pub fn run(
    binary: &dyn Fn() -> anyhow::Result<PathBuf>,
    folder: &Path,
    only: &[String],
) -> anyhow::Result<()> {
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
    if KINDS.into_iter().any(is_wanted) {
        stores(folder, &is_wanted)?;
    }
    if is_wanted("fired") {
        println!("\n{}", fired::run(&binary()?, folder)?);
    }
    Ok(())
}

fn stores(folder: &Path, is_wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<()> {
    let build = [
        "build",
        "--release",
        "--package",
        "tegata-store",
        "--example",
        "logs_bench",
    ];
    let ours = shell::build(&build, "logs_bench")?;
    let python = peers::python::ensure_measured()?;
    let lucene = lucene(folder)?;
    let lines = std::env::var("BENCH_LOG_LINES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(LINES);
    for kind in KINDS {
        if !is_wanted(kind) {
            continue;
        }
        let file = folder.join(format!("{kind}.ndjson"));
        let lines = if kind == REAL {
            real(&file)?
        } else {
            let mut generate = Command::new(&ours);
            shell::run(
                generate
                    .args(["generate", kind, &lines.to_string()])
                    .arg(&file),
            )?;
            lines
        };
        println!(
            "\n{kind}: {} kB in {lines} lines",
            fs::metadata(&file)?.len() / 1_000
        );
        // Both are a time, a host and a message.
        let shape = if kind == REAL { "lines" } else { kind };
        let peer = |name: &str, command: &mut Command| -> anyhow::Result<()> {
            println!("\n{name}");
            let data = folder.join(format!("{kind}-{name}"));
            let done = shell::run(alone(command).arg(&file).arg(&data));
            // Some are a file, some a folder.
            let _ = fs::remove_dir_all(&data).or_else(|_| fs::remove_file(&data));
            done
        };
        peer(
            "tegata",
            Command::new("taskset")
                .args(["-c", "1"])
                .arg(&ours)
                .arg("run"),
        )?;
        for (name, script) in [("clickhouse", CLICKHOUSE), ("duckdb", DUCKDB)] {
            peer(
                name,
                Command::new("taskset")
                    .args(["-c", "1"])
                    .arg(&python)
                    .args(["-c", script, shape]),
            )?;
        }
        peer(
            "lucene",
            Command::new("taskset")
                .args(["-c", "1", "java", "-Xmx2g", "-cp"])
                .arg(&lucene)
                .args(["Lucene", shape]),
        )?;
        fs::remove_file(&file)?;
    }
    Ok(())
}

/// Lines that 16 systems really wrote, one system after the other, a second apart within a day; returns how many.
fn real(file: &Path) -> anyhow::Result<usize> {
    let mut out = BufWriter::new(fs::File::create(file)?);
    let mut count = 0;
    let systems = fs::read_dir(peers::corpora::LOGPARSER.ensure()?.join("data/loghub_2k"))?;
    let mut systems = systems.collect::<Result<Vec<_>, _>>()?;
    systems.sort_by_key(fs::DirEntry::file_name);
    for system in systems.into_iter().filter(|it| it.path().is_dir()) {
        let name = system.file_name();
        let name = name.to_string_lossy();
        let written = fs::read(system.path().join(format!("{name}_2k.log")))?;
        for line in String::from_utf8_lossy(&written).lines() {
            let (hour, minute, second) = (count / 3_600, count / 60 % 60, count % 60);
            let at = format!("2026-01-05T{hour:02}:{minute:02}:{second:02}.000Z");
            let line = serde_json::json!({ "@timestamp": at, "host": name, "message": line });
            writeln!(out, "{line}")?;
            count += 1;
        }
    }
    out.flush()?;
    Ok(count)
}

fn alone(command: &mut Command) -> &mut Command {
    command.env("OMP_NUM_THREADS", "1")
}

/// Compiles the measuring class; returns the class path.
fn lucene(folder: &Path) -> anyhow::Result<String> {
    peers::ensure()?;
    let jars =
        ["core", "analyzers-common"].map(|name| format!("/usr/share/java/lucene-{name}-8.7.0.jar"));
    ensure!(
        jars.iter().all(|jar| Path::new(jar).exists()),
        "the package liblucene8-java is not as expected"
    );
    let source = folder.join("Lucene.java");
    fs::write(&source, LUCENE)?;
    let path = format!("{}:{}", jars.join(":"), folder.display());
    shell::run(
        Command::new("javac")
            .args(["-cp", &path, "-d"])
            .arg(folder)
            .arg(&source),
    )?;
    Ok(path)
}
