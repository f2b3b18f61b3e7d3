//! `/api/v1/status/…`: what a client may ask about this server, and `/-/healthy` and `/-/ready`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;
use store::Labels;

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form},
    length,
    query::{QUERIES_MAX, TIMEOUT_MAX},
};
use crate::{door::Target, reply::Visit};

/// Grafana and others ask for the version to learn what they may send: this is the version whose API we speak. Our
/// own stands beside it.
const SPOKEN: &str = "3.5.3";
/// Series of a head's length of time are counted, as Prometheus counts those of its head.
const COUNTED: Duration = Duration::from_secs(3 * 3_600);
/// Entries of each list where no other number is asked for; Prometheus's default.
const LISTED: usize = 10;
/// Entries that can be asked for; Prometheus's bound.
const LISTED_MAX: usize = 10_000;

/// `/api/v1/status/buildinfo`
pub(crate) async fn build(visit: Visit) -> Response {
    let ours = visit.room.desk.status.version();
    answer::reply(Found::small(&json!({
        "version": SPOKEN,
        "revision": ours.commit.unwrap_or_default(),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
        "application": "tegata",
        "applicationVersion": ours.version,
    })))
}

/// `/api/v1/status/runtimeinfo`
pub(crate) async fn runtime(visit: Visit) -> Response {
    let runtime = visit.room.desk.status.runtime();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    answer::reply(Found::small(&json!({
        "startTime": runtime.started,
        "CWD": runtime.folder,
        "hostname": runtime.host,
        "serverTime": visit.now,
        "reloadConfigSuccess": visit.board.spec.problem.is_none(),
        "lastConfigTime": visit.board.spec.loaded_at,
        "corruptionCount": runtime.corruptions,
        "goroutineCount": 0,
        "GOMAXPROCS": threads,
        "GOMEMLIMIT": 0,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": length(runtime.retention),
    })))
}

/// `/api/v1/status/flags`: those flags of Prometheus that have a counterpart here.
pub(crate) async fn flags(visit: Visit) -> Response {
    let desk = &visit.room.desk;
    answer::reply(Found::small(&json!({
        "query.lookback-delta": length(promql::LOOK_BACK),
        "query.max-concurrency": QUERIES_MAX.to_string(),
        "query.timeout": length(TIMEOUT_MAX),
        "storage.tsdb.retention.time": length(desk.status.runtime().retention),
        "web.enable-admin-api": desk.deletes.to_string(),
        "web.enable-remote-write-receiver": "true",
    })))
}

/// `/api/v1/status/config`: what is scraped, as Prometheus would be told to. The spec itself is on the board.
pub(crate) async fn config(visit: Visit) -> Response {
    let yaml = scrapes(&visit.room.desk.targets.active());
    answer::reply(Found::small(&json!({ "yaml": yaml })))
}

fn scrapes(targets: &[Target]) -> String {
    let mut jobs: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in targets {
        jobs.entry(&target.job).or_default().push(target);
    }
    if jobs.is_empty() {
        return "scrape_configs: []\n".to_owned();
    }
    let mut out = String::from("scrape_configs:\n");
    for (job, targets) in jobs {
        let (interval, timeout) = targets
            .first()
            .map_or_else(Default::default, |one| (one.interval, one.timeout));
        // Writing into a String cannot fail. A JSON text is a YAML text.
        let _ = writeln!(out, "- job_name: {}", json!(job));
        let _ = writeln!(out, "  scrape_interval: {}", length(interval));
        let _ = writeln!(out, "  scrape_timeout: {}", length(timeout));
        out.push_str("  static_configs:\n  - targets:\n");
        for target in targets {
            let address = target.discovered.get("__address__");
            let _ = writeln!(out, "    - {}", json!(address));
        }
    }
    out
}

/// `/api/v1/status/walreplay`: the pages answer only once it is done.
pub(crate) async fn replay() -> Response {
    answer::reply(Found::small(&json!({ "min": 0, "max": 0, "current": 0 })))
}

/// `/api/v1/status/tsdb`: where the series are.
pub(crate) async fn store(visit: Visit, form: Form) -> Response {
    answer::reply(cardinality(&visit, form).await)
}

#[derive(Serialize)]
struct Stat {
    name: String,
    value: u64,
}

async fn cardinality(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let wrong = |why: &str| Failure::BadData(why.to_owned());
    let limit = match asked.one("limit").map(str::parse::<usize>) {
        None => LISTED,
        Some(Ok(limit)) if limit > LISTED_MAX => {
            return Err(wrong("limit must not exceed 10000"));
        }
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => return Err(wrong("limit must be a positive number")),
    };
    let from = visit.now - COUNTED;
    let series = visit.room.desk.metrics.series(&[], from, visit.now).await?;
    let counted = Counted::of(&series);
    Found::small(&json!({
        "headStats": {
            "numSeries": series.len(),
            "numLabelPairs": counted.pairs.len(),
            "minTime": from.as_millis(),
            "maxTime": visit.now.as_millis(),
        },
        "seriesCountByMetricName": most(counted.metrics, limit),
        "labelValueCountByLabelName": most(counted.values, limit),
        "memoryInBytesByLabelName": most(counted.bytes, limit),
        "seriesCountByLabelValuePair": most(
            counted.pairs.into_iter().map(|((name, value), n)| (format!("{name}={value}"), n)),
            limit,
        ),
    }))
}

#[derive(Default)]
struct Counted<'l> {
    metrics: BTreeMap<&'l str, u64>,
    pairs: BTreeMap<(&'l str, &'l str), u64>,
    values: BTreeMap<&'l str, u64>,
    /// Of names and values, with the two bytes that hold their lengths.
    bytes: BTreeMap<&'l str, u64>,
}

impl<'l> Counted<'l> {
    fn of(series: &'l [Labels]) -> Self {
        let mut all = Self::default();
        for labels in series {
            *all.metrics.entry(labels.metric()).or_default() += 1;
            for (name, value) in labels {
                *all.pairs.entry((name, value)).or_default() += 1;
                *all.bytes.entry(name).or_default() += (name.len() + value.len() + 2) as u64;
            }
        }
        for (name, _) in all.pairs.keys() {
            *all.values.entry(name).or_default() += 1;
        }
        all
    }
}

/// The largest first; of equals the first by name.
fn most<N: Into<String>>(all: impl IntoIterator<Item = (N, u64)>, limit: usize) -> Vec<Stat> {
    let stat = |(name, value): (N, u64)| Stat {
        name: name.into(),
        value,
    };
    let mut all: Vec<Stat> = all.into_iter().map(stat).collect();
    all.sort_by_key(|stat| std::cmp::Reverse(stat.value));
    all.truncate(limit);
    all
}

/// `/-/healthy`
pub(crate) async fn healthy() -> &'static str {
    "Tegata is Healthy.\n"
}

/// `/-/ready`
pub(crate) async fn ready(visit: Visit) -> Response {
    match visit.room.desk.status.not_ready() {
        None => "Tegata is Ready.\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", why.en)).into_response(),
    }
}
