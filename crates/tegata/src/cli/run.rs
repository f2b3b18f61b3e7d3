//! `tegata run`: collect, judge, alert and record, until told to stop.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{Common, Data, runtime};
use crate::app::{self, Settings};

/// Run a spec: collect evidence, judge promises, page people, keep the ledger.
///
/// SIGHUP or a change of the file reloads it; a bad file keeps the last good spec. SIGTERM and Ctrl-C stop
/// cleanly within 10 seconds.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The spec.
    #[arg(env = "TEGATA_SPEC", default_value = "tegata.yaml")]
    spec: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Where the console listens, instead of `console.listen`; port 0 chooses a free one.
    #[arg(long, env = "TEGATA_LISTEN")]
    listen: Option<SocketAddr>,
}

impl Run {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = Settings {
            spec: self.spec,
            data: self.data.dir,
            listen: self.listen,
            lang: common.lang(),
        };
        runtime()?.block_on(app::run(settings, None))
    }
}
