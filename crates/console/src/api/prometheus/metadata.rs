//! `/api/v1/metadata` and `/api/v1/targets/metadata`: what metrics are.

use std::collections::BTreeMap;

use ::promise::{Timestamp, signal::Matcher};
use axum::response::Response;
use promql::{LOOK_BACK, Labels};
use serde::Serialize;
use store::Metadata;

use super::{
    answer::{self, Failure, Found},
    ask::{self, Asked, Form, bad},
    pairs,
};
use crate::reply::Visit;

#[derive(Serialize)]
struct About {
    r#type: String,
    help: String,
    unit: String,
}

impl From<Metadata> for About {
    fn from(known: Metadata) -> Self {
        Self {
            r#type: known.kind,
            help: known.help,
            unit: known.unit,
        }
    }
}

pub(crate) async fn list(visit: Visit, form: Form) -> Response {
    answer::reply(of_metrics(&visit, form).await)
}

pub(crate) async fn of_targets(visit: Visit, form: Form) -> Response {
    answer::reply(by_target(&visit, form).await)
}

async fn of_metrics(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let limit = asked.count("limit")?.unwrap_or(usize::MAX);
    let each = asked.count("limit_per_metric")?.filter(|each| *each > 0);
    let known = visit
        .room
        .desk
        .metrics
        .metadata(asked.one("metric"))
        .await?;
    let mut found: BTreeMap<String, Vec<About>> = BTreeMap::new();
    for one in known {
        let all = found.len();
        let named = found.entry(one.metric.clone());
        if all >= limit && matches!(named, std::collections::btree_map::Entry::Vacant(_)) {
            continue;
        }
        let about = named.or_default();
        if each.is_none_or(|each| about.len() < each) {
            about.push(one.into());
        }
    }
    Found::small(&found)
}

#[derive(Serialize)]
struct OfTarget {
    target: BTreeMap<String, String>,
    /// Left out where one metric was asked for.
    #[serde(skip_serializing_if = "String::is_empty")]
    metric: String,
    #[serde(flatten)]
    about: About,
}

async fn by_target(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let limit = asked.count("limit")?.unwrap_or(usize::MAX);
    let matchers = match asked.one("match_target") {
        Some(text) => ask::selector(text).map_err(|why| bad("match_target", &why))?,
        None => Vec::new(),
    };
    let metric = asked.one("metric");
    let mut found = Vec::new();
    for target in visit.room.desk.targets.active() {
        let labels = &target.labels;
        if found.len() >= limit || !matchers.iter().all(|m| m.accepts(labels.get(&m.name))) {
            continue;
        }
        for known in spoken(visit, labels, metric).await? {
            if found.len() < limit {
                found.push(OfTarget {
                    target: pairs(labels),
                    metric: metric.map_or(known.metric.clone(), |_| String::new()),
                    about: known.into(),
                });
            }
        }
    }
    Found::small(&found)
}

/// What is known of the metrics that a target has spoken of lately.
async fn spoken(
    visit: &Visit,
    target: &Labels,
    metric: Option<&str>,
) -> Result<Vec<Metadata>, Failure> {
    let metrics = &visit.room.desk.metrics;
    let matchers: Vec<Matcher> = target
        .iter()
        .map(|(name, value)| Matcher::equal(name, value))
        .collect();
    let since: Timestamp = visit.now - LOOK_BACK;
    let series = metrics.series(&matchers, since, visit.now).await?;
    let mut known = metrics.metadata(metric).await?;
    known.retain(|known| {
        series
            .iter()
            .any(|labels| is_of(labels.metric(), &known.metric))
    });
    Ok(known)
}

/// Whether a series of this name belongs to the family.
fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| ["", "_bucket", "_sum", "_count", "_total", "_info"].contains(&rest))
}
