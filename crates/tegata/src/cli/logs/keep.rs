//! `tegata logs delete|hold|release|holds|export`: what is done to stored logs, by whom and why.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use promise::{Clock as _, Lang, LogQuery, Timestamp, record::Scalar as _, say};
use serde_json::{Value, json};
use store::s3::{Bucket, encoded};

use crate::{
    bucket,
    cli::{Common, Data, instance::Instance, runtime},
    clock::SystemClock,
    exit::Stop,
};

#[derive(Debug, Subcommand)]
pub(super) enum Keep {
    Delete(Delete),
    Hold(Hold),
    Release(Release),
    Holds(Holds),
    Export(Export),
    Verify(super::verify::Verify),
}

/// Who asks, and why.
#[derive(Debug, Args)]
struct Asked {
    /// Who asks; the ledger keeps it.
    #[arg(long, value_name = "NAME", env = "USER")]
    by: String,
    /// Why; the ledger keeps it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// A stretch of time.
#[derive(Debug, Args)]
struct Stretch {
    /// Only records after this instant, such as 2026-11-02T09:00:00+09:00.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only records up to this instant; now without it.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

/// Delete log records by a query, for good; what a legal hold covers stays.
///
/// Allowed where the spec says `console.deletes: true`. The ledger keeps who asked, why, and how many records went.
#[derive(Debug, Args)]
pub(super) struct Delete {
    #[arg(value_name = "QUERY")]
    query: String,
    #[command(flatten)]
    stretch: Stretch,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    data: Data,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Set a legal hold: nothing of these streams and times goes, by retention or by a query.
#[derive(Debug, Args)]
pub(super) struct Hold {
    /// The name of the matter; a hold of the same name is changed.
    #[arg(value_name = "NAME")]
    name: String,
    /// A stream; `*` at its end leaves the rest open.
    #[arg(long, value_name = "STREAM", default_value = "*")]
    stream: String,
    /// The first instant that is held; from the beginning without it.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The last instant that is held; all that is to come without it.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    data: Data,
}

/// End a legal hold.
#[derive(Debug, Args)]
pub(super) struct Release {
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    data: Data,
}

/// Print the legal holds.
#[derive(Debug, Args)]
pub(super) struct Holds {
    #[command(flatten)]
    data: Data,
    /// Print them as JSON.
    #[arg(long)]
    json: bool,
}

/// Copy log records into a Parquet file, which DuckDB and others read, or into an S3-compatible bucket. The ledger keeps
/// who did, and why.
///
/// The keys of a bucket are read from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or from the files
/// that the same names with _FILE at their end name. An object holds at most 5 GiB.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[arg(value_name = "QUERY", default_value = "*")]
    query: String,
    #[command(flatten)]
    stretch: Stretch,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", required_unless_present = "s3")]
    output: Option<PathBuf>,
    /// The object to write.
    #[arg(long, value_name = "s3://BUCKET/KEY", conflicts_with = "output")]
    s3: Option<String>,
    /// Another store than AWS, such as http://127.0.0.1:9000; the bucket then stands in the path, as MinIO has it.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_S3")]
    endpoint: Option<String>,
    /// The region of the bucket.
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    region: String,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    data: Data,
}

impl Keep {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        match self {
            Self::Delete(command) => runtime()?.block_on(command.run(lang))?,
            Self::Hold(command) => runtime()?.block_on(command.run(lang))?,
            Self::Release(command) => runtime()?.block_on(command.run(lang))?,
            Self::Holds(command) => runtime()?.block_on(command.run(lang))?,
            Self::Export(command) => runtime()?.block_on(command.run(lang))?,
            Self::Verify(command) => return command.run(lang),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// An instant as a person writes it, or why it is none.
fn instant(text: Option<&String>, lang: Lang) -> anyhow::Result<Option<Timestamp>> {
    let parse =
        |text: &String| Timestamp::parse(text).map_err(|why| Stop::invalid(why.get(lang)).into());
    text.map(parse).transpose()
}

/// Which records, as the API is asked.
fn records(query: &str, stretch: &Stretch, asked: &Asked, lang: Lang) -> anyhow::Result<Value> {
    LogQuery::parse(query).map_err(|why| Stop::invalid(why.get(lang)))?;
    let (from, to) = (
        instant(stretch.from.as_ref(), lang)?,
        instant(stretch.to.as_ref(), lang)?,
    );
    Ok(json!({ "query": query, "from": from, "to": to, "by": asked.by, "reason": asked.reason }))
}

impl Delete {
    async fn run(self, lang: Lang) -> anyhow::Result<()> {
        let body = records(&self.query, &self.stretch, &self.asked, lang)?;
        let instance = Instance::find(&self.data.dir, lang)?;
        let done = instance
            .stream("/api/v1/logs/delete", &body)
            .await?
            .text()
            .await?;
        let done: Value = serde_json::from_str(&done)?;
        if self.json {
            outln!("{done}");
            return Ok(());
        }
        let (records, held, entry) = (&done["records"], &done["held"], &done["entry"]);
        match lang {
            Lang::En => {
                outln!("{records} records deleted, {held} held; entry {entry} of the ledger")
            }
            Lang::Ja => {
                outln!("{records} 件を削除、{held} 件は保全中のため残しました(台帳 {entry})")
            }
        }
        Ok(())
    }
}

impl Hold {
    async fn run(self, lang: Lang) -> anyhow::Result<()> {
        let from = instant(self.from.as_ref(), lang)?.unwrap_or(Timestamp::from_millis(0));
        let to = instant(self.to.as_ref(), lang)?.unwrap_or(FOR_EVER);
        let body = json!({
            "name": self.name, "stream": self.stream, "from": from, "to": to,
            "by": self.asked.by, "reason": self.asked.reason,
        });
        let instance = Instance::find(&self.data.dir, lang)?;
        instance.tell("/api/v1/logs/holds", &body).await
    }
}

/// The last millisecond of the year 9999: the last that a time in RFC 3339 can say.
const FOR_EVER: Timestamp = Timestamp::from_millis(253_402_300_799_999);

impl Release {
    async fn run(self, lang: Lang) -> anyhow::Result<()> {
        let body = json!({ "by": self.asked.by, "reason": self.asked.reason });
        let instance = Instance::find(&self.data.dir, lang)?;
        let path = format!("/api/v1/logs/holds/{}/release", encoded(&self.name, false));
        instance.tell(&path, &body).await
    }
}

impl Holds {
    async fn run(self, lang: Lang) -> anyhow::Result<()> {
        let instance = Instance::find(&self.data.dir, lang)?;
        let answer = instance.get("/api/v1/logs/holds").await?;
        if self.json {
            outln!("{answer}");
            return Ok(());
        }
        for hold in answer["holds"].as_array().into_iter().flatten() {
            let text = |name: &str| hold[name].as_str().unwrap_or_default().to_owned();
            outln!(
                "{}  {}  {} – {}",
                text("name"),
                text("stream"),
                text("from"),
                text("to")
            );
        }
        Ok(())
    }
}

impl Export {
    async fn run(self, lang: Lang) -> anyhow::Result<()> {
        let body = records(&self.query, &self.stretch, &self.asked, lang)?;
        let instance = Instance::find(&self.data.dir, lang)?;
        let Some(to) = &self.s3 else {
            let output = self.output.unwrap_or_default();
            let bytes = export(&instance, &body, &output).await?;
            return told(&output.display(), bytes, lang);
        };
        let (bucket, key) = self.bucket(to, lang)?;
        // Signed as a whole, so it lies here first.
        let name = format!("upload-{}.parquet", std::process::id());
        let file = self.data.dir.join(name);
        let sent = async {
            export(&instance, &body, &file).await?;
            let client = reqwest::Client::new();
            Ok(bucket
                .put(&client, &key, &file, || SystemClock.now())
                .await?)
        };
        let sent: anyhow::Result<u64> = sent.await;
        std::fs::remove_file(&file).ok();
        told(to, sent?, lang)
    }

    fn bucket(&self, to: &str, lang: Lang) -> anyhow::Result<(Bucket, String)> {
        let (bucket, key) = bucket::parted(to).ok_or_else(|| {
            let why = say!(
                "`{to}` is not of the form s3://BUCKET/KEY",
                "`{to}` は s3://バケット/キー の形ではありません"
            );
            Stop::invalid(why.get(lang))
        })?;
        let keys = bucket::keys()?.ok_or_else(|| {
            let why = say!(
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or files named by the same with _FILE, say who may write there",
                "書き込みには AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY(または _FILE を付けた名前でファイル)が必要です"
            );
            Stop::missing(why.get(lang))
        })?;
        let bucket = Bucket {
            name: bucket.to_owned(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            keys,
        };
        Ok((bucket, key.to_owned()))
    }
}

async fn export(instance: &Instance, body: &Value, file: &Path) -> anyhow::Result<u64> {
    let mut answer = instance.stream("/api/v1/logs/export", body).await?;
    let path = file.display();
    let mut file =
        std::fs::File::create(file).with_context(|| format!("{path} cannot be written"))?;
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.context("the export broke off")? {
        file.write_all(&chunk)
            .with_context(|| format!("{path} cannot be written"))?;
        bytes += chunk.len() as u64;
    }
    file.sync_all()?;
    Ok(bytes)
}

fn told(place: &dyn std::fmt::Display, bytes: u64, lang: Lang) -> anyhow::Result<()> {
    match lang {
        Lang::En => eprintln!("{place}: {bytes} bytes"),
        Lang::Ja => eprintln!("{place}: {bytes} バイト"),
    }
    Ok(())
}
