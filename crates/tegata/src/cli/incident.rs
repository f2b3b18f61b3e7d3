//! `tegata incident`: what people do about incidents, from a terminal.

mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use promise::{Lang, say};
use respond::incident::deed::Deed;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Common, GlobalData, ack::Who, instance::Instance, runtime};
use crate::exit::Stop;

/// List, open and work on incidents, and say how fast they were answered. Asks the running instance.
#[derive(Debug, Args)]
pub(crate) struct IncidentCommand {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    data: GlobalData,
    #[command(flatten)]
    who: Who,
    /// Print JSON, with a stable shape.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Incidents, open ones first.
    List,
    /// One incident against its targets, with its timeline.
    Show { incident: String },
    /// Open one by hand; it pages as its severity says.
    Open {
        title: String,
        /// One of the spec's severities; without it nobody is paged.
        #[arg(long)]
        severity: Option<String>,
        /// What is known so far.
        #[arg(long, default_value = "")]
        text: String,
        /// A promise that it concerns.
        #[arg(long = "promise", value_name = "PROMISE")]
        promises: Vec<String>,
    },
    /// Write something down.
    Note { incident: String, text: String },
    /// Say who does what; an empty name gives the role up.
    Role {
        incident: String,
        role: String,
        person: String,
    },
    /// Put a link beside it.
    Link {
        incident: String,
        title: String,
        url: String,
    },
    /// Tick a step of the runbook, by its text.
    Tick { incident: String, step: String },
    /// Name something that contributed to it.
    Cause { incident: String, text: String },
    /// Say what is to be done so that it does not come again.
    Action {
        incident: String,
        text: String,
        #[arg(long)]
        owner: String,
        /// The last day on which it is in time, such as 2026-12-04.
        #[arg(long)]
        due: String,
    },
    /// Say that an action is done, by its number.
    Done { incident: String, action: u64 },
    /// Say whose data it concerns; reporting clocks start.
    Concern {
        incident: String,
        #[arg(long)]
        personal: bool,
        #[arg(long)]
        card: bool,
        /// Somebody may have meant harm: the final report has 60 days instead of 30.
        #[arg(long)]
        wrongful: bool,
    },
    /// Say that a report was made, by the key of its clock.
    Reported { incident: String, key: String },
    /// Change the severity.
    Severity { incident: String, severity: String },
    /// End an incident that a person opened.
    Resolve { incident: String, text: String },
    /// A draft of the post-mortem, as Markdown.
    PostMortem { incident: String },
    /// A draft of what customers are told.
    Notice { incident: String },
    /// How fast people answered and how fast things were mended.
    Figures {
        #[arg(long = "per", value_enum, default_value_t = By::Severity)]
        by: By,
        /// Print CSV.
        #[arg(long)]
        csv: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Severity,
    Month,
    Person,
    Each,
}

impl IncidentCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let instance = Instance::find(&self.data.dir, lang)?;
        runtime()?.block_on(self.ask(&instance, lang))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn ask(&self, instance: &Instance, lang: Lang) -> anyhow::Result<()> {
        match &self.what {
            What::List => {
                let answer = instance.get("/api/v1/incidents").await?;
                if self.json {
                    return print(&answer);
                }
                show::list(&answer, lang)
            }
            What::Show { incident } => {
                let dossier = self.dossier(instance, incident).await?;
                if self.json {
                    return print(&dossier);
                }
                show::dossier(&dossier, lang)
            }
            What::Open {
                title,
                severity,
                text,
                promises,
            } => {
                let body = json!({ "title": title, "by": self.who.name(), "severity": severity, "text": text, "promises": promises });
                let opened = instance.ask("/api/v1/incidents", &body).await?;
                if self.json {
                    return print(&opened);
                }
                outln!("{}", opened["id"].as_str().unwrap_or_default());
                Ok(())
            }
            What::PostMortem { incident } => {
                let path = format!(
                    "/incidents/{incident}/post-mortem?as=md&lang={}",
                    lang.tag()
                );
                outln!("{}", instance.text(&path).await?.trim_end());
                Ok(())
            }
            What::Notice { incident } => {
                let dossier = self.dossier(instance, incident).await?;
                if self.json {
                    return print(&dossier["notice"]);
                }
                for part in ["title", "text"] {
                    outln!("{}", show::said(&dossier["notice"][part], lang));
                }
                Ok(())
            }
            What::Figures { by, csv } => self.figures(instance, *by, *csv, lang).await,
            deed => self.act(instance, deed, lang).await,
        }
    }

    async fn dossier(&self, instance: &Instance, id: &str) -> anyhow::Result<Value> {
        instance
            .get(&format!("/api/v1/incidents/{id}/dossier"))
            .await
    }

    async fn act(&self, instance: &Instance, what: &What, lang: Lang) -> anyhow::Result<()> {
        let Some((incident, deed)) = deed(what, lang)? else {
            return Ok(());
        };
        let mut body = serde_json::to_value(deed)?;
        body["by"] = json!(self.who.name());
        let path = format!("/api/v1/incidents/{incident}/work");
        instance.tell(&path, &body).await?;
        let done = say!("● recorded in {incident}", "● {incident} に記録しました");
        outln!("{}", done.get(lang));
        Ok(())
    }

    async fn figures(
        &self,
        instance: &Instance,
        by: By,
        csv: bool,
        lang: Lang,
    ) -> anyhow::Result<()> {
        let by = match by {
            By::Severity => "severity",
            By::Month => "month",
            By::Person => "person",
            By::Each => "each",
        };
        if csv {
            let text = instance
                .text(&format!("/incidents/figures?as=csv&by={by}"))
                .await?;
            outln!("{}", text.trim_end());
            return Ok(());
        }
        let answer = instance
            .get(&format!("/api/v1/incidents/figures?by={by}"))
            .await?;
        if self.json {
            return print(&answer);
        }
        show::figures(&answer, lang)?;
        Ok(())
    }
}

/// What a subcommand does about which incident.
fn deed(what: &What, lang: Lang) -> anyhow::Result<Option<(&str, Deed)>> {
    Ok(Some(match what {
        What::Note { incident, text } => (incident, Deed::Note { text: text.clone() }),
        What::Role {
            incident,
            role,
            person,
        } => (
            incident,
            Deed::Role {
                role: role.clone(),
                person: person.clone(),
            },
        ),
        What::Link {
            incident,
            title,
            url,
        } => (
            incident,
            Deed::Link {
                title: title.clone(),
                url: url.clone(),
            },
        ),
        What::Tick { incident, step } => (incident, Deed::Tick { step: step.clone() }),
        What::Cause { incident, text } => (incident, Deed::Cause { text: text.clone() }),
        What::Action {
            incident,
            text,
            owner,
            due,
        } => (
            incident,
            Deed::Action {
                text: text.clone(),
                owner: owner.clone(),
                due: scalar(due, lang)?,
            },
        ),
        What::Done { incident, action } => (incident, Deed::ActionDone { number: *action }),
        What::Concern {
            incident,
            personal,
            card,
            wrongful,
        } => (
            incident,
            Deed::Concern {
                personal: *personal,
                card: *card,
                wrongful: *wrongful,
            },
        ),
        What::Reported { incident, key } => (incident, Deed::Reported { key: key.clone() }),
        What::Severity { incident, severity } => (
            incident,
            Deed::Severity {
                severity: severity.clone(),
            },
        ),
        What::Resolve { incident, text } => (incident, Deed::Resolve { text: text.clone() }),
        _ => return Ok(None),
    }))
}

fn scalar<T: DeserializeOwned>(text: &str, lang: Lang) -> anyhow::Result<T> {
    serde_json::from_value(json!(text)).map_err(|_| {
        let wrong = say!(
            "`{text}` is not a date like 2026-12-04",
            "`{text}` は 2026-12-04 のような日付ではありません"
        );
        Stop::invalid(wrong.get(lang)).into()
    })
}

fn print(body: &Value) -> anyhow::Result<()> {
    outln!("{}", serde_json::to_string_pretty(body)?);
    Ok(())
}
