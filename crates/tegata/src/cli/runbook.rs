//! `tegata runbook check`: are the runbooks there, and has anybody looked at them lately?

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use promise::{Clock as _, say};
use respond::runbook::review;
use serde_json::json;
use spec::section::on_call::Day;

use super::Common;
use crate::{
    clock::SystemClock,
    doors::cases::{read_runbook, runbook_path},
    exit, spec_file,
};

/// Look at the runbooks beside the spec.
#[derive(Debug, Args)]
pub(crate) struct RunbookCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Find runbooks that are missing, old or never rehearsed, and promises that page without one; exit code 30 where there are any.
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// The spec.
    #[arg(default_value = "tegata.yaml")]
    spec: PathBuf,
    /// Print JSON, with a stable shape.
    #[arg(long)]
    json: bool,
}

/// Whether the program makes the promise itself: nobody can write a runbook for it.
fn is_ours(promise: &str) -> bool {
    promise.starts_with("tegata_")
}

impl RunbookCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let What::Check(check) = self.what;
        let lang = common.lang();
        let spec = spec_file::open(&check.spec, lang)?.into_spec(lang)?;
        let zone = TimeZone::get(&spec.service.time_zone).unwrap_or(TimeZone::UTC);
        let today = Day(SystemClock.now().to_zoned(&zone).date());
        let section = &spec.incidents;
        let mut found = Vec::new();
        let mut looked_at = 0;
        for promise in spec
            .promises
            .iter()
            .filter(|promise| promise.terms.severity.is_some() && !is_ours(&promise.id))
        {
            let Some(name) = &promise.terms.runbook else {
                found.push((
                    promise.id.clone(),
                    String::new(),
                    say!(
                        "it pages and has no runbook",
                        "通知の対象ですが、手順書がありません"
                    ),
                ));
                continue;
            };
            let Some(path) = runbook_path(&check.spec, &spec, name) else {
                continue;
            };
            looked_at += 1;
            let shown = path.display().to_string();
            match read_runbook(&path) {
                None => found.push((
                    promise.id.clone(),
                    shown,
                    say!("the file cannot be read", "ファイルを読めません"),
                )),
                Some(runbook) => {
                    let wrong = review(
                        &runbook,
                        today,
                        section.reviewed_within.0,
                        section.rehearsed_within.0,
                    );
                    found.extend(
                        wrong
                            .into_iter()
                            .map(|what| (promise.id.clone(), shown.clone(), what)),
                    );
                }
            }
        }
        if check.json {
            let found: Vec<_> = found
                .iter()
                .map(|(promise, file, what)| json!({ "promise": promise, "file": file, "what": what }))
                .collect();
            let body = json!({ "version": 1, "looked_at": looked_at, "findings": found });
            outln!("{}", serde_json::to_string_pretty(&body)?);
        } else {
            for (promise, file, what) in &found {
                outln!("▲ {promise} {file}: {}", what.get(lang));
            }
            if found.is_empty() {
                let good = say!(
                    "● {looked_at} runbooks, none old and none missing",
                    "● 手順書 {looked_at} 件、不足も期限切れもありません"
                );
                outln!("{}", good.get(lang));
            }
        }
        Ok(if found.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(exit::INVALID)
        })
    }
}
