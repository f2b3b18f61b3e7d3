//! `tegata completions`: shell completion scripts.

use std::{io, process::ExitCode};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;

/// Print a completion script: `tegata completions bash > /etc/bash_completion.d/tegata`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        clap_complete::generate(self.shell, &mut Cli::command(), "tegata", &mut io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}
