//! `tegata drill`: a drill that was held becomes an entry of the ledger.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use console::door::{Drill, DrillKind};
use promise::{Clock as _, Timestamp, record::Scalar as _, say, unit::Span};
use serde_json::json;

use super::{Common, Data, instance::Instance, runtime};
use crate::{clock::SystemClock, exit::Stop};

/// Write down a drill that was held: a failover, a restore test, an exercise.
///
/// Tegata does not hold it; whoever did says how it went. The entry has what PCI DSS 10.2.2 asks for: who, what kind, when,
/// how it went, from where, and what it touched. `tegata ledger show --kind drill` lists them. Asks the running instance.
#[derive(Debug, Args)]
pub(crate) struct DrillCommand {
    /// Which drill: its name under `continuity.drills` of the spec, or what people call it.
    #[arg(value_name = "NAME")]
    name: String,
    /// What was rehearsed.
    #[arg(long, value_enum)]
    kind: Kind,
    /// What it touched: a database, a region, a backup.
    #[arg(long, value_name = "WHAT")]
    on: String,
    /// It did what it was to do.
    #[arg(long, required_unless_present = "failed", conflicts_with = "failed")]
    passed: bool,
    /// It did not.
    #[arg(long)]
    failed: bool,
    /// How long it took, such as 4m30s.
    #[arg(long, value_name = "SPAN")]
    took: String,
    /// When it was over, RFC 3339; now if left out.
    #[arg(long, value_name = "TIME")]
    ended: Option<String>,
    /// What was seen, and what follows.
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    /// Who held it.
    #[arg(long, env = "USER", value_name = "NAME")]
    by: String,
    #[command(flatten)]
    data: Data,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Failover,
    Restore,
    Exercise,
}

impl DrillCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let wrong = |why: promise::Say| Stop::invalid(why.get(lang));
        let ended = self.ended.as_deref().map(Timestamp::parse);
        let ended = ended.transpose().map_err(wrong)?;
        let took = Span::parse(&self.took).map_err(wrong)?;
        let ended = ended.unwrap_or_else(|| SystemClock.now());
        let drill = Drill {
            name: self.name,
            kind: match self.kind {
                Kind::Failover => DrillKind::Failover,
                Kind::Restore => DrillKind::Restore,
                Kind::Exercise => DrillKind::Exercise,
            },
            on: self.on,
            began: ended - took.0,
            ended,
            passed: self.passed,
            by: self.by,
            note: self.note,
        };
        let instance = Instance::find(&self.data.dir, lang)?;
        let body = json!(drill);
        let answer = runtime()?.block_on(instance.ask("/api/v1/drills", &body))?;
        let entry = answer["entry"].as_u64();
        if self.json {
            outln!("{}", json!({ "version": 1, "entry": entry }));
        } else {
            let entry = entry.unwrap_or_default();
            let said = say!("entry #{entry} of the ledger", "台帳の記録 #{entry}");
            outln!("{}", said.get(lang));
        }
        Ok(ExitCode::SUCCESS)
    }
}
