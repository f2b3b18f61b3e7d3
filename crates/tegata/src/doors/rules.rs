//! The console's door onto the rules in force.

use std::sync::Arc;

use console::door::{self, AlertState, Evaluated, Health, RuleGroup, RuleKind};
use evaluate::rule::{
    Action,
    alert::{Alert, State},
    engine::Schedule,
    group::{Live, Standing},
};
use promql::{Labels, Number};

use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

impl door::Rules for Door {
    fn groups(&self) -> Vec<RuleGroup> {
        self.0.rules.load().as_ref().clone()
    }
}

/// A group as the console shows it.
pub(crate) fn rule_group(live: &Live, schedule: &Schedule) -> RuleGroup {
    let evaluated = Evaluated {
        at: schedule.evaluated,
        took: schedule.took,
    };
    RuleGroup {
        name: live.group.name.clone(),
        file: live.group.file.clone(),
        interval: schedule.interval,
        limit: live.group.limit,
        rules: live
            .rules
            .iter()
            .map(|standing| rule(standing, evaluated))
            .collect(),
        evaluated,
    }
}

fn rule(standing: &Standing, evaluated: Evaluated) -> door::Rule {
    let rule = &standing.rule;
    door::Rule {
        name: rule.name().to_owned(),
        query: rule.query.as_str().to_owned(),
        labels: rule.written_labels(),
        health: match (&standing.wrong, standing.evaluated) {
            (Some(why), _) => Health::Bad(why.clone()),
            (None, None) => Health::Unknown,
            (None, Some(_)) => Health::Good,
        },
        evaluated: Evaluated {
            at: standing.evaluated,
            took: evaluated.took,
        },
        kind: match &rule.action {
            Action::Record { .. } => RuleKind::Recording,
            Action::Alert {
                hold,
                keep_firing_for,
                annotations,
                ..
            } => RuleKind::Alerting {
                hold: *hold,
                keep_firing: *keep_firing_for,
                annotations: annotations
                    .iter()
                    .map(|(name, text)| (name.clone(), text.as_str().to_owned()))
                    .collect(),
                alerts: standing.alerts.active().map(alert).collect(),
            },
        },
    }
}

fn alert(alert: &Alert) -> door::Alert {
    let pairs = |labels: &Labels| -> Vec<(String, String)> {
        labels
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    door::Alert {
        labels: alert.labels.clone(),
        annotations: pairs(&alert.annotations),
        state: match alert.state {
            State::Pending => AlertState::Pending,
            State::Firing => AlertState::Firing,
            State::Resolved => AlertState::Inactive,
        },
        active: alert.active_at,
        kept_since: alert
            .kept_since
            .or(alert.stale.as_ref().map(|(since, _)| *since)),
        value: match &alert.value {
            Number::Float(value) => *value,
            Number::Histogram(histogram) => histogram.count,
        },
    }
}
