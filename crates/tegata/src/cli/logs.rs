//! `tegata logs`: what stands in the logs, for people and for pipes.

mod keep;
mod templates;
mod verify;

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Args;
use promise::{LogQuery, record::Scalar as _, unit::Span};
use serde_json::{Value, json};

use super::{Common, Data, instance::Instance, runtime};
use crate::exit::Stop;

/// How often `--follow` asks.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// What one question may bring; a page of it is Elasticsearch's too.
const RECORDS_MAX: usize = 10_000;

/// Find log records by a query in Lucene's syntax, such as 'status:failed AND ms > 500'.
///
/// Prints one record a line, oldest first: its time, its stream, its fields. Asks the running instance.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Logs {
    #[command(subcommand)]
    keep: Option<keep::Keep>,
    /// Which records; all of them without it.
    #[arg(value_name = "QUERY", default_value = "*")]
    query: String,
    /// How far back, such as 15m or 2d.
    #[arg(long, value_name = "SPAN", default_value = "1h")]
    since: String,
    /// At most so many, the newest.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1_000)]
    limit: usize,
    /// Go on with what comes.
    #[arg(long, short)]
    follow: bool,
    /// Show which kinds of lines stand there and how often, instead of the lines; of another field with `=FIELD`.
    #[arg(long, value_name = "FIELD", num_args = 0..=1, require_equals = true, default_missing_value = "message", conflicts_with = "follow")]
    templates: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Print each record as JSON.
    #[arg(long)]
    json: bool,
}

impl Logs {
    pub(super) fn run(mut self, common: &Common) -> anyhow::Result<ExitCode> {
        if let Some(keep) = self.keep.take() {
            return keep.run(common);
        }
        let lang = common.lang();
        let said = |why: promise::Say| Stop::invalid(why.get(lang));
        LogQuery::parse(&self.query).map_err(said)?;
        let since = Span::parse(&self.since).map_err(said)?;
        let instance = Instance::find(&self.data.dir, lang)?;
        runtime()?.block_on(self.show(&instance, since))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(&self, instance: &Instance, since: Span) -> anyhow::Result<()> {
        let millis = since.0.as_millis();
        let limit = match &self.templates {
            // What is counted is all that one question may bring.
            Some(_) => RECORDS_MAX,
            None => self.limit.min(RECORDS_MAX),
        };
        let newest = json!({ "gte": format!("now-{}s", millis / 1000) });
        let mut hits = self.ask(instance, newest, "desc", limit).await?;
        hits.reverse();
        if let Some(field) = &self.templates {
            return templates::print(&hits, field, self.json);
        }
        let mut last = i64::MIN;
        let mut shown: Vec<String> = Vec::new();
        loop {
            for hit in &hits {
                let at = hit["sort"][0].as_i64().unwrap_or(last);
                let id = hit["_id"].as_str().unwrap_or_default().to_owned();
                if at == last && shown.contains(&id) {
                    continue;
                }
                if at > last {
                    shown.clear();
                    last = at;
                }
                shown.push(id);
                self.print(hit, at)?;
            }
            if !self.follow {
                return Ok(());
            }
            tokio::time::sleep(ASK_EVERY).await;
            // The last instant once more: others of the same may have come since.
            let from = if last == i64::MIN {
                json!({ "gte": "now-1s" })
            } else {
                json!({ "gte": last })
            };
            hits = self.ask(instance, from, "asc", RECORDS_MAX).await?;
        }
    }

    async fn ask(
        &self,
        instance: &Instance,
        time: Value,
        order: &str,
        size: usize,
    ) -> anyhow::Result<Vec<Value>> {
        let body = json!({
            "size": size, "track_total_hits": false, "sort": [{ "@timestamp": order }],
            "query": { "bool": { "filter": [
                { "range": { "@timestamp": time } },
                { "query_string": { "query": self.query, "default_operator": "AND" } },
            ] } },
        });
        let mut answer = instance.ask("/elastic/_search", &body).await?;
        match answer["hits"]["hits"].take() {
            Value::Array(hits) => Ok(hits),
            _ => Err(anyhow::anyhow!("no hits in the answer"))
                .context("the running instance answered something else"),
        }
    }

    fn print(&self, hit: &Value, at: i64) -> anyhow::Result<()> {
        if self.json {
            outln!("{hit}");
            return Ok(());
        }
        let at = promise::Timestamp::from_millis(at);
        let stream = hit["_index"].as_str().unwrap_or_default();
        let fields = hit["_source"].as_object().into_iter().flatten();
        let fields: Vec<String> = fields
            .map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                value => format!("{name}={value}"),
            })
            .collect();
        // A line stays a line, whatever its sender put into it.
        let line: String = fields
            .join(" ")
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        outln!("{at} {stream} {line}");
        Ok(())
    }
}
