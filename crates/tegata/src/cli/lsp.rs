//! `tegata lsp`: the language server, for editors.

use std::process::ExitCode;

use clap::Args;

use super::{Common, Data, runtime};
use crate::lsp;

/// Speak the Language Server Protocol on stdin and stdout: findings, completion, hover, definitions, fixes, layout.
///
/// Editors start it. Hovering a promise tells how it stands, where an instance runs on `--data`.
#[derive(Debug, Args)]
pub(crate) struct Lsp {
    #[command(flatten)]
    data: Data,
    /// Editors add it; there is no other way.
    #[arg(long, hide = true)]
    stdio: bool,
}

impl Lsp {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let runtime = runtime()?;
        let standings = lsp::Standings::new(self.data.dir, runtime.handle().clone());
        lsp::serve(
            std::io::stdin(),
            std::io::stdout(),
            standings,
            common.lang(),
        )
    }
}
