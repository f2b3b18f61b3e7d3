//! `tegata fmt`: a spec in its usual layout.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use promise::say;
use spec::{Diagnostic, Texts};

use super::Common;
use crate::{
    exit::{self, Stop},
    spec_file,
};

/// Lay a spec out as usual: two spaces a level, one between words. Comments, quotes and every value stay.
#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// The files.
    #[arg(default_value = "tegata.yaml")]
    files: Vec<PathBuf>,
    /// Change nothing; end with 1 when a file is not laid out so.
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let mut differs = false;
        let mut bad = false;
        for path in &self.files {
            let text = spec_file::read(path).map_err(|why| Stop::missing(why.get(lang)))?;
            let name = path.display().to_string();
            let laid_out = match spec::format(&text) {
                Ok(laid_out) => laid_out,
                Err(mistakes) => {
                    let diagnostics: Vec<Diagnostic> =
                        mistakes.into_iter().map(Diagnostic::from).collect();
                    spec_file::show(&diagnostics, &Texts::one(name, text), lang);
                    bad = true;
                    continue;
                }
            };
            if laid_out == text {
                continue;
            }
            differs = true;
            let said = if self.check {
                say!("{name} is laid out otherwise", "{name} の体裁が違います")
            } else {
                spec_file::replace(path, &laid_out)
                    .with_context(|| format!("cannot write {name}"))?;
                say!("{name} is laid out anew", "{name} の体裁を整えました")
            };
            eprintln!("{}", said.get(lang));
        }
        Ok(match (bad, self.check && differs) {
            (true, _) => ExitCode::from(exit::BAD_SPEC),
            (false, true) => ExitCode::from(exit::INTERNAL),
            (false, false) => ExitCode::SUCCESS,
        })
    }
}
