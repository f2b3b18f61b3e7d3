//! `tegata promql`: asks a query.

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Args;
use promise::{Clock as _, Lang, Timestamp, record::Scalar as _, say, unit::Span};
use promql::{Answer, Number, Query, Value};
use serde_json::json;

use super::{
    Common, Data,
    instance::{Instance, own_token},
    runtime,
};
use crate::{clock::SystemClock, exit::Stop};

/// Ask a PromQL query of a running instance, of any Prometheus, or of a data directory at rest.
#[derive(Debug, Args)]
pub(crate) struct Promql {
    /// The query.
    query: String,
    /// The instant: RFC 3339 or Unix seconds; now otherwise.
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with_all = ["from", "to", "step"])]
    at: Option<Timestamp>,
    /// The beginning of a range.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Timestamp>,
    /// The end of a range; now otherwise.
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "from")]
    to: Option<Timestamp>,
    /// From one answer of a range to the next.
    #[arg(long, value_name = "DURATION", value_parser = span, default_value = "1m", requires = "from")]
    step: Span,
    /// A Prometheus to ask, such as `http://127.0.0.1:9090`.
    #[arg(long, value_name = "URL", conflicts_with = "dir")]
    url: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Print JSON in the shape of Prometheus's API.
    #[arg(long)]
    json: bool,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    match text.parse::<f64>() {
        #[allow(clippy::cast_possible_truncation)]
        Ok(seconds) if seconds.is_finite() => Ok(Timestamp::from_millis((seconds * 1e3) as i64)),
        _ => text.parse().map_err(|_| format!("`{text}` is no instant")),
    }
}

fn span(text: &str) -> Result<Span, String> {
    Span::parse(text).map_err(|why| why.en)
}

/// When is asked.
#[derive(Debug, Clone, Copy)]
enum When {
    At(Timestamp),
    Over(Timestamp, Timestamp, Duration),
}

impl Promql {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let query = Query::parse(&self.query).map_err(|why| {
            let wrong = say!(
                "this is not PromQL: {why}",
                "PromQL として読めません: {why}"
            );
            Stop::invalid(wrong.get(lang))
        })?;
        let now = SystemClock.now();
        let when = match self.from {
            Some(from) => When::Over(from, self.to.unwrap_or(now), self.step.0),
            None => When::At(self.at.unwrap_or(now)),
        };
        let running = || {
            let instance = Instance::running(&self.data.dir)?;
            Some((instance.url, own_token().or(instance.token)))
        };
        let named = self.url.clone().map(|url| (url, own_token()));
        let answer = match named.or_else(running) {
            Some((url, token)) => runtime()?.block_on(remote(&url, token, &self.query, when))?,
            None => to_json(&runtime()?.block_on(local(&self.data.dir, &query, when, lang))?),
        };
        if self.json {
            outln!("{}", serde_json::to_string_pretty(&answer)?);
        } else {
            outln!("{}", tell(&answer["data"]).trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn remote(
    url: &str,
    token: Option<String>,
    query: &str,
    when: When,
) -> anyhow::Result<serde_json::Value> {
    #[allow(clippy::cast_precision_loss)]
    let seconds = |at: Timestamp| (at.as_millis() as f64 / 1e3).to_string();
    let (path, mut pairs) = match when {
        When::At(at) => ("query", vec![("time", seconds(at))]),
        When::Over(from, to, step) => (
            "query_range",
            vec![
                ("start", seconds(from)),
                ("end", seconds(to)),
                ("step", step.as_secs_f64().to_string()),
            ],
        ),
    };
    pairs.push(("query", query.to_owned()));
    let base = reqwest::Url::parse(&format!("{}/api/v1/{path}", url.trim_end_matches('/')))
        .map_err(|_| Stop::missing(format!("`{url}` is no URL")))?;
    let mut address = base;
    address.query_pairs_mut().extend_pairs(pairs);
    let client = super::instance::client()?;
    let mut request = client.get(address);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request
        .send()
        .await
        .with_context(|| format!("{url} did not answer"))?;
    let text = response.text().await?;
    let body: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{url} answered no JSON"))?;
    if body["status"] != "success" {
        let why = body["error"]
            .as_str()
            .unwrap_or("the query was refused")
            .to_owned();
        return Err(Stop::invalid(why).into());
    }
    Ok(body)
}

async fn local(dir: &Path, query: &Query, when: When, lang: Lang) -> anyhow::Result<Answer> {
    let metrics = super::replay::metrics(dir, None, lang)?.1;
    let answer = match when {
        When::At(at) => metrics.query(query, at).await,
        When::Over(from, to, step) => metrics.query_range(query, from, to, step).await,
    };
    Ok(answer.map_err(|why| Stop::invalid(why.to_string()))?)
}

fn to_json(answer: &Answer) -> serde_json::Value {
    #[allow(clippy::cast_precision_loss)]
    let seconds = |at: Timestamp| at.as_millis() as f64 / 1e3;
    let labels = |labels: &promql::Labels| -> serde_json::Map<String, serde_json::Value> {
        labels
            .iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect()
    };
    let histogram = |histogram: &promql::Histogram| json!({ "count": float(histogram.count), "sum": float(histogram.sum) });
    let (kind, result) = match &answer.value {
        Value::Scalar(value) => ("scalar", json!([null, float(*value)])),
        Value::String(text) => ("string", json!([null, text])),
        Value::Vector(elements) => {
            let all = elements.iter().map(|element| match &element.value {
                Number::Float(value) => json!({ "metric": labels(&element.labels), "value": [null, float(*value)] }),
                Number::Histogram(value) => {
                    json!({ "metric": labels(&element.labels), "histogram": [null, histogram(value)] })
                }
            });
            ("vector", all.collect())
        }
        Value::Matrix(rows) => {
            let all = rows.iter().map(|row| {
                let samples = row
                    .samples
                    .iter()
                    .map(|sample| json!([seconds(sample.at), float(sample.value)]));
                let histograms = row
                    .histograms
                    .iter()
                    .map(|sample| json!([seconds(sample.at), histogram(&sample.value)]));
                json!({
                    "metric": labels(&row.labels),
                    "values": samples.collect::<Vec<_>>(),
                    "histograms": histograms.collect::<Vec<_>>(),
                })
            });
            ("matrix", all.collect())
        }
    };
    json!({
        "status": "success",
        "data": { "resultType": kind, "result": result },
        "warnings": answer.notes.warnings,
        "infos": answer.notes.infos,
    })
}

/// As Prometheus writes floats in JSON.
fn float(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        other => other.to_string(),
    }
}

/// A line for each element; of a range, one for each value.
fn tell(data: &serde_json::Value) -> String {
    let mut out = String::new();
    let text = |value: &serde_json::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let result = &data["result"];
    if matches!(data["resultType"].as_str(), Some("scalar" | "string")) {
        return text(&result[1]);
    }
    for row in result.as_array().into_iter().flatten() {
        let pairs = row["metric"].as_object().into_iter().flatten();
        let labels =
            promql::Labels::new(pairs.map(|(name, value)| (name.clone(), text(value)))).to_string();
        let one = [&row["value"], &row["histogram"]]
            .into_iter()
            .find(|value| value.is_array());
        if let Some(value) = one {
            out += &format!("{labels}  {}\n", text(&value[1]));
        }
        for point in ["values", "histograms"]
            .iter()
            .filter_map(|kind| row[kind].as_array())
            .flatten()
        {
            #[allow(clippy::cast_possible_truncation)]
            let at = Timestamp::from_millis((point[0].as_f64().unwrap_or(0.0) * 1e3) as i64);
            out += &format!("{labels}  {at}  {}\n", text(&point[1]));
        }
    }
    out
}
