//! Asking the engine: one bounded request each, in the forms that all of them know.

use promise::Timestamp;
use reqwest::{Method, RequestBuilder, StatusCode, Url, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{ElasticOptions, document, index::Index};
use crate::{Error, remote};

/// An answer's bytes; a page of longer records is asked for in smaller ones.
pub(super) const ANSWER_MAX: usize = 64 << 20;
/// Streams that an engine tells at once.
const STREAMS_MAX: usize = 10_000;

/// Which of them it is, as far as they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// Elasticsearch, OpenSearch, and whatever speaks as they do.
    Elasticsearch,
    Quickwit,
}

impl Product {
    /// Whether a document of an id that is there already is refused, and `_count` counts no document twice.
    pub fn tells_what_it_has(self) -> bool {
        self == Self::Elasticsearch
    }
}

/// What became of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Created,
    Known,
    /// For good, and why.
    Refused(String),
    /// It may be taken later.
    Later(String),
}

pub(super) struct Api {
    options: ElasticOptions,
    base: Url,
    product: OnceCell<Product>,
}

impl Api {
    pub fn new(options: ElasticOptions) -> Result<Self, Error> {
        let base = Url::parse(options.url.trim_end_matches('/'))
            .ok()
            .filter(|url| !url.cannot_be_a_base())
            .ok_or_else(|| Error::Remote("its address is no URL".to_owned()))?;
        Ok(Self {
            options,
            base,
            product: OnceCell::new(),
        })
    }

    pub fn prefix(&self) -> &str {
        &self.options.prefix
    }

    pub async fn product(&self) -> Result<Product, Error> {
        let ask = async || {
            let banner: Value = self.ask(self.request(Method::GET, &[], &[])?).await?;
            Ok(match banner["version"]["distribution"].as_str() {
                Some("quickwit") => Product::Quickwit,
                _ => Product::Elasticsearch,
            })
        };
        self.product.get_or_try_init(ask).await.copied()
    }

    /// Writes what `document::Document::write` made of `count` documents, and waits until they are found.
    pub async fn bulk(&self, body: Vec<u8>, count: usize) -> Result<Vec<Fate>, Error> {
        #[derive(Deserialize)]
        struct Answer {
            items: Vec<Item>,
        }
        #[derive(Deserialize)]
        struct Item {
            create: Written,
        }
        #[derive(Deserialize)]
        struct Written {
            status: u16,
            #[serde(default)]
            error: Value,
        }
        let waits = [("refresh", "wait_for")];
        let request = self
            .request(Method::POST, &["_bulk"], &waits)?
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(body);
        let answer: Answer = self.ask(request).await?;
        if answer.items.len() != count {
            let told = answer.items.len();
            return Err(wrong(format!("it tells of {told} of {count} documents")));
        }
        let fate = |item: Item| {
            let why = || reason(&item.create.error);
            match item.create.status {
                200..=299 => Fate::Created,
                409 => Fate::Known,
                400 | 413 => Fate::Refused(why()),
                // A full disk, a block, a role that is missing: somebody may mend it.
                _ => Fate::Later(why()),
            }
        };
        Ok(answer.items.into_iter().map(fate).collect())
    }

    /// Documents in the order of `sort`, at most `size`.
    pub async fn search(&self, body: &Value) -> Result<Vec<Value>, Error> {
        #[derive(Deserialize)]
        struct Hit {
            #[serde(rename = "_source")]
            source: Value,
        }
        #[derive(Deserialize)]
        struct Hits {
            hits: Vec<Hit>,
        }
        #[derive(Deserialize)]
        struct Answer {
            hits: Hits,
        }
        match self.read::<Answer>("_search", body).await? {
            None => Ok(Vec::new()),
            Some(answer) => Ok(answer.hits.hits.into_iter().map(|hit| hit.source).collect()),
        }
    }

    pub async fn count(&self, query: &Value) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct Answer {
            count: u64,
        }
        let body = json!({ "query": query });
        let answer = self.read::<Answer>("_count", &body).await?;
        Ok(answer.map_or(0, |answer| answer.count))
    }

    /// Deletes what a query means, all of it.
    pub async fn delete(&self, query: &Value) -> Result<(), Error> {
        let ours = format!("{}-*", self.options.prefix);
        let params = [("refresh", "true"), ("conflicts", "proceed")];
        let request = self.request(Method::POST, &[&ours, "_delete_by_query"], &params)?;
        let answer: Value = self.ask(with(request, &json!({ "query": query }))).await?;
        let failed = answer["failures"]
            .as_array()
            .is_some_and(|all| !all.is_empty());
        if failed || answer["version_conflicts"].as_u64() != Some(0) || answer["timed_out"] == true
        {
            return Err(wrong("it did not delete all that it was told to"));
        }
        Ok(())
    }

    /// Streams that hold records, sorted.
    pub async fn streams(&self) -> Result<Vec<String>, Error> {
        let terms = json!({ "field": document::STREAM, "size": STREAMS_MAX });
        let body = json!({ "size": 0, "aggs": { "streams": { "terms": terms } } });
        let answer = self.read::<Value>("_search", &body).await?;
        let answer = answer.unwrap_or_default();
        let terms = &answer["aggregations"]["streams"];
        if terms["sum_other_doc_count"].as_u64().is_some_and(|n| n > 0) {
            return Err(Error::over("the number of streams", STREAMS_MAX));
        }
        let buckets = terms["buckets"].as_array().into_iter().flatten();
        let names = buckets.filter_map(|bucket| bucket["key"].as_str());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// Our indices.
    pub async fn indices(&self) -> Result<Vec<Index>, Error> {
        let ours = format!("{}-*", self.options.prefix);
        let mut params = vec![("format", "json")];
        // Quickwit refuses what it does not know, and rounds.
        if self.product().await? == Product::Elasticsearch {
            params.push(("bytes", "b"));
        }
        let request = self.request(Method::GET, &["_cat", "indices", &ours], &params)?;
        let rows: Option<Vec<Value>> = self.found(request).await?;
        Ok(rows
            .unwrap_or_default()
            .iter()
            .filter_map(Index::read)
            .collect())
    }

    pub async fn delete_index(&self, name: &str) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &[name], &[])?;
        self.found::<Value>(request).await.map(|_| ())
    }

    pub async fn put_template(&self, body: &Value) -> Result<(), Error> {
        let request = self.request(Method::PUT, &["_index_template", self.prefix()], &[])?;
        self.ask::<Value>(with(request, body)).await.map(|_| ())
    }

    /// An index of Quickwit, which has no templates; one that is there already is as it should be.
    pub async fn create_index(&self, body: &Value) -> Result<(), Error> {
        let mut url = self.base.clone();
        let path = url.path().trim_end_matches("/_elastic").to_owned();
        url.set_path(&format!("{path}/indexes"));
        let request = self.authorized(self.options.client.post(url))?;
        let response = with(request, body)
            .send()
            .await
            .map_err(|e| remote::unreachable(&e))?;
        let status = response.status();
        let said = remote::said(response).await;
        if status.is_success() || said.contains("already exist") {
            return Ok(());
        }
        Err(remote::refused(status, said))
    }

    /// Asks all of our indices; `None` where there is none yet.
    async fn read<T: DeserializeOwned>(
        &self,
        what: &str,
        body: &Value,
    ) -> Result<Option<T>, Error> {
        let ours = format!("{}-*", self.options.prefix);
        let params: &[_] = match what {
            // What a lost shard would have added is not nothing.
            "_search" => &[("allow_partial_search_results", "false")],
            _ => &[],
        };
        let request = self.request(Method::POST, &[&ours, what], params)?;
        let answer: Option<Value> = self.found(with(request, body)).await?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        if answer["timed_out"] == true
            || answer["_shards"]["failed"].as_u64().is_some_and(|n| n > 0)
        {
            return Err(wrong("it could not ask all of its shards"));
        }
        serde_json::from_value(answer).map(Some).map_err(wrong)
    }

    /// The answer; `None` where it says that there is no such index.
    async fn found<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<T>, Error> {
        match self.ask(request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::Remote(why)) if why.starts_with("404") && why.contains("index") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let response = request.send().await.map_err(|e| remote::unreachable(&e))?;
        let status = response.status();
        if !status.is_success() {
            let said = remote::said(response).await;
            return Err(match status {
                StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
                    Error::Refused(format!("{status}: {said}"))
                }
                _ => remote::refused(status, said),
            });
        }
        let body = remote::body(response, ANSWER_MAX).await?;
        serde_json::from_slice(&body).map_err(wrong)
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        params: &[(&str, &str)],
    ) -> Result<RequestBuilder, Error> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !params.is_empty() {
            url.query_pairs_mut().extend_pairs(params);
        }
        self.authorized(self.options.client.request(method, url))
    }

    fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, Error> {
        remote::authorized(request, &self.options.credentials, self.options.timeout)
    }
}

fn with(request: RequestBuilder, body: &Value) -> RequestBuilder {
    let json = header::HeaderValue::from_static("application/json");
    request
        .header(header::CONTENT_TYPE, json)
        .body(body.to_string())
}

fn wrong(why: impl std::fmt::Display) -> Error {
    Error::Remote(format!("its answer is not understood: {why}"))
}

/// Why a document was not taken.
fn reason(error: &Value) -> String {
    let cause = error["caused_by"]["reason"].as_str();
    let said = error["reason"].as_str().or(cause);
    remote::cut(said.unwrap_or("it does not say why"))
}

/// An instant as all of them read it; `None` beyond the years that they know.
pub(super) fn time(at: Timestamp) -> Option<String> {
    let text = at.to_string();
    let is_plain = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    // The end of time stands for no bound.
    (is_plain && !text.starts_with("9999-12-30")).then_some(text)
}
