//! `tegata verdict`: how the promises stand, for people and for scripts.

use std::process::ExitCode;

use clap::Args;
use promise::Lang;
use serde_json::json;

use super::{Common, Data, runtime, standing};

/// Say how the promises stand; the exit code is that of the worst.
///
/// 0 kept, 10 at risk, 20 broken, 30 unproven. Asks the running instance; where none runs, judges now from
/// the newest recorded evidence.
#[derive(Debug, Args)]
pub(crate) struct VerdictOf {
    /// Only these promises.
    #[arg(value_name = "PROMISE")]
    promises: Vec<String>,
    #[command(flatten)]
    data: Data,
    /// Print JSON, with a stable shape.
    #[arg(long)]
    json: bool,
}

impl VerdictOf {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let mut standings = runtime()?.block_on(standing::all(&self.data.dir, lang))?;
        for id in &self.promises {
            standing::require(id, &standings, lang)?;
        }
        standings.retain(|s| self.promises.is_empty() || self.promises.contains(&s.promise.id));
        if self.json {
            let verdicts: Vec<_> = standings
                .iter()
                .map(|s| {
                    json!({
                        "promise": s.promise.id,
                        "name": { "en": s.promise.name(Lang::En), "ja": s.promise.name(Lang::Ja) },
                        "kind": s.promise.kind.tag(),
                        "state": s.verdict.state,
                        "reason": { "code": s.verdict.reason.code, "text": s.verdict.reason.say() },
                        "measured": s.verdict.measured,
                        "budget": s.verdict.budget,
                        "since": s.since,
                        "newest": s.verdict.newest,
                        "at": s.verdict.at,
                        "entry": s.entry,
                        "incident": s.incident,
                    })
                })
                .collect();
            outln!(
                "{}",
                serde_json::to_string_pretty(&json!({ "version": 1, "verdicts": verdicts }))?
            );
        } else {
            for s in &standings {
                let state = s.verdict.state.say();
                outln!(
                    "{} {}  {}: {}",
                    s.verdict.state.shape(),
                    state.get(lang),
                    s.promise.name(lang),
                    s.verdict.reason.say().get(lang)
                );
            }
        }
        Ok(standing::exit_code(&standings))
    }
}
