//! `tegata logs verify`: the stored logs are what the ledger has sealed.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use ledger::Expect;
use promise::Lang;
use serde_json::json;

use crate::{
    cli::{Data, instance::Instance, runtime},
    exit,
    seals::{Audit, audit},
};

/// A running instance merges parts; what left since it last sealed is looked at again after it has sealed anew.
const LOOKS_MAX: usize = 5;

/// Verify that the stored logs are what the ledger has sealed: no line changed, added or taken away.
///
/// Verifies the ledger first. Where an instance runs on the data it is asked to seal what is new; offline, what came
/// after the last seal is counted and not judged. Ends with 0 when all fits, 30 when it does not.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    data: Data,
    /// The verifier key that you were given (`name+id+key`); without it the key beside the ledger is used.
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A checkpoint kept from earlier: the ledger must be a continuation of it.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self, lang: Lang) -> anyhow::Result<ExitCode> {
        let ledger = self.data.dir.join("ledger");
        let since = self
            .since
            .as_ref()
            .map(std::fs::read_to_string)
            .transpose()?;
        let expect = Expect {
            vkey: self.key.as_deref(),
            checkpoint: since.as_deref(),
        };
        let mut looks = 0;
        let found = loop {
            looks += 1;
            let running = Instance::running(&self.data.dir);
            if let Some(instance) = &running {
                runtime()?
                    .block_on(instance.tell("/api/v1/logs/seal", &json!({})))
                    .context("the running instance could not seal its logs")?;
            }
            ledger::verify(&ledger, &expect)
                .map_err(|error| exit::Stop::invalid(error.to_string()))?;
            let read = |each: &mut dyn FnMut(ledger::Entry)| {
                ledger::read(&ledger, each)
                    .map_err(|error| exit::Stop::invalid(error.to_string()).into())
            };
            let found = audit(read, &self.data.dir.join("logs").join("parts"))?;
            if found.absent == 0 || running.is_none() || looks == LOOKS_MAX {
                break found;
            }
        };
        self.print(&found, lang)?;
        Ok(ExitCode::from(if found.problems.is_empty() {
            0
        } else {
            exit::INVALID
        }))
    }

    fn print(&self, found: &Audit, lang: Lang) -> anyhow::Result<()> {
        let (parts, records, unsealed) = (found.parts, found.records, found.unsealed);
        if self.json {
            let problems: Vec<_> = found
                .problems
                .iter()
                .map(|problem| json!({ "about": problem.about, "entry": problem.entry, "what": problem.what }))
                .collect();
            outln!(
                "{}",
                json!({
                    "version": 1, "valid": problems.is_empty(), "parts": parts, "records": records,
                    "bytes": found.bytes, "unsealed": unsealed, "sealed_at": found.sealed_at, "problems": problems,
                })
            );
            return Ok(());
        }
        for problem in &found.problems {
            let entry = problem
                .entry
                .map(|entry| format!(" ({entry})"))
                .unwrap_or_default();
            outln!("{}{entry}: {}", problem.about, problem.what.get(lang));
        }
        let whole = found.problems.is_empty();
        match (lang, whole) {
            (Lang::En, true) => outln!(
                "whole: {records} records in {parts} sealed parts; {unsealed} parts not sealed yet"
            ),
            (Lang::En, false) => outln!(
                "not whole: {} problems; {records} records in {parts} parts are as they were sealed",
                found.problems.len()
            ),
            (Lang::Ja, true) => outln!(
                "ログは完全です: 封印済み {parts} パート、{records} 件。未封印 {unsealed} パート"
            ),
            (Lang::Ja, false) => outln!(
                "ログは完全ではありません: 問題 {} 件。封印どおりのもの {parts} パート、{records} 件",
                found.problems.len()
            ),
        }
        Ok(())
    }
}
