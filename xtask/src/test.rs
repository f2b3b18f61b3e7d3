//! `cargo xtask test`: one command, every test, in the order in which mistakes are cheap to find.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{docs, peers, shell, tidy};

/// How many tests passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

/// The package whose tests come last, and need the binary.
const BLACK_BOX: &str = "tegata-e2e";

pub fn run() -> anyhow::Result<()> {
    step("peers", "see the list above", peers::ensure)?;
    step("format", "run `cargo fmt --all`", || {
        shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))
    })?;
    step("tidy", "each line says what to move", || {
        tidy::run(&shell::root())
    })?;
    step("clippy", "mend what it says", || {
        shell::run(&mut shell::cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    // The same selection of packages as for the tests: another one would build shared libraries a second time.
    let binary = step("build", "mend what the compiler says", || {
        shell::build(&["build", "--workspace", "--bins"], "tegata")
    })?;
    step("reference", "run `cargo xtask docs`", || {
        docs::check(&binary)
    })?;
    let tests = step("build tests", "mend what the compiler says", built_tests)?;
    let mut sum = Count::default();
    let inner = step("test", "the failed tests are named above", || {
        run_all(&tests, &binary, &mut sum)
    });
    println!("{} passed, {} failed", sum.passed, sum.failed);
    inner
}

fn step<T>(name: &str, hint: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("── {name}");
    let start = Instant::now();
    let done = work();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "── {name}: {} in {seconds:.1} s",
        if done.is_ok() { "done" } else { "failed" }
    );
    done.with_context(|| format!("step `{name}` failed: {hint}"))
}

/// A built test program.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Program {
    package: String,
    name: String,
    /// Tests expect to run in their package's folder.
    folder: PathBuf,
    path: PathBuf,
}

fn built_tests() -> anyhow::Result<Vec<Program>> {
    let args = [
        "test",
        "--workspace",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ];
    Ok(programs(&shell::output(&mut shell::cargo(&args))?))
}

/// Test programs among cargo's messages, the black box last.
fn programs(messages: &str) -> Vec<Program> {
    let mut programs: Vec<Program> = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["profile"]["test"] == true)
        .filter_map(|message| {
            let manifest = Path::new(message["manifest_path"].as_str()?);
            Some(Program {
                package: package_of(message["package_id"].as_str()?),
                name: message["target"]["name"].as_str()?.to_owned(),
                folder: manifest.parent()?.to_owned(),
                path: message["executable"].as_str()?.into(),
            })
        })
        .collect();
    programs.sort_by_key(|program| program.package == BLACK_BOX);
    programs
}

/// `tegata-e2e` of `path+file:///…/tests/e2e#tegata-e2e@0.1.0`, and `xtask` of `path+file:///…/xtask#0.1.0`.
fn package_of(id: &str) -> String {
    let (path, rest) = id.rsplit_once('#').unwrap_or(("", id));
    let name = rest
        .split_once('@')
        .map_or_else(|| path.rsplit('/').next().unwrap_or(rest), |(name, _)| name);
    name.to_owned()
}

fn run_all(tests: &[Program], binary: &Path, sum: &mut Count) -> anyhow::Result<()> {
    for program in tests {
        println!("   {} {}", program.package, program.name);
        let mut command = Command::new(&program.path);
        command
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env("TEGATA_BIN", binary);
        count(&mut command, sum)
            .with_context(|| format!("in {} {}", program.package, program.name))?;
    }
    println!("   examples in doc comments");
    count(
        &mut shell::cargo(&["test", "--workspace", "--doc", "--quiet"]),
        sum,
    )
}

/// Runs a test program, shows what it says, and adds up its results.
fn count(command: &mut Command, sum: &mut Count) -> anyhow::Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start it")?;
    let lines = BufReader::new(child.stdout.take().context("it has no output")?).split(b'\n');
    for line in lines {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if let Some(found) = result_of(&line) {
            sum.passed += found.passed;
            sum.failed += found.failed;
        }
        // What passed is not worth a line each; all else is.
        if !line.ends_with("... ok") && !line.trim().is_empty() {
            println!("   {line}");
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("it ended with {status}");
    }
    Ok(())
}

/// Reads `test result: ok. 7 passed; 0 failed; …`.
fn result_of(line: &str) -> Option<Count> {
    let rest = line.strip_prefix("test result: ")?;
    let number = |what: &str| {
        let before = rest.split_once(what)?.0;
        before.rsplit([' ', ';']).next()?.parse().ok()
    };
    Some(Count {
        passed: number(" passed")?,
        failed: number(" failed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_as_the_test_harness_writes_them() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.01s";
        assert_eq!(
            result_of(line),
            Some(Count {
                passed: 12,
                failed: 3
            })
        );
        assert_eq!(result_of("test a_test ... ok"), None);
    }

    #[test]
    fn packages_are_named_as_cargo_names_them() {
        assert_eq!(
            package_of("path+file:///a/tests/e2e#tegata-e2e@0.1.0"),
            "tegata-e2e"
        );
        assert_eq!(package_of("path+file:///a/xtask#0.1.0"), "xtask");
    }

    #[test]
    fn the_black_box_comes_last() {
        let message = |package: &str| {
            format!(
                r#"{{"package_id":"path+file:///p#{package}@0.1.0","manifest_path":"/p/Cargo.toml","target":{{"name":"t"}},"profile":{{"test":true}},"executable":"/bin/{package}"}}"#
            )
        };
        let all = programs(
            &["tegata-console", "tegata-e2e", "xtask"]
                .map(message)
                .join("\n"),
        );
        let order: Vec<&str> = all.iter().map(|program| program.package.as_str()).collect();
        assert_eq!(order, ["tegata-console", "xtask", "tegata-e2e"]);
    }
}
