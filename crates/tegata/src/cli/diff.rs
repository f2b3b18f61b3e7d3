//! `tegata diff`: what changed between two specs, in words.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use promise::say;
use serde_json::json;
use spec::change::{Change, Effect};

use super::Common;
use crate::spec_file;

/// Say what changed between two specs: which promises became stricter, looser, were added or dropped.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// As it was.
    old: PathBuf,
    /// As it is.
    new: PathBuf,
    /// Print JSON, with a stable shape.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let read = |path| spec_file::open(path, lang)?.into_spec(lang);
        let changes = spec::changes(&read(&self.old)?, &read(&self.new)?);
        if self.json {
            let all: Vec<_> = changes.iter().map(entry).collect();
            outln!(
                "{}",
                serde_json::to_string_pretty(&json!({ "version": 1, "changes": all }))?
            );
            return Ok(ExitCode::SUCCESS);
        }
        let mut last: Option<Effect> = None;
        for change in &changes {
            if last.replace(change.effect) != Some(change.effect) {
                let count = changes
                    .iter()
                    .filter(|it| it.effect == change.effect)
                    .count();
                outln!("{} ({count})", change.effect.say().get(lang));
            }
            outln!("  {}", change.text.get(lang));
        }
        if changes.is_empty() {
            let same = say!("both say the same", "違いはありません");
            eprintln!("{}", same.get(lang));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn entry(change: &Change) -> serde_json::Value {
    json!({
        "effect": change.effect.as_str(), "path": change.path,
        "from": change.from, "to": change.to, "text": change.text,
    })
}
