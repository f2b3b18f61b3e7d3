//! `tegata ledger prune`: what the spec says is past its retention goes now, and not within a day.

use std::process::ExitCode;

use clap::Args;
use promise::say;
use serde_json::json;

use crate::cli::{Common, Data, instance::Instance, runtime};

/// Drop the bodies of ledger entries that are older than the spec's `ledger.keep`, now.
///
/// The running instance does so daily by itself. Hashes and proofs stay: all that is kept is proven as before, and an entry
/// says how far was pruned, by whom and why. What a legal hold of `*` or of `tegata_ledger` covers stays, and all after it.
/// Entries go in steps of 4,096.
#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Who asks; the ledger keeps it.
    #[arg(long, value_name = "NAME", env = "USER")]
    by: String,
    /// Why; the ledger keeps it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    data: Data,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

impl Prune {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let instance = Instance::find(&self.data.dir, lang)?;
        let body = json!({ "by": self.by, "reason": self.reason });
        let answer = runtime()?.block_on(instance.ask("/api/v1/ledger/prune", &body))?;
        let entries = answer["entries"].as_u64().unwrap_or_default();
        if self.json {
            outln!("{}", json!({ "version": 1, "entries": entries }));
        } else {
            let said = say!("{entries} entries pruned", "{entries} 件を間引きました");
            outln!("{}", said.get(lang));
        }
        Ok(ExitCode::SUCCESS)
    }
}
