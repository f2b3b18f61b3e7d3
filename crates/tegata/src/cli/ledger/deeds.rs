//! `tegata ledger deeds`: who did what, from the files alone.

use std::{collections::VecDeque, path::PathBuf, process::ExitCode};

use clap::Args;
use promise::{Clock as _, Lang, Timestamp, record::Scalar as _, unit::Span};
use serde_json::json;

use crate::{
    book::kind,
    cli::{Common, Data},
    clock::SystemClock,
    deeds::Body,
    exit::Stop,
};

/// List who did what, newest first: log-ins, silences, acknowledgements, unmasked logs, deletions, reloads.
///
/// Each has what PCI DSS 10.2.2 asks for: who, what, when, whether it was done, from where, and on what.
#[derive(Debug, Args)]
pub(crate) struct Deeds {
    #[command(flatten)]
    data: Data,
    /// The ledger's own directory, when it lies elsewhere, as in an auditor's copy.
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    ledger: Option<PathBuf>,
    /// Only those of this person.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only those of this type, such as log_in or unmask.
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// Only those that were refused or failed.
    #[arg(long)]
    failed: bool,
    /// How far back, such as 2d.
    #[arg(long, value_name = "SPAN")]
    since: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Print JSON lines.
    #[arg(long)]
    json: bool,
}

impl Deeds {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let since = self.since.as_deref().map(Span::parse).transpose();
        let since = since.map_err(|why| Stop::invalid(why.get(lang)))?;
        let after = since.map(|span| SystemClock.now() - span.0);
        let dir = self
            .ledger
            .clone()
            .unwrap_or_else(|| self.data.dir.join("ledger"));
        let mut newest = VecDeque::new();
        let read = ledger::read(&dir, |entry| {
            if let Some(body) = self.wanted(&entry, after) {
                if newest.len() == self.limit {
                    newest.pop_front();
                }
                newest.push_back((entry.index, entry.at, entry.about, body));
            }
        });
        for (index, at, event, body) in newest.iter().rev() {
            if self.json {
                let line =
                    json!({ "version": 1, "entry": index, "at": at, "event": event, "deed": body });
                outln!("{line}");
            } else {
                outln!("{}", line(*index, at, event, body, lang));
            }
        }
        read.map_err(|error| Stop::invalid(error.to_string()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn wanted(&self, entry: &ledger::Entry, after: Option<Timestamp>) -> Option<Body> {
        if entry.kind != kind::DEED {
            return None;
        }
        let body: Body = serde_json::from_value(entry.body.clone()).ok()?;
        let at = entry.at.parse().ok();
        let fits = self
            .event
            .as_ref()
            .is_none_or(|event| *event == entry.about)
            && self.who.as_ref().is_none_or(|who| *who == body.user)
            && (!self.failed || !body.done)
            && after.is_none_or(|after| at.is_some_and(|at: Timestamp| at > after));
        fits.then_some(body)
    }
}

fn line(index: u64, at: &str, event: &str, body: &Body, lang: Lang) -> String {
    let who = match (&body.role, body.user.is_empty()) {
        (_, true) => "-".to_owned(),
        (Some(role), _) => format!("{} ({role})", body.user),
        (None, _) => body.user.clone(),
    };
    let done = match (body.done, lang) {
        (true, Lang::En) => "done",
        (false, Lang::En) => "refused",
        (true, Lang::Ja) => "成功",
        (false, Lang::Ja) => "失敗",
    };
    let line = format!(
        "{index:>8}  {at}  {event:12} {done:8} {who:24} {:16} {}",
        body.from, body.on
    );
    // A line stays a line, whatever somebody put into an address.
    line.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
