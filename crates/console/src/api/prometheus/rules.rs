//! `/api/v1/rules` and `/api/v1/alerts`.

use std::collections::BTreeMap;

use ::promise::signal::Matcher;
use axum::response::Response;
use promql::Labels;
use serde::Serialize;
use serde_json::json;

use super::{
    answer::{self, Failure, Found},
    ask::{self, Asked, Form, bad, no_number},
    json, pairs,
    targets::instant,
};
use crate::{
    door::{self, AlertState, Health, RuleKind},
    reply::Visit,
};

type Map = BTreeMap<String, String>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    file: String,
    rules: Vec<Rule>,
    interval: f64,
    limit: u64,
    evaluation_time: f64,
    last_evaluation: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule {
    Alerting(Alerting),
    Recording(Recording),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alerting {
    state: &'static str,
    name: String,
    query: String,
    duration: f64,
    keep_firing_for: f64,
    labels: Map,
    annotations: Map,
    /// `null` where they were not asked for.
    alerts: Option<Vec<Alert>>,
    #[serde(flatten)]
    common: Common,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Recording {
    name: String,
    query: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    labels: Map,
    #[serde(flatten)]
    common: Common,
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Common {
    health: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_error: String,
    evaluation_time: f64,
    last_evaluation: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    labels: Map,
    annotations: Map,
    state: &'static str,
    active_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_firing_since: Option<String>,
    value: String,
}

impl From<door::Alert> for Alert {
    fn from(alert: door::Alert) -> Self {
        let mut value = String::new();
        json::exponent(&mut value, alert.value);
        Self {
            labels: pairs(&alert.labels),
            annotations: alert.annotations.into_iter().collect(),
            state: alert.state.as_str(),
            active_at: alert.active.to_string(),
            keep_firing_since: alert.kept_since.map(|at| at.to_string()),
            value,
        }
    }
}

impl Rule {
    fn of(rule: door::Rule, with_alerts: bool) -> Self {
        let (health, why) = match rule.health {
            Health::Unknown => ("unknown", String::new()),
            Health::Good => ("ok", String::new()),
            Health::Bad(why) => ("err", why),
        };
        let common = Common {
            health,
            last_error: why,
            evaluation_time: rule.evaluated.took.as_secs_f64(),
            last_evaluation: instant(rule.evaluated.at),
        };
        let labels = pairs(&rule.labels);
        match rule.kind {
            RuleKind::Recording => Self::Recording(Recording {
                name: rule.name,
                query: rule.query,
                labels,
                common,
                r#type: "recording",
            }),
            RuleKind::Alerting {
                hold,
                keep_firing,
                annotations,
                alerts,
            } => Self::Alerting(Alerting {
                state: worst(&alerts).as_str(),
                name: rule.name,
                query: rule.query,
                duration: hold.as_secs_f64(),
                keep_firing_for: keep_firing.as_secs_f64(),
                labels,
                annotations: annotations.into_iter().collect(),
                alerts: with_alerts.then(|| alerts.into_iter().map(Alert::from).collect()),
                common,
                r#type: "alerting",
            }),
        }
    }
}

fn worst(alerts: &[door::Alert]) -> AlertState {
    let states = alerts.iter().map(|alert| alert.state);
    states.max().unwrap_or(AlertState::Inactive)
}

pub(crate) async fn list(visit: Visit, form: Form) -> Response {
    answer::reply(rules(&visit, form))
}

/// `/api/v1/alerts`: those that are pending or firing.
pub(crate) async fn alerts(visit: Visit) -> Response {
    let rules = visit.room.desk.rules.groups().into_iter();
    let alerts: Vec<Alert> = rules
        .flat_map(|group| group.rules)
        .flat_map(|rule| match rule.kind {
            RuleKind::Alerting { alerts, .. } => alerts,
            RuleKind::Recording => Vec::new(),
        })
        .map(Alert::from)
        .collect();
    answer::reply(Found::small(&json!({ "alerts": alerts })))
}

/// Which rules are wanted.
struct Wanted<'a> {
    names: Vec<&'a str>,
    groups: Vec<&'a str>,
    files: Vec<&'a str>,
    /// Any of them.
    selectors: Vec<Vec<Matcher>>,
    alerting: bool,
    recording: bool,
    with_alerts: bool,
}

impl<'a> Wanted<'a> {
    fn read(asked: &'a Asked) -> Result<Self, Failure> {
        let (alerting, recording) = match asked.one("type") {
            None => (true, true),
            Some(kind) if kind.eq_ignore_ascii_case("alert") => (true, false),
            Some(kind) if kind.eq_ignore_ascii_case("record") => (false, true),
            Some(kind) => return Err(bad("type", &format!("not supported value \"{kind}\""))),
        };
        let exclude = asked.one("exclude_alerts").map_or(Ok(false), |text| {
            truth(text).ok_or_else(|| {
                let why = format!(
                    "error converting exclude_alerts: {}",
                    no_number("ParseBool", text)
                );
                bad("exclude_alerts", &why)
            })
        })?;
        Ok(Self {
            names: asked.all("rule_name[]").collect(),
            groups: asked.all("rule_group[]").collect(),
            files: asked.all("file[]").collect(),
            selectors: asked
                .all("match[]")
                .map(ask::selector)
                .collect::<Result<_, _>>()
                .map_err(Failure::BadData)?,
            alerting,
            recording,
            with_alerts: !exclude,
        })
    }

    fn rule(&self, rule: &door::Rule) -> bool {
        let kind = match rule.kind {
            RuleKind::Recording => self.recording,
            RuleKind::Alerting { .. } => self.alerting,
        };
        kind && is_any(&self.names, &rule.name) && self.labels(&rule.labels)
    }

    fn labels(&self, labels: &Labels) -> bool {
        let accepts = |all: &Vec<Matcher>| all.iter().all(|m| m.accepts(labels.get(&m.name)));
        self.selectors.is_empty() || self.selectors.iter().any(accepts)
    }

    fn group(&self, group: door::RuleGroup) -> Option<Group> {
        if !is_any(&self.groups, &group.name) || !is_any(&self.files, &group.file) {
            return None;
        }
        let wanted = group.rules.into_iter().filter(|rule| self.rule(rule));
        let rules: Vec<Rule> = wanted
            .map(|rule| Rule::of(rule, self.with_alerts))
            .collect();
        if rules.is_empty() {
            return None;
        }
        Some(Group {
            name: group.name,
            file: group.file,
            rules,
            interval: group.interval.as_secs_f64(),
            limit: group.limit,
            evaluation_time: group.evaluated.took.as_secs_f64(),
            last_evaluation: instant(group.evaluated.at),
        })
    }
}

fn is_any(wanted: &[&str], one: &str) -> bool {
    wanted.is_empty() || wanted.contains(&one)
}

/// As Go reads a truth value.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn rules(visit: &Visit, form: Form) -> Result<Found, Failure> {
    let asked = Asked::read(visit, form)?;
    let wanted = Wanted::read(&asked)?;
    let page = Paging::read(&asked)?;
    let all = visit.room.desk.rules.groups().into_iter();
    let groups: Vec<Group> = all.filter_map(|group| wanted.group(group)).collect();
    let (groups, next) = page.cut(groups)?;
    match next {
        Some(token) => Found::small(&json!({ "groups": groups, "groupNextToken": token })),
        None => Found::small(&json!({ "groups": groups })),
    }
}

/// Groups are handed out a page at a time where that is asked for.
struct Paging {
    limit: Option<usize>,
    /// Of the group that comes first.
    after: Option<String>,
}

impl Paging {
    fn read(asked: &Asked) -> Result<Self, Failure> {
        let limit = match asked
            .one("group_limit")
            .map(|text| (text, text.parse::<i64>()))
        {
            None => None,
            Some((_, Ok(limit))) if limit > 0 => usize::try_from(limit).ok(),
            Some((_, Ok(_))) => {
                return Err(bad(
                    "group_limit",
                    &"group_limit needs to be greater than 0",
                ));
            }
            Some((text, Err(_))) => {
                let why = no_number("ParseInt", text);
                let why = format!("group_limit needs to be a valid number: {why}");
                return Err(bad("group_limit", &why));
            }
        };
        let after = asked.one("group_next_token").map(str::to_owned);
        if after.is_some() && limit.is_none() {
            let why = "group_limit needs to be present in order to paginate over the groups";
            return Err(bad("group_next_token", &why));
        }
        Ok(Self { limit, after })
    }

    fn cut(&self, mut groups: Vec<Group>) -> Result<(Vec<Group>, Option<String>), Failure> {
        let Some(limit) = self.limit else {
            return Ok((groups, None));
        };
        if let Some(wanted) = &self.after {
            let first = groups.iter().position(|group| token(group) == *wanted);
            let first = first.ok_or_else(|| {
                let why = format!("invalid group_next_token '{wanted}'. were rule groups changed?");
                bad("group_next_token", &why)
            })?;
            groups.drain(..first);
        }
        let next = groups.get(limit).map(token);
        groups.truncate(limit);
        Ok((groups, next))
    }
}

/// Names a group beyond this answer: it must only be the same as long as the rules are.
fn token(group: &Group) -> String {
    format!(
        "{:016x}",
        crate::asset::fnv1a(format!("{};{}", group.file, group.name).as_bytes())
    )
}
