//! The command line: one file a command; its doc comment is its help.

/// Prints a line of data. A reader who has gone away (`| head`) ends the command, not with a panic.
macro_rules! outln {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout(), $($arg)*)?;
    }};
}

mod access;
mod ack;
mod check;
mod checklist;
mod completions;
mod demo;
mod diff;
mod doctor;
mod drill;
mod explain;
mod fmt;
mod import;
mod incident;
mod init;
pub(crate) mod instance;
mod ledger;
mod logs;
mod lsp;
mod man;
mod notify;
mod oncall;
mod openslo;
mod promql;
mod prove;
mod replay;
mod run;
mod runbook;
mod schema;
mod silence;
mod sink;
pub(crate) mod standing;
mod status_page;
mod test;
mod verdict;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use promise::Lang;

use crate::facts;

/// Keeps a service's promises, and proves that it keeps them.
///
/// One binary, one YAML file: collect, judge, alert, and a ledger that nobody can quietly change.
/// Exit codes: 0 kept, 1 internal, 2 usage, 10 at risk, 20 broken, 30 unproven or invalid,
/// 69 a dependency is missing, 78 bad spec.
#[derive(Debug, Parser)]
#[command(
    name = "tegata",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// Language of what people read: en or ja. The locale decides otherwise.
    #[arg(long, global = true, env = "TEGATA_LANG", value_parser = parse_lang)]
    pub(crate) lang: Option<Lang>,
    /// How much to log, as `info` or `tegata=debug,collect=trace`.
    #[arg(
        long,
        global = true,
        env = "TEGATA_LOG",
        default_value = "warn",
        hide_default_value = true
    )]
    pub(crate) log: String,
    /// Log JSON lines instead of text.
    #[arg(long, global = true, env = "TEGATA_LOG_JSON")]
    pub(crate) log_json: bool,
    /// A folder of tables whose rows take the place of those that come with the program: prices, limits,
    /// ends of life. The rules of `tegata check` hold a spec against them.
    #[arg(long, global = true, env = "TEGATA_FACTS", value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
}

impl Common {
    /// The reader's language: the flag, else the locale, else English.
    pub(crate) fn lang(&self) -> Lang {
        let locale = || {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
                .and_then(|value| Lang::asked_for(&value))
        };
        self.lang.or_else(locale).unwrap_or_default()
    }
}

/// Where a running or stopped instance keeps its data.
#[derive(Debug, Clone, Args)]
pub(crate) struct Data {
    /// The data directory.
    #[arg(
        long = "data",
        env = "TEGATA_DATA",
        value_name = "DIR",
        default_value = "tegata-data"
    )]
    pub(crate) dir: PathBuf,
}

/// The same for commands with subcommands: it may stand after those too.
#[derive(Debug, Clone, Args)]
pub(crate) struct GlobalData {
    /// The data directory.
    #[arg(
        long = "data",
        env = "TEGATA_DATA",
        value_name = "DIR",
        default_value = "tegata-data",
        global = true
    )]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Import(import::Import),
    Check(check::Check),
    Fmt(fmt::Fmt),
    Diff(diff::Diff),
    Lsp(lsp::Lsp),
    Demo(demo::Demo),
    Run(run::Run),
    Verdict(verdict::VerdictOf),
    Logs(logs::Logs),
    Explain(explain::Explain),
    Prove(prove::Prove),
    Promql(promql::Promql),
    Test(test::Test),
    Replay(replay::Replay),
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    #[command(name = "oncall")]
    OnCall(oncall::OnCall),
    Silence(silence::SilenceCommand),
    Ack(ack::Ack),
    #[command(subcommand)]
    Access(access::AccessCommand),
    Incident(incident::IncidentCommand),
    Checklist(checklist::ChecklistCommand),
    Notify(notify::Notify),
    Runbook(runbook::RunbookCommand),
    StatusPage(status_page::StatusPage),
    Drill(drill::DrillCommand),
    Doctor(doctor::Doctor),
    Sink(sink::SinkCommand),
    Schema(schema::Schema),
    #[command(subcommand, name = "openslo")]
    OpenSlo(openslo::OpenSlo),
    Completions(completions::Completions),
    Man(man::Man),
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    Lang::asked_for(text).ok_or_else(|| format!("`{text}` is neither en nor ja"))
}

impl Cli {
    /// Does what was asked and answers with the exit code.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let common = &self.common;
        if let Some(folder) = &common.facts {
            facts::take(folder, common.lang())?;
        }
        match self.command {
            Command::Init(command) => command.run(common),
            Command::Import(command) => command.run(common),
            Command::Check(command) => command.run(common),
            Command::Fmt(command) => command.run(common),
            Command::Diff(command) => command.run(common),
            Command::Lsp(command) => command.run(common),
            Command::Demo(command) => command.run(common),
            Command::Run(command) => command.run(common),
            Command::Verdict(command) => command.run(common),
            Command::Logs(command) => command.run(common),
            Command::Explain(command) => command.run(common),
            Command::Prove(command) => command.run(common),
            Command::Promql(command) => command.run(common),
            Command::Test(command) => command.run(common),
            Command::Replay(command) => command.run(common),
            Command::Ledger(command) => command.run(common),
            Command::OnCall(command) => command.run(common),
            Command::Silence(command) => command.run(common),
            Command::Ack(command) => command.run(common),
            Command::Access(command) => command.run(common),
            Command::Incident(command) => command.run(common),
            Command::Checklist(command) => command.run(common),
            Command::Notify(command) => command.run(common),
            Command::Runbook(command) => command.run(common),
            Command::StatusPage(command) => command.run(common),
            Command::Drill(command) => command.run(common),
            Command::Doctor(command) => command.run(common),
            Command::Sink(command) => command.run(common),
            Command::Schema(command) => command.run(common),
            Command::OpenSlo(command) => command.run(common),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }

    /// Logs go to stderr: stdout is for data.
    pub(crate) fn start_logging(&self) {
        let filter = tracing_subscriber::EnvFilter::try_new(&self.common.log)
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr);
        if self.common.log_json {
            log.json().init();
        } else {
            log.init();
        }
    }
}

/// The runtime of commands that do I/O.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn no_command_contradicts_itself() {
        super::Cli::command().debug_assert();
    }
}
