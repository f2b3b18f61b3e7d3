//! How the promises stand: asked of the running instance, or judged now from what the ledger holds.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use promise::{Clock as _, Evidence, Lang, Promise, Say, State, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

use super::instance::Instance;
use crate::{
    book::{VerdictBody, kind},
    clock::SystemClock,
    exit::Stop,
};

/// One promise and its verdict, in the shape of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) promise: Promise,
    pub(crate) verdict: Verdict,
    /// When this state began, as far as is known.
    pub(crate) since: Timestamp,
    /// The ledger's entry of the last recorded verdict.
    pub(crate) entry: Option<u64>,
    pub(crate) incident: Option<String>,
    /// Only where one promise was asked for.
    #[serde(default)]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default)]
    pub(crate) signals: Vec<Heard>,
    #[serde(default)]
    pub(crate) sources: Vec<Fed>,
    #[serde(default)]
    pub(crate) trips: Vec<Trip>,
}

/// A test alert that has arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Trip {
    pub(crate) at: Timestamp,
    pub(crate) receiver: String,
    pub(crate) latency_ms: u64,
    pub(crate) in_time: Option<bool>,
    pub(crate) entry: u64,
}

/// What was found for one signal; only a running instance knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) queries: Vec<String>,
    pub(crate) series: Vec<String>,
    pub(crate) series_total: usize,
    pub(crate) wrong: Option<String>,
    pub(crate) similar: Vec<String>,
}

/// A source that has spoken for the promise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fed {
    pub(crate) source: String,
    pub(crate) last: Timestamp,
    pub(crate) failing: Option<Say>,
}

/// Every promise, worst first.
pub(crate) async fn all(data: &Path, lang: Lang) -> anyhow::Result<Vec<Standing>> {
    let mut standings: Vec<Standing> = match Instance::running(data) {
        Some(instance) => {
            serde_json::from_value(instance.get("/api/v1/promises").await?["promises"].take())?
        }
        None => from_ledger(data, lang)?,
    };
    standings
        .sort_by(|a, b| (a.verdict.state, &a.promise.id).cmp(&(b.verdict.state, &b.promise.id)));
    Ok(standings)
}

/// One promise with its evidence.
pub(crate) async fn one(data: &Path, id: &str, lang: Lang) -> anyhow::Result<Standing> {
    if let Some(instance) = Instance::running(data) {
        let known = all(data, lang).await?;
        require(id, &known, lang)?;
        return Ok(serde_json::from_value(
            instance.get(&format!("/api/v1/promises/{id}")).await?,
        )?);
    }
    let known = from_ledger(data, lang)?;
    require(id, &known, lang)?;
    known
        .into_iter()
        .find(|s| s.promise.id == id)
        .ok_or_else(|| Stop::missing(id).into())
}

/// Refuses an id that nobody knows, with the one that was probably meant.
pub(crate) fn require(id: &str, known: &[Standing], lang: Lang) -> anyhow::Result<()> {
    if known.iter().any(|standing| standing.promise.id == id) {
        return Ok(());
    }
    let ids = known.iter().map(|standing| standing.promise.id.as_str());
    let none = promise::say!(
        "no promise is called `{id}`",
        "`{id}` という約束はありません"
    );
    let hint = match promise::document::did_you_mean(id, ids.clone()) {
        Some(meant) => promise::say!("did you mean `{meant}`?", "`{meant}` のことですか?"),
        None => {
            let all = ids.collect::<Vec<_>>().join(", ");
            promise::say!("known: {all}", "約束の一覧: {all}")
        }
    };
    Err(Stop::missing(none.get(lang)).hint(hint.get(lang)).into())
}

/// Judged at this moment from the newest recorded evidence: what has gone stale since is unproven.
fn from_ledger(data: &Path, lang: Lang) -> anyhow::Result<Vec<Standing>> {
    let dir = data.join("ledger");
    if !dir.join("key.pub").exists() {
        let shown = data.display();
        let nothing = promise::say!(
            "{shown} holds no data yet",
            "{shown} にはまだデータがありません"
        );
        return Err(Stop::missing(nothing.get(lang)).into());
    }
    let mut promises: BTreeMap<String, Promise> = BTreeMap::new();
    let mut verdicts: BTreeMap<String, (u64, VerdictBody)> = BTreeMap::new();
    ledger::read(&dir, |entry| match entry.kind.as_str() {
        kind::PROMISE => {
            if let Ok(promise) = serde_json::from_value(entry.body) {
                promises.insert(entry.about, promise);
            }
        }
        kind::PROMISE_WITHDRAWN => _ = promises.remove(&entry.about),
        kind::VERDICT => {
            if let Ok(body) = serde_json::from_value(entry.body) {
                verdicts.insert(entry.about, (entry.index, body));
            }
        }
        _ => {}
    })
    .map_err(|error| Stop::invalid(error.to_string()))?;
    let now = SystemClock.now();
    let standings = promises.into_values().map(|promise| {
        let (entry, body) = verdicts.remove(&promise.id).unzip();
        let (since, evidence) = body.map_or((promise.since, Evidence::default()), |b| {
            (b.verdict.at, b.evidence)
        });
        let verdict = promise.judge(&evidence, now);
        Standing {
            promise,
            verdict,
            since,
            entry,
            incident: None,
            evidence: Some(evidence),
            signals: Vec::new(),
            sources: Vec::new(),
            trips: Vec::new(),
        }
    });
    Ok(standings.collect())
}

/// The code of the worst of them; nothing promised is nothing proven.
pub(crate) fn exit_code(standings: &[Standing]) -> ExitCode {
    // By what most needs a person, except that a broken promise outranks all.
    let worst = standings
        .iter()
        .map(|standing| standing.verdict.state)
        .min()
        .unwrap_or(State::Unproven);
    ExitCode::from(worst.exit_code())
}
