//! Elasticsearch, OpenSearch or Quickwit somewhere else, by the API that they have in common.
//!
//! A record is a document whose fields stand where Kibana, OpenSearch Dashboards and others look for them, with a few of our
//! own under `tegata` ([`document`]). What a query means is ours to say, the same for every store: the engine narrows by
//! time, stream and words ([`query`]), and what it finds is judged here once more. So an answer does not depend on how
//! a field happens to be mapped, and an engine that cannot answer in full is an error, never a smaller answer.
//!
//! What is acknowledged is durable there and found by the next search (`refresh=wait_for`). Nothing waits here: while the
//! engine is away an append fails, and whoever sent the records keeps them.

mod api;
mod document;
mod index;
mod pages;
mod query;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use promise::{LogQuery, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    Appended, Batch, Batches, Deleted, Deletion, EmbeddedLogs, Export, Exported, Hold, LogStore,
    Record, Scan, Search, Status, hold::Holds,
};
use crate::{Credentials, Error, disk::RealDisk};
use api::{Api, Product};
use document::{Document, Form};
use index::Index;
use pages::{Over, Pages};

/// Where the engine is and how it is asked.
#[derive(Clone)]
pub struct ElasticOptions {
    /// What stands before `/_bulk`, such as `https://opensearch:9200`, or `http://quickwit:7280/api/v1/_elastic`.
    pub url: String,
    /// What the names of our indices begin with.
    pub prefix: String,
    pub credentials: Credentials,
    /// How long one request may take.
    pub timeout: Duration,
    /// Its authorities, proxies and redirects are the caller's to choose.
    pub client: reqwest::Client,
}

impl fmt::Debug for ElasticOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElasticOptions")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Documents of one `_bulk`, and their bytes: Quickwit takes 10 MB at most.
const BULK_ITEMS: usize = 5_000;
const BULK_BYTES: usize = 5 << 20;

/// Records of one request that deletes them.
const DELETED_AT_ONCE: usize = 1_000;

/// An engine that is asked over the network.
pub struct ElasticLogs {
    api: Arc<Api>,
    folder: PathBuf,
    holds: Holds,
    /// What was made ready for records: the template, or each index where an engine has no templates.
    ready: Mutex<BTreeSet<String>>,
    /// One append at a time, where the engine does not tell a record that it has already; and one export.
    alone: Mutex<()>,
}

impl ElasticLogs {
    /// Does not ask the engine: it may be away. In `folder` lies what is ours alone, the legal holds.
    pub fn open(folder: &Path, options: ElasticOptions) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        Ok(Self {
            folder: folder.to_owned(),
            holds: Holds::open(folder)?,
            api: Arc::new(Api::new(options)?),
            ready: Mutex::default(),
            alone: Mutex::default(),
        })
    }

    /// Sees to it that an index will be as we need it.
    async fn prepare(&self, index: &str) -> Result<(), Error> {
        let quickwit = self.api.product().await? == Product::Quickwit;
        let what = if quickwit { index } else { "" };
        let mut ready = self.ready.lock().await;
        if ready.contains(what) {
            return Ok(());
        }
        if quickwit {
            self.api.create_index(&index::quickwit(index)).await?;
        } else {
            let prefix = self.api.prefix();
            self.api.put_template(&index::template(prefix)).await?;
        }
        ready.insert(what.to_owned());
        Ok(())
    }

    /// Writes documents: all that the engine takes, also where it refuses some. How many of them it had already.
    async fn write(&self, documents: Vec<Document>) -> Result<u64, Error> {
        let mut known = 0;
        let mut rest = documents.as_slice();
        let (mut unread, mut refused) = (Vec::new(), None);
        while !rest.is_empty() {
            let mut body = Vec::new();
            let mut count = 0;
            for document in rest.iter().take(BULK_ITEMS) {
                if count > 0 && body.len() + document.bytes() > BULK_BYTES {
                    break;
                }
                document.write(&mut body);
                count += 1;
            }
            let (sent, later) = rest.split_at(count);
            for (document, fate) in sent.iter().zip(self.api.bulk(body, count).await?) {
                match fate {
                    api::Fate::Created => {}
                    api::Fate::Known => known += 1,
                    // Its fields cannot be mapped beside those of others: it is kept without them being searched.
                    api::Fate::Refused(_) if document.form == Form::Mapped => {
                        unread.push(document.unmapped()?);
                    }
                    api::Fate::Refused(why) => refused = Some(why),
                    api::Fate::Later(why) => return Err(Error::Remote(why)),
                }
            }
            rest = later;
        }
        if !unread.is_empty() {
            known += Box::pin(self.write(unread)).await?;
        }
        match refused {
            Some(why) => Err(Error::Refused(why)),
            None => Ok(known),
        }
    }

    /// Those of the records that the engine has already, asked because it would not tell.
    async fn found(&self, records: &[Record]) -> Result<HashSet<u128>, Error> {
        let mut found = HashSet::new();
        for some in records.chunks(BULK_ITEMS) {
            let ids: Vec<Value> = some.iter().map(|r| document::id(r.id).into()).collect();
            let (Some(first), Some(last)) = (
                some.iter().map(|r| r.at).min(),
                some.iter().map(|r| r.at).max(),
            ) else {
                continue;
            };
            let before = Timestamp::from_millis(first.as_millis().saturating_sub(1));
            let all = LogQuery::all();
            let over = Over {
                narrowed: Some(json!({ "terms": { document::ID: ids } })),
                ..Over::new(&all, before, last)
            };
            let mut pages = Pages::new(self.api.clone(), over, Search::LIMIT_MAX).await?;
            while let Some(page) = pages.next().await? {
                found.extend(page.into_iter().map(|record| record.id));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl LogStore for ElasticLogs {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, Error> {
        if records.is_empty() {
            return Ok(Appended::default());
        }
        let told = records.len();
        let is_asked = !self.api.product().await?.tells_what_it_has();
        let _alone = match is_asked {
            true => Some(self.alone.lock().await),
            false => None,
        };
        let mut seen = match is_asked {
            true => self.found(&records).await?,
            false => HashSet::new(),
        };
        let mut documents = Vec::with_capacity(told);
        let mut prepared = BTreeSet::new();
        for record in records {
            if !seen.insert(record.id) {
                continue;
            }
            let index = index::name(self.api.prefix(), &record.stream, record.at);
            if !prepared.contains(&index) {
                self.prepare(&index).await?;
                prepared.insert(index.clone());
            }
            documents.push(Document::of(record, index)?);
        }
        let sent = documents.len() as u64;
        let known = self.write(documents).await?;
        Ok(Appended {
            stored: sent - known,
            known: told as u64 - sent + known,
        })
    }

    async fn search(&self, search: &Search) -> Result<Vec<Record>, Error> {
        let limit = search.limit.min(Search::LIMIT_MAX);
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        let over = Over {
            newest_first: search.newest_first,
            after: search.after,
            ..Over::new(&search.query, search.from, search.to)
        };
        let mut pages = Pages::new(self.api.clone(), over, limit).await?;
        while found.len() < limit {
            let Some(page) = pages.next().await? else {
                break;
            };
            found.extend(page.into_iter().take(limit - found.len()));
        }
        Ok(found)
    }

    async fn count(&self, query: &LogQuery, from: Timestamp, to: Timestamp) -> Result<u64, Error> {
        let over = Over::new(query, from, to);
        if query::is_exact(query.expr()) && self.api.product().await?.tells_what_it_has() {
            return self.api.count(&over.as_query()).await;
        }
        let mut count = 0;
        let mut pages = Pages::new(self.api.clone(), over, Search::LIMIT_MAX).await?;
        while let Some(page) = pages.next().await? {
            count += page.len() as u64;
        }
        Ok(count)
    }

    async fn scan(&self, scan: &Scan) -> Result<Batches, Error> {
        let (sender, batches) = Batches::channel();
        let (api, scan) = (self.api.clone(), scan.clone());
        tokio::spawn(async move {
            let over = Over::new(&scan.query, scan.from, scan.to);
            let pages = Pages::new(api, over, Search::LIMIT_MAX).await;
            let mut pages = match pages {
                Ok(pages) => pages,
                Err(error) => return drop(sender.send(Err(error)).await),
            };
            loop {
                let page = match pages.next().await {
                    Ok(Some(page)) => page,
                    Ok(None) => return,
                    // Whoever no longer listens needs no answer.
                    Err(error) => return drop(sender.send(Err(error)).await),
                };
                let mut by_stream: BTreeMap<String, Vec<Record>> = BTreeMap::new();
                for record in page {
                    by_stream
                        .entry(record.stream.clone())
                        .or_default()
                        .push(record);
                }
                for (stream, records) in by_stream {
                    let batch = Batch::of(&stream, &records, &scan.columns);
                    if sender.send(Ok(batch)).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(batches)
    }

    async fn retain(&self, stream: &str, keep: Duration, now: Timestamp) -> Result<u64, Error> {
        let mut freed = 0;
        for Index { name, bytes, .. } in self.api.indices().await? {
            let Some((first, last)) = index::span(self.api.prefix(), stream, &name) else {
                continue;
            };
            if now.since(last) < keep || last > now {
                continue;
            }
            if self
                .holds
                .touch(stream, first.as_millis(), last.as_millis())
            {
                continue;
            }
            self.api.delete_index(&name).await?;
            self.ready.lock().await.remove(&name);
            freed += bytes;
        }
        Ok(freed)
    }

    async fn delete(&self, deletion: &Deletion) -> Result<Deleted, Error> {
        if !self.api.product().await?.tells_what_it_has() {
            return Err(Error::Unsupported("deleting log records"));
        }
        let mut deleted = Deleted::default();
        let over = Over::new(&deletion.query, deletion.from, deletion.to);
        let mut pages = Pages::new(self.api.clone(), over, Search::LIMIT_MAX).await?;
        while let Some(page) = pages.next().await? {
            let mut by_stream: BTreeMap<String, Vec<Record>> = BTreeMap::new();
            for record in page {
                let at = record.at.as_millis();
                if self.holds.touch(&record.stream, at, at) {
                    deleted.held += 1;
                } else {
                    by_stream
                        .entry(record.stream.clone())
                        .or_default()
                        .push(record);
                }
            }
            for (stream, records) in by_stream {
                for some in records.chunks(DELETED_AT_ONCE) {
                    self.api.delete(&document::just(&stream, some)).await?;
                }
                let gone = records.len() as u64;
                deleted.records += gone;
                *deleted.by_stream.entry(stream).or_default() += gone;
            }
        }
        Ok(deleted)
    }

    /// By way of a store of our own, which is gone afterwards: a file has all the columns of its records.
    async fn export(&self, export: &Export) -> Result<Exported, Error> {
        let folder = self.folder.join("export");
        let gone = |folder: &Path| match std::fs::remove_dir_all(folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(folder, e)),
            _ => Ok(()),
        };
        let _alone = self.alone.lock().await;
        gone(&folder)?;
        let copy = EmbeddedLogs::open(&folder)?;
        let over = Over::new(&export.query, export.from, export.to);
        let mut pages = Pages::new(self.api.clone(), over, Search::LIMIT_MAX).await?;
        while let Some(page) = pages.next().await? {
            copy.append(page).await?;
        }
        let exported = copy.export(export).await?;
        drop(copy);
        gone(&folder)?;
        Ok(exported)
    }

    async fn hold(&self, hold: Hold) -> Result<(), Error> {
        self.holds.add(hold, &RealDisk)
    }

    async fn release(&self, name: &str) -> Result<bool, Error> {
        self.holds.remove(name, &RealDisk)
    }

    async fn holds(&self) -> Result<Vec<Hold>, Error> {
        Ok(self.holds.all())
    }

    async fn streams(&self) -> Result<Vec<String>, Error> {
        self.api.streams().await
    }

    async fn status(&self) -> Result<Status, Error> {
        let indices = self.api.indices().await?;
        Ok(Status {
            records: indices.iter().map(|index| index.records).sum(),
            disk_bytes: indices.iter().map(|index| index.bytes).sum(),
            recovered: Vec::new(),
        })
    }
}
