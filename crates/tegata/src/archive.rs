//! Cold copies of logs: for each stream and whole day (UTC) a Parquet file, in a folder or in a bucket. What is not copied
//! yet stays, whatever its retention says.
//!
//! Days are copied in order, and one row of the state for each stream says up to which. The entry of the ledger stands before
//! that row: whoever dies between them copies the day once more, under the same name.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use promise::{LogQuery, Timestamp, record::Scalar as _};
use serde_json::json;
use spec::section::retention::Cold;
use store::{
    logs::{Export, Search},
    s3::{Bucket, encoded, hashed},
    state::Write,
};
use tokio_util::sync::CancellationToken;

use crate::{app::House, book::kind, bucket};

const DAY: Duration = Duration::from_secs(86_400);
const TABLE: &str = "cold";

/// Where copies go, and what was copied.
pub(crate) struct Archive {
    house: Arc<House>,
    cold: Cold,
    client: reqwest::Client,
}

impl Archive {
    pub(crate) fn new(house: Arc<House>, cold: Cold) -> Self {
        Self {
            house,
            cold,
            client: reqwest::Client::new(),
        }
    }

    /// Copies every day that is old enough; answers with how many files were written.
    pub(crate) async fn round(&self, stop: &CancellationToken) -> anyhow::Result<u64> {
        let mut files = 0;
        for stream in self.house.logs.streams().await? {
            if !self.cold.takes(&stream) {
                continue;
            }
            while let Some(day) = self.due(&stream).await? {
                if stop.is_cancelled() {
                    return Ok(files);
                }
                let copied = self.copied(&stream, day).await;
                let copied = copied.with_context(|| format!("{stream}, {}", name_of(day)))?;
                files += u64::from(copied);
            }
        }
        Ok(files)
    }

    /// How long records of a stream are kept at least: as the retention says, or until they are copied.
    pub(crate) async fn keep(&self, stream: &str, keep: Duration) -> Duration {
        let waiting = match self.waiting(stream).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::error!(%error, stream, "what was copied of a stream is not known: all of it stays");
                Some(Timestamp::EPOCH)
            }
        };
        let age = |from: Timestamp| self.house.clock.now().since(from) + DAY;
        let waiting = waiting.filter(|_| self.cold.takes(stream));
        waiting.map_or(keep, |from| keep.max(age(from)))
    }

    /// The next day that can be copied.
    async fn due(&self, stream: &str) -> anyhow::Result<Option<Timestamp>> {
        let day = self.waiting(stream).await?;
        let now = self.house.clock.now();
        Ok(day.filter(|day| *day + DAY + self.cold.after.0 <= now))
    }

    /// The first day that is not copied; `None` where the stream has no records.
    async fn waiting(&self, stream: &str) -> anyhow::Result<Option<Timestamp>> {
        let done = self.house.state.get(TABLE, stream).await?;
        let done = done.and_then(|millis| String::from_utf8(millis).ok()?.parse().ok());
        let search = Search {
            query: of_stream(stream)?,
            from: done.map_or(Timestamp::from_millis(i64::MIN), |millis: i64| {
                Timestamp::from_millis(millis - 1)
            }),
            to: self.house.clock.now(),
            newest_first: false,
            after: None,
            limit: 1,
        };
        let oldest = self.house.logs.search(&search).await?;
        Ok(oldest.first().map(|record| day_of(record.at)))
    }

    /// Copies one day; `false` where nothing was written in it.
    async fn copied(&self, stream: &str, day: Timestamp) -> anyhow::Result<bool> {
        let house = &self.house;
        let end = day + DAY;
        let name = format!("{}/{}.parquet", encoded(stream, false), name_of(day));
        let file = house.settings.data.join("cold.parquet");
        let before = |at: Timestamp| Timestamp::from_millis(at.as_millis() - 1);
        let export = Export {
            query: of_stream(stream)?,
            from: before(day),
            to: before(end),
            file: file.clone(),
        };
        let exported = house.logs.export(&export).await?;
        let is_any = exported.records > 0;
        if is_any {
            let (bytes, sha256) = hashed(&file)?;
            let to = self.put(&name, &file).await?;
            let body = json!({
                "stream": stream, "day": name_of(day), "to": to,
                "records": exported.records, "bytes": bytes, "sha256": sha256,
            });
            house.book.note(kind::LOGS_COPIED, stream, body).await?;
        }
        fs::remove_file(&file)?;
        let row = Write::Put {
            table: TABLE,
            key: stream.to_owned(),
            value: end.as_millis().to_string().into_bytes(),
        };
        house.state.write(vec![row]).await?;
        Ok(is_any)
    }

    /// Puts a file where copies go, and answers with where it is.
    async fn put(&self, name: &str, file: &Path) -> anyhow::Result<String> {
        if !self.cold.to.starts_with("s3://") {
            let (from, to) = (file.to_owned(), Path::new(&self.cold.to).join(name));
            let shown = to.display().to_string();
            tokio::task::spawn_blocking(move || placed(&from, &to)).await??;
            return Ok(shown);
        }
        let parted = bucket::parted(&self.cold.to);
        let (bucket, prefix) =
            parted.ok_or_else(|| anyhow!("`{}` names no bucket", self.cold.to))?;
        let keys = bucket::keys()?;
        let keys = keys.context("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")?;
        let bucket = Bucket {
            name: bucket.to_owned(),
            region: self.cold.region.clone(),
            endpoint: self.cold.endpoint.clone(),
            keys,
        };
        let key = format!("{}/{name}", prefix.trim_end_matches('/'));
        let clock = self.house.clock.clone();
        bucket.put(&self.client, &key, file, || clock.now()).await?;
        Ok(format!("s3://{}/{key}", bucket.name))
    }
}

/// Whole or not at all: under another name first, and on the disk before it has its own.
fn placed(from: &Path, to: &Path) -> anyhow::Result<()> {
    let folder: PathBuf = to.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let failed = || format!("{} cannot be written", to.display());
    fs::create_dir_all(&folder).with_context(failed)?;
    let part = to.with_extension("part");
    fs::copy(from, &part).with_context(failed)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, to).with_context(failed)?;
    File::open(&folder)?.sync_all()?;
    Ok(())
}

fn of_stream(stream: &str) -> anyhow::Result<LogQuery> {
    let text = format!("stream:{}", LogQuery::phrase(stream));
    LogQuery::parse(&text).map_err(|why| anyhow!("{}", why.en))
}

/// The midnight (UTC) before an instant.
fn day_of(at: Timestamp) -> Timestamp {
    let day = DAY.as_millis() as i64;
    Timestamp::from_millis(at.as_millis().div_euclid(day) * day)
}

/// `2026-11-01`
fn name_of(day: Timestamp) -> String {
    day.to_string().chars().take(10).collect()
}
