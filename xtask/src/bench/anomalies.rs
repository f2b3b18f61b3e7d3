//! `cargo xtask bench anomalies`: what is unusual, judged by public labelled data, and what rules on logs cost.

use std::process::Command;

use crate::{
    peers::corpora::{LOGPARSER, NAB},
    shell,
};

/// Rules, and lines that are put through them.
const RULES: [&str; 2] = ["100", "400000"];

/// Measures `templates`, `nab` and `rules`, or only those that are named.
pub fn run(only: &[String]) -> anyhow::Result<()> {
    let is_asked = |name: &str| only.is_empty() || only.iter().any(|asked| asked == name);
    if is_asked("templates") {
        println!("\ntemplates of log lines");
        let lines = LOGPARSER.ensure()?.join("data/loghub_2k");
        shell::run(example("template_bench")?.arg(lines))?;
    }
    if is_asked("nab") {
        println!("\nthe Numenta Anomaly Benchmark");
        shell::run(example("nab_bench")?.arg(NAB.ensure()?))?;
    }
    if is_asked("rules") {
        println!("\nrules on logs");
        shell::run(example("log_rules_bench")?.args(RULES))?;
    }
    Ok(())
}

fn example(name: &str) -> anyhow::Result<Command> {
    let build = [
        "build",
        "--release",
        "--package",
        "tegata-evaluate",
        "--example",
        name,
    ];
    Ok(Command::new(shell::build(&build, name)?))
}
