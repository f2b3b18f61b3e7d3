//! `tegata demo`: a small payment shop on loopback, and Tegata over it.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use promise::Lang;

use super::{Common, Data, instance::Instance, runtime};
use crate::{
    app::{self, Settings},
    demo,
};

/// Start a small payment shop on loopback, and Tegata over it.
///
/// Three shop instances, a payment provider, customers, and a sink that takes the pages. Break the provider
/// with `tegata demo outage provider` and watch the board.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Demo {
    /// The data directory.
    #[arg(
        long = "data",
        env = "TEGATA_DATA",
        value_name = "DIR",
        default_value = "tegata-data/demo"
    )]
    dir: PathBuf,
    /// The console's port; the demo's other ports lie within 100 above it.
    #[arg(long, env = "TEGATA_DEMO_PORT", default_value_t = demo::PORT_BASE)]
    port: u16,
    #[command(subcommand)]
    command: Option<DemoCommand>,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Break a part of the running demo, or mend it.
    Outage {
        /// What to break.
        what: What,
        /// End the outage.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        data: DemoData,
    },
}

#[derive(Debug, Args)]
struct DemoData {
    /// The running demo's data directory.
    #[arg(
        long = "data",
        env = "TEGATA_DATA",
        value_name = "DIR",
        default_value = "tegata-data/demo"
    )]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Provider,
}

impl Demo {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        match self.command {
            None => start(self.dir, self.port, common.lang()),
            Some(DemoCommand::Outage {
                what: What::Provider,
                end,
                data,
            }) => runtime()?.block_on(outage("provider", !end, &data.dir, common.lang())),
        }
    }
}

fn start(dir: PathBuf, port: u16, lang: Lang) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let spec = dir.join("card-payments.yaml");
    // A spec that somebody has changed in the demo's folder stays as it is.
    if !spec.exists() {
        std::fs::write(&spec, demo::spec_at(port))
            .with_context(|| format!("cannot write {}", spec.display()))?;
    }
    let settings = Settings {
        spec,
        data: Data { dir }.dir,
        listen: None,
        lang,
    };
    runtime()?.block_on(app::run(settings, Some(port)))
}

async fn outage(
    what: &str,
    on: bool,
    dir: &std::path::Path,
    lang: Lang,
) -> anyhow::Result<ExitCode> {
    let instance = Instance::find(dir, lang)?;
    instance
        .post(&format!(
            "/demo/outages/{what}/{}",
            if on { "start" } else { "stop" }
        ))
        .await?;
    match (lang, on) {
        (Lang::En, true) => {
            eprintln!("{what}: outage begun; end it with `tegata demo outage {what} --end`")
        }
        (Lang::En, false) => eprintln!("{what}: outage ended"),
        (Lang::Ja, true) => {
            eprintln!("{what}: 障害を起こしました。`tegata demo outage {what} --end` で終わります")
        }
        (Lang::Ja, false) => eprintln!("{what}: 障害を終えました"),
    }
    Ok(ExitCode::SUCCESS)
}
