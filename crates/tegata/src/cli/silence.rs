//! `tegata silence`: hold pages back for a while, and say why.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use promise::{Clock as _, Lang, Timestamp, record::Scalar as _, say, unit::Span};
use serde_json::{Value, json};
use spec::section::alerting::matcher::Matcher;

use super::{Common, Data, instance::Instance, runtime};
use crate::{clock::SystemClock, exit::Stop};

/// Hold pages back for a while; each silence says who set it and why, and is an entry of the ledger.
///
/// What is broken is still shown as broken. Asks the running instance.
#[derive(Debug, Args)]
pub(crate) struct SilenceCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Hold back the pages of alerts that all matchers accept; prints the silence's id.
    Add(Add),
    /// Silences that hold or will, or with `--expired` all at hand.
    List(List),
    /// End silences now.
    Expire(Expire),
}

#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    data: Data,
    /// Conditions on labels: `team=payments`, `job=~"api-.*"`, `env!=test`; a bare word is an alert's name.
    #[arg(required = true, value_name = "MATCHER")]
    matchers: Vec<String>,
    /// How long, such as `2h`.
    #[arg(long = "for", default_value = "1h", value_parser = span)]
    length: Span,
    /// When it begins, RFC 3339; now if left out.
    #[arg(long, value_parser = instant)]
    start: Option<Timestamp>,
    /// Why.
    #[arg(long)]
    reason: String,
    /// The ticket that it belongs to.
    #[arg(long)]
    ticket: Option<String>,
    /// Who answers for it.
    #[arg(long, visible_alias = "by", env = "USER")]
    author: String,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    data: Data,
    /// Those that are over, too.
    #[arg(long)]
    expired: bool,
    /// Print JSON, with a stable shape.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Expire {
    #[command(flatten)]
    data: Data,
    /// Ids of silences.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Who ends it.
    #[arg(long, visible_alias = "by", env = "USER")]
    author: String,
}

fn span(text: &str) -> Result<Span, String> {
    Span::parse(text).map_err(|why| why.en)
}

fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an instant like 2026-11-02T09:00:00+09:00"))
}

impl SilenceCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let data = match &self.what {
            What::Add(Add { data, .. })
            | What::List(List { data, .. })
            | What::Expire(Expire { data, .. }) => data,
        };
        let instance = Instance::find(&data.dir, lang)?;
        runtime()?.block_on(async {
            match self.what {
                What::Add(add) => add.run(&instance, lang).await?,
                What::List(list) => list.run(&instance, lang).await?,
                What::Expire(expire) => expire.run(&instance).await?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Add {
    async fn run(self, instance: &Instance, lang: Lang) -> anyhow::Result<()> {
        let mut matchers: Vec<Value> = Vec::new();
        for text in &self.matchers {
            let read = if text.contains('=') || text.contains('~') {
                Matcher::parse_all(text)
            } else {
                Matcher::new("alertname", text, false, true).map(|one| vec![one])
            };
            let read = read.map_err(|why| Stop::invalid(why.get(lang)))?;
            matchers.extend(read.iter().map(|one| {
                json!({ "name": one.name(), "value": one.value(), "isRegex": one.is_regex(), "isEqual": one.is_equal() })
            }));
        }
        let start = self.start.unwrap_or_else(|| SystemClock.now());
        let body = json!({
            "matchers": matchers, "startsAt": start, "endsAt": start + self.length.0,
            "createdBy": self.author, "comment": self.reason, "ticket": self.ticket,
        });
        let answer = instance.ask("/api/v2/silences", &body).await?;
        outln!("{}", answer["silenceID"].as_str().unwrap_or_default());
        Ok(())
    }
}

impl Expire {
    async fn run(self, instance: &Instance) -> anyhow::Result<()> {
        let by = percent(&self.author);
        for id in &self.ids {
            let path = format!("/api/v2/silence/{}?by={by}", percent(id));
            instance.delete(&path).await?;
        }
        Ok(())
    }
}

impl List {
    async fn run(self, instance: &Instance, lang: Lang) -> anyhow::Result<()> {
        let mut silences = match instance.get("/api/v2/silences").await? {
            Value::Array(silences) => silences,
            _ => Vec::new(),
        };
        silences.retain(|silence| self.expired || silence["status"]["state"] != "expired");
        if self.json {
            let all = json!({ "version": 1, "silences": silences });
            outln!("{}", serde_json::to_string_pretty(&all)?);
            return Ok(());
        }
        if silences.is_empty() {
            let nothing = say!("nothing is silenced", "サイレンスはありません");
            eprintln!("{}", nothing.get(lang));
        }
        for silence in &silences {
            outln!("{}", line(silence, lang));
        }
        Ok(())
    }
}

fn line(silence: &Value, lang: Lang) -> String {
    let text = |name: &str| silence[name].as_str().unwrap_or_default();
    let matchers = silence["matchers"].as_array().into_iter().flatten();
    let matchers = matchers.filter_map(|one| {
        let flag = |name: &str| one[name].as_bool().unwrap_or_default();
        let read = Matcher::new(
            one["name"].as_str()?,
            one["value"].as_str()?,
            flag("isRegex"),
            flag("isEqual"),
        );
        Some(read.ok()?.to_string())
    });
    let matchers = matchers.collect::<Vec<_>>().join(", ");
    let state = match silence["status"]["state"].as_str() {
        Some("active") => say!("active", "有効"),
        Some("pending") => say!("pending", "開始前"),
        _ => say!("expired", "終了"),
    };
    let (id, ends, by, why) = (
        text("id"),
        text("endsAt"),
        text("createdBy"),
        text("comment"),
    );
    let ticket = silence["ticket"].as_str();
    let ticket = ticket
        .map(|ticket| format!(" [{ticket}]"))
        .unwrap_or_default();
    let (state_en, state_ja) = (&state.en, &state.ja);
    let whole = say!(
        "{id}  {state_en} until {ends}  {{{matchers}}}  {by}: {why}{ticket}",
        "{id}  {state_ja} {ends} まで  {{{matchers}}}  {by}: {why}{ticket}"
    );
    whole.get(lang).to_owned()
}

/// Text as a part of an address.
fn percent(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let parts = text.bytes().map(|byte| {
        if is_plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_script_fits_into_an_address() {
        // U+4F50 is E4 BD 90 in UTF-8.
        assert_eq!(percent("佐 a-1"), "%E4%BD%90%20a-1");
    }
}
