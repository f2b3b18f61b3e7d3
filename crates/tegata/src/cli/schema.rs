//! `tegata schema`: the spec's JSON Schema, for editors.

use std::process::ExitCode;

use clap::Args;

use super::Common;

/// Print the JSON Schema of the spec; editors complete and check with it.
///
/// Put `# yaml-language-server: $schema=tegata.schema.json` at the top of a spec.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Print the reference of the spec instead, as Markdown in the language of `--lang`.
    #[arg(long)]
    reference: bool,
}

impl Schema {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        if self.reference {
            println!("{}", spec::reference::page(common.lang()));
            return Ok(ExitCode::SUCCESS);
        }
        println!("{}", serde_json::to_string_pretty(&spec::schema())?);
        Ok(ExitCode::SUCCESS)
    }
}
