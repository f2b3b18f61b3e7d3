//! `tegata test`: unit tests of rules.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use evaluate::rule::unit_test::{self, Check, Failure, Report, Shown};
use promise::{Lang, unit::Span};
use serde_json::{Value, json};

use super::{Common, runtime};
use crate::{
    rule_files::{self, Bad},
    spec_file,
};

/// Test Prometheus rules: files in the format of `promtool test rules` run unchanged.
///
/// Ends with 0 when everything is as expected, 1 otherwise.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Test files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What came of one file.
struct Tested {
    file: String,
    reports: Vec<Report>,
    bad: Vec<Bad>,
    /// It could not be read at all.
    error: Option<String>,
}

impl Tested {
    fn is_good(&self) -> bool {
        self.bad.is_empty()
            && self.error.is_none()
            && self.reports.iter().all(|report| report.failures.is_empty())
    }
}

impl Test {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let runtime = runtime()?;
        let all: Vec<Tested> = self
            .files
            .iter()
            .map(|path| runtime.block_on(test(path, lang)))
            .collect();
        if self.json {
            let files: Vec<Value> = all.iter().map(to_json).collect();
            outln!(
                "{}",
                serde_json::to_string_pretty(&json!({ "version": 1, "files": files }))?
            );
        } else {
            for tested in &all {
                for bad in &tested.bad {
                    spec_file::show(&bad.diagnostics, &bad.texts, lang);
                }
                outln!("{}", tell(tested, lang).trim_end());
            }
        }
        Ok(ExitCode::from(u8::from(!all.iter().all(Tested::is_good))))
    }
}

async fn test(path: &Path, lang: Lang) -> Tested {
    let mut tested = Tested {
        file: path.display().to_string(),
        reports: Vec::new(),
        bad: Vec::new(),
        error: None,
    };
    let text = match spec_file::read(path) {
        Ok(text) => text,
        Err(why) => {
            tested.error = Some(why.get(lang).to_owned());
            return tested;
        }
    };
    let file = match unit_test::read(&text) {
        Ok(file) => file,
        Err(mistakes) => {
            tested.bad.push(Bad::of(text, mistakes, &tested.file));
            return tested;
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    match rule_files::open(folder, &file.rule_files, lang) {
        Ok(rules) if rules.bad.is_empty() => {
            tested.reports = unit_test::run(&file, &rules.groups).await;
        }
        Ok(rules) => tested.bad = rules.bad,
        Err(error) => tested.error = Some(error.to_string()),
    }
    tested
}

fn to_json(tested: &Tested) -> Value {
    let mistakes = tested.bad.iter().flat_map(|bad| {
        let found = spec::to_json(&bad.diagnostics, &bad.texts)["diagnostics"].take();
        found.as_array().cloned().unwrap_or_default()
    });
    json!({
        "file": tested.file,
        "ok": tested.is_good(),
        "error": tested.error,
        "diagnostics": mistakes.collect::<Vec<_>>(),
        "tests": tested.reports,
    })
}

fn tell(tested: &Tested, lang: Lang) -> String {
    let shape = if tested.is_good() { '●' } else { '✕' };
    let mut out = format!("{shape} {}\n", tested.file);
    if let Some(error) = &tested.error {
        out += &format!("  {error}\n");
    }
    for (number, report) in tested.reports.iter().enumerate() {
        for failure in &report.failures {
            let name = report
                .name
                .clone()
                .unwrap_or_else(|| format!("#{}", number + 1));
            out += &format!("  {name}: {}\n", headline(failure, lang));
            out += &failure
                .error
                .as_ref()
                .map_or(String::new(), |error| format!("    {error}\n"));
            out += &lines('-', &failure.missing);
            out += &lines('+', &failure.unexpected);
        }
    }
    out
}

/// What was checked, and when.
fn headline(failure: &Failure, lang: Lang) -> String {
    let at = Span(std::time::Duration::from_millis(failure.at_millis));
    match (&failure.check, lang) {
        (Check::Alert(name), Lang::En) => format!("alert {name} at {at} (- expected, + found)"),
        (Check::Alert(name), Lang::Ja) => format!("{at} の警報 {name}(- 期待、+ 実際)"),
        (Check::Query(query), Lang::En) => format!("`{query}` at {at} (- expected, + found)"),
        (Check::Query(query), Lang::Ja) => format!("{at} の `{query}`(- 期待、+ 実際)"),
        (Check::Rule(name), Lang::En) => format!("rule {name} failed at {at}"),
        (Check::Rule(name), Lang::Ja) => format!("{at} にルール {name} を評価できません"),
        (Check::Suite, Lang::En) => format!("the test as a whole, up to {at}"),
        (Check::Suite, Lang::Ja) => format!("テスト全体({at} まで)"),
    }
}

fn lines(sign: char, all: &[Shown]) -> String {
    let mut out = String::new();
    for one in all {
        let value = one
            .value
            .as_ref()
            .map_or(String::new(), |value| format!("  {value}"));
        out += &format!("    {sign} {}{value}\n", one.labels);
        if let Some(annotations) = one.annotations.as_ref().filter(|text| *text != "{}") {
            out += &format!("      {annotations}\n");
        }
    }
    out
}
