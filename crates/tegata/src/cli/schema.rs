//! `tegata schema`: the spec's JSON Schema for editors, its reference for people, and the API's description.

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
    /// Print the description of the console's API instead, as OpenAPI 3.1.
    #[arg(long, conflicts_with = "reference")]
    openapi: bool,
}

impl Schema {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        if self.reference {
            outln!("{}", spec::reference::page(common.lang()));
            return Ok(ExitCode::SUCCESS);
        }
        let json = if self.openapi {
            console::openapi(env!("CARGO_PKG_VERSION"))
        } else {
            spec::schema()
        };
        outln!("{}", serde_json::to_string_pretty(&json)?);
        Ok(ExitCode::SUCCESS)
    }
}
