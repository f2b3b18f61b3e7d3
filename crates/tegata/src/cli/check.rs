//! `tegata check`: what is wrong in a spec, before anything runs.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use promise::Lang;
use spec::Level;

use super::Common;
use crate::{exit, spec_file};

/// Check a spec: every mistake and contradiction at once, each with its place and a hint.
///
/// Ends with 0 when nothing is wrong (warnings do not count unless `--strict`), 78 otherwise.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The spec.
    #[arg(default_value = "tegata.yaml")]
    spec: PathBuf,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
    /// Warnings count as mistakes.
    #[arg(long)]
    strict: bool,
    /// List the rules and end.
    #[arg(long)]
    rules: bool,
}

impl Check {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        if self.rules {
            for rule in spec::check::RULES {
                let about = rule.doc.say();
                let first = about
                    .get(lang)
                    .split_once(['.', '。'])
                    .map_or(about.get(lang), |(first, _)| first);
                outln!("{:8} {:28} {first}", rule.level.as_str(), rule.code);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let file = spec_file::open(&self.spec, lang)?;
        let worst = if self.strict {
            Level::Warning
        } else {
            Level::Error
        };
        let bad = file.loaded.diagnostics.iter().any(|d| d.level <= worst);
        if self.json {
            outln!(
                "{}",
                serde_json::to_string_pretty(&spec::to_json(&file.loaded.diagnostics, &file.text))?
            );
        } else {
            file.show(lang);
            if !bad {
                let count = file
                    .loaded
                    .spec
                    .as_ref()
                    .map_or(0, |spec| spec.promises.len());
                let path = self.spec.display();
                match lang {
                    Lang::En => eprintln!("{path}: {count} promises, nothing wrong"),
                    Lang::Ja => eprintln!("{path}: 約束 {count} 件、誤りはありません"),
                }
            }
        }
        Ok(ExitCode::from(if bad { exit::BAD_SPEC } else { 0 }))
    }
}
