//! `/api/v1/targets`, `/api/v1/scrape_pools` and `/api/v1/alertmanagers`: whom we speak with.

use std::collections::BTreeMap;

use ::promise::Timestamp;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use super::{
    answer::{self, Failure, Found},
    ask::{Asked, Form},
    length, pairs,
};
use crate::{
    door::{Dropped, Target, TargetHealth},
    reply::Visit,
};

/// As Go writes an instant that is none.
const NEVER: &str = "0001-01-01T00:00:00Z";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Active {
    discovered_labels: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    scrape_pool: String,
    scrape_url: String,
    global_url: String,
    last_error: String,
    last_scrape: String,
    last_scrape_duration: f64,
    health: &'static str,
    scrape_interval: String,
    scrape_timeout: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gone {
    discovered_labels: BTreeMap<String, String>,
    scrape_pool: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct All {
    active_targets: Vec<Active>,
    dropped_targets: Vec<Gone>,
    dropped_target_counts: Option<BTreeMap<String, usize>>,
}

impl From<Target> for Active {
    fn from(target: Target) -> Self {
        let (health, why) = match target.health {
            TargetHealth::Unknown => ("unknown", String::new()),
            TargetHealth::Up => ("up", String::new()),
            TargetHealth::Down(why) => ("down", why),
        };
        Self {
            discovered_labels: pairs(&target.discovered),
            labels: pairs(&target.labels),
            scrape_pool: target.job,
            global_url: target.url.clone(),
            scrape_url: target.url,
            last_error: why,
            last_scrape: instant(target.last),
            last_scrape_duration: target.took.as_secs_f64(),
            health,
            scrape_interval: length(target.interval),
            scrape_timeout: length(target.timeout),
        }
    }
}

impl From<Dropped> for Gone {
    fn from(dropped: Dropped) -> Self {
        Self {
            discovered_labels: pairs(&dropped.discovered),
            scrape_pool: dropped.job,
        }
    }
}

pub(super) fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), |at| at.to_string())
}

pub(crate) async fn list(visit: Visit, form: Form) -> Response {
    answer::reply(found(&visit, form))
}

fn found(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let state = asked.one("state").unwrap_or("any").to_ascii_lowercase();
    let wants = |pool: &str| asked.one("scrapePool").is_none_or(|wanted| wanted == pool);
    let targets = &visit.room.desk.targets;
    let mut all = All {
        active_targets: Vec::new(),
        dropped_targets: Vec::new(),
        dropped_target_counts: None,
    };
    if ["any", "active"].contains(&state.as_str()) {
        let active = targets.active().into_iter();
        let wanted = active.filter(|target| wants(&target.job));
        all.active_targets = wanted.map(Active::from).collect();
    }
    if ["any", "dropped"].contains(&state.as_str()) {
        let mut counts = BTreeMap::new();
        for target in targets.active() {
            counts.entry(target.job).or_insert(0);
        }
        for dropped in targets.dropped() {
            *counts.entry(dropped.job.clone()).or_insert(0) += 1;
            if wants(&dropped.job) {
                all.dropped_targets.push(dropped.into());
            }
        }
        all.dropped_target_counts = Some(counts);
    }
    Found::small(&all)
}

pub(crate) async fn pools(visit: Visit) -> Response {
    let mut jobs: Vec<String> = visit
        .room
        .desk
        .targets
        .active()
        .into_iter()
        .map(|target| target.job)
        .collect();
    jobs.sort();
    jobs.dedup();
    answer::reply(Found::small(&json!({ "scrapePools": jobs })))
}

/// Tegata tells people itself; where it hands alerts to an Alertmanager, that is one receiver among others.
pub(crate) async fn alertmanagers() -> Response {
    answer::reply(Found::small(&json!({
        "activeAlertmanagers": [],
        "droppedAlertmanagers": [],
    })))
}
