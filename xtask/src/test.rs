//! `cargo xtask test`: one command, every test, in the order in which mistakes are cheap to find.

use std::{
    collections::VecDeque,
    fmt,
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
pub struct Count {
    passed: u64,
    failed: u64,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The package whose tests come last, and need the binary and the peers.
const BLACK_BOX: &str = "tegata-e2e";

/// Its tests that take the whole machine, or that a starved machine makes wrong: each of them runs alone.
const ALONE: [&str; 2] = ["browser::", "alertmanager::acceptance::"];

/// Everything is built by this one command: another selection of packages or targets would unite the features of
/// shared libraries in another way, and build them a second time.
pub const BUILD: &[&str] = &[
    "build",
    "--workspace",
    "--all-targets",
    "--features",
    ENGINES,
];

/// The contract of metric stores on real engines, which only a run that brings them can keep.
const ENGINES: &str = "tegata-store/peers";

/// What a test program says at first, and at last, is shown; a flood between them is not.
const LINES_FIRST: usize = 400;
const LINES_LAST: usize = 200;

/// Runs every step that can be run. What failed is in the error, and in `sum`.
pub fn run(sum: &mut Count) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    if let Err(error) = all(&mut steps, sum) {
        steps.failed.push(error);
    }
    // A failed step is a failed check, also when no test has told so.
    if !steps.failed.is_empty() {
        sum.failed = sum.failed.max(1);
    }
    match steps.failed.len() {
        0 => Ok(()),
        1 => Err(steps.failed.remove(0)),
        _ => {
            let all: String = steps
                .failed
                .iter()
                .map(|error| format!("\n- {error:#}"))
                .collect();
            bail!("{} steps failed:{all}", steps.failed.len())
        }
    }
}

/// Stops only where the next step needs this one.
fn all(steps: &mut Steps, sum: &mut Count) -> anyhow::Result<()> {
    step("peers", "install them, then try again", peers::ensure)?;
    let newest = step("current peers", "see what apt says", peers::newest::ensure)?;
    let tools = step("browser tools", "see what npm says", peers::browser_tools)?;
    let python = step("python", "see what pip says", peers::python::ensure)?;
    let syslog_ng = step("syslog-ng", "see what apt says", peers::syslog_ng::ensure)?;
    let postgres = step(
        "postgres",
        "see what it says",
        peers::postgres::Server::start,
    )?;
    steps.go_on_after("format", "run `cargo fmt --all`", || {
        shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))
    });
    steps.go_on_after("tidy", "each line says what to move", || {
        tidy::run(&shell::root())
    });
    steps.go_on_after("clippy", "mend what it says", || {
        let args = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            ENGINES,
            "--",
            "-D",
            "warnings",
        ];
        shell::run(&mut shell::cargo(&args))
    });
    let built = step("build", "mend what the compiler says", || {
        shell::messages(BUILD)
    })?;
    let binary = shell::executable(&built, "tegata")?;
    steps.go_on_after("reference", "run `cargo xtask docs`", || {
        docs::check(&binary)
    });
    let (black_box, inner) = programs(&built)
        .into_iter()
        .partition::<Vec<_>, _>(|program| program.package == BLACK_BOX);
    steps.go_on_after("test", "the failed tests are named above", || {
        run_all(&inner, sum, |command| {
            newest.tell(command);
            postgres.tell(command);
            command.env("TEGATA_PYTHON", &python);
        })
    });
    steps.go_on_after("examples in doc comments", "they are named above", || {
        // The same features as all else: with others half of the workspace would be built again.
        let mut command = shell::cargo(&[
            "test",
            "--workspace",
            "--doc",
            "--quiet",
            "--features",
            ENGINES,
        ]);
        count(&mut command, sum)
    });
    let mut end_to_end = |threads: &str, filters: &[String]| {
        run_all(&black_box, sum, |command| {
            newest.tell(command);
            postgres.tell(command);
            command
                .args(filters)
                .env("RUST_TEST_THREADS", threads)
                .env("TEGATA_BIN", &binary)
                .env("TEGATA_PYTHON", &python)
                .env("TEGATA_BROWSER_TOOLS", &tools)
                .env("TEGATA_SYSLOG_NG", &syslog_ng);
        })
    };
    // Each of them runs a service that must keep up with its world.
    let but_alone: Vec<String> = ALONE
        .iter()
        .flat_map(|&name| ["--skip".to_owned(), name.to_owned()])
        .collect();
    steps.go_on_after("end to end", "the failed tests are named above", || {
        end_to_end("2", &but_alone)
    });
    let alone = ALONE.map(str::to_owned);
    steps.go_on_after(
        "end to end, one by one",
        "the failed tests are named above",
        || end_to_end("1", &alone),
    );
    Ok(())
}

/// Steps that failed though the next ones could be tried.
#[derive(Default)]
struct Steps {
    failed: Vec<anyhow::Error>,
}

impl Steps {
    fn go_on_after(&mut self, name: &str, hint: &str, work: impl FnOnce() -> anyhow::Result<()>) {
        self.failed.extend(step(name, hint, work).err());
    }
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

/// Test programs among cargo's messages.
fn programs(messages: &str) -> Vec<Program> {
    let found = messages
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
        });
    found.collect()
}

/// `tegata-e2e` of `path+file:///…/tests/e2e#tegata-e2e@0.1.0`, and `xtask` of `path+file:///…/xtask#0.1.0`.
fn package_of(id: &str) -> String {
    let (path, rest) = id.rsplit_once('#').unwrap_or(("", id));
    let name = rest
        .split_once('@')
        .map_or_else(|| path.rsplit('/').next().unwrap_or(rest), |(name, _)| name);
    name.to_owned()
}

/// Runs all of them, also after one has failed.
fn run_all(
    tests: &[Program],
    sum: &mut Count,
    prepare: impl Fn(&mut Command),
) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for program in tests {
        let name = format!("{} {}", program.package, program.name);
        println!("   {name}");
        let mut command = Command::new(&program.path);
        command
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            // An error that a test returns is told without forty lines of where it passed.
            .env("RUST_LIB_BACKTRACE", "0");
        prepare(&mut command);
        if let Err(error) = count(&mut command, sum) {
            failed.push(format!("{name}: {error:#}"));
        }
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("; "));
    }
    Ok(())
}

/// Runs a test program, shows what it says, and adds up its results.
fn count(command: &mut Command, sum: &mut Count) -> anyhow::Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start it")?;
    let lines = BufReader::new(child.stdout.take().context("it has no output")?).split(b'\n');
    let (mut shown, mut left_out, mut last) = (0, 0, VecDeque::new());
    let mut failed = 0;
    for line in lines {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if let Some(found) = result_of(&line) {
            sum.passed += found.passed;
            failed += found.failed;
        }
        // What passed is not worth a line each; all else is.
        if line.ends_with("... ok") || line.trim().is_empty() {
            continue;
        }
        if shown < LINES_FIRST {
            println!("   {line}");
            shown += 1;
            continue;
        }
        last.push_back(line.into_owned());
        if last.len() > LINES_LAST {
            last.pop_front();
            left_out += 1;
        }
    }
    if left_out > 0 {
        println!("   … {left_out} lines are left out");
    }
    last.iter().for_each(|line| println!("   {line}"));
    let status = child.wait()?;
    // A program that crashed tells no result.
    sum.failed += failed.max(u64::from(!status.success()));
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
    #![allow(clippy::unwrap_used)]
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
    fn a_program_that_dies_without_a_result_is_a_failure() {
        let mut sum = Count::default();
        let script = |text: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", text]);
            command
        };
        let passed = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        count(&mut script(passed), &mut sum).unwrap();
        assert_eq!(sum.to_string(), "2 passed, 0 failed");
        count(&mut script("kill -9 $$"), &mut sum).unwrap_err();
        assert_eq!(sum.to_string(), "2 passed, 1 failed");
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
    fn only_test_programs_are_run() {
        let message = |test: bool| {
            format!(
                r#"{{"package_id":"path+file:///p#tegata@0.1.0","manifest_path":"/p/Cargo.toml","target":{{"name":"tegata"}},"profile":{{"test":{test}}},"executable":"/bin/{test}"}}"#
            )
        };
        let all = programs(
            &[
                message(false),
                message(true),
                r#"{"reason":"build-finished"}"#.to_owned(),
            ]
            .join("\n"),
        );
        let paths: Vec<&Path> = all.iter().map(|program| program.path.as_path()).collect();
        assert_eq!(paths, [Path::new("/bin/true")]);
    }
}
