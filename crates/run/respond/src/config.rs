//! What the responder takes from a spec.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use promise::{Say, Timestamp};
use spec::{
    Spec,
    section::{
        alerting::Alerting, canary::Canary, checklist::Checklist, escalation::Escalation,
        on_call::OnCall, receiver::Receiver, receiver::Secret, route::Route, severity::Severity,
    },
};

use crate::{
    alert::Alert,
    on_call::{OnDuty, Rota},
};

/// Resolves a secret's reference when it is needed, so that a rotated secret needs no restart.
pub type Secrets = Arc<dyn Fn(&Secret) -> Result<String, String> + Send + Sync>;

#[derive(Debug, Clone)]
pub struct Config {
    /// What people call the service.
    pub service: Say,
    /// Who answers for promises that name no owner.
    pub owner: String,
    /// IANA name; times in messages are shown in it.
    pub time_zone: String,
    /// Every declared promise. The alert of one that is gone from here is closed.
    pub promises: BTreeSet<String>,
    pub severities: BTreeMap<String, Severity>,
    pub routes: Vec<Route>,
    /// When pages are held back, and how alerts of others are taken.
    pub alerting: Alerting,
    pub receivers: BTreeMap<String, Receiver>,
    pub on_call: Option<OnCall>,
    pub escalations: BTreeMap<String, Escalation>,
    /// What people go through again and again, by name.
    pub checklists: BTreeMap<String, Checklist>,
    /// The made-up alert, where one is declared.
    pub canary: Option<Canary>,
    /// Every alerting rule by its name. The alert of one that is gone from here is closed.
    pub rules: BTreeSet<String>,
    /// Of alerts whose `severity` label names none that is declared.
    pub rule_severity: Option<String>,
    /// Where the console answers, without a slash at the end.
    pub console_url: String,
}

impl Config {
    #[must_use]
    pub fn from_spec(spec: &Spec, console_url: impl Into<String>) -> Self {
        Self {
            service: spec.service.name.0.clone(),
            owner: spec.service.owner.clone(),
            time_zone: spec.service.time_zone.clone(),
            promises: spec
                .promises
                .iter()
                .map(|promise| promise.id.clone())
                .collect(),
            severities: spec.severities.clone(),
            routes: spec.routes.clone(),
            alerting: spec.alerting.clone(),
            receivers: spec.receivers.clone(),
            on_call: spec.on_call.clone(),
            escalations: spec.escalations.clone(),
            checklists: spec.design.checklists.clone(),
            canary: spec.canary.clone(),
            rules: BTreeSet::new(),
            rule_severity: spec.rules.severity.clone(),
            console_url: console_url.into().trim_end_matches('/').to_owned(),
        }
    }

    /// With the alerting rules that are in force.
    #[must_use]
    pub fn with_rules(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.rules = names.into_iter().collect();
        self
    }

    /// Whether the promise or rule behind an alert is still declared.
    #[must_use]
    pub fn declares(&self, alert: &Alert) -> bool {
        match alert.subject.rule() {
            _ if alert.subject.is_by_hand() => true,
            Some(rule) => rule.is_posted || self.rules.contains(rule.name()),
            None => self.promises.contains(&**alert.id()),
        }
    }

    /// The severity of a promise, where it names one that is declared.
    #[must_use]
    pub fn severity(&self, name: Option<&str>) -> Option<&Severity> {
        self.severities.get(name?)
    }

    /// Whether this severity is the worst that is declared, which never waits.
    #[must_use]
    pub fn is_worst(&self, name: Option<&str>) -> bool {
        let worst = self.severities.values().map(|it| it.level).min();
        self.severity(name)
            .is_some_and(|severity| Some(severity.level) == worst)
    }

    /// The escalation of a severity, where it names one that is declared.
    #[must_use]
    pub fn escalation(&self, severity: Option<&str>) -> Option<&Escalation> {
        let name = self.severity(severity)?.escalation.as_deref()?;
        self.escalations.get(name)
    }

    /// Who is on call at `now`, one for each schedule that has somebody.
    #[must_use]
    pub fn on_duty(&self, now: Timestamp) -> Vec<OnDuty> {
        let on_call = self.on_call.as_ref();
        on_call.map_or_else(Vec::new, |on_call| {
            Rota::new(on_call, &self.time_zone).on_duty(now)
        })
    }

    /// The person whom a receiver reaches, where it reaches one person alone.
    #[must_use]
    pub fn person_of(&self, receiver: &str) -> Option<Say> {
        let people = self
            .on_call
            .iter()
            .flat_map(|on_call| on_call.people.values());
        let mut reached = people.filter(|person| person.receivers.iter().any(|it| it == receiver));
        let person = reached.next()?;
        reached.next().is_none().then(|| person.name.0.clone())
    }

    #[must_use]
    pub fn incident_url(&self, id: &str) -> String {
        format!("{}/incidents/{id}", self.console_url)
    }
}
