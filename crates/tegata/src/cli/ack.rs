//! `tegata ack`: take an incident on.

use std::process::ExitCode;

use clap::Args;
use promise::say;
use serde_json::json;

use super::{Common, Data, instance::Instance, runtime};

/// Take an incident on: pages about it stop, and the ledger notes who answered when.
#[derive(Debug, Args)]
pub(crate) struct Ack {
    /// The incident, such as INC-2026-0007.
    incident: String,
    /// What you know or do about it.
    #[arg(long, short, default_value = "")]
    reason: String,
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    data: Data,
}

/// Who does it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Who {
    /// Your name; the one that you are logged in with, where it is left out.
    #[arg(long = "by", value_name = "NAME", env = "TEGATA_NAME", global = true)]
    name: Option<String>,
}

impl Who {
    pub(crate) fn name(&self) -> String {
        let logged_in = || {
            std::env::var("USER")
                .or_else(|_| std::env::var("LOGNAME"))
                .ok()
        };
        self.name.clone().or_else(logged_in).unwrap_or_default()
    }
}

impl Ack {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let instance = Instance::find(&self.data.dir, lang)?;
        let (id, name) = (&self.incident, self.who.name());
        let path = format!("/api/v1/incidents/{id}/acknowledge");
        let body = json!({ "by": name, "reason": self.reason });
        runtime()?.block_on(instance.tell(&path, &body))?;
        let done = say!(
            "● {name} has taken {id} on",
            "● {id} に {name} が応答しました"
        );
        outln!("{}", done.get(lang));
        Ok(ExitCode::SUCCESS)
    }
}
