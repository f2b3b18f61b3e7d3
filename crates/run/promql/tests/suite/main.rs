//! Prometheus's own test scripts, run by our reader.
//!
//! `TEGATA_PROMQLTEST` names the folder in which they lie (`cargo xtask test` fetches them). Where it is not set
//! nothing was asked for, and that is said; where it is set, every script must be there and every evaluation pass.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use promise::Timestamp;
use promql::{
    Answer, EvalError, Options, Query, Series, Value,
    script::{self, Command, Eval, Loaded, When},
};

/// Evaluations in the 17 scripts of Prometheus 3.5.3: fewer would mean that some were not read.
const EVALUATIONS: usize = 1_479;

#[test]
fn every_evaluation_of_the_scripts_passes() {
    let Some(folder) = std::env::var_os("TEGATA_PROMQLTEST") else {
        println!(
            "TEGATA_PROMQLTEST is not set: `cargo xtask test` fetches the scripts and sets it"
        );
        return;
    };
    let scripts = scripts(&PathBuf::from(folder));
    let mut failures = Vec::new();
    let (mut run, mut histograms) = (0, 0);
    for (name, text) in &scripts {
        let commands = script::read(text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let mut loaded = Loaded::default();
        let (mut passed, mut failed) = (0, 0);
        for command in commands {
            match command {
                Command::Clear => loaded.clear(),
                Command::Load(load) => loaded.load(&load),
                Command::Eval(eval) => {
                    histograms += usize::from(name.starts_with("native_histograms"));
                    match check(&eval, &loaded.series()) {
                        Ok(()) => passed += 1,
                        Err(why) => {
                            failed += 1;
                            failures
                                .push(format!("{name}:{}: {}\n    {why}", eval.line, eval.query));
                        }
                    }
                }
            }
        }
        run += passed + failed;
        println!("{name:<28} {passed:>5} passed {failed:>5} failed");
    }
    println!(
        "{run} evaluations, {histograms} of them in the script on native histograms, {} failed",
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        run >= EVALUATIONS,
        "only {run} of {EVALUATIONS} evaluations were read"
    );
}

fn scripts(folder: &PathBuf) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let scripts: BTreeMap<String, String> = files
        .map(|file| file.expect("a file of the folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "test")
        })
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).expect("a readable script"))
        })
        .collect();
    assert_eq!(scripts.len(), 17, "scripts in {}", folder.display());
    scripts
}

/// An instant is asked for as the middle of a range as well: both must give the same.
fn check(eval: &Eval, data: &[Series]) -> Result<(), String> {
    let query = Query::parse(&eval.query).map_err(|why| why.to_string())?;
    // The scripts are written for engines that remove names late.
    let query = query.with(Options {
        late_name_removal: true,
        ..Options::default()
    });
    let at = match eval.when {
        When::Range { from, to, step } => {
            return script::judge(eval, &query.range(from, to, step, data));
        }
        When::At(at) => at,
    };
    let answer = query.instant(at, data);
    script::judge(eval, &answer)?;
    let rewritten = Query::parse(&query.format()).map_err(|why| format!("written again: {why}"))?;
    if rewritten.format() != query.format() {
        return Err(format!("written again: {}", query.format()));
    }
    if eval.is_ordered || eval.fails.is_some() {
        return Ok(());
    }
    let minute = Duration::from_secs(60);
    let range = query.range(at - minute, at + minute, minute, data);
    let is_scalar = matches!(
        answer,
        Ok(Answer {
            value: Value::Scalar(_),
            ..
        })
    );
    let without_notes = Eval {
        warnings: Vec::new(),
        infos: Vec::new(),
        no_warning: false,
        no_info: false,
        ..eval.clone()
    };
    script::judge(&without_notes, &middle(range, at, is_scalar))
        .map_err(|why| format!("as a range: {why}"))
}

/// The instant in the middle of a range.
fn middle(
    answer: Result<Answer, EvalError>,
    at: Timestamp,
    is_scalar: bool,
) -> Result<Answer, EvalError> {
    let mut answer = answer?;
    let Value::Matrix(all) = &mut answer.value else {
        return Ok(answer);
    };
    let mut elements = Vec::new();
    for series in std::mem::take(all) {
        let float = series.samples.iter().find(|sample| sample.at == at);
        let histogram = series.histograms.iter().find(|sample| sample.at == at);
        let value = match (float, histogram) {
            (Some(float), _) => promql::Number::Float(float.value),
            (None, Some(histogram)) => promql::Number::Histogram(histogram.value.clone()),
            (None, None) => continue,
        };
        elements.push(promql::Element {
            labels: series.labels,
            value,
        });
    }
    answer.value = match elements.first() {
        Some(only) if is_scalar => Value::Scalar(only.value.float().unwrap_or(f64::NAN)),
        _ => Value::Vector(elements),
    };
    Ok(answer)
}
