//! `tegata openslo`: objectives from other tools, and for them.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Subcommand;
use promise::Lang;
use spec::openslo::{Converted, Note};

use super::Common;
use crate::spec_file;

/// Read and write OpenSLO v1.
///
/// What the one side says and the other cannot is told line by line on stderr; nothing is dropped in silence.
#[derive(Debug, Subcommand)]
pub(crate) enum OpenSlo {
    /// Print the sections of a spec that a file of OpenSLO v1 says.
    Import {
        /// The file, of one or more documents.
        file: PathBuf,
    },
    /// Print the ratio and latency promises of a spec as OpenSLO v1.
    Export {
        /// The spec.
        #[arg(default_value = "tegata.yaml")]
        spec: PathBuf,
    },
}

impl OpenSlo {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let (path, converted) = match self {
            Self::Import { file } => {
                let text =
                    std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
                (file, spec::openslo::import(&text))
            }
            Self::Export { spec } => {
                let read = spec_file::open(&spec, lang)?.into_spec(lang)?;
                (spec, spec::openslo::export(&read))
            }
        };
        let Converted { text, notes } = converted;
        outln!("{}", text.trim_end());
        for note in &notes {
            eprintln!("{}", line(&path.display().to_string(), note, lang));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(path: &str, note: &Note, lang: Lang) -> String {
    let place = if note.line > 0 {
        format!("{path}:{}", note.line)
    } else {
        path.to_owned()
    };
    format!("{place}: {}: {}", note.about, note.what.get(lang))
}
