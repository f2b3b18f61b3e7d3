//! `tegata`: one binary, one YAML file. The command line is in `cli`, the wiring in `app`.

mod access;
mod allocator;
mod app;
mod archive;
mod beats;
mod book;
mod bucket;
mod cli;
mod clock;
mod deeds;
mod demo;
mod doors;
mod engine;
mod exit;
mod facts;
mod keeper;
mod log_rules;
mod lsp;
mod past;
mod pruning;
mod rule_files;
mod seals;
mod secrets;
mod sink;
mod spec_file;
mod tasks;
mod windows;
mod witness;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    allocator::give_back();
    let cli = cli::Cli::parse();
    cli.start_logging();
    // Several libraries speak TLS; they all shall do so with ring. Only a second call can fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli.run().unwrap_or_else(|error| exit::report(&error))
}
