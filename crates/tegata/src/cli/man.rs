//! `tegata man`: manual pages.

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _};

use super::Cli;

/// Print the manual page, or write one page a command into a folder.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// A folder for all pages.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.out {
            Some(folder) => {
                std::fs::create_dir_all(&folder)?;
                clap_mangen::generate_to(Cli::command(), &folder)?;
            }
            None => clap_mangen::Man::new(Cli::command()).render(&mut io::stdout())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
