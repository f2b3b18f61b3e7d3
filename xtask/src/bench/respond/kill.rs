//! `kill -9` at random moments while alerts come, silences are set and pages leave: is any lost, or told twice?

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::ensure;
use serde_json::{Value, json};

use super::{Far, after, spec};
use crate::bench::instance::Instance;

pub const KILLS: usize = 1_000;
/// The longest life before a kill.
const LIFE_MAX: Duration = Duration::from_millis(200);
/// Ends what was raised so many lives ago, so that the load stays the same.
const ENDS_AFTER: usize = 3;
/// Alerts of one life, which are one group: a message names no more of them, and only says how many there are.
const ALERTS_MAX: usize = 50;
/// How long after the last start everything may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(120);

/// What was accepted, and so must not be lost.
#[derive(Default)]
struct Owed {
    alerts: Vec<Vec<String>>,
    silences: BTreeSet<String>,
}

pub fn run(binary: &Path, folder: &Path, kills: usize) -> anyhow::Result<String> {
    let far = Far::start()?;
    let file = folder.join("spec.yaml");
    let data = folder.join("data");
    fs::write(
        &file,
        spec(
            &far,
            "group_by: [alertname], group_wait: 0s, group_interval: 1s",
        ),
    )?;
    let owed = Arc::new(Mutex::new(Owed::default()));
    let mut chance = Chance(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() | 1);
    println!("seed {}", chance.0);
    for life in 0..kills {
        let instance = Arc::new(Instance::start(binary, &file, &data)?);
        let stop = Arc::new(AtomicBool::new(false));
        let (load, is_over, book) = (instance.clone(), stop.clone(), owed.clone());
        let poster = thread::spawn(move || post(&load, life, &is_over, &book));
        thread::sleep(LIFE_MAX.mul_f64(chance.next()));
        instance.kill()?;
        stop.store(true, Ordering::SeqCst);
        let _ = poster.join();
        drop(instance);
        if life % 100 == 99 {
            println!("{} kills", life + 1);
        }
    }
    let instance = Instance::start(binary, &file, &data)?;
    let owed = owed.lock().unwrap_or_else(PoisonError::into_inner);
    let alerts: Vec<&String> = owed.alerts.iter().flatten().collect();
    let until = Instant::now() + ARRIVES_WITHIN;
    let lost = loop {
        let heard = far.heard();
        let lost: Vec<&&String> = alerts
            .iter()
            .filter(|name| !heard.first.contains_key(**name))
            .collect();
        if lost.is_empty() || Instant::now() > until {
            lost.iter()
                .take(10)
                .for_each(|name| println!("lost: {name}"));
            break lost.len();
        }
        drop(heard);
        thread::sleep(Duration::from_millis(200));
    };
    let doubled = far
        .heard()
        .raised
        .values()
        .filter(|count| **count > 1)
        .count();
    let listed: Value = serde_json::from_str(instance.ask("/api/v2/silences")?.body()?)?;
    let listed: BTreeSet<&str> = listed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["id"].as_str())
        .collect();
    let silences_lost = owed
        .silences
        .iter()
        .filter(|id| !listed.contains(id.as_str()))
        .count();
    let said = format!(
        "{kills} `kill -9` at random moments under load: {} alerts and {} silences accepted | {lost} pages lost, {doubled} doubled at a receiver that honours keys, {silences_lost} silences lost",
        alerts.len(),
        owed.silences.len(),
    );
    println!("{said}");
    ensure!(lost + doubled + silences_lost == 0, "{said}");
    Ok(said)
}

/// Sends alerts one after the other, each with its own group, and a silence with each life.
fn post(instance: &Instance, life: usize, stop: &AtomicBool, book: &Mutex<Owed>) {
    let mut own = Vec::new();
    let silence = json!({
        "matchers": [{ "name": "alertname", "value": format!("silenced-{life}"), "isRegex": false }],
        "startsAt": after(0), "endsAt": after(86_400), "createdBy": "bench", "comment": "bench",
    });
    if let Ok((200, answer)) = instance.post("/api/v2/silences", &silence.to_string()) {
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        book.silences
            .extend(answer["silenceID"].as_str().map(str::to_owned));
    }
    let ended = {
        let book = book.lock().unwrap_or_else(PoisonError::into_inner);
        let old = life
            .checked_sub(ENDS_AFTER)
            .and_then(|life| book.alerts.get(life));
        old.cloned().unwrap_or_default()
    };
    let ended: Vec<Value> = ended
        .iter()
        .map(|name| alert(name, Some(after(0))))
        .collect();
    let _ = instance.post("/api/v2/alerts", &Value::from(ended).to_string());
    for n in 0..ALERTS_MAX {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let name = format!("life-{life}/{n}");
        let body = Value::from(vec![alert(&name, None)]);
        match instance.post("/api/v2/alerts", &body.to_string()) {
            Ok((200, _)) => own.push(name),
            _ => break,
        }
    }
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    book.alerts.push(own);
}

fn alert(name: &str, ends: Option<String>) -> Value {
    let (life, n) = name.split_once('/').unwrap_or((name, ""));
    let mut alert = json!({ "labels": { "alertname": life, "n": n, "severity": "critical" } });
    if let Some(ends) = ends {
        alert["endsAt"] = json!(ends);
    }
    alert
}

/// A number in 0..1, by xorshift64 (Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
