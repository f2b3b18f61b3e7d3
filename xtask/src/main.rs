//! `cargo xtask`: what is done to the project rather than by it.
//!
//! `test` runs everything that must pass, `tidy` keeps the house as ARCHITECTURE.md draws it, `docs` writes the
//! reference from the code, `fuzz` compares with a real peer, `bench` measures what docs/measured.md tells.

mod bench;
mod docs;
mod peers;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Test, tidy, document and measure the project"
)]
enum Xtask {
    /// Run everything that must pass; install the real peers that it needs when that is allowed.
    Test,
    /// See that the code lies where ARCHITECTURE.md says.
    Tidy,
    /// Write docs/reference from the code.
    Docs {
        /// Only see whether it is up to date.
        #[arg(long)]
        check: bool,
    },
    /// Compare with a real peer on random input, for as long as is asked.
    Fuzz {
        #[command(subcommand)]
        what: Fuzz,
    },
    /// Measure, and print a row for docs/measured.md.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
}

#[derive(Debug, Clone, Subcommand)]
enum Fuzz {
    /// Broken specs and files of other tools: reading, mending, laying out and importing them must end well.
    Spec {
        /// Handed to the fuzzer: its `--help` tells them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Random queries over random series, against a real Prometheus.
    Promql {
        /// Handed to the fuzzer: its `--help` tells them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

#[derive(Debug, Clone, Subcommand)]
enum Bench {
    /// Memory of `tegata run` on the example, after a minute.
    Idle,
    /// Time to the first byte of the board with 200 promises.
    Board,
    /// `tegata check` of 3,000 and 10,000 lines.
    Check,
    /// How long an editor waits for the language server.
    Lsp,
    /// Durable appends a second.
    Ledger,
    /// Processes killed, and entries lost.
    Kill,
    /// Metrics, side by side with Prometheus and VictoriaMetrics.
    Metrics {
        /// Only these: write, scrape, disk, query, rules, alert, push.
        only: Vec<String>,
    },
    /// Alerts by the thousand beside Alertmanager, and `kill -9` under load.
    Respond {
        /// Only these: figures, takeover, kill.
        only: Vec<String>,
    },
    /// What is unusual, judged by public labelled data; what rules on logs cost.
    Anomalies {
        /// Only these: templates, nab, rules.
        only: Vec<String>,
    },
    /// Logs, side by side with ClickHouse, DuckDB and Lucene; how soon a rule on logs is told.
    Logs {
        /// Only these: payments, lines, fired.
        only: Vec<String>,
    },
}

fn fuzz_spec(args: &[String]) -> anyhow::Result<()> {
    let build = [
        "build",
        "--release",
        "--package",
        "tegata-spec",
        "--example",
        "fuzz_spec",
    ];
    shell::run(std::process::Command::new(shell::build(&build, "fuzz_spec")?).args(args))
}

fn fuzz_promql(args: &[String]) -> anyhow::Result<()> {
    let peers = peers::newest::ensure()?;
    let build = [
        "build",
        "--release",
        "--package",
        "tegata-promql",
        "--example",
        "fuzz",
    ];
    let mut fuzz = std::process::Command::new(shell::build(&build, "fuzz")?);
    peers.tell(&mut fuzz);
    shell::run(fuzz.args(args))
}

/// A dependency is missing, as the binary itself says it.
const MISSING: u8 = 69;

fn main() -> ExitCode {
    let mut sum = None;
    let done = match Xtask::parse() {
        Xtask::Test => test::run(sum.insert(test::Count::default())),
        Xtask::Tidy => tidy::run(&shell::root()),
        Xtask::Docs { check } => docs::run(check),
        Xtask::Fuzz {
            what: Fuzz::Promql { args },
        } => fuzz_promql(&args),
        Xtask::Fuzz {
            what: Fuzz::Spec { args },
        } => fuzz_spec(&args),
        Xtask::Bench { what } => bench::run(what),
    };
    let code = match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<peers::Missing>() {
                ExitCode::from(MISSING)
            } else {
                ExitCode::FAILURE
            }
        }
    };
    // The last line of all, so that it is found.
    if let Some(sum) = sum {
        println!("{sum}");
    }
    code
}
