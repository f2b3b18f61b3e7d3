//! `cargo xtask`: what is done to the project rather than by it.
//!
//! `test` runs everything that must pass, `tidy` keeps the house as ARCHITECTURE.md draws it, `docs` writes the
//! reference from the code, `bench` measures what docs/measured.md tells.

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
    /// Measure, and print a row for docs/measured.md.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
}

#[derive(Debug, Clone, Subcommand)]
enum Bench {
    /// Memory of `tegata run` on the example, after a minute.
    Idle,
    /// Time to the first byte of the board with 200 promises.
    Board,
    /// `tegata check` of 3,000 lines.
    Check,
    /// Durable appends a second.
    Ledger,
    /// Processes killed, and entries lost.
    Kill,
    /// Metrics, side by side with Prometheus and VictoriaMetrics.
    Metrics {
        /// Only these: write, scrape, disk, query, rules, alert.
        only: Vec<String>,
    },
}

/// A dependency is missing, as the binary itself says it.
const MISSING: u8 = 69;

fn main() -> ExitCode {
    let mut sum = None;
    let done = match Xtask::parse() {
        Xtask::Test => test::run(sum.insert(test::Count::default())),
        Xtask::Tidy => tidy::run(&shell::root()),
        Xtask::Docs { check } => docs::run(check),
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
