//! `tegata notify`: what receivers would get, and whether they get it.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use promise::{Clock as _, Lang, say};
use respond::{
    Config, InboxItem, Page, Secrets,
    notify::{self, Outside, inbox::Shelf, sample},
    page::Kind,
};
use serde_json::json;
use spec::{Spec, section::receiver::Receiver};

use super::{Common, GlobalData, instance::Instance, runtime};
use crate::{
    clock::SystemClock,
    exit::{self, Stop},
    secrets, spec_file,
};

/// Show what a receiver would get, or send it a test.
#[derive(Debug, Args)]
pub(crate) struct Notify {
    #[command(subcommand)]
    what: What,
    /// The spec.
    #[arg(long, global = true, default_value = "tegata.yaml")]
    spec: PathBuf,
    #[command(flatten)]
    data: GlobalData,
    /// Print JSON, with a stable shape.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the message, with its secrets covered. Sends nothing.
    Preview {
        /// One receiver; all of them without it.
        receiver: Option<String>,
        /// Of an incident of the running instance, and not of a made-up one.
        #[arg(long)]
        incident: Option<String>,
        /// As it ends, and not as it begins.
        #[arg(long)]
        resolved: bool,
    },
    /// Send a message that says that it is a test; exit code 30 where a receiver does not accept it.
    Test {
        /// One receiver; all of them without it.
        receiver: Option<String>,
    },
}

/// What stands where a secret would be.
const COVERED: &str = "********";

struct NoShelf;

#[async_trait::async_trait]
impl Shelf for NoShelf {
    async fn put(&self, _: InboxItem) -> Result<(), respond::Error> {
        Ok(())
    }
}

impl Notify {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let spec = spec_file::open(&self.spec, lang)?.into_spec(lang)?;
        let running = || Instance::running(&self.data.dir).map(|instance| instance.url);
        let url = spec.console.url.clone().or_else(running);
        let url = url.unwrap_or_else(|| format!("http://{}", spec.console.listen));
        let config = Config::from_spec(&spec, url);
        match &self.what {
            What::Preview {
                receiver,
                incident,
                resolved,
            } => {
                let kind = if *resolved {
                    Kind::Resolved
                } else {
                    Kind::Raised
                };
                let page =
                    runtime()?.block_on(self.page(&config, incident.as_deref(), kind, lang))?;
                self.preview(&chosen(&spec, receiver.as_deref(), lang)?, &page)
            }
            What::Test { receiver } => {
                let page = sample::page(&config, Kind::Canary, SystemClock.now());
                let chosen = chosen(&spec, receiver.as_deref(), lang)?;
                runtime()?.block_on(self.test(&chosen, &page, lang))
            }
        }
    }

    async fn page(
        &self,
        config: &Config,
        incident: Option<&str>,
        kind: Kind,
        lang: Lang,
    ) -> anyhow::Result<Page> {
        let Some(id) = incident else {
            return Ok(sample::page(config, kind, SystemClock.now()));
        };
        let instance = Instance::find(&self.data.dir, lang)?;
        let mut dossier = instance
            .get(&format!("/api/v1/incidents/{id}/dossier"))
            .await?;
        let incident = serde_json::from_value(dossier["incident"].take())?;
        Ok(sample::of(config, &incident, kind, SystemClock.now()))
    }

    fn preview(&self, receivers: &[(&String, &Receiver)], page: &Page) -> anyhow::Result<ExitCode> {
        let outside = outside(Arc::new(|_| Ok(COVERED.to_owned())));
        let mut code = ExitCode::SUCCESS;
        let mut all = Vec::new();
        for (name, receiver) in receivers {
            let shown = notify::of(receiver, &outside).and_then(|notifier| notifier.preview(page));
            if shown.is_err() {
                code = ExitCode::from(exit::INVALID);
            }
            let (text, wrong) = match shown {
                Ok(text) => (Some(text), None),
                Err(error) => (None, Some(error.to_string())),
            };
            all.push(json!({ "receiver": name, "kind": notify::kind(receiver), "message": text, "wrong": wrong }));
        }
        if self.json {
            outln!(
                "{}",
                serde_json::to_string_pretty(&json!({ "version": 1, "previews": all }))?
            );
            return Ok(code);
        }
        for one in all {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            outln!("── {} ({})", text("receiver"), text("kind"));
            let shape = if one["wrong"].is_null() { "" } else { "✕ " };
            outln!("{shape}{}{}\n", text("message"), text("wrong"));
        }
        Ok(code)
    }

    async fn test(
        &self,
        receivers: &[(&String, &Receiver)],
        page: &Page,
        lang: Lang,
    ) -> anyhow::Result<ExitCode> {
        let outside = outside(Arc::new(secrets::resolve));
        let mut code = ExitCode::SUCCESS;
        let mut all = Vec::new();
        for (name, receiver) in receivers {
            let sent = match notify::of(receiver, &outside) {
                Ok(notifier) => notifier.send(page).await,
                Err(error) => Err(error),
            };
            let (is_accepted, answer) = match sent {
                Ok(receipt) => (true, receipt.answer),
                Err(error) => (false, error.to_string()),
            };
            if !is_accepted {
                code = ExitCode::from(exit::INVALID);
            }
            if !self.json {
                let line = if is_accepted {
                    say!(
                        "● {name} accepted the test: {answer}",
                        "● {name} に届きました: {answer}"
                    )
                } else {
                    say!(
                        "✕ {name} did not accept the test: {answer}",
                        "✕ {name} に届きません: {answer}"
                    )
                };
                outln!("{}", line.get(lang));
            }
            all.push(json!({ "receiver": name, "accepted": is_accepted, "answer": answer }));
        }
        if self.json {
            outln!(
                "{}",
                serde_json::to_string_pretty(&json!({ "version": 1, "tests": all }))?
            );
        }
        Ok(code)
    }
}

fn outside(secrets: Secrets) -> Outside {
    Outside::new(secrets, Arc::new(SystemClock), Arc::new(NoShelf))
}

fn chosen<'s>(
    spec: &'s Spec,
    name: Option<&str>,
    lang: Lang,
) -> anyhow::Result<Vec<(&'s String, &'s Receiver)>> {
    let receivers = spec.receivers.iter();
    let chosen: Vec<_> = receivers
        .filter(|(known, _)| name.is_none_or(|name| name == known.as_str()))
        .collect();
    if chosen.is_empty() {
        let name = name.unwrap_or_default();
        let nothing = say!(
            "the spec has no receiver {name}",
            "仕様に宛先 {name} がありません"
        );
        return Err(Stop::missing(nothing.get(lang)).into());
    }
    Ok(chosen)
}
