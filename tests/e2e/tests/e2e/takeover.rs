//! Two instances over one PostgreSQL: one is active, the other takes over when it is killed or falls asleep, and nobody is
//! paged twice or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{Http, Program, tegata, until};
use serde_json::{Value, json};

use crate::{alertmanager::far::Far, support::Running};

/// A takeover takes less than ten seconds; a busy machine more.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);

/// A new database, as the spec's reference to it resolves.
fn database() -> anyhow::Result<String> {
    let server = std::env::var("TEGATA_POSTGRES")
        .context("TEGATA_POSTGRES is not set: `cargo xtask test` starts a PostgreSQL")?;
    let name = format!("takeover_{}", std::process::id());
    let mut psql = Command::new("psql");
    psql.args([&server, "-qc", &format!("CREATE DATABASE {name}")]);
    ensure!(psql.status()?.success(), "the database was not made");
    Ok(format!("{server} dbname={name}"))
}

fn spec(far: &Far) -> String {
    format!(
        "service: {{ name: {{ en: Shop, ja: 店 }}, owner: sre, time_zone: Asia/Tokyo }}\n\
         state: {{ kind: postgres, url: \"${{env:TEGATA_STATE_URL}}\" }}\n\
         promises: {{}}\n\
         severities: {{ critical: {{ level: 1 }}, warning: {{ level: 2 }} }}\n\
         routes: [ {{ receivers: [hook], group_by: [alertname, n], group_wait: 0s, group_interval: 5m }} ]\n\
         receivers: {{ hook: {{ kind: webhook, url: \"{}\" }} }}\n",
        far.url
    )
}

async fn start(dir: &Path, state: &str) -> anyhow::Result<Running> {
    let mut command = tegata(&[
        "run",
        "tegata.yaml",
        "--data",
        "data",
        "--listen",
        "127.0.0.1:0",
    ]);
    command.args(["--lang", "en"]);
    command.current_dir(dir).env("TEGATA_STATE_URL", state);
    Running::from_program(Program::start(command, "tegata", dir)?, &dir.join("data")).await
}

async fn until_active(instance: &Running) -> anyhow::Result<()> {
    until("it to be active", TAKEN_OVER_WITHIN, async || {
        instance.http.text("/readyz").await.map(Some)
    })
    .await?;
    Ok(())
}

/// Sends alerts one after the other to whoever takes them, as Prometheus does that knows both; keeps what was accepted.
struct Sender {
    owed: Arc<Mutex<BTreeSet<String>>>,
    doors: Arc<Mutex<Vec<Http>>>,
    is_over: Arc<AtomicBool>,
}

impl Sender {
    fn begin() -> Self {
        let sender = Self {
            owed: Arc::default(),
            doors: Arc::default(),
            is_over: Arc::default(),
        };
        let (owed, doors, over) = (
            sender.owed.clone(),
            sender.doors.clone(),
            sender.is_over.clone(),
        );
        tokio::spawn(async move {
            for n in 0.. {
                let name = n.to_string();
                let labels = json!({ "alertname": "Load", "n": name, "severity": "warning" });
                let body = json!([{ "labels": labels }]).to_string();
                while !over.load(Ordering::SeqCst) {
                    let known = doors.lock().unwrap().clone();
                    if taken(&known, &body).await {
                        owed.lock().unwrap().insert(name);
                        break;
                    }
                }
                if over.load(Ordering::SeqCst) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        sender
    }

    fn to(&self, instances: &[&Running]) {
        *self.doors.lock().unwrap() = instances.iter().map(|it| it.http.clone()).collect();
    }

    fn count(&self) -> usize {
        self.owed.lock().unwrap().len()
    }

    async fn until_more(&self) -> anyhow::Result<()> {
        let before = self.count();
        until("alerts to be accepted", TAKEN_OVER_WITHIN, async || {
            Ok((self.count() > before + 20).then_some(()))
        })
        .await
    }
}

async fn taken(doors: &[Http], body: &str) -> bool {
    for door in doors {
        let answer = door
            .post("/api/v2/alerts", "application/json", body.to_owned())
            .await;
        if matches!(answer, Ok((200, _))) {
            return true;
        }
    }
    false
}

/// The keys of the messages with which each alert began, by the alert.
fn raised(far: &Far) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for body in far.bodies() {
        let key = body["key"].as_str().unwrap_or_default().to_owned();
        for alert in body["alerts"].as_array().into_iter().flatten() {
            let name = alert["labels"]["n"].as_str().unwrap_or_default().to_owned();
            all.entry(name).or_default().insert(key.clone());
        }
    }
    all
}

async fn kinds(instance: &Running) -> anyhow::Result<Vec<Value>> {
    let entries = instance
        .http
        .json("/api/v1/ledger/entries?kind=lease_taken&limit=9")
        .await?;
    Ok(entries["entries"].as_array().cloned().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_pages_and_the_other_takes_over() -> anyhow::Result<()> {
    let (one, two) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let far = Far::start(0).await?;
    let state = database()?;
    for dir in [&one, &two] {
        std::fs::write(dir.path().join("tegata.yaml"), spec(&far))?;
    }
    let mut first = start(one.path(), &state).await?;
    until_active(&first).await?;
    let mut second = start(two.path(), &state).await?;
    until("it to stand by", TAKEN_OVER_WITHIN, async || {
        let said = second.program.printed();
        Ok(said.contains("stands by").then_some(()))
    })
    .await?;
    let (status, text) = second
        .http
        .post("/api/v2/alerts", "application/json", "[]".to_owned())
        .await?;
    ensure!(
        status == 503 && text.contains(&first.http.url("")),
        "{status}: {text}"
    );

    // What a person did on the first is known to the second.
    let silence = json!({
        "matchers": [{ "name": "alertname", "value": "Quiet", "isRegex": false }],
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "sato", "comment": "works",
    });
    let (status, text) = first
        .http
        .post("/api/v2/silences", "application/json", silence.to_string())
        .await?;
    ensure!(status == 200, "{text}");
    let sender = Sender::begin();
    sender.to(&[&first, &second]);
    sender.until_more().await?;

    first.program.kill()?;
    until_active(&second).await?;
    sender.until_more().await?;
    let silences = second.http.json("/api/v2/silences").await?;
    ensure!(silences[0]["createdBy"] == "sato", "{silences}");
    let entries = kinds(&second).await?;
    ensure!(
        entries[0]["body"]["before"]["url"] == first.http.url(""),
        "{entries:?}"
    );

    // It comes back to stand by, and takes over from one that fell asleep. When that wakes up it can only end.
    first = start(one.path(), &state).await?;
    sender.to(&[&second, &first]);
    until("it to stand by", TAKEN_OVER_WITHIN, async || {
        let answer = first.http.post("/", "text/plain", String::new()).await?;
        Ok((answer.0 == 503).then_some(()))
    })
    .await?;
    second.program.signal("STOP")?;
    sender.to(&[&first]);
    until_active(&first).await?;
    sender.until_more().await?;
    second.program.signal("CONT")?;
    let ended = second.program.wait(Duration::from_secs(30))?;
    ensure!(
        ended.code() == Some(69),
        "{ended}: {}",
        second.program.printed()
    );

    // A clean end gives the lease back.
    let third = start(two.path(), &state).await?;
    sender.to(&[&first, &third]);
    first.stop()?;
    until_active(&third).await?;
    sender.until_more().await?;
    sender.is_over.store(true, Ordering::SeqCst);

    let owed = sender.owed.lock().unwrap().clone();
    let told = until("everything to be told", TAKEN_OVER_WITHIN, async || {
        let told = raised(&far);
        Ok(owed
            .iter()
            .all(|name| told.contains_key(name))
            .then_some(told))
    })
    .await?;
    let doubled: Vec<_> = told.iter().filter(|(_, keys)| keys.len() > 1).collect();
    ensure!(doubled.is_empty(), "told under several keys: {doubled:?}");
    ensure!(owed.len() > 80, "four instances took turns: {}", owed.len());
    third.stop()?;
    Ok(())
}
