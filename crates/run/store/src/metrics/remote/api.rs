//! Asking the engine: one bounded request each.

use std::{collections::BTreeMap, time::Duration};

use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Labels, Series};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    RemoteOptions,
    answer::{About, Data, Envelope, Marked, Pairs, wrong},
    selector,
};
use crate::{
    Error,
    metrics::Metadata,
    remote::{authorized, body, cut, refused, said, unreachable},
};

/// An answer of this size holds ten million samples as text; several may be read at once.
const ANSWER_MAX: usize = 256 << 20;
/// Times that are asked for: a second after 1970, for VictoriaMetrics takes 0 for nothing, and the end of 2099,
/// for beyond it finds nothing.
const EARLIEST: i64 = 1_000;
const LATEST: i64 = 4_102_444_799_000;

pub(super) struct Api {
    options: RemoteOptions,
}

type Params<'p> = Vec<(&'p str, String)>;

impl Api {
    pub fn new(options: RemoteOptions) -> Self {
        Self { options }
    }

    pub async fn query(&self, query: &str, at: Timestamp) -> Result<Answer, Error> {
        let params = vec![("query", query.to_owned()), ("time", secs(at))];
        let envelope = self.ask::<Data>(Method::POST, "query", &params).await?;
        let data = envelope.data.ok_or_else(|| wrong("no data"))?;
        data.answer(envelope.warnings, envelope.infos)
    }

    pub async fn query_range(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Answer, Error> {
        let params = vec![
            ("query", query.to_owned()),
            ("start", secs(from)),
            ("end", secs(to)),
            ("step", format!("{}", step.as_secs_f64())),
        ];
        let envelope = self
            .ask::<Data>(Method::POST, "query_range", &params)
            .await?;
        let data = envelope.data.ok_or_else(|| wrong("no data"))?;
        data.answer(envelope.warnings, envelope.infos)
    }

    /// Samples by a range selector, where there is no remote read. It shows no staleness markers and no
    /// native histograms.
    pub async fn samples(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        let (stretch, at) = stretch(from, to);
        let query = format!("{}[{stretch}]", selector::text(matchers));
        self.vector(query, at).await?.series()
    }

    /// Series with a sample in the stretch: exact, where `/series` knows only blocks.
    pub async fn series(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Labels>, Error> {
        if from > to {
            return Ok(Vec::new());
        }
        let (stretch, at) = stretch(from, to);
        let query = format!("last_over_time({}[{stretch}])", selector::text(matchers));
        let mut found = self.vector(query, at).await?.labels()?;
        found.sort();
        Ok(found)
    }

    async fn vector(&self, query: String, at: String) -> Result<Data, Error> {
        let params = vec![("query", query), ("time", at)];
        self.data(Method::POST, "query", &params).await
    }

    pub async fn label_values(
        &self,
        label: &str,
        matchers: &[Matcher],
    ) -> Result<Vec<String>, Error> {
        let path = format!("label/{}/values", named(label));
        self.listed(&path, matchers).await
    }

    pub async fn label_names(&self, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        self.listed("labels", matchers).await
    }

    async fn listed(&self, path: &str, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let mut params = vec![
            ("start", secs(Timestamp::from_millis(EARLIEST))),
            ("end", secs(Timestamp::from_millis(LATEST))),
        ];
        if !matchers.is_empty() {
            params.push(("match[]", selector::text(matchers)));
        }
        let mut found: Vec<String> = self.data(Method::GET, path, &params).await?;
        found.sort();
        Ok(found)
    }

    pub async fn exemplars(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        let params = vec![
            ("query", selector::text(matchers)),
            ("start", secs(from)),
            ("end", secs(to)),
        ];
        let found: Vec<Marked> = self.data(Method::GET, "query_exemplars", &params).await?;
        let mut series = found
            .into_iter()
            .map(Marked::series)
            .collect::<Result<Vec<_>, Error>>()?;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(series)
    }

    pub async fn metadata(&self, metric: Option<&str>) -> Result<Vec<Metadata>, Error> {
        let params: Params<'_> = metric
            .map(|metric| ("metric", metric.to_owned()))
            .into_iter()
            .collect();
        let found: BTreeMap<String, Vec<About>> =
            self.data(Method::GET, "metadata", &params).await?;
        let all = found.into_iter().filter_map(|(metric, about)| {
            let about = about.into_iter().next_back()?;
            Some(Metadata {
                metric,
                kind: about.kind,
                help: about.help,
                unit: about.unit,
            })
        });
        Ok(all.collect())
    }

    pub async fn series_count(&self) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "numSeries", default)]
            series: u64,
        }
        #[derive(Deserialize)]
        struct Status {
            #[serde(rename = "headStats")]
            head: Option<Head>,
            #[serde(rename = "totalSeries", default)]
            total: u64,
        }
        let status: Status = self.data(Method::GET, "status/tsdb", &vec![]).await?;
        Ok(status.head.map_or(status.total, |head| head.series))
    }

    pub async fn delete(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Error> {
        // VictoriaMetrics has the same address but deletes the whole series whatever the stretch is. Only
        // Prometheus says with which Go it was built.
        let built: Pairs = self
            .data(Method::GET, "status/buildinfo", &vec![])
            .await
            .map_err(|error| unsupported(error, DELETE))?;
        if built.get("goVersion").is_none_or(String::is_empty) {
            return Err(Error::Unsupported(DELETE));
        }
        let params = vec![
            ("match[]", selector::text(matchers)),
            ("start", secs(from)),
            ("end", secs(to)),
        ];
        let request = self.request(Method::POST, "admin/tsdb/delete_series", &params)?;
        let response = self.send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let said = said(response).await;
        // Without `--web.enable-admin-api` it answers so.
        if said.contains("disabled") || status == StatusCode::NOT_FOUND {
            return Err(Error::Unsupported(DELETE));
        }
        Err(refused(status, said))
    }

    async fn data<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        params: &Params<'_>,
    ) -> Result<T, Error> {
        let envelope = self.ask(method, path, params).await?;
        envelope.data.ok_or_else(|| wrong("no data"))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        params: &Params<'_>,
    ) -> Result<Envelope<T>, Error> {
        let request = self.request(method, path, params)?;
        let response = self.send(request).await?;
        let status = response.status();
        let body = body(response, ANSWER_MAX).await?;
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(envelope) if envelope.status == "success" => Ok(envelope),
            Ok(envelope) => Err(match envelope.kind.as_str() {
                "bad_data" | "execution" | "422" | "400" => Error::Query(envelope.error),
                _ => refused(status, envelope.error),
            }),
            Err(why) if status.is_success() => Err(wrong(why)),
            Err(_) => Err(refused(status, cut(&String::from_utf8_lossy(&body)))),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        params: &Params<'_>,
    ) -> Result<RequestBuilder, Error> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(params);
        if method != Method::POST {
            return self.authorized(self.options.client.request(method, url));
        }
        // A query may be longer than an address may be.
        let form = url.query().unwrap_or_default().to_owned();
        url.set_query(None);
        let request = self
            .options
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        self.authorized(request)
    }

    pub fn url(&self, path: &str) -> Result<Url, Error> {
        let base = self.options.query.trim_end_matches('/');
        Url::parse(&format!("{base}/api/v1/{path}"))
            .map_err(|why| Error::Remote(format!("its address is no URL: {why}")))
    }

    pub fn post(&self, url: Url) -> Result<RequestBuilder, Error> {
        self.authorized(self.options.client.post(url))
    }

    fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, Error> {
        authorized(request, &self.options.credentials, self.options.timeout)
    }

    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        request.send().await.map_err(|why| unreachable(&why))
    }
}

const DELETE: &str = "deleting samples of a stretch of time";

fn unsupported(error: Error, what: &'static str) -> Error {
    match error {
        Error::Remote(why) if why.contains("404") => Error::Unsupported(what),
        other => other,
    }
}

/// Ranges are open to the left, so a millisecond more makes `from` a part of it.
fn stretch(from: Timestamp, to: Timestamp) -> (String, String) {
    let (from, to) = (clamp(from), clamp(to));
    let millis = to.as_millis() - from.as_millis() + 1;
    (format!("{millis}ms"), secs(to))
}

fn clamp(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis().clamp(EARLIEST, LATEST))
}

fn secs(at: Timestamp) -> String {
    let millis = clamp(at).as_millis();
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

/// In a path Prometheus wants a name that is not plain written in hexadecimal: `U__the_2e_label`.
fn named(label: &str) -> String {
    if selector::is_plain(label) {
        return label.to_owned();
    }
    let mut out = "U__".to_owned();
    for (place, c) in label.chars().enumerate() {
        match c {
            '_' => out.push_str("__"),
            c if c.is_ascii_alphabetic() || (place > 0 && c.is_ascii_digit()) => out.push(c),
            c => out.push_str(&format!("_{:x}_", u32::from(c))),
        }
    }
    out
}
